#include "parquet/values.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"

enum parquet_physical values_physical(enum column_type type)
{
    switch (type) {
    case COLUMN_BOOL: return PARQUET_BOOLEAN;
    case COLUMN_INT32: return PARQUET_INT32;
    case COLUMN_INT64:
    case COLUMN_TIMESTAMP_MS:
    case COLUMN_TIMESTAMP_US:
    case COLUMN_TIMESTAMP_NS: return PARQUET_INT64;
    case COLUMN_FLOAT: return PARQUET_FLOAT;
    case COLUMN_DOUBLE: return PARQUET_DOUBLE;
    case COLUMN_UTF8:
    case COLUMN_BINARY: return PARQUET_BYTE_ARRAY;
    case COLUMN_FIXED: return PARQUET_FIXED_LEN_BYTE_ARRAY;
    }
    return PARQUET_BYTE_ARRAY;
}

static int64_t count_ones(uint64_t bits)
{
    bits -= bits >> 1 & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) + (bits >> 2 & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (int64_t)((bits * UINT64_C(0x0101010101010101)) >> 56);
}

int64_t values_count(const struct values *values, int64_t row, int64_t n_rows)
{
    int64_t n = 0;
    if (values->validity == NULL)
        return n_rows;
    int64_t at = values->validity_first + row;
    int64_t end = at + n_rows;
    for (; at < end && (at & 7) != 0; at++)
        n += bit_get(values->validity, at);
    for (; end - at >= 64; at += 64)
        n += count_ones(load_u64(values->validity + (at >> 3)));
    for (; at < end; at++)
        n += bit_get(values->validity, at);
    return n;
}

/* Every value is copied, and the next one over it where it was null: no branch to guess. */
static void squeeze_u64(const struct values *values, const uint8_t *from, uint8_t *to)
{
    for (int64_t row = 0; row < values->n_rows; row++) {
        memcpy(to, from + (size_t)row * sizeof(uint64_t), sizeof(uint64_t));
        to += bit_get(values->validity, values->validity_first + row) ? sizeof(uint64_t) : 0;
    }
}

static void squeeze(const struct values *values, const uint8_t *from, uint8_t *to)
{
    for (int64_t row = 0; row < values->n_rows; row++) {
        if (!bit_get(values->validity, values->validity_first + row))
            continue;
        memcpy(to, from + (size_t)row * values->width, values->width);
        to += values->width;
    }
}

static lake_status gather_fixed(const struct column *column, int64_t first, struct values *out, struct buffer *scratch,
                                struct lake_error *err)
{
    const uint8_t *from = (const uint8_t *)column->values + (size_t)first * out->width;
    out->fixed = from;
    if (out->validity == NULL)
        return LAKE_OK;
    TRY(buffer_reserve(scratch, (size_t)(out->n + 1) * out->width, err));
    out->fixed = scratch->data;
    if (out->width == sizeof(uint64_t))
        squeeze_u64(out, from, scratch->data);
    else
        squeeze(out, from, scratch->data);
    return LAKE_OK;
}

static bool row_is_valid(const struct values *values, int64_t row)
{
    return values->validity == NULL || bit_get(values->validity, values->validity_first + row);
}

static lake_status gather_bools(const struct column *column, int64_t first, struct values *out, struct buffer *scratch,
                                struct lake_error *err)
{
    TRY(buffer_reserve(scratch, (size_t)out->n + 1, err));
    uint8_t *to = scratch->data;
    for (int64_t row = 0; row < out->n_rows; row++) {
        if (row_is_valid(out, row))
            *to++ = bit_get(column->values, first + row);
    }
    out->fixed = scratch->data;
    return LAKE_OK;
}

static lake_status gather_texts(const struct column *column, int64_t first, struct values *out, struct buffer *scratch,
                                struct lake_error *err)
{
    TRY(buffer_reserve(scratch, (size_t)(out->n + 1) * sizeof(struct text_view), err));
    struct text_view *to = (struct text_view *)(void *)scratch->data;
    out->texts = to;
    for (int64_t row = 0; row < out->n_rows; row++) {
        const int32_t *offsets = column->offsets + first + row;
        if (row_is_valid(out, row))
            *to++ = (struct text_view){(const uint8_t *)column->values + offsets[0], (size_t)(offsets[1] - offsets[0])};
    }
    return LAKE_OK;
}

lake_status values_gather(const struct batch *batch, size_t column, int64_t first, int64_t n_rows, struct values *out,
                          struct buffer *scratch, struct lake_error *err)
{
    const struct column_field *field = &batch->schema->fields[column];
    const struct column *from = &batch->columns[column];
    *out = (struct values){.type = field->type,
                           .physical = values_physical(field->type),
                           .width = field->type == COLUMN_BOOL ? 1 : column_type_width(field),
                           .n_rows = n_rows,
                           .n = n_rows,
                           .validity = from->validity,
                           .validity_first = first};
    out->n = values_count(out, 0, n_rows);
    if (out->n == n_rows)
        out->validity = NULL;
    else if (!field->nullable)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column %s has %" PRId64 " nulls but is not nullable", field->name,
                         n_rows - out->n);
    buffer_clear(scratch);
    if (field->type == COLUMN_BOOL)
        return gather_bools(from, first, out, scratch, err);
    if (out->width == 0)
        return gather_texts(from, first, out, scratch, err);
    return gather_fixed(from, first, out, scratch, err);
}
