/* The rules of runs: bars in which nothing moves.
 *
 * - frozen: flat bars (open, high, low and close are one price) without volume: nobody traded, or the feed stood still;
 * - stuck: flat bars at one price with volume, a dozen of them and more.
 * Whether that is odd depends on the market: in some a third of the minutes is without a trade. So only runs are suspect that are rare there:
 * so long that at most one bar in a hundred which trades (and in any case one) is followed by such a run or a longer one. */
#ifndef OPS_CHECK_RUN_H
#define OPS_CHECK_RUN_H

#include "ops/check_report.h"
#include "ops/check_time.h"
#include "ops/check_window.h"

enum { CHECK_RUN_LENGTHS = 4096, CHECK_KEPT_RUNS = 4096 };

struct check_run {
    int64_t start_ms, last_ms; /* of its first and last bar */
    int64_t n_bars;            /* 0: there is none */
    double price;
};

/* Runs of one kind. */
struct check_runs {
    enum check_rule rule;
    struct check_run open;                      /* the one that goes on */
    int64_t n_moving;                           /* bars in none */
    int64_t n_by_length[CHECK_RUN_LENGTHS + 1]; /* how many there were; the last: so long and longer */
    struct check_run kept[CHECK_KEPT_RUNS];     /* the first of those that are long enough to be kept */
    size_t n_kept;
    int64_t shortest_kept; /* shorter ones are counted only */
};

struct check_still {
    const struct period *period;
    struct check_runs frozen, stuck;
};

void check_still_init(struct check_still *still, const struct period *period);
void check_still_add(struct check_still *still, const struct check_window *window);
/* All rows were there: tells which runs were rare. */
LAKE_MUST_CHECK lake_status check_still_end(struct check_still *still, struct check_report *report,
                                            struct lake_error *err);

#endif
