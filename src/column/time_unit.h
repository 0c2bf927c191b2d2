/* Times in the unit of their column, against the milliseconds in which the lake counts ranges, partitions and days.
 *
 * A range is half open and in milliseconds: it holds the times t with start <= floor(t in ms) < end, which is the same as
 * start * per_ms <= t < end * per_ms. So a cut falls between milliseconds, and either side may be converted.
 *
 *     int64_t per_ms = time_unit_per_ms(batch->schema->fields[0].type);    // 0: not a time
 *     int64_t first_ms = time_unit_to_ms(ts[0], per_ms);
 *     if (ts[row] >= time_unit_from_ms(end_ms, per_ms)) … */
#ifndef COLUMN_TIME_UNIT_H
#define COLUMN_TIME_UNIT_H

#include <assert.h>

#include "column/schema.h"

/* Times of a column, as they are stored. */
struct time_values {
    const int64_t *values;
    int64_t n_rows;
    int64_t per_ms;
};

static inline int64_t time_unit_per_ms(enum column_type type)
{
    switch (type) {
    case COLUMN_TIMESTAMP_MS: return 1;
    case COLUMN_TIMESTAMP_US: return 1000;
    case COLUMN_TIMESTAMP_NS: return 1000000;
    default: return 0;
    }
}

/* The millisecond that a time falls into. */
static inline int64_t time_unit_to_ms(int64_t value, int64_t per_ms)
{
    assert(per_ms > 0); /* whoever has a column from outside asks first whether it is a time */
    int64_t ms = value / per_ms;
    return ms - (value % per_ms < 0);
}

/* The first time of a millisecond; what lies beyond the unit's range is the first or last time there is. */
static inline int64_t time_unit_from_ms(int64_t ms, int64_t per_ms)
{
    assert(per_ms > 0);
    if (ms > INT64_MAX / per_ms)
        return INT64_MAX;
    return ms < INT64_MIN / per_ms ? INT64_MIN : ms * per_ms;
}

/* The first row at or after a millisecond; values ascend. */
static inline int64_t time_values_find(const struct time_values *times, int64_t ms)
{
    int64_t bound = time_unit_from_ms(ms, times->per_ms);
    int64_t low = 0, high = times->n_rows;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (times->values[middle] < bound)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
