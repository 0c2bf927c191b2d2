#include "ops/check_time.h"

#include <stdio.h>

#include "base/calendar.h"

/* ---- the grid ---- */

/* How much later than a whole period (month) a time is. */
static int64_t phase_of(const struct period *period, int64_t ts_ms)
{
    if (period->length_ms == 0)
        return ts_ms - calendar_month_start(calendar_day_of_ms(ts_ms)) * MS_PER_DAY;
    int64_t phase_ms = ts_ms % period->length_ms;
    return phase_ms < 0 ? phase_ms + period->length_ms : phase_ms;
}

/* The majority's phase among the first rows, by the vote of Boyer and Moore. */
static void lay_grid(struct check_time *time, const struct check_window *window)
{
    int64_t votes = 0;
    for (int64_t i = 0; i < window->n_rows && i < CHECK_CONTEXT; i++) {
        int64_t phase_ms = phase_of(time->period, window->ts[i]);
        if (votes == 0)
            time->phase_ms = phase_ms;
        votes += phase_ms == time->phase_ms ? 1 : -1;
    }
    time->is_laid = true;
}

static bool is_on_grid(const struct check_time *time, int64_t ts_ms)
{
    int64_t length_ms = time->period->length_ms;
    int64_t off_ms = phase_of(time->period, ts_ms) - time->phase_ms;
    if (off_ms == 0 || length_ms == 0)
        return off_ms == 0;
    off_ms = off_ms < 0 ? off_ms + length_ms : off_ms;
    return length_ms > MS_PER_HOUR && (off_ms == MS_PER_HOUR || off_ms == length_ms - MS_PER_HOUR);
}

/* ---- rules ---- */

static int64_t end_of(const struct period *period, int64_t ts_ms)
{
    int64_t start_ms = 0, end_ms = 0;
    if (period->length_ms > 0)
        return ts_ms > INT64_MAX - period->length_ms ? INT64_MAX : ts_ms + period->length_ms;
    partition_bounds(GRAIN_MONTH, ts_ms, &start_ms, &end_ms);
    return end_ms;
}

static bool is_of_future(const struct check_time *time, int64_t ts_ms)
{
    return ts_ms > time->now_ms || (time->must_be_closed && end_of(time->period, ts_ms) > time->now_ms);
}

static lake_status add(struct check_report *report, enum check_rule rule, const struct check_window *window,
                       int64_t row, const char *detail, struct lake_error *err)
{
    double v[N_CHECK_COLUMNS];
    if (!check_report_count(report, rule))
        return LAKE_OK;
    check_window_row(window, row, v);
    return check_report_show(report, rule, &(struct check_found){window->ts[row], 1, v, detail}, err);
}

static lake_status add_not_ascending(struct check_report *report, const struct check_window *window, int64_t row,
                                     struct lake_error *err)
{
    char before[CALENDAR_TEXT_BYTES];
    char detail[CHECK_DETAIL_BYTES];
    (void)calendar_format_ms(window->ts[row - 1], before);
    (void)snprintf(detail, sizeof detail, "the bar before is of %s", before);
    return add(report, CHECK_NOT_ASCENDING, window, row, detail, err);
}

static lake_status add_off_grid(const struct check_time *time, struct check_report *report,
                                const struct check_window *window, int64_t row, struct lake_error *err)
{
    char detail[CHECK_DETAIL_BYTES];
    double off_s = (double)(phase_of(time->period, window->ts[row]) - time->phase_ms) / (double)MS_PER_SECOND;
    (void)snprintf(detail, sizeof detail, "%g s off the grid of %s on which the others are", off_s, time->period->name);
    return add(report, CHECK_OFF_GRID, window, row, detail, err);
}

static lake_status add_future(const struct check_time *time, struct check_report *report,
                              const struct check_window *window, int64_t row, struct lake_error *err)
{
    char now[CALENDAR_TEXT_BYTES];
    char detail[CHECK_DETAIL_BYTES];
    (void)calendar_format_ms(time->now_ms, now);
    (void)snprintf(detail, sizeof detail, "%s, and it is %s now",
                   window->ts[row] > time->now_ms ? "begins in the future" : "is still open", now);
    return add(report, CHECK_FUTURE, window, row, detail, err);
}

lake_status check_times(struct check_time *time, const struct check_window *window, struct check_report *report,
                        struct lake_error *err)
{
    int64_t length_ms = time->period->length_ms;
    bool is_on = false; /* the row before is on the grid */
    if (!time->is_laid && window->first < window->last)
        lay_grid(time, window);
    for (int64_t row = window->first; row < window->last; row++) {
        int64_t ts_ms = window->ts[row];
        int64_t step_ms = check_window_step(window, row);
        if (row > 0 && ts_ms <= window->ts[row - 1])
            TRY(add_not_ascending(report, window, row, err));
        /* The next bar after one on the grid is on it too, which spares most rows a division. */
        is_on = (is_on && step_ms == length_ms && step_ms > 0) || is_on_grid(time, ts_ms);
        if (!is_on)
            TRY(add_off_grid(time, report, window, row, err));
        if (is_of_future(time, ts_ms))
            TRY(add_future(time, report, window, row, err));
    }
    return LAKE_OK;
}
