/* Dates and times as people write them (datalake/text.h). Everything is UTC; nothing reads the machine's zone. */
#include <datalake/text.h>

#include <string.h>

#include "base/calendar.h"
#include "base/error.h"

enum {
    LONGEST_TEXT = 64,
    SECONDS_DIGITS_MIN = 9, /* epoch seconds from 1973 on; fewer digits are a date */
    SECONDS_DIGITS_MAX = 11,
    MILLISECONDS_DIGITS_MAX = 13,
    COMPACT_TIME_DIGITS = 14 /* 20260131093000 */
};

/* What was understood: the day range [first_day, end_day) of a date, or an instant. */
struct time_reading {
    bool is_date;
    int64_t first_day, end_day;
    int64_t ms;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int64_t digits_value(const char *text, size_t n)
{
    int64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* A year, a month (day 0) or a day. */
static bool read_date(int64_t year, int64_t month, int64_t day, struct time_reading *out)
{
    struct calendar_date date = {(int32_t)year, (int32_t)(month ? month : 1), (int32_t)(day ? day : 1)};
    if (!calendar_date_is_valid(date))
        return false;
    out->is_date = true;
    out->first_day = calendar_day_from_date(date);
    out->end_day = out->first_day + 1;
    if (month == 0)
        out->end_day = calendar_year_next(out->first_day);
    else if (day == 0)
        out->end_day = calendar_month_next(out->first_day);
    return true;
}

static bool read_compact_time(const char *text, struct time_reading *out)
{
    if (!read_date(digits_value(text, 4), digits_value(text + 4, 2), digits_value(text + 6, 2), out))
        return false;
    int64_t hour = digits_value(text + 8, 2);
    int64_t minute = digits_value(text + 10, 2);
    int64_t second = digits_value(text + 12, 2);
    out->is_date = false;
    out->ms = out->first_day * MS_PER_DAY + hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND;
    return hour < 24 && minute < 60 && second < 60;
}

/* 2026, 202601, 20260131, 20260131093000, epoch seconds or milliseconds; the number of digits tells which. */
static bool read_digits(const char *text, size_t n, struct time_reading *out)
{
    if (n == 4)
        return read_date(digits_value(text, 4), 0, 0, out);
    if (n == 6)
        return digits_value(text + 4, 2) > 0 && read_date(digits_value(text, 4), digits_value(text + 4, 2), 0, out);
    if (n == 8)
        return digits_value(text + 6, 2) > 0 &&
               read_date(digits_value(text, 4), digits_value(text + 4, 2), digits_value(text + 6, 2), out);
    if (n == COMPACT_TIME_DIGITS)
        return read_compact_time(text, out);
    if (n < SECONDS_DIGITS_MIN || n > MILLISECONDS_DIGITS_MAX)
        return false;
    out->ms = digits_value(text, n) * (n <= SECONDS_DIGITS_MAX ? MS_PER_SECOND : 1);
    return true;
}

/* One or two digits at *at; 0 where there are none or they are "0" or "00", which no month or day is. */
static int64_t take_pair(const char *text, size_t n, size_t *at)
{
    size_t first = *at;
    while (*at < n && *at - first < 2 && is_digit(text[*at]))
        (*at)++;
    return digits_value(text + first, *at - first);
}

/* 2026-01, 2026-1-31, 2026/01/31, 2026.01.31. */
static bool read_separated(const char *text, size_t n, struct time_reading *out)
{
    if (n < 6 || strchr("-/.", text[4]) == NULL)
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!is_digit(text[i]))
            return false;
    size_t at = 5;
    int64_t month = take_pair(text, n, &at);
    if (month == 0)
        return false;
    if (at == n)
        return read_date(digits_value(text, 4), month, 0, out);
    if (text[at++] != text[4])
        return false;
    int64_t day = take_pair(text, n, &at);
    return day > 0 && at == n && read_date(digits_value(text, 4), month, day, out);
}

static bool read_iso(const char *text, size_t n, struct time_reading *out)
{
    int64_t us = 0;
    if (!calendar_parse_us(text, n, &us, NULL))
        return false;
    int64_t rest = us % US_PER_MS;
    out->ms = us / US_PER_MS - (rest < 0);
    return true;
}

static bool read_time(const char *text, size_t n, struct time_reading *out)
{
    size_t n_digits = 0;
    while (n_digits < n && is_digit(text[n_digits]))
        n_digits++;
    if (n_digits == n)
        return read_digits(text, n, out);
    return read_separated(text, n, out) || read_iso(text, n, out);
}

lake_status lake_parse_time(const char *text, bool is_end, int64_t *ms, struct lake_error *err)
{
    char upper[LONGEST_TEXT]; /* "t" and "z" are as good as "T" and "Z" */
    struct time_reading reading = {0};
    size_t n = text == NULL ? 0 : strlen(text);

    for (size_t i = 0; i < n && n < sizeof upper; i++)
        upper[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A' : text[i]);
    if (n == 0 || n >= sizeof upper || !read_time(upper, n, &reading))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "'%.40s' is not a date or time; write 2026-01-31, 2026-01-31T09:30 or epoch milliseconds",
                         text == NULL ? "" : text);
    if (reading.is_date)
        reading.ms = (is_end ? reading.end_day : reading.first_day) * MS_PER_DAY;
    *ms = reading.ms;
    return LAKE_OK;
}
