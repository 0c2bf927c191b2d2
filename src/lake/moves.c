#include "lake/moves.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"

/* Moves outstanding at which they are made durable and cleared. */
enum { CLEAR_MOVES = 32 };

static lake_status make_parent(struct lake *lake, const char *path, struct lake_error *err)
{
    char *parent = NULL;
    lake_status status = path_parent(path, &parent, err);
    if (status == LAKE_OK)
        status = file_make_directories(lake->io, parent, NULL, err);
    memory_free(parent);
    return status;
}

lake_status moves_make_place(struct lake *lake, const char *path, struct lake_error *err)
{
    char *data_path = NULL;
    TRY(layout_data_path(lake, path, &data_path, err));
    lake_status status = make_parent(lake, data_path, err);
    memory_free(data_path);
    return status;
}

/* Renames, making the target's directory where it is missing. *is_missing tells that there is no such source. */
static lake_status rename_into(struct lake *lake, const char *from, const char *to, bool *is_missing,
                               struct lake_error *err)
{
    bool exists = false;
    *is_missing = false;
    if (lake->io.ops->rename(lake->io.context, from, to) == 0)
        return LAKE_OK;
    TRY(file_exists(lake->io, from, &exists, err));
    *is_missing = !exists;
    if (!exists)
        return LAKE_OK;
    TRY(make_parent(lake, to, err));
    return file_rename(lake->io, from, to, err);
}

/* A file that is gone altogether is an error unless it may be: one that is retired costs history, not data. */
static lake_status carry_out(struct lake *lake, const struct manifest_outstanding *move, bool may_be_gone,
                             bool *was_done, struct lake_error *err)
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
    if (!*was_done || may_be_gone)
        goto out;
    TRY_OUT(file_exists(lake->io, to, &is_there, err));
    if (!is_there)
        status = lake_fail(err, LAKE_CORRUPT, "%s: a committed file is missing; run dl verify", data_path);
out:
    memory_free(data_path);
    memory_free(state_path);
    return status;
}

lake_status moves_carry_out(struct lake *lake, const struct manifest_outstanding *move, struct lake_error *err)
{
    bool was_done = false;
    return carry_out(lake, move, move->move == MANIFEST_RETIRE, &was_done, err);
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
    lake_status status = file_sync_directory(lake->io, directory, err);
    if (status != LAKE_OK && status != LAKE_NOT_FOUND) /* removed since, being empty: the one above says so */
        return status;
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

static lake_status sync_each(struct lake *lake, const struct manifest_outstanding *moves, size_t n,
                             struct lake_error *err)
{
    struct buffer synced = BUFFER_INIT(SYNC_FILESYSTEM_FILES * 16 * LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < n; i++) {
        TRY_OUT(sync_directories(lake, lake->data_root, moves[i].path, &synced, err));
        if (moves[i].move == MANIFEST_RETIRE)
            TRY_OUT(sync_directories(lake, lake->state_root, moves[i].state_path, &synced, err));
    }
out:
    buffer_release(&synced);
    return status;
}

lake_status moves_sync_filesystem(struct lake *lake, int directory, const char *name, struct lake_error *err)
{
    int result = lake->io.ops->sync_filesystem(lake->io.context, directory);
    if (result == -ENOSYS)
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: the system cannot sync a filesystem", name);
    return result == 0 ? LAKE_OK : lake_fail_errno(err, -result, "cannot make durable", name);
}

static lake_status sync_filesystem(struct lake *lake, struct lake_error *err)
{
    int file = lake->io.ops->open(lake->io.context, lake->data_root, IO_OPEN_DIRECTORY);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", lake->data_root);
    lake_status status = moves_sync_filesystem(lake, file, lake->data_root, err);
    (void)lake->io.ops->close(lake->io.context, file); /* nothing was written through it */
    return status;
}

static lake_status make_durable(struct lake *lake, const struct manifest_outstanding *moves, size_t n,
                                struct lake_error *err)
{
    lake_status status = LAKE_UNSUPPORTED;
    if (n == 0)
        return LAKE_OK;
    if (n >= SYNC_FILESYSTEM_FILES)
        status = sync_filesystem(lake, err);
    return status == LAKE_UNSUPPORTED ? sync_each(lake, moves, n, err) : status;
}

/* ---- all of them ---- */

static lake_status find_outstanding(struct lake *lake, struct arena *arena, struct manifest_outstanding **moves,
                                    size_t *n, struct lake_error *err)
{
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_outstanding(lake->manifest, arena, moves, n, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* A file has at most two moves, side by side, which are cleared together or not at all. */
static bool file_is_done(const struct manifest_outstanding *moves, const bool *is_done, size_t n, size_t i)
{
    bool before = i == 0 || moves[i - 1].file_id != moves[i].file_id || is_done[i - 1];
    bool after = i + 1 == n || moves[i + 1].file_id != moves[i].file_id || is_done[i + 1];
    return is_done[i] && before && after;
}

static void carry_out_all(struct lake *lake, const struct manifest_outstanding *moves, size_t n, bool *is_done,
                          struct moves_report *report)
{
    struct lake_error failure = {LAKE_OK, ""};
    for (size_t i = 0; i < n; i++) {
        /* Of a file that was retired since, either move may be long done. */
        bool is_retired = moves[i].move == MANIFEST_RETIRE || (i + 1 < n && moves[i + 1].file_id == moves[i].file_id);
        bool was_done = false;
        is_done[i] = carry_out(lake, &moves[i], is_retired, &was_done, &failure) == LAKE_OK;
        if (report == NULL)
            continue;
        report->n_renamed += is_done[i] && !was_done;
        if (!is_done[i] && report->failure.status == LAKE_OK)
            report->failure = failure;
    }
}

lake_status moves_finish(struct lake *lake, bool all, struct arena *arena, struct moves_done *done,
                         struct moves_report *report, struct lake_error *err)
{
    struct manifest_outstanding *moves = NULL;
    bool *is_done = NULL;
    size_t n = 0, n_done = 0;
    *done = (struct moves_done){NULL, 0};
    TRY(find_outstanding(lake, arena, &moves, &n, err));
    if (n == 0 || (n <= CLEAR_MOVES && !all))
        return LAKE_OK;
    TRY(arena_new(arena, n, sizeof *is_done, &is_done, err));
    carry_out_all(lake, moves, n, is_done, report);
    for (size_t i = 0; i < n; i++)
        if (file_is_done(moves, is_done, n, i))
            moves[n_done++] = moves[i];
    TRY(make_durable(lake, moves, n_done, err));
    *done = (struct moves_done){moves, n_done};
    return LAKE_OK;
}

lake_status moves_clear(struct lake *lake, const struct moves_done *done, struct lake_error *err)
{
    for (size_t i = 0; i < done->n; i++)
        TRY(manifest_clear_outstanding(lake->manifest, done->moves[i].file_id, err));
    return LAKE_OK;
}
