/* Operations: recording them, the log, and forgetting those whose every effect is gone. */
#include <inttypes.h>
#include <string.h>

#include "manifest/history.h"
#include "manifest/knowledge.h"
#include "manifest/query.h"

/* ---- recording ---- */

lake_status manifest_add_source(struct manifest *manifest, int64_t operation_id, const struct manifest_source *source,
                                struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(operation_id), sql_text(source->path), sql_int(source->size_bytes),
                                       sql_bytes(source->sha256, SHA256_BYTES)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_ADD_SOURCE, values, 4, err);
}

static void read_source(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_source *source = item;
    size_t n_bytes = 0;
    source->path = statement_take_text(statement, arena);
    source->size_bytes = statement_take_int64(statement);
    source->sha256 = statement_take_blob(statement, arena, &n_bytes);
    if (source->sha256 != NULL && n_bytes != SHA256_BYTES)
        statement_reject(statement, "not bytes of the right length");
}

lake_status manifest_find_sources(struct manifest *manifest, int64_t operation_id, struct arena *arena,
                                  struct manifest_source **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(operation_id)};
    const struct query query = {STATEMENT_SOURCES, values, 1, sizeof **out, read_source, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

static lake_status add_only_source(struct manifest *manifest, const struct manifest_operation *operation,
                                   struct lake_error *err)
{
    const struct manifest_source source = {operation->source, operation->source_bytes,
                                           operation->has_source_sha256 ? operation->source_sha256 : NULL};
    if (operation->source == NULL || operation->source[0] == '\0')
        return LAKE_OK;
    return manifest_add_source(manifest, operation->id, &source, err);
}

static lake_status raise_time(struct manifest *manifest, struct manifest_operation *operation, struct lake_error *err)
{
    struct manifest_snapshots known;
    TRY(manifest_find_snapshots(manifest, &known, err));
    if (known.last != 0 && operation->finished_ms < known.last_ms)
        operation->finished_ms = known.last_ms;
    return LAKE_OK;
}

lake_status manifest_add_operation(struct manifest *manifest, struct manifest_operation *operation, int64_t *snapshot,
                                   struct lake_error *err)
{
    TRY(query_check_begun(manifest, err));
    TRY(raise_time(manifest, operation, err));
    const struct sql_value values[] = {
        sql_text(operation->kind),        sql_int(operation->rows_read),
        sql_int(operation->rows_written), sql_int(operation->rows_rejected),
        sql_int(operation->rows_removed), sql_int(operation->started_ms),
        sql_int(operation->finished_ms),  sql_text(operation->software),
        sql_int(operation->undoes),       sql_text(operation->detail == NULL ? "" : operation->detail)};
    TRY(query_insert(manifest, STATEMENT_ADD_OPERATION, values, sizeof values / sizeof *values, &operation->id, err));
    TRY(add_only_source(manifest, operation, err));
    const struct sql_value of_snapshot[] = {sql_int(operation->id), sql_int(operation->finished_ms)};
    return query_insert(manifest, STATEMENT_ADD_SNAPSHOT, of_snapshot, 2, snapshot, err);
}

lake_status manifest_set_rows(struct manifest *manifest, int64_t operation_id, int64_t rows_read, int64_t rows_written,
                              struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(operation_id), sql_int(rows_read), sql_int(rows_written)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_SET_ROWS, values, 3, err);
}

/* ---- the log ---- */

static void read_operation(struct statement *statement, struct arena *arena, struct manifest_operation *operation)
{
    operation->id = statement_take_int64(statement);
    operation->kind = statement_take_text(statement, arena);
    operation->rows_read = statement_take_int64(statement);
    operation->rows_written = statement_take_int64(statement);
    operation->rows_rejected = statement_take_int64(statement);
    operation->rows_removed = statement_take_int64(statement);
    operation->started_ms = statement_take_int64(statement);
    operation->finished_ms = statement_take_int64(statement);
    operation->software = statement_take_text(statement, arena);
    operation->detail = statement_take_text(statement, arena);
    operation->undoes = statement_take_int64(statement);
    operation->n_days = statement_take_int64(statement);
    operation->source = statement_take_text(statement, arena);
    operation->source_bytes = statement_take_int64(statement);
    operation->has_source_sha256 = statement_take_int64(statement) != 0;
    statement_take_bytes(statement, operation->source_sha256, SHA256_BYTES);
}

static void read_entry(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_log_entry *entry = item;
    entry->snapshot = statement_take_int64(statement);
    read_operation(statement, arena, &entry->operation);
    entry->n_sources = statement_take_int64(statement);
    entry->n_datasets = statement_take_int64(statement);
    entry->undone_by = statement_take_int64_or(statement, 0);
    entry->names = statement_take_text(statement, arena);
    query_read_dataset(statement, arena, &entry->dataset);
}

lake_status manifest_list_log(struct manifest *manifest, const struct manifest_log_query *wanted, struct arena *arena,
                              struct manifest_log_entry **out, size_t *n, struct lake_error *err)
{
    const struct manifest_filter *filter = &wanted->filter;
    bool has_filter = filter->exchange != NULL || filter->market != NULL || filter->symbol != NULL ||
                      filter->type != NULL || filter->period != NULL;
    struct sql_value values[QUERY_NAMES + 3];
    const struct query query = {STATEMENT_LOG, values, sizeof values / sizeof *values, sizeof **out, read_entry,
                                NULL,          NULL};
    query_filter_values(filter, values);
    values[5] = sql_int(has_filter);
    values[6] = sql_int(wanted->before > 0 ? wanted->before : INT64_MAX);
    values[7] = sql_int(wanted->limit > 0 ? wanted->limit : -1);
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_find_log_entry(struct manifest *manifest, int64_t snapshot, struct arena *arena,
                                    struct manifest_log_entry *out, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(snapshot)};
    const struct query query = {STATEMENT_LOG_ENTRY, values, 1, sizeof *out, read_entry, NULL, NULL};
    struct manifest_log_entry *found = NULL;
    size_t n = 0;
    TRY(query_collect(manifest, &query, arena, &found, &n, err));
    if (n == 0)
        return lake_fail(err, LAKE_NOT_FOUND, "the log has no snapshot %" PRId64, snapshot);
    *out = found[0];
    return LAKE_OK;
}

lake_status manifest_find_operation(struct manifest *manifest, int64_t operation_id, struct arena *arena,
                                    struct manifest_log_entry *out, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(operation_id)};
    const struct query query = {STATEMENT_LOG_ENTRY_OF, values, 1, sizeof *out, read_entry, NULL, NULL};
    struct manifest_log_entry *found = NULL;
    size_t n = 0;
    TRY(query_collect(manifest, &query, arena, &found, &n, err));
    if (n == 0)
        return lake_fail(err, LAKE_NOT_FOUND, "the log has no operation %" PRId64, operation_id);
    *out = found[0];
    return LAKE_OK;
}

/* ---- pruning ---- */

struct pruned {
    int64_t operation_id, snapshot;
};

static void read_pruned(struct statement *statement, struct arena *arena, void *item)
{
    struct pruned *pruned = item;
    (void)arena;
    pruned->operation_id = statement_take_int64(statement);
    pruned->snapshot = statement_take_int64(statement);
}

/* A time within a run of pruned snapshots is read as of the last of them. So where something became readable again with a
 * pruned one (a file that had expired was deleted), it does so only with the next. */
static lake_status prune(struct manifest *manifest, const struct pruned *pruned, struct lake_error *err)
{
    static const enum statement_id statements[] = {
        STATEMENT_PRUNE_ORIGINS,  STATEMENT_PRUNE_ABSENCES, STATEMENT_PRUNE_FINDINGS, STATEMENT_PRUNE_SOURCES,
        STATEMENT_PRUNE_DATASETS, STATEMENT_PRUNE_SNAPSHOT, STATEMENT_PRUNE_OPERATION};
    const struct sql_value snapshot[] = {sql_int(pruned->snapshot)};
    const struct sql_value operation[] = {sql_int(pruned->operation_id)};
    TRY(statement_execute(manifest, STATEMENT_RAISE_EXPIRED, snapshot, 1, err));
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        TRY(statement_execute(manifest, statements[i], operation, 1, err));
    return LAKE_OK;
}

lake_status manifest_prune_log(struct manifest *manifest, int64_t keep, int64_t limit, int64_t *n_pruned,
                               struct lake_error *err)
{
    struct arena arena = ARENA_INIT((size_t)1 << 24);
    struct pruned *pruned = NULL;
    int64_t n_idle = 0;
    size_t n = 0;
    lake_status status = LAKE_OK;
    *n_pruned = 0;
    TRY(query_check_begun(manifest, err));
    TRY(statement_query_int64(manifest, STATEMENT_IDLE_OPERATIONS, NULL, 0, &n_idle, err));
    if (n_idle <= keep)
        return LAKE_OK;
    const struct sql_value values[] = {sql_int(n_idle - keep < limit ? n_idle - keep : limit)};
    const struct query query = {STATEMENT_PRUNABLE, values, 1, sizeof *pruned, read_pruned, NULL, NULL};
    TRY_OUT(query_collect(manifest, &query, &arena, &pruned, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(prune(manifest, &pruned[i], err));
    *n_pruned = (int64_t)n;
out:
    arena_release(&arena);
    return status;
}
