/* What the times of a member's rows tell while they pass by: which way they run, where they step back, where one is the time of the row
 * before, and from when to when they reach.
 *
 * A source runs forward or, newest row first, backward: which, most of its steps tell at its end. Steps the other way are backward. Where
 * rows are known by their times alone (bars, funding), a time that comes twice in a row is a row repeated; repeats further apart only the
 * merge finds.
 * Plain values, one thread at a time. Zeroed at the start. */
#ifndef INGEST_MEMBER_ORDER_H
#define INGEST_MEMBER_ORDER_H

#include "column/period.h"
#include "column/time_unit.h"
#include "ingest/run_lines.h"

/* Steps of one kind, from the row before to the row it is about. */
struct member_steps {
    int64_t n;
    int64_t first_line;     /* of the first such row */
    int64_t from_ms, to_ms; /* least and greatest time of such rows */
};

struct member_order {
    bool has_last;
    int64_t last; /* time of the last row, in its unit */
    int64_t n_rows;
    int64_t from_ms, to_ms; /* least and greatest time */
    struct member_steps rises, falls, repeats;
};

/* The next rows of the member. Rows are told to be repeated where their time is their key. */
void member_order_add(struct member_order *order, const struct time_values *times, bool is_time_key,
                      struct run_lines *lines);

/* Steps against the direction of the member. */
const struct member_steps *member_order_backward(const struct member_order *order);

/* Of bars: [*start_ms, *end_ms) is what the member covers, and whether any bar may be missing in it. Where rows step back repeats may hide
 * that none is. */
bool member_order_cover(const struct member_order *order, const struct period *period, int64_t *start_ms,
                        int64_t *end_ms);

#endif
