#include "ingest/put_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "column/time_unit.h"
#include "ingest/row_times.h"

#define FIRST_BLOCK_MS INT64_C(1230940800000) /* 2009-01-03, Bitcoin's */

enum {
    NEIGHBOURS = 64
}; /* rows of one time that are compared here; the merge finds whatever comes again further apart */

void put_check_init(struct put_check *check, const struct put_check_setup *setup)
{
    *check = (struct put_check){.setup = *setup, .id = -1, .side = -1};
    row_tally_init(&check->tally);
    buffer_init(&check->reason, 64 * KIB);
}

void put_check_release(struct put_check *check)
{
    row_marks_release(&check->marks);
    row_tally_release(&check->tally);
    buffer_release(&check->reason);
}

void put_check_begin(struct put_check *check, const struct schema *schema)
{
    const struct data_type *type = check->setup.type;
    check->per_ms = time_unit_per_ms(schema->fields[0].type);
    check->id = type->n_key > 1 ? schema_find(schema, type->key[1]) : -1;
    check->side = data_type_counts_rows(type) ? schema_find(schema, "side") : -1;
    sanity_init(&check->sanity, type, schema);
    if (check->setup.period != NULL)
        check->grid = bar_grid_start(check->setup.period, false);
}

/* ---- messages ---- */

static const char *time_text(const struct put_check *check, int64_t ts, char out[CALENDAR_TEXT_BYTES])
{
    if (check->per_ms == 1)
        (void)calendar_format_ms(ts, out);
    else
        (void)calendar_format_us(ts / (check->per_ms / US_PER_MS), out);
    return out;
}

static int64_t number_of(const struct put_check *check, int64_t row)
{
    return check->n_rows + row;
}

/* ---- years ---- */

/* Files are named by dates; and behind this no sum of times wraps. */
static lake_status check_years(const struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    static const struct calendar_date first_date = {1, 1, 1}, last_date = {9999, 12, 31};
    const int64_t *ts = batch_values(batch, 0);
    int64_t first = time_unit_from_ms(calendar_day_from_date(first_date) * MS_PER_DAY, check->per_ms);
    int64_t last = time_unit_from_ms((calendar_day_from_date(last_date) + 1) * MS_PER_DAY - 1, check->per_ms);
    for (int64_t row = 0; row < batch->n_rows; row++)
        if (ts[row] < first || ts[row] > last)
            return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": ts is %" PRId64 ", outside the years 1 to 9999",
                             number_of(check, row), ts[row]);
    return LAKE_OK;
}

/* ---- order ---- */

static lake_status fail_again(const struct put_check *check, const int64_t *ts, int64_t row, int64_t first,
                              struct lake_error *err)
{
    char time[CALENDAR_TEXT_BYTES];
    return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": ts %s comes again, first in row %" PRId64,
                     number_of(check, row), time_text(check, ts[row], time), first);
}

/* Rows before this one ascend: whether its time is among them can be looked up, as far as they are of this slice. */
static lake_status fail_order(const struct put_check *check, const int64_t *ts, int64_t row, struct lake_error *err)
{
    char time[CALENDAR_TEXT_BYTES], before[CALENDAR_TEXT_BYTES];
    int64_t low = 0, high = row;
    int64_t last = row > 0 ? ts[row - 1] : check->last_ts;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (ts[middle] < ts[row])
            low = middle + 1;
        else
            high = middle;
    }
    if (low < row && ts[low] == ts[row] && check->setup.type->n_key == 1)
        return fail_again(check, ts, row, number_of(check, low), err);
    return lake_fail(err, LAKE_INVALID_DATA,
                     "row %" PRId64 ": ts %s comes after %s: the rows are not in order, sort them by ts",
                     number_of(check, row), time_text(check, ts[row], time), time_text(check, last, before));
}

static bool is_same_id(const struct column *ids, int64_t a, int64_t b)
{
    int32_t from_a = ids->offsets[a], from_b = ids->offsets[b];
    size_t n_a = (size_t)(ids->offsets[a + 1] - from_a), n_b = (size_t)(ids->offsets[b + 1] - from_b);
    const char *bytes = ids->values;
    return column_is_valid(ids, a) && column_is_valid(ids, b) && n_a == n_b &&
           (n_a == 0 || memcmp(bytes + from_a, bytes + from_b, n_a) == 0);
}

/* Rows of one time are told apart by their ids, in whatever order these come. */
static lake_status check_id(const struct put_check *check, const struct batch *batch, int64_t row,
                            struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    const struct column *ids = &batch->columns[check->id];
    char time[CALENDAR_TEXT_BYTES];
    for (int64_t i = row - 1; i >= 0 && i >= row - NEIGHBOURS && ts[i] == ts[row]; i--)
        if (is_same_id(ids, i, row))
            return lake_fail(
                err, LAKE_INVALID_DATA, "row %" PRId64 ": ts %s with %s '%.*s' comes again, first in row %" PRId64,
                number_of(check, row), time_text(check, ts[row], time), batch->schema->fields[check->id].name,
                (int)(ids->offsets[row + 1] - ids->offsets[row] < NEIGHBOURS ? ids->offsets[row + 1] - ids->offsets[row]
                                                                             : NEIGHBOURS),
                (const char *)ids->values + ids->offsets[row], number_of(check, i));
    return LAKE_OK;
}

static lake_status check_order(const struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    bool is_time_key = check->setup.type->n_key == 1;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        bool has_before = check->n_rows + row > 0;
        int64_t before = row > 0 ? ts[row - 1] : check->last_ts;
        if (!has_before || ts[row] > before)
            continue;
        if (ts[row] < before)
            return fail_order(check, ts, row, err);
        if (is_time_key)
            return fail_again(check, ts, row, number_of(check, row - 1), err);
        if (check->id >= 0)
            TRY(check_id(check, batch, row, err));
    }
    return LAKE_OK;
}

/* ---- the range that was promised ---- */

static lake_status fail_range(const struct put_check *check, int64_t ts, int64_t row, struct lake_error *err)
{
    const struct lake_put_options *options = check->setup.options;
    char time[CALENDAR_TEXT_BYTES], start[CALENDAR_TEXT_BYTES] = "…", end[CALENDAR_TEXT_BYTES] = "…";
    if (options->has_start)
        (void)calendar_format_ms(options->start_ms, start);
    if (options->has_end)
        (void)calendar_format_ms(options->end_ms, end);
    return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": ts %s is outside of [%s, %s)", number_of(check, row),
                     time_text(check, ts, time), start, end);
}

static lake_status check_range(const struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    const struct lake_put_options *options = check->setup.options;
    const int64_t *ts = batch_values(batch, 0);
    int64_t start = options->has_start ? time_unit_from_ms(options->start_ms, check->per_ms) : INT64_MIN;
    bool has_end = options->has_end;
    int64_t end = has_end ? time_unit_from_ms(options->end_ms, check->per_ms) : INT64_MAX;
    for (int64_t row = 0; row < batch->n_rows; row++)
        if (ts[row] < start || (has_end && ts[row] >= end))
            return fail_range(check, ts[row], row, err);
    return LAKE_OK;
}

/* ---- the side of trades ---- */

/* Part of what tells trades without ids apart: one spelling, the one that ingests write. */
static lake_status check_sides(const struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    const struct column *sides = &batch->columns[check->side];
    for (int64_t row = 0; row < batch->n_rows; row++) {
        const char *text = (const char *)sides->values + sides->offsets[row];
        int n = sides->offsets[row + 1] - sides->offsets[row];
        if (column_is_valid(sides, row) && !(n == 3 && memcmp(text, "buy", 3) == 0) &&
            !(n == 4 && memcmp(text, "sell", 4) == 0))
            return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": side is '%.*s', and must be 'buy' or 'sell'",
                             number_of(check, row), n < NEIGHBOURS ? n : NEIGHBOURS, n > 0 ? text : "");
    }
    return LAKE_OK;
}

/* ---- times and grid ---- */

int64_t put_check_bar_end_ms(const struct put_check *check, int64_t ts_ms)
{
    const struct period *period = check->setup.period;
    if (period->length_ms > 0)
        return ts_ms + period->length_ms;
    return calendar_month_next(calendar_day_of_ms(ts_ms)) * MS_PER_DAY;
}

/* A bar that others follow is no venue's open one: made-up series, or a clock here that is slow. */
static enum row_rule time_rule(const struct put_check *check, int64_t ts_ms, bool has_later)
{
    const struct put_check_setup *setup = &check->setup;
    if (ts_ms > setup->now_ms)
        return RULE_FUTURE;
    if (setup->type->is_bars && !has_later && put_check_bar_end_ms(check, ts_ms) > setup->now_ms)
        return RULE_STILL_OPEN;
    return setup->is_crypto && ts_ms < FIRST_BLOCK_MS ? RULE_EARLY : RULE_NONE;
}

static lake_status check_times(struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    int64_t now = time_unit_from_ms(check->setup.now_ms, check->per_ms);
    bool has_later = false;
    for (int64_t row = 0; row < batch->n_rows; row++)
        has_later = has_later || ts[row] > now;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        enum row_rule rule = time_rule(check, time_unit_to_ms(ts[row], check->per_ms), has_later);
        if (rule != RULE_NONE)
            TRY(row_marks_set(&check->marks, row, rule, err));
    }
    return LAKE_OK;
}

/* The grid is laid by all rows of the first slice. */
static lake_status check_grid(struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    if (!check->has_grid)
        bar_grid_lay(&check->grid, ts, batch->n_rows);
    check->has_grid = true;
    for (int64_t row = 0; row < batch->n_rows; row++) {
        int64_t off = bar_grid_find_off(&check->grid, ts + row, batch->n_rows - row);
        if (off < 0)
            return LAKE_OK;
        row += off;
        TRY(row_marks_set(&check->marks, row, RULE_OFF_GRID, err));
    }
    return LAKE_OK;
}

/* ---- what becomes of rows that break a rule ---- */

static lake_status add_reason(struct put_check *check, enum row_rule rule, const struct batch *batch, int64_t row,
                              struct lake_error *err)
{
    char time[CALENDAR_TEXT_BYTES];
    (void)time_text(check, ((const int64_t *)batch_values(batch, 0))[row], time);
    buffer_clear(&check->reason);
    switch (rule) {
    case RULE_OFF_GRID:
        return buffer_printf(&check->reason, err, "ts %s is no time of the grid of %s: is the period another?", time,
                             check->setup.period->name);
    case RULE_FUTURE: return buffer_printf(&check->reason, err, "ts %s lies in the future", time);
    case RULE_EARLY: return buffer_printf(&check->reason, err, "ts %s is before there was a market", time);
    default: return sanity_reason(&check->sanity, rule, batch, row, &check->reason, err);
    }
}

static lake_status stop(struct put_check *check, enum row_rule rule, const struct batch *batch, int64_t row,
                        struct lake_error *err)
{
    const char *reason = NULL;
    TRY(add_reason(check, rule, batch, row, err));
    TRY(buffer_string(&check->reason, &reason, err));
    return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": %s", number_of(check, row), reason);
}

static lake_status count(struct put_check *check, enum row_rule rule, const struct batch *batch, int64_t row,
                         struct lake_error *err)
{
    struct row_count *counted = NULL;
    bool is_left_out = rule == RULE_STILL_OPEN;
    int64_t ts_ms = time_unit_to_ms(((const int64_t *)batch_values(batch, 0))[row], check->per_ms);
    TRY(row_tally_find(&check->tally, row_rule_name(rule), &counted, err));
    row_tally_widen(counted, ts_ms, ts_ms);
    check->n_left_out += is_left_out;
    check->n_warned += !is_left_out;
    if (row_tally_count(counted, is_left_out) > 1)
        return LAKE_OK;
    return row_tally_place(&check->tally, counted, check->setup.place, number_of(check, row) + 1, err);
}

/* The marks become those of the rows that are left out. */
static lake_status settle(struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    int64_t n_left_out = check->n_left_out;
    for (int64_t row = 0; check->marks.n_marked > 0 && row < batch->n_rows; row++) {
        enum row_rule rule = (enum row_rule)check->marks.rules[row];
        enum row_action action = row_rule_action(rule, check->setup.options->checks);
        check->marks.rules[row] = action == ROW_LEAVE_OUT;
        if (action == ROW_REJECT)
            return stop(check, rule, batch, row, err);
        if (action != ROW_KEEP)
            TRY(count(check, rule, batch, row, err));
    }
    check->marks.n_marked = check->n_left_out - n_left_out;
    return LAKE_OK;
}

/* ---- slices ---- */

static lake_status check_rules(struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    row_marks_start(&check->marks, batch->n_rows);
    TRY(check_times(check, batch, err));
    if (check->setup.period != NULL)
        TRY(check_grid(check, batch, err));
    if (check->setup.options->checks != LAKE_CHECK_OFF)
        TRY(sanity_check(&check->sanity, batch, &check->marks, err));
    return settle(check, batch, err);
}

lake_status put_check_rows(struct put_check *check, const struct batch *batch, struct lake_error *err)
{
    TRY(check_years(check, batch, err));
    if (!check->setup.options->is_unsorted)
        TRY(check_order(check, batch, err));
    if (check->setup.options->has_start || check->setup.options->has_end)
        TRY(check_range(check, batch, err));
    if (check->side >= 0)
        TRY(check_sides(check, batch, err));
    TRY(check_rules(check, batch, err));
    if (batch->n_rows > 0)
        check->last_ts = ((const int64_t *)batch_values(batch, 0))[batch->n_rows - 1];
    check->n_rows += batch->n_rows;
    return LAKE_OK;
}
