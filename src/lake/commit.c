#include "lake/commit.h"

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/commit_record.h"
#include "lake/layout.h"
#include "lake/moves.h"

/* Times that a commit is staged again while others keep changing what it writes, before that is done under the lake's lock. */
enum { FREE_ATTEMPTS = 3, COMMIT_ATTEMPTS = 5 };

/* ---- durable ---- */

static lake_status sync_staged(const struct commit *commit, const struct partition *partition, struct buffer *scratch,
                               struct lake_error *err)
{
    const struct partition_set *set = commit->set;
    char *path = NULL;
    TRY(partition_state_path(partition, &set->staging, scratch, err));
    TRY(layout_state_path(set->lake, (const char *)scratch->data, &path, err));
    lake_status status = file_sync(set->lake->io, path, err);
    memory_free(path);
    return status;
}

static bool is_staged(const struct partition *partition)
{
    return partition->is_changed && partition->has_file;
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
    const struct partition_set *set = commit->set;
    struct buffer scratch = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    size_t n_staged = count_staged(commit);
    if (n_staged >= SYNC_FILESYSTEM_FILES) {
        status = staging_sync_filesystem(&set->staging, err);
        if (status != LAKE_UNSUPPORTED)
            return status;
    }
    for (size_t i = 0; i < set->n; i++)
        if (is_staged(set->items[i]))
            TRY_OUT(sync_staged(commit, set->items[i], &scratch, err));
    status = n_staged == 0 ? LAKE_OK : staging_sync_names(&set->staging, err);
out:
    buffer_release(&scratch);
    return status;
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

/* Another may have committed the same rows meanwhile: then there is nothing left to do. */
static lake_status finish(struct commit *commit, const struct commit_owner *owner, struct lake_error *err)
{
    if (!has_changes(commit))
        return LAKE_OK;
    if (owner->prepare != NULL)
        TRY(owner->prepare(owner->context, err));
    return commit_record(commit, err);
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
    bool is_done = !has_changes(commit);
    commit->snapshot = 0;
    for (int i = 0; i < COMMIT_ATTEMPTS && !is_done; i++)
        TRY(attempt(commit, owner, i >= FREE_ATTEMPTS, &is_done, err));
    return LAKE_OK;
}
