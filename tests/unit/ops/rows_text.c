#include "unit/ops/rows_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "column/builder.h"
#include "column/time_unit.h"

enum { MAX_FIELDS = 32, LINE_BYTES = 512 };

size_t rows_text_split(char *line, char **fields, size_t most)
{
    size_t n = 0;
    for (char *at = line; at != NULL && n < most; n++) {
        char *comma = strchr(at, ',');
        fields[n] = at;
        if (comma != NULL)
            *comma = '\0';
        at = comma != NULL ? comma + 1 : NULL;
    }
    return n;
}

static enum column_type type_named(const char *name)
{
    for (int type = COLUMN_BOOL; type <= COLUMN_FIXED; type++)
        if (strcmp(column_type_name((enum column_type)type), name) == 0)
            return (enum column_type)type;
    fail_msg("there is no column type '%s'", name);
    return COLUMN_BOOL;
}

/* "open", "spread:double". */
static struct column_field field_of(char *text, const struct data_type *type)
{
    char *colon = strchr(text, ':');
    const struct data_type_column *column = data_type_column(type, text);
    if (colon == NULL && column == NULL)
        fail_msg("column '%s' needs a type: %s:double", text, text);
    if (colon != NULL)
        *colon = '\0';
    return (struct column_field){.name = text,
                                 .type = colon != NULL ? type_named(colon + 1) : column->type,
                                 .nullable = strcmp(text, "ts") != 0};
}

static struct cell cell_of(const char *text, const struct column_field *field)
{
    int64_t us = 0, per_ms = time_unit_per_ms(field->type);
    if (text[0] == '\0')
        return (struct cell){.kind = CELL_NULL};
    if (per_ms > 0 && calendar_parse_us(text, strlen(text), &us, NULL))
        return (struct cell){.kind = CELL_INT64, .int64 = per_ms == 1 ? us / US_PER_MS : us * (per_ms / US_PER_MS)};
    if (field->type == COLUMN_DOUBLE || field->type == COLUMN_FLOAT)
        return (struct cell){.kind = CELL_DOUBLE, .number = strtod(text, NULL)};
    if (field->type == COLUMN_UTF8)
        return (struct cell){.kind = CELL_TEXT, .text = text};
    if (field->type == COLUMN_BOOL)
        return (struct cell){.kind = CELL_BOOL, .int64 = strcmp(text, "true") == 0};
    return (struct cell){.kind = CELL_INT64, .int64 = strtoll(text, NULL, 10)};
}

/* Copies the line at *text, and steps over it; false at the end. */
static bool take_line(const char **text, char line[LINE_BYTES])
{
    size_t n = strcspn(*text, "\n");
    if (**text == '\0')
        return false;
    assert_true(n < LINE_BYTES);
    memcpy(line, *text, n);
    line[n] = '\0';
    *text += n + ((*text)[n] == '\n');
    return true;
}

void rows_text_read(const char *text, const struct data_type *type, struct batch *out)
{
    struct lake_error err = {0};
    char header[LINE_BYTES], line[LINE_BYTES], *names[MAX_FIELDS], *values[MAX_FIELDS];
    struct column_field fields[MAX_FIELDS];
    struct cell cells[MAX_FIELDS];
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    assert_true(take_line(&text, header));
    size_t n = rows_text_split(header, names, MAX_FIELDS);
    for (size_t i = 0; i < n; i++)
        fields[i] = field_of(names[i], type);
    assert_int_equal(schema_new(fields, n, &schema, &err), LAKE_OK);
    assert_int_equal(batch_builder_new(schema, &builder, &err), LAKE_OK);
    while (take_line(&text, line)) {
        size_t n_values = rows_text_split(line, values, MAX_FIELDS);
        assert_int_equal(n_values, n);
        for (size_t i = 0; i < n; i++)
            cells[i] = cell_of(values[i], &fields[i]);
        assert_int_equal(batch_builder_append_cells(builder, cells, &err), LAKE_OK);
    }
    assert_int_equal(batch_builder_take(builder, out, &err), LAKE_OK);
    batch_builder_free(builder);
    schema_free(schema);
}
