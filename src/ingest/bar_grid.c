#include "ingest/bar_grid.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/calendar.h"

enum { CERTAIN_ROWS = 12, STEP_TEXT_BYTES = 32 };

#define COARSE_GRID_MS (15 * MS_PER_MINUTE)
#define LONGEST_MONTH_MS (31 * MS_PER_DAY)
#define SHORTEST_MONTH_MS (28 * MS_PER_DAY)

static bool is_month_start(int64_t ts_ms)
{
    int64_t day = calendar_day_of_ms(ts_ms);
    return ts_ms == day * MS_PER_DAY && calendar_month_start(day) == day;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static void add_step(struct bar_evidence *evidence, int64_t step_ms)
{
    step_ms = step_ms < 0 ? -step_ms : step_ms;
    if (step_ms == 0 || step_ms == evidence->smallest_ms)
        return;
    if (evidence->smallest_ms == 0 || step_ms < evidence->smallest_ms)
        evidence->smallest_ms = step_ms;
    evidence->common_ms = greatest_common_divisor(step_ms, evidence->common_ms);
}

void bar_evidence_add(struct bar_evidence *evidence, const int64_t *ts_ms, int64_t n_rows)
{
    for (int64_t i = 0; i < n_rows; i++) {
        if (evidence->n_rows > 0)
            add_step(evidence, ts_ms[i] - evidence->last_ms);
        if (!evidence->has_other_than_months)
            evidence->has_other_than_months = !is_month_start(ts_ms[i]);
        evidence->last_ms = ts_ms[i];
        evidence->n_rows++;
    }
}

static const struct period *month_period(void)
{
    const struct period *month = NULL;
    return period_find("1mo", &month, NULL) == LAKE_OK ? month : NULL;
}

/* "1h", or "90 s" where no period has that length. */
static const char *step_text(int64_t step_ms, char out[STEP_TEXT_BYTES])
{
    const struct period *period = period_of_length(step_ms);
    if (period != NULL)
        (void)snprintf(out, STEP_TEXT_BYTES, "%s", period->name);
    else if (step_ms % MS_PER_SECOND == 0)
        (void)snprintf(out, STEP_TEXT_BYTES, "%" PRId64 " s", step_ms / MS_PER_SECOND);
    else
        (void)snprintf(out, STEP_TEXT_BYTES, "%" PRId64 " ms", step_ms);
    return out;
}

static bool tells_months(const struct bar_evidence *evidence)
{
    return !evidence->has_other_than_months && evidence->smallest_ms >= SHORTEST_MONTH_MS &&
           evidence->smallest_ms <= LONGEST_MONTH_MS;
}

/* Days and weeks that follow the clocks of a place: now and then one of them is an hour shorter or longer. */
static const struct period *clock_period(const struct bar_evidence *evidence)
{
    const struct period *period = period_of_length(evidence->smallest_ms);
    if (period == NULL)
        period = period_of_length(evidence->smallest_ms + MS_PER_HOUR);
    bool is_told = period != NULL && period->length_ms >= MS_PER_DAY && evidence->common_ms % MS_PER_HOUR == 0;
    return is_told ? period : NULL;
}

lake_status bar_evidence_tell(const struct bar_evidence *evidence, const char *path, const struct period **out,
                              struct lake_error *err)
{
    char step[STEP_TEXT_BYTES];
    if (evidence->smallest_ms == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s: rows of a single time do not tell the period; name it with --period", path);
    step_text(evidence->smallest_ms, step);
    *out = tells_months(evidence) ? month_period() : clock_period(evidence);
    if (*out != NULL)
        return LAKE_OK;
    *out = period_of_length(evidence->smallest_ms);
    if (*out == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s: the shortest step between times is %s, which is no known period; name it with --period",
                         path, step);
    if (evidence->common_ms != evidence->smallest_ms)
        return lake_fail(
            err, LAKE_INVALID_ARGUMENT,
            "%s: steps between times are not all multiples of the shortest, %s; name the period with --period", path,
            step);
    return LAKE_OK;
}

bool bar_evidence_is_certain(const struct bar_evidence *evidence)
{
    return evidence->n_rows >= CERTAIN_ROWS;
}

bool bar_evidence_allows(const struct bar_evidence *evidence, const struct period *period)
{
    if (period->length_ms == 0)
        return !evidence->has_other_than_months;
    return evidence->common_ms % period->length_ms == 0 || clock_period(evidence) == period;
}

lake_status bar_evidence_check(const struct bar_evidence *evidence, const char *path, const struct period *period,
                               const char *giver, struct lake_error *err)
{
    char step[STEP_TEXT_BYTES];
    if (!bar_evidence_is_certain(evidence) || period->length_ms == 0 || evidence->common_ms <= period->length_ms ||
        period_of_length(evidence->smallest_ms) == NULL || evidence->common_ms != evidence->smallest_ms)
        return LAKE_OK;
    step_text(evidence->smallest_ms, step);
    if (giver != NULL)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: all times are multiples of %s apart, but the bars of %s are %s; ingest them one by one",
                         path, step, giver, period->name);
    return lake_fail(err, LAKE_INVALID_DATA,
                     "%s: all times are multiples of %s apart, but the period is %s; correct --period", path, step,
                     period->name);
}

const struct period *bar_period_of(int64_t open_ms, int64_t length_ms)
{
    int64_t day = calendar_day_of_ms(open_ms);
    if (is_month_start(open_ms) && (calendar_month_next(day) - day) * MS_PER_DAY == length_ms)
        return month_period();
    return length_ms > 0 ? period_of_length(length_ms) : NULL;
}

struct bar_grid bar_grid_start(const struct period *period, bool has_clocks)
{
    bool may_shift = period->length_ms >= MS_PER_DAY || (has_clocks && period->length_ms > MS_PER_HOUR);
    return (struct bar_grid){.period = period, .last_ms = INT64_MIN / 2, .may_shift = may_shift};
}

static int64_t phase_of(int64_t ts_ms, int64_t length_ms)
{
    int64_t phase_ms = ts_ms % length_ms;
    return phase_ms < 0 ? phase_ms + length_ms : phase_ms;
}

/* The majority's phase, by the vote of Boyer and Moore. */
void bar_grid_lay(struct bar_grid *grid, const int64_t *ts_ms, int64_t n_rows)
{
    int64_t length_ms = grid->period->length_ms;
    if (length_ms <= COARSE_GRID_MS)
        return;
    for (int64_t i = 0; i < n_rows; i++) {
        int64_t phase_ms = phase_of(ts_ms[i], length_ms);
        if (grid->votes == 0)
            grid->phase_ms = phase_ms;
        grid->votes += phase_ms == grid->phase_ms ? 1 : -1;
    }
}

static bool is_on_grid(const struct bar_grid *grid, int64_t ts_ms)
{
    int64_t length_ms = grid->period->length_ms;
    if (length_ms == 0)
        return is_month_start(ts_ms);
    if (length_ms <= COARSE_GRID_MS)
        return ts_ms % length_ms == 0;
    int64_t off_ms = phase_of(ts_ms - grid->phase_ms, length_ms);
    bool is_shifted = grid->may_shift && (off_ms == MS_PER_HOUR || off_ms == length_ms - MS_PER_HOUR);
    return ts_ms % COARSE_GRID_MS == 0 && (off_ms == 0 || is_shifted);
}

int64_t bar_grid_find_off(struct bar_grid *grid, const int64_t *ts_ms, int64_t n_rows)
{
    int64_t length_ms = grid->period->length_ms;
    int64_t last_ms = grid->last_ms;
    int64_t i = 0;
    for (; i < n_rows; i++) {
        /* The next bar after one on the grid is on it too, which spares most rows a division. */
        bool is_next = length_ms > 0 && ts_ms[i] - last_ms == length_ms;
        if (!is_next && !is_on_grid(grid, ts_ms[i]))
            break;
        last_ms = ts_ms[i];
    }
    grid->last_ms = last_ms;
    return i < n_rows ? i : -1;
}
