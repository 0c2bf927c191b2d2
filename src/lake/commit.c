#include "lake/commit.h"

#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"
#include "io/file.h"
#include "lake/commit_record.h"
#include "lake/layout.h"
#include "lake/moves.h"

/* Times that a commit is staged again while others keep changing what it writes, before that is done under the lake's lock. */
enum { FREE_ATTEMPTS = 3, COMMIT_ATTEMPTS = 5 };

/* ---- durable ---- */

static bool is_staged(const struct partition *partition)
{
    return partition->is_changed && partition->has_file;
}

/* One file, in parallel with others: waiting for the disk is most of it. */
static lake_status sync_staged(void *context, size_t index, size_t worker, struct lake_error *err)
{
    const struct partition_set *set = context;
    const struct partition *partition = set->items[index];
    struct buffer scratch = BUFFER_INIT(LIMIT_PATH_BYTES);
    char *path = NULL;
    lake_status status = LAKE_OK;
    (void)worker;
    if (!is_staged(partition))
        return LAKE_OK;
    TRY_OUT(partition_state_path(partition, &set->staging, &scratch, err));
    TRY_OUT(layout_state_path(set->lake, (const char *)scratch.data, &path, err));
    status = file_sync(set->lake->io, path, err);
out:
    memory_free(path);
    buffer_release(&scratch);
    return status;
}

static size_t count_staged(const struct commit *commit)
{
    size_t n = 0;
    for (size_t i = 0; i < commit->set->n; i++)
        n += is_staged(commit->set->items[i]);
    return n;
}

static lake_status make_durable(const struct commit *commit, struct lake_error *err)
{
    struct partition_set *set = commit->set;
    size_t n_staged = count_staged(commit);
    if (n_staged == 0)
        return LAKE_OK;
    if (n_staged >= SYNC_FILESYSTEM_FILES) {
        lake_status status = staging_sync_filesystem(&set->staging, err);
        if (status != LAKE_UNSUPPORTED)
            return status;
    }
    TRY(pool_run(set->lake->pool, set->n, sync_staged, set, err));
    return staging_sync_names(&set->staging, err);
}

/* ---- check ---- */

/* A dataset may have been made since this operation began. */
static lake_status find_dataset(struct lake *lake, struct manifest_dataset *dataset, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_dataset *found = NULL;
    size_t n_found = 0;
    struct manifest_filter filter = {dataset->exchange, dataset->market, dataset->symbol, dataset->type,
                                     dataset->period};
    lake_status status = manifest_find_datasets(lake->manifest, &filter, &arena, &found, &n_found, err);
    if (status == LAKE_OK)
        dataset->id = n_found == 0 ? 0 : found[0].id;
    arena_release(&arena);
    return status;
}

/* Marks partitions that were merged with what is no longer live. */
static lake_status check_bases(struct commit *commit, bool *is_stale, struct lake_error *err)
{
    struct lake *lake = commit->set->lake;
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    for (size_t i = 0; i < commit->n_targets; i++)
        if (commit->targets[i].dataset->id == 0)
            TRY_OUT(find_dataset(lake, commit->targets[i].dataset, err));
    for (size_t i = 0; i < commit->set->n; i++) {
        struct partition *partition = commit->set->items[i];
        bool is_current = true;
        if (!partition->is_changed)
            continue;
        TRY_OUT(partition_check_base(partition, lake, &is_current, err));
        partition->is_stale = !is_current;
        *is_stale = *is_stale || !is_current;
    }
out:
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status check(struct commit *commit, const struct commit_owner *owner, bool *is_stale,
                         struct lake_error *err)
{
    bool is_other_stale = false;
    *is_stale = false;
    TRY(check_bases(commit, is_stale, err));
    if (owner->check != NULL)
        TRY(owner->check(owner->context, &is_other_stale, err));
    *is_stale = *is_stale || is_other_stale;
    return LAKE_OK;
}

/* ---- attempts ---- */

static bool has_changes(const struct commit *commit)
{
    for (size_t i = 0; i < commit->set->n; i++)
        if (commit->set->items[i]->is_changed)
            return true;
    return false;
}

/* Another may have committed the same rows meanwhile: then there are none left to commit. */
static lake_status finish(struct commit *commit, const struct commit_owner *owner, struct lake_error *err)
{
    bool changes_rows = has_changes(commit);
    if (!changes_rows && !owner->records_always)
        return LAKE_OK;
    if (owner->prepare != NULL)
        TRY(owner->prepare(owner->context, err));
    return changes_rows ? commit_record(commit, owner, err) : commit_record_knowledge(commit, owner, err);
}

static lake_status attempt(struct commit *commit, const struct commit_owner *owner, bool keep_lock, bool *is_done,
                           struct lake_error *err)
{
    struct file_lock lock = {0};
    struct lake *lake = commit->set->lake;
    bool is_stale = false;
    lake_status status = LAKE_OK;
    TRY_OUT(make_durable(commit, err));
    TRY_OUT(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, commit->set->purpose, err));
    TRY_OUT(check(commit, owner, &is_stale, err));
    if (is_stale && keep_lock) {
        TRY_OUT(owner->restage(owner->context, err));
        TRY_OUT(make_durable(commit, err));
        is_stale = false;
    }
    *is_done = !is_stale;
    if (!is_stale)
        TRY_OUT(finish(commit, owner, err));
    file_lock_release(&lock);
    if (is_stale)
        TRY_OUT(owner->restage(owner->context, err));
out:
    file_lock_release(&lock);
    return status;
}

lake_status commit_run(struct commit *commit, const struct commit_owner *owner, struct lake_error *err)
{
    bool is_done = !has_changes(commit) && !owner->records_always;
    commit->snapshot = 0;
    for (int i = 0; i < COMMIT_ATTEMPTS && !is_done; i++)
        TRY(attempt(commit, owner, i >= FREE_ATTEMPTS, &is_done, err));
    return LAKE_OK;
}
