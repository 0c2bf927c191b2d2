/* The values of one column chunk as Parquet stores them: those present, one after another, without the nulls between.
 *
 * Columns without nulls are borrowed from the batch where they lie; nulls are squeezed out into scratch, booleans are
 * spread to a byte each, and texts become views. Values live as long as the batch and until the scratch is used again. */
#ifndef PARQUET_VALUES_H
#define PARQUET_VALUES_H

#include "base/buffer.h"
#include "column/batch.h"
#include "parquet/format.h"

struct text_view {
    const uint8_t *bytes;
    size_t n;
};

struct values {
    enum column_type type;
    enum parquet_physical physical;
    size_t width; /* bytes of a value of `fixed` (a boolean: 1); 0: the values are texts */
    int64_t n_rows;
    int64_t n; /* present */
    const uint8_t *fixed;
    const struct text_view *texts;
    const uint8_t *validity; /* row 0 is bit validity_first; NULL: no nulls */
    int64_t validity_first;
};

enum parquet_physical values_physical(enum column_type type);

/* Rows [first, first + n_rows) of a column. LAKE_INVALID_ARGUMENT where a column that is not nullable has a null. */
LAKE_MUST_CHECK lake_status values_gather(const struct batch *batch, size_t column, int64_t first, int64_t n_rows,
                                          struct values *out, struct buffer *scratch, struct lake_error *err);
/* How many of n_rows rows from `row` on have a value. */
int64_t values_count(const struct values *values, int64_t row, int64_t n_rows);

static inline const uint8_t *values_at(const struct values *values, int64_t i)
{
    return values->fixed + (size_t)i * values->width;
}

#endif
