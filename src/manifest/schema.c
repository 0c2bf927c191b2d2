#include "manifest/schema.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/limits.h"

static lake_status set_version(struct database *database, int64_t version, struct lake_error *err)
{
    struct buffer sql = BUFFER_INIT(KIB);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&sql, err, "PRAGMA application_id=%d; PRAGMA user_version=%" PRId64, SCHEMA_APPLICATION_ID,
                          version));
    TRY_OUT(buffer_string(&sql, &text, err));
    TRY_OUT(database_run(database, text, err));
out:
    buffer_release(&sql);
    return status;
}

lake_status schema_touch(struct database *database, struct lake_error *err)
{
    return set_version(database, schema_migrations().n, err);
}

static lake_status run_parts(struct database *database, const struct schema_migration *migration,
                             struct lake_error *err)
{
    for (size_t i = 0; i < SCHEMA_MIGRATION_PARTS && migration->parts[i] != NULL; i++)
        TRY(database_run(database, migration->parts[i], err));
    return LAKE_OK;
}

static lake_status migrate_to(struct database *database, const struct schema_migration *migration, int64_t version,
                              struct lake_error *err)
{
    lake_status status = LAKE_OK;
    TRY_OUT(database_run(database, "BEGIN IMMEDIATE", err));
    TRY_OUT(run_parts(database, migration, err));
    TRY_OUT(set_version(database, version, err));
    TRY_OUT(database_run(database, "COMMIT", err));
out:
    if (status != LAKE_OK)
        database_rollback(database);
    return status;
}

static lake_status is_empty(struct database *database, bool *empty, struct lake_error *err)
{
    int64_t n_objects = 0;
    TRY(database_get_int64(database, "SELECT count(*) FROM sqlite_schema", &n_objects, err));
    *empty = n_objects == 0;
    return LAKE_OK;
}

/* The schema's number; 0 is an empty database. Nothing is written to a database that is somebody else's. */
static lake_status identify(struct database *database, int64_t last, int64_t *version, struct lake_error *err)
{
    const char *path = database_path(database);
    int64_t application = 0;
    bool empty = false;
    TRY(database_get_int64(database, "PRAGMA application_id", &application, err));
    TRY(database_get_int64(database, "PRAGMA user_version", version, err));
    if (application == 0 && *version == 0)
        TRY(is_empty(database, &empty, err));
    if (empty)
        return LAKE_OK;
    if (application != SCHEMA_APPLICATION_ID || *version < 1)
        return lake_fail(err, LAKE_CORRUPT, "%s: an SQLite database, but not a lake's manifest", path);
    if (*version > last)
        return lake_fail(err, LAKE_UNSUPPORTED,
                         "%s: its schema is %" PRId64 ", this software knows schemas up to %" PRId64
                         ": upgrade the software",
                         path, *version, last);
    return LAKE_OK;
}

lake_status schema_prepare(struct database *database, struct schema_migrations wanted, enum schema_permit permit,
                           bool *created, struct lake_error *err)
{
    const char *path = database_path(database);
    int64_t version = 0;
    *created = false;
    TRY(identify(database, wanted.n, &version, err));
    if (version == 0 && permit != SCHEMA_CREATE)
        return lake_fail(err, LAKE_NOT_FOUND, "%s: an empty database, not yet a lake's manifest", path);
    if (version < wanted.n && database_is_read_only(database))
        return lake_fail(err, LAKE_PERMISSION,
                         "%s: needs its schema brought from %" PRId64 " to %" PRId64 ", without permission to write",
                         path, version, wanted.n);
    if (version < wanted.n && permit == SCHEMA_LOOK)
        return lake_fail(err, LAKE_INVALID_STATE, "%s: its schema is %" PRId64 " and must first be brought to %" PRId64,
                         path, version, wanted.n);
    if (!database_is_read_only(database))
        TRY(database_use_wal(database, err));
    *created = version == 0;
    for (; version < wanted.n; version++)
        TRY(migrate_to(database, &wanted.rows[version], version + 1, err));
    return LAKE_OK;
}
