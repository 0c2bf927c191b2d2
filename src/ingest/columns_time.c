/* Which field is the time, or which two are the date and the time of day. */
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "ingest/columns_work.h"

/* How good a column is as the time; a better one first. */
enum time_quality {
    TIME_NONE,
    TIME_LOST,  /* its numbers have lost digits */
    TIME_CLOCK, /* of day alone */
    TIME_DATE,
    TIME_TEXT,
    TIME_NUMBER
};

static enum time_quality quality_of(const struct column_profile *profile)
{
    const size_t *n = profile->n_kind;
    size_t n_whole = n[CSV_TIME_NUMBER] + n[CSV_TIME_INSTANT] + n[CSV_TIME_DATE];
    if (profile->n_values == 0)
        return TIME_NONE;
    if (n[CSV_TIME_FLOATING] > 0 && n[CSV_TIME_FLOATING] + n[CSV_TIME_NUMBER] == profile->n_values)
        return TIME_LOST;
    /* One spoiled row in ten is an error of that row, not another meaning of the column. */
    if (10 * n[CSV_TIME_CLOCK] >= 9 * profile->n_values)
        return TIME_CLOCK;
    if (10 * n_whole < 9 * profile->n_values)
        return TIME_NONE;
    if (n[CSV_TIME_NUMBER] >= n[CSV_TIME_INSTANT] && n[CSV_TIME_NUMBER] >= n[CSV_TIME_DATE])
        return TIME_NUMBER;
    return n[CSV_TIME_INSTANT] > 0 ? TIME_TEXT : TIME_DATE;
}

/* Whether the times of bars are whole minutes; those that only a rule about the order of dates makes times pass. */
static bool is_on_grid(const struct columns_work *work, size_t field)
{
    static const struct csv_time_rules rules = {CSV_ORDER_UNKNOWN, 0, 0, 0, 0};
    for (size_t row = 0; row < work->input->n_samples; row++) {
        struct csv_time time;
        struct csv_span value = work->input->samples[row * work->input->n_fields + field];
        if (csv_time_parse(value, &rules, &time) == CSV_TIME_OK && time.ns % (60 * NS_PER_SECOND) != 0)
            return false;
    }
    return true;
}

/* Of a field that may be the time, what it is compared by: higher is better. */
static int64_t score_of(const struct columns_work *work, size_t field)
{
    const struct columns_field *f = &work->fields[field];
    bool is_bar = data_type_column(work->type, "close") != NULL;
    int64_t grid = !is_bar || is_on_grid(work, field);
    int64_t quality = quality_of(&f->profile);
    return ((int64_t)f->is_chosen << 48) + (grid << 40) + (quality << 32) - (int64_t)f->meaning.rank;
}

static bool may_be_time(const struct columns_work *work, size_t field, enum time_quality least)
{
    const struct columns_field *f = &work->fields[field];
    return !f->is_decided && f->chosen == 0 && columns_means(f, "ts") && quality_of(&f->profile) >= least;
}

/* The best of the fields whose name says time and whose values are at least as good; -1 where there is none. */
static int find_best(const struct columns_work *work, enum time_quality least, enum time_quality most)
{
    int best = -1;
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (may_be_time(work, i, least) && quality_of(&work->fields[i].profile) <= most &&
            (best < 0 || score_of(work, i) > score_of(work, (size_t)best)))
            best = (int)i;
    return best;
}

/* Field without a name that says time, all of whose values are times: one alone. */
static int find_unnamed(const struct columns_work *work, size_t *n_found)
{
    int found = -1;
    *n_found = 0;
    for (size_t i = 0; i < work->input->n_fields; i++) {
        const struct columns_field *f = &work->fields[i];
        bool is_free = !f->is_decided && f->chosen == 0 && (f->meaning.column == NULL || columns_means(f, NAME_INDEX));
        if (!is_free || quality_of(&f->profile) < TIME_DATE)
            continue;
        /* A number may be a volume; where the column has no name it is a saved index. */
        if (quality_of(&f->profile) == TIME_NUMBER && f->name.length > 0)
            continue;
        found = found < 0 ? (int)i : found;
        ++*n_found;
    }
    return found;
}

static lake_status note_time(struct columns_work *work, int field, int clock, const char *origin,
                             struct lake_error *err)
{
    char text[FIELD_LIST_BYTES];
    if (clock < 0)
        (void)snprintf(text, sizeof text, "column '%s'", work->fields[field].shown);
    else
        (void)snprintf(text, sizeof text, "columns '%s' and '%s'", work->fields[field].shown,
                       work->fields[clock].shown);
    return columns_note(work, "ts", text, origin, err);
}

static lake_status take_whole(struct columns_work *work, int field, const char *origin, struct lake_error *err)
{
    columns_decide(&work->fields[field], FIELD_TIME, "ts", work->type);
    return note_time(work, field, -1, origin, err);
}

static lake_status take_pair(struct columns_work *work, int date, int clock, struct lake_error *err)
{
    columns_decide(&work->fields[date], FIELD_DATE, "ts", work->type);
    columns_decide(&work->fields[clock], FIELD_CLOCK, "ts", work->type);
    return note_time(work, date, clock, "values", err);
}

/* A time of day in numbers since midnight: each in the day, and never going back. */
static bool is_since_midnight(const struct columns_work *work, size_t field)
{
    const struct column_profile *profile = &work->fields[field].profile;
    double last = 0;
    if (!column_profile_is_whole(profile) || profile->n_values != work->input->n_samples)
        return false;
    for (size_t row = 0; row < work->input->n_samples; row++) {
        if (profile->numbers[row] < last || profile->numbers[row] >= (double)(24 * 3600 * NS_PER_SECOND))
            return false;
        last = profile->numbers[row];
    }
    return true;
}

static int find_clock(const struct columns_work *work)
{
    int clock = find_best(work, TIME_CLOCK, TIME_CLOCK);
    for (size_t i = 0; clock < 0 && i < work->input->n_fields; i++)
        if (may_be_time(work, i, TIME_NONE) && is_since_midnight(work, i))
            clock = (int)i;
    return clock;
}

static lake_status fail_lost(const struct columns_work *work, int field, struct lake_error *err)
{
    char shown[CSV_SHOWN_TEXT_BYTES];
    return lake_fail(
        err, LAKE_INVALID_DATA,
        "%s: the times of column '%s' have lost digits ('%s', as spreadsheets save long numbers), and there "
        "is no other column with the time",
        work->input->place, work->fields[field].shown, csv_show(work->fields[field].profile.first, shown));
}

static lake_status fail_clock(const struct columns_work *work, int field, struct lake_error *err)
{
    return lake_fail(
        err, LAKE_INVALID_DATA,
        "%s: column '%s' has a time of day but no date, and neither has another column nor the file's name",
        work->input->place, work->fields[field].shown);
}

/* Many bars of one date: its time of day is missing. */
static lake_status check_date(const struct columns_work *work, int field, struct lake_error *err)
{
    const struct column_profile *profile = &work->fields[field].profile;
    bool is_bar = data_type_column(work->type, "close") != NULL;
    if (!is_bar || work->has_others || 2 * profile->n_repeats <= profile->n_values || profile->n_values < 4)
        return LAKE_OK;
    return lake_fail(
        err, LAKE_INVALID_DATA,
        "%s: column '%s' has dates without a time of day, and several rows share each; which column is the "
        "time of day? (--columns time=...)",
        work->input->place, work->fields[field].shown);
}

/* Among several columns of times that no name tells apart none is taken. */
static lake_status fail_several(const struct columns_work *work, struct lake_error *err)
{
    char list[FIELD_LIST_BYTES] = "";
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (!work->fields[i].is_decided && quality_of(&work->fields[i].profile) >= TIME_DATE)
            columns_list(list, work->fields[i].shown);
    return lake_fail(err, LAKE_INVALID_DATA, "%s: the time can be column %s; choose one with --columns ts=...",
                     work->input->place, list);
}

/* Where no field can be the time by its values: the one whose name says so, so that the row in error is named. */
static lake_status take_unreadable(struct columns_work *work, struct lake_error *err)
{
    int lost = -1;
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (may_be_time(work, i, TIME_LOST) && quality_of(&work->fields[i].profile) == TIME_LOST)
            lost = (int)i;
    if (lost >= 0)
        return fail_lost(work, lost, err);
    int clock = find_clock(work);
    if (clock >= 0 && work->input->may_have_clock) {
        columns_decide(&work->fields[clock], FIELD_CLOCK, "ts", work->type);
        return note_time(work, clock, -1, "file name", err);
    }
    if (clock >= 0 && quality_of(&work->fields[clock].profile) == TIME_CLOCK)
        return fail_clock(work, clock, err);
    int named = find_best(work, TIME_NONE, TIME_NUMBER);
    return named >= 0 ? take_whole(work, named, work->origin, err) : LAKE_OK;
}

lake_status columns_take_time(struct columns_work *work, struct lake_error *err)
{
    size_t n_unnamed = 0;
    int best = find_best(work, TIME_DATE, TIME_NUMBER);
    int clock = find_best(work, TIME_CLOCK, TIME_CLOCK);
    if (best >= 0 && quality_of(&work->fields[best].profile) == TIME_DATE && clock >= 0)
        return take_pair(work, best, clock, err);
    if (best >= 0 && quality_of(&work->fields[best].profile) == TIME_DATE)
        TRY(check_date(work, best, err));
    if (best >= 0)
        return take_whole(work, best, work->origin, err);
    int unnamed = find_unnamed(work, &n_unnamed);
    if (n_unnamed > 1)
        return fail_several(work, err);
    if (n_unnamed == 1 && find_best(work, TIME_LOST, TIME_LOST) < 0)
        return clock >= 0 && quality_of(&work->fields[unnamed].profile) == TIME_DATE
                   ? take_pair(work, unnamed, clock, err)
                   : take_whole(work, unnamed, "values", err);
    return take_unreadable(work, err);
}
