/* Notes of an ingest for the manifest: where in its sources the rows of each day stood, what the sources were asked for and lack, and what is
 * odd about them. */
#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "ingest/ingest_job.h"

static const char rule_repeated[] = "repeated", rule_backward[] = "backward";

/* ---- origins ---- */

/* A run on its way into the write. */
struct noting {
    struct job *job;
    struct time_values times;
    struct run_lines lines;
    bool has_before;      /* the member has rows before the run … */
    int64_t before_value; /* … the last of which has this time */
    bool goes_on;         /* with rows of the same block … */
    int64_t next_value;   /* … the first of which has this time */
};

struct day_bounds {
    int64_t day, from, to; /* times of it, in their unit */
};

/* Most times are milliseconds, and a division takes longer than the rest where each row is of another day. */
static int64_t to_ms(int64_t value, int64_t per_ms)
{
    return per_ms == 1 ? value : time_unit_to_ms(value, per_ms);
}

static int64_t from_ms(int64_t ms, int64_t per_ms)
{
    return per_ms == 1 ? ms : time_unit_from_ms(ms, per_ms);
}

static struct day_bounds bounds_of(int64_t value, int64_t per_ms)
{
    int64_t day = calendar_day_of_ms(to_ms(value, per_ms));
    return (struct day_bounds){day, from_ms(day * MS_PER_DAY, per_ms), from_ms((day + 1) * MS_PER_DAY, per_ms)};
}

/* The line of a stretch's last row. Where the stretch goes on with the next run, the line before that is near enough, and spares looking
 * for it: what is noted of that run corrects it. */
static int64_t last_line(struct noting *noting, int64_t row, const struct day_bounds *bounds)
{
    bool goes_on = noting->goes_on && row + 1 == noting->times.n_rows && noting->next_value >= bounds->from &&
                   noting->next_value < bounds->to;
    return goes_on ? noting->lines.next_line - 1 : run_lines_at(&noting->lines, row);
}

/* The step to the first row of a run that goes on with a stretch of the run before. */
static void count_first_step(const struct noting *noting, const struct day_bounds *bounds,
                             struct lake_write_origin *stretch)
{
    int64_t before = noting->before_value, first = noting->times.values[0];
    bool is_of_day = noting->has_before && before >= bounds->from && before < bounds->to;
    stretch->n_rises += is_of_day && first > before;
    stretch->n_falls += is_of_day && first < before;
}

/* Notes the rows from `first` on that are of one day; *end is behind them. */
static lake_status note_stretch(struct noting *noting, int64_t first, int64_t *end, struct lake_error *err)
{
    const int64_t *ts = noting->times.values;
    const int64_t per_ms = noting->times.per_ms;
    const struct day_bounds bounds = bounds_of(ts[first], per_ms);
    struct lake_write_origin stretch = {.day = bounds.day};
    int64_t least = ts[first], greatest = ts[first], row = first + 1;
    if (first == 0)
        count_first_step(noting, &bounds, &stretch);
    for (; row < noting->times.n_rows && ts[row] >= bounds.from && ts[row] < bounds.to; row++) {
        stretch.n_rises += ts[row] > ts[row - 1];
        stretch.n_falls += ts[row] < ts[row - 1];
        least = ts[row] < least ? ts[row] : least;
        greatest = ts[row] > greatest ? ts[row] : greatest;
    }
    stretch.n_rows = row - first;
    stretch.key_from_ms = to_ms(least, per_ms);
    stretch.key_to_ms = to_ms(greatest, per_ms);
    stretch.line_from = run_lines_at(&noting->lines, first);
    stretch.line_to = last_line(noting, row - 1, &bounds);
    *end = row;
    return lake_write_note_origin(noting->job->write, &stretch, err);
}

static lake_status note_run(struct job *job, const struct reading *reading, const struct row_runs *runs, size_t index,
                            struct lake_error *err)
{
    const struct row_stage *stage = &job->stage;
    const struct batch *batch = runs->runs[index].batch;
    const struct batch *next = index + 1 < runs->n_runs ? runs->runs[index + 1].batch : NULL;
    struct noting noting = {
        .job = job,
        .times = {batch_values(batch, 0), batch->n_rows, stage->times.per_ms},
        .has_before = job->order.has_last,
        .before_value = job->order.last,
    };
    if (batch->n_rows == 0)
        return LAKE_OK;
    run_lines_init(&noting.lines, reading->rows, runs, stage->marks, index);
    noting.goes_on = next != NULL && next->n_rows > 0 && noting.lines.next_line > 0;
    noting.next_value = noting.goes_on ? ((const int64_t *)batch_values(next, 0))[0] : 0;
    member_order_add(&job->order, &noting.times, stage->type->n_key == 1, &noting.lines);
    for (int64_t row = 0; row < batch->n_rows;)
        TRY(note_stretch(&noting, row, &row, err));
    return LAKE_OK;
}

/* ---- absences ---- */

static lake_status note_absence(struct job *job, struct lake_write_absence *absence, struct buffer *answer,
                                struct lake_error *err)
{
    TRY(buffer_string(answer, &absence->answer, err));
    return lake_write_note_absence(job->write, absence, err);
}

static lake_status note_loss(struct job *job, const struct reading *reading, const struct row_loss *loss,
                             struct lake_error *err)
{
    struct lake_write_absence absence = {.start_ms = loss->start_ms, .end_ms = loss->end_ms};
    struct buffer answer = BUFFER_INIT(LIMIT_SOURCE_LISTING_BYTES);
    lake_status status = LAKE_OK;
    absence.kind = loss->rule == RULE_STILL_OPEN ? WRITE_STILL_OPEN : WRITE_CORRUPT_SOURCE;
    TRY_OUT(
        buffer_printf(&answer, err, "%s:%" PRId64 ": %s", reading->rows->place, loss->line, row_rule_name(loss->rule)));
    status = note_absence(job, &absence, &answer, err);
out:
    buffer_release(&answer);
    return status;
}

/* The source was asked for all between its first and its last bar: what is missing there, it does not have. */
static lake_status note_cover(struct job *job, const struct reading *reading, struct lake_error *err)
{
    struct lake_write_absence absence = {.kind = WRITE_SOURCE_EMPTY};
    struct buffer answer = BUFFER_INIT(LIMIT_SOURCE_LISTING_BYTES);
    lake_status status = LAKE_OK;
    if (!member_order_cover(&job->order, job->dataset.period, &absence.start_ms, &absence.end_ms))
        return LAKE_OK;
    TRY_OUT(buffer_printf(&answer, err, "%s has none", reading->rows->place));
    status = note_absence(job, &absence, &answer, err);
out:
    buffer_release(&answer);
    return status;
}

/* ---- a member ---- */

lake_status ingest_note_rows(struct job *job, const struct reading *reading, const struct row_runs *runs,
                             struct lake_error *err)
{
    for (size_t i = 0; i < runs->n_runs; i++)
        TRY(note_run(job, reading, runs, i, err));
    for (size_t i = 0; i < job->stage.n_losses; i++)
        TRY(note_loss(job, reading, &job->stage.losses[i], err));
    return LAKE_OK;
}

/* Where the first row of a rule stands, and when such rows are. */
static lake_status note_steps(struct job *job, const struct reading *reading, const char *rule,
                              const struct member_steps *steps, struct row_count **count, struct lake_error *err)
{
    struct row_tally *tally = &job->stage.tally;
    TRY(row_tally_find(tally, rule, count, err));
    row_tally_widen(*count, steps->from_ms, steps->to_ms);
    if ((*count)->first_place[0] != '\0')
        return LAKE_OK;
    return row_tally_place(tally, *count, reading->rows->place, steps->first_line, err);
}

lake_status ingest_note_member(struct job *job, const struct reading *reading, struct lake_error *err)
{
    const struct member_steps *backward = member_order_backward(&job->order);
    struct row_count *count = NULL;
    if (job->order.n_rows == 0)
        return LAKE_OK;
    if (backward->n > 0) {
        TRY(note_steps(job, reading, rule_backward, backward, &count, err));
        count->n_warned += backward->n;
    }
    if (job->order.repeats.n > 0)
        TRY(note_steps(job, reading, rule_repeated, &job->order.repeats, &count, err));
    return job->dataset.period == NULL ? LAKE_OK : note_cover(job, reading, err);
}

/* ---- all of it ---- */

lake_status ingest_note_repeated(struct job *job, int64_t n, struct lake_error *err)
{
    struct row_count *count = NULL;
    if (n == 0)
        return LAKE_OK;
    TRY(row_tally_find(&job->stage.tally, rule_repeated, &count, err));
    count->n_warned = n;
    return LAKE_OK;
}

/* What was done about the rows. */
static const char *detail_of(const struct row_count *count)
{
    if (strcmp(count->rule, rule_repeated) == 0)
        return "the last row of each key counts";
    if (strcmp(count->rule, rule_backward) == 0)
        return "rows are sorted by time";
    if (count->n_rejected == 0)
        return "kept as they are";
    return count->n_warned == 0 ? "put aside" : "some put aside, some kept as they are";
}

lake_status ingest_note_findings(struct job *job, struct lake_error *err)
{
    const struct row_tally *tally = &job->stage.tally;
    for (size_t i = 0; i < tally->n; i++) {
        const struct row_count *count = &tally->counts[i];
        const struct lake_write_finding finding = {
            .rule = count->rule,
            .n_rows = count->n_warned + count->n_rejected,
            .first_ms = count->from_ms,
            .last_ms = count->to_ms,
            .place = count->first_place,
            .detail = detail_of(count),
        };
        if (finding.n_rows > 0)
            TRY(lake_write_add_finding(job->write, &finding, err));
    }
    return LAKE_OK;
}
