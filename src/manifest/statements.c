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
        "time_to_ms", "DESC") ", d.n_rows, d.n_files, d.size_bytes, d.n_days, d.changed_ms FROM datasets AS d"

#define FILE_COLUMNS                                                                                                   \
    "id, dataset_id, path, partition_start_ms, partition_end_ms, time_from_ms, time_to_ms, n_rows, size_bytes,"        \
    " sha256, operation_id, added, retired"
/* ?1 dataset, ?2 from, ?3 to: begins at the last file that starts at or before `from`; only that one can reach into the
 * range from outside it. */
#define LIVE_FILES_IN_RANGE                                                                                            \
    " FROM files WHERE dataset_id = ?1 AND retired = 0 AND partition_start_ms >="                                      \
    " coalesce((SELECT partition_start_ms FROM files"                                                                  \
    "           WHERE dataset_id = ?1 AND retired = 0 AND partition_start_ms <= ?2"                                    \
    "           ORDER BY partition_start_ms DESC LIMIT 1), ?2)"                                                        \
    " AND partition_start_ms < ?3 AND partition_end_ms > ?2 ORDER BY partition_start_ms"

static const char *const statement_texts[N_STATEMENTS] = {
    [STATEMENT_BEGIN_READ] = "BEGIN DEFERRED",
    [STATEMENT_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_SNAPSHOT] = "SELECT coalesce(max(id), 0) FROM snapshots",
    [STATEMENT_DATASETS_EXACT] = "SELECT " DATASET_COLUMNS " FROM datasets AS d" WHERE_EXACT,
    [STATEMENT_DATASETS_OF_SYMBOL] = "SELECT " DATASET_COLUMNS " FROM datasets AS d" WHERE_SYMBOL DATASET_ORDER,
    [STATEMENT_DATASETS] = "SELECT " DATASET_COLUMNS " FROM datasets AS d" WHERE_FILTER DATASET_ORDER,
    [STATEMENT_TOTALS_OF_SYMBOL] = SELECT_TOTALS WHERE_SYMBOL DATASET_ORDER,
    [STATEMENT_TOTALS] = SELECT_TOTALS WHERE_FILTER DATASET_ORDER,
    [STATEMENT_FILES_OF_DATASET] = "SELECT " FILE_COLUMNS LIVE_FILES_IN_RANGE,
    [STATEMENT_FILES] = "SELECT " FILE_COLUMNS " FROM files INDEXED BY files_live"
                        " WHERE retired = 0 AND partition_start_ms < ?2 AND partition_end_ms > ?1"
                        " ORDER BY dataset_id, partition_start_ms",
    [STATEMENT_CONTENTS] =
        "SELECT dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms, operation_id"
        " FROM contents WHERE dataset_id = ?1 AND retired = 0 AND day >= ?2 AND day < ?3 ORDER BY day",
    [STATEMENT_OUTSTANDING] = "SELECT o.file_id, o.move, f.path, o.state_path"
                              " FROM outstanding AS o JOIN files AS f ON f.id = o.file_id ORDER BY o.file_id, o.move",
    [STATEMENT_STATE_PATH] = "SELECT state_path FROM outstanding WHERE file_id = ?1 ORDER BY move DESC LIMIT 1",
    [STATEMENT_FILE_VERSION] = "SELECT max(version) FROM contents"
                               " WHERE dataset_id = ?1 AND retired = 0 AND day BETWEEN ?2 AND ?3",
    [STATEMENT_COLUMNS] = "SELECT name, type, width FROM columns WHERE dataset_id = ?1 ORDER BY name",
    [STATEMENT_HAS_COLUMN] = "SELECT type = ?3 AND width = ?4 FROM columns WHERE dataset_id = ?1 AND name = ?2",
    [STATEMENT_ADD_COLUMN] = "INSERT INTO columns (dataset_id, name, type, width) VALUES (?1, ?2, ?3, ?4)",
    [STATEMENT_ADD_DATASET] =
        "INSERT INTO datasets (exchange, market, symbol, type, period) VALUES (?1, ?2, ?3, ?4, ?5)",
    [STATEMENT_ADD_OPERATION] = "INSERT INTO operations"
                                " (kind, rows_read, rows_written, rows_rejected, started_ms, finished_ms, software)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [STATEMENT_ADD_SOURCE] = "INSERT INTO operation_sources (operation_id, position, path, size_bytes, sha256)"
                             " SELECT ?1, count(*) + 1, ?2, ?3, ?4 FROM operation_sources WHERE operation_id = ?1",
    [STATEMENT_ADD_SNAPSHOT] = "INSERT INTO snapshots (operation_id) VALUES (?1)",
    [STATEMENT_OVERLAPPING_FILE] = "SELECT id" LIVE_FILES_IN_RANGE " LIMIT 1",
    [STATEMENT_ADD_FILE] = "INSERT INTO files (dataset_id, path, partition_start_ms, partition_end_ms, time_from_ms,"
                           " time_to_ms, n_rows, size_bytes, sha256, operation_id, added)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [STATEMENT_RETIRE_FILE] = "UPDATE files SET retired = ?2 WHERE id = ?1 AND retired = 0",
    [STATEMENT_ADD_OUTSTANDING] = "INSERT INTO outstanding (file_id, move, state_path) VALUES (?1, ?2, ?3)",
    [STATEMENT_CLEAR_OUTSTANDING] = "DELETE FROM outstanding WHERE file_id = ?1",
    [STATEMENT_LIVE_CONTENT] = "SELECT version, added, sha256 = ?3 AND n_rows = ?4 FROM contents"
                               " WHERE dataset_id = ?1 AND retired = 0 AND day = ?2",
    [STATEMENT_ADD_CONTENT] =
        "INSERT INTO contents (dataset_id, day, version, sha256, n_rows, time_from_ms, time_to_ms,"
        " operation_id, added) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [STATEMENT_REPLACE_CONTENT] =
        "UPDATE contents SET sha256 = ?4, n_rows = ?5, time_from_ms = ?6, time_to_ms = ?7,"
        " operation_id = ?8 WHERE dataset_id = ?1 AND retired = 0 AND day = ?2 AND version = ?3",
    [STATEMENT_RETIRE_CONTENT] = "UPDATE contents SET retired = ?3 WHERE dataset_id = ?1 AND retired = 0 AND day = ?2",
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
