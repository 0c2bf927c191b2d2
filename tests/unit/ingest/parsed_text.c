#include "unit/ingest/parsed_text.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/csv_digits.h"

struct parse_wishes parse_wishes;

int parsed_set_up(void **state)
{
    (void)state;
    parse_wishes = (struct parse_wishes){.wants_rejects = false};
    return data_type_find("raw", &parse_wishes.csv.type, NULL) == LAKE_OK ? 0 : -1;
}

lake_status parsed_read(struct parsed *parsed, const char *text, struct lake_error *err)
{
    parsed->length = strlen(text);
    parsed->text = calloc(parsed->length + 1 + CSV_PADDING_BYTES, 1);
    memcpy(parsed->text, text, parsed->length);
    bool is_cut_off = parsed->length > 0 && text[parsed->length - 1] != '\n';
    if (is_cut_off)
        parsed->text[parsed->length++] = '\n';
    csv_run_init(&parsed->run);
    parsed->layout = (struct csv_layout){.n_fields = 0};
    size_t sample = parse_wishes.sample_bytes;
    struct csv_input input = {.place = "x.csv",
                              .wishes = &parse_wishes.csv,
                              .block = {parsed->text, sample > 0 ? sample : parsed->length},
                              .is_whole = sample == 0};
    TRY(csv_layout_detect(&parsed->layout, &input, err));
    const char *body = parsed->text + parsed->layout.body, *end = parsed->text + parsed->length;
    parsed->block = (struct csv_block){.layout = &parsed->layout,
                                       .place = "x.csv",
                                       .text = body,
                                       .first_line = parsed->layout.body_line,
                                       .cut_off = is_cut_off ? end : NULL,
                                       .has_zone = parse_wishes.csv.has_zone,
                                       .wants_rejects = parse_wishes.wants_rejects};
    parsed->run.text = body;
    parsed->run.end = end;
    return csv_parse(&parsed->block, &parsed->run, err);
}

void parsed_release(struct parsed *parsed)
{
    csv_run_release(&parsed->run);
    csv_layout_release(&parsed->layout);
    free(parsed->text);
}

int parsed_column(const struct parsed *parsed, const char *name)
{
    return schema_find(parsed->layout.schema, name);
}

static const struct column *column_of(const struct parsed *parsed, const char *name)
{
    int index = parsed_column(parsed, name);
    if (index < 0)
        abort();
    return &rows_of(parsed)->columns[index];
}

int64_t parsed_integer(const struct parsed *parsed, const char *name, int64_t row)
{
    return ((const int64_t *)column_of(parsed, name)->values)[row];
}

double parsed_double(const struct parsed *parsed, const char *name, int64_t row)
{
    return ((const double *)column_of(parsed, name)->values)[row];
}

bool parsed_is_null(const struct parsed *parsed, const char *name, int64_t row)
{
    return !column_is_valid(column_of(parsed, name), row);
}

bool parsed_is_text(const struct parsed *parsed, const char *name, int64_t row, const char *want)
{
    const struct column *column = column_of(parsed, name);
    size_t length = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    return column_is_valid(column, row) && length == strlen(want) &&
           memcmp((const char *)column->values + column->offsets[row], want, length) == 0;
}

int64_t parsed_line(struct parsed *parsed, int64_t row)
{
    int64_t line = 0;
    struct csv_record record = csv_run_find(&parsed->block, &parsed->run, row, &line);
    return record.text == NULL ? -1 : parsed->block.first_line + line;
}
