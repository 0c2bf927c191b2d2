#include "base/calendar.h"

#include <inttypes.h>
#include <stdio.h>

/* The calendar is counted in eras of 400 years (146,097 days) and years that begin in March, so that the leap day is
 * the last of a year: the usual arithmetic of proleptic Gregorian dates. */
enum { DAYS_PER_ERA = 146097, DAYS_FROM_ERA_TO_EPOCH = 719468, FIRST_YEAR = 1, LAST_YEAR = 9999 };

static const int64_t us_per_second = 1000000;
static const int64_t seconds_per_day = 86400;

static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t calendar_day_from_date(struct calendar_date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = divide_down(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_FROM_ERA_TO_EPOCH;
}

struct calendar_date calendar_date_from_day(int64_t day)
{
    int64_t shifted = day + DAYS_FROM_ERA_TO_EPOCH;
    int64_t era = divide_down(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct calendar_date date = {0};
    date.day = (int32_t)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    date.month = (int32_t)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    date.year = (int32_t)(year_of_era + era * 400 + (date.month <= 2));
    return date;
}

static bool is_leap_year(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool calendar_date_is_valid(struct calendar_date date)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.year < FIRST_YEAR || date.year > LAST_YEAR || date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    return date.day <= days[date.month - 1] + (date.month == 2 && is_leap_year(date.year));
}

int64_t calendar_day_of_ms(int64_t ms)
{
    return divide_down(ms, MS_PER_DAY);
}

int64_t calendar_month_start(int64_t day)
{
    struct calendar_date date = calendar_date_from_day(day);
    return day - date.day + 1;
}

int64_t calendar_month_next(int64_t day)
{
    struct calendar_date date = calendar_date_from_day(day);
    struct calendar_date next = {date.month == 12 ? date.year + 1 : date.year, date.month % 12 + 1, 1};
    return calendar_day_from_date(next);
}

int64_t calendar_year_start(int64_t day)
{
    struct calendar_date date = {calendar_date_from_day(day).year, 1, 1};
    return calendar_day_from_date(date);
}

int64_t calendar_year_next(int64_t day)
{
    struct calendar_date date = {calendar_date_from_day(day).year + 1, 1, 1};
    return calendar_day_from_date(date);
}

/* ---- parsing ---- */

struct cursor {
    const char *p;
    const char *end;
};

/* Exactly `digits` digits. */
static bool take_digits(struct cursor *in, int digits, int32_t *out)
{
    if (in->end - in->p < digits)
        return false;
    int32_t value = 0;
    for (int i = 0; i < digits; i++) {
        unsigned digit = (unsigned)(unsigned char)in->p[i] - '0';
        if (digit > 9)
            return false;
        value = value * 10 + (int32_t)digit;
    }
    in->p += digits;
    *out = value;
    return true;
}

static bool take_char(struct cursor *in, char c)
{
    if (in->p == in->end || *in->p != c)
        return false;
    in->p++;
    return true;
}

static bool take_date(struct cursor *in, int64_t *day)
{
    struct calendar_date date = {0};
    if (!take_digits(in, 4, &date.year) || !take_char(in, '-') || !take_digits(in, 2, &date.month) ||
        !take_char(in, '-') || !take_digits(in, 2, &date.day) || !calendar_date_is_valid(date))
        return false;
    *day = calendar_day_from_date(date);
    return true;
}

/* ".123456789" or ",5": one to nine digits, cut to microseconds; nothing is fine. */
static bool take_fraction(struct cursor *in, int64_t *us)
{
    int64_t value = 0;
    int digits = 0;
    if (!take_char(in, '.') && !take_char(in, ','))
        return true;
    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++, digits++)
        if (digits < 6)
            value = value * 10 + (*in->p - '0');
    if (digits == 0 || digits > 9)
        return false;
    for (; digits < 6; digits++)
        value *= 10;
    *us = value;
    return true;
}

static bool take_time_of_day(struct cursor *in, int64_t *us)
{
    int32_t hour = 0, minute = 0, second = 0;
    int64_t fraction = 0;
    if (!take_digits(in, 2, &hour) || !take_char(in, ':') || !take_digits(in, 2, &minute))
        return false;
    if (take_char(in, ':') && (!take_digits(in, 2, &second) || !take_fraction(in, &fraction)))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *us = ((hour * INT64_C(60) + minute) * 60 + second) * us_per_second + fraction;
    return true;
}

/* "", "Z", " UTC", "+02", "+0200", "+02:00" */
static bool take_offset(struct cursor *in, int64_t *us)
{
    int32_t hours = 0, minutes = 0;
    if (in->p == in->end || take_char(in, 'Z') || take_char(in, 'z'))
        return true;
    if (in->end - in->p == 4 && in->p[0] == ' ' && in->p[1] == 'U' && in->p[2] == 'T' && in->p[3] == 'C') {
        in->p = in->end;
        return true;
    }
    bool is_negative = take_char(in, '-');
    if (!is_negative && !take_char(in, '+'))
        return false;
    if (!take_digits(in, 2, &hours))
        return false;
    bool has_colon = take_char(in, ':');
    if ((has_colon || in->p < in->end) && !take_digits(in, 2, &minutes))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    *us = (hours * INT64_C(60) + minutes) * 60 * us_per_second * (is_negative ? -1 : 1);
    return true;
}

bool calendar_parse_us(const char *text, size_t length, int64_t *us, bool *date_only)
{
    struct cursor in = {text, text + length};
    int64_t day = 0, time_of_day = 0, offset = 0;
    if (!take_date(&in, &day))
        return false;
    bool has_time = take_char(&in, 'T') || take_char(&in, 't') || (in.end - in.p > 4 && take_char(&in, ' '));
    if (has_time && (!take_time_of_day(&in, &time_of_day) || !take_offset(&in, &offset)))
        return false;
    if (in.p != in.end)
        return false;
    *us = day * seconds_per_day * us_per_second + time_of_day - offset;
    if (date_only != NULL)
        *date_only = !has_time;
    return true;
}

/* ---- formatting ---- */

static bool day_is_supported(int64_t day)
{
    static const struct calendar_date first = {FIRST_YEAR, 1, 1}, last = {LAST_YEAR, 12, 31};
    return day >= calendar_day_from_date(first) && day <= calendar_day_from_date(last);
}

static char *put_digits(char *p, int64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + digits;
}

static char *put_date(char *p, int64_t day)
{
    struct calendar_date date = calendar_date_from_day(day);
    p = put_digits(p, date.year, 4);
    *p++ = '-';
    p = put_digits(p, date.month, 2);
    *p++ = '-';
    return put_digits(p, date.day, 2);
}

size_t calendar_format_us(int64_t us, char out[CALENDAR_TEXT_BYTES])
{
    int64_t seconds = divide_down(us, us_per_second);
    int64_t fraction = us - seconds * us_per_second;
    int64_t day = divide_down(seconds, seconds_per_day);
    int64_t second = seconds - day * seconds_per_day;
    if (!day_is_supported(day))
        return (size_t)snprintf(out, CALENDAR_TEXT_BYTES, "%" PRId64, us);
    char *p = put_date(out, day);
    *p++ = 'T';
    p = put_digits(p, second / 3600, 2);
    *p++ = ':';
    p = put_digits(p, second / 60 % 60, 2);
    *p++ = ':';
    p = put_digits(p, second % 60, 2);
    if (fraction != 0) {
        *p++ = '.';
        p = fraction % 1000 == 0 ? put_digits(p, fraction / 1000, 3) : put_digits(p, fraction, 6);
    }
    *p++ = 'Z';
    *p = '\0';
    return (size_t)(p - out);
}

size_t calendar_format_ms(int64_t ms, char out[CALENDAR_TEXT_BYTES])
{
    if (!day_is_supported(calendar_day_of_ms(ms)))
        return (size_t)snprintf(out, CALENDAR_TEXT_BYTES, "%" PRId64, ms);
    return calendar_format_us(ms * US_PER_MS, out);
}

size_t calendar_format_day(int64_t day, char out[CALENDAR_TEXT_BYTES])
{
    if (!day_is_supported(day))
        return (size_t)snprintf(out, CALENDAR_TEXT_BYTES, "%" PRId64, day);
    char *p = put_date(out, day);
    *p = '\0';
    return (size_t)(p - out);
}
