#include "ingest/csv_layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ingest/csv_format.h"
#include "ingest/csv_names.h"
#include "ingest/csv_scan.h"
#include "ingest/csv_time.h"
#include "io/number.h"

enum { ARENA_BYTES = 1 << 20, LIST_BYTES = 512 };

#define HEADER_EXAMPLE "ts,open,high,low,close,volume"

/* What detection knows while it runs. */
struct detection {
    struct csv_layout *layout;
    const char *path;
    const struct data_type *type;
    struct csv_span first;        /* the first line that is not blank, without its end */
    struct csv_span *names;       /* of the fields, trimmed */
    struct csv_meaning *meanings; /* of the fields */
};

static bool is_line_blank(const char *text, const char *line_end)
{
    while (text < line_end && (*text == ' ' || *text == '\t' || *text == '\r'))
        text++;
    return text == line_end;
}

/* The separator that stands most often in the line, outside of quotes. */
static char find_separator(const char *text, const char *end)
{
    size_t n_commas = 0, n_semicolons = 0, n_tabs = 0;
    bool in_quotes = false;
    for (; text < end && (in_quotes || *text != '\n'); text++) {
        in_quotes ^= *text == '"';
        n_commas += !in_quotes && *text == ',';
        n_semicolons += !in_quotes && *text == ';';
        n_tabs += !in_quotes && *text == '\t';
    }
    if (n_tabs > n_commas && n_tabs > n_semicolons)
        return '\t';
    return n_semicolons > n_commas ? ';' : ',';
}

/* The first record that is no blank line. */
static lake_status find_first(struct detection *d, struct csv_span block, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    const char *p = block.data + layout->body, *end = block.data + block.length;
    const char *line_feed;
    while ((line_feed = memchr(p, '\n', (size_t)(end - p))) != NULL && is_line_blank(p, line_feed)) {
        p = line_feed + 1;
        layout->body_line++;
    }
    if (line_feed == NULL)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: the file is empty", d->path);
    layout->separator = find_separator(p, end);
    layout->body = (size_t)(p - block.data);
    const char *next = csv_record_end(p, end, layout->separator);
    if (next == NULL)
        return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": a quotation mark is not closed", d->path,
                         layout->body_line);
    d->first = (struct csv_span){p, (size_t)(next - 1 - p)};
    d->first.length -= d->first.length > 0 && next[-2] == '\r';
    return LAKE_OK;
}

static lake_status check_first(const struct detection *d, struct lake_error *err)
{
    struct csv_span start = d->first;
    if (start.length > LIMIT_CSV_LINE_BYTES)
        start.length = LIMIT_CSV_LINE_BYTES;
    TRY(csv_format_check_text(d->path, start, d->layout->body, err));
    if (memchr(start.data, '\r', start.length) != NULL)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: lines end in a carriage return alone; convert the line ends to line feeds", d->path);
    if (d->first.length > LIMIT_CSV_LINE_BYTES)
        return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": the line is longer than %zu bytes; is it a CSV file?",
                         d->path, d->layout->body_line, LIMIT_CSV_LINE_BYTES);
    return LAKE_OK;
}

static lake_status split_first(struct detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    const char *p = d->first.data;
    struct csv_field_text field = {{NULL, 0}, NULL, false};
    TRY(arena_new(&layout->arena, LIMIT_CSV_COLUMNS, sizeof *d->names, &d->names, err));
    do {
        if (layout->n_fields == LIMIT_CSV_COLUMNS)
            return lake_fail(err, LAKE_INVALID_DATA,
                             "%s:%" PRId64 ": the line has more than %d fields; is it a CSV file?", d->path,
                             layout->body_line, LIMIT_CSV_COLUMNS);
        if (!csv_field_read(p, layout->separator, &field))
            return lake_fail(err, LAKE_INVALID_DATA,
                             "%s:%" PRId64 ": field %zu has text behind its closing quotation mark", d->path,
                             layout->body_line, layout->n_fields + 1);
        d->names[layout->n_fields++] = field.span;
        p = field.next + 1;
    } while (*field.next != '\n');
    return LAKE_OK;
}

/* Most fields of a header are words; most of a row are numbers and times. */
static bool is_first_row(const struct detection *d)
{
    size_t n_values = 0;
    for (size_t i = 0; i < d->layout->n_fields; i++) {
        struct csv_span name = d->names[i];
        double number;
        int64_t ns;
        n_values += number_parse_double(name.data, name.length, &number) || csv_time_parse(name, &ns) == CSV_TIME_OK;
    }
    return 2 * n_values > d->layout->n_fields;
}

/* Without a header: twelve fields, of which the first is a time and the seventh a later one. */
static lake_status take_binance(struct detection *d, struct lake_error *err)
{
    int64_t open_ns = 0, close_ns = 0;
    if (d->layout->n_fields != CSV_BINANCE_COLUMNS || csv_time_parse(d->names[0], &open_ns) != CSV_TIME_OK ||
        csv_time_parse(d->names[6], &close_ns) != CSV_TIME_OK || close_ns <= open_ns)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: there is no header line, and the %zu columns are not those of a Binance archive; "
                         "put a line before the first that names them, such as " HEADER_EXAMPLE,
                         d->path, d->layout->n_fields);
    for (size_t i = 0; i < CSV_BINANCE_COLUMNS; i++)
        d->names[i] = (struct csv_span){csv_binance_columns[i], strlen(csv_binance_columns[i])};
    return LAKE_OK;
}

static lake_status take_header(struct detection *d, struct csv_span block, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    TRY(arena_copy_text(&layout->arena, d->first.data, d->first.length, &layout->header.data, err));
    layout->header.length = d->first.length;
    const char *next = csv_record_end(d->first.data, block.data + block.length, layout->separator);
    layout->body = (size_t)(next - block.data);
    layout->body_line += csv_count_lines(d->first.data, next);
    return LAKE_OK;
}

static lake_status name_fields(struct detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    char shown[CSV_SHOWN_TEXT_BYTES];
    TRY(arena_new(&layout->arena, layout->n_fields, sizeof *layout->fields, &layout->fields, err));
    TRY(arena_new(&layout->arena, layout->n_fields, sizeof *d->meanings, &d->meanings, err));
    for (size_t i = 0; i < layout->n_fields; i++) {
        csv_show(d->names[i], shown);
        if (d->names[i].length == 0)
            (void)snprintf(shown, sizeof shown, "column %zu", i + 1);
        TRY(arena_copy_text(&layout->arena, shown, strlen(shown), &layout->fields[i].name, err));
        d->meanings[i] = csv_meaning_of(d->names[i]);
    }
    return LAKE_OK;
}

static bool means(const struct detection *d, size_t field, const char *column)
{
    return d->meanings[field].column != NULL && strcmp(d->meanings[field].column, column) == 0;
}

/* The field that is the column: the best spelling, which must stand once. *out is -1 where there is none. */
static lake_status find_field(const struct detection *d, const char *column, int *out, struct lake_error *err)
{
    const struct csv_layout *layout = d->layout;
    *out = -1;
    for (size_t i = 0; i < layout->n_fields; i++)
        if (means(d, i, column) && (*out < 0 || d->meanings[i].rank < d->meanings[*out].rank))
            *out = (int)i;
    for (size_t i = 0; *out >= 0 && i < layout->n_fields; i++)
        if (i != (size_t)*out && means(d, i, column) && d->meanings[i].rank == d->meanings[*out].rank)
            return lake_fail(err, LAKE_INVALID_DATA, "%s: two columns are called '%s'; rename one of them", d->path,
                             layout->fields[i].name);
    return LAKE_OK;
}

/* A date without its time of day would put all rows of a day into one. */
static lake_status check_time_is_one(const struct detection *d, size_t field, struct lake_error *err)
{
    static const struct csv_span date = {"date", 4}, time = {"time", 4};
    if (!csv_is_same_name(d->names[field], date))
        return LAKE_OK;
    for (size_t i = 0; i < d->layout->n_fields; i++)
        if (csv_is_same_name(d->names[i], time))
            return lake_fail(err, LAKE_UNSUPPORTED,
                             "%s: date and time are two columns, '%s' and '%s'; join them into one column 'datetime'",
                             d->path, d->layout->fields[field].name, d->layout->fields[i].name);
    return LAKE_OK;
}

static void append_name(char list[LIST_BYTES], const char *name)
{
    size_t used = strlen(list);
    (void)snprintf(list + used, LIST_BYTES - used, "%s%s", used > 0 ? ", " : "", name);
}

static lake_status fail_missing(const struct detection *d, const int *field_of, struct lake_error *err)
{
    char missing[LIST_BYTES] = "", present[LIST_BYTES] = "";
    for (size_t c = 0; c < d->type->n_columns; c++)
        if (d->type->columns[c].required && field_of[c] < 0)
            append_name(missing, d->type->columns[c].name);
    for (size_t i = 0; i < d->layout->n_fields; i++)
        append_name(present, d->layout->fields[i].name);
    return lake_fail(err, LAKE_INVALID_DATA, "%s: no column for %s; the header names %s", d->path, missing, present);
}

static enum csv_kind kind_of(enum column_type type)
{
    switch (type) {
    case COLUMN_TIMESTAMP_MS: return CSV_TIME;
    case COLUMN_DOUBLE: return CSV_DOUBLE;
    case COLUMN_INT64: return CSV_INT64;
    default: return CSV_SKIP;
    }
}

/* Which field is which column of the type, and the schema of those that are there. */
static lake_status assign_columns(struct detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    const struct data_type *type = d->type;
    struct column_field *fields = NULL;
    int *field_of = NULL;
    size_t n = 0;
    bool is_complete = true;
    TRY(arena_new(&layout->arena, type->n_columns, sizeof *fields, &fields, err));
    TRY(arena_new(&layout->arena, type->n_columns, sizeof *field_of, &field_of, err));
    for (size_t c = 0; c < type->n_columns; c++) {
        const struct data_type_column *column = &type->columns[c];
        TRY(find_field(d, column->name, &field_of[c], err));
        is_complete = is_complete && (field_of[c] >= 0 || !column->required);
        if (field_of[c] < 0)
            continue;
        struct csv_field *field = &layout->fields[field_of[c]];
        field->kind = kind_of(column->type);
        field->is_nullable = column->nullable;
        field->column = n;
        fields[n++] = (struct column_field){column->name, column->type, 0, column->nullable};
        if (field->kind == CSV_TIME)
            TRY(check_time_is_one(d, (size_t)field_of[c], err));
    }
    if (!is_complete)
        return fail_missing(d, field_of, err);
    return schema_new(fields, n, &layout->schema, err);
}

static lake_status list_ignored(struct detection *d, struct lake_error *err)
{
    struct csv_layout *layout = d->layout;
    layout->close_field = -1;
    for (size_t i = 0; i < layout->n_fields; i++) {
        if (layout->fields[i].kind != CSV_SKIP || means(d, i, CSV_IGNORE))
            continue;
        if (means(d, i, CSV_CLOSE_TIME)) {
            layout->close_field = (int)i;
            continue;
        }
        TRY(buffer_append_text(&layout->ignored, layout->fields[i].name, err));
        TRY(buffer_append_byte(&layout->ignored, '\n', err));
    }
    return LAKE_OK;
}

lake_status csv_layout_detect(struct csv_layout *layout, const char *path, const struct data_type *type,
                              struct csv_span block, struct lake_error *err)
{
    struct detection d = {layout, path, type, {NULL, 0}, NULL, NULL};
    *layout = (struct csv_layout){.body_line = 1, .close_field = -1};
    arena_init(&layout->arena, ARENA_BYTES + LIMIT_CSV_LINE_BYTES);
    buffer_init(&layout->ignored, LIMIT_CSV_LINE_BYTES);
    TRY(csv_format_check(path, block, &layout->body, err));
    TRY(find_first(&d, block, err));
    TRY(check_first(&d, err));
    TRY(split_first(&d, err));
    if (is_first_row(&d))
        TRY(take_binance(&d, err));
    else
        TRY(take_header(&d, block, err));
    TRY(name_fields(&d, err));
    TRY(assign_columns(&d, err));
    return list_ignored(&d, err);
}

void csv_layout_release(struct csv_layout *layout)
{
    schema_free(layout->schema);
    layout->schema = NULL;
    buffer_release(&layout->ignored);
    arena_release(&layout->arena);
}

bool csv_layout_skips(const struct csv_layout *layout, const char *text, const char *end, const char **next)
{
    const char *p = text;
    while (*p == ' ' || *p == '\r' || (*p == '\t' && layout->separator != '\t'))
        p++;
    size_t length = layout->header.length;
    if (*p != '\n') {
        if (layout->header.data == NULL || (size_t)(end - text) <= length ||
            memcmp(text, layout->header.data, length) != 0)
            return false;
        p = text + length;
        p += *p == '\r' && p + 1 < end;
    }
    *next = p + 1;
    return *p == '\n';
}

static bool read_time(const struct csv_layout *layout, const char *text, size_t field, int64_t *ns)
{
    struct csv_field_text value = {{NULL, 0}, NULL, false};
    for (size_t i = 0; i <= field; i++) {
        if (!csv_field_read(text, layout->separator, &value) || (*value.next == '\n' && i < field))
            return false;
        text = value.next + 1;
    }
    return csv_time_parse(value.span, ns) == CSV_TIME_OK;
}

/* Venues stamp the close one unit of their clock before the next bar opens, others at that instant. */
int64_t csv_layout_bar_ms(const struct csv_layout *layout, const char *text)
{
    static const int64_t clock_units[] = {0, NS_PER_US, NS_PER_MS, NS_PER_SECOND};
    size_t time_field = 0;
    int64_t open_ns, close_ns;
    while (layout->fields[time_field].kind != CSV_TIME)
        time_field++;
    if (layout->close_field < 0 || !read_time(layout, text, time_field, &open_ns) ||
        !read_time(layout, text, (size_t)layout->close_field, &close_ns))
        return 0;
    for (size_t i = 0; i < sizeof clock_units / sizeof clock_units[0]; i++) {
        int64_t length_ns = close_ns - open_ns + clock_units[i];
        if (length_ns > 0 && length_ns % (60 * NS_PER_SECOND) == 0)
            return length_ns / NS_PER_MS;
    }
    return 0;
}
