/* The manifest of a backup: a copy that is checked, and freed of what only its lake can use. */
#include "lake/backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "manifest/history.h"

static int keep_first(void *context, const char *detail)
{
    struct lake_error *found = context;
    (void)lake_fail(found, LAKE_CORRUPT, "%s", detail);
    return 1;
}

static lake_status check(struct manifest *manifest, const char *path, struct lake_error *err)
{
    struct lake_error found = {LAKE_OK, ""};
    lake_status status = manifest_check(manifest, true, keep_first, &found, err);
    if (found.status != LAKE_OK)
        return lake_fail(err, LAKE_CORRUPT, "%s: is damaged: %s; run dl verify", path, found.message);
    return status;
}

/* By a connection of its own: other threads go on using the lake's. The pages of the copy get checksums of their own, which would
 * hide damage: it is the original that is checked. */
lake_status backup_copy_manifest(const char *original_path, const char *path, struct manifest **out,
                                 struct lake_error *err)
{
    struct manifest *original = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(manifest_open(original_path, MANIFEST_READ_ONLY, NULL, &original, err));
    TRY_OUT(check(original, original_path, err));
    TRY_OUT(manifest_copy(original, path, err));
    status = manifest_open(path, MANIFEST_READ_WRITE, NULL, out, err);
out:
    manifest_close(original);
    return status;
}

/* SQLite's files beside a database. Once the database is closed and its log empty they say nothing. */
static lake_status remove_beside(struct io io, const char *path, const char *suffix, struct lake_error *err)
{
    struct io_status found = {.size_bytes = 0};
    size_t n = strlen(path) + strlen(suffix) + 1;
    char *beside = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(n, 1, &beside, err));
    (void)snprintf(beside, n, "%s%s", path, suffix);
    int result = io.ops->status(io.context, beside, &found);
    if (result != 0 && result != -ENOENT)
        status = lake_fail_errno(err, -result, "cannot examine", beside);
    else if (strcmp(suffix, "-wal") == 0 && found.size_bytes > 0)
        status = lake_fail(err, LAKE_IO, "%s: could not be moved into the manifest", beside);
    else if (result == 0)
        status = file_remove(io, beside, err);
    memory_free(beside);
    return status;
}

static lake_status forget(struct manifest *copy, struct lake_error *err)
{
    TRY(manifest_begin(copy, err));
    lake_status status = manifest_forget_history(copy, err);
    if (status == LAKE_OK)
        status = manifest_commit(copy, err);
    if (status != LAKE_OK)
        manifest_rollback(copy);
    return status;
}

lake_status backup_finish_manifest(struct manifest *copy, struct io io, const char *path, struct lake_error *err)
{
    lake_status status = forget(copy, err);
    if (status == LAKE_OK)
        manifest_flush(copy);
    manifest_close(copy);
    TRY(status);
    TRY(remove_beside(io, path, "-wal", err));
    return remove_beside(io, path, "-shm", err);
}
