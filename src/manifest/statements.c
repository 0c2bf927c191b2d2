#include "manifest/statements.h"

#include "manifest/handle.h"

#define DATASET_COLUMNS "d.id, d.exchange, d.market, d.symbol, d.type, d.period"
#define DATASET_ORDER " ORDER BY d.exchange, d.symbol, d.market, d.type, d.period"
/* ?1 … ?5: exchange, market, symbol, type, period. The unique index serves the first two of these three. */
#define WHERE_EXACT " WHERE d.exchange = ?1 AND d.symbol = ?3 AND d.market = ?2 AND d.type = ?4 AND d.period = ?5"
#define WHERE_SYMBOL                                                                                                   \
    " WHERE d.exchange = ?1 AND d.symbol = ?3 AND (?2 IS NULL OR d.market = ?2)"                                       \
    " AND (?4 IS NULL OR d.type = ?4) AND (?5 IS NULL OR d.period = ?5)"
#define WHERE_FILTER                                                                                                   \
    " WHERE (?1 IS NULL OR d.exchange = ?1) AND (?2 IS NULL OR d.market = ?2) AND (?3 IS NULL OR d.symbol = ?3)"       \
    " AND (?4 IS NULL OR d.type = ?4) AND (?5 IS NULL OR d.period = ?5)"

/* First and last key: those of the first and the last live file, as live files do not overlap. */
#define EDGE_FILE(column, order)                                                                                       \
    "(SELECT f." column " FROM files AS f WHERE f.dataset_id = d.id AND f.retired = 0"                                 \
    " ORDER BY f.partition_start_ms " order " LIMIT 1)"
#define SELECT_TOTALS                                                                                                  \
    "SELECT " DATASET_COLUMNS ", " EDGE_FILE("time_from_ms", "ASC") ", " EDGE_FILE(                                    \
        "time_to_ms", "DESC") ", d.n_rows, d.n_files, d.size_bytes, d.n_days, d.changed_ms, d.history_files,"          \
                              " d.history_bytes FROM datasets AS d"
/* ?6 … ?10: names of the dataset before the page; ?11: its length. */
#define DATASET_PAGE                                                                                                   \
    " AND (d.exchange, d.symbol, d.market, d.type, d.period) > (?6, ?7, ?8, ?9, ?10)" DATASET_ORDER " LIMIT ?11"

#define FILE_COLUMNS                                                                                                   \
    "id, dataset_id, path, partition_start_ms, partition_end_ms, time_from_ms, time_to_ms, n_rows, size_bytes,"        \
    " sha256, operation_id, added, retired, retired_ms, rows_lost"
/* ?1 dataset, ?2 from, ?3 to: begins at the last file that starts at or before `from`; only that one can reach into the
 * range from outside it. */
#define LIVE_FILES_IN_RANGE                                                                                            \
    " FROM files WHERE dataset_id = ?1 AND retired = 0 AND partition_start_ms >="                                      \
    " coalesce((SELECT partition_start_ms FROM files"                                                                  \
    "           WHERE dataset_id = ?1 AND retired = 0 AND partition_start_ms <= ?2"                                    \
    "           ORDER BY partition_start_ms DESC LIMIT 1), ?2)"                                                        \
    " AND partition_start_ms < ?3 AND partition_end_ms > ?2 ORDER BY partition_start_ms"

#define CONTENT_COLUMNS                                                                                                \
    "c.dataset_id, c.day, c.version, c.sha256, c.n_rows, c.time_from_ms, c.time_to_ms, c.operation_id, c.added,"       \
    " c.retired, c.holes"
/* ?1 dataset, ?2 … ?3 range, ?4 snapshot. The superseded files of a range may overlap each other, but no two were live at once. */
#define FILES_AT                                                                                                       \
    "SELECT " FILE_COLUMNS " FROM (SELECT " FILE_COLUMNS LIVE_FILES_IN_RANGE ") WHERE added <= ?4"                     \
    " UNION ALL "                                                                                                      \
    "SELECT " FILE_COLUMNS " FROM files INDEXED BY files_superseded WHERE dataset_id = ?1 AND retired <> 0"            \
    " AND partition_start_ms < ?3 AND partition_end_ms > ?2 AND added <= ?4 AND retired > ?4"                          \
    " ORDER BY partition_start_ms"
#define LIVE_AT(snapshot) "added <= " snapshot " AND (retired = 0 OR retired > " snapshot ")"

/* An entry of the log: of the snapshot s and the operation o. */
#define LOG_COLUMNS                                                                                                    \
    "s.id, o.id, o.kind, o.rows_read, o.rows_written, o.rows_rejected, o.rows_removed, o.started_ms, o.finished_ms,"   \
    " o.software, o.detail, o.undoes, o.n_days, coalesce(f.path, ''), coalesce(f.size_bytes, 0),"                      \
    " f.sha256 IS NOT NULL, coalesce(f.sha256, zeroblob(32)),"                                                         \
    " (SELECT count(*) FROM operation_sources WHERE operation_id = o.id),"                                             \
    " (SELECT count(*) FROM operation_datasets WHERE operation_id = o.id),"                                            \
    " (SELECT max(u.snapshot) FROM operations AS u WHERE u.undoes = s.id AND u.undoes <> 0),"                          \
    " coalesce((SELECT group_concat(name, ', ') FROM"                                                                  \
    "   (SELECT name FROM snapshot_names WHERE snapshot = s.id ORDER BY name)), ''),"                                  \
    " coalesce(d.id, 0), coalesce(d.exchange, ''), coalesce(d.market, ''), coalesce(d.symbol, ''),"                    \
    " coalesce(d.type, ''), coalesce(d.period, '')"
#define LOG_TABLES                                                                                                     \
    " FROM snapshots AS s JOIN operations AS o ON o.id = s.operation_id"                                               \
    " LEFT JOIN operation_sources AS f ON f.operation_id = o.id AND f.position = 1"                                    \
    " LEFT JOIN datasets AS d ON d.id = (SELECT min(dataset_id) FROM operation_datasets WHERE operation_id = o.id)"

/* ?1 dataset, ?2 … ?3 range, ?4 … ?5 snapshots, ?6 longest range. */
#define MARKS "SELECT start_ms, end_ms, first, last FROM expired WHERE dataset_id = ?1"
/* Of the time of a superseded content no file of its day is left. None is longer than a year, so a start says which may reach
 * into the day. */
#define NO_FILE(condition)                                                                                             \
    "NOT EXISTS (SELECT 1 FROM files AS f WHERE f.dataset_id = contents.dataset_id AND f." condition                   \
    " AND f.partition_start_ms >= (contents.day - 366) * 86400000"                                                     \
    " AND f.partition_start_ms < (contents.day + 1) * 86400000"                                                        \
    " AND f.partition_end_ms > contents.day * 86400000 AND f.added < contents.retired)"
#define NO_FILE_OF_CONTENT NO_FILE("retired = 0") " AND " NO_FILE("retired > contents.added AND f.retired <> 0")

#define DERIVATION_COLUMNS "dataset_id, source_id, recipe, source_changed, target_changed"
#define ORIGIN_COLUMNS                                                                                                 \
    "dataset_id, day, operation_id, source_position, n_rows, key_from_ms, key_to_ms, line_from, line_to,"              \
    " is_descending, is_mixed, member"
#define ABSENCE_COLUMNS                                                                                                \
    "a.dataset_id, a.start_ms, a.end_ms, a.reason, a.operation_id, coalesce(o.snapshot, 0), a.asked_ms, a.answer"      \
    " FROM absences AS a LEFT JOIN operations AS o ON o.id = a.operation_id"

static const char *const statement_texts[N_STATEMENTS] = {
    [STATEMENT_BEGIN_READ] = "BEGIN DEFERRED",
    [STATEMENT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",

    [STATEMENT_DATASET] = "SELECT " DATASET_COLUMNS " FROM datasets AS d WHERE d.id = ?1",
    [STATEMENT_DATASETS_EXACT] = "SELECT " DATASET_COLUMNS " FROM datasets AS d" WHERE_EXACT,
    [STATEMENT_DATASETS_OF_SYMBOL] = "SELECT " DATASET_COLUMNS " FROM datasets AS d" WHERE_SYMBOL DATASET_ORDER,
    [STATEMENT_DATASETS] = "SELECT " DATASET_COLUMNS " FROM datasets AS d" WHERE_FILTER DATASET_ORDER,
    [STATEMENT_TOTALS_OF_SYMBOL] = SELECT_TOTALS WHERE_SYMBOL DATASET_PAGE,
    [STATEMENT_TOTALS] = SELECT_TOTALS WHERE_FILTER DATASET_PAGE,
    [STATEMENT_COLUMNS] = "SELECT name, type, width FROM columns WHERE dataset_id = ?1 AND added <= ?2 ORDER BY name",
    [STATEMENT_ADD_DATASET] =
        "INSERT INTO datasets (exchange, market, symbol, type, period) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_HAS_COLUMN] = "SELECT type = ?3 AND width = ?4 FROM columns WHERE dataset_id = ?1 AND name = ?2",
    [STATEMENT_ADD_COLUMN] = "INSERT INTO columns (dataset_id, name, type, width, added) VALUES (?1, ?2, ?3, ?4, ?5)",

    [STATEMENT_FILES_OF_DATASET] = "SELECT " FILE_COLUMNS LIVE_FILES_IN_RANGE,
    [STATEMENT_FILES] = "SELECT " FILE_COLUMNS " FROM files INDEXED BY files_live"
                        " WHERE retired = 0 AND partition_start_ms < ?2 AND partition_end_ms > ?1"
                        " ORDER BY dataset_id, partition_start_ms",
    [STATEMENT_NEXT_FILES] = "SELECT " FILE_COLUMNS " FROM files WHERE dataset_id = ?1 AND retired = 0"
                             " AND partition_start_ms > ?2 ORDER BY partition_start_ms LIMIT ?3",
    [STATEMENT_FILE_VERSION] = "SELECT max(version) FROM contents"
                               " WHERE dataset_id = ?1 AND retired = 0 AND day BETWEEN ?2 AND ?3",
    [STATEMENT_OUTSTANDING] = "SELECT o.file_id, o.move, f.path, o.state_path"
                              " FROM outstanding AS o JOIN files AS f ON f.id = o.file_id ORDER BY o.file_id, o.move",
    [STATEMENT_STATE_PATH] = "SELECT state_path FROM outstanding WHERE file_id = ?1 ORDER BY move DESC LIMIT 1",
    [STATEMENT_OVERLAPPING_FILE] = "SELECT id" LIVE_FILES_IN_RANGE " LIMIT 1",
    [STATEMENT_ADD_FILE] = "INSERT INTO files (dataset_id, path, partition_start_ms, partition_end_ms, time_from_ms,"
                           " time_to_ms, n_rows, size_bytes, sha256, operation_id, added)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [STATEMENT_RETIRE_FILE] =
        "UPDATE files SET retired = ?2, retired_ms = ?3, rows_lost = ?4, state_path = ?5,"
        " named = EXISTS (SELECT 1 FROM snapshot_names AS s WHERE s.snapshot >= files.added AND s.snapshot < ?2)"
        " WHERE id = ?1 AND retired = 0",
    [STATEMENT_ADD_OUTSTANDING] = "INSERT INTO outstanding (file_id, move, state_path) VALUES (?1, ?2, ?3)",
    [STATEMENT_CLEAR_OUTSTANDING] = "DELETE FROM outstanding WHERE file_id = ?1",

    [STATEMENT_CONTENTS] = "SELECT " CONTENT_COLUMNS " FROM contents AS c"
                           " WHERE c.dataset_id = ?1 AND c.retired = 0 AND c.day >= ?2 AND c.day < ?3 ORDER BY c.day",
    [STATEMENT_CONTENTS_OF] = "SELECT " CONTENT_COLUMNS " FROM snapshots AS s"
                              " CROSS JOIN operation_datasets AS od ON od.operation_id = s.operation_id"
                              " CROSS JOIN contents AS c ON c.dataset_id = od.dataset_id AND c.added = s.id"
                              " WHERE s.id = ?1 ORDER BY c.dataset_id, c.day",
    [STATEMENT_LIVE_CONTENT] = "SELECT version, added, sha256 = ?3 AND n_rows = ?4 FROM contents"
                               " WHERE dataset_id = ?1 AND retired = 0 AND day = ?2",
    [STATEMENT_ADD_CONTENT] =
        "INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms,"
        " operation_id, added, holes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?9)",
    [STATEMENT_REPLACE_CONTENT] =
        "UPDATE contents SET sha256 = ?4, n_rows = ?5, time_from_ms = ?6, time_to_ms = ?7,"
        " operation_id = ?8, holes = ?9 WHERE dataset_id = ?1 AND retired = 0 AND day = ?2 AND version = ?3",
    [STATEMENT_RETIRE_CONTENT] = "UPDATE contents SET retired = ?3 WHERE dataset_id = ?1 AND retired = 0 AND day = ?2",

    [STATEMENT_VERSIONS] = "SELECT " CONTENT_COLUMNS " FROM contents AS c"
                           " WHERE c.dataset_id = ?1 AND c.retired = 0 AND c.day = ?2"
                           " UNION ALL SELECT * FROM (SELECT " CONTENT_COLUMNS " FROM contents AS c"
                           " WHERE c.dataset_id = ?1 AND c.retired > 0 AND c.day = ?2 ORDER BY c.retired DESC)",

    [STATEMENT_SNAPSHOT] = "SELECT coalesce(max(id), 0) FROM snapshots",
    [STATEMENT_SNAPSHOT_FROM] = "SELECT id, committed_ms FROM snapshots WHERE id >= ?1 ORDER BY id LIMIT 1",
    [STATEMENT_SNAPSHOT_TO] = "SELECT id, committed_ms FROM snapshots WHERE id <= ?1 ORDER BY id DESC LIMIT 1",
    [STATEMENT_ADD_SNAPSHOT] = "INSERT INTO snapshots (operation_id, committed_ms) VALUES (?1, ?2)",
    [STATEMENT_NAMES] = "SELECT n.name, n.snapshot, s.committed_ms, n.named_ms"
                        " FROM snapshot_names AS n JOIN snapshots AS s ON s.id = n.snapshot ORDER BY n.name",
    [STATEMENT_SNAPSHOT_OF_NAME] = "SELECT snapshot FROM snapshot_names WHERE name = ?1",
    [STATEMENT_ADD_NAME] = "INSERT INTO snapshot_names (name, snapshot, named_ms) VALUES (?1, ?2, ?3)",
    [STATEMENT_KEEP_FILES] = "UPDATE files SET named = 1 WHERE retired <> 0 AND named = 0 AND (rows_lost > 0) IN (0, 1)"
                             " AND retired > ?1 AND added <= ?1",
    [STATEMENT_REMOVE_NAME] = "DELETE FROM snapshot_names WHERE name = ?1",
    [STATEMENT_UNKEEP_FILES] = "UPDATE files SET named = 0 WHERE retired <> 0 AND named = 1 AND NOT EXISTS"
                               " (SELECT 1 FROM snapshot_names AS s WHERE s.snapshot >= files.added"
                               "  AND s.snapshot < files.retired)",

    [STATEMENT_EXPIRED_AT] = "SELECT start_ms, last FROM expired WHERE dataset_id = ?1 AND start_ms < ?3"
                             " AND end_ms > ?2 AND first <= ?4 AND last > ?4 ORDER BY start_ms LIMIT 1",
    [STATEMENT_FILES_AT] = FILES_AT,
    [STATEMENT_CONTENTS_AT] =
        "SELECT " CONTENT_COLUMNS " FROM contents AS c"
        " WHERE c.dataset_id = ?1 AND c.retired = 0 AND c.day >= ?2 AND c.day < ?3 AND c.added <= ?4"
        " UNION ALL SELECT " CONTENT_COLUMNS " FROM contents AS c"
        " WHERE c.dataset_id = ?1 AND c.retired > ?4 AND c.day >= ?2 AND c.day < ?3 AND c.added <= ?4 ORDER BY 2",
    [STATEMENT_SUMS_AT] =
        "SELECT count(*), min(time_from_ms), max(time_to_ms), sum(n_rows), sum(size_bytes),"
        " (SELECT count(*) FROM contents WHERE dataset_id = ?1 AND n_rows > 0 AND " LIVE_AT(
            "?2") "),"
                  " (SELECT committed_ms FROM snapshots WHERE id ="
                  "   (SELECT max(added) FROM contents WHERE dataset_id = ?1 AND " LIVE_AT(
                      "?2") "))"
                            " FROM (SELECT time_from_ms, time_to_ms, n_rows, size_bytes FROM files"
                            "   WHERE dataset_id = ?1 AND retired = 0 AND added <= ?2"
                            " UNION ALL SELECT time_from_ms, time_to_ms, n_rows, size_bytes FROM files"
                            "   WHERE dataset_id = ?1 AND retired <> 0 AND added <= ?2 AND retired > ?2)",

    [STATEMENT_ADD_OPERATION] =
        "INSERT INTO operations (kind, rows_read, rows_written, rows_rejected, rows_removed, started_ms, finished_ms,"
        " software, undoes, detail, snapshot)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, (SELECT coalesce(max(id), 0) + 1 FROM snapshots))",
    [STATEMENT_SET_ROWS] = "UPDATE operations SET rows_read = ?2, rows_written = ?3 WHERE id = ?1",
    [STATEMENT_ADD_SOURCE] = "INSERT INTO operation_sources (operation_id, position, path, size_bytes, sha256)"
                             " SELECT ?1, count(*) + 1, ?2, ?3, ?4 FROM operation_sources WHERE operation_id = ?1",
    [STATEMENT_SOURCES] =
        "SELECT path, size_bytes, sha256 FROM operation_sources WHERE operation_id = ?1 ORDER BY position",
    [STATEMENT_NOTE_DATASET] = "INSERT OR IGNORE INTO operation_datasets (operation_id, dataset_id) VALUES (?1, ?2)",
    [STATEMENT_LOG] = "SELECT " LOG_COLUMNS LOG_TABLES " WHERE s.id < ?7 AND (?6 = 0 OR EXISTS ("
                      "SELECT 1 FROM operation_datasets AS od JOIN datasets AS d ON d.id = od.dataset_id" WHERE_FILTER
                      " AND od.operation_id = o.id)) ORDER BY s.id DESC LIMIT ?8",
    [STATEMENT_LOG_ENTRY] = "SELECT " LOG_COLUMNS LOG_TABLES " WHERE s.id = ?1",
    [STATEMENT_LOG_ENTRY_OF] = "SELECT " LOG_COLUMNS LOG_TABLES " WHERE s.id = (SELECT snapshot FROM operations"
                               " WHERE id = ?1)",
    [STATEMENT_IDLE_OPERATIONS] = "SELECT idle_operations FROM lake WHERE id = 1",
    [STATEMENT_PRUNABLE] = "SELECT id, snapshot FROM operations INDEXED BY operations_idle WHERE n_uses = 0 AND id > 0"
                           " AND snapshot > 1 AND snapshot < (SELECT max(id) FROM snapshots) AND NOT EXISTS"
                           " (SELECT 1 FROM snapshot_names AS s WHERE s.snapshot = operations.snapshot)"
                           " ORDER BY id LIMIT ?1",
    [STATEMENT_RAISE_EXPIRED] = "UPDATE expired SET last = (SELECT min(id) FROM snapshots WHERE id > ?1)"
                                " WHERE last = ?1",
    [STATEMENT_PRUNE_ORIGINS] = "DELETE FROM origins WHERE operation_id = ?1",
    [STATEMENT_PRUNE_ABSENCES] = "UPDATE absences SET operation_id = 0 WHERE operation_id = ?1 AND operation_id <> 0",
    [STATEMENT_PRUNE_FINDINGS] = "DELETE FROM findings WHERE operation_id = ?1",
    [STATEMENT_PRUNE_SOURCES] = "DELETE FROM operation_sources WHERE operation_id = ?1",
    [STATEMENT_PRUNE_DATASETS] = "DELETE FROM operation_datasets WHERE operation_id = ?1",
    [STATEMENT_PRUNE_SNAPSHOT] = "DELETE FROM snapshots WHERE id = (SELECT snapshot FROM operations WHERE id = ?1)",
    [STATEMENT_PRUNE_OPERATION] = "DELETE FROM operations WHERE id = ?1",

    [STATEMENT_SIZES] = "SELECT live_files, live_bytes, unchanged_files, unchanged_bytes, changed_files, changed_bytes,"
                        " unchanged_named_bytes FROM lake WHERE id = 1",
    [STATEMENT_NEXT_HISTORY] = "SELECT " FILE_COLUMNS " FROM files INDEXED BY files_superseded WHERE dataset_id = ?1"
                               " AND retired <> 0 AND (partition_start_ms, id) > (?2, ?3)"
                               " ORDER BY partition_start_ms, id LIMIT ?4",
    [STATEMENT_EXPIRABLE] = "SELECT " FILE_COLUMNS " FROM files INDEXED BY files_history"
                            " WHERE retired <> 0 AND named = 0 AND (rows_lost > 0) = ?1 AND retired <= ?2"
                            " AND NOT EXISTS (SELECT 1 FROM outstanding AS o WHERE o.file_id = files.id)"
                            " ORDER BY retired LIMIT ?3",
    [STATEMENT_EXPIRE_FILE] = "DELETE FROM files WHERE id = ?1 AND retired <> 0 AND named = 0"
                              " AND NOT EXISTS (SELECT 1 FROM outstanding AS o WHERE o.file_id = files.id)",
    [STATEMENT_EXPIRE_CONTENTS] =
        "DELETE FROM contents WHERE dataset_id = ?1 AND retired >= ?2 AND retired <= ?3 AND day BETWEEN ?4 AND ?5"
        " AND (added >= ?2 OR " NO_FILE_OF_CONTENT ")",
    [STATEMENT_SWEEP_CONTENTS] = "DELETE FROM contents WHERE retired <> 0 AND " NO_FILE_OF_CONTENT,
    [STATEMENT_MARK_SAME_RANGE] = MARKS " AND start_ms = ?2 AND end_ms = ?3 AND (first = ?5 OR last = ?4) LIMIT 1",
    /* Neighbours are looked for among the nearest few. */
    [STATEMENT_MARK_BEFORE] = "SELECT * FROM (" MARKS " AND start_ms < ?2 ORDER BY start_ms DESC LIMIT 8)"
                              " WHERE end_ms = ?2 AND first = ?4 AND last = ?5 AND ?3 - start_ms <= ?6",
    [STATEMENT_MARK_AFTER] = "SELECT * FROM (" MARKS " AND start_ms = ?3 LIMIT 8)"
                             " WHERE first = ?4 AND last = ?5 AND end_ms - ?2 <= ?6",
    [STATEMENT_REMOVE_MARK] = "DELETE FROM expired WHERE dataset_id = ?1 AND start_ms = ?2 AND end_ms = ?3"
                              " AND first = ?4",
    [STATEMENT_ADD_MARK] =
        "INSERT INTO expired (dataset_id, start_ms, end_ms, first, last) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_REMOVALS] = "SELECT state_path FROM removals ORDER BY state_path",
    [STATEMENT_ADD_REMOVAL] = "INSERT OR IGNORE INTO removals (state_path) VALUES (?1)",
    [STATEMENT_CLEAR_REMOVAL] = "DELETE FROM removals WHERE state_path = ?1",
    [STATEMENT_KNOWS_STATE_PATH] = "SELECT EXISTS (SELECT 1 FROM files WHERE state_path = ?1)"
                                   " OR EXISTS (SELECT 1 FROM removals WHERE state_path = ?1)",

    [STATEMENT_CHANGED] = "SELECT changed FROM datasets WHERE id = ?1",
    [STATEMENT_CHANGED_AT] = "SELECT coalesce(max(added), 0) FROM contents WHERE dataset_id = ?1 AND added <= ?2",
    [STATEMENT_DERIVATION] = "SELECT " DERIVATION_COLUMNS " FROM derivations WHERE dataset_id = ?1",
    [STATEMENT_DERIVED] = "SELECT " DERIVATION_COLUMNS " FROM derivations WHERE source_id = ?1 ORDER BY dataset_id",
    [STATEMENT_PUT_DERIVATION] = "INSERT INTO derivations (" DERIVATION_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"
                                 " ON CONFLICT (dataset_id) DO UPDATE SET source_id = ?2, recipe = ?3,"
                                 " source_changed = ?4, target_changed = ?5",
    [STATEMENT_LINEAGE] = "SELECT dataset_id, day, version, source_day, source_version FROM lineage"
                          " WHERE dataset_id = ?1 AND day >= ?2 AND day < ?3 ORDER BY day, source_day",
    [STATEMENT_CLEAR_LINEAGE] = "DELETE FROM lineage WHERE dataset_id = ?1 AND day >= ?2 AND day < ?3",
    [STATEMENT_ADD_LINEAGE] = "INSERT OR REPLACE INTO lineage (dataset_id, day, version, source_day, source_version)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_ORIGINS] = "SELECT " ORIGIN_COLUMNS " FROM origins WHERE dataset_id = ?1 AND day = ?2"
                          " AND key_from_ms <= ?3 AND key_to_ms >= ?3 ORDER BY operation_id DESC, position DESC",
    [STATEMENT_ORIGINS_IN] = "SELECT " ORIGIN_COLUMNS " FROM origins WHERE dataset_id = ?1 AND day BETWEEN ?2 AND ?3"
                             " AND key_from_ms < ?5 AND key_to_ms >= ?4 ORDER BY day, operation_id, position",
    [STATEMENT_ADD_ORIGIN] = "INSERT INTO origins (" ORIGIN_COLUMNS ", position)"
                             " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, coalesce(max(position), 0) + 1"
                             " FROM origins WHERE dataset_id = ?1 AND day = ?2 AND operation_id = ?3",
    [STATEMENT_ABSENCES] = "SELECT " ABSENCE_COLUMNS " WHERE a.dataset_id = ?1 AND a.start_ms >="
                           " coalesce((SELECT start_ms FROM absences WHERE dataset_id = ?1 AND start_ms <= ?2"
                           "           ORDER BY start_ms DESC LIMIT 1), ?2)"
                           " AND a.start_ms < ?3 AND a.end_ms > ?2 ORDER BY a.start_ms",
    [STATEMENT_ABSENCE_BEFORE] = "SELECT " ABSENCE_COLUMNS " WHERE a.dataset_id = ?1 AND a.start_ms <= ?2"
                                 " ORDER BY a.start_ms DESC LIMIT 1",
    [STATEMENT_CLEAR_ABSENCES] = "DELETE FROM absences WHERE dataset_id = ?1 AND start_ms >= ?2 AND start_ms < ?3",
    [STATEMENT_PUT_ABSENCE] =
        "INSERT OR REPLACE INTO absences (dataset_id, start_ms, end_ms, reason, operation_id, asked_ms, answer)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STATEMENT_FINDINGS] = "SELECT f.dataset_id, f.operation_id, f.rule, f.n_rows, f.first_ms, f.last_ms, f.place,"
                           " f.detail, o.snapshot FROM findings AS f JOIN operations AS o ON o.id = f.operation_id"
                           " WHERE f.dataset_id = ?1 ORDER BY f.operation_id DESC, f.position",
    [STATEMENT_ADD_FINDING] =
        "INSERT INTO findings (dataset_id, operation_id, position, rule, n_rows, first_ms, last_ms, place, detail)"
        " SELECT ?1, ?2, coalesce(max(position), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8"
        " FROM findings WHERE dataset_id = ?1 AND operation_id = ?2",
    [STATEMENT_TYPES] = "SELECT name, what, has_period, created_ms FROM types ORDER BY name",
    [STATEMENT_TYPE_COLUMNS] = "SELECT name, type, unit, is_required, is_nullable, key_position FROM type_columns"
                               " WHERE type_name = ?1 ORDER BY position",
    [STATEMENT_CLEAR_TYPE_COLUMNS] = "DELETE FROM type_columns WHERE type_name = ?1",
    [STATEMENT_PUT_TYPE] = "INSERT OR REPLACE INTO types (name, what, has_period, created_ms) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_ADD_TYPE_COLUMN] =
        "INSERT INTO type_columns (type_name, position, name, type, unit, is_required, is_nullable, key_position)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
};

const char *statement_sql(enum statement_id id)
{
    return statement_texts[id];
}

lake_status statement_get(struct manifest *manifest, enum statement_id id, struct statement **out,
                          struct lake_error *err)
{
    struct statement **slot = &manifest->statements[id];
    if (*slot == NULL)
        TRY(statement_new(manifest->database, statement_texts[id], slot, err));
    *out = *slot;
    return LAKE_OK;
}

lake_status statement_execute(struct manifest *manifest, enum statement_id id, const struct sql_value *values, size_t n,
                              struct lake_error *err)
{
    struct statement *statement = NULL;
    TRY(statement_get(manifest, id, &statement, err));
    return statement_run(statement, values, n, err);
}

lake_status statement_query_int64(struct manifest *manifest, enum statement_id id, const struct sql_value *values,
                                  size_t n, int64_t *out, struct lake_error *err)
{
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    TRY_OUT(statement_get(manifest, id, &statement, err));
    TRY_OUT(statement_bind(statement, values, n, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (has_row)
        *out = statement_take_int64_or(statement, *out);
    TRY_OUT(statement_check(statement, err));
out:
    statement_reset(statement);
    return status;
}

void statements_release(struct manifest *manifest)
{
    for (size_t i = 0; i < N_STATEMENTS; i++) {
        statement_free(manifest->statements[i]);
        manifest->statements[i] = NULL;
    }
}
