/* The rules of times: each bar behind the one before, on the grid of the period, and not of the future.
 *
 * The grid is where most of the first bars begin: venues begin their hours, days and weeks at different times, and a recipe may have an
 * offset. Days and what is longer than an hour may follow the clocks of a place, and so begin an hour off. One thread at a time. */
#ifndef OPS_CHECK_TIME_H
#define OPS_CHECK_TIME_H

#include "column/data_type.h"
#include "ops/check_report.h"
#include "ops/check_window.h"

struct check_time {
    const struct period *period;
    bool must_be_closed; /* raw bars: none is stored before its end */
    int64_t now_ms;
    bool is_laid;
    int64_t
        phase_ms; /* of the grid, once it is laid: bars begin so much later than whole periods since 1970, or months */
};

LAKE_MUST_CHECK lake_status check_times(struct check_time *time, const struct check_window *window,
                                        struct check_report *report, struct lake_error *err);

#endif
