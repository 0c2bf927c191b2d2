#include "lake/commit.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/moves.h"

/* ---- durable ---- */

static lake_status sync_staged(const struct commit *commit, const struct partition *partition, struct buffer *scratch,
                               struct lake_error *err)
{
    char *path = NULL;
    TRY(partition_state_path(partition, commit->staging, scratch, err));
    TRY(layout_state_path(commit->lake, (const char *)scratch->data, &path, err));
    lake_status status = file_sync(commit->lake->io, path, err);
    memory_free(path);
    return status;
}

static size_t count_changed(const struct commit *commit)
{
    size_t n = 0;
    for (size_t i = 0; i < commit->n_partitions; i++)
        n += commit->partitions[i]->is_changed;
    return n;
}

/* The staging directory's entries must survive too: they are where recovery looks for what was committed. */
static lake_status sync_staging_directories(const struct commit *commit, struct lake_error *err)
{
    char *directory = NULL;
    char *parent = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(layout_state_path(commit->lake, commit->staging->directory, &directory, err));
    TRY_OUT(path_parent(directory, &parent, err));
    TRY_OUT(file_sync_directory(commit->lake->io, directory, err));
    TRY_OUT(file_sync_directory(commit->lake->io, parent, err));
    TRY_OUT(file_sync_directory(commit->lake->io, commit->lake->state_root, err));
out:
    memory_free(directory);
    memory_free(parent);
    return status;
}

lake_status commit_make_durable(const struct commit *commit, struct lake_error *err)
{
    struct buffer scratch = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    size_t n_changed = count_changed(commit);
    if (n_changed >= SYNC_FILESYSTEM_FILES) {
        status = moves_sync_filesystem(commit->lake, commit->lake->state_root, err);
        if (status != LAKE_UNSUPPORTED)
            return status;
    }
    for (size_t i = 0; i < commit->n_partitions; i++)
        if (commit->partitions[i]->is_changed)
            TRY_OUT(sync_staged(commit, commit->partitions[i], &scratch, err));
    status = n_changed == 0 ? LAKE_OK : sync_staging_directories(commit, err);
out:
    buffer_release(&scratch);
    return status;
}

/* ---- check ---- */

lake_status commit_check(struct commit *commit, bool *is_stale, size_t *n_stale, struct lake_error *err)
{
    struct lake *lake = commit->lake;
    lake_status status = LAKE_OK;
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_dataset *found = NULL;
    size_t n_found = 0;
    const struct manifest_dataset *wanted = commit->dataset;
    struct manifest_filter filter = {wanted->exchange, wanted->market, wanted->symbol, wanted->type, wanted->period};
    *n_stale = 0;
    mutex_lock(lake->mutex);
    /* The dataset may have been made since this write began. */
    TRY_OUT(manifest_find_datasets(lake->manifest, &filter, &arena, &found, &n_found, err));
    commit->dataset->id = n_found == 0 ? 0 : found[0].id;
    for (size_t i = 0; n_found > 0 && i < commit->n_partitions; i++) {
        bool is_current = true;
        is_stale[i] = false;
        if (!commit->partitions[i]->is_changed)
            continue;
        TRY_OUT(partition_check_base(commit->partitions[i], lake, commit->dataset->id, &is_current, err));
        is_stale[i] = !is_current;
        *n_stale += !is_current;
    }
out:
    mutex_unlock(lake->mutex);
    arena_release(&arena);
    return status;
}

/* ---- commit ---- */

static lake_status add_columns(struct commit *commit, struct lake_error *err)
{
    for (size_t i = 0; i < commit->schema->n_fields; i++) {
        const struct column_field *field = &commit->schema->fields[i];
        struct manifest_column column = {field->name, (int32_t)field->type, field->width};
        TRY(manifest_add_column(commit->lake->manifest, commit->dataset->id, &column, err));
    }
    return LAKE_OK;
}

static lake_status record_operation(struct commit *commit, struct lake_error *err)
{
    struct manifest *manifest = commit->lake->manifest;
    TRY(manifest_add_dataset(manifest, commit->dataset, err));
    TRY(add_columns(commit, err));
    commit->operation->finished_ms = commit->lake->io.ops->now_ms(commit->lake->io.context);
    TRY(manifest_add_operation(manifest, commit->operation, &commit->snapshot, err));
    for (size_t i = 0; i < commit->n_sources; i++)
        TRY(manifest_add_source(manifest, commit->operation->id, &commit->sources[i], err));
    return LAKE_OK;
}

static lake_status retire_base(struct commit *commit, const struct partition *partition, struct buffer *scratch,
                               struct lake_error *err)
{
    for (size_t i = 0; i < partition->n_base; i++) {
        TRY(layout_history_path(partition->base[i].path, scratch, err));
        TRY(manifest_retire_file(commit->lake->manifest, partition->base[i].id, commit->snapshot,
                                 (const char *)scratch->data, err));
    }
    return LAKE_OK;
}

static lake_status record_days(struct commit *commit, const struct partition *partition, struct lake_error *err)
{
    for (size_t i = 0; i < partition->n_days; i++) {
        const struct content_day *day = &partition->days[i];
        struct manifest_content content = {
            .dataset_id = commit->dataset->id,
            .day = day->day,
            .n_rows = day->n_rows,
            .time_from_ms = day->first_ms,
            .time_to_ms = day->last_ms,
            .operation_id = commit->operation->id,
        };
        memcpy(content.sha256, day->sha256, SHA256_BYTES);
        TRY(manifest_put_content(commit->lake->manifest, &content, commit->snapshot, err));
    }
    return LAKE_OK;
}

static lake_status record_partition(struct commit *commit, struct partition *partition, struct buffer *scratch,
                                    struct lake_error *err)
{
    struct manifest_file *file = &partition->file;
    TRY(retire_base(commit, partition, scratch, err));
    TRY(partition_state_path(partition, commit->staging, scratch, err));
    file->dataset_id = commit->dataset->id;
    file->operation_id = commit->operation->id;
    file->added = commit->snapshot;
    TRY(manifest_add_file(commit->lake->manifest, file, (const char *)scratch->data, err));
    return record_days(commit, partition, err);
}

static lake_status record_all(struct commit *commit, struct buffer *scratch, struct lake_error *err)
{
    TRY(record_operation(commit, err));
    for (size_t i = 0; i < commit->n_partitions; i++)
        if (commit->partitions[i]->is_changed)
            TRY(record_partition(commit, commit->partitions[i], scratch, err));
    return LAKE_OK;
}

/* Moves of former commits: what could be carried out is durable and can be cleared. */
struct earlier {
    struct manifest_outstanding *moves; /* done, and so is every other move of the same file */
    size_t n;
    size_t n_failed;
};

static lake_status clear_moves(struct lake *lake, const struct earlier *earlier, struct lake_error *err)
{
    for (size_t i = 0; i < earlier->n; i++)
        TRY(manifest_clear_outstanding(lake->manifest, earlier->moves[i].file_id, err));
    return LAKE_OK;
}

/* One write transaction: clears what is durable of former commits, records this one. */
static lake_status transact(struct commit *commit, const struct earlier *earlier, struct lake_error *err)
{
    struct lake *lake = commit->lake;
    struct buffer scratch = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    TRY_OUT(clear_moves(lake, earlier, err));
    TRY_OUT(record_all(commit, &scratch, err));
    commit->staging->is_committed = true; /* also when this fails: what reached the disk is known after recovery only */
    TRY_OUT(manifest_commit(lake->manifest, err));
    lake->has_committed = true;
out:
    if (status != LAKE_OK) {
        manifest_rollback(lake->manifest);
        commit->snapshot = 0;
    }
    mutex_unlock(lake->mutex);
    buffer_release(&scratch);
    return status;
}

/* A file has at most two moves, side by side: they are cleared together or not at all. */
static bool file_is_done(const struct manifest_outstanding *moves, const bool *is_done, size_t n, size_t i)
{
    bool before = i == 0 || moves[i - 1].file_id != moves[i].file_id || is_done[i - 1];
    bool after = i + 1 == n || moves[i + 1].file_id != moves[i].file_id || is_done[i + 1];
    return is_done[i] && before && after;
}

/* Looks up all outstanding moves and tries each. */
static lake_status carry_out_moves(struct lake *lake, struct arena *arena, struct earlier *out, struct lake_error *err)
{
    struct manifest_outstanding *moves = NULL;
    bool *is_done = NULL;
    size_t n = 0;
    TRY(moves_find(lake, arena, &moves, &n, err));
    TRY(arena_new(arena, n, sizeof *is_done, &is_done, err));
    lake_status status = moves_carry_out(lake, moves, n, is_done, NULL, err);
    *out = (struct earlier){moves, 0, 0};
    for (size_t i = 0; i < n; i++) {
        out->n_failed += !is_done[i];
        if (file_is_done(moves, is_done, n, i))
            moves[out->n++] = moves[i];
    }
    return status;
}

/* An error where more moves failed than those of former commits, which are not this one's. */
static lake_status publish(struct commit *commit, size_t n_failed_before, struct lake_error *err)
{
    struct lake *lake = commit->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct earlier done = {NULL, 0, 0};
    lake_status status = carry_out_moves(lake, &arena, &done, err);
    if (done.moves != NULL && done.n_failed == n_failed_before)
        status = LAKE_OK;
    mutex_lock(lake->mutex);
    manifest_checkpoint(lake->manifest);
    mutex_unlock(lake->mutex);
    arena_release(&arena);
    return status;
}

/* A move of a former commit that cannot be carried out (somebody removed the file, or put another in its way) stays
 * outstanding: readers know where else to look, verify reports it, and it is no reason to refuse other data. */
static lake_status finish_earlier(struct lake *lake, struct arena *arena, struct earlier *out, struct lake_error *err)
{
    struct lake_error ignored;
    if (carry_out_moves(lake, arena, out, &ignored) != LAKE_OK && out->moves == NULL)
        return lake_fail(err, ignored.status, "%s", ignored.message);
    return moves_make_durable(lake, out->moves, out->n, err);
}

lake_status commit_run(struct commit *commit, struct lake_error *err)
{
    struct lake *lake = commit->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct earlier earlier = {NULL, 0, 0};
    lake_status status = LAKE_OK;
    commit->snapshot = 0;
    TRY_OUT(finish_earlier(lake, &arena, &earlier, err));
    TRY_OUT(transact(commit, &earlier, err));
    status = publish(commit, earlier.n_failed, err);
    if (status == LAKE_OK)
        commit->staging->is_committed = false;
    else
        (void)lake_fail_prefix(err, status, "the rows are committed, the next command puts their files in place");
out:
    arena_release(&arena);
    return status;
}
