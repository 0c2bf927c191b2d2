/* The rules of moves: prices that are far from their neighbours.
 *
 * How far bars move is known from those around them: the median absolute deviation of the log returns from close to close of some hundred
 * bars on either side, times 1.4826 (so that it is the standard deviation, were returns normal), which one absurd price does not change.
 * A price is suspect where it is further away than 25 of these, and
 * - a spike: more than 10 % away from both of its neighbours, to the same side, so that it comes back: an open from the close before and its
 *   own bar's close, a close from the closes before and after, a high or low from the open and close of its bar;
 * - a jump: a close that is more than 25 % away from the close before, and stays there.
 * Markets do move by 10 % within a minute when they are hit, and by 25 % in a day, but not both: that, and 25 deviations, keep
 * real crashes out as far as can be. The first open, which has only one neighbour, must be 25 % away. Where fewer than 32 returns are known
 * nothing comes back for certain: 25 % for all. Across missing bars a price may move as far as their number's square root says.
 * Bars whose prices are not above zero, or not between low and high, have no part in it: other rules blame them. */
#ifndef OPS_CHECK_MOVE_H
#define OPS_CHECK_MOVE_H

#include "ops/check_report.h"
#include "ops/check_time.h"
#include "ops/check_window.h"

struct check_move {
    const struct period *period;
    int64_t scale_block; /* of the rows for which the scale was told last, counted from 1; 0: none was */
    double scale;
    bool is_known; /* the scale is */
};

LAKE_MUST_CHECK lake_status check_moves(struct check_move *move, const struct check_window *window,
                                        struct check_report *report, struct lake_error *err);

#endif
