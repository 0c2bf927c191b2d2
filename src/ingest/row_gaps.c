#include "ingest/row_gaps.h"

#include "base/calendar.h"

/* Whether a bar lies between two neighbours. A day that the clocks make an hour longer is no gap. */
static bool is_gap(const struct period *period, int64_t a_ms, int64_t b_ms)
{
    int64_t from_ms = a_ms < b_ms ? a_ms : b_ms;
    int64_t step_ms = a_ms < b_ms ? b_ms - a_ms : a_ms - b_ms;
    if (period->length_ms > 0)
        return (step_ms + period->length_ms / 2) / period->length_ms > 1;
    return from_ms + step_ms > calendar_month_next(calendar_day_of_ms(from_ms)) * MS_PER_DAY;
}

static void add_step(struct row_gaps *gaps, const struct period *period, int64_t ts_ms)
{
    int64_t direction = ts_ms > gaps->last_ms ? 1 : -1;
    if (ts_ms == gaps->last_ms)
        return;
    gaps->is_mixed = gaps->is_mixed || (gaps->direction != 0 && gaps->direction != direction);
    gaps->direction = direction;
    gaps->n_gaps += is_gap(period, gaps->last_ms, ts_ms);
    gaps->last_ms = ts_ms;
}

void row_gaps_add(struct row_gaps *gaps, const struct period *period, const int64_t *ts_ms, int64_t n_rows)
{
    if (n_rows > 0 && !gaps->has_last) {
        gaps->has_last = true;
        gaps->last_ms = ts_ms[0];
    }
    for (int64_t i = 0; i < n_rows && !gaps->is_mixed; i++) {
        bool is_next = gaps->direction == 1 && ts_ms[i] - gaps->last_ms == period->length_ms;
        if (is_next)
            gaps->last_ms = ts_ms[i];
        else
            add_step(gaps, period, ts_ms[i]);
    }
}

int64_t row_gaps_count(const struct row_gaps *gaps)
{
    return gaps->is_mixed || !gaps->has_last ? -1 : gaps->n_gaps;
}
