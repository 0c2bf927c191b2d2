/* Checking a lake: every live file against the manifest, and the data tree for files that are nobody's. */
#include <datalake/lake.h>

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/select.h"
#include "lake/table_stream.h"
#include "lake/verify_file.h"
#include "lake/verify_tree.h"

/* Files checked between two reports of progress. */
enum { FILES_PER_ROUND = 64 };

struct verification {
    struct lake *lake;
    const struct lake_progress *progress;
    struct lake_verify_result *result;
    struct batch_builder *problems;
    struct verify_tools **tools; /* one a thread */
    int64_t n_bytes_total;
};

/* A round of files, checked in parallel. */
struct round {
    struct verification *verification;
    const struct manifest_file *files;
    struct verify_finding findings[FILES_PER_ROUND];
};

static lake_status check_file(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct round *round = context;
    struct verify_tools **tools = &round->verification->tools[worker];
    if (*tools == NULL)
        TRY(verify_tools_new(round->verification->lake, tools, err));
    return verify_file(&round->files[index], *tools, &round->findings[index], err);
}

static lake_status report_problem(struct verification *verification, const char *path, const char *problem,
                                  const char *detail, struct lake_error *err)
{
    const struct cell cells[] = {cell_text(path), cell_text(problem), cell_text(detail)};
    verification->result->n_problems++;
    return batch_builder_append_cells(verification->problems, cells, err);
}

static lake_status report_progress(const struct verification *verification, struct lake_error *err)
{
    const struct lake_progress *progress = verification->progress;
    const struct lake_verify_result *result = verification->result;
    if (progress == NULL || progress->report == NULL)
        return LAKE_OK;
    if (progress->report(progress->context, result->n_rows, result->n_bytes, verification->n_bytes_total) != 0)
        return lake_fail(err, LAKE_CANCELLED, "verify was stopped");
    return LAKE_OK;
}

/* A writer may have replaced the file since it was listed: what was found then says nothing. */
static lake_status is_still_live(const struct verification *verification, const struct manifest_file *file,
                                 bool *is_live, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *live = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    mutex_lock(verification->lake->mutex);
    lake_status status = manifest_find_files(verification->lake->manifest, file->dataset_id, file->partition_start_ms,
                                             file->partition_end_ms, &arena, &live, &n, &snapshot, err);
    mutex_unlock(verification->lake->mutex);
    *is_live = false;
    for (size_t i = 0; i < n; i++)
        *is_live = *is_live || live[i].id == file->id;
    arena_release(&arena);
    return status;
}

static lake_status report_finding(struct verification *verification, const struct manifest_file *file,
                                  const struct verify_finding *finding, struct lake_error *err)
{
    bool is_live = false;
    if (finding->problem == NULL)
        return LAKE_OK;
    TRY(is_still_live(verification, file, &is_live, err));
    return is_live ? report_problem(verification, file->path, finding->problem, finding->detail, err) : LAKE_OK;
}

static lake_status check_round(struct round *round, size_t n, struct lake_error *err)
{
    struct verification *verification = round->verification;
    TRY(pool_run(verification->lake->pool, n, check_file, round, err));
    for (size_t i = 0; i < n; i++) {
        verification->result->n_files++;
        verification->result->n_rows += round->files[i].n_rows;
        verification->result->n_bytes += round->files[i].size_bytes;
        TRY(report_finding(verification, &round->files[i], &round->findings[i], err));
    }
    return report_progress(verification, err);
}

static lake_status check_dataset(struct verification *verification, const struct manifest_dataset *dataset,
                                 struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    struct round *round = NULL;
    size_t n_files = 0;
    int64_t snapshot = 0;
    lake_status status = LAKE_OK;
    mutex_lock(verification->lake->mutex);
    status = manifest_find_files(verification->lake->manifest, dataset->id, INT64_MIN, INT64_MAX, &arena, &files,
                                 &n_files, &snapshot, err);
    mutex_unlock(verification->lake->mutex);
    if (status != LAKE_OK)
        goto out;
    TRY_OUT(memory_new(1, sizeof *round, &round, err));
    round->verification = verification;
    for (size_t i = 0; i < n_files; i += FILES_PER_ROUND) {
        round->files = files + i;
        TRY_OUT(check_round(round, n_files - i < FILES_PER_ROUND ? n_files - i : FILES_PER_ROUND, err));
    }
out:
    memory_free(round);
    arena_release(&arena);
    return status;
}

static bool selects_all(const struct manifest_filter *filter)
{
    return filter->exchange == NULL && filter->market == NULL && filter->symbol == NULL && filter->type == NULL &&
           filter->period == NULL;
}

static lake_status check_datasets(struct verification *verification, const struct manifest_filter *filter,
                                  struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_totals *totals = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    mutex_lock(verification->lake->mutex);
    status = manifest_list_totals(verification->lake->manifest, filter, &arena, &totals, &n, err);
    mutex_unlock(verification->lake->mutex);
    if (status == LAKE_OK && n == 0 && !selects_all(filter))
        status = select_fail_not_found(verification->lake, filter, err);
    for (size_t i = 0; status == LAKE_OK && i < n; i++)
        verification->n_bytes_total += totals[i].size_bytes;
    for (size_t i = 0; status == LAKE_OK && i < n; i++)
        status = check_dataset(verification, &totals[i].dataset, err);
    arena_release(&arena);
    return status;
}

static lake_status check_tree(struct verification *verification, struct lake_error *err)
{
    struct buffer strangers = BUFFER_INIT(LIMIT_ENGINE_BYTES);
    lake_status status = verify_tree(verification->lake, &strangers, err);
    for (size_t at = 0; status == LAKE_OK && at < strangers.length;) {
        const char *path = (const char *)strangers.data + at;
        status = report_problem(verification, path, "stranger",
                                "the manifest does not list this; other tools would read its rows", err);
        at += strlen(path) + 1;
    }
    buffer_release(&strangers);
    return status;
}

static lake_status new_problems(struct batch_builder **out, struct lake_error *err)
{
    static const struct column_field fields[] = {
        {"path", COLUMN_UTF8, 0, false}, {"problem", COLUMN_UTF8, 0, false}, {"detail", COLUMN_UTF8, 0, false}};
    struct schema *schema = NULL;
    TRY(schema_new(fields, sizeof fields / sizeof *fields, &schema, err));
    lake_status status = batch_builder_new(schema, out, err);
    schema_free(schema);
    return status;
}

lake_status lake_verify(struct lake *lake, const struct lake_selection *selection, const struct lake_progress *progress,
                        struct lake_verify_result *result, struct ArrowArrayStream *problems, struct lake_error *err)
{
    struct verification verification = {.lake = lake, .progress = progress, .result = result};
    struct canonical canonical;
    lake_status status = LAKE_OK;
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the verify result has an unknown size");
    *result = (struct lake_verify_result){.size = sizeof *result};
    TRY_OUT(select_filter(selection, &canonical, err));
    TRY_OUT(new_problems(&verification.problems, err));
    TRY_OUT(memory_new(pool_threads(lake->pool), sizeof(struct verify_tools *), &verification.tools, err));
    TRY_OUT(check_datasets(&verification, &canonical.filter, err));
    if (selects_all(&canonical.filter))
        TRY_OUT(check_tree(&verification, err));
    status = table_stream(verification.problems, problems, err);
out:
    for (size_t i = 0; verification.tools != NULL && i < pool_threads(lake->pool); i++)
        verify_tools_free(verification.tools[i]);
    memory_free(verification.tools);
    batch_builder_free(verification.problems);
    return status;
}
