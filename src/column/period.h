/* Periods of bars: names, lengths, and the grain at which their files are cut.
 *
 * "1M", "1month", "1mon" and "1mo" mean a calendar month, "1min" and "1m" a minute: the two never meet. A version of a feature set is a
 * period as well, "set@version" (feature_period.h): all of them share one row, so where the name counts it is asked for. */
#ifndef COLUMN_PERIOD_H
#define COLUMN_PERIOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum partition_grain { GRAIN_DAY, GRAIN_MONTH, GRAIN_YEAR };

/* Room for the name of any period and its terminator. */
enum { PERIOD_BYTES = 104 };

struct period {
    const char *name;  /* canonical; of features "set@version" */
    int64_t length_ms; /* 0 where it has no fixed length: 1mo, tick, event, features */
    enum partition_grain grain;
};

/* Finds a period by any name people use ("1m", "1min", "60s", "1 minute", "1T", "1H", "1d", "D", "1M", "1month", …);
 * NULL and LAKE_INVALID_ARGUMENT, naming the choices, where there is none. The row is a constant. */
LAKE_MUST_CHECK lake_status period_find(const char *text, const struct period **out, struct lake_error *err);
/* The same with its canonical name, which period->name is not of features. */
LAKE_MUST_CHECK lake_status period_find_name(const char *text, const struct period **out, char name[PERIOD_BYTES],
                                             struct lake_error *err);
/* The period of exactly this length, or NULL. */
const struct period *period_of_length(int64_t length_ms);

/* The partition that holds an instant: [*start_ms, *end_ms). */
void partition_bounds(enum partition_grain grain, int64_t ts_ms, int64_t *start_ms, int64_t *end_ms);

#endif
