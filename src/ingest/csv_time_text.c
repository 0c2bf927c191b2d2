#include "ingest/csv_time_text.h"

#include <string.h>

#include "base/calendar.h"

enum { N_MONTHS = 12, WORD_LETTERS = 3, CLOCK_DECIMALS = 9 };

#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define NS_PER_HOUR (3600 * NS_PER_SECOND)

struct cursor {
    const char *p, *end;
};

static const char month_words[] = "jan feb mar apr may jun jul aug sep oct nov dec ";
static const char weekday_words[] = "mon tue wed thu fri sat sun ";

/* Marks that Chinese, Japanese and Korean put behind year, month and day. */
static const char *const date_signs[] = {"\xe5\xb9\xb4", "\xe6\x9c\x88", "\xe6\x97\xa5",
                                         "\xeb\x85\x84", "\xec\x9b\x94", "\xec\x9d\xbc"};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool is_letter(char c)
{
    return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

static bool at(const struct cursor *c, char wanted)
{
    return c->p < c->end && *c->p == wanted;
}

static bool skip(struct cursor *c, char wanted)
{
    bool is_there = at(c, wanted);
    c->p += is_there;
    return is_there;
}

static void skip_blanks(struct cursor *c)
{
    while (at(c, ' '))
        c->p++;
}

static size_t count_digits(const struct cursor *c)
{
    const char *p = c->p;
    while (p < c->end && is_digit(*p))
        p++;
    return (size_t)(p - c->p);
}

/* n digits, n <= 9, as a number. */
static int32_t take_digits(struct cursor *c, size_t n)
{
    int32_t value = 0;
    for (; n > 0; n--)
        value = value * 10 + (*c->p++ - '0');
    return value;
}

/* One of the words of three letters, which may go on ("January"): its number, or -1. */
static int take_word(struct cursor *c, const char *words)
{
    char letters[WORD_LETTERS + 1] = "";
    if (c->end - c->p < WORD_LETTERS)
        return -1;
    for (int i = 0; i < WORD_LETTERS; i++)
        letters[i] = to_lower(c->p[i]);
    const char *found = is_letter(letters[0]) ? strstr(words, letters) : NULL;
    if (found == NULL || (found - words) % (WORD_LETTERS + 1) != 0)
        return -1;
    while (c->p < c->end && is_letter(*c->p))
        c->p++;
    (void)skip(c, '.');
    return (int)((found - words) / (WORD_LETTERS + 1));
}

static bool skip_sign(struct cursor *c)
{
    for (size_t i = 0; i < sizeof date_signs / sizeof date_signs[0]; i++) {
        size_t n = strlen(date_signs[i]);
        if ((size_t)(c->end - c->p) >= n && memcmp(c->p, date_signs[i], n) == 0) {
            c->p += n;
            skip_blanks(c);
            return true;
        }
    }
    return false;
}

/* What stands between the parts of a date; '\0' where nothing does. */
static char take_mark(struct cursor *c)
{
    if (skip_sign(c))
        return '/';
    if (c->p == c->end || strchr("-/. ", *c->p) == NULL)
        return '\0';
    char mark = *c->p++;
    skip_blanks(c);
    return mark;
}

static bool take_small(struct cursor *c, int32_t *out)
{
    size_t n = count_digits(c);
    if (n != 1 && n != 2)
        return false;
    *out = take_digits(c, n);
    return true;
}

/* Four digits, or two, which are of 1990 to 2089. */
static bool take_year(struct cursor *c, int32_t *out)
{
    size_t n = count_digits(c);
    if (n != 2 && n != 4)
        return false;
    *out = take_digits(c, n);
    if (n == 2)
        *out += *out >= 90 ? 1900 : 2000;
    return true;
}

/* "20200101", and behind it what fills twelve, fourteen or seventeen digits: the time of day. */
static bool take_compact(struct cursor *c, size_t n, struct csv_time_parts *out)
{
    out->year = take_digits(c, 4);
    out->first = take_digits(c, 2);
    out->second = take_digits(c, 2);
    out->kind = CSV_TIME_DATE;
    if (n == 8)
        return true;
    int32_t hour = take_digits(c, 2), minute = take_digits(c, 2);
    int32_t second = n > 12 ? take_digits(c, 2) : 0;
    int32_t ms = n > 14 ? take_digits(c, 3) : 0;
    out->kind = CSV_TIME_INSTANT;
    out->clock_ns = hour * NS_PER_HOUR + minute * NS_PER_MINUTE + second * NS_PER_SECOND + ms * NS_PER_MS;
    return hour < 24 && minute < 60 && second < 60;
}

/* "2020-01-02", "2020/1/2", "2020.01.02", "2020-Jan-02". */
static bool take_year_first(struct cursor *c, struct csv_time_parts *out)
{
    out->year = take_digits(c, 4);
    if (take_mark(c) == '\0')
        return false;
    int month = take_word(c, month_words);
    if (month >= 0)
        out->first = month + 1;
    else if (!take_small(c, &out->first))
        return false;
    bool is_whole = take_mark(c) != '\0' && take_small(c, &out->second);
    (void)skip_sign(c);
    return is_whole;
}

/* "01.02.2020", "1/2/20", "02-Jan-2020", "2 January 2020": day and month, or month and day. */
static bool take_year_last(struct cursor *c, struct csv_time_parts *out)
{
    int32_t first = 0;
    if (!take_small(c, &first))
        return false;
    char mark = take_mark(c);
    int month = take_word(c, month_words);
    out->first = month >= 0 ? month + 1 : first;
    out->second = first;
    if (month < 0) {
        out->has_order = true;
        out->has_dots = mark == '.';
        if (mark == '\0' || !take_small(c, &out->second))
            return false;
    }
    (void)skip(c, ',');
    return take_mark(c) != '\0' && take_year(c, &out->year);
}

/* "Jan 05, 2024", the month being read. */
static bool take_month_first(struct cursor *c, int month, struct csv_time_parts *out)
{
    out->first = month + 1;
    skip_blanks(c);
    if (!take_small(c, &out->second))
        return false;
    (void)skip(c, ',');
    skip_blanks(c);
    return take_year(c, &out->year);
}

static bool take_date(struct cursor *c, struct csv_time_parts *out)
{
    if (take_word(c, weekday_words) >= 0) {
        (void)skip(c, ',');
        skip_blanks(c);
    }
    int month = take_word(c, month_words);
    out->kind = CSV_TIME_DATE;
    if (month >= 0)
        return take_month_first(c, month, out);
    size_t n = count_digits(c);
    if (n == 8 || n == 12 || n == 14 || n == 17)
        return take_compact(c, n, out);
    return n == 4 ? take_year_first(c, out) : take_year_last(c, out);
}

/* Decimals of a second; false where there is none, or one finer than a nanosecond that is not zero. */
static bool take_decimals(struct cursor *c, int64_t *ns)
{
    size_t n = count_digits(c);
    int64_t value = 0;
    for (size_t i = 0; i < n || i < CLOCK_DECIMALS; i++) {
        char digit = i < n ? *c->p++ : '0';
        if (i < CLOCK_DECIMALS)
            value = value * 10 + (digit - '0');
        else if (digit != '0')
            return false;
    }
    *ns = value;
    return n > 0;
}

/* " PM", "-AM", "p.m.": 0 where there is none, else 'a' or 'p'. */
static char take_half(struct cursor *c)
{
    struct cursor ahead = *c;
    if (!skip(&ahead, '-'))
        skip_blanks(&ahead);
    char half = ahead.p < ahead.end ? to_lower(*ahead.p) : '\0';
    if (half != 'a' && half != 'p')
        return '\0';
    ahead.p++;
    (void)skip(&ahead, '.');
    if (ahead.p == ahead.end || to_lower(*ahead.p) != 'm')
        return '\0';
    ahead.p++;
    (void)skip(&ahead, '.');
    *c = ahead;
    return half;
}

struct clock {
    int32_t hour, minute, second;
    int64_t ns;
};

/* "9:30", "09:30:00", "09:30:00.123", "09:30:00:123"; a lone hour where AM or PM follows. */
static bool take_marked_clock(struct cursor *c, struct clock *clock, bool *is_hour_alone)
{
    *is_hour_alone = false;
    if (!take_small(c, &clock->hour))
        return false;
    if (!skip(c, ':')) {
        *is_hour_alone = true;
        return true;
    }
    if (count_digits(c) != 2)
        return false;
    clock->minute = take_digits(c, 2);
    if (!skip(c, ':'))
        return true;
    if (count_digits(c) != 2)
        return false;
    clock->second = take_digits(c, 2);
    return !(skip(c, '.') || skip(c, ',') || skip(c, ':')) || take_decimals(c, &clock->ns);
}

/* "930", "0930", "93000", "093000", "093000.123", "093000123". */
static bool take_bare_clock(struct cursor *c, size_t n, struct clock *clock)
{
    size_t n_ms = n == 9 ? 3 : 0;
    size_t n_seconds = n > 4 ? 2 : 0;
    if (n > 9 || n == 7 || n == 8)
        return false;
    clock->hour = take_digits(c, n - n_ms - n_seconds - 2);
    clock->minute = take_digits(c, 2);
    clock->second = take_digits(c, n_seconds);
    clock->ns = take_digits(c, n_ms) * NS_PER_MS;
    return n_ms > 0 || !skip(c, '.') || take_decimals(c, &clock->ns);
}

static bool take_clock(struct cursor *c, int64_t *clock_ns)
{
    struct clock clock = {0, 0, 0, 0};
    bool is_hour_alone = false;
    size_t n = count_digits(c);
    bool is_clock = n > 2 ? take_bare_clock(c, n, &clock) : take_marked_clock(c, &clock, &is_hour_alone);
    if (!is_clock)
        return false;
    char half = take_half(c);
    if (half != '\0' ? clock.hour < 1 || clock.hour > 12 : is_hour_alone)
        return false;
    if (half != '\0')
        clock.hour = clock.hour % 12 + (half == 'p' ? 12 : 0);
    *clock_ns = clock.hour * NS_PER_HOUR + clock.minute * NS_PER_MINUTE + clock.second * NS_PER_SECOND + clock.ns;
    return clock.hour < 24 && clock.minute < 60 && clock.second < 60;
}

/* "+09:00", "-0500", "+2", the sign being read. */
static bool take_hours(struct cursor *c, bool is_west, int64_t *offset_ns)
{
    size_t n = count_digits(c);
    if (n == 0 || n > 4 || n == 3)
        return false;
    int32_t hours = take_digits(c, n > 2 ? 2 : n), minutes = 0;
    if (n == 4)
        minutes = take_digits(c, 2);
    else if (skip(c, ':')) {
        if (count_digits(c) != 2)
            return false;
        minutes = take_digits(c, 2);
    }
    *offset_ns = (hours * NS_PER_HOUR + minutes * NS_PER_MINUTE) * (is_west ? -1 : 1);
    return hours <= 18 && minutes < 60;
}

/* "Z", "UTC", "GMT+0200", "+09:00"; nothing is fine too. */
static bool take_zone(struct cursor *c, struct csv_time_parts *out)
{
    skip_blanks(c);
    if (c->p == c->end)
        return true;
    out->has_offset = true;
    if (skip(c, 'Z') || skip(c, 'z'))
        return true;
    bool is_named = c->end - c->p >= 3 && (memcmp(c->p, "UTC", 3) == 0 || memcmp(c->p, "GMT", 3) == 0);
    if (is_named)
        c->p += 3;
    bool is_west = at(c, '-');
    if (skip(c, '-') || skip(c, '+'))
        return take_hours(c, is_west, &out->offset_ns);
    return is_named;
}

/* Between date and time of day; BitMEX writes a D. */
static bool skip_between(struct cursor *c)
{
    if (c->p == c->end || strchr("T t D , - : _", *c->p) == NULL)
        return false;
    c->p++;
    skip_blanks(c);
    return true;
}

/* What JavaScript puts behind: "GMT+0100 (Central European Standard Time)". */
static void skip_remark(struct cursor *c)
{
    struct cursor ahead = *c;
    skip_blanks(&ahead);
    if (at(&ahead, '(') && ahead.end[-1] == ')')
        c->p = c->end;
}

static bool take_apart(struct cursor *c, struct csv_time_parts *out)
{
    struct cursor start = *c;
    if (take_date(c, out)) {
        if (c->p == c->end)
            return true;
        if (out->kind != CSV_TIME_INSTANT) {
            out->kind = CSV_TIME_INSTANT;
            if (!skip_between(c) || !take_clock(c, &out->clock_ns))
                return false;
        }
        bool is_zone = take_zone(c, out);
        skip_remark(c);
        return is_zone;
    }
    *c = start;
    *out = (struct csv_time_parts){.kind = CSV_TIME_CLOCK};
    return take_clock(c, &out->clock_ns);
}

/* Whether the calendar has the date, in some order. */
static bool is_date(const struct csv_time_parts *parts)
{
    int64_t day;
    return csv_time_day(parts, CSV_ORDER_MDY, &day) || csv_time_day(parts, CSV_ORDER_DMY, &day);
}

void csv_time_take_apart(struct csv_span span, struct csv_time_parts *out)
{
    struct cursor c = {span.data, span.data + span.length};
    *out = (struct csv_time_parts){.kind = CSV_TIME_NONE};
    bool is_time = span.length > 0 && take_apart(&c, out) && c.p == c.end;
    if (!is_time || (out->kind != CSV_TIME_CLOCK && !is_date(out)))
        *out = (struct csv_time_parts){.kind = CSV_TIME_NONE};
}

bool csv_time_day(const struct csv_time_parts *parts, enum csv_time_order order, int64_t *day)
{
    struct calendar_date date = {parts->year, parts->first, parts->second};
    bool is_day_first = parts->has_order && order == CSV_ORDER_DMY;
    if (parts->has_order && order == CSV_ORDER_UNKNOWN) {
        if (parts->first <= N_MONTHS && parts->second <= N_MONTHS && parts->first != parts->second)
            return false;
        is_day_first = parts->first > N_MONTHS;
    }
    if (is_day_first)
        date = (struct calendar_date){parts->year, parts->second, parts->first};
    if (!calendar_date_is_valid(date))
        return false;
    *day = calendar_day_from_date(date);
    return true;
}
