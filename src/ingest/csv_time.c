#include "ingest/csv_time.h"

#include <string.h>

#include "base/bytes.h"
#include "base/calendar.h"
#include "ingest/csv_time_text.h"
#include "io/number.h"

enum { DATE_BYTES = 10, CLOCK_BYTES = 8, CLOCK_DIGITS = 6, N_UNITS = 4, FRACTION_DIGITS = 9 };

#define SECONDS_PER_DAY INT64_C(86400)

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

/* The number, in the unit that is given or that its size tells. */
static enum csv_time_result parse_number(struct csv_span whole, struct csv_span decimals, int64_t unit_ns, int64_t *ns)
{
    int64_t number, billionths;
    if (!number_parse_int64(whole.data, whole.length, &number) || !parse_fraction(decimals, &billionths))
        return CSV_TIME_UNREADABLE;
    int64_t first_s = unit_ns != 0 ? CSV_UNIT_FIRST_S : CSV_TIME_FIRST_S;
    if (unit_ns == 0)
        unit_ns = unit_of(number);
    if (unit_ns == 0 || number < first_s * (NS_PER_SECOND / unit_ns) ||
        number >= CSV_TIME_END_S * (NS_PER_SECOND / unit_ns))
        return CSV_TIME_OUT_OF_RANGE;
    /* Decimals finer than a nanosecond are none that a clock gave; a float's tail must not pass for a time. */
    if (billionths % (NS_PER_SECOND / unit_ns) != 0)
        return CSV_TIME_UNREADABLE;
    *ns = number * unit_ns + billionths / (NS_PER_SECOND / unit_ns);
    return CSV_TIME_OK;
}

/* How the text begins, as far as numbers go. */
struct number_form {
    struct csv_span whole, decimals;
    bool is_number;   /* nothing else follows */
    bool is_floating; /* 1.61093E+12 */
};

static size_t count_digits(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && is_digit(p[n]))
        n++;
    return n;
}

static struct number_form number_form_of(struct csv_span span)
{
    const char *p = span.data, *end = span.data + span.length;
    struct number_form form = {{p, 0}, {end, 0}, false, false};
    bool has_sign = p < end && (*p == '-' || *p == '+');
    form.whole.length = has_sign + count_digits(p + has_sign, end);
    if (form.whole.length == has_sign)
        return form;
    p += form.whole.length;
    if (p < end && *p == '.') {
        form.decimals = (struct csv_span){p + 1, count_digits(p + 1, end)};
        p += 1 + form.decimals.length;
    }
    form.is_number = p == end;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '-' || *p == '+');
        size_t n = count_digits(p, end);
        form.is_floating = n > 0 && p + n == end;
    }
    return form;
}

static enum csv_time_result instant_of(const struct csv_time_parts *parts, enum csv_time_order order, int64_t *ns)
{
    int64_t day;
    if (!csv_time_day(parts, order, &day))
        return CSV_TIME_UNREADABLE;
    if (day < CSV_DATE_FIRST_S / SECONDS_PER_DAY || day >= CSV_TIME_END_S / SECONDS_PER_DAY)
        return CSV_TIME_OUT_OF_RANGE;
    *ns = day * SECONDS_PER_DAY * NS_PER_SECOND + parts->clock_ns - parts->offset_ns;
    return CSV_TIME_OK;
}

static enum csv_time_result parse_text(struct csv_span span, const struct csv_time_rules *rules, struct csv_time *out)
{
    struct csv_time_parts parts;
    csv_time_take_apart(span, &parts);
    if (parts.kind == CSV_TIME_CLOCK && rules->day_ns != 0) {
        out->ns = rules->day_ns + parts.clock_ns;
        return CSV_TIME_OK;
    }
    if (parts.kind != CSV_TIME_INSTANT && parts.kind != CSV_TIME_DATE)
        return CSV_TIME_UNREADABLE;
    out->has_offset = parts.has_offset;
    return instant_of(&parts, rules->order, &out->ns);
}

/* Digits that are a date, "20200102": no unit makes an instant of as many. */
static bool is_compact(const struct number_form *form)
{
    size_t n = form->whole.length;
    return form->is_number && form->decimals.length == 0 && is_digit(form->whole.data[0]) &&
           (n == 8 || n == 12 || n == 14 || n == 17);
}

enum csv_time_result csv_time_parse(struct csv_span span, const struct csv_time_rules *rules, struct csv_time *out)
{
    struct number_form form = number_form_of(span);
    *out = (struct csv_time){0, false, false};
    if (form.is_floating)
        return CSV_TIME_LOST_DIGITS;
    if (!form.is_number)
        return parse_text(span, rules, out);
    out->is_number = true;
    enum csv_time_result result = parse_number(form.whole, form.decimals, rules->unit_ns, &out->ns);
    if (result != CSV_TIME_OUT_OF_RANGE || rules->unit_ns != 0 || !is_compact(&form))
        return result;
    out->is_number = false;
    return parse_text(span, rules, out) == CSV_TIME_OK ? CSV_TIME_OK : result;
}

void csv_time_look(struct csv_span span, struct csv_time_parts *out)
{
    static const struct csv_time_rules none = {CSV_ORDER_UNKNOWN, 0, 0, 0, 0};
    struct csv_time time;
    struct number_form form = number_form_of(span);
    *out = (struct csv_time_parts){.kind = CSV_TIME_FLOATING};
    if (form.is_floating)
        return;
    out->kind = CSV_TIME_NUMBER;
    if (!form.is_number || csv_time_parse(span, &none, &time) != CSV_TIME_OK || !time.is_number)
        csv_time_take_apart(span, out);
}

/* A number since midnight, decimals as they are. */
static enum csv_time_result parse_since_midnight(const struct number_form *form, int64_t unit_ns, int64_t *ns)
{
    int64_t number, billionths;
    if (!form->is_number || !number_parse_int64(form->whole.data, form->whole.length, &number) ||
        !parse_fraction(form->decimals, &billionths) || billionths % (NS_PER_SECOND / unit_ns) != 0)
        return CSV_TIME_UNREADABLE;
    if (number < 0 || number >= SECONDS_PER_DAY * NS_PER_SECOND / unit_ns)
        return CSV_TIME_OUT_OF_RANGE;
    *ns = number * unit_ns + billionths / (NS_PER_SECOND / unit_ns);
    return CSV_TIME_OK;
}

/* Digits that have lost the zeros before them get them back: "930" of six digits is 00:09:30. */
static struct csv_span pad_clock(const struct number_form *form, int32_t n_digits, char padded[CLOCK_DIGITS])
{
    size_t n = (size_t)n_digits;
    if (form->whole.length >= n || n > CLOCK_DIGITS)
        return form->whole;
    memset(padded, '0', n);
    memcpy(padded + n - form->whole.length, form->whole.data, form->whole.length);
    return (struct csv_span){padded, n};
}

enum csv_time_result csv_time_parse_clock(struct csv_span span, const struct csv_time_rules *rules, int64_t *ns)
{
    char padded[CLOCK_DIGITS];
    struct csv_time_parts parts;
    struct number_form form = number_form_of(span);
    if (form.is_floating)
        return CSV_TIME_LOST_DIGITS;
    if (rules->clock_unit_ns != 0)
        return parse_since_midnight(&form, rules->clock_unit_ns, ns);
    if (rules->clock_digits != 0 && form.is_number && form.decimals.length == 0 && is_digit(*span.data))
        span = pad_clock(&form, rules->clock_digits, padded);
    csv_time_take_apart(span, &parts);
    if (parts.kind != CSV_TIME_CLOCK)
        return CSV_TIME_UNREADABLE;
    *ns = parts.clock_ns;
    return CSV_TIME_OK;
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
    if (!calendar_parse_us(p, DATE_BYTES, &us, NULL) || us < CSV_DATE_FIRST_S * 1000000 ||
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
