/* The column `symbol` of rows of several symbols: put behind the first column when a batch leaves as an Arrow array.
 *
 * It is of string views (format "vu": 16 bytes a row with the text in them, or up to 12 bytes of it), which Polars takes as they are; measured with
 * 200 symbols of 1,440 rows, offsets and bytes cost it 4 ms and a dictionary 0.6 ms. Names of more than 12 bytes stand once, behind the views. A column of the rows
 * themselves that is called symbol makes room for it.
 *
 *     TRY(symbol_column_add_schema(&schema, err));
 *     TRY(symbol_column_add(&array, &runs, own, cache, err));    // on failure the array is released */
#ifndef OPS_SYMBOL_COLUMN_H
#define OPS_SYMBOL_COLUMN_H

#include <datalake/arrow.h>

#include <stdint.h>

#include "base/block_cache.h"

#define SYMBOL_COLUMN "symbol"

/* So many rows of one symbol, then of the next: together all rows of a batch. */
struct symbol_run {
    const char *symbol;
    int64_t n_rows;
};
struct symbol_runs {
    struct symbol_run *items; /* memory_free */
    size_t n, capacity;
};
LAKE_MUST_CHECK lake_status symbol_runs_add(struct symbol_runs *runs, const char *symbol, int64_t n_rows,
                                            struct lake_error *err);

LAKE_MUST_CHECK lake_status symbol_column_add_schema(struct ArrowSchema *schema, struct lake_error *err);
/* `own`: which child makes room; -1: none. */
LAKE_MUST_CHECK lake_status symbol_column_add(struct ArrowArray *array, const struct symbol_runs *runs, int own,
                                              struct block_cache *cache, struct lake_error *err);

#endif
