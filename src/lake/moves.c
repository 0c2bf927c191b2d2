#include "lake/moves.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"

lake_status moves_find(struct lake *lake, struct arena *arena, struct manifest_outstanding **out, size_t *n,
                       struct lake_error *err)
{
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_outstanding(lake->manifest, arena, out, n, err);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status make_parent(struct lake *lake, const char *path, struct lake_error *err)
{
    char *parent = NULL;
    lake_status status = path_parent(path, &parent, err);
    if (status == LAKE_OK)
        status = file_make_directories(lake->io, parent, NULL, err);
    memory_free(parent);
    return status;
}

/* Renames, making the target's directory where it is missing. *is_missing tells that there is no such source. A first file of
 * a day, the common case, takes three calls: the directory is not there, make it, rename. */
static lake_status rename_into(struct lake *lake, const char *from, const char *to, bool *is_missing,
                               struct lake_error *err)
{
    bool exists = false;
    *is_missing = false;
    if (lake->io.ops->rename(lake->io.context, from, to) == 0)
        return LAKE_OK;
    TRY(make_parent(lake, to, err));
    int result = lake->io.ops->rename(lake->io.context, from, to);
    if (result == 0)
        return LAKE_OK;
    TRY(file_exists(lake->io, from, &exists, err));
    *is_missing = !exists;
    return exists ? lake_fail_errno(err, -result, "cannot rename", from) : LAKE_OK;
}

static lake_status carry_out(struct lake *lake, const struct manifest_outstanding *move, bool *was_done,
                             struct lake_error *err)
{
    char *data_path = NULL;
    char *state_path = NULL;
    bool is_there = false;
    lake_status status = LAKE_OK;
    TRY_OUT(layout_data_path(lake, move->path, &data_path, err));
    TRY_OUT(layout_state_path(lake, move->state_path, &state_path, err));
    const char *from = move->move == MANIFEST_PUBLISH ? state_path : data_path;
    const char *to = move->move == MANIFEST_PUBLISH ? data_path : state_path;
    TRY_OUT(rename_into(lake, from, to, was_done, err));
    if (!*was_done)
        goto out;
    TRY_OUT(file_exists(lake->io, to, &is_there, err));
    /* A retired file that is gone altogether costs history, not data. */
    if (!is_there && move->move == MANIFEST_PUBLISH)
        status = lake_fail(err, LAKE_CORRUPT, "%s: a committed file is missing; run dl verify", data_path);
out:
    memory_free(data_path);
    memory_free(state_path);
    return status;
}

lake_status moves_carry_out(struct lake *lake, const struct manifest_outstanding *moves, size_t n, bool *is_done,
                            int64_t *n_renamed, struct lake_error *err)
{
    lake_status first = LAKE_OK;
    if (n_renamed != NULL)
        *n_renamed = 0;
    for (size_t i = 0; i < n; i++) {
        bool was_done = false;
        lake_status status = carry_out(lake, &moves[i], &was_done, first == LAKE_OK ? err : NULL);
        is_done[i] = status == LAKE_OK;
        if (first == LAKE_OK)
            first = status;
        if (n_renamed != NULL && is_done[i] && !was_done)
            (*n_renamed)++;
    }
    return first;
}

lake_status moves_sync_filesystem(struct lake *lake, const char *directory, struct lake_error *err)
{
    int file = lake->io.ops->open(lake->io.context, directory, IO_OPEN_DIRECTORY);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", directory);
    int synced = lake->io.ops->sync_filesystem(lake->io.context, file);
    int closed = lake->io.ops->close(lake->io.context, file);
    if (synced == -ENOSYS)
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: the system cannot sync a filesystem", directory);
    if (synced != 0 || closed != 0)
        return lake_fail_errno(err, synced != 0 ? -synced : -closed, "cannot make durable", directory);
    return LAKE_OK;
}

/* Syncs a directory unless that was done: `synced` holds the names so far, each terminated. */
static lake_status sync_once(struct lake *lake, const char *directory, struct buffer *synced, struct lake_error *err)
{
    for (size_t at = 0; at < synced->length;) {
        const char *name = (const char *)synced->data + at;
        if (strcmp(name, directory) == 0)
            return LAKE_OK;
        at += strlen(name) + 1;
    }
    TRY(file_sync_directory(lake->io, directory, err));
    return buffer_append(synced, directory, strlen(directory) + 1, err);
}

/* Syncs the directory of a path below a root and those above it, up to the root: any of them may be new. */
static lake_status sync_directories(struct lake *lake, const char *root, const char *path, struct buffer *synced,
                                    struct lake_error *err)
{
    char *full = NULL;
    size_t n_root = strlen(root);
    lake_status status = path_join(root, path, &full, err);
    while (status == LAKE_OK) {
        char *slash = strrchr(full, '/');
        if (slash == NULL || (size_t)(slash - full) < n_root)
            break;
        *slash = '\0';
        status = sync_once(lake, full, synced, err);
    }
    memory_free(full);
    return status;
}

lake_status moves_make_durable(struct lake *lake, const struct manifest_outstanding *moves, size_t n,
                               struct lake_error *err)
{
    struct buffer synced = BUFFER_INIT(SYNC_FILESYSTEM_FILES * 16 * LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    if (n >= SYNC_FILESYSTEM_FILES) {
        status = moves_sync_filesystem(lake, lake->data_root, err);
        if (status != LAKE_UNSUPPORTED)
            return status;
    }
    for (size_t i = 0; i < n; i++) {
        TRY_OUT(sync_directories(lake, lake->data_root, moves[i].path, &synced, err));
        if (moves[i].move == MANIFEST_RETIRE)
            TRY_OUT(sync_directories(lake, lake->state_root, moves[i].state_path, &synced, err));
    }
    status = LAKE_OK;
out:
    buffer_release(&synced);
    return status;
}
