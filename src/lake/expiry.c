#include "lake/expiry.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/readers.h"

/* Removals are made durable and cleared so many at a time: it costs a wait for the disk. */
enum { CLEAR_REMOVALS = 32, PERCENT = 100, PRUNED_AT_ONCE = 256 };

/* A small lake may keep this much of what lives on unchanged, whatever its share. Of 1,000 symbols an hour after their first bars
 * it is a tenth. */
#define LEAST_UNCHANGED_BYTES ((int64_t)(256 * KIB))

/* ---- what may go ---- */

/* now - length, where the clock or the policy is absurd as well. */
static int64_t time_before(int64_t now_ms, int64_t length_ms)
{
    return now_ms < INT64_MIN + length_ms ? INT64_MIN : now_ms - length_ms;
}

static int64_t share_of(int64_t bytes, int64_t percent)
{
    /* In this order the product cannot overflow; a lake is at least some hundred bytes, or has the least share anyway. */
    int64_t share = bytes / PERCENT * percent;
    return share > LEAST_UNCHANGED_BYTES ? share : LEAST_UNCHANGED_BYTES;
}

static struct manifest_expiry make_rule(const struct lake *lake, const struct manifest_sizes *sizes, int64_t limit)
{
    const struct lake_policy *policy = &lake->policy;
    int64_t now_ms = lake->io.ops->now_ms(lake->io.context);
    return (struct manifest_expiry){
        .changed_before_ms = time_before(now_ms, policy->keep_changed_ms),
        .unchanged_before_ms = time_before(now_ms, policy->keep_unchanged_ms),
        .unchanged_bytes = share_of(sizes->live_bytes, policy->keep_unchanged_percent),
        .needed_snapshot = INT64_MAX,
        .limit = limit,
    };
}

/* Whether anything may go if no scan were running; most commits find nothing and end here, after two look-ups. *last is the last
 * snapshot, taken before the readers are looked at. */
static lake_status find_candidate(struct lake *lake, int64_t limit, struct arena *arena, struct manifest_expiry *rule,
                                  int64_t *last, bool *any, struct lake_error *err)
{
    struct manifest_sizes sizes = {0};
    struct manifest_file *files = NULL;
    size_t n = 0;
    *any = false;
    TRY(manifest_find_sizes(lake->manifest, &sizes, err));
    if (sizes.changed_files == 0 && sizes.unchanged_files == 0)
        return LAKE_OK;
    *rule = make_rule(lake, &sizes, 1);
    TRY(manifest_find_expired(lake->manifest, rule, arena, &files, &n, err));
    *any = n > 0;
    rule->limit = limit;
    return manifest_snapshot(lake->manifest, last, err);
}

lake_status expiry_find(struct lake *lake, int64_t limit, struct arena *arena, struct manifest_file **out, size_t *n,
                        struct lake_error *err)
{
    struct manifest_expiry rule = {0};
    int64_t last = 0;
    bool any = false;
    *out = NULL;
    *n = 0;
    mutex_lock(lake->mutex);
    lake_status status = find_candidate(lake, limit, arena, &rule, &last, &any, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK || !any)
        return status;
    TRY(readers_oldest(lake, last, &rule.needed_snapshot, err));
    mutex_lock(lake->mutex);
    status = manifest_find_expired(lake->manifest, &rule, arena, out, n, err);
    mutex_unlock(lake->mutex);
    return status;
}

lake_status expiry_record(struct lake *lake, const struct manifest_file *files, size_t n, struct expiry_counts *counts,
                          struct lake_error *err)
{
    struct buffer path = BUFFER_INIT(LIMIT_PATH_BYTES);
    int64_t n_pruned = 0;
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < n; i++) {
        TRY_OUT(layout_history_path(files[i].path, &path, err));
        TRY_OUT(manifest_expire_file(lake->manifest, &files[i], (const char *)path.data, err));
        counts->n_files++;
        counts->n_bytes += files[i].size_bytes;
    }
    if (n > 0)
        TRY_OUT(manifest_prune_log(lake->manifest, lake->policy.keep_log, PRUNED_AT_ONCE, &n_pruned, err));
    counts->n_operations += n_pruned;
out:
    buffer_release(&path);
    return status;
}

/* ---- the bytes ---- */

static lake_status find_removals(struct lake *lake, struct arena *arena, const char ***paths, size_t *n,
                                 struct lake_error *err)
{
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_removals(lake->manifest, arena, paths, n, err);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status remove_file(struct lake *lake, const char *state_path, struct lake_error *err)
{
    char *path = NULL;
    TRY(layout_state_path(lake, state_path, &path, err));
    lake_status status = file_remove(lake->io, path, err);
    memory_free(path);
    return status;
}

/* One that cannot be removed stops no other: the first error is returned when all were tried. */
static lake_status remove_files(struct lake *lake, const char *const *paths, size_t n, struct lake_error *err)
{
    lake_status first = LAKE_OK;
    for (size_t i = 0; i < n; i++) {
        lake_status status = remove_file(lake, paths[i], first == LAKE_OK ? err : NULL);
        if (first == LAKE_OK)
            first = status;
    }
    return first;
}

lake_status expiry_remove_files(struct lake *lake, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    const char **paths = NULL;
    size_t n = 0;
    lake_status status = find_removals(lake, &arena, &paths, &n, err);
    if (status == LAKE_OK)
        status = remove_files(lake, paths, n, err);
    arena_release(&arena);
    return status;
}

static lake_status sync_history(struct lake *lake, struct lake_error *err)
{
    char *path = NULL;
    TRY(layout_state_path(lake, "history", &path, err));
    lake_status status = file_sync_directory(lake->io, path, err);
    memory_free(path);
    return status == LAKE_NOT_FOUND ? LAKE_OK : status; /* a lake that was copied without its history */
}

lake_status expiry_make_durable(struct lake *lake, bool all, bool *is_due, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    const char **paths = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    *is_due = false;
    TRY_OUT(find_removals(lake, &arena, &paths, &n, err));
    if (n == 0 || (n < CLEAR_REMOVALS && !all))
        goto out;
    (void)remove_files(lake, paths, n, NULL); /* what cannot be removed stays a removal, and locks nobody out */
    TRY_OUT(sync_history(lake, err));
    *is_due = true;
out:
    arena_release(&arena);
    return status;
}

static lake_status clear_if_gone(struct lake *lake, const char *state_path, struct lake_error *err)
{
    char *path = NULL;
    bool exists = false;
    TRY(layout_state_path(lake, state_path, &path, err));
    lake_status status = file_exists(lake->io, path, &exists, err);
    memory_free(path);
    return status != LAKE_OK || exists ? status : manifest_clear_removal(lake->manifest, state_path, err);
}

lake_status expiry_clear_removals(struct lake *lake, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    const char **paths = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_find_removals(lake->manifest, &arena, &paths, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(clear_if_gone(lake, paths[i], err));
out:
    arena_release(&arena);
    return status;
}
