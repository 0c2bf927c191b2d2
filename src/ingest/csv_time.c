#include "ingest/csv_time.h"

#include <string.h>

#include "base/bytes.h"
#include "base/calendar.h"
#include "io/number.h"

enum { DATE_BYTES = 10, CLOCK_BYTES = 8, N_UNITS = 4, FRACTION_DIGITS = 9 };

static const int64_t units_per_second[N_UNITS] = {1, 1000, 1000000, NS_PER_SECOND};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Nanoseconds that one of the unit is, where the number is a time in some unit, else 0. */
static int64_t unit_of(int64_t number)
{
    for (int i = 0; i < N_UNITS; i++) {
        int64_t per_second = units_per_second[i];
        if (number >= CSV_TIME_FIRST_S * per_second && number < CSV_TIME_END_S * per_second)
            return NS_PER_SECOND / per_second;
    }
    return 0;
}

/* Decimals in units of 10^-9, as far as they go; false where there is something else, or more that is not zero. */
static bool parse_fraction(struct csv_span digits, int64_t *billionths)
{
    int64_t value = 0;
    for (size_t i = 0; i < digits.length || i < FRACTION_DIGITS; i++) {
        char c = i < digits.length ? digits.data[i] : '0';
        if (!is_digit(c) || (i >= FRACTION_DIGITS && c != '0'))
            return false;
        if (i < FRACTION_DIGITS)
            value = value * 10 + (c - '0');
    }
    *billionths = value;
    return true;
}

static enum csv_time_result parse_number(struct csv_span whole, struct csv_span decimals, int64_t *ns)
{
    int64_t number, billionths;
    if (!number_parse_int64(whole.data, whole.length, &number) || !parse_fraction(decimals, &billionths))
        return CSV_TIME_UNREADABLE;
    int64_t unit_ns = unit_of(number);
    if (unit_ns == 0)
        return CSV_TIME_OUT_OF_RANGE;
    /* Decimals finer than a nanosecond are none that a clock gave; a float's tail must not pass for a time. */
    if (billionths % (NS_PER_SECOND / unit_ns) != 0)
        return CSV_TIME_UNREADABLE;
    *ns = number * unit_ns + billionths / (NS_PER_SECOND / unit_ns);
    return CSV_TIME_OK;
}

/* Decimals behind the sixth, which calendar_parse_us cuts, as nanoseconds. */
static int64_t iso_nanoseconds(struct csv_span span)
{
    const char *point = memchr(span.data, '.', span.length);
    int64_t ns = 0, weight = 100;
    if (point == NULL)
        return 0;
    const char *end = span.data + span.length;
    for (const char *p = point + 1; p < end && is_digit(*p); p++) {
        if (p - point <= 6)
            continue;
        ns += (*p - '0') * weight;
        weight /= 10;
    }
    return ns;
}

static enum csv_time_result parse_iso(struct csv_span span, int64_t *ns)
{
    int64_t us;
    if (!calendar_parse_us(span.data, span.length, &us, NULL))
        return CSV_TIME_UNREADABLE;
    if (us < CSV_TIME_FIRST_S * 1000000 || us >= CSV_TIME_END_S * 1000000)
        return CSV_TIME_OUT_OF_RANGE;
    *ns = us * NS_PER_US + iso_nanoseconds(span);
    return CSV_TIME_OK;
}

enum csv_time_result csv_time_parse(struct csv_span span, int64_t *ns)
{
    struct csv_span whole = {span.data, 0};
    while (whole.length < span.length &&
           (is_digit(span.data[whole.length]) || (whole.length == 0 && *span.data == '-')))
        whole.length++;
    if (whole.length == 0)
        return CSV_TIME_UNREADABLE;
    if (whole.length == span.length)
        return parse_number(whole, (struct csv_span){span.data, 0}, ns);
    if (span.data[whole.length] == '.') {
        size_t point = whole.length + 1;
        return parse_number(whole, (struct csv_span){span.data + point, span.length - point}, ns);
    }
    return parse_iso(span, ns);
}

/* "09:30:00" as milliseconds; false where it is another text or no time of day. */
static bool parse_clock(const char *p, int64_t *ms)
{
    uint8_t digit[CLOCK_BYTES];
    for (int i = 0; i < CLOCK_BYTES; i++)
        digit[i] = (uint8_t)(p[i] - '0');
    if (p[2] != ':' || p[5] != ':' || digit[0] > 2 || digit[1] > 9 || digit[3] > 5 || digit[4] > 9 || digit[6] > 5 ||
        digit[7] > 9)
        return false;
    int64_t hour = digit[0] * 10 + digit[1];
    *ms = hour * MS_PER_HOUR + (digit[3] * 10 + digit[4]) * MS_PER_MINUTE + (digit[6] * 10 + digit[7]) * MS_PER_SECOND;
    return hour < 24;
}

/* Steps over zero decimals and an offset of zero; NULL where there are others. */
static const char *skip_zero_suffix(const char *p)
{
    if (*p == '.') {
        const char *first = ++p;
        while (*p == '0' && p - first < FRACTION_DIGITS)
            p++;
        if (p == first || is_digit(*p))
            return NULL;
    }
    if (*p == 'Z')
        return p + 1;
    if (*p == '+')
        return memcmp(p, "+00:00", 6) == 0 ? p + 6 : NULL;
    return p;
}

/* Makes `date` the date at p. */
static bool look_up_date(struct csv_date *date, const char *p)
{
    int64_t us;
    if (!calendar_parse_us(p, DATE_BYTES, &us, NULL) || us < CSV_TIME_FIRST_S * 1000000 ||
        us >= CSV_TIME_END_S * 1000000)
        return false;
    memcpy(date->text, p, DATE_BYTES);
    date->start_ms = us / US_PER_MS;
    return true;
}

const char *csv_time_iso(const char *p, struct csv_date *date, int64_t *ms)
{
    int64_t clock_ms;
    bool is_known = date->start_ms != 0 && memcmp(p, date->text, DATE_BYTES) == 0;
    if (!is_known && !look_up_date(date, p))
        return NULL;
    if ((p[DATE_BYTES] != ' ' && p[DATE_BYTES] != 'T') || !parse_clock(p + DATE_BYTES + 1, &clock_ms))
        return NULL;
    *ms = date->start_ms + clock_ms;
    return skip_zero_suffix(p + DATE_BYTES + 1 + CLOCK_BYTES);
}
