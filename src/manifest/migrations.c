#include "manifest/schema.h"

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

/* Notes on schema 2.
 * - A superseded file is of one of two classes: its rows all live on (rows_lost 0) or not. files_history finds those of a class that
 *   no named snapshot keeps, oldest first, so that each commit can expire a little without looking at the rest; `named` is
 *   kept for that index alone. files_superseded serves reading as of a snapshot, files_state_path the search for orphans.
 * - expired: which ranges can no longer be read in which snapshots, [first, last).
 * - operations.n_uses counts the files and contents that an operation added or superseded and that are still there: at 0 every
 *   effect of it is gone. operation_datasets says which datasets it wrote to, however much of that has expired.
 * - lake is one row: what would otherwise be counted at every commit.
 * - References are checked by the triggers and not by SQLite's foreign keys, which would search all files and contents for
 *   references to an operation that is pruned.
 * - What schema 1 superseded is taken to have lost rows (it did not say) and so is kept long. */
static const char schema_2_columns[] =
    "ALTER TABLE files ADD COLUMN retired_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE files ADD COLUMN rows_lost INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE files ADD COLUMN named INTEGER NOT NULL DEFAULT 0;" /* a named snapshot needs it */
    "ALTER TABLE files ADD COLUMN state_path TEXT;"                  /* of a superseded one; NULL: it has no bytes */
    "ALTER TABLE operations ADD COLUMN rows_removed INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE operations ADD COLUMN detail TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE operations ADD COLUMN undoes INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE operations ADD COLUMN snapshot INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE operations ADD COLUMN n_days INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE operations ADD COLUMN n_uses INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE columns ADD COLUMN added INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE snapshots ADD COLUMN committed_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE datasets ADD COLUMN history_files INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE datasets ADD COLUMN history_bytes INTEGER NOT NULL DEFAULT 0;";

static const char schema_2_tables[] =
    "CREATE TABLE operation_datasets ("
    "  operation_id INTEGER NOT NULL REFERENCES operations (id),"
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  PRIMARY KEY (operation_id, dataset_id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE snapshot_names ("
    "  name TEXT NOT NULL PRIMARY KEY,"
    "  snapshot INTEGER NOT NULL REFERENCES snapshots (id),"
    "  named_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX snapshot_names_by_snapshot ON snapshot_names (snapshot, name);"
    "CREATE TABLE expired ("
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    "  first INTEGER NOT NULL, last INTEGER NOT NULL," /* snapshots; last is the first that can be read */
    "  PRIMARY KEY (dataset_id, start_ms, end_ms, first),"
    "  CHECK (start_ms < end_ms AND first < last)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX expired_by_last ON expired (last);"
    "CREATE TABLE removals ("
    "  state_path TEXT NOT NULL PRIMARY KEY"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE lake ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  live_files INTEGER NOT NULL DEFAULT 0, live_bytes INTEGER NOT NULL DEFAULT 0,"
    "  unchanged_files INTEGER NOT NULL DEFAULT 0, unchanged_bytes INTEGER NOT NULL DEFAULT 0,"
    "  unchanged_named_bytes INTEGER NOT NULL DEFAULT 0,"
    "  changed_files INTEGER NOT NULL DEFAULT 0, changed_bytes INTEGER NOT NULL DEFAULT 0,"
    "  idle_operations INTEGER NOT NULL DEFAULT 0" /* n_uses 0 */
    ") STRICT;";

/* Fills in what is new, from what there is. Times of snapshots never fall, though a clock may have been set back. */
static const char schema_2_rows[] =
    "UPDATE operations SET snapshot = s.id FROM snapshots AS s WHERE operations.id = s.operation_id;"
    "UPDATE snapshots SET committed_ms = t.ms FROM (SELECT s.id AS id, max(o.finished_ms) OVER (ORDER BY s.id) AS ms"
    "  FROM snapshots AS s JOIN operations AS o ON o.id = s.operation_id) AS t WHERE snapshots.id = t.id;"
    "UPDATE files SET rows_lost = 1,"
    "  retired_ms = coalesce((SELECT committed_ms FROM snapshots WHERE id = files.retired), 0),"
    "  state_path = 'history/' || replace(path, rtrim(path, replace(path, '/', '')), '') || '.retired'"
    "  WHERE retired <> 0;"
    "UPDATE operations SET n_days = c.n FROM (SELECT operation_id, count(*) AS n FROM contents GROUP BY operation_id) AS c"
    "  WHERE operations.id = c.operation_id;"
    "UPDATE operations SET n_uses = u.n FROM (SELECT operation_id, count(*) AS n FROM ("
    "    SELECT operation_id FROM files UNION ALL SELECT operation_id FROM contents"
    "    UNION ALL SELECT s.operation_id FROM files AS f JOIN snapshots AS s ON s.id = f.retired"
    "    UNION ALL SELECT s.operation_id FROM contents AS c JOIN snapshots AS s ON s.id = c.retired"
    "  ) GROUP BY operation_id) AS u WHERE operations.id = u.operation_id;"
    "INSERT INTO operation_datasets (operation_id, dataset_id)"
    "  SELECT operation_id, dataset_id FROM contents UNION SELECT operation_id, dataset_id FROM files;"
    "UPDATE datasets SET history_files = h.n, history_bytes = h.bytes"
    "  FROM (SELECT dataset_id, count(*) AS n, sum(size_bytes) AS bytes FROM files WHERE retired <> 0 GROUP BY dataset_id)"
    "  AS h WHERE datasets.id = h.dataset_id;"
    "INSERT INTO lake (id, live_files, live_bytes, changed_files, changed_bytes, idle_operations)"
    "  SELECT 1, coalesce(sum(n_files), 0), coalesce(sum(size_bytes), 0), coalesce(sum(history_files), 0),"
    "  coalesce(sum(history_bytes), 0), (SELECT count(*) FROM operations WHERE n_uses = 0) FROM datasets;";

static const char schema_2_indexes[] =
    "CREATE INDEX files_superseded ON files (dataset_id, partition_start_ms) WHERE retired <> 0;"
    "CREATE INDEX files_history ON files (named, rows_lost > 0, retired) WHERE retired <> 0;"
    "CREATE INDEX files_state_path ON files (state_path) WHERE state_path IS NOT NULL;"
    "CREATE INDEX operations_idle ON operations (id) WHERE n_uses = 0;"
    "CREATE INDEX operations_undone ON operations (undoes) WHERE undoes <> 0;";

#define REQUIRE(table, column)                                                                                         \
    " SELECT RAISE(ABORT, 'no such row in " table "') WHERE NOT EXISTS (SELECT 1 FROM " table " WHERE id = " column ");"
/* Of an operation, and of the one that made a snapshot. */
#define USE(difference, operation) " UPDATE operations SET n_uses = n_uses " difference " WHERE id = " operation ";"
#define OPERATION_OF(snapshot) "(SELECT operation_id FROM snapshots WHERE id = " snapshot ")"
/* Adds one superseded file of a class to the totals (or takes it off, with "-"). */
#define COUNT_HISTORY(sign, row)                                                                                       \
    " UPDATE datasets SET history_files = history_files " sign " 1,"                                                   \
    "   history_bytes = history_bytes " sign " " row ".size_bytes WHERE id = " row ".dataset_id;"                      \
    " UPDATE lake SET"                                                                                                 \
    "   unchanged_files = unchanged_files " sign " (" row ".rows_lost = 0),"                                           \
    "   unchanged_bytes = unchanged_bytes " sign " (" row ".rows_lost = 0) * " row ".size_bytes,"                      \
    "   unchanged_named_bytes = unchanged_named_bytes " sign "     (" row ".rows_lost = 0) * (" row                    \
    ".named <> 0) * " row ".size_bytes,"                                                                               \
    "   changed_files = changed_files " sign " (" row ".rows_lost > 0),"                                               \
    "   changed_bytes = changed_bytes " sign " (" row ".rows_lost > 0) * " row ".size_bytes;"

static const char schema_2_file_triggers[] =
    "DROP TRIGGER files_added; DROP TRIGGER files_retired;"
    "CREATE TRIGGER files_added AFTER INSERT ON files WHEN NEW.retired = 0 BEGIN" REQUIRE("datasets", "NEW.dataset_id")
        REQUIRE("operations", "NEW.operation_id") REQUIRE(
            "snapshots",
            "NEW.added") " UPDATE datasets SET n_files = n_files + 1, n_rows = n_rows + NEW.n_rows, size_bytes = size_bytes + NEW.size_bytes"
                         "   WHERE id = NEW.dataset_id;"
                         " UPDATE lake SET live_files = live_files + 1, live_bytes = live_bytes + NEW.size_bytes;" USE(
                             "+ 1",
                             "NEW.operation_id") "END;"
                                                 "CREATE TRIGGER files_retired AFTER UPDATE OF retired ON files WHEN OLD.retired = 0 AND NEW.retired <> 0 BEGIN" REQUIRE(
                                                     "snapshots",
                                                     "NEW.retired") " UPDATE datasets SET n_files = n_files - 1, n_rows = n_rows - OLD.n_rows, size_bytes = size_bytes - OLD.size_bytes"
                                                                    "   WHERE id = OLD.dataset_id;"
                                                                    " UPDATE lake SET live_files = live_files - 1, live_bytes = live_bytes - OLD.size_bytes;" COUNT_HISTORY(
                                                                        "+", "NEW")
                                                                        USE("+ 1",
                                                                            OPERATION_OF(
                                                                                "NEW.retired")) "END;"
                                                                                                "CREATE TRIGGER files_named AFTER UPDATE OF named ON files WHEN OLD.retired <> 0 AND NEW.rows_lost = 0 BEGIN"
                                                                                                " UPDATE lake SET unchanged_named_bytes = unchanged_named_bytes"
                                                                                                "   + ((NEW.named <> 0) - (OLD.named <> 0)) * NEW.size_bytes;"
                                                                                                "END;"
                                                                                                "CREATE TRIGGER files_expired AFTER DELETE ON files WHEN OLD.retired <> 0 BEGIN" COUNT_HISTORY(
                                                                                                    "-",
                                                                                                    "OLD") USE("- 1",
                                                                                                               "OLD.operation_id")
                                                                                                    USE("- 1",
                                                                                                        OPERATION_OF(
                                                                                                            "OLD.retired")) "END;";

static const char schema_2_other_triggers[] =
    "DROP TRIGGER contents_added; DROP TRIGGER contents_changed;"
    "CREATE TRIGGER contents_added AFTER INSERT ON contents WHEN NEW.retired = 0 BEGIN" REQUIRE("datasets",
                                                                                                "NEW.dataset_id")
        REQUIRE("operations", "NEW.operation_id") REQUIRE(
            "snapshots",
            "NEW.added") " UPDATE datasets SET n_days = n_days + (NEW.n_rows > 0),"
                         "   changed_ms = (SELECT finished_ms FROM operations WHERE id = NEW.operation_id) WHERE id = NEW.dataset_id;"
                         " UPDATE operations SET n_days = n_days + 1, n_uses = n_uses + 1 WHERE id = NEW.operation_id;"
                         "END;"
                         "CREATE TRIGGER contents_changed AFTER UPDATE ON contents WHEN OLD.retired = 0 BEGIN"
                         " UPDATE datasets SET n_days = n_days + (NEW.retired = 0 AND NEW.n_rows > 0) - (OLD.n_rows > 0)"
                         "   WHERE id = OLD.dataset_id;"
                         " UPDATE operations SET n_uses = n_uses + 1 WHERE NEW.retired <> 0 AND id = " OPERATION_OF(
                             "NEW.retired") ";"
                                            "END;"
                                            "CREATE TRIGGER contents_expired AFTER DELETE ON contents WHEN OLD.retired <> 0 BEGIN" USE(
                                                "- 1", "OLD.operation_id")
                                                USE("- 1",
                                                    OPERATION_OF(
                                                        "OLD.retired")) "END;"
                                                                        "CREATE TRIGGER columns_added AFTER INSERT ON columns BEGIN" REQUIRE(
                                                                            "datasets",
                                                                            "NEW.dataset_id") "END;"
                                                                                              "CREATE TRIGGER operations_added AFTER INSERT ON operations BEGIN"
                                                                                              " UPDATE lake SET idle_operations = idle_operations + (NEW.n_uses = 0);"
                                                                                              "END;"
                                                                                              "CREATE TRIGGER operations_used AFTER UPDATE OF n_uses ON operations"
                                                                                              " WHEN (OLD.n_uses = 0) <> (NEW.n_uses = 0) BEGIN"
                                                                                              " UPDATE lake SET idle_operations = idle_operations + (NEW.n_uses = 0) - (OLD.n_uses = 0);"
                                                                                              "END;"
                                                                                              "CREATE TRIGGER operations_pruned AFTER DELETE ON operations BEGIN"
                                                                                              " UPDATE lake SET idle_operations = idle_operations - (OLD.n_uses = 0);"
                                                                                              "END;";

/* Notes on schema 3.
 * - datasets.changed is the snapshot that last changed a content: whether derived bars are current is two look-ups.
 * - lineage lies by derived day, origins by the day of their rows, absences by their start: each question is one range. What belongs to an
 *   operation has an index by it too, for pruning; that of absences leaves out those whose operation is gone (0).
 * - Absences of a dataset never overlap, so the one that holds an instant is the last that starts at or before it.
 * - Within a day, origins lie in the order in which they came; findings with the latest operation first. */
static const char schema_3_columns[] =
    "ALTER TABLE datasets ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;" /* a snapshot */
    "ALTER TABLE contents ADD COLUMN holes BLOB;"
    "UPDATE datasets SET changed ="
    "  coalesce((SELECT max(c.added) FROM contents AS c WHERE c.dataset_id = datasets.id AND c.retired = 0), 0);";

static const char schema_3_tables[] =
    "CREATE TABLE derivations ("
    "  dataset_id INTEGER PRIMARY KEY REFERENCES datasets (id),"
    "  source_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  recipe TEXT NOT NULL,"
    "  source_changed INTEGER NOT NULL, target_changed INTEGER NOT NULL" /* snapshots */
    ") STRICT;"
    "CREATE INDEX derivations_by_source ON derivations (source_id);"
    "CREATE TABLE lineage ("
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  day INTEGER NOT NULL,"
    "  source_day INTEGER NOT NULL,"
    "  version INTEGER NOT NULL CHECK (version >= 0), source_version INTEGER NOT NULL CHECK (source_version >= 0),"
    "  PRIMARY KEY (dataset_id, day, source_day)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE origins ("
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  day INTEGER NOT NULL,"
    "  operation_id INTEGER NOT NULL REFERENCES operations (id),"
    "  position INTEGER NOT NULL,"
    "  source_position INTEGER NOT NULL,"
    "  n_rows INTEGER NOT NULL CHECK (n_rows > 0),"
    "  key_from_ms INTEGER NOT NULL, key_to_ms INTEGER NOT NULL,"
    "  line_from INTEGER NOT NULL, line_to INTEGER NOT NULL,"
    "  is_descending INTEGER NOT NULL CHECK (is_descending IN (0, 1)),"
    "  is_mixed INTEGER NOT NULL CHECK (is_mixed IN (0, 1)),"
    "  member TEXT NOT NULL,"
    "  PRIMARY KEY (dataset_id, day, operation_id, position),"
    "  FOREIGN KEY (operation_id, source_position) REFERENCES operation_sources (operation_id, position),"
    "  CHECK (key_from_ms <= key_to_ms AND line_from >= 0 AND line_from <= line_to)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX origins_by_operation ON origins (operation_id);";

static const char schema_3_more_tables[] =
    "CREATE TABLE absences ("
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    "  reason INTEGER NOT NULL CHECK (reason > 0)," /* enum manifest_reason */
    "  operation_id INTEGER NOT NULL,"              /* 0: none, or no longer in the log */
    "  asked_ms INTEGER NOT NULL,"
    "  answer TEXT NOT NULL,"
    "  PRIMARY KEY (dataset_id, start_ms),"
    "  CHECK (start_ms < end_ms)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX absences_by_operation ON absences (operation_id) WHERE operation_id <> 0;"
    "CREATE TABLE findings ("
    "  dataset_id INTEGER NOT NULL REFERENCES datasets (id),"
    "  operation_id INTEGER NOT NULL REFERENCES operations (id),"
    "  position INTEGER NOT NULL,"
    "  rule TEXT NOT NULL,"
    "  n_rows INTEGER NOT NULL,"
    "  first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    "  place TEXT NOT NULL, detail TEXT NOT NULL,"
    "  PRIMARY KEY (dataset_id, operation_id DESC, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX findings_by_operation ON findings (operation_id);";

/* A content that is replaced in the snapshot that added it has set `changed` already; one that is superseded has a successor. */
static const char schema_3_triggers[] =
    "DROP TRIGGER contents_added;"
    "CREATE TRIGGER contents_added AFTER INSERT ON contents WHEN NEW.retired = 0 BEGIN"
    "  SELECT RAISE(ABORT, 'no such row in datasets') WHERE NOT EXISTS (SELECT 1 FROM datasets WHERE id = NEW.dataset_id);"
    "  SELECT RAISE(ABORT, 'no such row in operations')"
    "    WHERE NOT EXISTS (SELECT 1 FROM operations WHERE id = NEW.operation_id);"
    "  SELECT RAISE(ABORT, 'no such row in snapshots') WHERE NOT EXISTS (SELECT 1 FROM snapshots WHERE id = NEW.added);"
    "  UPDATE datasets SET n_days = n_days + (NEW.n_rows > 0), changed = NEW.added,"
    "    changed_ms = (SELECT finished_ms FROM operations WHERE id = NEW.operation_id) WHERE id = NEW.dataset_id;"
    "  UPDATE operations SET n_days = n_days + 1, n_uses = n_uses + 1 WHERE id = NEW.operation_id;"
    "END;"
    "CREATE TRIGGER derivations_added AFTER INSERT ON derivations BEGIN"
    "  SELECT RAISE(ABORT, 'no such row in datasets') WHERE NOT EXISTS (SELECT 1 FROM datasets WHERE id = NEW.dataset_id)"
    "    OR NOT EXISTS (SELECT 1 FROM datasets WHERE id = NEW.source_id);"
    "END;"
    "CREATE TRIGGER lineage_added AFTER INSERT ON lineage BEGIN"
    "  SELECT RAISE(ABORT, 'no such row in derivations')"
    "    WHERE NOT EXISTS (SELECT 1 FROM derivations WHERE dataset_id = NEW.dataset_id);"
    "END;"
    "CREATE TRIGGER origins_added AFTER INSERT ON origins BEGIN"
    "  SELECT RAISE(ABORT, 'no such row in datasets') WHERE NOT EXISTS (SELECT 1 FROM datasets WHERE id = NEW.dataset_id);"
    "  SELECT RAISE(ABORT, 'no such row in operation_sources') WHERE NOT EXISTS (SELECT 1 FROM operation_sources"
    "    WHERE operation_id = NEW.operation_id AND position = NEW.source_position);"
    "END;"
    "CREATE TRIGGER absences_added AFTER INSERT ON absences BEGIN"
    "  SELECT RAISE(ABORT, 'no such row in datasets') WHERE NOT EXISTS (SELECT 1 FROM datasets WHERE id = NEW.dataset_id);"
    "  SELECT RAISE(ABORT, 'no such row in operations') WHERE NEW.operation_id <> 0"
    "    AND NOT EXISTS (SELECT 1 FROM operations WHERE id = NEW.operation_id);"
    "END;"
    "CREATE TRIGGER findings_added AFTER INSERT ON findings BEGIN"
    "  SELECT RAISE(ABORT, 'no such row in datasets') WHERE NOT EXISTS (SELECT 1 FROM datasets WHERE id = NEW.dataset_id);"
    "  SELECT RAISE(ABORT, 'no such row in operations')"
    "    WHERE NOT EXISTS (SELECT 1 FROM operations WHERE id = NEW.operation_id);"
    "END;";

/* metadata says of derived bars what they were derived from, as JSON (not by SQLite's functions for it, which a connection that does
 * not trust the schema may not call in a view); it is NULL for all others. */
static const char schema_3_view[] =
    "DROP VIEW manifest;"
    "CREATE VIEW manifest AS SELECT"
    "  f.id AS id, d.exchange AS exchange, d.market AS market, d.symbol AS symbol, f.path AS path, d.type AS type,"
    "  f.time_from_ms AS time_from, f.time_to_ms AS time_to,"
    "  (SELECT max(c.version) FROM contents AS c WHERE c.dataset_id = f.dataset_id AND c.retired = 0"
    "     AND c.day BETWEEN f.first_day AND f.last_day) AS version,"
    "  lower(hex(f.sha256)) AS checksum, o.finished_ms AS created_at,"
    "  (SELECT '{\"derived_from\": \"' || s.exchange || ' ' || s.market || ' ' || s.symbol || ' ' || s.type || ' '"
    "       || s.period || '\", \"recipe\": \"' || replace(replace(r.recipe, '\\', '\\\\'), '\"', '\\\"')"
    "       || '\", \"contents\": [' || coalesce((SELECT group_concat('{\"day\": \"' ||"
    "         date(l.source_day * 86400, 'unixepoch') || '\", \"version\": ' || l.source_version || '}', ', ')"
    "         FROM (SELECT DISTINCT source_day, source_version FROM lineage"
    "           WHERE dataset_id = f.dataset_id AND day BETWEEN f.first_day AND f.last_day ORDER BY source_day) AS l), '')"
    "       || ']}'"
    "     FROM derivations AS r JOIN datasets AS s ON s.id = r.source_id WHERE r.dataset_id = f.dataset_id) AS metadata,"
    "  d.period AS period, f.n_rows AS rows, f.size_bytes AS bytes,"
    "  f.time_from_ms AS first_key, f.time_to_ms AS last_key, f.operation_id AS operation_id"
    " FROM (SELECT *,"
    "   (partition_start_ms - ((partition_start_ms % 86400000) + 86400000) % 86400000) / 86400000 AS first_day,"
    "   (partition_end_ms - 1 - (((partition_end_ms - 1) % 86400000) + 86400000) % 86400000) / 86400000 AS last_day"
    "   FROM files WHERE retired = 0) AS f"
    " JOIN datasets AS d ON d.id = f.dataset_id"
    " JOIN operations AS o ON o.id = f.operation_id;";

/* Notes on schema 4: data types that users of the lake registered. The columns of one lie in their order, the first is its time; key_position is a
 * column's place in the key, from 1, or 0. A type none of whose columns is of the key is provisional (docs/FORMAT.md). */
static const char schema_4_types[] =
    "CREATE TABLE types ("
    "  name TEXT NOT NULL PRIMARY KEY,"
    "  what TEXT NOT NULL,"
    "  has_period INTEGER NOT NULL CHECK (has_period IN (0, 1)),"
    "  created_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE type_columns ("
    "  type_name TEXT NOT NULL REFERENCES types (name),"
    "  position INTEGER NOT NULL CHECK (position > 0),"
    "  name TEXT NOT NULL,"
    "  type INTEGER NOT NULL," /* enum column_type */
    "  unit TEXT NOT NULL,"
    "  is_required INTEGER NOT NULL CHECK (is_required IN (0, 1)),"
    "  is_nullable INTEGER NOT NULL CHECK (is_nullable IN (0, 1)),"
    "  key_position INTEGER NOT NULL CHECK (key_position >= 0),"
    "  PRIMARY KEY (type_name, position),"
    "  UNIQUE (type_name, name)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER type_columns_added AFTER INSERT ON type_columns BEGIN"
    "  SELECT RAISE(ABORT, 'no such row in types') WHERE NOT EXISTS (SELECT 1 FROM types WHERE name = NEW.type_name);"
    "END;";

static const struct schema_migration migrations[] = {
    {{schema_1_tables, schema_1_totals, schema_1_view, NULL}},
    {{schema_2_columns, schema_2_tables, schema_2_rows, schema_2_indexes, schema_2_file_triggers,
      schema_2_other_triggers}},
    {{schema_3_columns, schema_3_tables, schema_3_more_tables, schema_3_triggers, schema_3_view, NULL}},
    {{schema_4_types, NULL}},
};

struct schema_migrations schema_migrations(void)
{
    return (struct schema_migrations){migrations, sizeof migrations / sizeof *migrations};
}
