/* A batch: rows as a struct of arrays, each laid out as the Arrow columnar format lays it out, so that it leaves
 * through the C data interface without a copy.
 *
 * Invariants: every column has n_rows values. validity is NULL where nothing is null, else a bitmap (least
 * significant bit first, 1 = present) and null_count counts its zeros; null_count is never unknown. Values of null
 * rows are zero bytes. Fixed-width values are little-endian (hosts of another order are not supported). Columns with
 * offsets have n_rows + 1 int32 offsets that start at 0 and never fall, and `values` holds offsets[n_rows] bytes.
 *
 * A batch owns its memory through `release`, whatever it is (heap, an imported Arrow array). It is moved, not copied.
 *
 *     struct batch batch = {0};
 *     TRY_OUT(batch_new(&batch, schema, n_rows, err));         // arrays to fill in
 *     double *close = batch_values(&batch, 4);
 *     out: batch_release(&batch); */
#ifndef COLUMN_BATCH_H
#define COLUMN_BATCH_H

#include "column/schema.h"

struct block_cache;

struct column {
    uint8_t *validity; /* NULL: no nulls */
    void *values;
    int32_t *offsets; /* only types with offsets */
    int64_t null_count;
};

struct batch {
    const struct schema *schema; /* owned where owns_schema, else it must outlive the batch */
    int64_t n_rows;
    struct column *columns;          /* schema->n_fields of them */
    void (*release)(struct batch *); /* NULL: an empty batch */
    void *owner;
    bool owns_schema;
};

/* Columns of n_rows rows: fixed-width and boolean values allocated but not zeroed for fixed widths, offsets zeroed, no
 * validity, no bytes behind offsets. Borrows the schema. */
LAKE_MUST_CHECK lake_status batch_new(struct batch *batch, const struct schema *schema, int64_t n_rows,
                                      struct lake_error *err);
/* The same, with large blocks from the cache (which may be NULL); they go back to it when the batch is released. */
LAKE_MUST_CHECK lake_status batch_new_cached(struct batch *batch, const struct schema *schema, int64_t n_rows,
                                             struct block_cache *cache, struct lake_error *err);
void batch_release(struct batch *batch);
void batch_move(struct batch *to, struct batch *from);

/* Adds an all-present bitmap to a column of a batch made by batch_new, to clear bits in. */
LAKE_MUST_CHECK lake_status batch_add_validity(struct batch *batch, size_t column, struct lake_error *err);
/* Gives a column of offsets (already filled) its bytes: allocates n_bytes of values. */
LAKE_MUST_CHECK lake_status batch_add_bytes(struct batch *batch, size_t column, size_t n_bytes, struct lake_error *err);

static inline void *batch_values(const struct batch *batch, size_t column)
{
    return batch->columns[column].values;
}

static inline bool bit_get(const uint8_t *bits, int64_t i)
{
    return (bits[i >> 3] >> (i & 7)) & 1;
}

static inline void bit_set(uint8_t *bits, int64_t i, bool value)
{
    uint8_t mask = (uint8_t)(1u << (i & 7));
    bits[i >> 3] = (uint8_t)(value ? bits[i >> 3] | mask : bits[i >> 3] & ~mask);
}

static inline bool column_is_valid(const struct column *column, int64_t row)
{
    return column->validity == NULL || bit_get(column->validity, row);
}

#endif
