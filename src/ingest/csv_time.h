/* Times in a text source: epoch seconds (whole or with decimals), milliseconds, microseconds, nanoseconds, ISO 8601,
 * and the other ways in which vendors write dates and times of day ("2019-10-17 09-AM", "20200101 170000",
 * "20200101170000", "01.02.2020 00:00:00.000", "1/18/2021 0:00", "Jan 05, 2024", "2020.01.02,15:30", "2013-04-28
 * 00:00:00 UTC", "2020-01-01D00:00:02.123456000", …).
 *
 * The unit of a number is told by its size, for each value by itself: every instant of the years 1990 to 2099 is, in
 * each unit, a number that is no such instant in another unit; where the unit is said, numbers from 1971 on are
 * times as well. Dates are taken from 1900 on. Numbers and dates outside those years are not taken
 * for times at all, so that a wrong column or a spoiled value is found. Numbers in floating notation (1.61093E+12)
 * are no times: they have lost digits. What a value alone cannot say (is 03/04 in March or in April?) the rules say,
 * which detection fixes for a whole file.
 *
 *     int64_t ns;
 *     if (csv_time_parse(field, &rules, &time) != CSV_TIME_OK) … */
#ifndef INGEST_CSV_TIME_H
#define INGEST_CSV_TIME_H

#include <stdint.h>

#include "ingest/csv_text.h"

#define CSV_TIME_FIRST_S INT64_C(631152000) /* 1990-01-01T00:00:00Z */
#define CSV_TIME_END_S INT64_C(4102444800)  /* 2100-01-01T00:00:00Z */
#define CSV_UNIT_FIRST_S                                                                                               \
    INT64_C(31536000) /* 1971-01-01T00:00:00Z: below are the times of a unit that is coarser, and dates (20230401) */
#define CSV_DATE_FIRST_S                                                                                               \
    INT64_C(-2208988800) /* 1900-01-01T00:00:00Z: dates that are written out need no unit to be told */

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

enum csv_time_result {
    CSV_TIME_OK,
    CSV_TIME_UNREADABLE,
    CSV_TIME_OUT_OF_RANGE,
    CSV_TIME_LOST_DIGITS /* 1.61093E+12 */
};

enum csv_time_order { CSV_ORDER_UNKNOWN, CSV_ORDER_YMD, CSV_ORDER_DMY, CSV_ORDER_MDY };

/* Zeroed: what needs no rule. */
struct csv_time_rules {
    enum csv_time_order order; /* of dates in numbers whose year is not first */
    int64_t unit_ns;           /* of times that are numbers; 0: told by size */
    int64_t day_ns;            /* CSV_CLOCK without a date column: the day; 0: none */
    int64_t clock_unit_ns;     /* of times of day that are one number since midnight; 0: they are written as texts */
    int32_t clock_digits; /* of times of day such as 930 or 93000: how many digits they have with the zeros that were
                       * lost; 0: all are there */
};

struct csv_time {
    int64_t ns;      /* since 1970, UTC where has_offset or is_number, else of the place the source is from */
    bool has_offset; /* "Z", "+09:00", "UTC", "GMT+0200" */
    bool is_number;
};

/* A whole instant; a date alone is its midnight. The span is trimmed and without quotes. */
enum csv_time_result csv_time_parse(struct csv_span span, const struct csv_time_rules *rules, struct csv_time *out);
/* A time of day, in nanoseconds since midnight: "09:30", "09:30:00.123", "9:30 PM", "093000", "930", or a number in
 * clock_unit_ns. */
enum csv_time_result csv_time_parse_clock(struct csv_span span, const struct csv_time_rules *rules, int64_t *ns);

/* The date met last, for the quick ways: the times of a file share few dates. Zeroed at the start; one thread at a
 * time. */
struct csv_date {
    char text[10];
    int64_t start_ms;
};

/* The common form of ISO 8601, "2023-04-01 09:30:00" (or with T) and then nothing, zero decimals, "Z" or "+00:00",
 * read where it stands: the milliseconds since 1970, and what follows it. NULL for every other form (csv_time_parse
 * decides what that is). CSV_PADDING_BYTES beyond it must be readable. */
const char *csv_time_iso(const char *p, struct csv_date *date, int64_t *ms);

#endif
