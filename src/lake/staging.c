#include "lake/staging.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/moves.h"
#include "lake/staging_save.h"

enum { LOCK_ATTEMPTS = 8 };

static const char staging_root[] = "staging";
static const char lock_suffix[] = ".lock";

static lake_status root_path(const struct lake *lake, char **out, struct lake_error *err)
{
    return layout_state_path(lake, staging_root, out, err);
}

static lake_status lock_path_of(const struct lake *lake, const char *token, char **out, struct lake_error *err)
{
    char name[STAGING_PATH_BYTES];
    if (snprintf(name, sizeof name, "%s/%s%s", staging_root, token, lock_suffix) >= (int)sizeof name)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s': not the token of a write", token);
    return layout_state_path(lake, name, out, err);
}

/* A recovering process may have taken our lock file for a dead writer's between its making and our locking, and removed it:
 * then the file we hold is no longer the one under the name. */
static bool is_still_ours(const struct file_lock *lock, const char *path)
{
    struct io_status held, named;
    return lock->io.ops->file_status(lock->io.context, lock->file, &held) == 0 &&
           lock->io.ops->status(lock->io.context, path, &named) == 0 && held.inode == named.inode &&
           held.device == named.device;
}

static lake_status try_lock(struct staging *staging, const char *purpose, bool *is_locked, struct lake_error *err)
{
    char *path = NULL;
    lake_status status = LAKE_OK;
    *is_locked = false;
    (void)snprintf(staging->prefix, sizeof staging->prefix, "%s/%s-", staging_root, staging->token);
    TRY_OUT(lock_path_of(staging->lake, staging->token, &path, err));
    status = file_lock_acquire(&staging->lock, staging->lake->io, path, IO_LOCK_EXCLUSIVE, 0, purpose, err);
    if (status == LAKE_BUSY) {
        status = LAKE_OK;
        goto out;
    }
    if (status != LAKE_OK)
        goto out;
    *is_locked = is_still_ours(&staging->lock, path);
    if (!*is_locked)
        file_lock_release(&staging->lock);
out:
    memory_free(path);
    return status;
}

static lake_status try_new_token(struct staging *staging, const char *purpose, bool *is_locked, struct lake_error *err)
{
    uint64_t random = 0;
    TRY(layout_random(staging->lake->io, &random, err));
    (void)snprintf(staging->token, sizeof staging->token, "%016" PRIx64, random);
    return try_lock(staging, purpose, is_locked, err);
}

/* The directory is made with the lake, and made again where a lake was copied without it. */
static lake_status open_directory(struct staging *staging, const char *root, struct lake_error *err)
{
    struct lake *lake = staging->lake;
    bool is_new = false;
    TRY(file_make_directories(lake->io, root, &is_new, err));
    if (is_new)
        TRY(file_sync_directory(lake->io, lake->state_root, err));
    int file = lake->io.ops->open(lake->io.context, root, IO_OPEN_DIRECTORY);
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", root);
    staging->directory = file;
    return LAKE_OK;
}

lake_status staging_open(struct staging *staging, struct lake *lake, const char *purpose, struct lake_error *err)
{
    char *root = NULL;
    bool is_locked = false;
    lake_status status = LAKE_OK;
    *staging = (struct staging){.lake = lake, .directory = -1};
    TRY_OUT(root_path(lake, &root, err));
    TRY_OUT(open_directory(staging, root, err));
    staging->is_open = true;
    for (int i = 0; i < LOCK_ATTEMPTS && !is_locked; i++)
        TRY_OUT(try_new_token(staging, purpose, &is_locked, err));
    if (!is_locked)
        status = lake_fail(err, LAKE_BUSY, "%s: cannot get a name of its own for a write; try again", root);
out:
    if (status != LAKE_OK)
        staging_close(staging);
    memory_free(root);
    return status;
}

/* Until the caller says that all is well the safe point is kept, whatever happens. */
lake_status staging_take_over(struct staging *staging, struct lake *lake, const char *token, const char *purpose,
                              struct lake_error *err)
{
    char *root = NULL;
    bool is_locked = false;
    lake_status status = LAKE_OK;
    *staging = (struct staging){.lake = lake, .directory = -1, .is_kept = true};
    if (strlen(token) != STAGING_TOKEN_BYTES - 1)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s': not the token of a write", token);
    memcpy(staging->token, token, STAGING_TOKEN_BYTES);
    TRY_OUT(root_path(lake, &root, err));
    TRY_OUT(open_directory(staging, root, err));
    staging->is_open = true;
    TRY_OUT(try_lock(staging, purpose, &is_locked, err));
    if (!is_locked)
        status = lake_fail(err, LAKE_BUSY, "%s: another process goes on with this interrupted write", root);
out:
    if (status != LAKE_OK)
        staging_close(staging);
    memory_free(root);
    return status;
}

/* ---- durable ---- */

lake_status staging_sync_names(const struct staging *staging, struct lake_error *err)
{
    const struct io *io = &staging->lake->io;
    int result = io->ops->sync(io->context, staging->directory);
    return result == 0 ? LAKE_OK : lake_fail_errno(err, -result, "cannot make durable", staging_root);
}

lake_status staging_sync_filesystem(const struct staging *staging, struct lake_error *err)
{
    return moves_sync_filesystem(staging->lake, staging->directory, staging_root, err);
}

/* ---- leftovers ---- */

struct removal {
    struct lake *lake;
    const char *directory;
    const char *token; /* NULL: every file */
    struct lake_error *err;
};

static int remove_entry(void *context, const char *name, enum io_kind kind)
{
    const struct removal *removal = context;
    char *path = NULL;
    size_t n = removal->token == NULL ? 0 : strlen(removal->token);
    if (kind == IO_KIND_DIRECTORY || (n > 0 && (strncmp(name, removal->token, n) != 0 || name[n] != '-')))
        return 0; /* another's, or not ours */
    if (path_join(removal->directory, name, &path, removal->err) != LAKE_OK)
        return -ENOMEM;
    lake_status status = file_remove(removal->lake->io, path, removal->err);
    memory_free(path);
    return status == LAKE_OK ? 0 : -EIO;
}

static lake_status remove_entries(struct removal *removal, struct lake_error *err)
{
    int result = removal->lake->io.ops->list(removal->lake->io.context, removal->directory, remove_entry, removal);
    if (result != 0 && result != -ENOENT)
        return lake_fail_errno(err, -result, "cannot remove what is left in", removal->directory);
    return LAKE_OK;
}

/* Removes the files of a write; that there are none is fine. */
static lake_status remove_files(struct lake *lake, const char *token, struct lake_error *err)
{
    char *root = NULL;
    TRY(root_path(lake, &root, err));
    struct removal removal = {lake, root, token, err};
    lake_status status = remove_entries(&removal, err);
    memory_free(root);
    return status;
}

/* A writer of the first version of this software had a directory named by its token. */
static lake_status remove_directory(struct lake *lake, const char *token, struct lake_error *err)
{
    char *root = NULL, *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(root_path(lake, &root, err));
    TRY_OUT(path_join(root, token, &path, err));
    struct removal removal = {lake, path, NULL, err};
    TRY_OUT(remove_entries(&removal, err));
    int result = lake->io.ops->remove_directory(lake->io.context, path);
    if (result != 0 && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot remove", path);
out:
    memory_free(root);
    memory_free(path);
    return status;
}

/* What is not removed, or not parked, now is left to the next recovery, which finds the lock free. */
static lake_status leave(const struct staging *staging)
{
    bool is_parked = false;
    if (staging->is_kept)
        TRY(staging_park(staging->lake, staging->token, &is_parked, NULL));
    return is_parked ? LAKE_OK : remove_files(staging->lake, staging->token, NULL);
}

void staging_close(struct staging *staging)
{
    char *path = NULL;
    if (!staging->is_open)
        return;
    staging->is_open = false;
    const struct io *io = &staging->lake->io;
    if (staging->lock.is_held && !staging->is_committed && leave(staging) == LAKE_OK &&
        lock_path_of(staging->lake, staging->token, &path, NULL) == LAKE_OK)
        (void)io->ops->remove(io->context, path);
    memory_free(path);
    file_lock_release(&staging->lock);
    (void)io->ops->close(io->context, staging->directory); /* nothing was written through it */
    saved_files_free(staging->saved);
    staging->saved = NULL;
}

struct listing {
    struct lake *lake;
    struct buffer names; /* of lock files without their suffix, each terminated */
    struct lake_error *err;
};

static int list_entry(void *context, const char *name, enum io_kind kind)
{
    struct listing *listing = context;
    size_t n = strlen(name);
    size_t n_suffix = sizeof lock_suffix - 1;
    if (kind != IO_KIND_FILE || n <= n_suffix || strcmp(name + n - n_suffix, lock_suffix) != 0)
        return 0;
    if (buffer_append(&listing->names, name, n - n_suffix, listing->err) != LAKE_OK ||
        buffer_append_byte(&listing->names, 0, listing->err) != LAKE_OK)
        return -ENOMEM;
    return 0;
}

static lake_status list_tokens(struct listing *listing, struct lake_error *err)
{
    char *root = NULL;
    struct lake *lake = listing->lake;
    lake_status status = root_path(lake, &root, err);
    if (status != LAKE_OK)
        return status;
    int result = lake->io.ops->list(lake->io.context, root, list_entry, listing);
    if (result != 0 && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot list", root);
    memory_free(root);
    return status;
}

lake_status staging_any(struct lake *lake, bool *any, struct lake_error *err)
{
    struct listing listing = {lake, BUFFER_INIT(MIB), err};
    lake_status status = list_tokens(&listing, err);
    *any = listing.names.length > 0;
    buffer_release(&listing.names);
    return status;
}

lake_status staging_has_lock(struct lake *lake, const char *token, bool *has, struct lake_error *err)
{
    char *path = NULL;
    TRY(lock_path_of(lake, token, &path, err));
    lake_status status = file_exists(lake->io, path, has, err);
    memory_free(path);
    return status;
}

/* Everything of a token whose lock is held; the lock file last. */
static lake_status remove_all(struct lake *lake, const char *token, const char *lock_path, struct lake_error *err)
{
    TRY(remove_files(lake, token, err));
    TRY(remove_directory(lake, token, err));
    return file_remove(lake->io, lock_path, err);
}

static lake_status settle(struct lake *lake, const char *token, const char *lock_path, struct staging_dead *out,
                          struct lake_error *err)
{
    bool is_parked = false;
    TRY(staging_park(lake, token, &is_parked, err));
    TRY(is_parked ? file_remove(lake->io, lock_path, err) : remove_all(lake, token, lock_path, err));
    out->n_parked += is_parked;
    out->n_removed += !is_parked;
    return LAKE_OK;
}

static lake_status settle_if_dead(struct lake *lake, const char *token, struct staging_dead *out,
                                  struct lake_error *err)
{
    char *path = NULL;
    struct file_lock lock = {0};
    lake_status status = LAKE_OK;
    if (strlen(token) != STAGING_TOKEN_BYTES - 1)
        return LAKE_OK; /* not one of ours */
    TRY_OUT(lock_path_of(lake, token, &path, err));
    status = file_lock_acquire(&lock, lake->io, path, IO_LOCK_EXCLUSIVE, 0, "recovery", err);
    if (status == LAKE_OK)
        status = settle(lake, token, path, out, err);
    else if (status == LAKE_BUSY || status == LAKE_PERMISSION)
        status = LAKE_OK; /* its writer lives, or it is another user's to remove */
out:
    file_lock_release(&lock);
    memory_free(path);
    return status;
}

lake_status staging_remove_dead(struct lake *lake, struct staging_dead *out, struct lake_error *err)
{
    struct listing listing = {lake, BUFFER_INIT(MIB), err};
    lake_status status = LAKE_OK;
    *out = (struct staging_dead){0, 0};
    TRY_OUT(list_tokens(&listing, err));
    for (size_t at = 0; at < listing.names.length;) {
        const char *token = (const char *)listing.names.data + at;
        TRY_OUT(settle_if_dead(lake, token, out, err));
        at += strlen(token) + 1;
    }
out:
    buffer_release(&listing.names);
    return status;
}

lake_status staging_discard(struct lake *lake, const char *token, struct lake_error *err)
{
    char *path = NULL;
    struct file_lock lock = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(lock_path_of(lake, token, &path, err));
    TRY_OUT(file_lock_acquire(&lock, lake->io, path, IO_LOCK_EXCLUSIVE, 0, "discarding", err));
    status = remove_all(lake, token, path, err);
out:
    file_lock_release(&lock);
    memory_free(path);
    return status;
}
