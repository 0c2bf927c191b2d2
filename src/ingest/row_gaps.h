/* The order of rows, and the runs of bars that are missing between neighbours: told while rows pass by, as long as their times rise, or
 * fall, without a step back. Plain values, one thread at a time. Zeroed at the start. */
#ifndef INGEST_ROW_GAPS_H
#define INGEST_ROW_GAPS_H

#include "column/period.h"

struct row_gaps {
    int64_t last_ms;
    int64_t n_gaps;
    int64_t direction; /* of the steps so far: 1, -1, or 0 where there was none */
    bool has_last;
    bool is_mixed; /* there were steps both ways: nothing is told any more */
};

void row_gaps_add(struct row_gaps *gaps, const struct period *period, const int64_t *ts_ms, int64_t n_rows);
/* -1: not told. */
int64_t row_gaps_count(const struct row_gaps *gaps);

#endif
