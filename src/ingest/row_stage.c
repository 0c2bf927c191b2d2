#include "ingest/row_stage.h"

#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "ingest/row_drop.h"

#define FIRST_BLOCK_MS INT64_C(1230940800000) /* 2009-01-03, Bitcoin's */
#define LONGEST_MONTH_MS (31 * MS_PER_DAY)
#define REASON_BYTES (64 * KIB)

static const char *const crypto_venues[] = {
    "BINANCE",  "BINANCEUS",   "BITFINEX", "BITGET", "BITMEX", "BITSTAMP", "BITTREX",  "BYBIT",
    "COINBASE", "CRYPTOCOM",   "DERIBIT",  "FTX",    "GATEIO", "GEMINI",   "HITBTC",   "HTX",
    "HUOBI",    "HYPERLIQUID", "KRAKEN",   "KUCOIN", "MEXC",   "OKX",      "POLONIEX",
};

bool row_stage_is_crypto(const char *exchange)
{
    for (size_t i = 0; i < sizeof crypto_venues / sizeof *crypto_venues; i++)
        if (strcmp(exchange, crypto_venues[i]) == 0)
            return true;
    return false;
}

void row_stage_init(struct row_stage *stage, const struct row_stage_setup *setup)
{
    *stage = (struct row_stage){.setup = *setup};
    row_tally_init(&stage->tally);
    buffer_init(&stage->reason, REASON_BYTES);
    buffer_init(&stage->record, 2 * LIMIT_CSV_LINE_BYTES);
}

void row_stage_release(struct row_stage *stage)
{
    for (size_t i = 0; i < stage->n_marks; i++)
        row_marks_release(&stage->marks[i]);
    memory_free(stage->marks);
    memory_free(stage->losses);
    row_tally_release(&stage->tally);
    buffer_release(&stage->reason);
    buffer_release(&stage->record);
    stage->marks = NULL;
    stage->losses = NULL;
    stage->n_marks = stage->n_losses = stage->losses_capacity = 0;
}

void row_stage_begin(struct row_stage *stage, struct row_source *rows, struct time_zone *zone, bool is_close)
{
    stage->rows = rows;
    stage->type = rows->type;
    sanity_init(&stage->sanity, rows->type, rows->schema);
    stage->times = (struct row_times){
        .zone = zone,
        .is_close = is_close,
        .per_ms = time_unit_per_ms(rows->schema->fields[0].type),
    };
    if (stage->period != NULL)
        row_stage_set_period(stage, stage->period, stage->is_period_given);
}

void row_stage_set_period(struct row_stage *stage, const struct period *period, bool is_given)
{
    stage->period = period;
    stage->is_period_given = is_given;
    stage->times.period = period;
    stage->grid = bar_grid_start(period, stage->times.zone != NULL);
    stage->has_grid = false;
}

/* ---- what is wrong with a row ---- */

static lake_status add_time(const struct row_stage *stage, const struct batch *batch, int64_t row, struct buffer *out,
                            struct lake_error *err)
{
    char text[CALENDAR_TEXT_BYTES];
    int64_t ts = ((const int64_t *)batch->columns[0].values)[row];
    if (stage->times.per_ms == 1)
        (void)calendar_format_ms(ts, text);
    else
        (void)calendar_format_us(ts / (stage->times.per_ms / US_PER_MS), text);
    return buffer_append_text(out, text, err);
}

static lake_status add_time_reason(const struct row_stage *stage, enum row_rule rule, const struct batch *batch,
                                   int64_t row, struct buffer *out, struct lake_error *err)
{
    TRY(add_time(stage, batch, row, out, err));
    switch (rule) {
    case RULE_SKIPPED_TIME:
        /* The time is local here: its Z would be a lie. */
        out->length--;
        return buffer_printf(out, err, " is no time in %s, where the clocks skip it",
                             time_zone_name(stage->times.zone));
    case RULE_OFF_GRID: return buffer_printf(out, err, " is no time at which a bar of %s opens", stage->period->name);
    case RULE_FUTURE: return buffer_append_text(out, " lies in the future", err);
    case RULE_STILL_OPEN:
        return buffer_printf(out, err, " opens a bar of %s that has not ended yet", stage->period->name);
    default: return buffer_append_text(out, " is before there was a market", err);
    }
}

static lake_status make_reason(struct row_stage *stage, enum row_rule rule, const struct batch *batch, int64_t row,
                               struct lake_error *err)
{
    buffer_clear(&stage->reason);
    if (rule <= RULE_EARLY)
        return add_time_reason(stage, rule, batch, row, &stage->reason, err);
    return sanity_reason(&stage->sanity, rule, batch, row, &stage->reason, err);
}

/* A second or less before a full minute: such times are ends of bars. */
static bool looks_like_end(const struct row_stage *stage, const struct batch *batch, int64_t row)
{
    int64_t ts_ms = time_unit_to_ms(((const int64_t *)batch->columns[0].values)[row], stage->times.per_ms);
    int64_t rest_ms = ts_ms - calendar_day_of_ms(ts_ms) * MS_PER_DAY;
    return !stage->times.is_close && rest_ms % MS_PER_MINUTE >= MS_PER_MINUTE - MS_PER_SECOND;
}

static const char *advice(const struct row_stage *stage, enum row_rule rule, const struct batch *batch, int64_t row)
{
    if (rule != RULE_OFF_GRID)
        return "--rejects puts such rows aside";
    if (looks_like_end(stage, batch, row))
        return "where it is the end of the bar, say --stamp close";
    return stage->is_period_given ? "is the period another?" : "name the period with --period if it is another";
}

/* ---- times ---- */

static int64_t bar_end_ms(const struct period *period, int64_t ts_ms)
{
    if (period->length_ms > 0)
        return ts_ms + period->length_ms;
    return calendar_month_next(calendar_day_of_ms(ts_ms)) * MS_PER_DAY;
}

static enum row_rule time_rule(const struct row_stage *stage, int64_t ts, bool has_later)
{
    int64_t ts_ms = time_unit_to_ms(ts, stage->times.per_ms);
    if (ts_ms > stage->setup.now_ms)
        return RULE_FUTURE;
    if (stage->period != NULL && !has_later && bar_end_ms(stage->period, ts_ms) > stage->setup.now_ms)
        return RULE_STILL_OPEN;
    return stage->is_crypto && ts_ms < FIRST_BLOCK_MS ? RULE_EARLY : RULE_NONE;
}

/* Most blocks hold none: one pass without branches tells. */
static bool has_odd_time(const struct row_stage *stage, const int64_t *ts, int64_t n_rows)
{
    int64_t length_ms = 0;
    if (stage->period != NULL)
        length_ms = stage->period->length_ms > 0 ? stage->period->length_ms : LONGEST_MONTH_MS;
    int64_t latest = time_unit_from_ms(stage->setup.now_ms - length_ms, stage->times.per_ms);
    int64_t earliest = time_unit_from_ms(FIRST_BLOCK_MS, stage->times.per_ms);
    int odd = 0;
    for (int64_t i = 0; i < n_rows; i++)
        odd |= (ts[i] > latest) | (ts[i] < earliest);
    return odd != 0;
}

/* A bar that others follow is no venue's open one: made-up series, or a clock here that is slow. */
static bool reaches_beyond(const int64_t *ts, int64_t n_rows, int64_t now)
{
    for (int64_t i = 0; i < n_rows; i++)
        if (ts[i] > now)
            return true;
    return false;
}

static lake_status check_times(const struct row_stage *stage, const struct batch *batch, struct row_marks *marks,
                               struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    if (!has_odd_time(stage, ts, batch->n_rows))
        return LAKE_OK;
    bool has_later = reaches_beyond(ts, batch->n_rows, time_unit_from_ms(stage->setup.now_ms, stage->times.per_ms));
    for (int64_t row = 0; row < batch->n_rows; row++) {
        enum row_rule rule = time_rule(stage, ts[row], has_later);
        if (rule != RULE_NONE)
            TRY(row_marks_set(marks, row, rule, err));
    }
    return LAKE_OK;
}

static lake_status check_grid(struct row_stage *stage, const struct batch *batch, struct row_marks *marks,
                              struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        int64_t off = bar_grid_find_off(&stage->grid, ts + row, batch->n_rows - row);
        if (off < 0)
            return LAKE_OK;
        row += off;
        TRY(row_marks_set(marks, row, RULE_OFF_GRID, err));
    }
    return LAKE_OK;
}

/* ---- rows that are put aside ---- */

static lake_status fail_too_many(const struct row_stage *stage, const struct reject *reject, struct lake_error *err)
{
    const char *path = stage->setup.rejects == NULL ? "" : stage->setup.rejects->path;
    return lake_fail(err, LAKE_INVALID_DATA,
                     "%s:%" PRId64 ": %s; with it more than %" PRId64
                     " rows are wrong%s%s: correct the options, or allow more "
                     "with --max-rejects",
                     reject->place, reject->line, reject->reason, stage->setup.max_rejects,
                     *path == '\0' ? "" : ", which are in ", path);
}

static lake_status put_aside(struct row_stage *stage, const struct reject *reject, struct lake_error *err)
{
    struct row_count *count = NULL;
    TRY(row_tally_find(&stage->tally, reject->rule, &count, err));
    if (row_tally_count(count, true) == 1)
        TRY(row_tally_place(&stage->tally, count, reject->place, reject->line, err));
    return stage->setup.rejects == NULL ? LAKE_OK : rejects_add(stage->setup.rejects, reject, err);
}

static lake_status reject(struct row_stage *stage, const struct reject *reject, struct lake_error *err)
{
    TRY(put_aside(stage, reject, err));
    stage->n_rejected++;
    return stage->n_rejected > stage->setup.max_rejects ? fail_too_many(stage, reject, err) : LAKE_OK;
}

/* Those that the reader could not understand, as far as they stand before the line. */
static lake_status take_rejects(struct row_stage *stage, const struct row_run *run, size_t *next, int64_t line,
                                struct lake_error *err)
{
    for (; *next < run->n_rejects && run->rejects[*next].line < line; (*next)++) {
        const struct row_reject *unread = &run->rejects[*next];
        struct reject one = {stage->rows->place, unread->line, unread->rule,
                             unread->reason,     unread->text, unread->length};
        TRY(reject(stage, &one, err));
    }
    return LAKE_OK;
}

/* ---- one run ---- */

struct settling {
    struct row_run *run;
    size_t index;
    struct row_marks *marks;
    size_t n_taken; /* of the run's rejects */
    int64_t n_dropped;
};

static int64_t time_of(const struct row_stage *stage, const struct settling *work, int64_t row)
{
    return time_unit_to_ms(((const int64_t *)work->run->batch->columns[0].values)[row], stage->times.per_ms);
}

/* A bar whose time is known is missed for as long as it lasts. */
static lake_status note_loss(struct row_stage *stage, const struct settling *work, const struct row_loss *loss,
                             int64_t row, struct lake_error *err)
{
    struct row_count *count = NULL;
    bool is_missed = loss->rule > RULE_EARLY || loss->rule == RULE_STILL_OPEN;
    int64_t ts_ms = time_of(stage, work, row);
    if (loss->rule == RULE_SKIPPED_TIME)
        return LAKE_OK;
    TRY(row_tally_find(&stage->tally, row_rule_name(loss->rule), &count, err));
    row_tally_widen(count, ts_ms, ts_ms);
    if (stage->period == NULL || !is_missed)
        return LAKE_OK;
    if (stage->n_losses == stage->losses_capacity) {
        size_t capacity = 2 * stage->losses_capacity + 16;
        TRY(memory_resize(&stage->losses, capacity, sizeof *stage->losses, err));
        stage->losses_capacity = capacity;
    }
    stage->losses[stage->n_losses] = *loss;
    stage->losses[stage->n_losses].start_ms = ts_ms;
    stage->losses[stage->n_losses].end_ms = bar_end_ms(stage->period, ts_ms);
    stage->n_losses++;
    return LAKE_OK;
}

static lake_status warn(struct row_stage *stage, const struct settling *work, enum row_rule rule, int64_t row,
                        struct lake_error *err)
{
    struct row_source *rows = stage->rows;
    if (stage->warned[rule] == NULL)
        TRY(row_tally_find(&stage->tally, row_rule_name(rule), &stage->warned[rule], err));
    int64_t ts_ms = time_of(stage, work, row);
    row_tally_widen(stage->warned[rule], ts_ms, ts_ms);
    if (row_tally_count(stage->warned[rule], false) > 1)
        return LAKE_OK;
    return row_tally_place(&stage->tally, stage->warned[rule], rows->place, rows->ops->line(rows, work->index, row),
                           err);
}

static lake_status stop_or_put_aside(struct row_stage *stage, struct settling *work, enum row_rule rule, int64_t row,
                                     struct lake_error *err)
{
    struct row_source *rows = stage->rows;
    struct reject one = {
        .place = rows->place, .line = rows->ops->line(rows, work->index, row), .rule = row_rule_name(rule)};
    enum row_action action = row_rule_action(rule, stage->setup.checks);
    TRY(make_reason(stage, rule, work->run->batch, row, err));
    TRY(buffer_string(&stage->reason, &one.reason, err));
    if (action == ROW_REJECT && !stage->setup.puts_aside)
        return lake_fail(err, LAKE_INVALID_DATA, "%s:%" PRId64 ": %s; %s", one.place, one.line, one.reason,
                         advice(stage, rule, work->run->batch, row));
    TRY(take_rejects(stage, work->run, &work->n_taken, one.line, err));
    buffer_clear(&stage->record);
    if (stage->setup.rejects != NULL)
        TRY(rows->ops->text(rows, work->index, row, &stage->record, err));
    one.record_bytes = stage->record.length;
    TRY(buffer_string(&stage->record, &one.record, err));
    work->n_dropped++;
    stage->n_left_out += action != ROW_REJECT;
    TRY(action == ROW_REJECT ? reject(stage, &one, err) : put_aside(stage, &one, err));
    return note_loss(stage, work, &(struct row_loss){.line = one.line, .rule = rule}, row, err);
}

/* The marks become those of the rows to be dropped. */
static lake_status settle_row(struct row_stage *stage, struct settling *work, int64_t row, struct lake_error *err)
{
    enum row_rule rule = (enum row_rule)work->marks->rules[row];
    enum row_action action = row_rule_action(rule, stage->setup.checks);
    work->marks->rules[row] = action == ROW_REJECT || action == ROW_LEAVE_OUT;
    if (action == ROW_KEEP)
        return LAKE_OK;
    return action == ROW_WARN ? warn(stage, work, rule, row, err) : stop_or_put_aside(stage, work, rule, row, err);
}

static lake_status settle_run(struct row_stage *stage, struct settling *work, struct lake_error *err)
{
    int64_t n_rows = work->marks->n_marked > 0 ? work->run->batch->n_rows : 0;
    for (int64_t row = 0; row < n_rows; row++)
        TRY(settle_row(stage, work, row, err));
    TRY(take_rejects(stage, work->run, &work->n_taken, INT64_MAX, err));
    stage->n_others += work->run->n_others;
    if (work->n_dropped > 0)
        row_drop(work->run->batch, work->marks->rules);
    return LAKE_OK;
}

/* ---- a block ---- */

static lake_status make_marks(struct row_stage *stage, size_t n, struct lake_error *err)
{
    if (n <= stage->n_marks)
        return LAKE_OK;
    TRY(memory_resize(&stage->marks, n, sizeof *stage->marks, err));
    memset(stage->marks + stage->n_marks, 0, (n - stage->n_marks) * sizeof *stage->marks);
    stage->n_marks = n;
    return LAKE_OK;
}

/* The grid is laid by all rows of the first block that has some. */
static void lay_grid(struct row_stage *stage, const struct row_runs *runs)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        const struct batch *batch = runs->runs[i].batch;
        bar_grid_lay(&stage->grid, batch_values(batch, 0), batch->n_rows);
        stage->has_grid = stage->has_grid || batch->n_rows > 0;
    }
}

struct values_job {
    struct row_stage *stage;
    const struct row_runs *runs;
};

static lake_status check_values(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct values_job *job = context;
    (void)worker;
    return sanity_check(&job->stage->sanity, job->runs->runs[index].batch, &job->stage->marks[index], err);
}

static lake_status check_run(struct row_stage *stage, struct row_run *run, size_t index, struct lake_error *err)
{
    struct settling work = {.run = run, .index = index, .marks = &stage->marks[index]};
    TRY(check_times(stage, run->batch, work.marks, err));
    if (stage->period != NULL)
        TRY(check_grid(stage, run->batch, work.marks, err));
    TRY(settle_run(stage, &work, err));
    if (stage->period != NULL)
        row_gaps_add(&stage->gaps, stage->period, batch_values(run->batch, 0), run->batch->n_rows);
    return LAKE_OK;
}

lake_status row_stage_block(struct row_stage *stage, const struct row_runs *runs, struct lake_error *err)
{
    struct values_job values = {stage, runs};
    TRY(make_marks(stage, runs->n_runs, err));
    stage->n_losses = 0;
    for (size_t i = 0; i < runs->n_runs; i++) {
        row_marks_start(&stage->marks[i], runs->runs[i].batch->n_rows);
        TRY(row_times_convert(&stage->times, runs->runs[i].batch, &stage->marks[i], err));
    }
    if (stage->period != NULL && !stage->has_grid)
        lay_grid(stage, runs);
    if (stage->setup.checks != LAKE_CHECK_OFF)
        TRY(pool_run(stage->setup.pool, runs->n_runs, check_values, &values, err));
    for (size_t i = 0; i < runs->n_runs; i++)
        TRY(check_run(stage, &runs->runs[i], i, err));
    return LAKE_OK;
}
