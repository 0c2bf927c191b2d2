/* One source of an ingest: its members, block by block, through the stage into the write. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ingest/csv_reader.h"
#include "ingest/ingest_job.h"
#include "ingest/parquet_rows.h"
#include "lake/lake.h"

static int64_t bytes_read(const struct job *job, const struct reading *reading)
{
    return job->n_bytes + source_bytes_read(reading->source);
}

static lake_status report(const struct job *job, const struct reading *reading, struct lake_error *err)
{
    const struct lake_progress *progress = &job->request.options->progress;
    if (progress->report != NULL &&
        progress->report(progress->context, job->n_rows, bytes_read(job, reading), job->n_bytes_total) != 0)
        return lake_fail(err, LAKE_CANCELLED, "ingest was stopped; nothing was committed");
    return LAKE_OK;
}

/* ---- a column that needs another type ---- */

static const char *type_word(enum column_type type)
{
    switch (type) {
    case COLUMN_DOUBLE: return "double";
    case COLUMN_INT64: return "int64";
    case COLUMN_BOOL: return "bool";
    default: return "text";
    }
}

static bool has_stream(const struct job *job)
{
    for (size_t i = 0; i < job->n_paths; i++)
        if (strcmp(job->paths[i], SOURCE_STANDARD_INPUT) == 0)
            return true;
    return false;
}

/* A column that the lake has keeps the type it has there. */
static bool is_stored(const struct ingest_dataset *dataset, const char *name)
{
    int at = dataset->columns == NULL ? -1 : schema_find(dataset->columns, name);
    return at >= 0 && (size_t)at < dataset->n_stored;
}

/* Reading failed: where a column of the source's own turned out to hold more than its first rows showed, all is read again with that
 * type, from the beginning, since what was appended has the other one. */
static lake_status widen(struct job *job, const struct reading *reading, lake_status status, struct lake_error *err)
{
    const char *name = NULL;
    enum column_type type = COLUMN_UTF8;
    char choice[2 * LIMIT_NAME_BYTES], reason[LAKE_ERROR_MESSAGE_BYTES];
    if (reading->layout == NULL || !csv_reader_widened(reading->rows, &name, &type) || is_stored(&job->dataset, name))
        return status;
    (void)snprintf(choice, sizeof choice, "%s:%s", name, type_word(type));
    if (has_stream(job)) {
        if (err != NULL) {
            memcpy(reason, err->message, sizeof reason);
            (void)lake_fail(err, status, "%.800s; say --columns '%s', since standard input cannot be read again",
                            reason, choice);
        }
        return status;
    }
    job->wants_again = ingest_add_choice(job, choice, err) == LAKE_OK;
    return job->wants_again ? status : LAKE_NO_MEMORY;
}

/* ---- a member ---- */

static void close_member(struct reading *reading)
{
    if (reading->rows != NULL)
        reading->rows->ops->close(reading->rows);
    time_zone_close(reading->zone);
    reading->rows = NULL;
    reading->zone = NULL;
    reading->layout = NULL;
}

static bool is_time_local(const struct reading *reading)
{
    return reading->layout != NULL ? reading->layout->is_time_local : parquet_rows_is_time_local(reading->rows);
}

/* Whether the member is the one in which an interrupted ingest left off. */
static bool is_point(const struct job *job, const struct reading *reading)
{
    return job->is_resumed && job->point.source == reading->index && job->point.member == reading->member;
}

static lake_status open_rows(struct job *job, struct reading *reading, struct lake_error *err)
{
    struct row_position start = is_point(job, reading) ? job->point.position : (struct row_position){0, 0};
    bool wants_rejects = job->request.rejects_path != NULL;
    if (source_kind(reading->source) == SOURCE_PARQUET) {
        const struct parquet_rows_options options = {
            .pool = lake_pool(job->lake),
            .source = reading->source,
            .wishes = &reading->wishes,
            .wants_rejects = wants_rejects,
            .start = start,
        };
        return parquet_rows_open(&options, &reading->rows, err);
    }
    const struct csv_reader_options options = {
        .pool = lake_pool(job->lake),
        .source = reading->source,
        .wishes = &reading->wishes,
        .wants_rejects = wants_rejects,
        .start = start,
        .block_bytes = job->tuning.block_bytes,
    };
    TRY(csv_reader_open(&options, &reading->rows, err));
    reading->layout = csv_reader_layout(reading->rows);
    return LAKE_OK;
}

/* What was understood of the first member is what is shown. */
static lake_status add_findings(struct job *job, const struct reading *reading, struct lake_error *err)
{
    const struct findings *found =
        reading->layout != NULL ? &reading->layout->findings : parquet_rows_findings(reading->rows);
    for (size_t i = 0; i < found->n; i++)
        TRY(findings_add(&job->findings, found->items[i], err));
    return LAKE_OK;
}

/* Length of the line at byte `at`, with its line feed. */
static size_t line_bytes(const struct buffer *lines, size_t at)
{
    size_t n = at;
    while (lines->data[n] != '\n')
        n++;
    return n + 1 - at;
}

static bool holds_line(const struct buffer *lines, const uint8_t *line, size_t length)
{
    size_t n;
    for (size_t at = 0; at < lines->length; at += n) {
        n = line_bytes(lines, at);
        if (n == length && memcmp(lines->data + at, line, n) == 0)
            return true;
    }
    return false;
}

/* Adds the names that are not there yet. */
static lake_status add_left_out(struct job *job, const struct reading *reading, struct lake_error *err)
{
    const struct buffer *names = reading->layout == NULL ? NULL : &reading->layout->left_out;
    size_t n;
    for (size_t at = 0; names != NULL && at < names->length; at += n) {
        n = line_bytes(names, at);
        if (!holds_line(&job->left_out, names->data + at, n))
            TRY(buffer_append(&job->left_out, names->data + at, n, err));
    }
    return LAKE_OK;
}

static lake_status open_member(struct job *job, struct reading *reading, struct lake_error *err)
{
    const char *zone = job->request.options->time_zone;
    bool is_first = job->dataset.type == NULL;
    reading->is_told = false;
    job->order = (struct member_order){.has_last = false};
    if (ingest_is_given(zone))
        TRY(time_zone_open(lake_io(job->lake), zone, &reading->zone, err));
    TRY(ingest_dataset_name(job, reading, err));
    TRY(open_rows(job, reading, err));
    TRY(ingest_dataset_type(job, reading, err));
    if (is_first)
        TRY(add_findings(job, reading, err));
    TRY(add_left_out(job, reading, err));
    row_stage_begin(&job->stage, reading->rows, is_time_local(reading) ? reading->zone : NULL,
                    job->request.is_close_stamp);
    if (is_point(job, reading))
        ingest_resume_member(job);
    return LAKE_OK;
}

/* ---- blocks ---- */

static bool has_any(const struct row_runs *runs, bool rows_only)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        const struct row_run *run = &runs->runs[i];
        if (run->batch->n_rows > 0 || (!rows_only && (run->n_rejects > 0 || run->n_others > 0)))
            return true;
    }
    return false;
}

static lake_status append(struct job *job, const struct row_runs *runs, struct lake_error *err)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        const struct batch *batch = runs->runs[i].batch;
        if (batch->n_rows == 0)
            continue;
        if (ingest_is_dry(job))
            TRY(row_sample_add(&job->sample, job->dataset.type, batch, err));
        TRY(lake_write_append(job->write, batch, err));
        job->n_rows += batch->n_rows;
    }
    return LAKE_OK;
}

/* The first rows of a member. */
static lake_status begin_rows(struct job *job, struct reading *reading, const struct row_runs *runs,
                              struct lake_error *err)
{
    TRY(ingest_dataset_rows(job, reading, runs, err));
    return lake_write_begin_member(job->write, source_member(reading->source), err);
}

static lake_status take_block(struct job *job, struct reading *reading, const struct row_runs *runs,
                              struct lake_error *err)
{
    reading->has_rows = reading->has_rows || has_any(runs, false);
    for (size_t i = 0; i < runs->n_runs && job->request.is_close_stamp; i++)
        row_times_round_closes(batch_values(runs->runs[i].batch, 0), runs->runs[i].batch->n_rows);
    if (!reading->is_told && has_any(runs, true))
        TRY(begin_rows(job, reading, runs, err));
    TRY(row_stage_block(&job->stage, runs, err));
    TRY(ingest_note_rows(job, reading, runs, err));
    return append(job, runs, err);
}

static lake_status read_member(struct job *job, struct reading *reading, struct lake_error *err)
{
    struct row_runs runs = {NULL, 0};
    TRY(open_member(job, reading, err));
    do {
        lake_status status = reading->rows->ops->next(reading->rows, &runs, err);
        if (status != LAKE_OK)
            return widen(job, reading, status, err);
        job->has_half_a_block = true;
        TRY(take_block(job, reading, &runs, err));
        job->has_half_a_block = false;
        if (runs.n_runs > 0)
            TRY(ingest_save(job, reading, err));
        TRY(report(job, reading, err));
    } while (runs.n_runs > 0);
    return ingest_note_member(job, reading, err);
}

/* ---- a source ---- */

static bool is_done_before(const struct job *job, const struct reading *reading)
{
    return job->is_resumed && job->point.source == reading->index && reading->member < job->point.member;
}

static lake_status read_members(struct job *job, struct reading *reading, struct lake_error *err)
{
    bool has_member = false;
    TRY(source_next_member(reading->source, &has_member, err));
    while (has_member) {
        if (!is_done_before(job, reading)) {
            TRY(read_member(job, reading, err));
            close_member(reading);
        }
        reading->member++;
        TRY(source_next_member(reading->source, &has_member, err));
    }
    if (!reading->has_rows)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: there is no row in it", reading->path);
    return LAKE_OK;
}

static lake_status finish_source(struct job *job, struct reading *reading, struct lake_error *err)
{
    uint8_t digest[SHA256_BYTES];
    TRY(source_finish(reading->source, digest, err));
    int64_t n_bytes = source_bytes_read(reading->source);
    job->n_bytes += n_bytes;
    return job->write == NULL ? LAKE_OK : lake_write_add_source(job->write, reading->path, n_bytes, digest, err);
}

lake_status ingest_source(struct job *job, size_t index, struct lake_error *err)
{
    bool is_resumed = job->is_resumed && job->point.source == index;
    struct reading reading = {.index = index, .path = job->paths[index], .has_rows = is_resumed};
    lake_status status = LAKE_OK;
    TRY_OUT(source_open(lake_io(job->lake), reading.path, &reading.source, err));
    if (is_resumed)
        source_expect(reading.source, &job->point.mark);
    else if (job->write != NULL)
        TRY_OUT(lake_write_begin_source(job->write, err));
    TRY_OUT(read_members(job, &reading, err));
    TRY_OUT(finish_source(job, &reading, err));
out:
    if (status != LAKE_OK)
        ingest_keep(job, &reading, status);
    close_member(&reading);
    source_close(reading.source);
    return status;
}
