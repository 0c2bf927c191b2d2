#include <inttypes.h>

#include "manifest/handle.h"

/* Outside a transaction each statement would commit by itself; so would those after a failure that made SQLite roll back. */
static lake_status check_begun(const struct manifest *manifest, struct lake_error *err)
{
    if (database_in_transaction(manifest->database))
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_STATE, "%s: no write transaction is open", database_path(manifest->database));
}

static lake_status check_path(const char *path, struct lake_error *err)
{
    if (path == NULL || manifest_path_is_safe(path))
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s': not a relative path below its root", path);
}

/* Runs an INSERT and says which id it made. */
static lake_status insert(struct manifest *manifest, enum statement_id id, const struct sql_value *values, size_t n,
                          int64_t *row_id, struct lake_error *err)
{
    TRY(statement_execute(manifest, id, values, n, err));
    *row_id = database_last_id(manifest->database);
    return LAKE_OK;
}

/* ---- datasets, operations ---- */

lake_status manifest_add_dataset(struct manifest *manifest, struct manifest_dataset *dataset, struct lake_error *err)
{
    const struct sql_value names[] = {sql_text(dataset->exchange), sql_text(dataset->market), sql_text(dataset->symbol),
                                      sql_text(dataset->type), sql_text(dataset->period)};
    int64_t id = 0;
    TRY(check_begun(manifest, err));
    TRY(statement_query_int64(manifest, STATEMENT_DATASETS_EXACT, names, 5, &id, err));
    if (id == 0)
        TRY(insert(manifest, STATEMENT_ADD_DATASET, names, 5, &id, err));
    dataset->id = id;
    return LAKE_OK;
}

lake_status manifest_add_source(struct manifest *manifest, int64_t operation_id, const struct manifest_source *source,
                                struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(operation_id), sql_text(source->path), sql_int(source->size_bytes),
                                       sql_bytes(source->sha256, SHA256_BYTES)};
    TRY(check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_ADD_SOURCE, values, 4, err);
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

lake_status manifest_add_operation(struct manifest *manifest, struct manifest_operation *operation, int64_t *snapshot,
                                   struct lake_error *err)
{
    const struct sql_value values[] = {sql_text(operation->kind),        sql_int(operation->rows_read),
                                       sql_int(operation->rows_written), sql_int(operation->rows_rejected),
                                       sql_int(operation->started_ms),   sql_int(operation->finished_ms),
                                       sql_text(operation->software)};
    TRY(check_begun(manifest, err));
    TRY(insert(manifest, STATEMENT_ADD_OPERATION, values, 7, &operation->id, err));
    TRY(add_only_source(manifest, operation, err));
    const struct sql_value of_snapshot[] = {sql_int(operation->id)};
    return insert(manifest, STATEMENT_ADD_SNAPSHOT, of_snapshot, 1, snapshot, err);
}

lake_status manifest_add_column(struct manifest *manifest, int64_t dataset_id, const struct manifest_column *column,
                                struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_text(column->name), sql_int(column->type),
                                       sql_int(column->width)};
    int64_t is_same = -1; /* there is none */
    TRY(check_begun(manifest, err));
    TRY(statement_query_int64(manifest, STATEMENT_HAS_COLUMN, values, 4, &is_same, err));
    if (is_same < 0)
        return statement_execute(manifest, STATEMENT_ADD_COLUMN, values, 4, err);
    if (is_same == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "column %s has another type in the lake than in the new rows",
                         column->name);
    return LAKE_OK;
}

/* ---- files ---- */

/* I5: live files of a dataset never overlap. */
static lake_status check_free(struct manifest *manifest, const struct manifest_file *file, struct lake_error *err)
{
    const struct sql_value range[] = {sql_int(file->dataset_id), sql_int(file->partition_start_ms),
                                      sql_int(file->partition_end_ms)};
    int64_t overlapping = 0;
    TRY(statement_query_int64(manifest, STATEMENT_OVERLAPPING_FILE, range, 3, &overlapping, err));
    if (overlapping != 0)
        return lake_fail(err, LAKE_CONFLICT, "%s: live file %" PRId64 " overlaps its range", file->path, overlapping);
    return LAKE_OK;
}

static lake_status add_outstanding(struct manifest *manifest, int64_t file_id, enum manifest_move move,
                                   const char *state_path, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file_id), sql_int(move), sql_text(state_path)};
    if (state_path == NULL)
        return LAKE_OK;
    return statement_execute(manifest, STATEMENT_ADD_OUTSTANDING, values, 3, err);
}

lake_status manifest_add_file(struct manifest *manifest, struct manifest_file *file, const char *state_path,
                              struct lake_error *err)
{
    const struct sql_value values[] = {
        sql_int(file->dataset_id),       sql_text(file->path),        sql_int(file->partition_start_ms),
        sql_int(file->partition_end_ms), sql_int(file->time_from_ms), sql_int(file->time_to_ms),
        sql_int(file->n_rows),           sql_int(file->size_bytes),   sql_bytes(file->sha256, SHA256_BYTES),
        sql_int(file->operation_id),     sql_int(file->added)};
    TRY(check_begun(manifest, err));
    TRY(check_path(file->path, err));
    TRY(check_path(state_path, err));
    TRY(check_free(manifest, file, err));
    TRY(insert(manifest, STATEMENT_ADD_FILE, values, sizeof values / sizeof *values, &file->id, err));
    return add_outstanding(manifest, file->id, MANIFEST_PUBLISH, state_path, err);
}

lake_status manifest_retire_file(struct manifest *manifest, int64_t file_id, int64_t snapshot, const char *state_path,
                                 struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file_id), sql_int(snapshot)};
    TRY(check_begun(manifest, err));
    TRY(check_path(state_path, err));
    TRY(statement_execute(manifest, STATEMENT_RETIRE_FILE, values, 2, err));
    if (database_changes(manifest->database) == 0)
        return lake_fail(err, LAKE_CONFLICT, "%s: file %" PRId64 " is not live any more",
                         database_path(manifest->database), file_id);
    return add_outstanding(manifest, file_id, MANIFEST_RETIRE, state_path, err);
}

lake_status manifest_clear_outstanding(struct manifest *manifest, int64_t file_id, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file_id)};
    TRY(check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_CLEAR_OUTSTANDING, values, 1, err);
}

/* ---- contents ---- */

struct live_content {
    int64_t version; /* 0: the day has none */
    int64_t added;
    bool is_same;
};

static lake_status find_live_content(struct manifest *manifest, const struct manifest_content *content,
                                     struct live_content *live, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(content->dataset_id), sql_int(content->day),
                                       sql_bytes(content->sha256, SHA256_BYTES), sql_int(content->n_rows)};
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    *live = (struct live_content){0, 0, false};
    TRY_OUT(statement_get(manifest, STATEMENT_LIVE_CONTENT, &statement, err));
    TRY_OUT(statement_bind(statement, values, 4, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (has_row) {
        live->version = statement_take_int64(statement);
        live->added = statement_take_int64(statement);
        live->is_same = statement_take_int64(statement) != 0;
    }
    TRY_OUT(statement_check(statement, err));
out:
    statement_reset(statement);
    return status;
}

/* Adds the version, or replaces the one of this snapshot. */
static lake_status store_content(struct manifest *manifest, const struct manifest_content *content, bool replace,
                                 int64_t snapshot, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(content->dataset_id),
                                       sql_int(content->day),
                                       sql_int(content->version),
                                       sql_bytes(content->sha256, SHA256_BYTES),
                                       sql_int(content->n_rows),
                                       sql_int(content->time_from_ms),
                                       sql_int(content->time_to_ms),
                                       sql_int(content->operation_id),
                                       sql_int(snapshot)};
    if (replace)
        return statement_execute(manifest, STATEMENT_REPLACE_CONTENT, values, 8, err);
    return statement_execute(manifest, STATEMENT_ADD_CONTENT, values, 9, err);
}

lake_status manifest_put_content(struct manifest *manifest, struct manifest_content *content, int64_t snapshot,
                                 struct lake_error *err)
{
    const struct sql_value retire[] = {sql_int(content->dataset_id), sql_int(content->day), sql_int(snapshot)};
    struct live_content live;
    TRY(check_begun(manifest, err));
    TRY(find_live_content(manifest, content, &live, err));
    bool replace = live.version > 0 && live.added == snapshot;
    content->version = live.is_same || replace ? live.version : live.version + 1;
    if (live.is_same)
        return LAKE_OK;
    if (live.version > 0 && !replace)
        TRY(statement_execute(manifest, STATEMENT_RETIRE_CONTENT, retire, 3, err));
    return store_content(manifest, content, replace, snapshot, err);
}
