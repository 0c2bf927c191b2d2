/* Rows by key: sorting, folding rows of one key, and merging new rows into stored ones (I8).
 *
 * The key is the first column, a timestamp. Merging is per column: of the rows with one key the last that has a value counts, and
 * a null or an absent column keeps what was there. "Last" is source order within a batch, and the incoming batch over the
 * stored one. Columns are matched by name; a column whose type differs between the two is LAKE_INVALID_DATA. */
#ifndef LAKE_MERGE_H
#define LAKE_MERGE_H

#include "column/batch.h"

struct merge_counts {
    int64_t n_new;     /* keys that were not stored */
    int64_t n_changed; /* keys that were, with another value in some column */
    int64_t n_equal;   /* keys that were, with the same values */
};

/* Moves `in` into `out`, strictly ascending by key. */
LAKE_MUST_CHECK lake_status merge_sort(struct batch *in, struct batch *out, struct lake_error *err);

/* Both strictly ascending. The result owns its memory. */
LAKE_MUST_CHECK lake_status merge_batches(const struct batch *stored, const struct batch *incoming, struct batch *out,
                                          struct merge_counts *counts, struct lake_error *err);

#endif
