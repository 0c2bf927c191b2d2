#include "ops/bucket.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"

/* Periods that bars can have, in ascending order; test_bucket.c holds them against those that period.c knows. */
static const char *const targets[] = {"1m", "3m", "5m",  "15m", "30m", "1h", "2h", "4h",
                                      "6h", "8h", "12h", "1d",  "3d",  "1w", "1mo"};
enum { N_TARGETS = sizeof targets / sizeof targets[0], CHOICES_BYTES = 128 };

/* Monday, 5 January 1970. */
static const int64_t first_monday_ms = 4 * MS_PER_DAY;
/* Every month has these. */
static const int64_t shortest_month_ms = 28 * MS_PER_DAY;

static bool is_month(const struct period *period)
{
    return strcmp(period->name, "1mo") == 0;
}

static bool is_tick(const struct period *period)
{
    return strcmp(period->name, "tick") == 0;
}

static int64_t modulo_down(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest < 0 ? rest + b : rest;
}

/* Where the grid of a fixed length begins without an offset. */
static int64_t base_of(const struct period *period)
{
    return period->length_ms == 7 * MS_PER_DAY ? first_monday_ms : 0;
}

static int64_t within_calendar(int64_t ts_ms)
{
    if (ts_ms < BUCKET_FIRST_MS)
        return BUCKET_FIRST_MS;
    return ts_ms < BUCKET_END_MS ? ts_ms : BUCKET_END_MS - 1;
}

lake_status bucket_grid_init(struct bucket_grid *grid, const struct period *period, int64_t offset_ms,
                             struct lake_error *err)
{
    *grid = (struct bucket_grid){.period = period};
    if (period->length_ms > 0) {
        grid->offset_ms = modulo_down(offset_ms, period->length_ms);
        return LAKE_OK;
    }
    if (!is_month(period))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s' is not a period of bars", period->name);
    if (offset_ms < 0 || offset_ms >= shortest_month_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "months can begin less than 28 days after the 1st, not %" PRId64 " ms", offset_ms);
    grid->offset_ms = offset_ms;
    return LAKE_OK;
}

int64_t bucket_offset_of(const struct period *period, int64_t origin_ms)
{
    int64_t origin = within_calendar(origin_ms);
    if (period->length_ms > 0)
        return modulo_down(origin - base_of(period), period->length_ms);
    return origin - calendar_month_start(calendar_day_of_ms(origin)) * MS_PER_DAY;
}

/* ---- lengths of time in words ---- */

static int64_t unit_ms(char unit)
{
    switch (unit) {
    case 's': return MS_PER_SECOND;
    case 'm': return MS_PER_MINUTE;
    case 'h': return MS_PER_HOUR;
    case 'd': return MS_PER_DAY;
    default: return 0;
    }
}

enum { OFFSET_DIGITS = 8, OFFSET_PARTS = 4 };

/* Steps over "90m"; false where there is something else. */
static bool take_part(const char **text, int64_t *ms)
{
    int64_t number = 0;
    int n_digits = 0;
    for (; **text >= '0' && **text <= '9' && n_digits < OFFSET_DIGITS; ++*text, n_digits++)
        number = number * 10 + (**text - '0');
    int64_t unit = unit_ms(**text);
    if (n_digits == 0 || unit == 0)
        return false;
    ++*text;
    *ms = number * unit;
    return true;
}

lake_status bucket_offset_parse(const char *text, int64_t *offset_ms, struct lake_error *err)
{
    const char *at = text + (text[0] == '-' || text[0] == '+');
    int64_t total = 0, part = 0;
    bool is_good = *at != '\0';
    for (int i = 0; is_good && *at != '\0'; i++) {
        is_good = i < OFFSET_PARTS && take_part(&at, &part);
        total += is_good ? part : 0;
    }
    if (strcmp(text, "0") == 0)
        is_good = true;
    if (!is_good)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "offset '%.40s' is no length of time: numbers with s, m, h or d, as in 90m, 1h30m, -4h", text);
    *offset_ms = text[0] == '-' ? -total : total;
    return LAKE_OK;
}

/* ---- buckets ---- */

static struct time_range month_at(const struct bucket_grid *grid, int64_t ts_ms)
{
    int64_t day = calendar_day_of_ms(ts_ms - grid->offset_ms);
    return (struct time_range){calendar_month_start(day) * MS_PER_DAY + grid->offset_ms,
                               calendar_month_next(day) * MS_PER_DAY + grid->offset_ms};
}

struct time_range bucket_at(const struct bucket_grid *grid, int64_t ts_ms)
{
    int64_t ts = within_calendar(ts_ms), length = grid->period->length_ms;
    if (length == 0)
        return month_at(grid, ts);
    int64_t start = ts - modulo_down(ts - base_of(grid->period) - grid->offset_ms, length);
    return (struct time_range){start, start + length};
}

int64_t bucket_expected(const struct bucket_grid *grid, struct time_range bucket, const struct period *source)
{
    (void)grid;
    return source->length_ms > 0 ? (bucket.end_ms - bucket.start_ms) / source->length_ms : 1;
}

/* ---- which makes which ---- */

bool bucket_divides(const struct period *source, const struct period *target)
{
    bool is_target = target->length_ms > 0 || is_month(target);
    if (is_tick(source) || source->length_ms == 0)
        return is_tick(source) && is_target;
    if (is_month(target))
        return MS_PER_DAY % source->length_ms == 0;
    return target->length_ms > source->length_ms && target->length_ms % source->length_ms == 0;
}

static void list_targets(const struct period *source, char out[CHOICES_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < N_TARGETS; i++) {
        const struct period *target = NULL;
        if (period_find(targets[i], &target, NULL) != LAKE_OK || !bucket_divides(source, target))
            continue;
        used += (size_t)snprintf(out + used, CHOICES_BYTES - used, " %s", targets[i]);
    }
}

lake_status bucket_check(const struct period *source, const struct period *target, struct lake_error *err)
{
    char choices[CHOICES_BYTES];
    if (bucket_divides(source, target))
        return LAKE_OK;
    list_targets(source, choices);
    const char *made_of = is_tick(source) ? "trades" : source->name;
    if (choices[0] == '\0')
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s cannot be derived from %s, and nothing can", target->name,
                         made_of);
    const char *why = target->length_ms > 0 && target->length_ms < source->length_ms ? "it is finer"
                      : target == source                                             ? "it is the same"
                                                                                     : "it does not divide";
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s cannot be derived from %s (%s); these can:%s", target->name,
                     made_of, why, choices);
}
