/* Periods as people write them (datalake/text.h). */
#include <datalake/text.h>

#include <inttypes.h>

#include "base/calendar.h"
#include "column/period.h"

/* The years that dates are written in, 0001 to 9999. */
#define FIRST_MS INT64_C(-62135596800000)
#define END_MS INT64_C(253402300800000)

lake_status lake_parse_period(const char *text, int64_t ts_ms, struct lake_period *out, struct lake_error *err)
{
    const struct period *period = NULL;
    *out = (struct lake_period){0};
    TRY(period_find(text == NULL ? "" : text, &period, err));
    if (ts_ms < FIRST_MS || ts_ms >= END_MS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%" PRId64 " ms lie outside of the years 1 to 9999", ts_ms);
    out->length_ms = period->length_ms;
    partition_bounds(period->grain, ts_ms, &out->start_ms, &out->end_ms);
    return LAKE_OK;
}
