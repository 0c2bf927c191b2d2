/* Rows by key: sorting, folding rows of one key, and merging new rows into stored ones (I8). What a type's key is, and the order it
 * gives, is row_key.h.
 *
 * Merging is per column: of the rows with one key the last that has a value counts, and a null or an absent column keeps what was
 * there. "Last" is source order within a batch, and the incoming batch over the stored one. Columns are matched by name; a column whose
 * type differs between the two is LAKE_INVALID_DATA.
 *
 * Rows that lack their key are counted: the first of those that are equal is merged with the first, the second with the second, and
 * what is left on either side stays. So the greater count is kept, and a source that comes again changes nothing. Within a batch they are
 * counted a source at a time, by a column of the batch that says which source a row is of. What is sorted or merged does not have
 * that column any more, and no file below the data root ever does. */
#ifndef LAKE_MERGE_H
#define LAKE_MERGE_H

#include "column/batch.h"
#include "column/data_type.h"

/* COLUMN_INT32, in rows that came in and are not sorted yet, of types that count rows (data_type_counts_rows); no column of a source can
 * have this name. Later sources have greater numbers. Without it all rows are of one source. */
#define MERGE_SOURCE_COLUMN "\x01source"

struct merge_counts {
    int64_t n_new;     /* keys that were not stored */
    int64_t n_changed; /* keys that were, with another value in some column */
    int64_t n_equal;   /* keys that were, with the same values */
};

/* Moves `in` into `out`, ascending by key, each key once. In order already, nothing is copied. */
LAKE_MUST_CHECK lake_status merge_sort(const struct data_type *type, struct batch *in, struct batch *out,
                                       struct lake_error *err);

/* Both ascending by key, each key once. */
struct merge_sides {
    const struct data_type *type;
    struct batch *stored, *incoming;
};

/* The result owns its memory; the sides stay as they are. */
LAKE_MUST_CHECK lake_status merge_batches(const struct merge_sides *sides, struct batch *out,
                                          struct merge_counts *counts, struct lake_error *err);

#endif
