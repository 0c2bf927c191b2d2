#include "lake/gc.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/empty_directories.h"
#include "lake/layout.h"
#include "lake/orphans.h"
#include "lake/readers.h"
#include "lake/recover.h"
#include "lake/staging_save.h"

/* ---- what dead processes left ---- */

static const char lock_suffix[] = ".lock", staging[] = "staging";

/* The files of writers, or of readers, and what is found to be of dead ones. */
struct leftovers {
    const char *directory;
    struct buffer names;
    int64_t n_dead;
};

static lake_status state_path_of(struct lake *lake, const char *directory, const char *name, char **out,
                                 struct lake_error *err)
{
    char *below = NULL;
    TRY(path_join(directory, name, &below, err));
    lake_status status = layout_state_path(lake, below, out, err);
    memory_free(below);
    return status;
}

/* Whether nobody holds the lock of a file. Shared suffices to know, and leaves the file's text as it is. */
static lake_status is_dead(struct lake *lake, const char *path, bool *out, struct lake_error *err)
{
    struct io io = lake->io;
    int file = io.ops->open(io.context, path, IO_READ);
    *out = false;
    if (file == -ENOENT || file == -EACCES)
        return LAKE_OK;
    if (file < 0)
        return lake_fail_errno(err, -file, "cannot open", path);
    int locked = io.ops->lock(io.context, file, IO_LOCK_SHARED);
    *out = locked == 0;
    (void)io.ops->close(io.context, file); /* nothing was written */
    return locked == 0 || locked == -EAGAIN ? LAKE_OK : lake_fail_errno(err, -locked, "cannot lock", path);
}

/* Adds up the files that begin with a token: its own and, of a writer, those it staged. */
static lake_status measure(struct lake *lake, const struct leftovers *leftovers, const char *token,
                           struct maintain_step *step, struct lake_error *err)
{
    for (size_t at = 0; at < leftovers->names.length;) {
        const char *name = (const char *)leftovers->names.data + at;
        struct io_status found;
        char *path = NULL;
        at += strlen(name) + 1;
        if (strncmp(name, token, strlen(token)) != 0)
            continue;
        TRY(state_path_of(lake, leftovers->directory, name, &path, err));
        int result = lake->io.ops->status(lake->io.context, path, &found);
        memory_free(path);
        if (result != 0)
            continue; /* removed meanwhile */
        step->n_files++;
        step->n_bytes += found.size_bytes;
    }
    return LAKE_OK;
}

/* Whether a writer made a safe point: then recovery keeps most of its files. */
static bool has_save(const struct leftovers *leftovers, const char *token)
{
    char found[STAGING_TOKEN_BYTES];
    for (size_t at = 0; at < leftovers->names.length;) {
        const char *name = (const char *)leftovers->names.data + at;
        at += strlen(name) + 1;
        if (staging_is_save(name, found) && strcmp(found, token) == 0)
            return true;
    }
    return false;
}

static lake_status plan_removal(struct maintenance *maintenance, const struct leftovers *leftovers, const char *token,
                                struct lake_error *err)
{
    struct maintain_step step = {.task = "gc"};
    char *what = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(measure(maintenance->lake, leftovers, token, &step, err));
    TRY_OUT(path_join(leftovers->directory, token, &what, err));
    step.what = what;
    maintenance->result->orphans_removed += step.n_files;
    maintenance->result->orphan_bytes += step.n_bytes;
    status = maintain_add_step(maintenance, &step, err);
out:
    memory_free(what);
    return status;
}

/* A file may be the lock of a process: its name is then the token and the suffix. */
static lake_status look_at(struct maintenance *maintenance, struct leftovers *leftovers, const char *name,
                           struct lake_error *err)
{
    struct lake *lake = maintenance->lake;
    char token[LIMIT_NAME_BYTES];
    char *path = NULL;
    bool dead = false;
    size_t n = strlen(name), n_suffix = strlen(lock_suffix);
    if (n <= n_suffix || n - n_suffix >= sizeof token || strcmp(name + n - n_suffix, lock_suffix) != 0)
        return LAKE_OK;
    memcpy(token, name, n - n_suffix);
    token[n - n_suffix] = '\0';
    TRY(state_path_of(lake, leftovers->directory, name, &path, err));
    lake_status status = is_dead(lake, path, &dead, err);
    memory_free(path);
    if (status != LAKE_OK || !dead)
        return status;
    leftovers->n_dead++;
    return has_save(leftovers, token) ? LAKE_OK : plan_removal(maintenance, leftovers, token, err);
}

/* Finds the dead ones and writes them to the plan. */
static lake_status find_dead(struct maintenance *maintenance, const char *directory, int64_t *n_dead,
                             struct lake_error *err)
{
    struct leftovers leftovers = {directory, BUFFER_INIT(LIMIT_ENGINE_BYTES), 0};
    lake_status status = list_state_files(maintenance->lake, directory, &leftovers.names, err);
    for (size_t at = 0; at < leftovers.names.length && status == LAKE_OK;) {
        const char *name = (const char *)leftovers.names.data + at;
        at += strlen(name) + 1;
        status = look_at(maintenance, &leftovers, name, err);
    }
    *n_dead = leftovers.n_dead;
    buffer_release(&leftovers.names);
    return status;
}

static lake_status remove_readers(struct lake *lake, struct lake_error *err)
{
    struct file_lock lock = {0};
    int64_t oldest = 0;
    TRY(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "maintenance", err));
    lake_status status = readers_oldest(lake, INT64_MAX, &oldest, err);
    file_lock_release(&lock);
    return status;
}

static lake_status remove_dead(struct maintenance *maintenance, struct lake_error *err)
{
    int64_t n_writers = 0;
    int64_t n_readers = 0;
    TRY(find_dead(maintenance, staging, &n_writers, err));
    TRY(find_dead(maintenance, "readers", &n_readers, err));
    if (maintenance->options->dry_run)
        return LAKE_OK;
    if (n_writers > 0)
        TRY(lake_recover(maintenance->lake, err)); /* it finishes what they committed before it removes the rest */
    return n_readers > 0 ? remove_readers(maintenance->lake, err) : LAKE_OK;
}

/* ---- safe points past their time ---- */

/* Whether nobody has gone on from it for so long. */
static lake_status is_expired(struct lake *lake, const char *name, const char *token, bool *out, struct lake_error *err)
{
    struct io_status found = {.modified_ms = 0};
    char *path = NULL;
    bool has_lock = false;
    *out = false;
    TRY(staging_has_lock(lake, token, &has_lock, err));
    if (has_lock)
        return LAKE_OK;
    TRY(state_path_of(lake, staging, name, &path, err));
    int result = lake->io.ops->status(lake->io.context, path, &found);
    *out = result == 0 && found.modified_ms <= lake->io.ops->now_ms(lake->io.context) - SAVED_WRITES_MS;
    lake_status status =
        result == 0 || result == -ENOENT ? LAKE_OK : lake_fail_errno(err, -result, "cannot examine", path);
    memory_free(path);
    return status;
}

/* Looks again under the lake's lock, without which somebody might go on from it now. */
static lake_status remove_save(struct lake *lake, const char *name, const char *token, struct lake_error *err)
{
    struct file_lock lock = {0};
    bool expired = false;
    TRY(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "maintenance", err));
    lake_status status = is_expired(lake, name, token, &expired, err);
    if (status == LAKE_OK && expired)
        status = staging_discard(lake, token, err);
    file_lock_release(&lock);
    return status;
}

static lake_status expire_save(struct maintenance *maintenance, const struct leftovers *leftovers, const char *name,
                               struct lake_error *err)
{
    char token[STAGING_TOKEN_BYTES];
    bool expired = false;
    if (!staging_is_save(name, token))
        return LAKE_OK;
    TRY(is_expired(maintenance->lake, name, token, &expired, err));
    if (!expired)
        return LAKE_OK;
    TRY(plan_removal(maintenance, leftovers, token, err));
    if (!maintenance->options->dry_run)
        TRY(remove_save(maintenance->lake, name, token, err));
    return maintain_report(maintenance, err);
}

static lake_status expire_saves(struct maintenance *maintenance, struct lake_error *err)
{
    struct leftovers leftovers = {staging, BUFFER_INIT(LIMIT_ENGINE_BYTES), 0};
    lake_status status = list_state_files(maintenance->lake, staging, &leftovers.names, err);
    for (size_t at = 0; at < leftovers.names.length && status == LAKE_OK;) {
        const char *name = (const char *)leftovers.names.data + at;
        at += strlen(name) + 1;
        status = expire_save(maintenance, &leftovers, name, err);
    }
    buffer_release(&leftovers.names);
    return status;
}

lake_status gc_run(struct maintenance *maintenance, struct lake_error *err)
{
    TRY(maintain_settle(maintenance->lake, err));
    TRY(remove_dead(maintenance, err));
    TRY(expire_saves(maintenance, err));
    TRY(orphans_remove(maintenance, err));
    return empty_directories_remove(maintenance, err);
}
