/* Buckets: the ranges of time that coarser bars cover, and which period divides which.
 *
 *     struct bucket_grid grid;
 *     TRY(bucket_grid_init(&grid, period, offset_ms, err));
 *     struct time_range bucket = bucket_at(&grid, ts_ms);          // that holds an instant */
#ifndef OPS_BUCKET_H
#define OPS_BUCKET_H

#include "column/period.h"
#include "lake/partition.h"

/* The years 1 to 9999: bars outside them are refused, and instants outside are taken as the first or last within. */
#define BUCKET_FIRST_MS INT64_C(-62135596800000)
#define BUCKET_END_MS INT64_C(253402300800000)

struct bucket_grid {
    const struct period *period;
    int64_t
        offset_ms; /* later than 1970-01-01, Monday 1970-01-05, the 1st of a month; less than a period, not negative */
};

/* Brings any offset (also negative, also longer than the period) into its range; months: less than 28 days, else LAKE_INVALID_ARGUMENT. */
LAKE_MUST_CHECK lake_status bucket_grid_init(struct bucket_grid *grid, const struct period *period, int64_t offset_ms,
                                             struct lake_error *err);
/* The offset of the grid on which an instant is a bucket's begin. */
int64_t bucket_offset_of(const struct period *period, int64_t origin_ms);
/* "90m", "1h30m", "-4h", "2d", "0": LAKE_INVALID_ARGUMENT naming the form. */
LAKE_MUST_CHECK lake_status bucket_offset_parse(const char *text, int64_t *offset_ms, struct lake_error *err);
struct time_range bucket_at(const struct bucket_grid *grid, int64_t ts_ms);
/* Source bars that a bucket has where none is missing; trades: 1. */
int64_t bucket_expected(const struct bucket_grid *grid, struct time_range bucket, const struct period *source);

/* Whether bars of `source` (tick: trades) make whole bars of `target`: it is longer, and a multiple; any divisor of a day makes months and weeks. */
bool bucket_divides(const struct period *source, const struct period *target);
/* LAKE_INVALID_ARGUMENT with the periods that can be derived from the source, where bucket_divides says no. */
LAKE_MUST_CHECK lake_status bucket_check(const struct period *source, const struct period *target,
                                         struct lake_error *err);

#endif
