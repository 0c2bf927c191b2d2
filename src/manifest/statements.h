/* Every statement that the manifest runs, by name, prepared once per handle.
 *
 * Parameters are ?1 … ?n in the order of the values bound; result columns in the order in which they are taken. To add one:
 * name it here and give it a row in the table in statements.c; test_statements.c fails where a row is missing, or where a
 * statement scans what grows with the lake. */
#ifndef MANIFEST_STATEMENTS_H
#define MANIFEST_STATEMENTS_H

#include "manifest/sqlite.h"

struct manifest;

enum statement_id {
    /* transactions */
    STATEMENT_BEGIN_READ,
    STATEMENT_BEGIN_WRITE,
    STATEMENT_COMMIT,
    /* datasets */
    STATEMENT_DATASET,
    STATEMENT_DATASETS_EXACT,
    STATEMENT_DATASETS_OF_SYMBOL,
    STATEMENT_DATASETS,
    STATEMENT_TOTALS_OF_SYMBOL,
    STATEMENT_TOTALS,
    STATEMENT_COLUMNS,
    STATEMENT_ADD_DATASET,
    STATEMENT_HAS_COLUMN,
    STATEMENT_ADD_COLUMN,
    /* files */
    STATEMENT_FILES_OF_DATASET,
    STATEMENT_FILES,
    STATEMENT_NEXT_FILES,
    STATEMENT_FILE_VERSION,
    STATEMENT_OUTSTANDING,
    STATEMENT_STATE_PATH,
    STATEMENT_OVERLAPPING_FILE,
    STATEMENT_ADD_FILE,
    STATEMENT_RETIRE_FILE,
    STATEMENT_ADD_OUTSTANDING,
    STATEMENT_CLEAR_OUTSTANDING,
    /* contents */
    STATEMENT_CONTENTS,
    STATEMENT_CONTENTS_OF,
    STATEMENT_LIVE_CONTENT,
    STATEMENT_ADD_CONTENT,
    STATEMENT_REPLACE_CONTENT,
    STATEMENT_RETIRE_CONTENT,
    STATEMENT_VERSIONS,
    /* snapshots and their names */
    STATEMENT_SNAPSHOT,
    STATEMENT_SNAPSHOT_FROM,
    STATEMENT_SNAPSHOT_TO,
    STATEMENT_ADD_SNAPSHOT,
    STATEMENT_NAMES,
    STATEMENT_SNAPSHOT_OF_NAME,
    STATEMENT_ADD_NAME,
    STATEMENT_KEEP_FILES,
    STATEMENT_REMOVE_NAME,
    STATEMENT_UNKEEP_FILES,
    /* as of a snapshot */
    STATEMENT_EXPIRED_AT,
    STATEMENT_FILES_AT,
    STATEMENT_CONTENTS_AT,
    STATEMENT_SUMS_AT,
    /* operations */
    STATEMENT_ADD_OPERATION,
    STATEMENT_SET_ROWS,
    STATEMENT_ADD_SOURCE,
    STATEMENT_SOURCES,
    STATEMENT_NOTE_DATASET,
    STATEMENT_LOG,
    STATEMENT_LOG_ENTRY,
    STATEMENT_LOG_ENTRY_OF,
    STATEMENT_IDLE_OPERATIONS,
    STATEMENT_PRUNABLE,
    STATEMENT_RAISE_EXPIRED,
    STATEMENT_PRUNE_ORIGINS,
    STATEMENT_PRUNE_ABSENCES,
    STATEMENT_PRUNE_FINDINGS,
    STATEMENT_PRUNE_SOURCES,
    STATEMENT_PRUNE_DATASETS,
    STATEMENT_PRUNE_SNAPSHOT,
    STATEMENT_PRUNE_OPERATION,
    /* expiry */
    STATEMENT_SIZES,
    STATEMENT_NEXT_HISTORY,
    STATEMENT_EXPIRABLE,
    STATEMENT_EXPIRE_FILE,
    STATEMENT_EXPIRE_CONTENTS,
    STATEMENT_SWEEP_CONTENTS,
    STATEMENT_MARK_SAME_RANGE,
    STATEMENT_MARK_BEFORE,
    STATEMENT_MARK_AFTER,
    STATEMENT_REMOVE_MARK,
    STATEMENT_ADD_MARK,
    STATEMENT_REMOVALS,
    STATEMENT_ADD_REMOVAL,
    STATEMENT_CLEAR_REMOVAL,
    STATEMENT_KNOWS_STATE_PATH,
    /* knowledge */
    STATEMENT_CHANGED,
    STATEMENT_CHANGED_AT,
    STATEMENT_DERIVATION,
    STATEMENT_DERIVED,
    STATEMENT_PUT_DERIVATION,
    STATEMENT_LINEAGE,
    STATEMENT_CLEAR_LINEAGE,
    STATEMENT_ADD_LINEAGE,
    STATEMENT_ORIGINS,
    STATEMENT_ORIGINS_IN,
    STATEMENT_ADD_ORIGIN,
    STATEMENT_ABSENCES,
    STATEMENT_ABSENCE_BEFORE,
    STATEMENT_CLEAR_ABSENCES,
    STATEMENT_PUT_ABSENCE,
    STATEMENT_FINDINGS,
    STATEMENT_ADD_FINDING,
    /* types */
    STATEMENT_TYPES,
    STATEMENT_TYPE_COLUMNS,
    STATEMENT_CLEAR_TYPE_COLUMNS,
    STATEMENT_PUT_TYPE,
    STATEMENT_ADD_TYPE_COLUMN,
    N_STATEMENTS
};

const char *statement_sql(enum statement_id id);
/* The statement, prepared if it was not yet. Owned by the manifest. */
LAKE_MUST_CHECK lake_status statement_get(struct manifest *manifest, enum statement_id id, struct statement **out,
                                          struct lake_error *err);
/* Runs a statement without results. */
LAKE_MUST_CHECK lake_status statement_execute(struct manifest *manifest, enum statement_id id,
                                              const struct sql_value *values, size_t n, struct lake_error *err);
/* The integer in the first column of the first row; *out keeps its value where there is no row, or where it is NULL. */
LAKE_MUST_CHECK lake_status statement_query_int64(struct manifest *manifest, enum statement_id id,
                                                  const struct sql_value *values, size_t n, int64_t *out,
                                                  struct lake_error *err);
void statements_release(struct manifest *manifest);

#endif
