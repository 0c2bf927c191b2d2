/* Upkeep of the database itself: free pages, contents left behind, a copy. No statistics: each statement is written for one plan
 * (test_statements.c), which figures could only unsettle. */
#include "manifest/upkeep.h"
#include "base/limits.h"
#include "manifest/query.h"

/* A database is packed anew only where it pays: each time, all of it is written. */
enum { FREE_SHARE = 4, FREE_BYTES = 1 << 20 };

lake_status manifest_size_bytes(struct manifest *manifest, int64_t *pages_bytes, int64_t *free_bytes,
                                struct lake_error *err)
{
    int64_t page_bytes = 0, n_pages = 0, n_free = 0;
    bool begun = false;
    lake_status status = LAKE_OK;
    *pages_bytes = *free_bytes = 0;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(database_get_int64(manifest->database, "PRAGMA page_size", &page_bytes, err));
    TRY_OUT(database_get_int64(manifest->database, "PRAGMA page_count", &n_pages, err));
    TRY_OUT(database_get_int64(manifest->database, "PRAGMA freelist_count", &n_free, err));
    *pages_bytes = n_pages * page_bytes;
    *free_bytes = n_free * page_bytes;
out:
    return manifest_read_end(manifest, begun, status, err);
}

/* Superseded contents go with their files; those whose files did not expire in the order of time are found by looking at all. */
static lake_status sweep_contents(struct manifest *manifest, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    TRY(manifest_begin(manifest, err));
    TRY_OUT(statement_execute(manifest, STATEMENT_SWEEP_CONTENTS, NULL, 0, err));
    TRY_OUT(manifest_commit(manifest, err));
out:
    manifest_rollback(manifest);
    return status;
}

lake_status manifest_optimize(struct manifest *manifest, struct lake_error *err)
{
    int64_t pages_bytes = 0, free_bytes = 0;
    const char *path = database_path(manifest->database);
    if (database_in_transaction(manifest->database))
        return lake_fail(err, LAKE_INVALID_STATE, "%s: a transaction is open", path);
    if (database_is_read_only(manifest->database))
        return lake_fail(err, LAKE_PERMISSION, "%s: may only be read", path);
    TRY(sweep_contents(manifest, err));
    TRY(manifest_size_bytes(manifest, &pages_bytes, &free_bytes, err));
    if (free_bytes >= FREE_BYTES && free_bytes > pages_bytes / FREE_SHARE)
        TRY(database_run(manifest->database, "VACUUM", err));
    database_checkpoint(manifest->database);
    return LAKE_OK;
}

lake_status manifest_copy(struct manifest *manifest, const char *path, struct lake_error *err)
{
    if (database_in_transaction(manifest->database))
        return lake_fail(err, LAKE_INVALID_STATE, "%s: a transaction is open", database_path(manifest->database));
    return database_copy(manifest->database, path, err);
}
