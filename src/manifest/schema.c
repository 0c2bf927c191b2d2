#include "manifest/schema.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/limits.h"

/* Notes on schema 1.
 * - A dataset carries the totals of its live files and days, kept by triggers, so that listing a thousand datasets does not
 *   count five million files. Its first and last time are index look-ups and not kept.
 * - Live files never overlap within a dataset (I5), so the one that answers for an instant is the last that starts at or
 *   before it: files_live finds it in one step, whatever mixture of days, months and years there is.
 * - contents is clustered with the live days first (retired = 0), so that they lie together without a second index.
 * - operation_sources and outstanding are keyed by what they belong to. */
static const char schema_1_tables[] =
    "CREATE TABLE datasets ("
    "  id INTEGER PRIMARY KEY,"
    "  exchange TEXT NOT NULL, market TEXT NOT NULL, symbol TEXT NOT NULL, type TEXT NOT NULL, period TEXT NOT NULL,"
    "  n_files INTEGER NOT NULL DEFAULT 0,"
    "  n_rows INTEGER NOT NULL DEFAULT 0,"
    "  size_bytes INTEGER NOT NULL DEFAULT 0,"
    "  n_days INTEGER NOT NULL DEFAULT 0,"
    "  changed_ms INTEGER NOT NULL DEFAULT 0,"
    "  UNIQUE (exchange, symbol, market, type, period)"
    ") STRICT;"
    "CREATE TABLE columns ("
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  name TEXT NOT NULL,"
    "  type INTEGER NOT NULL," /* enum column_type */
    "  width INTEGER NOT NULL,"
    "  PRIMARY KEY (dataset_id, name)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE operations ("
    "  id INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL,"
    "  rows_read INTEGER NOT NULL, rows_written INTEGER NOT NULL, rows_rejected INTEGER NOT NULL,"
    "  started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL,"
    "  software TEXT NOT NULL"
    ") STRICT;"
    "CREATE TABLE operation_sources ("
    "  operation_id INTEGER NOT NULL REFERENCES operations (id),"
    "  position INTEGER NOT NULL,"
    "  path TEXT NOT NULL,"
    "  size_bytes INTEGER NOT NULL,"
    "  sha256 BLOB CHECK (length(sha256) = 32),"
    "  PRIMARY KEY (operation_id, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE snapshots ("
    "  id INTEGER PRIMARY KEY,"
    "  operation_id INTEGER NOT NULL REFERENCES operations (id)"
    ") STRICT;"
    "CREATE TABLE files ("
    "  id INTEGER PRIMARY KEY,"
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  path TEXT NOT NULL,"
    "  partition_start_ms INTEGER NOT NULL, partition_end_ms INTEGER NOT NULL,"
    "  time_from_ms INTEGER NOT NULL, time_to_ms INTEGER NOT NULL,"
    "  n_rows INTEGER NOT NULL CHECK (n_rows > 0),"
    "  size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),"
    "  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
    "  operation_id INTEGER NOT NULL REFERENCES operations (id),"
    "  added INTEGER NOT NULL REFERENCES snapshots (id),"
    "  retired INTEGER NOT NULL DEFAULT 0,"
    "  CHECK (partition_start_ms <= time_from_ms AND time_from_ms <= time_to_ms AND time_to_ms < partition_end_ms)"
    ") STRICT;"
    "CREATE UNIQUE INDEX files_live ON files (dataset_id, partition_start_ms) WHERE retired = 0;"
    "CREATE TABLE contents ("
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  retired INTEGER NOT NULL DEFAULT 0,"
    "  day INTEGER NOT NULL,"
    "  version INTEGER NOT NULL CHECK (version > 0),"
    "  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
    "  n_rows INTEGER NOT NULL CHECK (n_rows >= 0),"
    "  time_from_ms INTEGER NOT NULL, time_to_ms INTEGER NOT NULL,"
    "  operation_id INTEGER NOT NULL REFERENCES operations (id),"
    "  added INTEGER NOT NULL REFERENCES snapshots (id),"
    "  PRIMARY KEY (dataset_id, retired, day)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE outstanding ("
    "  file_id INTEGER NOT NULL REFERENCES files (id),"
    "  move INTEGER NOT NULL CHECK (move IN (1, 2))," /* enum manifest_move */
    "  state_path TEXT NOT NULL,"
    "  PRIMARY KEY (file_id, move)"
    ") STRICT, WITHOUT ROWID;";

static const char schema_1_totals[] =
    "CREATE TRIGGER files_added AFTER INSERT ON files WHEN NEW.retired = 0 BEGIN"
    "  UPDATE datasets SET n_files = n_files + 1, n_rows = n_rows + NEW.n_rows, size_bytes = size_bytes + NEW.size_bytes"
    "  WHERE id = NEW.dataset_id;"
    "END;"
    "CREATE TRIGGER files_retired AFTER UPDATE OF retired ON files WHEN OLD.retired = 0 AND NEW.retired <> 0 BEGIN"
    "  UPDATE datasets SET n_files = n_files - 1, n_rows = n_rows - OLD.n_rows, size_bytes = size_bytes - OLD.size_bytes"
    "  WHERE id = OLD.dataset_id;"
    "END;"
    "CREATE TRIGGER contents_added AFTER INSERT ON contents WHEN NEW.retired = 0 BEGIN"
    "  UPDATE datasets SET n_days = n_days + (NEW.n_rows > 0),"
    "    changed_ms = (SELECT finished_ms FROM operations WHERE id = NEW.operation_id)"
    "  WHERE id = NEW.dataset_id;"
    "END;"
    "CREATE TRIGGER contents_changed AFTER UPDATE ON contents WHEN OLD.retired = 0 BEGIN"
    "  UPDATE datasets SET n_days = n_days + (NEW.retired = 0 AND NEW.n_rows > 0) - (OLD.n_rows > 0)"
    "  WHERE id = OLD.dataset_id;"
    "END;";

/* For people and other programs. Days are floored, so that times before 1970 fall into the right one. */
#define FLOOR_DAY(ms) "((" ms ") - (((" ms ") % 86400000) + 86400000) % 86400000) / 86400000"
static const char schema_1_view[] =
    "CREATE VIEW manifest AS SELECT"
    "  f.id AS id, d.exchange AS exchange, d.market AS market, d.symbol AS symbol, f.path AS path, d.type AS type,"
    "  f.time_from_ms AS time_from, f.time_to_ms AS time_to,"
    "  (SELECT max(c.version) FROM contents AS c WHERE c.dataset_id = f.dataset_id AND c.retired = 0"
    "     AND c.day BETWEEN " FLOOR_DAY("f.partition_start_ms") " AND " FLOOR_DAY(
        "f.partition_end_ms - 1") ") AS version,"
                                  "  lower(hex(f.sha256)) AS checksum, o.finished_ms AS created_at, NULL AS metadata,"
                                  "  d.period AS period, f.n_rows AS rows, f.size_bytes AS bytes,"
                                  "  f.time_from_ms AS first_key, f.time_to_ms AS last_key, f.operation_id AS operation_id"
                                  " FROM files AS f"
                                  " JOIN datasets AS d ON d.id = f.dataset_id"
                                  " JOIN operations AS o ON o.id = f.operation_id"
                                  " WHERE f.retired = 0;";

static const struct schema_migration migrations[] = {
    {{schema_1_tables, schema_1_totals, schema_1_view, NULL}},
};

struct schema_migrations schema_migrations(void)
{
    return (struct schema_migrations){migrations, sizeof migrations / sizeof *migrations};
}

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

lake_status schema_prepare(struct database *database, struct schema_migrations wanted, bool create, bool *created,
                           struct lake_error *err)
{
    const char *path = database_path(database);
    int64_t version = 0;
    *created = false;
    TRY(identify(database, wanted.n, &version, err));
    if (version == 0 && !create)
        return lake_fail(err, LAKE_NOT_FOUND, "%s: an empty database, not yet a lake's manifest", path);
    if (version < wanted.n && database_is_read_only(database))
        return lake_fail(err, LAKE_PERMISSION,
                         "%s: needs its schema brought from %" PRId64 " to %" PRId64 ", without permission to write",
                         path, version, wanted.n);
    if (!database_is_read_only(database))
        TRY(database_use_wal(database, err));
    *created = version == 0;
    for (; version < wanted.n; version++)
        TRY(migrate_to(database, &wanted.rows[version], version + 1, err));
    return LAKE_OK;
}
