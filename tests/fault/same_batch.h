/* Compares two batches of one layout without allocating, so that it can be used while allocations fail. */
#ifndef TESTS_FAULT_SAME_BATCH_H
#define TESTS_FAULT_SAME_BATCH_H

#include <string.h>

#include "column/batch.h"

static inline bool same_value(const struct batch *a, const struct batch *b, size_t column, int64_t row)
{
    const struct column_field *field = &a->schema->fields[column];
    const struct column *x = &a->columns[column], *y = &b->columns[column];
    size_t width = column_type_width(field), at = (size_t)row * width;
    if (column_is_valid(x, row) != column_is_valid(y, row))
        return false;
    if (!column_is_valid(x, row))
        return true;
    if (field->type == COLUMN_BOOL)
        return bit_get(x->values, row) == bit_get(y->values, row);
    if (!column_type_has_offsets(field->type))
        return memcmp((const char *)x->values + at, (const char *)y->values + at, width) == 0;
    size_t n = (size_t)(x->offsets[row + 1] - x->offsets[row]);
    return n == (size_t)(y->offsets[row + 1] - y->offsets[row]) &&
           (n == 0 ||
            memcmp((const char *)x->values + x->offsets[row], (const char *)y->values + y->offsets[row], n) == 0);
}

static inline bool same_batch(const struct batch *a, const struct batch *b)
{
    if (a->n_rows != b->n_rows || a->schema->n_fields != b->schema->n_fields)
        return false;
    for (size_t column = 0; column < a->schema->n_fields; column++) {
        if (a->columns[column].null_count != b->columns[column].null_count)
            return false;
        for (int64_t row = 0; row < a->n_rows; row++)
            if (!same_value(a, b, column, row))
                return false;
    }
    return true;
}

#endif
