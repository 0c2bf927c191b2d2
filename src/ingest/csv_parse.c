#include "ingest/csv_parse.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "ingest/csv_number.h"
#include "ingest/csv_scan.h"
#include "ingest/csv_time.h"
#include "io/number.h"

struct parser {
    const struct csv_block *block;
    const struct csv_layout *layout;
    struct csv_rows *rows;
    const struct column *columns; /* of the rows */
    struct csv_date date;
    const char *record; /* the one being parsed */
};

static int64_t line_of(const struct csv_block *block, const char *text)
{
    return block->first_line + csv_count_lines(block->text, text);
}

/* "file:line: close is 'abc', not a number" */
static lake_status fail_value(const struct parser *parser, const struct csv_field *field, struct csv_span value,
                              const char *what, struct lake_error *err)
{
    char shown[CSV_SHOWN_TEXT_BYTES];
    int64_t line = line_of(parser->block, parser->record);
    if (value.length == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": %s is empty, %s", parser->block->path, line,
                         field->name, what);
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": %s is '%s', %s", parser->block->path, line, field->name,
                     csv_show(value, shown), what);
}

static lake_status fail_field_count(const struct parser *parser, struct lake_error *err)
{
    const struct csv_layout *layout = parser->layout;
    struct csv_field_text field = {{NULL, 0}, NULL, false};
    const char *p = parser->record;
    size_t n = 0;
    bool is_well_quoted = true;
    do {
        is_well_quoted = csv_field_read(p, layout->separator, &field);
        p = field.next + 1;
        n++;
    } while (is_well_quoted && *field.next != '\n');
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": the line has %s%zu field%s, %s %zu", parser->block->path,
                     line_of(parser->block, parser->record), is_well_quoted ? "" : "at least ", n, n == 1 ? "" : "s",
                     layout->header.data != NULL ? "but the header has" : "but the first line has", layout->n_fields);
}

static lake_status parse_time(struct parser *parser, const struct csv_field *field, struct csv_span value, int64_t *ms,
                              struct lake_error *err)
{
    int64_t ns;
    switch (csv_time_parse(value, &ns)) {
    case CSV_TIME_OK: break;
    case CSV_TIME_OUT_OF_RANGE:
        return fail_value(parser, field, value, "not a time between 1990 and 2100 in s, ms, us or ns", err);
    default: return fail_value(parser, field, value, "not a time (a number of s, ms, us or ns, or ISO 8601)", err);
    }
    if (ns % NS_PER_MS != 0)
        return fail_value(parser, field, value, "not a whole millisecond", err);
    *ms = ns / NS_PER_MS;
    return LAKE_OK;
}

/* A whole number, though it may be written with decimals ("311.0"). */
static bool parse_whole(struct csv_span value, int64_t *out)
{
    double number;
    if (number_parse_int64(value.data, value.length, out))
        return true;
    if (!number_parse_double(value.data, value.length, &number) || number > (double)CSV_EXACT_INTEGERS ||
        number < -(double)CSV_EXACT_INTEGERS)
        return false;
    *out = (int64_t)number;
    return (double)*out == number;
}

/* The field at p, whatever it looks like. */
static lake_status parse_any(struct parser *parser, const struct csv_field *field, const char *p, const char **next,
                             struct lake_error *err)
{
    struct csv_field_text text;
    bool is_well_quoted = csv_field_read(p, parser->layout->separator, &text);
    *next = text.next;
    if (text.is_quoted)
        parser->rows->n_lines += csv_count_lines(p, text.next);
    if (!is_well_quoted)
        return fail_value(parser, field, text.span, "with text behind the closing quotation mark", err);
    if (field->kind == CSV_SKIP)
        return LAKE_OK;
    if (field->is_nullable && csv_is_null(text.span))
        return csv_rows_set_null(parser->rows, field->column, err);
    int64_t row = parser->rows->batch.n_rows;
    void *values = batch_values(&parser->rows->batch, field->column);
    if (field->kind == CSV_TIME)
        return parse_time(parser, field, text.span, (int64_t *)values + row, err);
    if (field->kind == CSV_INT64 && !parse_whole(text.span, (int64_t *)values + row))
        return fail_value(parser, field, text.span, "not a whole number", err);
    if (field->kind == CSV_DOUBLE && !number_parse_double(text.span.data, text.span.length, (double *)values + row))
        return fail_value(parser, field, text.span, "not a number", err);
    return LAKE_OK;
}

/* Milliseconds in digits, or the common ISO form. */
static inline const char *parse_common_time(struct parser *parser, const char *p, int64_t *ms)
{
    const char *next = csv_read_int64(p, ms);
    if (next != NULL && *ms >= CSV_TIME_FIRST_S * 1000 && *ms < CSV_TIME_END_S * 1000)
        return next;
    return csv_time_iso(p, &parser->date, ms);
}

static inline const char *skip_unquoted(const char *p, char separator)
{
    if (*p == '"')
        return NULL;
    while (*p != separator && *p != '\n')
        p++;
    return p;
}

/* The field at p in its common form: what follows it, or NULL where it may have another form. */
static inline const char *parse_common(struct parser *parser, const struct csv_field *field, const char *p, int64_t row)
{
    void *values = parser->columns[field->column].values;
    switch (field->kind) {
    case CSV_SKIP: return skip_unquoted(p, parser->layout->separator);
    case CSV_TIME: return parse_common_time(parser, p, (int64_t *)values + row);
    case CSV_DOUBLE: return csv_read_double(p, (double *)values + row);
    case CSV_INT64: return csv_read_int64(p, (int64_t *)values + row);
    }
    return NULL;
}

/* Fills one row from the record at *text and steps over it. */
static inline lake_status parse_record(struct parser *parser, const char **text, struct lake_error *err)
{
    const struct csv_layout *layout = parser->layout;
    const size_t n_fields = layout->n_fields;
    const int64_t row = parser->rows->batch.n_rows;
    const char *p = *text;
    for (size_t i = 0; i < n_fields; i++) {
        const struct csv_field *field = &layout->fields[i];
        const char end = i + 1 < n_fields ? layout->separator : '\n';
        const char *next = parse_common(parser, field, p, row);
        if (next != NULL && *next == '\r' && end == '\n')
            next++;
        if (next == NULL || *next != end)
            TRY(parse_any(parser, field, p, &next, err));
        if (*next != end)
            return fail_field_count(parser, err);
        p = next + 1;
    }
    *text = p;
    return LAKE_OK;
}

static lake_status check_length(const struct parser *parser, const char *end, struct lake_error *err)
{
    if ((size_t)(end - parser->record) <= LIMIT_CSV_LINE_BYTES)
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": the line is longer than %zu bytes", parser->block->path,
                     line_of(parser->block, parser->record), LIMIT_CSV_LINE_BYTES);
}

/* Whether the record may be one that csv_layout_skips: such begin with a blank, a line end or the header's first byte. */
static inline bool may_be_skipped(const struct csv_layout *layout, const char *text)
{
    return *text <= ' ' || (layout->header.data != NULL && *text == layout->header.data[0]);
}

lake_status csv_parse(const struct csv_block *block, const char *text, const char *end, struct csv_rows *rows,
                      struct lake_error *err)
{
    struct parser parser = {block, block->layout, rows, NULL, {{0}, 0}, text};
    TRY(csv_rows_start(rows, block->layout->schema, err));
    parser.columns = rows->batch.columns;
    while (text < end) {
        parser.record = text;
        if (may_be_skipped(block->layout, text) && csv_layout_skips(block->layout, text, end, &text)) {
            rows->n_lines += csv_count_lines(parser.record, text);
            continue;
        }
        if (rows->batch.n_rows == rows->capacity)
            TRY(csv_rows_grow(rows, err));
        TRY(parse_record(&parser, &text, err));
        TRY(check_length(&parser, text, err));
        rows->batch.n_rows++;
        rows->n_lines++;
    }
    return LAKE_OK;
}

int64_t csv_row_line(const struct csv_block *block, const char *text, const char *end, int64_t row)
{
    while (text < end) {
        if (csv_layout_skips(block->layout, text, end, &text))
            continue;
        if (row-- == 0)
            return line_of(block, text);
        text = csv_record_end(text, end, block->layout->separator);
    }
    return block->first_line;
}
