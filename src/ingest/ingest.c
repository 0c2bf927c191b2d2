/* The ingest job: the bars of the sources, in the order given, appended to one write and committed as one operation. */
#include <datalake/lake.h>

#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "ingest/csv_bars.h"
#include "lake/lake.h"
#include "lake/write.h"

#define IGNORED_NAMES_BYTES (16 * MIB)

struct job {
    struct lake *lake;
    const struct lake_ingest_options *options;
    const struct data_type *type;
    const struct period *period; /* NULL until it is told */
    struct lake_write *write;    /* begun when the period is known */
    struct buffer ignored;       /* names of columns, each followed by a line feed */
    int64_t n_rows;
    int64_t n_bytes; /* of the sources that are done */
    int64_t n_bytes_total;
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static lake_status check_options(const struct lake_ingest_options *options, const struct lake_ingest_result *result,
                                 struct lake_error *err)
{
    if (options->size != sizeof *options || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "options or result of ingest are of an unknown size: %zu, %zu",
                         options->size, result->size);
    if (options->sources == NULL || options->n_sources == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "no source to ingest; name a CSV file");
    for (size_t i = 0; i < options->n_sources; i++) {
        if (!is_given(options->sources[i]))
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "source %zu has no name", i + 1);
        if (strcmp(options->sources[i], "-") == 0)
            return lake_fail(err, LAKE_UNSUPPORTED, "standard input is not understood as a source; name a CSV file");
    }
    return LAKE_OK;
}

/* Bars as venues publish them are what CSV files are read for. */
static lake_status find_type(struct job *job, struct lake_error *err)
{
    const char *name = job->options->dataset.type;
    TRY(data_type_find(is_given(name) ? name : "raw", &job->type, err));
    if (strcmp(job->type->name, "agg") == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "agg bars are derived from raw ones and not ingested; ingest as raw");
    if (strcmp(job->type->name, "raw") != 0)
        return lake_fail(err, LAKE_UNSUPPORTED, "ingest of %s (%s) is not supported; raw bars are", job->type->name,
                         job->type->what);
    return LAKE_OK;
}

/* All sources are looked at before the first is read. */
static lake_status check_sources(struct job *job, struct lake_error *err)
{
    for (size_t i = 0; i < job->options->n_sources; i++) {
        int64_t size_bytes;
        TRY(csv_reader_check(lake_io(job->lake), job->options->sources[i], &size_bytes, err));
        job->n_bytes_total += size_bytes;
    }
    return LAKE_OK;
}

static lake_status begin_write(struct job *job, struct lake_error *err)
{
    struct lake_selection dataset = job->options->dataset;
    dataset.type = job->type->name;
    dataset.period = job->period->name;
    return lake_write_begin(job->lake, &dataset, "ingest", &job->write, err);
}

static lake_status report(const struct job *job, int64_t n_bytes, struct lake_error *err)
{
    const struct lake_progress *progress = &job->options->progress;
    if (progress->report != NULL && progress->report(progress->context, job->n_rows, n_bytes, job->n_bytes_total) != 0)
        return lake_fail(err, LAKE_CANCELLED, "ingest was stopped; nothing was committed");
    return LAKE_OK;
}

static lake_status append_runs(struct job *job, const struct csv_runs *runs, struct lake_error *err)
{
    for (size_t i = 0; i < runs->n_runs; i++) {
        const struct batch *batch = &runs->runs[i].rows.batch;
        if (batch->n_rows == 0)
            continue;
        TRY(lake_write_append(job->write, batch, err));
        job->n_rows += batch->n_rows;
    }
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
static lake_status add_ignored(struct job *job, const struct buffer *names, struct lake_error *err)
{
    size_t n;
    for (size_t at = 0; at < names->length; at += n) {
        n = line_bytes(names, at);
        if (!holds_line(&job->ignored, names->data + at, n))
            TRY(buffer_append(&job->ignored, names->data + at, n, err));
    }
    return LAKE_OK;
}

static lake_status ingest_source(struct job *job, const char *path, struct lake_error *err)
{
    struct csv_reader_options options = {lake_io(job->lake), lake_pool(job->lake), path, job->type, 0};
    struct csv_bars bars = {0};
    struct csv_runs runs;
    lake_status status = LAKE_OK;
    TRY_OUT(csv_bars_open(&bars, &options, job->period, err));
    job->period = bars.period;
    if (job->write == NULL)
        TRY_OUT(begin_write(job, err));
    do {
        TRY_OUT(csv_bars_next(&bars, &runs, err));
        TRY_OUT(append_runs(job, &runs, err));
        TRY_OUT(report(job, job->n_bytes + csv_reader_size_bytes(bars.reader), err));
    } while (runs.n_runs > 0);
    job->n_bytes += csv_reader_size_bytes(bars.reader);
    TRY_OUT(add_ignored(job, &csv_reader_layout(bars.reader)->ignored, err));
    TRY_OUT(lake_write_add_source(job->write, path, csv_reader_size_bytes(bars.reader), csv_reader_digest(bars.reader),
                                  err));
out:
    csv_bars_close(&bars);
    return status;
}

static lake_status keep_ignored(struct job *job, const char **out, struct lake_error *err)
{
    const char *text = NULL;
    for (size_t i = 0; i < job->ignored.length; i++)
        if (job->ignored.data[i] == '\n')
            job->ignored.data[i] = ',';
    if (job->ignored.length > 0)
        job->ignored.length--;
    TRY(buffer_string(&job->ignored, &text, err));
    return lake_keep_text(job->lake, text, out, err);
}

/* The strings of the result outlive the write: they are kept before anything is committed, so that nothing can fail after. */
static lake_status keep_names(struct job *job, struct lake_ingest_result *result, struct lake_error *err)
{
    struct lake_selection dataset = lake_write_dataset(job->write);
    TRY(lake_keep_text(job->lake, dataset.exchange, &result->dataset.exchange, err));
    TRY(lake_keep_text(job->lake, dataset.market, &result->dataset.market, err));
    TRY(lake_keep_text(job->lake, dataset.symbol, &result->dataset.symbol, err));
    TRY(lake_keep_text(job->lake, dataset.type, &result->dataset.type, err));
    TRY(lake_keep_text(job->lake, dataset.period, &result->dataset.period, err));
    return keep_ignored(job, &result->ignored_columns, err);
}

static lake_status commit(struct job *job, struct lake_ingest_result *result, struct lake_error *err)
{
    struct lake_write_result written = {0};
    TRY(keep_names(job, result, err));
    TRY(lake_write_commit(job->write, &written, err));
    result->rows_read = written.rows_read;
    result->rows_new = written.rows_new;
    result->rows_changed = written.rows_changed;
    result->rows_equal = written.rows_equal;
    result->first_ms = written.first_ms;
    result->last_ms = written.last_ms;
    result->days_changed = written.days_changed;
    result->files_written = written.files_written;
    result->source_bytes = job->n_bytes;
    result->snapshot = written.snapshot;
    return LAKE_OK;
}

lake_status lake_ingest(struct lake *lake, const struct lake_ingest_options *options, struct lake_ingest_result *result,
                        struct lake_error *err)
{
    struct job job = {.lake = lake, .options = options, .ignored = BUFFER_INIT(IGNORED_NAMES_BYTES)};
    lake_status status = LAKE_OK;
    TRY(check_options(options, result, err));
    TRY(find_type(&job, err));
    if (is_given(options->dataset.period))
        TRY(period_find(options->dataset.period, &job.period, err));
    TRY(check_sources(&job, err));
    for (size_t i = 0; i < options->n_sources; i++)
        TRY_OUT(ingest_source(&job, options->sources[i], err));
    TRY_OUT(commit(&job, result, err));
out:
    lake_write_free(job.write);
    buffer_release(&job.ignored);
    return status;
}
