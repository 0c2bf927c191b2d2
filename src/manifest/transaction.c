#include "manifest/handle.h"
#include "manifest/schema.h"

/* The first process that opens the lake reads the WAL whole, so it is kept short: 512 KiB take a quarter of a millisecond.
 * Moving it costs two syncs, so that is not done after every commit (of one day: about ten pages). */
enum { CHECKPOINT_PAGES = 128 };

lake_status manifest_read_begin(struct manifest *manifest, bool *begun, struct lake_error *err)
{
    *begun = false;
    if (database_in_transaction(manifest->database))
        return LAKE_OK;
    TRY(statement_execute(manifest, STATEMENT_BEGIN_READ, NULL, 0, err));
    *begun = true;
    return LAKE_OK;
}

lake_status manifest_read_end(struct manifest *manifest, bool begun, lake_status status, struct lake_error *err)
{
    if (!begun)
        return status;
    if (status == LAKE_OK)
        status = statement_execute(manifest, STATEMENT_COMMIT, NULL, 0, err);
    database_rollback(manifest->database);
    return status;
}

lake_status manifest_begin(struct manifest *manifest, struct lake_error *err)
{
    const char *path = database_path(manifest->database);
    if (database_in_transaction(manifest->database))
        return lake_fail(err, LAKE_INVALID_STATE, "%s: a write transaction is open already", path);
    if (database_is_read_only(manifest->database))
        return lake_fail(err, LAKE_PERMISSION, "%s: may only be read", path);
    manifest->noted.operation_id = 0;
    return statement_execute(manifest, STATEMENT_BEGIN_WRITE, NULL, 0, err);
}

lake_status manifest_commit(struct manifest *manifest, struct lake_error *err)
{
    const char *path = database_path(manifest->database);
    /* SQLite rolls back by itself after some failures (a full disk): what was written is gone. */
    if (!database_in_transaction(manifest->database))
        return lake_fail(err, LAKE_INVALID_STATE, "%s: no write transaction is open", path);
    lake_status status = statement_execute(manifest, STATEMENT_COMMIT, NULL, 0, err);
    if (status != LAKE_OK)
        manifest_rollback(manifest);
    return status;
}

void manifest_rollback(struct manifest *manifest)
{
    database_rollback(manifest->database);
}

lake_status manifest_touch(struct manifest *manifest, struct lake_error *err)
{
    if (!database_in_transaction(manifest->database))
        return lake_fail(err, LAKE_INVALID_STATE, "%s: no write transaction is open",
                         database_path(manifest->database));
    return schema_touch(manifest->database, err);
}

void manifest_checkpoint(struct manifest *manifest)
{
    if (database_wal_pages(manifest->database) >= CHECKPOINT_PAGES && !database_in_transaction(manifest->database))
        database_checkpoint(manifest->database);
}

void manifest_flush(struct manifest *manifest)
{
    if (!database_in_transaction(manifest->database) && !database_is_read_only(manifest->database))
        database_checkpoint(manifest->database);
}
