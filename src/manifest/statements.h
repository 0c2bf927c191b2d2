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
    /* reading */
    STATEMENT_SNAPSHOT,
    STATEMENT_DATASETS_EXACT,
    STATEMENT_DATASETS_OF_SYMBOL,
    STATEMENT_DATASETS,
    STATEMENT_TOTALS_OF_SYMBOL,
    STATEMENT_TOTALS,
    STATEMENT_FILES_OF_DATASET,
    STATEMENT_FILES,
    STATEMENT_CONTENTS,
    STATEMENT_OUTSTANDING,
    STATEMENT_STATE_PATH,
    STATEMENT_FILE_VERSION,
    STATEMENT_COLUMNS,
    /* writing */
    STATEMENT_ADD_DATASET,
    STATEMENT_HAS_COLUMN,
    STATEMENT_ADD_COLUMN,
    STATEMENT_ADD_OPERATION,
    STATEMENT_ADD_SOURCE,
    STATEMENT_ADD_SNAPSHOT,
    STATEMENT_OVERLAPPING_FILE,
    STATEMENT_ADD_FILE,
    STATEMENT_RETIRE_FILE,
    STATEMENT_ADD_OUTSTANDING,
    STATEMENT_CLEAR_OUTSTANDING,
    STATEMENT_LIVE_CONTENT,
    STATEMENT_ADD_CONTENT,
    STATEMENT_REPLACE_CONTENT,
    STATEMENT_RETIRE_CONTENT,
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
