/* UTC time and the proleptic Gregorian calendar. Never the machine's time zone: nothing here reads TZ.
 *
 * Instants are int64_t milliseconds (…_ms) or microseconds (…_us) since 1970-01-01T00:00:00Z; days are counted from
 * the same date. Supported years: 1 to 9999; parsing refuses others.
 *
 *     int64_t ms;
 *     if (!calendar_parse_us("2023-04-01 09:30:00+02:00", 25, &us)) … */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE INT64_C(60000)
#define MS_PER_HOUR INT64_C(3600000)
#define MS_PER_DAY INT64_C(86400000)
#define US_PER_MS INT64_C(1000)

struct calendar_date {
    int32_t year;  /* 1 … 9999 */
    int32_t month; /* 1 … 12 */
    int32_t day;   /* 1 … 31 */
};

int64_t calendar_day_from_date(struct calendar_date date);
struct calendar_date calendar_date_from_day(int64_t day);
bool calendar_date_is_valid(struct calendar_date date);
/* Floor division, so that instants before 1970 fall into the right day. */
int64_t calendar_day_of_ms(int64_t ms);

/* First day of the month (year) that holds `day`, and of the following one. */
int64_t calendar_month_start(int64_t day);
int64_t calendar_month_next(int64_t day);
int64_t calendar_year_start(int64_t day);
int64_t calendar_year_next(int64_t day);

/* ISO 8601 in the forms people have: "2023-04-01", with "T" or blank before "09:30", "09:30:00", fractions of up to nine
 * digits (cut to microseconds), then nothing (UTC), "Z", "+02:00", "+0200", "+02" or " UTC". Leading and trailing blanks
 * are refused, and so is anything that is not a date and time of the calendar (a leap second 60 is). *date_only may be
 * NULL; it tells that no time of day was given. */
bool calendar_parse_us(const char *text, size_t length, int64_t *us, bool *date_only);

enum { CALENDAR_TEXT_BYTES = 40 };
/* "2023-04-01T09:30:00Z"; milliseconds (microseconds) only where they are not zero. Returns the length. Instants outside
 * the supported years are printed as the number. */
size_t calendar_format_ms(int64_t ms, char out[CALENDAR_TEXT_BYTES]);
size_t calendar_format_us(int64_t us, char out[CALENDAR_TEXT_BYTES]);
/* "2023-04-01" */
size_t calendar_format_day(int64_t day, char out[CALENDAR_TEXT_BYTES]);

#endif
