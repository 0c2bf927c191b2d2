/* The period of bars: told from their times, and held against them.
 *
 * A bar is stamped with its open time, so that the times of a period lie on a grid: whole multiples of the period since 1970 up
 * to 15m; above, where venues begin their hours, days and weeks at different times, whole periods from where most bars of the first
 * block begin, at a whole quarter of an hour; for 1mo the first instant of a month. Where days follow the clocks of a place they may begin an
 * hour off. Bars may be missing, repeated and in any order.
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

/* Whether there are so many rows that a closer pair would have been met: a dozen. */
bool bar_evidence_is_certain(const struct bar_evidence *evidence);
/* Whether the times can be those of bars of this period, some of them missing. */
bool bar_evidence_allows(const struct bar_evidence *evidence, const struct period *period);
/* Refuses a period that is certainly shorter than the times show, which no grid would find: bars of 1h are on the grid of 1m. giver is
 * the source that the period was told by, NULL: an option. */
LAKE_MUST_CHECK lake_status bar_evidence_check(const struct bar_evidence *evidence, const char *path,
                                               const struct period *period, const char *giver, struct lake_error *err);

/* The period of bars of this length that open at open_ms, or NULL. */
const struct period *bar_period_of(int64_t open_ms, int64_t length_ms);

struct bar_grid {
    const struct period *period;
    int64_t phase_ms; /* where periods above 15m begin */
    int64_t votes;    /* rows that begin there, less those that do not, while the grid is laid */
    int64_t last_ms;  /* the row before */
    bool may_shift;   /* by an hour either way */
};

/* has_clocks: the times are those of a place whose clocks change. Days do in any case. */
struct bar_grid bar_grid_start(const struct period *period, bool has_clocks);
/* Lays the grid by these rows, any number of times before the first row is held against it. */
void bar_grid_lay(struct bar_grid *grid, const int64_t *ts_ms, int64_t n_rows);
/* The first of the rows that is off the grid, or -1. */
int64_t bar_grid_find_off(struct bar_grid *grid, const int64_t *ts_ms, int64_t n_rows);

#endif
