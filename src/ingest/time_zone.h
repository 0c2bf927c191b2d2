/* Local times to UTC, for sources that stamp in another zone (`--tz`): "UTC", "+09:00", "UTC-5", "EST" (a fixed
 * offset, as the tz database has it) or a name of the system's tz database ("America/New_York"), read from its TZif
 * files (RFC 8536). The machine's own zone is never asked.
 *
 * A local time that a change of clocks skips is no time (an error or a rejected row). One that comes twice is taken
 * for the earlier of the two, but where the row before it shows that the clock was set back (its local time is later,
 * or it was the later one and no more than the repeated span lies between): rows in order of time come out right.
 * Equal times stay equal, but where each row was as much later than the one before it as the repeated span is long
 * (bars of an hour). Newest-first sources: the same mirrored. One thread at a time per zone. */
#ifndef INGEST_TIME_ZONE_H
#define INGEST_TIME_ZONE_H

#include "base/error.h"
#include "io/io.h"

struct time_zone;

/* *out is NULL for UTC. LAKE_INVALID_ARGUMENT naming what is known where the text is none; io reads the database. */
LAKE_MUST_CHECK lake_status time_zone_open(struct io io, const char *text, struct time_zone **out,
                                           struct lake_error *err);
void time_zone_close(struct time_zone *zone);
const char *time_zone_name(const struct time_zone *zone);

/* Local to UTC in place, from the first value on; `units_per_second` 1000 or 1000000. Returns how many were
 * converted: fewer than n where the next is a time that the clocks skipped. */
int64_t time_zone_to_utc(struct time_zone *zone, int64_t *ts, int64_t n, int64_t units_per_second);

#endif
