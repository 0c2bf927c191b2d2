/* The grid that a bar lays for all others of its period: where the next ones would stand, and how many slots lie between two.
 *
 * Slot 0 is the bar's own; slots behind it count up, those before it down. Periods of a fixed length are so many milliseconds; months go
 * by the calendar, where a bar keeps its distance from the 1st that is nearest to it (months of another zone begin hours before or behind
 * it). For bars only: trades and funding have no grid.
 *
 *     struct bar_slots grid = {period, last_ms};
 *     int64_t n_missing = bar_slots_find(&grid, next_ms) - 1;      // between two bars */
#ifndef LAKE_BAR_SLOTS_H
#define LAKE_BAR_SLOTS_H

#include "column/period.h"

struct bar_slots {
    const struct period *period; /* bar_slots_has */
    int64_t bar_ms;
};

/* Whether a period has a grid: a length, or 1mo. */
bool bar_slots_has(const struct period *period);
/* The slot that an instant falls into. */
int64_t bar_slots_find(const struct bar_slots *grid, int64_t ts_ms);
/* Where a slot begins. */
int64_t bar_slots_time(const struct bar_slots *grid, int64_t slot);
/* The first slot that begins at or after an instant. */
int64_t bar_slots_from(const struct bar_slots *grid, int64_t ts_ms);

#endif
