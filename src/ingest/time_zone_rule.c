#include "ingest/time_zone_rule.h"

#include "base/calendar.h"

enum { MAX_HOURS = 167, SECONDS_PER_HOUR = 3600, SECONDS_PER_MINUTE = 60, DEFAULT_CLOCK_S = 7200, LAST_WEEK = 5 };

struct cursor {
    const char *p, *end;
};

static bool skip(struct cursor *c, char wanted)
{
    bool is_there = c->p < c->end && *c->p == wanted;
    c->p += is_there;
    return is_there;
}

static bool take_number(struct cursor *c, int32_t most, int32_t *out)
{
    int32_t value = 0;
    const char *first = c->p;
    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9' && c->p - first < 4; c->p++)
        value = value * 10 + (*c->p - '0');
    *out = value;
    return c->p > first && value <= most;
}

/* "EST", "<+0330>". */
static bool skip_name(struct cursor *c)
{
    const char *first = c->p;
    if (skip(c, '<')) {
        while (c->p < c->end && *c->p != '>')
            c->p++;
        return skip(c, '>');
    }
    while (c->p < c->end && ((*c->p >= 'A' && *c->p <= 'Z') || (*c->p >= 'a' && *c->p <= 'z')))
        c->p++;
    return c->p - first >= 3;
}

/* "5", "-3:30", "167:59:59". */
static bool take_clock(struct cursor *c, int32_t *seconds)
{
    int32_t hours = 0, minutes = 0, rest = 0;
    bool is_negative = skip(c, '-');
    if (!is_negative)
        (void)skip(c, '+');
    if (!take_number(c, MAX_HOURS, &hours))
        return false;
    if (skip(c, ':') && !take_number(c, 59, &minutes))
        return false;
    if (skip(c, ':') && !take_number(c, 59, &rest))
        return false;
    *seconds = hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE + rest;
    *seconds = is_negative ? -*seconds : *seconds;
    return true;
}

static bool take_day(struct cursor *c, struct zone_day *day)
{
    *day = (struct zone_day){.form = 'N', .clock_s = DEFAULT_CLOCK_S};
    if (!skip(c, ','))
        return false;
    if (skip(c, 'M')) {
        day->form = 'M';
        if (!take_number(c, 12, &day->month) || !skip(c, '.') || !take_number(c, LAST_WEEK, &day->week) ||
            !skip(c, '.') || !take_number(c, 6, &day->day) || day->month < 1 || day->week < 1)
            return false;
    } else {
        day->form = skip(c, 'J') ? 'J' : 'N';
        if (!take_number(c, 365, &day->day) || (day->form == 'J' && day->day < 1))
            return false;
    }
    return !skip(c, '/') || take_clock(c, &day->clock_s);
}

bool zone_rule_parse(const char *text, size_t n, struct zone_rule *out)
{
    struct cursor c = {text, text + n};
    *out = (struct zone_rule){.has_summer = false};
    if (!skip_name(&c) || !take_clock(&c, &out->standard_s))
        return false;
    out->standard_s = -out->standard_s; /* POSIX counts westwards */
    if (c.p == c.end)
        return true;
    out->has_summer = true;
    out->summer_s = out->standard_s + SECONDS_PER_HOUR;
    if (!skip_name(&c))
        return false;
    if (c.p < c.end && *c.p != ',') {
        if (!take_clock(&c, &out->summer_s))
            return false;
        out->summer_s = -out->summer_s;
    }
    return take_day(&c, &out->start) && take_day(&c, &out->end) && c.p == c.end;
}

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t day_of(const struct zone_day *rule, int32_t year)
{
    enum { FEBRUARY_END = 60 };
    int64_t new_year = calendar_day_from_date((struct calendar_date){year, 1, 1});
    if (rule->form == 'N')
        return new_year + rule->day;
    if (rule->form == 'J')
        return new_year + rule->day - 1 + (is_leap(year) && rule->day >= FEBRUARY_END);
    int64_t first = calendar_day_from_date((struct calendar_date){year, rule->month, 1});
    int64_t weekday = (first + 4) % 7; /* the first day of 1970 was a Thursday; Sunday is 0 */
    weekday += weekday < 0 ? 7 : 0;
    int64_t day = first + (rule->day - weekday + 7) % 7 + 7 * (rule->week - 1);
    return day < calendar_month_next(first) ? day : day - 7;
}

void zone_rule_changes(const struct zone_rule *rule, int32_t year, int64_t *start_s, int64_t *end_s)
{
    const int64_t seconds_per_day = 86400;
    *start_s = day_of(&rule->start, year) * seconds_per_day + rule->start.clock_s - rule->standard_s;
    *end_s = day_of(&rule->end, year) * seconds_per_day + rule->end.clock_s - rule->summer_s;
}
