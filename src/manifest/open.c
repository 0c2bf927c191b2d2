#include <errno.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "manifest/handle.h"
#include "manifest/schema.h"

/* Whether there is something at the path that can be a database. Only looks: nobody but SQLite opens it. */
static lake_status look_at(const char *path, bool *exists, struct lake_error *err)
{
    struct io io = io_system();
    struct io_status found = {.kind = IO_KIND_OTHER};
    int code = io.ops->status(io.context, path, &found);
    *exists = code == 0;
    if (code == -ENOENT)
        return LAKE_OK;
    if (code != 0)
        return lake_fail_errno(err, -code, "cannot look at the manifest", path);
    if (found.kind == IO_KIND_DIRECTORY)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: a directory, not a manifest", path);
    if (found.kind != IO_KIND_FILE)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: not a file", path);
    return LAKE_OK;
}

/* Whether commits may stand in the -wal file that the database does not hold yet. */
static lake_status has_wal(const char *path, bool *wal, struct lake_error *err)
{
    struct io io = io_system();
    struct io_status found = {.size_bytes = 0};
    struct buffer name = BUFFER_INIT(LIMIT_PATH_BYTES + 8);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&name, err, "%s-wal", path));
    TRY_OUT(buffer_string(&name, &text, err));
    int code = io.ops->status(io.context, text, &found);
    *wal = code != -ENOENT && (code != 0 || found.size_bytes > 0);
out:
    buffer_release(&name);
    return status;
}

/* The last resort of a reader without permission: SQLite reads the database alone, as of its last checkpoint. Right only
 * while nothing stands in the WAL. */
static lake_status open_immutable(const char *path, struct database **out, struct lake_error *err)
{
    bool wal = false;
    TRY(has_wal(path, &wal, err));
    if (wal)
        return lake_fail(err, LAKE_PERMISSION,
                         "%s: commits in %s-wal cannot be read without permission to write in its directory; have its "
                         "owner open the lake once, or make the directory writable",
                         path, path);
    return database_open(path, DATABASE_IMMUTABLE, out, err);
}

/* Each way of opening a database needs less permission than the one before it. */
static lake_status open_existing(const char *path, enum manifest_mode mode, struct database **out,
                                 struct lake_error *err)
{
    lake_status status = LAKE_PERMISSION;
    if (mode != MANIFEST_READ_ONLY)
        status = database_open(path, DATABASE_READ_WRITE, out, err);
    if (status == LAKE_PERMISSION)
        status = database_open(path, DATABASE_READ_ONLY, out, err);
    if (status == LAKE_PERMISSION)
        status = open_immutable(path, out, err);
    return status;
}

/* SQLite says of a directory without permission, as of a missing one, that the file was not found. */
static lake_status create_database(const char *path, struct database **out, struct lake_error *err)
{
    char *directory = NULL;
    bool exists = false;
    lake_status status = LAKE_OK;
    TRY_OUT(path_parent(path, &directory, err));
    TRY_OUT(file_exists(io_system(), directory, &exists, err));
    if (!exists) {
        status = lake_fail(err, LAKE_NOT_FOUND, "%s: there is no directory %s", path, directory);
        goto out;
    }
    status = database_open(path, DATABASE_CREATE, out, err);
    if (status == LAKE_NOT_FOUND)
        status = lake_fail(err, LAKE_PERMISSION, "%s: no permission to make files in %s", path, directory);
out:
    memory_free(directory);
    return status;
}

static lake_status open_database(const char *path, enum manifest_mode mode, struct database **out,
                                 struct lake_error *err)
{
    bool exists = false;
    TRY(look_at(path, &exists, err));
    if (exists)
        return open_existing(path, mode, out, err);
    if (mode == MANIFEST_CREATE)
        return create_database(path, out, err);
    return lake_fail(err, LAKE_NOT_FOUND, "%s: there is no manifest", path);
}

static enum schema_permit permit_of(enum manifest_mode mode)
{
    switch (mode) {
    case MANIFEST_CREATE: return SCHEMA_CREATE;
    case MANIFEST_MIGRATE: return SCHEMA_MIGRATE;
    default: return SCHEMA_LOOK;
    }
}

lake_status manifest_open(const char *path, enum manifest_mode mode, bool *created, struct manifest **out,
                          struct lake_error *err)
{
    struct manifest *manifest = NULL;
    bool made = false;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *manifest, &manifest, err));
    TRY_OUT(open_database(path, mode, &manifest->database, err));
    TRY_OUT(schema_prepare(manifest->database, schema_migrations(), permit_of(mode), &made, err));
    if (created != NULL)
        *created = made;
    *out = manifest;
    manifest = NULL;
out:
    manifest_close(manifest);
    return status;
}

void manifest_close(struct manifest *manifest)
{
    if (manifest == NULL)
        return;
    statements_release(manifest);
    database_close(manifest->database);
    memory_free(manifest);
}

bool manifest_is_read_only(const struct manifest *manifest)
{
    return database_is_read_only(manifest->database);
}
