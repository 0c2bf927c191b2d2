#include "lake/bar_slots.h"

#include <string.h>

#include "base/calendar.h"

static bool is_month(const struct period *period)
{
    return strcmp(period->name, "1mo") == 0;
}

bool bar_slots_has(const struct period *period)
{
    return period->length_ms > 0 || is_month(period);
}

/* ---- months, counted from year 0 ---- */

static int64_t month_of(int64_t ts_ms)
{
    struct calendar_date date = calendar_date_from_day(calendar_day_of_ms(ts_ms));
    return (int64_t)date.year * 12 + date.month - 1;
}

static int64_t month_start(int64_t month)
{
    struct calendar_date date = {(int32_t)(month / 12), (int32_t)(month % 12) + 1, 1};
    return calendar_day_from_date(date) * MS_PER_DAY;
}

/* The month whose 1st is nearest. */
static int64_t nearest_month(int64_t ts_ms)
{
    int64_t month = month_of(ts_ms);
    return ts_ms - month_start(month) <= month_start(month + 1) - ts_ms ? month : month + 1;
}

static int64_t month_time(const struct bar_slots *grid, int64_t slot)
{
    int64_t month = nearest_month(grid->bar_ms);
    return month_start(month + slot) + (grid->bar_ms - month_start(month));
}

static int64_t month_slot(const struct bar_slots *grid, int64_t ts_ms)
{
    int64_t slot = month_of(ts_ms) + 1 - nearest_month(grid->bar_ms);
    while (month_time(grid, slot) > ts_ms)
        slot--;
    return slot;
}

/* ---- any period ---- */

int64_t bar_slots_find(const struct bar_slots *grid, int64_t ts_ms)
{
    int64_t length_ms = grid->period->length_ms, distance = ts_ms - grid->bar_ms;
    if (length_ms == 0)
        return month_slot(grid, ts_ms);
    return distance / length_ms - (distance % length_ms < 0);
}

int64_t bar_slots_time(const struct bar_slots *grid, int64_t slot)
{
    int64_t length_ms = grid->period->length_ms;
    return length_ms == 0 ? month_time(grid, slot) : grid->bar_ms + slot * length_ms;
}

int64_t bar_slots_from(const struct bar_slots *grid, int64_t ts_ms)
{
    return bar_slots_find(grid, ts_ms - 1) + 1;
}
