#include "ingest/csv_layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "column/feature_period.h"
#include "ingest/csv_detection.h"
#include "ingest/csv_format.h"
#include "ingest/csv_marks.h"
#include "ingest/csv_names.h"
#include "ingest/csv_scan.h"

enum { ARENA_BYTES = 4 << 20, WORK_BYTES = 64 << 20, TEXT_BYTES = 256 };

lake_status csv_detection_note(struct csv_detection *d, struct finding finding, struct lake_error *err)
{
    return findings_add(&d->layout->findings, finding, err);
}

static const char *separator_name(char separator)
{
    switch (separator) {
    case ',': return "comma";
    case ';': return "semicolon";
    case '\t': return "tab";
    case '|': return "bar";
    default: return "blank";
    }
}

static lake_status note_opening(struct csv_detection *d, struct lake_error *err)
{
    const struct csv_opening *opening = &d->opening;
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof text, "%s%s", separator_name(opening->dialect.separator),
                   opening->dialect.is_record_quoted ? ", each record in quotes" : "");
    const char *origin = d->input->wishes->separator != '\0' ? "option" : "values";
    TRY(csv_detection_note(d, (struct finding){"separator", text, origin, "--separator"}, err));
    int64_t line = d->layout->body_line - 1;
    if (opening->header.data != NULL)
        (void)snprintf(text, sizeof text, "before line %" PRId64 "%s", line + 1,
                       opening->is_clock_added ? ", a name short: date and time of day are two fields" : "");
    else
        (void)snprintf(text, sizeof text, "none");
    origin = d->input->wishes->header != 0 ? "option" : "values";
    TRY(csv_detection_note(d, (struct finding){"header", text, origin, "--header"}, err));
    if (opening->n_skipped == 0)
        return LAKE_OK;
    (void)snprintf(text, sizeof text, "%zu", opening->n_skipped);
    return csv_detection_note(d, (struct finding){"lines of text before", text, "values", "--header"}, err);
}

static lake_status open_text(struct csv_detection *d, struct lake_error *err)
{
    const struct csv_input *input = d->input;
    struct csv_layout *layout = d->layout;
    size_t mark_bytes = 0;
    TRY(csv_format_check(input->place, input->block, &mark_bytes, err));
    struct csv_opening_input opening = {
        .place = input->place,
        .text = {input->block.data + mark_bytes, input->block.length - mark_bytes},
        .is_whole = input->is_whole,
        .separator = input->wishes->separator,
        .header = input->wishes->header,
    };
    TRY(csv_opening_read(&opening, &d->arena, &d->opening, err));
    layout->separator = d->opening.dialect.separator;
    layout->is_record_quoted = d->opening.dialect.is_record_quoted;
    layout->has_comments = d->opening.has_comments;
    layout->n_fields = d->opening.n_fields;
    layout->body = (size_t)(d->opening.body - input->block.data);
    layout->body_line = d->opening.body_line;
    if (d->opening.header.data != NULL) {
        layout->header.length = d->opening.header.length;
        TRY(arena_copy_text(&layout->arena, d->opening.header.data, layout->header.length, &layout->header.data, err));
    }
    return note_opening(d, err);
}

static lake_status take_marks(struct csv_detection *d, struct lake_error *err)
{
    struct csv_opening *opening = &d->opening;
    size_t n = opening->n_samples * opening->n_fields;
    struct csv_marks marks = csv_marks_tell(opening->samples, n, d->input->wishes->decimal);
    char shown[CSV_SHOWN_TEXT_BYTES], text[TEXT_BYTES];
    if (marks.is_ambiguous)
        return lake_fail(
            err, LAKE_INVALID_DATA,
            "%s: the comma in '%s' can stand before decimals or between thousands; choose with --decimal comma or "
            "--decimal point",
            d->input->place, csv_show(marks.example, shown));
    d->layout->decimal = marks.decimal;
    d->layout->thousands = marks.thousands;
    if (marks.decimal == '.' && marks.thousands == '\0')
        return LAKE_OK;
    (void)snprintf(text, sizeof text, "decimals behind '%c', thousands %s%c%s", marks.decimal,
                   marks.thousands != '\0' ? "behind '" : "not set apart",
                   marks.thousands != '\0' ? marks.thousands : ' ', marks.thousands != '\0' ? "'" : "");
    TRY(csv_detection_note(d, (struct finding){"numbers", text, "values", "--decimal"}, err));
    return csv_marks_remove(&marks, opening->samples, n, &d->arena, err);
}

/* Trades that the venue has joined may look like any; then the file's name says so. The columns of both types are the
 * same. */
static lake_status take_aggregated(struct csv_detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    const char *named = d->input->name.type;
    if (d->input->wishes->type != NULL || named == NULL || strcmp(named, "aggtrades") != 0 ||
        strcmp(layout->type->name, "trades") != 0)
        return LAKE_OK;
    TRY(data_type_find(named, &layout->type, err));
    return csv_detection_note(d, (struct finding){"type", named, "file name", "--type"}, err);
}

static lake_status take_columns(struct csv_detection *d, struct lake_error *err)
{
    const struct csv_wishes *wishes = d->input->wishes;
    struct csv_layout *layout = d->layout;
    struct columns_found found;
    struct columns_input input = {
        .place = d->input->place,
        .type = wishes->type,
        .choices = &wishes->columns,
        .names = d->opening.names,
        .n_fields = layout->n_fields,
        .samples = d->opening.samples,
        .n_samples = d->opening.n_samples,
        .may_have_clock = d->input->name.has_day,
    };
    lake_status status = columns_assign(&input, &d->arena, &layout->findings, &found, err);
    layout->schema = found.schema;
    layout->type = found.type;
    TRY(status);
    TRY(take_aggregated(d, err));
    TRY(arena_new(&layout->arena, layout->n_fields, sizeof *layout->fields, &layout->fields, err));
    for (size_t i = 0; i < layout->n_fields; i++) {
        struct field_meaning *meaning = &found.fields[i];
        const char **const texts[] = {&meaning->name, &meaning->source, &meaning->constant};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            if (*texts[k] != NULL)
                TRY(arena_copy_text(&layout->arena, *texts[k], strlen(*texts[k]), texts[k], err));
        layout->fields[i] = (struct csv_field){*meaning, found.columns[i]};
    }
    return LAKE_OK;
}

/* The period that a column says, else the file's name. */
static lake_status take_period(struct csv_detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    const char *origin = "file name";
    layout->period = layout->type->has_period ? d->input->name.period : NULL;
    for (size_t i = 0; i < layout->n_fields; i++) {
        const struct field_meaning *meaning = &layout->fields[i].meaning;
        struct csv_span source = {meaning->source, strlen(meaning->source)};
        const char *column = csv_meaning_of(source, layout->type).column;
        const struct period *period = NULL;
        if (meaning->use != FIELD_CONSTANT || column == NULL || strcmp(column, NAME_PERIOD) != 0)
            continue;
        if (!feature_period_is(meaning->constant) && period_find(meaning->constant, &period, NULL) == LAKE_OK) {
            layout->period = period;
            origin = "column";
        }
    }
    if (layout->period == NULL)
        return LAKE_OK;
    return csv_detection_note(d, (struct finding){"period", layout->period->name, origin, "--period"}, err);
}

static lake_status list_left_out(struct csv_layout *layout, struct lake_error *err)
{
    for (size_t i = 0; i < layout->n_fields; i++) {
        const struct field_meaning *meaning = &layout->fields[i].meaning;
        struct csv_span source = {meaning->source, strlen(meaning->source)};
        const char *column = csv_meaning_of(source, layout->type).column;
        bool says_nothing = strncmp(meaning->source, "column ", 7) == 0 ||
                            (column != NULL && (strcmp(column, NAME_IGNORE) == 0 || strcmp(column, NAME_INDEX) == 0));
        if (meaning->use != FIELD_SKIP || says_nothing)
            continue;
        TRY(buffer_append_text(&layout->left_out, meaning->source, err));
        TRY(buffer_append_byte(&layout->left_out, '\n', err));
    }
    return LAKE_OK;
}

/* Records that the sample has shorter than others may be so; what a row cannot lack must be there. */
static void take_needed(struct csv_detection *d)
{
    struct csv_layout *layout = d->layout;
    layout->n_needed_fields = layout->n_fields;
    if (d->opening.n_samples == 0 || d->opening.n_shortest >= layout->n_fields)
        return;
    size_t least = 0;
    for (size_t i = 0; i < layout->n_fields; i++) {
        const struct field_meaning *meaning = &layout->fields[i].meaning;
        bool may_lack = meaning->use == FIELD_SKIP || meaning->is_extra;
        least = may_lack ? least : i + 1;
    }
    layout->n_needed_fields = d->opening.n_shortest > least ? d->opening.n_shortest : least;
}

static lake_status detect(struct csv_detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    TRY(open_text(d, err));
    TRY(take_marks(d, err));
    TRY(take_columns(d, err));
    TRY(csv_detection_take_times(d, err));
    TRY(take_period(d, err));
    TRY(list_left_out(layout, err));
    take_needed(d);
    for (size_t i = 0; i < layout->n_fields && layout->close_field < 0; i++)
        if (layout->fields[i].meaning.use == FIELD_CLOSE_TIME)
            layout->close_field = (int)i;
    return LAKE_OK;
}

lake_status csv_layout_detect(struct csv_layout *layout, const struct csv_input *input, struct lake_error *err)
{
    struct csv_detection d = {.layout = layout, .input = input};
    *layout = (struct csv_layout){.body_line = 1, .close_field = -1, .decimal = '.'};
    arena_init(&layout->arena, ARENA_BYTES + LIMIT_CSV_LINE_BYTES);
    buffer_init(&layout->left_out, LIMIT_CSV_LINE_BYTES);
    layout->findings.arena = &layout->arena;
    arena_init(&d.arena, WORK_BYTES);
    lake_status status = detect(&d, err);
    arena_release(&d.arena);
    return status;
}

void csv_layout_release(struct csv_layout *layout)
{
    schema_free(layout->schema);
    layout->schema = NULL;
    buffer_release(&layout->left_out);
    arena_release(&layout->arena);
}
