#include "column/period.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "column/feature_period.h"

static const struct period periods[] = {
    {"1m", MS_PER_MINUTE, GRAIN_DAY},
    {"3m", 3 * MS_PER_MINUTE, GRAIN_DAY},
    {"5m", 5 * MS_PER_MINUTE, GRAIN_DAY},
    {"15m", 15 * MS_PER_MINUTE, GRAIN_MONTH},
    {"30m", 30 * MS_PER_MINUTE, GRAIN_MONTH},
    {"1h", MS_PER_HOUR, GRAIN_MONTH},
    {"2h", 2 * MS_PER_HOUR, GRAIN_MONTH},
    {"4h", 4 * MS_PER_HOUR, GRAIN_MONTH},
    {"6h", 6 * MS_PER_HOUR, GRAIN_MONTH},
    {"8h", 8 * MS_PER_HOUR, GRAIN_MONTH},
    {"12h", 12 * MS_PER_HOUR, GRAIN_MONTH},
    {"1d", MS_PER_DAY, GRAIN_YEAR},
    {"3d", 3 * MS_PER_DAY, GRAIN_YEAR},
    {"1w", 7 * MS_PER_DAY, GRAIN_YEAR},
    {"1mo", 0, GRAIN_YEAR},
    {"tick", 0, GRAIN_DAY},
    {"event", 0, GRAIN_MONTH},
};

/* A month of minutes with the columns of an embedding still fits into memory. */
static const struct period feature_row = {"set@version", 0, GRAIN_MONTH};

_Static_assert(FEATURE_SET_LENGTH + 1 + FEATURE_VERSION_LENGTH < PERIOD_BYTES, "the name of a period has no room");

enum { N_PERIODS = sizeof periods / sizeof periods[0] };

#define PERIOD_CHOICES "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1mo tick event"

/* Words that stand for a whole period. */
struct alias {
    const char *word;
    const char *name;
};

static const struct alias aliases[] = {
    {"hourly", "1h"}, {"daily", "1d"},   {"weekly", "1w"},   {"monthly", "1mo"},
    {"tick", "tick"}, {"ticks", "tick"}, {"event", "event"}, {"events", "event"},
};

/* Words for a unit, in lower case. The single letter m is not here: its case decides (unit_of). */
struct unit {
    const char *words; /* each between blanks */
    int64_t length_ms; /* 0: a calendar month */
};

static const struct unit units[] = {
    {" s sec secs second seconds ", MS_PER_SECOND}, {" t min mins minute minutes ", MS_PER_MINUTE},
    {" h hr hrs hour hours ", MS_PER_HOUR},         {" d day days ", MS_PER_DAY},
    {" w wk week weeks ", 7 * MS_PER_DAY},          {" mo mon month months mn ", 0},
};

enum { WORD_BYTES = 16, NUMBER_DIGITS = 6 };

static const struct unit minute_unit = {"", MS_PER_MINUTE};
static const struct unit month_unit = {"", 0};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static const struct period *period_named(const char *name)
{
    for (size_t i = 0; i < N_PERIODS; i++)
        if (strcmp(periods[i].name, name) == 0)
            return &periods[i];
    return NULL;
}

const struct period *period_of_length(int64_t length_ms)
{
    for (size_t i = 0; i < N_PERIODS; i++)
        if (periods[i].length_ms == length_ms && length_ms > 0)
            return &periods[i];
    return NULL;
}

static const struct period *period_alias(const char *text)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        size_t k = 0;
        while (text[k] != '\0' && to_lower(text[k]) == aliases[i].word[k])
            k++;
        if (text[k] == '\0' && aliases[i].word[k] == '\0')
            return period_named(aliases[i].name);
    }
    return NULL;
}

/* `before` tells that the unit stands before the number, as MetaTrader writes it (M1 is a minute, MN1 a month). */
static const struct unit *unit_of(const char *word, size_t length, bool before)
{
    char padded[WORD_BYTES + 3] = " ";
    if (length > WORD_BYTES || (length == 0 && before))
        return NULL;
    if (length == 0) /* a bare number counts minutes, as on charts and in the intervals of Bybit and Kraken */
        return &minute_unit;
    if (length == 1 && word[0] == 'M')
        return before ? &minute_unit : &month_unit;
    if (length == 1 && word[0] == 'm')
        return &minute_unit;
    for (size_t i = 0; i < length; i++)
        padded[1 + i] = to_lower(word[i]);
    memcpy(padded + 1 + length, " ", 2);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strstr(units[i].words, padded) != NULL)
            return &units[i];
    return NULL;
}

/* Reads the number at *text, 0 where it is too long; steps over it. */
static int64_t take_number(const char **text)
{
    int64_t number = 0;
    size_t n_digits = 0;
    for (; is_digit(**text); ++*text, n_digits++)
        number = n_digits < NUMBER_DIGITS ? number * 10 + (**text - '0') : 0;
    return n_digits <= NUMBER_DIGITS ? number : 0;
}

static const char *take_word(const char **text, size_t *length)
{
    const char *word = *text;
    while ((to_lower(**text) >= 'a' && to_lower(**text) <= 'z'))
        ++*text;
    *length = (size_t)(*text - word);
    return word;
}

/* "5m", "5 minutes", "5", "M5", "D". */
static const struct period *period_parse(const char *text)
{
    bool before = !is_digit(*text);
    int64_t number = 1;
    size_t length = 0;
    if (!before) {
        number = take_number(&text);
        text += text[0] == ' ' && text[1] != '\0';
    }
    const char *word = take_word(&text, &length);
    bool alone = before && *text == '\0';
    if (before && !alone)
        number = take_number(&text);
    const struct unit *unit = unit_of(word, length, before && !alone);
    if (unit == NULL || *text != '\0' || (before && length == 0))
        return NULL;
    if (unit->length_ms == 0)
        return number == 1 ? period_named("1mo") : NULL;
    return period_of_length(number * unit->length_ms);
}

lake_status period_find(const char *text, const struct period **out, struct lake_error *err)
{
    struct feature_period feature;
    *out = NULL;
    if (feature_period_is(text)) {
        TRY(feature_period_parse(text, &feature, err));
        *out = &feature_row;
        return LAKE_OK;
    }
    *out = period_alias(text);
    if (*out == NULL)
        *out = period_parse(text);
    if (*out == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "period '%.40s' is none of " PERIOD_CHOICES, text);
    return LAKE_OK;
}

lake_status period_find_name(const char *text, const struct period **out, char name[PERIOD_BYTES],
                             struct lake_error *err)
{
    name[0] = '\0';
    TRY(period_find(text, out, err));
    (void)snprintf(name, PERIOD_BYTES, "%s", *out == &feature_row ? text : (*out)->name);
    return LAKE_OK;
}

void partition_bounds(enum partition_grain grain, int64_t ts_ms, int64_t *start_ms, int64_t *end_ms)
{
    int64_t day = calendar_day_of_ms(ts_ms);
    int64_t start = day, end = day + 1;
    if (grain == GRAIN_MONTH) {
        start = calendar_month_start(day);
        end = calendar_month_next(day);
    } else if (grain == GRAIN_YEAR) {
        start = calendar_year_start(day);
        end = calendar_year_next(day);
    }
    *start_ms = start * MS_PER_DAY;
    *end_ms = end * MS_PER_DAY;
}
