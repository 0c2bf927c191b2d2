/* Safe points of an ingest: what is saved beside the write, and how the job goes on from it. */
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "ingest/ingest_job.h"
#include "io/number.h"
#include "lake/lake.h"

/* Places of the numbers in resume_point.counters. */
enum counter {
    COUNTER_ROWS,
    COUNTER_BYTES_DONE,
    COUNTER_BYTES_READ,
    COUNTER_REJECTED,
    COUNTER_LEFT_OUT,
    COUNTER_OTHERS,
    COUNTER_REJECTS_BYTES,
    COUNTER_GRID_PHASE,
    COUNTER_GRID_LAST,
    COUNTER_HAS_GRID,
    COUNTER_GAPS_LAST,
    COUNTER_GAPS_N,
    COUNTER_GAPS_DIRECTION,
    COUNTER_GAPS_HAS_LAST,
    COUNTER_GAPS_IS_MIXED,
    COUNTER_ZONE_HAS_LAST,
    COUNTER_ZONE_LOCAL,
    COUNTER_ZONE_UTC,
    COUNTER_ZONE_DIRECTION,
    COUNTER_STORED,
    COUNTER_ORDER_HAS_LAST,
    COUNTER_ORDER_LAST,
    COUNTER_ORDER_ROWS,
    COUNTER_ORDER_FROM,
    COUNTER_ORDER_TO,
    COUNTER_RISES, /* four each */
    COUNTER_FALLS = COUNTER_RISES + 4,
    COUNTER_REPEATS = COUNTER_FALLS + 4
};

/* The texts are records: a letter that says what it is, then fields. */
#define FIELD_END '\x1f'
#define RECORD_END '\x1e'
enum {
    RECORD_TELLER = 'p',
    RECORD_CHOICE = 'c',
    RECORD_COLUMN = 'k',
    RECORD_FINDING = 'f',
    RECORD_COUNT = 't',
    RECORD_LEFT_OUT = 'l'
};
enum { RECORD_FIELDS = 7 };

/* ---- texts out ---- */

static lake_status put_record(struct buffer *out, char kind, const char *const *fields, size_t n,
                              struct lake_error *err)
{
    TRY(buffer_append_byte(out, (uint8_t)kind, err));
    for (size_t i = 0; i < n; i++) {
        TRY(buffer_append_text(out, fields[i], err));
        TRY(buffer_append_byte(out, FIELD_END, err));
    }
    return buffer_append_byte(out, RECORD_END, err);
}

static lake_status put_columns(const struct schema *columns, struct buffer *out, struct lake_error *err)
{
    char type[NUMBER_TEXT_BYTES];
    for (size_t i = 0; columns != NULL && i < columns->n_fields; i++) {
        (void)number_format_int64(columns->fields[i].type, type);
        const char *fields[] = {columns->fields[i].name, type};
        TRY(put_record(out, RECORD_COLUMN, fields, 2, err));
    }
    return LAKE_OK;
}

static lake_status put_counts(const struct row_tally *tally, struct buffer *out, struct lake_error *err)
{
    char warned[NUMBER_TEXT_BYTES], rejected[NUMBER_TEXT_BYTES], from[NUMBER_TEXT_BYTES], to[NUMBER_TEXT_BYTES];
    for (size_t i = 0; i < tally->n; i++) {
        const struct row_count *count = &tally->counts[i];
        (void)number_format_int64(count->n_warned, warned);
        (void)number_format_int64(count->n_rejected, rejected);
        (void)number_format_int64(count->from_ms, from);
        (void)number_format_int64(count->to_ms, to);
        const char *fields[] = {count->rule,       warned, rejected, from, to, count->has_times ? "1" : "0",
                                count->first_place};
        TRY(put_record(out, RECORD_COUNT, fields, sizeof fields / sizeof *fields, err));
    }
    return LAKE_OK;
}

static lake_status put_texts(struct job *job, struct buffer *out, struct lake_error *err)
{
    const char *left_out = "";
    TRY(put_record(out, RECORD_TELLER, &job->dataset.teller, 1, err));
    for (size_t i = 0; i < job->n_choices; i++)
        TRY(put_record(out, RECORD_CHOICE, &job->choices[i], 1, err));
    TRY(put_columns(job->dataset.columns, out, err));
    for (size_t i = 0; i < job->findings.n; i++) {
        const struct finding *finding = &job->findings.items[i];
        const char *fields[] = {finding->what, finding->value, finding->origin, finding->option};
        TRY(put_record(out, RECORD_FINDING, fields, 4, err));
    }
    TRY(put_counts(&job->stage.tally, out, err));
    TRY(buffer_string(&job->left_out, &left_out, err));
    return put_record(out, RECORD_LEFT_OUT, &left_out, 1, err);
}

/* ---- texts in ---- */

static lake_status take_column(struct job *job, const char *const *fields, struct lake_error *err)
{
    struct schema *known = job->dataset.columns;
    struct column_field *all = NULL;
    int64_t type = 0;
    size_t n = known == NULL ? 0 : known->n_fields;
    if (!number_parse_int64(fields[1], strlen(fields[1]), &type) || type < COLUMN_BOOL || type > COLUMN_BINARY)
        return lake_fail(err, LAKE_CORRUPT, "the safe point's column %.60s has no type", fields[0]);
    TRY(memory_new(n + 1, sizeof *all, &all, err));
    if (n > 0)
        memcpy(all, known->fields, n * sizeof *all);
    all[n] = (struct column_field){fields[0], (enum column_type)type, 0, n > 0};
    lake_status status = schema_new(all, n + 1, &job->dataset.columns, err);
    memory_free(all);
    if (status == LAKE_OK)
        schema_free(known);
    else
        job->dataset.columns = known;
    return status;
}

static lake_status take_count(struct job *job, const char *const *fields, struct lake_error *err)
{
    struct row_count *count = NULL;
    struct row_tally *tally = &job->stage.tally;
    TRY(row_tally_find(tally, fields[0], &count, err));
    int64_t *const numbers[] = {&count->n_warned, &count->n_rejected, &count->from_ms, &count->to_ms};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!number_parse_int64(fields[i + 1], strlen(fields[i + 1]), numbers[i]))
            return lake_fail(err, LAKE_CORRUPT, "the safe point's count of %.60s is no number", fields[0]);
    count->has_times = fields[5][0] == '1';
    return arena_copy_text(&tally->arena, fields[6], strlen(fields[6]), &count->first_place, err);
}

static lake_status take_record(struct job *job, char kind, const char *const *fields, struct lake_error *err)
{
    switch (kind) {
    case RECORD_TELLER: return arena_copy_text(&job->arena, fields[0], strlen(fields[0]), &job->dataset.teller, err);
    case RECORD_CHOICE: return ingest_add_choice(job, fields[0], err);
    case RECORD_COLUMN: return take_column(job, fields, err);
    case RECORD_FINDING:
        return findings_add(&job->findings, (struct finding){fields[0], fields[1], fields[2], fields[3]}, err);
    case RECORD_COUNT: return take_count(job, fields, err);
    case RECORD_LEFT_OUT: return buffer_append_text(&job->left_out, fields[0], err);
    default: return lake_fail(err, LAKE_CORRUPT, "the safe point holds a record of the unknown kind %d", kind);
    }
}

/* Cuts the text into records in place. */
static lake_status take_texts(struct job *job, char *text, size_t length, struct lake_error *err)
{
    char *end = text + length;
    while (text < end) {
        const char *fields[RECORD_FIELDS] = {"", "", "", "", "", "", ""};
        char kind = *text++;
        size_t n = 0;
        char *field = text;
        for (; text < end && *text != RECORD_END; text++) {
            if (*text != FIELD_END)
                continue;
            *text = '\0';
            if (n < RECORD_FIELDS)
                fields[n++] = field;
            field = text + 1;
        }
        text++;
        TRY(take_record(job, kind, fields, err));
    }
    return LAKE_OK;
}

/* ---- the point ---- */

static void put_steps(const struct member_steps *steps, int64_t *counters)
{
    counters[0] = steps->n;
    counters[1] = steps->first_line;
    counters[2] = steps->from_ms;
    counters[3] = steps->to_ms;
}

static struct member_steps take_steps(const int64_t *counters)
{
    return (struct member_steps){counters[0], counters[1], counters[2], counters[3]};
}

static void put_order(const struct member_order *order, int64_t counters[RESUME_COUNTERS])
{
    counters[COUNTER_ORDER_HAS_LAST] = order->has_last;
    counters[COUNTER_ORDER_LAST] = order->last;
    counters[COUNTER_ORDER_ROWS] = order->n_rows;
    counters[COUNTER_ORDER_FROM] = order->from_ms;
    counters[COUNTER_ORDER_TO] = order->to_ms;
    put_steps(&order->rises, counters + COUNTER_RISES);
    put_steps(&order->falls, counters + COUNTER_FALLS);
    put_steps(&order->repeats, counters + COUNTER_REPEATS);
}

static struct member_order take_order(const int64_t counters[RESUME_COUNTERS])
{
    return (struct member_order){
        .has_last = counters[COUNTER_ORDER_HAS_LAST] != 0,
        .last = counters[COUNTER_ORDER_LAST],
        .n_rows = counters[COUNTER_ORDER_ROWS],
        .from_ms = counters[COUNTER_ORDER_FROM],
        .to_ms = counters[COUNTER_ORDER_TO],
        .rises = take_steps(counters + COUNTER_RISES),
        .falls = take_steps(counters + COUNTER_FALLS),
        .repeats = take_steps(counters + COUNTER_REPEATS),
    };
}

static void put_counters(const struct job *job, int64_t counters[RESUME_COUNTERS])
{
    const struct row_stage *stage = &job->stage;
    counters[COUNTER_ROWS] = job->n_rows;
    counters[COUNTER_BYTES_DONE] = job->n_bytes;
    counters[COUNTER_REJECTED] = stage->n_rejected;
    counters[COUNTER_LEFT_OUT] = stage->n_left_out;
    counters[COUNTER_OTHERS] = stage->n_others;
    counters[COUNTER_GRID_PHASE] = stage->grid.phase_ms;
    counters[COUNTER_GRID_LAST] = stage->grid.last_ms;
    counters[COUNTER_HAS_GRID] = stage->has_grid;
    counters[COUNTER_GAPS_LAST] = stage->gaps.last_ms;
    counters[COUNTER_GAPS_N] = stage->gaps.n_gaps;
    counters[COUNTER_GAPS_DIRECTION] = stage->gaps.direction;
    counters[COUNTER_GAPS_HAS_LAST] = stage->gaps.has_last;
    counters[COUNTER_GAPS_IS_MIXED] = stage->gaps.is_mixed;
    counters[COUNTER_ZONE_HAS_LAST] = stage->times.has_last;
    counters[COUNTER_ZONE_LOCAL] = stage->times.last_local;
    counters[COUNTER_ZONE_UTC] = stage->times.last_utc;
    counters[COUNTER_ZONE_DIRECTION] = stage->times.direction;
    counters[COUNTER_STORED] = (int64_t)job->dataset.n_stored;
    put_order(&job->order, counters);
}

static void take_counters(struct job *job, const int64_t counters[RESUME_COUNTERS])
{
    struct row_stage *stage = &job->stage;
    job->n_rows = counters[COUNTER_ROWS];
    job->rows_resumed = counters[COUNTER_ROWS];
    job->n_bytes = counters[COUNTER_BYTES_DONE];
    job->saved_bytes = counters[COUNTER_BYTES_READ];
    job->dataset.n_stored = (size_t)counters[COUNTER_STORED];
    stage->n_rejected = counters[COUNTER_REJECTED];
    stage->n_left_out = counters[COUNTER_LEFT_OUT];
    stage->n_others = counters[COUNTER_OTHERS];
    stage->gaps = (struct row_gaps){
        .last_ms = counters[COUNTER_GAPS_LAST],
        .n_gaps = counters[COUNTER_GAPS_N],
        .direction = counters[COUNTER_GAPS_DIRECTION],
        .has_last = counters[COUNTER_GAPS_HAS_LAST] != 0,
        .is_mixed = counters[COUNTER_GAPS_IS_MIXED] != 0,
    };
}

void ingest_resume_member(struct job *job)
{
    const int64_t *counters = job->point.counters;
    struct row_stage *stage = &job->stage;
    stage->grid.phase_ms = counters[COUNTER_GRID_PHASE];
    stage->grid.last_ms = counters[COUNTER_GRID_LAST];
    stage->has_grid = counters[COUNTER_HAS_GRID] != 0;
    stage->times.has_last = counters[COUNTER_ZONE_HAS_LAST] != 0;
    stage->times.last_local = counters[COUNTER_ZONE_LOCAL];
    stage->times.last_utc = counters[COUNTER_ZONE_UTC];
    stage->times.direction = counters[COUNTER_ZONE_DIRECTION];
    row_times_resume(&stage->times);
    job->order = take_order(counters);
}

static lake_status save(struct job *job, const struct reading *reading, struct lake_error *err)
{
    struct resume_point point = {
        .source = reading->index,
        .member = reading->member,
        .position = reading->rows->ops->position(reading->rows),
    };
    lake_status status = LAKE_OK;
    buffer_init(&point.texts, RESUME_TEXT_BYTES);
    TRY_OUT(source_get_mark(reading->source, &point.mark, err));
    put_counters(job, point.counters);
    point.counters[COUNTER_BYTES_READ] = job->n_bytes + source_bytes_read(reading->source);
    TRY_OUT(rejects_sync(&job->rejects, &point.counters[COUNTER_REJECTS_BYTES], err));
    TRY_OUT(put_texts(job, &point.texts, err));
    TRY_OUT(resume_save(job->write, job->id, &point, err));
    job->saved_bytes = point.counters[COUNTER_BYTES_READ];
out:
    buffer_release(&point.texts);
    return status;
}

/* Bytes that were read since the last safe point. */
static int64_t unsaved_bytes(const struct job *job, const struct reading *reading)
{
    return job->n_bytes + source_bytes_read(reading->source) - job->saved_bytes;
}

static bool is_worth_saving(const struct job *job, const struct reading *reading)
{
    enum { PARTS = 64 };
    int64_t n_bytes = job->n_bytes + source_bytes_read(reading->source);
    int64_t total = job->n_bytes_total > n_bytes ? job->n_bytes_total : n_bytes;
    int64_t part = total / PARTS;
    int64_t every = part > job->tuning.save_every_bytes ? part : job->tuning.save_every_bytes;
    return total >= job->tuning.save_from_bytes && unsaved_bytes(job, reading) >= every;
}

lake_status ingest_save(struct job *job, const struct reading *reading, struct lake_error *err)
{
    if (ingest_is_dry(job) || job->write == NULL || !is_worth_saving(job, reading))
        return LAKE_OK;
    return save(job, reading, err);
}

static bool may_pass(lake_status status)
{
    switch (status) {
    case LAKE_CANCELLED:
    case LAKE_IO:
    case LAKE_NO_SPACE:
    case LAKE_NO_MEMORY:
    case LAKE_BUSY:
    case LAKE_TIMEOUT:
    case LAKE_INVALID_DATA: return true;
    default: return false;
    }
}

/* Saves what was done since the last safe point, where the reason is not in the rows and they are whole. */
static void save_rest(struct job *job, const struct reading *reading, lake_status status)
{
    if (status == LAKE_INVALID_DATA || reading == NULL || reading->rows == NULL || job->has_half_a_block)
        return;
    if (unsaved_bytes(job, reading) >= job->tuning.save_every_bytes)
        job->can_resume = save(job, reading, NULL) == LAKE_OK;
}

/* A row that is wrong may be corrected behind the safe point, or more of them allowed. */
void ingest_keep(struct job *job, const struct reading *reading, lake_status status)
{
    if (ingest_is_dry(job) || job->write == NULL || job->wants_again)
        return;
    if (job->is_resumed && status == LAKE_CONFLICT)
        lake_write_keep(job->write);
    if (!may_pass(status))
        return;
    save_rest(job, reading, status);
    lake_write_keep(job->write);
    job->can_resume = lake_write_is_saved(job->write);
}

/* Going on failed: what was saved stays as it was, unless it cannot be gone on with at all. A source or a file of rejected rows that is not
 * what it was may be put back. */
static void keep_point(struct job *job, lake_status status)
{
    if (may_pass(status) || status == LAKE_CONFLICT)
        lake_write_keep(job->write);
    job->can_resume = may_pass(status);
}

/* ---- going on ---- */

static lake_status take_dataset(struct job *job, struct lake_error *err)
{
    struct lake_selection names = lake_write_dataset(job->write);
    struct ingest_dataset *dataset = &job->dataset;
    TRY(name_exchange(names.exchange, dataset->exchange, err));
    TRY(name_market(names.market, dataset->market, err));
    TRY(name_symbol(names.symbol, dataset->symbol, err));
    TRY(data_type_find(names.type, &dataset->type, err));
    if (dataset->type->has_period)
        TRY(period_find(names.period, &dataset->period, err));
    job->stage.period = dataset->period;
    job->stage.is_period_given = job->request.period != NULL;
    job->stage.is_crypto = row_stage_is_crypto(dataset->exchange);
    return LAKE_OK;
}

static lake_status take_point(struct job *job, struct lake_error *err)
{
    struct resume_point *point = &job->point;
    if (point->source >= job->n_paths)
        return lake_fail(err, LAKE_CORRUPT, "the safe point stands in source %zu of %zu", point->source + 1,
                         job->n_paths);
    job->is_resumed = true;
    job->n_choices = 0;
    take_counters(job, point->counters);
    TRY(take_dataset(job, err));
    TRY(take_texts(job, (char *)point->texts.data, point->texts.length, err));
    if (job->request.rejects_path == NULL)
        return LAKE_OK;
    return rejects_resume(&job->rejects, point->counters[COUNTER_REJECTS_BYTES], err);
}

/* Why what was saved could not be gone on with. */
static lake_status note_loss(struct job *job, struct lake_error *err)
{
    struct finding finding = {.what = "resume", .origin = "values", .option = "--restart"};
    if (job->point.texts.length == 0)
        return LAKE_OK;
    TRY(buffer_string(&job->point.texts, &finding.value, err));
    return findings_add(&job->findings, finding, err);
}

lake_status ingest_resume(struct job *job, struct lake_error *err)
{
    const struct ingest_request *request = &job->request;
    int64_t n_removed = 0;
    job->choices = NULL;
    for (size_t i = 0; i < request->wishes.columns.n_items; i++)
        TRY(ingest_add_choice(job, request->wishes.columns.items[i], err));
    if (ingest_is_dry(job))
        return LAKE_OK;
    TRY(resume_job(lake_io(job->lake), request->options, job->paths, job->n_paths, job->id, err));
    if (request->options->restart)
        return lake_write_discard(job->lake, job->id, &n_removed, err);
    TRY(resume_load(job->lake, job->id, &job->write, &job->point, err));
    if (job->write == NULL)
        return note_loss(job, err);
    lake_status status = take_point(job, err);
    if (status != LAKE_OK)
        keep_point(job, status);
    return status;
}
