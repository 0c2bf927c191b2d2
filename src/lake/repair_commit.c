#include "lake/repair_commit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/lost_rows.h"
#include "lake/moves.h"
#include "lake/partition_file.h"
#include "lake/quarantine.h"
#include "manifest/history.h"

enum { REPAIR_DETAIL_BYTES = 256 };

/* What is staged for the commit. */
struct stage {
    struct repair_commit *commit;
    struct manifest_dataset dataset;
    struct staging staging;
    struct partition partition;
    struct partition_tools *tools;
    struct buffer staged_path, quarantine_path;
    int64_t started_ms;
};

/* ---- staging ---- */

static lake_status check_day(const struct repair_commit *commit, const struct content_day *days, size_t n_days,
                             size_t *next, size_t index, struct lake_error *err)
{
    const struct manifest_content *wanted = &commit->salvage->days[index];
    if (commit->salvage->is_lost[index])
        return LAKE_OK;
    if (*next < n_days && days[*next].day == wanted->day && days[*next].n_rows == wanted->n_rows &&
        memcmp(days[*next].sha256, wanted->sha256, SHA256_BYTES) == 0) {
        ++*next;
        return LAKE_OK;
    }
    return lake_fail(err, LAKE_INTERNAL, "%s: the rows written anew are not those that were found", commit->file->path);
}

/* Nothing is replaced by what cannot be read back. */
static lake_status read_back(struct stage *stage, struct lake_error *err)
{
    const struct repair_commit *commit = stage->commit;
    struct batch rows = {0};
    struct content_day *days = NULL;
    size_t n_days = 0, next = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(partition_file_read_back(&stage->partition, &stage->staging, stage->tools, &rows, err));
    TRY_OUT(content_find_days(&rows, stage->tools->hash, &days, &n_days, err));
    for (size_t i = 0; i < commit->salvage->n_days; i++)
        TRY_OUT(check_day(commit, days, n_days, &next, i, err));
    if (next != n_days)
        status = lake_fail(err, LAKE_INTERNAL, "%s: days were written that were not asked for", commit->file->path);
out:
    memory_free(days);
    batch_release(&rows);
    return status;
}

static lake_status make_durable(struct stage *stage, struct lake_error *err)
{
    char *path = NULL;
    TRY(layout_state_path(stage->commit->lake, (const char *)stage->staged_path.data, &path, err));
    lake_status status = file_sync(stage->commit->lake->io, path, err);
    memory_free(path);
    return status == LAKE_OK ? staging_sync_names(&stage->staging, err) : status;
}

static lake_status stage_rows(struct stage *stage, const struct batch *rows, struct lake_error *err)
{
    const struct manifest_file *file = stage->commit->file;
    const struct period *period = NULL;
    TRY(period_find(stage->dataset.period, &period, err));
    stage->partition.dataset = &stage->dataset;
    stage->partition.grain = period->grain;
    stage->partition.start_ms = file->partition_start_ms;
    stage->partition.end_ms = file->partition_end_ms;
    TRY(staging_open(&stage->staging, stage->commit->lake, "repair", err));
    TRY(partition_file_name(&stage->partition, stage->tools, err));
    TRY(partition_file_write(&stage->partition, &stage->staging, rows, stage->tools, err));
    TRY(partition_state_path(&stage->partition, &stage->staging, &stage->staged_path, err));
    TRY(read_back(stage, err));
    return make_durable(stage, err);
}

/* ---- the transaction ---- */

static lake_status record_operation(struct stage *stage, struct manifest_operation *operation, struct lake_error *err)
{
    struct repair_commit *commit = stage->commit;
    struct io io = commit->lake->io;
    char detail[REPAIR_DETAIL_BYTES];
    (void)snprintf(detail, sizeof detail, "%.160s: %" PRId64 " of %" PRId64 " rows found again", commit->file->path,
                   commit->file->n_rows - commit->salvage->rows_lost, commit->file->n_rows);
    *operation = (struct manifest_operation){
        .kind = "repair",
        .source = "",
        .rows_written = stage->partition.has_file ? stage->partition.file.n_rows : 0,
        .rows_removed = commit->salvage->rows_lost,
        .started_ms = stage->started_ms,
        .finished_ms = io.ops->now_ms(io.context),
        .software = LAKE_SOFTWARE,
        .detail = detail,
    };
    lake_status status = manifest_add_operation(commit->lake->manifest, operation, &commit->snapshot, err);
    operation->detail = ""; /* it was copied, and goes with this function */
    return status;
}

static lake_status record_retirement(struct stage *stage, const struct manifest_operation *operation,
                                     struct lake_error *err)
{
    const struct repair_commit *commit = stage->commit;
    const struct manifest_retirement retirement = {
        .file_id = commit->file->id,
        .snapshot = commit->snapshot,
        .retired_ms = operation->finished_ms,
        .rows_lost = commit->salvage->rows_lost,
        .state_path = stage->quarantine_path.length == 0 ? NULL : (const char *)stage->quarantine_path.data,
    };
    /* Of a file that is gone no move can be finished. */
    if (retirement.state_path == NULL)
        TRY(manifest_clear_outstanding(commit->lake->manifest, commit->file->id, err));
    return manifest_retire_file(commit->lake->manifest, &retirement, err);
}

static lake_status record_file(struct stage *stage, const struct manifest_operation *operation, struct lake_error *err)
{
    struct manifest_file *file = &stage->partition.file;
    if (!stage->partition.has_file)
        return LAKE_OK;
    file->dataset_id = stage->dataset.id;
    file->operation_id = operation->id;
    file->added = stage->commit->snapshot;
    return manifest_add_file(stage->commit->lake->manifest, file, (const char *)stage->staged_path.data, err);
}

static lake_status record_absence(struct stage *stage, const struct manifest_content *lost,
                                  const struct manifest_operation *operation, struct lake_error *err)
{
    const struct lost_day day = {&stage->dataset, lost, NULL};
    char answer[REPAIR_DETAIL_BYTES];
    (void)snprintf(answer, sizeof answer, "%.200s was damaged", stage->commit->file->path);
    const struct manifest_absence like = {.reason = REASON_CORRUPT_SOURCE,
                                          .operation_id = operation->id,
                                          .asked_ms = operation->finished_ms,
                                          .answer = answer};
    return lost_rows_put_day(stage->commit->lake->manifest, &day, &like, err);
}

static lake_status record_lost_day(struct stage *stage, const struct manifest_content *lost,
                                   const struct manifest_operation *operation, struct lake_error *err)
{
    struct content_day empty;
    TRY(content_empty_day(lost->day, stage->tools->hash, &empty, err));
    struct manifest_content content = content_describe(&empty, NULL);
    content.dataset_id = stage->dataset.id;
    content.operation_id = operation->id;
    TRY(manifest_put_content(stage->commit->lake->manifest, &content, stage->commit->snapshot, err));
    return record_absence(stage, lost, operation, err);
}

static lake_status record(struct stage *stage, struct lake_error *err)
{
    const struct salvage *salvage = stage->commit->salvage;
    struct manifest_operation operation;
    TRY(record_operation(stage, &operation, err));
    TRY(record_retirement(stage, &operation, err));
    TRY(record_file(stage, &operation, err));
    for (size_t i = 0; i < salvage->n_days; i++)
        if (salvage->is_lost[i])
            TRY(record_lost_day(stage, &salvage->days[i], &operation, err));
    return LAKE_OK;
}

static lake_status transact(struct stage *stage, struct lake_error *err)
{
    struct lake *lake = stage->commit->lake;
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    TRY_OUT(record(stage, err));
    stage->staging.is_committed = true; /* also when this fails: what reached the disk only recovery knows */
    TRY_OUT(manifest_commit(lake->manifest, err));
    lake->has_committed = true;
out:
    if (status != LAKE_OK) {
        manifest_rollback(lake->manifest);
        stage->commit->snapshot = 0;
    }
    mutex_unlock(lake->mutex);
    return status;
}

/* ---- under the lock ---- */

lake_status repair_is_live(struct lake *lake, const struct manifest_file *file, bool *is_live, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *live = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_files(lake->manifest, file->dataset_id, file->partition_start_ms,
                                             file->partition_end_ms, &arena, &live, &n, &snapshot, err);
    mutex_unlock(lake->mutex);
    *is_live = false;
    for (size_t i = 0; i < n; i++)
        *is_live = *is_live || live[i].id == file->id;
    arena_release(&arena);
    return status;
}

static lake_status forget(struct lake *lake, const struct moves_done *done, const struct manifest_file *file,
                          struct lake_error *err)
{
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    TRY_OUT(moves_clear(lake, done, err));
    if (file != NULL)
        status = manifest_expire_file(lake->manifest, file, NULL, err);
    if (status == LAKE_CONFLICT) /* a named snapshot needs it */
        status = LAKE_OK;
    if (status == LAKE_OK)
        TRY_OUT(manifest_commit(lake->manifest, err));
    lake->has_committed = true;
out:
    if (status != LAKE_OK)
        manifest_rollback(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

lake_status repair_forget(struct lake *lake, const struct manifest_file *file, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct moves_done done = {NULL, 0};
    lake_status status = moves_finish(lake, true, &arena, &done, NULL, err);
    if (status == LAKE_OK && (done.n > 0 || file != NULL))
        status = forget(lake, &done, file, err);
    arena_release(&arena);
    return status;
}

/* Bytes that could not be put in place, though all moves were tried. */
static lake_status refuse_unfinished_move(const struct repair_commit *commit, struct lake_error *err)
{
    struct lake *lake = commit->lake;
    struct arena arena = ARENA_INIT(2 * LIMIT_PATH_BYTES);
    const char *state_path = NULL;
    char *path = NULL;
    bool exists = false;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_state_path(lake->manifest, commit->file->id, &arena, &state_path, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && state_path != NULL) {
        TRY_OUT(layout_state_path(lake, state_path, &path, err));
        TRY_OUT(file_exists(lake->io, path, &exists, err));
        if (exists)
            status = lake_fail(err, LAKE_CONFLICT, "its move from %s cannot be finished", state_path);
    }
out:
    memory_free(path);
    arena_release(&arena);
    return status;
}

/* The damaged bytes leave under the same commit; where there are none, only their row does. */
static lake_status name_quarantine(struct stage *stage, struct lake_error *err)
{
    struct repair_commit *commit = stage->commit;
    char *path = NULL;
    bool exists = false;
    lake_status status = LAKE_OK;
    TRY_OUT(layout_data_path(commit->lake, commit->file->path, &path, err));
    TRY_OUT(file_exists(commit->lake->io, path, &exists, err));
    if (!exists) {
        status = refuse_unfinished_move(commit, err);
        goto out;
    }
    TRY_OUT(quarantine_name(commit->lake, commit->file->path, &stage->quarantine_path, err));
    (void)snprintf(commit->quarantine_path, sizeof commit->quarantine_path, "%s",
                   (const char *)stage->quarantine_path.data);
out:
    memory_free(path);
    return status;
}

/* What is not in its place yet must stay in staging: recovery finishes the move. */
static bool is_published(struct stage *stage)
{
    struct lake *lake = stage->commit->lake;
    struct arena arena = ARENA_INIT(2 * LIMIT_PATH_BYTES);
    const char *state_path = NULL;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_state_path(lake->manifest, stage->partition.file.id, &arena, &state_path, NULL);
    mutex_unlock(lake->mutex);
    arena_release(&arena);
    return status == LAKE_OK && state_path == NULL;
}

static lake_status commit_locked(struct stage *stage, struct lake_error *err)
{
    struct repair_commit *commit = stage->commit;
    struct manifest_file retired = *commit->file;
    bool is_live = false;
    TRY(repair_forget(commit->lake, NULL, err)); /* so that its bytes lie under its name, if anywhere */
    TRY(repair_is_live(commit->lake, commit->file, &is_live, err));
    if (!is_live)
        return lake_fail(err, LAKE_CONFLICT, "it was replaced meanwhile");
    TRY(name_quarantine(stage, err));
    TRY(transact(stage, err));
    retired.retired = commit->snapshot;
    TRY(repair_forget(commit->lake, &retired, err));
    stage->staging.is_committed = stage->partition.has_file && !is_published(stage);
    return LAKE_OK;
}

lake_status repair_commit_run(struct repair_commit *commit, const struct batch *rows, struct lake_error *err)
{
    struct io io = commit->lake->io;
    struct stage stage = {.commit = commit, .dataset = *commit->dataset, .started_ms = io.ops->now_ms(io.context)};
    struct file_lock lock = {0};
    lake_status status = LAKE_OK;
    buffer_init(&stage.staged_path, LIMIT_PATH_BYTES);
    buffer_init(&stage.quarantine_path, LIMIT_PATH_BYTES);
    TRY_OUT(partition_tools_new(commit->lake, &stage.tools, err));
    if (rows->n_rows > 0)
        TRY_OUT(stage_rows(&stage, rows, err));
    TRY_OUT(lake_lock(commit->lake, &lock, LAKE_LOCK_WAIT_MS, "repair", err));
    status = commit_locked(&stage, err);
out:
    file_lock_release(&lock);
    staging_close(&stage.staging);
    partition_release(&stage.partition);
    partition_tools_free(stage.tools);
    buffer_release(&stage.staged_path);
    buffer_release(&stage.quarantine_path);
    return status;
}
