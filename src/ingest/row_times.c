#include "ingest/row_times.h"

#include "base/calendar.h"

enum { FAR_S = 24 * 3600 };

void row_times_round_closes(int64_t *ts_ms, int64_t n_rows)
{
    for (int64_t i = 0; i < n_rows; i++) {
        if (ts_ms[i] % MS_PER_SECOND == MS_PER_SECOND - 1)
            ts_ms[i]++;
        if (ts_ms[i] % MS_PER_MINUTE == MS_PER_MINUTE - MS_PER_SECOND)
            ts_ms[i] += MS_PER_SECOND;
    }
}

/* The start of the month that ends at ts; what is no end of a month stays, to be found off the grid. */
static int64_t month_before(int64_t ts_ms)
{
    int64_t day = calendar_day_of_ms(ts_ms);
    if (ts_ms != day * MS_PER_DAY || calendar_month_start(day) != day)
        return ts_ms;
    return calendar_month_start(day - 1) * MS_PER_DAY;
}

static void open_bars(const struct row_times *times, int64_t *ts_ms, int64_t n_rows)
{
    for (int64_t i = 0; i < n_rows; i++)
        ts_ms[i] = times->period->length_ms > 0 ? ts_ms[i] - times->period->length_ms : month_before(ts_ms[i]);
}

static lake_status to_utc(struct row_times *times, int64_t *ts, int64_t n_rows, struct row_marks *marks,
                          struct lake_error *err)
{
    int64_t per_second = MS_PER_SECOND * times->per_ms;
    for (int64_t row = 0; row < n_rows; row++) {
        int64_t last_local = ts[n_rows - 1];
        row += time_zone_to_utc(times->zone, ts + row, n_rows - row, per_second);
        if (row < n_rows) {
            TRY(row_marks_set(marks, row, RULE_SKIPPED_TIME, err));
            continue;
        }
        times->has_last = true;
        times->last_local = last_local;
        times->last_utc = ts[n_rows - 1];
        if (ts[n_rows - 1] != ts[0])
            times->direction = ts[n_rows - 1] > ts[0] ? 1 : -1;
    }
    return LAKE_OK;
}

static bool opens_by_the_calendar(const struct row_times *times)
{
    return times->period->length_ms == 0 || times->period->length_ms >= MS_PER_DAY;
}

lake_status row_times_convert(struct row_times *times, struct batch *batch, struct row_marks *marks,
                              struct lake_error *err)
{
    int64_t *ts = batch_values(batch, 0);
    if (batch->n_rows == 0)
        return LAKE_OK;
    bool is_first = times->is_close && opens_by_the_calendar(times);
    if (is_first)
        open_bars(times, ts, batch->n_rows);
    if (times->zone != NULL)
        TRY(to_utc(times, ts, batch->n_rows, marks, err));
    if (times->is_close && !is_first)
        open_bars(times, ts, batch->n_rows);
    return LAKE_OK;
}

/* A zone tells which way times go by two that are far apart, and the two instants of one local time by the row before: the last row is
 * shown to it alone, and, where that gives the other instant, behind one that comes after it, or before it. */
void row_times_resume(struct row_times *times)
{
    static const int64_t before_s[] = {0, 1, -1};
    int64_t per_second = MS_PER_SECOND * times->per_ms;
    if (times->zone == NULL || !times->has_last)
        return;
    int64_t far[] = {times->last_local - times->direction * FAR_S * per_second, times->last_local};
    (void)time_zone_to_utc(times->zone, far, times->direction == 0 ? 0 : 2, per_second);
    for (size_t i = 0; i < sizeof before_s / sizeof *before_s; i++) {
        int64_t before = times->last_local + before_s[i] * per_second, last = times->last_local;
        (void)time_zone_to_utc(times->zone, &before, 1, per_second);
        if (time_zone_to_utc(times->zone, &last, 1, per_second) == 1 && last == times->last_utc)
            return;
    }
}
