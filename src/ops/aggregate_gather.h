/* Gathering the values of buckets: the loops of aggregation.
 *
 * A cell holds what was gathered of one bucket so far: 8 bytes, a double or an int64, and whether there was a value at all. Rows of a
 * bucket may come in any number of runs; the same rows give the same bits however they are divided.
 *
 * Rules: rows that are not present are passed over. A sum begins with its first value and adds one after the other. NaN is a
 * value, which sums keep; min and max take one only where there is nothing else. Of equal ones (0.0 and -0.0) min and max keep the first.
 *
 *     gather_begin(GATHER_SUM, &cells, n_buckets);
 *     if (!gather_run(GATHER_SUM, &rows, n_rows, &cells)) … the sum does not fit in an int64 */
#ifndef OPS_AGGREGATE_GATHER_H
#define OPS_AGGREGATE_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/aggregate_column.h"

struct gather_rows {
    const void *values;     /* 8 bytes each; not looked at by GATHER_COUNT */
    const uint8_t *present; /* a byte each; NULL: all are */
    bool is_double;         /* else int64 */
};

struct gather_cells {
    void *values; /* 8 bytes each: of the rows' type, of GATHER_COUNT int64 */
    uint8_t *has;
};

/* Empties cells. */
void gather_begin(enum gathering gathering, const struct gather_cells *cells, int64_t n_cells);
/* Adds rows to the first cell. False where a sum of integers leaves their range. */
bool gather_run(enum gathering gathering, const struct gather_rows *rows, int64_t n_rows,
                const struct gather_cells *cells);
/* Fills cells from so many rows each, all of which are present. False as above: then no cell is to be relied on. */
bool gather_whole(enum gathering gathering, const struct gather_rows *rows, int64_t n_rows, int64_t n_cells,
                  const struct gather_cells *cells);

#endif
