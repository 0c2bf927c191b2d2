/* The end of an ingest: what it tells its caller, and the commit. What is told is kept before the commit, so that nothing can fail behind
 * it. */
#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "ingest/ingest_job.h"
#include "lake/lake.h"
#include "lake/scan.h"

/* ---- texts that live as long as the lake ---- */

/* The names of columns, separated by commas. */
static lake_status keep_left_out(struct job *job, const char **out, struct lake_error *err)
{
    const char *text = NULL;
    for (size_t i = 0; i < job->left_out.length; i++)
        if (job->left_out.data[i] == '\n')
            job->left_out.data[i] = ',';
    if (job->left_out.length > 0)
        job->left_out.length--;
    TRY(buffer_string(&job->left_out, &text, err));
    return lake_keep_text(job->lake, text, out, err);
}

static lake_status keep_dataset(struct job *job, struct lake_ingest_result *result, struct lake_error *err)
{
    struct lake_selection dataset = lake_write_dataset(job->write);
    TRY(lake_keep_text(job->lake, dataset.exchange, &result->dataset.exchange, err));
    TRY(lake_keep_text(job->lake, dataset.market, &result->dataset.market, err));
    TRY(lake_keep_text(job->lake, dataset.symbol, &result->dataset.symbol, err));
    TRY(lake_keep_text(job->lake, dataset.type, &result->dataset.type, err));
    return lake_keep_text(job->lake, dataset.period, &result->dataset.period, err);
}

static lake_status keep_findings(struct job *job, struct lake_ingest_result *result, struct lake_error *err)
{
    struct lake_ingest_finding *kept = NULL;
    TRY(lake_keep_new(job->lake, job->findings.n, sizeof *kept, &kept, err));
    for (size_t i = 0; i < job->findings.n; i++) {
        const struct finding *finding = &job->findings.items[i];
        TRY(lake_keep_text(job->lake, finding->what, &kept[i].what, err));
        TRY(lake_keep_text(job->lake, finding->value, &kept[i].value, err));
        TRY(lake_keep_text(job->lake, finding->origin, &kept[i].origin, err));
        TRY(lake_keep_text(job->lake, finding->option, &kept[i].option, err));
    }
    result->findings = kept;
    result->n_findings = job->findings.n;
    return LAKE_OK;
}

static lake_status keep_checks(struct job *job, struct lake_ingest_result *result, struct lake_error *err)
{
    const struct row_tally *tally = &job->stage.tally;
    struct lake_ingest_check *kept = NULL;
    size_t n = 0;
    TRY(lake_keep_new(job->lake, tally->n, sizeof *kept, &kept, err));
    for (size_t i = 0; i < tally->n; i++) {
        const struct row_count *count = &tally->counts[i];
        if (count->n_warned + count->n_rejected == 0)
            continue;
        kept[n].n_warned = count->n_warned;
        kept[n].n_rejected = count->n_rejected;
        TRY(lake_keep_text(job->lake, count->rule, &kept[n].rule, err));
        TRY(lake_keep_text(job->lake, count->first_place, &kept[n].first_place, err));
        n++;
    }
    result->checks = kept;
    result->n_checks = n;
    return LAKE_OK;
}

/* ---- numbers ---- */

static void take_numbers(const struct job *job, const struct lake_write_result *written,
                         struct lake_ingest_result *result)
{
    result->rows_read = written->rows_read;
    result->rows_new = written->rows_new;
    result->rows_changed = written->rows_changed;
    result->rows_equal = written->rows_equal;
    result->rows_rejected = job->stage.n_rejected + job->stage.n_left_out;
    result->rows_other = job->stage.n_others;
    result->rows_resumed = job->rows_resumed;
    result->first_ms = written->first_ms;
    result->last_ms = written->last_ms;
    result->days_changed = written->days_changed;
    result->files_written = written->files_written;
    result->bytes_written = written->bytes_written;
    result->source_bytes = job->n_bytes;
    result->snapshot = written->snapshot;
    result->gaps = job->dataset.period == NULL ? -1 : row_gaps_count(&job->stage.gaps);
}

/* Bars that the lake has between the first and the last of this ingest, both included. */
static lake_status count_present(struct job *job, const struct lake_ingest_result *result, int64_t *n)
{
    const struct scan_options options = {
        .query = {.selection = result->dataset, .start_ms = result->first_ms, .end_ms = result->last_ms + 1}};
    struct scan *scan = NULL;
    lake_status status = scan_open(job->lake, &options, &scan, NULL);
    *n = status == LAKE_OK ? scan_rows(scan) : 0;
    scan_close(scan);
    return status == LAKE_NOT_FOUND ? LAKE_OK : status;
}

/* The rows are stored already when this is asked: where it cannot be told, it is not. */
static int64_t count_missing(struct job *job, const struct lake_ingest_result *result)
{
    const struct period *period = job->dataset.period;
    int64_t present = 0;
    if (period == NULL || period->length_ms == 0 || result->rows_read == 0 ||
        count_present(job, result, &present) != LAKE_OK)
        return -1;
    if (ingest_is_dry(job))
        present += result->rows_new;
    int64_t expected = (result->last_ms - result->first_ms + period->length_ms / 2) / period->length_ms + 1;
    return expected > present ? expected - present : 0;
}

/* ---- the commit ---- */

static lake_status set_detail(struct job *job, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(LIMIT_INGEST_TEXTS_BYTES);
    const char *detail = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(row_tally_text(&job->stage.tally, &text, err));
    if (text.length == 0)
        return LAKE_OK;
    TRY_OUT(buffer_string(&text, &detail, err));
    TRY_OUT(lake_write_set_detail(job->write, detail, job->stage.n_rejected + job->stage.n_left_out, err));
out:
    buffer_release(&text);
    return status;
}

static lake_status commit(struct job *job, struct lake_write_result *written, struct lake_error *err)
{
    TRY(set_detail(job, err));
    TRY(ingest_note_findings(job, err));
    TRY(rejects_finish(&job->rejects, err));
    return lake_write_commit(job->write, written, err);
}

lake_status ingest_finish(struct job *job, struct lake_ingest_result *result, struct lake_error *err)
{
    struct lake_write_result written = {0};
    if (job->write == NULL || (job->n_rows == 0 && job->stage.n_rejected > 0))
        return lake_fail(err, LAKE_INVALID_DATA, "%s: no row is left: all of %" PRId64 " were rejected", job->paths[0],
                         job->stage.n_rejected + job->stage.n_left_out);
    TRY(lake_write_stage(job->write, &written, err));
    TRY(ingest_note_repeated(job, written.rows_repeated, err));
    TRY(keep_dataset(job, result, err));
    TRY(keep_findings(job, result, err));
    TRY(keep_checks(job, result, err));
    TRY(keep_left_out(job, &result->ignored_columns, err));
    TRY(ingest_is_dry(job) ? row_sample_take(&job->sample, job->dataset.type, &result->sample, err)
                           : commit(job, &written, err));
    take_numbers(job, &written, result);
    result->bars_missing = count_missing(job, result);
    return LAKE_OK;
}
