/* A POSIX TZ rule ("EST5EDT,M3.2.0,M11.1.0", "<+0330>-3:30"), as stands at the end of TZif files: the offset, and the
 * two days of a year on which the clocks change.
 * Pure functions. */
#ifndef INGEST_TIME_ZONE_RULE_H
#define INGEST_TIME_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone_day {
    char form; /* 'M': month, week, day of the week; 'J': day of the year without leap days; 'N': with them, from 0 */
    int32_t month, week, day;
    int32_t clock_s; /* local time of the change */
};

struct zone_rule {
    int32_t standard_s, summer_s; /* offsets east of Greenwich */
    bool has_summer;
    struct zone_day start, end; /* of summer time */
};

bool zone_rule_parse(const char *text, size_t n, struct zone_rule *out);
/* The instants of a year at which summer time begins and ends, UTC. */
void zone_rule_changes(const struct zone_rule *rule, int32_t year, int64_t *start_s, int64_t *end_s);

#endif
