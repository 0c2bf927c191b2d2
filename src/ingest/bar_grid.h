/* The period of bars: told from their times, and held against them.
 *
 * A bar is stamped with its open time, so that the times of a period lie on a grid: whole multiples of the period since 1970 up
 * to 1h; above, where venues begin their days and weeks at different hours, whole periods from the first bar, at a whole quarter
 * of an hour; for 1mo the first instant of a month. Bars may be missing, repeated and in any order.
 *
 * Threads: plain values, each used by one thread at a time. */
#ifndef INGEST_BAR_GRID_H
#define INGEST_BAR_GRID_H

#include "column/period.h"

/* What the times met so far tell. Zeroed at the start. */
struct bar_evidence {
    int64_t n_rows;
    int64_t last_ms;
    int64_t smallest_ms; /* positive difference of neighbours, either way; 0: none yet */
    int64_t common_ms;   /* greatest common divisor of the differences */
    bool has_other_than_months;
};

void bar_evidence_add(struct bar_evidence *evidence, const int64_t *ts_ms, int64_t n_rows);

/* The period that the times tell: the smallest difference, of which all are multiples. An error names the file and asks for it. */
LAKE_MUST_CHECK lake_status bar_evidence_tell(const struct bar_evidence *evidence, const char *path,
                                              const struct period **out, struct lake_error *err);

/* Refuses a period that is shorter than the times show, which no grid would find: bars of 1h are on the grid of 1m. A dozen rows
 * without a closer pair is taken for certain. */
LAKE_MUST_CHECK lake_status bar_evidence_check(const struct bar_evidence *evidence, const char *path,
                                               const struct period *period, struct lake_error *err);

/* The period of bars of this length that open at open_ms, or NULL. */
const struct period *bar_period_of(int64_t open_ms, int64_t length_ms);

struct bar_grid {
    const struct period *period;
    int64_t first_ms;
    int64_t last_ms; /* the row before */
};

struct bar_grid bar_grid_start(const struct period *period, int64_t first_ms);
/* The first of the rows that is off the grid, or -1. */
int64_t bar_grid_find_off(struct bar_grid *grid, const int64_t *ts_ms, int64_t n_rows);

#endif
