/* The ingest job: rows of the sources, in the order given, appended to one write and committed as one operation. */
#include <datalake/lake.h>

#include <string.h>

#include "base/limits.h"
#include "ingest/ingest_job.h"
#include "lake/lake.h"

static const struct ingest_tuning default_tuning = {
    .save_from_bytes = (int64_t)LIMIT_INGEST_SAVE_FROM_BYTES,
    .save_every_bytes = (int64_t)LIMIT_INGEST_SAVE_EVERY_BYTES,
};

/* ---- beginning and end ---- */

static void init_state(struct job *job)
{
    struct io io = lake_io(job->lake);
    struct row_stage_setup setup = {
        .pool = lake_pool(job->lake),
        .checks = job->request.options->checks,
        .puts_aside = job->request.rejects_path != NULL,
        .rejects = job->request.rejects_path != NULL && !ingest_is_dry(job) ? &job->rejects : NULL,
        .max_rejects = job->request.max_rejects,
        .now_ms = io.ops->now_ms(io.context),
    };
    row_stage_init(&job->stage, &setup);
    rejects_init(&job->rejects, io, job->request.rejects_path);
    buffer_init(&job->left_out, LIMIT_INGEST_TEXTS_BYTES);
    job->findings = (struct findings){.arena = &job->arena};
}

static void release_state(struct job *job)
{
    lake_write_free(job->write);
    row_stage_release(&job->stage);
    rejects_release(&job->rejects);
    row_sample_release(&job->sample);
    buffer_release(&job->left_out);
    buffer_release(&job->point.texts);
    ingest_dataset_release(&job->dataset);
    job->write = NULL;
}

/* Forgets all but what is asked for, and the types of columns that were learnt. */
static void begin_again(struct job *job)
{
    rejects_discard(&job->rejects);
    release_state(job);
    *job = (struct job){
        .lake = job->lake,
        .request = job->request,
        .tuning = job->tuning,
        .arena = job->arena,
        .paths = job->paths,
        .n_paths = job->n_paths,
        .n_bytes_total = job->n_bytes_total,
        .choices = job->choices,
        .n_choices = job->n_choices,
    };
    init_state(job);
}

/* All sources are looked at before the first is read. */
static lake_status find_sources(struct job *job, struct lake_error *err)
{
    const struct lake_ingest_options *options = job->request.options;
    bool is_known = true;
    TRY(source_expand(lake_io(job->lake), options->sources, options->n_sources, &job->arena, &job->paths, &job->n_paths,
                      err));
    for (size_t i = 0; i < job->n_paths; i++) {
        int64_t size_bytes = 0;
        TRY(source_check(lake_io(job->lake), job->paths[i], &size_bytes, err));
        is_known = is_known && size_bytes > 0;
        job->n_bytes_total += size_bytes;
    }
    if (!is_known)
        job->n_bytes_total = 0;
    return LAKE_OK;
}

static lake_status read_sources(struct job *job, struct lake_error *err)
{
    if (job->request.rejects_path != NULL && !job->is_resumed)
        TRY(rejects_check(&job->rejects, err));
    for (size_t i = job->is_resumed ? job->point.source : 0; i < job->n_paths; i++)
        TRY(ingest_source(job, i, err));
    return LAKE_OK;
}

/* A commit that failed may succeed another time, but for one whose rows are committed (lake.h). */
static lake_status finish(struct job *job, struct lake_ingest_result *result, struct lake_error *err)
{
    lake_status status = ingest_finish(job, result, err);
    if (status != LAKE_OK && strstr(err->message, "the rows are committed") == NULL)
        ingest_keep(job, NULL, status);
    return status;
}

/* Says what becomes of the work so far, behind the reason why it ended. */
static void explain(const struct job *job, lake_status status, struct lake_error *err)
{
    char reason[LAKE_ERROR_MESSAGE_BYTES];
    memcpy(reason, err->message, sizeof reason);
    if (job->can_resume)
        (void)lake_fail(err, status, "%.900s; the same command goes on from there, --restart begins anew", reason);
    else if (job->is_resumed && status == LAKE_CONFLICT)
        (void)lake_fail(err, status, "%.900s; --restart discards what was done and begins anew", reason);
}

/* What was put aside stays where it shows why the ingest stopped, or is gone on with. */
static lake_status end_early(struct job *job, lake_status status, struct lake_error *err)
{
    bool shows_why = job->stage.n_rejected > job->request.max_rejects;
    if ((job->can_resume || shows_why) && rejects_finish(&job->rejects, NULL) != LAKE_OK)
        job->can_resume = false;
    if (!job->can_resume && !shows_why && !(job->is_resumed && status == LAKE_CONFLICT))
        rejects_discard(&job->rejects);
    explain(job, status, err);
    return status;
}

lake_status ingest_run(struct lake *lake, const struct lake_ingest_options *options, const struct ingest_tuning *tuning,
                       struct lake_ingest_result *result, struct lake_error *err)
{
    struct job job = {.lake = lake, .tuning = *tuning};
    struct lake_error own = {LAKE_OK, ""};
    lake_status status = LAKE_OK;
    err = err == NULL ? &own : err;
    if (options->size != sizeof *options || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "options or result of ingest are of an unknown size: %zu, %zu",
                         options->size, result->size);
    *result = (struct lake_ingest_result){.size = sizeof *result, .bars_missing = -1, .gaps = -1};
    TRY(ingest_request_check(lake, options, &job.request, err));
    arena_init(&job.arena, LIMIT_INGEST_TEXTS_BYTES);
    init_state(&job);
    TRY_OUT(find_sources(&job, err));
    TRY_OUT(ingest_resume(&job, err));
    status = read_sources(&job, err);
    while (status != LAKE_OK && job.wants_again) {
        begin_again(&job);
        status = read_sources(&job, err);
    }
    if (status == LAKE_OK)
        status = finish(&job, result, err);
out:
    if (status != LAKE_OK)
        status = end_early(&job, status, err);
    result->can_resume = job.can_resume;
    release_state(&job);
    arena_release(&job.arena);
    return status;
}

lake_status lake_ingest(struct lake *lake, const struct lake_ingest_options *options, struct lake_ingest_result *result,
                        struct lake_error *err)
{
    return ingest_run(lake, options, &default_tuning, result, err);
}
