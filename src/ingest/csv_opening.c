#include "ingest/csv_opening.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ingest/column_profile.h"
#include "ingest/csv_format.h"
#include "ingest/csv_names.h"
#include "ingest/csv_scan.h"

enum { MAX_LEADING = 64, MAX_SAMPLES = 2048, MAX_VALUES = 1 << 16, LEAST_NAMES = 2, PLENTY_OF_NAMES = 4 };

/* One record, and what its fields look like. */
struct record {
    const char *text, *end;
    int64_t line;
    struct csv_span *fields;
    size_t n_fields;
    size_t n_filled, n_values, n_known; /* not empty; numbers or times; names that are known */
};

struct reading {
    const struct csv_opening_input *input;
    struct arena *arena;
    struct csv_opening *out;
    const char *p, *end;
    int64_t line;
    struct record leading[MAX_LEADING];
    size_t n_leading;
};

static bool is_value(struct csv_span field)
{
    struct column_number number;
    struct csv_time_parts time;
    csv_time_look(field, &time);
    return time.kind != CSV_TIME_NONE || column_value_number(field, &number);
}

static lake_status fail_long(const struct reading *r, const struct record *record, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": the line is longer than %zu bytes; is it a CSV file?",
                     r->input->place, record->line, LIMIT_CSV_LINE_BYTES);
}

/* Other formats and broken text are told before anything is made of them. */
static lake_status check_record(const struct reading *r, const struct record *record, struct lake_error *err)
{
    struct csv_span line = {record->text, (size_t)(record->end - record->text)};
    line.length -= line.length > 0 && line.data[line.length - 1] == '\n';
    line.length -= line.length > 0 && line.data[line.length - 1] == '\r';
    bool is_long = line.length > LIMIT_CSV_LINE_BYTES;
    line.length = is_long ? LIMIT_CSV_LINE_BYTES : line.length;
    if (record->n_known < PLENTY_OF_NAMES) /* names with remarks in another code page are names all the same */
        TRY(csv_format_check_text(r->input->place, line, (size_t)(record->text - r->input->text.data), err));
    if (memchr(line.data, '\r', line.length) != NULL)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: lines end in a carriage return alone; convert the line ends to line feeds",
                         r->input->place);
    return is_long ? fail_long(r, record, err) : LAKE_OK;
}

static lake_status split_record(struct reading *r, struct record *record, struct lake_error *err)
{
    const struct csv_dialect *dialect = &r->out->dialect;
    record->n_fields = csv_dialect_split(dialect, record->text, record->end, NULL, 0);
    if (record->n_fields > LIMIT_CSV_COLUMNS)
        return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": the line has more than %d fields; is it a CSV file?",
                         r->input->place, record->line, LIMIT_CSV_COLUMNS);
    TRY(arena_new(r->arena, record->n_fields + 1, sizeof *record->fields, &record->fields, err));
    (void)csv_dialect_split(dialect, record->text, record->end, record->fields, record->n_fields);
    for (size_t i = 0; i < record->n_fields; i++) {
        record->n_filled += !csv_is_null(record->fields[i]);
        record->n_values += is_value(record->fields[i]);
        record->n_known += csv_is_known_name(record->fields[i]);
    }
    return LAKE_OK;
}

/* A header has names and no values; a row has more values than not. Dates alone make no row: text may hold them. */
static bool is_row(const struct record *record)
{
    return record->n_values >= 2 && 3 * record->n_values > record->n_filled && record->n_values >= record->n_known;
}

/* "0,1,2,3,4,5": what pandas writes for names that there are none of. */
static bool is_numbering(const struct record *record)
{
    for (size_t i = 0, next = 0; i < record->n_fields; i++) {
        char text[24];
        if (i == 0 && record->fields[0].length == 0)
            continue;
        int n = snprintf(text, sizeof text, "%zu", next++);
        if ((size_t)n != record->fields[i].length || memcmp(text, record->fields[i].data, (size_t)n) != 0)
            return false;
    }
    return record->n_fields > LEAST_NAMES;
}

/* Steps over one record; *is_end where there is none that is whole. */
static const char *next_record(struct reading *r, const char **text)
{
    *text = r->p;
    if (r->p == r->end)
        return NULL;
    const char *next = csv_dialect_record_end(&r->out->dialect, r->p, r->end, r->input->is_whole);
    if (next == NULL)
        return NULL;
    r->p = next;
    return next;
}

/* Reads up to and including the first row, at r->leading[n_leading - 1] where *has_row. */
static lake_status read_leading(struct reading *r, bool *has_row, struct lake_error *err)
{
    const char *text, *next;
    *has_row = false;
    while (r->n_leading < MAX_LEADING && !*has_row && (next = next_record(r, &text)) != NULL) {
        struct record *record = &r->leading[r->n_leading];
        *record = (struct record){.text = text, .end = next, .line = r->line};
        r->line += csv_count_lines(text, next);
        if (csv_dialect_is_blank(&r->out->dialect, text, next))
            continue;
        bool is_comment = csv_dialect_is_comment(text, next);
        r->out->has_comments = r->out->has_comments || is_comment;
        TRY(split_record(r, record, err));
        TRY(check_record(r, record, err));
        if (is_comment && record->n_known < LEAST_NAMES)
            continue;
        bool is_wanted_header = r->input->header > 0 && r->n_leading == 0;
        *has_row =
            !is_comment && !is_wanted_header && (r->input->header < 0 || is_row(record)) && !is_numbering(record);
        r->n_leading++;
    }
    return LAKE_OK;
}

/* Of the lines before the first row the one with the most names that are known, else one with as many fields as the
 * row. -1: none. */
static int find_header(const struct reading *r, bool has_row)
{
    size_t n = r->n_leading - has_row;
    int best = -1;
    for (size_t i = 0; i < n; i++)
        if (r->leading[i].n_known >= LEAST_NAMES && (best < 0 || r->leading[i].n_known > r->leading[best].n_known))
            best = (int)i;
    for (size_t i = 0; best < 0 && i < n; i++) {
        size_t n_names = r->leading[i].n_fields;
        size_t n_fields = has_row ? r->leading[n].n_fields : n_names;
        bool may_be_names = r->leading[i].n_values == 0 || r->input->header > 0 || is_numbering(&r->leading[i]);
        if (may_be_names && n_names > 1 && n_names <= n_fields && n_names + 1 >= n_fields)
            best = (int)i;
    }
    if (best < 0 && n > 0 && (r->input->header > 0 || !has_row))
        best = 0;
    return best;
}

/* A line between the header and the first row that has one name alone gives it to the field. */
static void fill_names(struct csv_span *names, size_t n_names, const struct record *record)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < record->n_fields && i < n_names; i++)
        if (record->fields[i].length > 0) {
            n++;
            at = i;
        }
    if (n == 1 && csv_is_known_name(record->fields[at]))
        names[at] = record->fields[at];
}

/* Quotes that are broken in the header are an error of it, not names. */
static lake_status check_quotes(const struct reading *r, const struct record *record, struct lake_error *err)
{
    struct csv_field_text field = {{NULL, 0}, NULL, false};
    const char *text = record->text;
    for (size_t n = 1;; n++) {
        switch (csv_field_read(text, record->end, r->out->dialect.separator, &field)) {
        case CSV_FIELD_OK: break;
        case CSV_FIELD_OPEN:
            return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": a quotation mark is not closed", r->input->place,
                             record->line);
        case CSV_FIELD_TRAILED:
            return lake_fail(err, LAKE_INVALID_DATA,
                             "%s:%" PRId64 ": field %zu has text behind its closing quotation mark", r->input->place,
                             record->line, n);
        }
        if (field.next + 1 >= record->end)
            return LAKE_OK;
        text = field.next + 1;
    }
}

static struct csv_span skip_comment_mark(struct csv_span name)
{
    while (name.length > 0 && (*name.data == '#' || *name.data == '/' || *name.data == ' ')) {
        name.data++;
        name.length--;
    }
    return name;
}

static lake_status take_header(struct reading *r, int header, struct lake_error *err)
{
    struct csv_opening *out = r->out;
    const struct record *record = &r->leading[header];
    size_t length = (size_t)(record->end - record->text);
    length -= length > 0 && record->text[length - 1] == '\n';
    length -= length > 0 && record->text[length - 1] == '\r';
    TRY(check_quotes(r, record, err));
    out->header = (struct csv_span){record->text, length};
    out->body = record->end;
    out->body_line = record->line + csv_count_lines(record->text, record->end);
    out->n_skipped = (size_t)header;
    if (is_numbering(record))
        return LAKE_OK;
    TRY(arena_new(r->arena, record->n_fields + 1, sizeof *out->names, &out->names, err));
    memcpy(out->names, record->fields, record->n_fields * sizeof *out->names);
    out->n_fields = record->n_fields;
    out->names[0] = skip_comment_mark(out->names[0]);
    return LAKE_OK;
}

/* The first line from `at` on that says something in the way of a row, though most of it may be null or odd: no line
 * with a value is stepped over in silence. n_leading where there is none. */
static size_t find_body(const struct reading *r, size_t at, size_t n_fields)
{
    while (at < r->n_leading && (r->leading[at].n_values == 0 || (n_fields > 0 && r->leading[at].n_fields != n_fields)))
        at++;
    return at;
}

/* The header, and from where rows begin. */
static lake_status open_body(struct reading *r, bool has_row, struct lake_error *err)
{
    struct csv_opening *out = r->out;
    int header = r->input->header < 0 ? -1 : find_header(r, has_row);
    if (r->n_leading == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: the file is empty", r->input->place);
    if (header >= 0)
        TRY(take_header(r, header, err));
    size_t first = header < 0 ? 0 : (size_t)header + 1;
    size_t body = find_body(r, first, header < 0 && has_row ? r->leading[r->n_leading - 1].n_fields : 0);
    for (size_t i = first; header >= 0 && out->names != NULL && i < body; i++)
        fill_names(out->names, out->n_fields, &r->leading[i]);
    if (header < 0)
        out->n_skipped = body < r->n_leading ? body : r->n_leading - 1;
    if (has_row && body < r->n_leading) {
        out->body = r->leading[body].text;
        out->body_line = r->leading[body].line;
    }
    return LAKE_OK;
}

static bool is_header_again(const struct csv_opening *out, const char *text, const char *end)
{
    return out->header.data != NULL && (size_t)(end - text) > out->header.length &&
           memcmp(text, out->header.data, out->header.length) == 0;
}

/* A record that is no row, as csv_layout_skips will step over it. */
static bool is_no_row(struct csv_opening *out, const char *text, const char *end)
{
    bool is_comment = csv_dialect_is_comment(text, end);
    out->has_comments = out->has_comments || is_comment;
    return is_comment || csv_dialect_is_footer(text, end) || csv_dialect_is_blank(&out->dialect, text, end) ||
           is_header_again(out, text, end);
}

/* How many fields most of the sampled records have, and the fewest that one has. */
static size_t count_fields(struct reading *r)
{
    size_t counts[LIMIT_CSV_COLUMNS + 1] = {0}, best = 0, n_records = 0;
    const char *text, *next;
    r->p = r->out->body;
    r->out->n_shortest = SIZE_MAX;
    while (n_records < MAX_SAMPLES && (next = next_record(r, &text)) != NULL) {
        if (is_no_row(r->out, text, next))
            continue;
        size_t n = csv_dialect_split(&r->out->dialect, text, next, NULL, 0);
        n = n <= LIMIT_CSV_COLUMNS ? n : LIMIT_CSV_COLUMNS;
        counts[n]++;
        best = counts[n] > counts[best] ? n : best;
        n_records++;
        r->out->n_shortest = n < r->out->n_shortest ? n : r->out->n_shortest;
    }
    return best;
}

static bool is_kind(struct csv_span field, enum csv_time_kind kind)
{
    struct csv_time_parts parts;
    csv_time_look(field, &parts);
    return parts.kind == kind;
}

/* Puts a name between the others. */
static void insert_name(struct csv_opening *out, size_t at, struct csv_span name)
{
    memmove(out->names + at + 1, out->names + at, (out->n_fields - at) * sizeof *out->names);
    out->names[at] = name;
    out->n_fields++;
}

/* Records with one field more than the header has names: an empty last one, a time of day behind the date, or a row's
 * number or label before all. */
static lake_status reconcile(struct reading *r, size_t n_fields, const struct record *first, struct lake_error *err)
{
    static const struct csv_span clock = {"time", 4}, none = {"", 0};
    struct csv_opening *out = r->out;
    if (n_fields <= out->n_fields || first == NULL)
        return LAKE_OK;
    bool is_one_more = n_fields == out->n_fields + 1 && first->n_fields == n_fields;
    if (is_one_more && first->fields[n_fields - 1].length == 0) {
        insert_name(out, out->n_fields, none);
        return LAKE_OK;
    }
    for (size_t i = 0; is_one_more && i + 1 < n_fields; i++)
        if (is_kind(first->fields[i], CSV_TIME_DATE) && is_kind(first->fields[i + 1], CSV_TIME_CLOCK)) {
            insert_name(out, i + 1, clock);
            out->is_clock_added = true;
            return LAKE_OK;
        }
    if (is_one_more && (is_value(first->fields[0]) || first->fields[0].length == 0)) {
        insert_name(out, 0, none);
        return LAKE_OK;
    }
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": the line has %zu fields, but the header has %zu",
                     r->input->place, first->line, n_fields, out->n_fields);
}

static lake_status sample(struct reading *r, struct lake_error *err)
{
    struct csv_opening *out = r->out;
    size_t limit = MAX_VALUES / (out->n_fields > 0 ? out->n_fields : 1);
    const char *text, *next;
    limit = limit > MAX_SAMPLES ? MAX_SAMPLES : limit;
    TRY(arena_new(r->arena, limit * out->n_fields, sizeof *out->samples, &out->samples, err));
    r->p = out->body;
    while (out->n_samples < limit && (next = next_record(r, &text)) != NULL) {
        if (is_no_row(out, text, next))
            continue;
        struct csv_span *row = out->samples + out->n_samples++ * out->n_fields;
        for (size_t i = 0; i < out->n_fields; i++)
            row[i] = (struct csv_span){"", 0};
        (void)csv_dialect_split(&out->dialect, text, next, row, out->n_fields);
    }
    return LAKE_OK;
}

/* "sep=;", as spreadsheets write it. */
static char take_separator_line(struct reading *r)
{
    size_t left = (size_t)(r->end - r->p);
    if (left < 6 || memcmp(r->p, "sep=", 4) != 0 || (r->p[5] != '\n' && r->p[5] != '\r'))
        return '\0';
    char separator = r->p[4];
    const char *line_feed = memchr(r->p, '\n', left);
    if (line_feed == NULL)
        return '\0';
    r->p = line_feed + 1;
    r->line++;
    return separator;
}

lake_status csv_opening_read(const struct csv_opening_input *input, struct arena *arena, struct csv_opening *out,
                             struct lake_error *err)
{
    struct reading *r = NULL;
    bool has_row = false;
    TRY(arena_new(arena, 1, sizeof *r, &r, err));
    *out = (struct csv_opening){.body_line = 1};
    *r = (struct reading){.input = input, .arena = arena, .out = out, .line = 1};
    r->p = input->text.data;
    r->end = r->p + input->text.length;
    char said = take_separator_line(r);
    out->dialect = csv_dialect_tell(r->p, r->end, input->separator != '\0' ? input->separator : said);
    TRY(read_leading(r, &has_row, err));
    TRY(open_body(r, has_row, err));
    size_t n_fields = count_fields(r);
    if (out->names == NULL)
        out->n_fields = n_fields;
    else
        TRY(reconcile(r, n_fields, has_row ? &r->leading[r->n_leading - 1] : NULL, err));
    return sample(r, err);
}
