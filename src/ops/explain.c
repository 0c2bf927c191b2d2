/* Where a row came from: finding the row, or saying why there is none. */
#include <datalake/bars.h>
#include <datalake/text.h>

#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "column/data_type.h"
#include "column/format.h"
#include "column/time_unit.h"
#include "lake/bar_slots.h"
#include "lake/table_stream.h"
#include "ops/explain.h"
#include "ops/gap_walk.h"
#include "ops/read_source.h"

#define LONGEST_MONTH_MS (31 * MS_PER_DAY)

struct question {
    struct explain explain;
    struct read_source source;
    const char *dataset; /* as people write it */
    const char *noun;    /* of its rows */
    bool is_bars;
    int64_t ts_ms;
    bool is_found;
    int64_t row_ms;
};

/* ---- the row ---- */

static const char *noun_of(const struct manifest_dataset *dataset)
{
    const struct data_type *type = NULL;
    if (data_type_find(dataset->type, &type, NULL) != LAKE_OK || type->is_versioned)
        return "row"; /* of a registered type, or a feature */
    if (type->is_bars)
        return "bar";
    return data_type_counts_rows(type) ? "trade" : "funding rate";
}

/* Where a bar that holds the instant may begin; of other rows the instant's millisecond. */
static struct time_range range_of(const struct question *question)
{
    int64_t longest_ms = 1, ts_ms = question->ts_ms;
    if (question->is_bars)
        longest_ms = question->source.period->length_ms > 0 ? question->source.period->length_ms : LONGEST_MONTH_MS;
    return (struct time_range){ts_ms < INT64_MIN + longest_ms ? INT64_MIN : ts_ms - longest_ms + 1, ts_ms + 1};
}

static bool holds(const struct question *question, int64_t row_ms)
{
    const struct bar_slots grid = {question->source.period, row_ms};
    return !question->is_bars || bar_slots_time(&grid, 1) > question->ts_ms;
}

/* "open 1 high 2 …", without what is null. */
static lake_status describe_row(struct question *question, const struct batch *batch, int64_t row, const char **out,
                                struct lake_error *err)
{
    struct buffer values = BUFFER_INIT(MIB);
    const char *text = "";
    lake_status status = LAKE_OK;
    for (size_t i = 1; i < batch->schema->n_fields; i++) {
        if (!column_is_valid(&batch->columns[i], row))
            continue;
        TRY_OUT(buffer_printf(&values, err, "%s%s ", values.length == 0 ? "" : ", ", batch->schema->fields[i].name));
        TRY_OUT(format_value(batch, i, row, TIME_TEXT_ISO, &values, err));
    }
    TRY_OUT(buffer_string(&values, &text, err));
    status = arena_copy_text(&question->explain.arena, text, values.length, out, err);
out:
    buffer_release(&values);
    return status;
}

struct chosen {
    const char *values; /* of the last row that holds the instant */
    int64_t n;          /* rows that do: of trades there may be several */
};

static lake_status take_batch(struct question *question, const struct batch *batch, struct chosen *chosen,
                              struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    int64_t per_ms = time_unit_per_ms(batch->schema->fields[0].type);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        int64_t row_ms = time_unit_to_ms(ts[row], per_ms);
        if (!holds(question, row_ms))
            continue;
        chosen->n++;
        if (question->is_bars || chosen->n == 1)
            TRY(describe_row(question, batch, row, &chosen->values, err));
        question->is_found = true;
        question->row_ms = row_ms;
    }
    return LAKE_OK;
}

static lake_status find_row(struct question *question, struct chosen *chosen, struct lake_error *err)
{
    struct read_rows rows = {.scan = NULL};
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(read_rows_open(&question->source, range_of(question), &rows, err));
    for (;;) {
        TRY_OUT(read_rows_next(&rows, &batch, err));
        if (batch.release == NULL)
            break;
        status = take_batch(question, &batch, chosen, err);
        batch_release(&batch);
        TRY_OUT(status);
    }
out:
    read_rows_close(&rows);
    return status;
}

static lake_status tell_row(struct question *question, const struct chosen *chosen, struct lake_error *err)
{
    struct explain_step step = {.step = "bar", .dataset = question->dataset, .what = chosen->values};
    step.ts_ms = &question->row_ms;
    if (!question->is_bars)
        step.step = "row";
    if (!question->is_bars && chosen->n > 1)
        TRY(explain_text(&question->explain, &step.what, err, "%" PRId64 " %ss in this millisecond; the first: %s",
                         chosen->n, question->noun, chosen->values));
    if (question->source.note[0] != '\0')
        step.detail = question->source.note;
    return explain_tell(&question->explain, &step, err);
}

/* ---- where it came from ---- */

/* Bars that are stored and derived anew when they are read: what is stored tells what they were made of, and of what not any more. */
static lake_status is_made_of(struct question *question, bool *out, struct lake_error *err)
{
    struct lake *lake = question->explain.lake;
    struct manifest_derivation derivation;
    bool is_found = false;
    *out = false;
    if (question->source.dataset.id == 0)
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_derivation(lake->manifest, question->source.dataset.id, &question->explain.arena,
                                                  &derivation, &is_found, err);
    mutex_unlock(lake->mutex);
    *out = is_found && derivation.source_id == question->source.derive.source.id &&
           strcmp(derivation.recipe, question->source.derive.recipe) == 0;
    return status;
}

static lake_status trace(struct question *question, struct lake_error *err)
{
    const struct read_source *source = &question->source;
    const struct derive_source *derive = &source->derive;
    const struct explain_rows row = {.dataset = source->dataset,
                                     .period = source->period,
                                     .first_ms = question->row_ms,
                                     .last_ms = question->row_ms,
                                     .depth = 1,
                                     .is_one = true};
    bool is_stored = !source->is_derived;
    if (source->is_derived)
        TRY(is_made_of(question, &is_stored, err));
    if (is_stored)
        return explain_walk(&question->explain, &row, err);
    struct explain_bucket bucket = {.source = derive->source,
                                    .range = bucket_at(&derive->grid, question->row_ms),
                                    .recipe = derive->recipe,
                                    .depth = 1};
    if (bar_slots_has(derive->source_period))
        bucket.n_expected = bucket_expected(&derive->grid, bucket.range, derive->source_period);
    return explain_bucket_rows(&question->explain, &bucket, err);
}

/* ---- no such row ---- */

/* The time of the last row before the instant, or of the first behind it; "" where there is none. */
static lake_status find_neighbour(struct question *question, bool before, char out[LAKE_TEXT_BYTES],
                                  struct lake_error *err)
{
    static const char *const time_only[] = {"ts"};
    const struct manifest_dataset *dataset = &question->source.dataset;
    const struct lake_scan_options options = {
        .size = sizeof options,
        .dataset = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
        .has_start = !before,
        .has_end = before,
        .start_ms = question->ts_ms,
        .end_ms = question->ts_ms,
        .columns = time_only,
        .n_columns = 1,
        .limit = before ? 0 : 1,
        .tail = before ? 1 : 0,
    };
    struct lake_scan *scan = NULL;
    struct ArrowSchema schema = {0};
    struct ArrowArray rows = {0};
    lake_status status = LAKE_OK;
    out[0] = '\0';
    TRY_OUT(lake_scan_open(question->explain.lake, &options, &scan, err));
    TRY_OUT(lake_scan_schema(scan, &schema, err));
    TRY_OUT(lake_scan_next(scan, &rows, err));
    if (rows.release != NULL && rows.length > 0)
        (void)lake_format_value(schema.children[0], rows.children[0], rows.offset, out, LAKE_TEXT_BYTES);
out:
    if (rows.release != NULL)
        rows.release(&rows);
    if (schema.release != NULL)
        schema.release(&schema);
    lake_scan_close(scan);
    return status;
}

struct reason {
    struct question *question;
    const char *text; /* "" where there is nothing to be told */
};

static lake_status take_gap(void *context, const struct manifest_dataset *dataset, const struct gap *gap,
                            struct lake_error *err)
{
    struct reason *reason = context;
    struct explain *explain = &reason->question->explain;
    const struct manifest_absence *known = gap->absence;
    const char *name = manifest_reason_name(gap->reason);
    (void)dataset;
    if (known == NULL || known->answer[0] == '\0')
        return explain_text(explain, &reason->text, err, ": %s", name);
    if (known->snapshot == 0)
        return explain_text(explain, &reason->text, err, ": %s (%s)", name, known->answer);
    bool says_more = strcmp(known->answer, name) != 0;
    return explain_text(explain, &reason->text, err, ": %s (%s%ssnapshot %" PRId64 ")", name,
                        says_more ? known->answer : "", says_more ? "; " : "", known->snapshot);
}

static lake_status skip_bars(void *context, const struct manifest_dataset *dataset, int64_t first_ms, int64_t n,
                             struct lake_error *err)
{
    (void)context;
    (void)dataset;
    (void)first_ms;
    (void)n;
    (void)err;
    return LAKE_OK;
}

/* As dl gaps has it. */
static lake_status find_reason(struct question *question, struct reason *reason, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &question->source.dataset;
    const struct time_range range = range_of(question);
    const struct gap_sink sink = {take_gap, skip_bars, reason};
    const struct lake_gaps_options options = {
        .size = sizeof options,
        .selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
        .has_start = true,
        .has_end = true,
        .start_ms = range.start_ms,
        .end_ms = range.end_ms,
    };
    struct gap_walk walk;
    lake_status status = LAKE_OK;
    if (!question->is_bars)
        return LAKE_OK;
    if (question->source.is_derived) {
        reason->text = ": no-source-bars";
        return LAKE_OK;
    }
    TRY(gap_walk_init(&walk, question->explain.lake, &options, err));
    for (bool more = true; more;)
        TRY_OUT(gap_walk_step(&walk, &sink, &more, err));
out:
    gap_walk_release(&walk);
    return status;
}

static lake_status fail_missing(struct question *question, struct lake_error *err)
{
    char at[CALENDAR_TEXT_BYTES], before[LAKE_TEXT_BYTES], after[LAKE_TEXT_BYTES];
    struct reason reason = {question, ""};
    calendar_format_ms(question->ts_ms, at);
    TRY(find_reason(question, &reason, err));
    TRY(find_neighbour(question, true, before, err));
    TRY(find_neighbour(question, false, after, err));
    return lake_fail(err, LAKE_NOT_FOUND, "%s has no %s at %s%s; before it %s%s, behind it %s%s", question->dataset,
                     question->noun, at, reason.text, before[0] == '\0' ? "there is none" : "the nearest is ", before,
                     after[0] == '\0' ? "there is none" : "the nearest is ", after);
}

/* ---- all of it ---- */

static lake_status answer(struct question *question, struct lake_error *err)
{
    struct read_source *source = &question->source;
    struct chosen chosen = {"", 0};
    TRY(explain_name(&question->explain, &source->dataset, &question->dataset, err));
    question->is_bars = source->period != NULL && bar_slots_has(source->period);
    question->noun = noun_of(&source->dataset);
    TRY(find_row(question, &chosen, err));
    if (!question->is_found)
        return fail_missing(question, err);
    TRY(tell_row(question, &chosen, err));
    return trace(question, err);
}

lake_status lake_explain(struct lake *lake, const struct lake_explain_options *options, struct ArrowArrayStream *out,
                         struct lake_error *err)
{
    struct question question = {.is_found = false};
    lake_status status = LAKE_OK;
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "explain options have an unknown size");
    if (options->ts_ms == INT64_MAX)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the time is out of range");
    const struct lake_scan_options scan = {.size = sizeof scan,
                                           .dataset = options->dataset,
                                           .has_start = true,
                                           .has_end = true,
                                           .start_ms = options->ts_ms,
                                           .end_ms = options->ts_ms + 1};
    question.ts_ms = options->ts_ms;
    TRY(read_source_resolve(lake, &scan, &question.source, err));
    TRY_OUT(explain_begin(&question.explain, lake, err));
    TRY_OUT(answer(&question, err));
    status = table_stream(question.explain.table, out, err);
out:
    explain_release(&question.explain);
    read_source_release(&question.source);
    return status;
}
