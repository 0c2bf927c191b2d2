/* Times in a text source: epoch seconds (whole or with decimals), milliseconds, microseconds, nanoseconds, or ISO 8601.
 *
 * The unit of a number is told by its size, for each value by itself: every instant of the years 1990 to 2099 is, in each unit, a
 * number that is no such instant in another unit. Numbers and dates outside those years are not taken for times at all, so that a
 * wrong column or a spoiled value is found.
 *
 *     int64_t ns;
 *     if (csv_time_parse(field, &ns) != CSV_TIME_OK) … */
#ifndef INGEST_CSV_TIME_H
#define INGEST_CSV_TIME_H

#include <stdint.h>

#include "ingest/csv_text.h"

#define CSV_TIME_FIRST_S INT64_C(631152000) /* 1990-01-01T00:00:00Z */
#define CSV_TIME_END_S INT64_C(4102444800)  /* 2100-01-01T00:00:00Z */

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

enum csv_time_result { CSV_TIME_OK, CSV_TIME_UNREADABLE, CSV_TIME_OUT_OF_RANGE };

/* The instant in nanoseconds since 1970. The span is trimmed and without quotes. */
enum csv_time_result csv_time_parse(struct csv_span span, int64_t *ns);

/* The date met last, for csv_time_iso: the times of a file share few dates. Zeroed at the start; one thread at a time. */
struct csv_date {
    char text[10];
    int64_t start_ms;
};

/* The common form of ISO 8601, "2023-04-01 09:30:00" (or with T) and then nothing, zero decimals, "Z" or "+00:00", read where it
 * stands: the milliseconds since 1970, and what follows it. NULL for every other form (csv_time_parse decides what that is).
 * CSV_PADDING_BYTES beyond it must be readable. */
const char *csv_time_iso(const char *p, struct csv_date *date, int64_t *ms);

#endif
