/* Datasets, their totals and their columns. */
#include <inttypes.h>

#include "manifest/history.h"
#include "manifest/query.h"

lake_status manifest_find_datasets(struct manifest *manifest, const struct manifest_filter *filter, struct arena *arena,
                                   struct manifest_dataset **out, size_t *n, struct lake_error *err)
{
    struct sql_value values[QUERY_NAMES];
    bool has_symbol = filter->exchange != NULL && filter->symbol != NULL;
    bool has_all = has_symbol && filter->market != NULL && filter->type != NULL && filter->period != NULL;
    struct query query = {STATEMENT_DATASETS, values, QUERY_NAMES, sizeof **out, query_read_dataset, NULL, NULL};
    if (has_all)
        query.statement = STATEMENT_DATASETS_EXACT;
    else if (has_symbol)
        query.statement = STATEMENT_DATASETS_OF_SYMBOL;
    query_filter_values(filter, values);
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_get_dataset(struct manifest *manifest, int64_t id, struct arena *arena,
                                 struct manifest_dataset *out, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(id)};
    const struct query query = {STATEMENT_DATASET, values, 1, sizeof *out, query_read_dataset, NULL, NULL};
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    TRY(query_collect(manifest, &query, arena, &found, &n, err));
    if (n == 0)
        return lake_fail(err, LAKE_NOT_FOUND, "%s: there is no dataset %" PRId64, database_path(manifest->database),
                         id);
    *out = found[0];
    return LAKE_OK;
}

lake_status manifest_add_dataset(struct manifest *manifest, struct manifest_dataset *dataset, struct lake_error *err)
{
    const struct sql_value names[] = {sql_text(dataset->exchange), sql_text(dataset->market), sql_text(dataset->symbol),
                                      sql_text(dataset->type), sql_text(dataset->period)};
    int64_t id = 0;
    TRY(query_check_begun(manifest, err));
    TRY(statement_query_int64(manifest, STATEMENT_DATASETS_EXACT, names, 5, &id, err));
    if (id == 0)
        TRY(query_insert(manifest, STATEMENT_ADD_DATASET, names, 5, &id, err));
    dataset->id = id;
    return LAKE_OK;
}

/* ---- totals ---- */

static void read_totals(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_totals *totals = item;
    query_read_dataset(statement, arena, &totals->dataset);
    totals->time_from_ms = statement_take_int64_or(statement, 0);
    totals->time_to_ms = statement_take_int64_or(statement, 0);
    totals->n_rows = statement_take_int64(statement);
    totals->n_files = statement_take_int64(statement);
    totals->size_bytes = statement_take_int64(statement);
    totals->n_days = statement_take_int64(statement);
    totals->last_change_ms = statement_take_int64(statement);
    totals->history_files = statement_take_int64(statement);
    totals->history_bytes = statement_take_int64(statement);
}

lake_status manifest_list_totals(struct manifest *manifest, const struct manifest_filter *filter,
                                 const struct manifest_page *page, struct arena *arena, struct manifest_totals **out,
                                 size_t *n, struct lake_error *err)
{
    static const struct manifest_dataset before_all = {0, "", "", "", "", ""};
    const struct manifest_dataset *after = page != NULL && page->after != NULL ? page->after : &before_all;
    bool has_limit = page != NULL && page->limit > 0;
    struct sql_value values[2 * QUERY_NAMES + 1];
    bool has_symbol = filter->exchange != NULL && filter->symbol != NULL;
    enum statement_id statement = has_symbol ? STATEMENT_TOTALS_OF_SYMBOL : STATEMENT_TOTALS;
    const struct query query = {statement, values, sizeof values / sizeof *values, sizeof **out, read_totals,
                                NULL,      NULL};
    query_filter_values(filter, values);
    values[5] = sql_text(after->exchange);
    values[6] = sql_text(after->symbol);
    values[7] = sql_text(after->market);
    values[8] = sql_text(after->type);
    values[9] = sql_text(after->period);
    values[10] = sql_int(has_limit ? page->limit : -1);
    return query_collect(manifest, &query, arena, out, n, err);
}

/* ---- columns ---- */

lake_status manifest_find_columns(struct manifest *manifest, int64_t dataset_id, struct arena *arena,
                                  struct manifest_column **out, size_t *n, struct lake_error *err)
{
    return manifest_find_columns_at(manifest, dataset_id, INT64_MAX, arena, out, n, err);
}

lake_status manifest_find_columns_at(struct manifest *manifest, int64_t dataset_id, int64_t snapshot,
                                     struct arena *arena, struct manifest_column **out, size_t *n,
                                     struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(snapshot)};
    const struct query query = {STATEMENT_COLUMNS, values, 2, sizeof **out, query_read_column, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_add_column(struct manifest *manifest, int64_t dataset_id, const struct manifest_column *column,
                                int64_t snapshot, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_text(column->name), sql_int(column->type),
                                       sql_int(column->width), sql_int(snapshot)};
    int64_t is_same = -1; /* there is none */
    TRY(query_check_begun(manifest, err));
    TRY(statement_query_int64(manifest, STATEMENT_HAS_COLUMN, values, 4, &is_same, err));
    if (is_same < 0)
        return statement_execute(manifest, STATEMENT_ADD_COLUMN, values, 5, err);
    if (is_same == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "column %s has another type in the lake than in the new rows",
                         column->name);
    return LAKE_OK;
}
