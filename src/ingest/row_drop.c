#include "ingest/row_drop.h"

#include <string.h>

static void drop_values(uint8_t *values, size_t width, const uint8_t *drops, int64_t n_rows)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        if (drops[i])
            continue;
        if (n != i)
            memcpy(values + (size_t)n * width, values + (size_t)i * width, width);
        n++;
    }
}

static void drop_bits(uint8_t *bits, const uint8_t *drops, int64_t n_rows)
{
    int64_t n = 0;
    for (int64_t i = 0; i < n_rows; i++)
        if (!drops[i])
            bit_set(bits, n++, bit_get(bits, i));
}

static void drop_texts(struct column *column, const uint8_t *drops, int64_t n_rows)
{
    uint8_t *bytes = column->values;
    int32_t *offsets = column->offsets;
    int32_t end = 0, first = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < n_rows; i++) {
        int32_t length = offsets[i + 1] - first;
        if (!drops[i]) {
            if (length > 0)
                memmove(bytes + end, bytes + first, (size_t)length);
            end += length;
        }
        first += length;
        if (!drops[i])
            offsets[++n] = end;
    }
}

static void drop_validity(struct column *column, const uint8_t *drops, int64_t n_rows)
{
    int64_t null_count = 0;
    for (int64_t i = 0; i < n_rows; i++)
        null_count += !drops[i] && !bit_get(column->validity, i);
    drop_bits(column->validity, drops, n_rows);
    column->null_count = null_count;
}

void row_drop(struct batch *batch, const uint8_t *drops)
{
    int64_t n_left = 0;
    for (int64_t i = 0; i < batch->n_rows; i++)
        n_left += !drops[i];
    for (size_t i = 0; i < batch->schema->n_fields; i++) {
        const struct column_field *field = &batch->schema->fields[i];
        struct column *column = &batch->columns[i];
        if (column->validity != NULL)
            drop_validity(column, drops, batch->n_rows);
        if (column_type_has_offsets(field->type))
            drop_texts(column, drops, batch->n_rows);
        else if (field->type == COLUMN_BOOL)
            drop_bits(column->values, drops, batch->n_rows);
        else
            drop_values(column->values, column_type_width(field), drops, batch->n_rows);
    }
    batch->n_rows = n_left;
}
