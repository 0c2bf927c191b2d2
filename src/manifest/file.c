/* Files: those that are live, and the moves of files that are not yet known to be durable. */
#include <inttypes.h>

#include "base/calendar.h"
#include "manifest/query.h"

/* ---- reading ---- */

lake_status manifest_find_files(struct manifest *manifest, int64_t dataset_id, int64_t from_ms, int64_t to_ms,
                                struct arena *arena, struct manifest_file **out, size_t *n, int64_t *snapshot,
                                struct lake_error *err)
{
    const struct sql_value of_dataset[] = {sql_int(dataset_id), sql_int(from_ms), sql_int(to_ms)};
    const struct query one = {STATEMENT_FILES_OF_DATASET, of_dataset, 3, sizeof **out, query_read_file, NULL, NULL};
    const struct query all = {STATEMENT_FILES, of_dataset + 1, 2, sizeof **out, query_read_file, NULL, NULL};
    bool begun = false;
    lake_status status = LAKE_OK;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(manifest_snapshot(manifest, snapshot, err));
    TRY_OUT(query_collect(manifest, dataset_id == 0 ? &all : &one, arena, out, n, err));
out:
    return manifest_read_end(manifest, begun, status, err);
}

lake_status manifest_find_version(struct manifest *manifest, const struct manifest_file *file, int64_t *version,
                                  struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file->dataset_id), sql_int(calendar_day_of_ms(file->partition_start_ms)),
                                       sql_int(calendar_day_of_ms(file->partition_end_ms - 1))};
    *version = 0;
    return statement_query_int64(manifest, STATEMENT_FILE_VERSION, values, 3, version, err);
}

lake_status manifest_next_files(struct manifest *manifest, int64_t dataset_id, int64_t after_ms, int64_t limit,
                                struct arena *arena, struct manifest_file **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(after_ms), sql_int(limit)};
    const struct query query = {STATEMENT_NEXT_FILES, values, 3, sizeof **out, query_read_file, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

/* ---- outstanding moves ---- */

static void read_outstanding(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_outstanding *outstanding = item;
    outstanding->file_id = statement_take_int64(statement);
    int64_t move = statement_take_int64(statement);
    if (move != MANIFEST_PUBLISH && move != MANIFEST_RETIRE)
        statement_reject(statement, "an unknown move");
    outstanding->move = move == MANIFEST_PUBLISH ? MANIFEST_PUBLISH : MANIFEST_RETIRE;
    outstanding->path = query_take_path(statement, arena);
    outstanding->state_path = query_take_path(statement, arena);
}

lake_status manifest_find_outstanding(struct manifest *manifest, struct arena *arena, struct manifest_outstanding **out,
                                      size_t *n, struct lake_error *err)
{
    const struct query query = {STATEMENT_OUTSTANDING, NULL, 0, sizeof **out, read_outstanding, NULL, NULL};
    return query_collect(manifest, &query, arena, out, n, err);
}

lake_status manifest_find_state_path(struct manifest *manifest, int64_t file_id, struct arena *arena,
                                     const char **state_path, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file_id)};
    const struct query query = {STATEMENT_STATE_PATH, values, 1, sizeof *state_path, query_read_path, NULL, NULL};
    const char **paths = NULL;
    size_t n = 0;
    *state_path = NULL;
    TRY(query_collect(manifest, &query, arena, &paths, &n, err));
    if (n > 0)
        *state_path = paths[0];
    return LAKE_OK;
}

/* ---- writing ---- */

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
    TRY(query_check_begun(manifest, err));
    TRY(query_check_path(file->path, err));
    TRY(query_check_path(state_path, err));
    TRY(check_free(manifest, file, err));
    TRY(query_note_dataset(manifest, file->operation_id, file->dataset_id, err));
    TRY(query_insert(manifest, STATEMENT_ADD_FILE, values, sizeof values / sizeof *values, &file->id, err));
    return add_outstanding(manifest, file->id, MANIFEST_PUBLISH, state_path, err);
}

lake_status manifest_retire_file(struct manifest *manifest, const struct manifest_retirement *retirement,
                                 struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(retirement->file_id), sql_int(retirement->snapshot),
                                       sql_int(retirement->retired_ms), sql_int(retirement->rows_lost),
                                       sql_text(retirement->state_path)};
    TRY(query_check_begun(manifest, err));
    TRY(query_check_path(retirement->state_path, err));
    TRY(statement_execute(manifest, STATEMENT_RETIRE_FILE, values, 5, err));
    if (database_changes(manifest->database) == 0)
        return lake_fail(err, LAKE_CONFLICT, "%s: file %" PRId64 " is not live any more",
                         database_path(manifest->database), retirement->file_id);
    return add_outstanding(manifest, retirement->file_id, MANIFEST_RETIRE, retirement->state_path, err);
}

lake_status manifest_clear_outstanding(struct manifest *manifest, int64_t file_id, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file_id)};
    TRY(query_check_begun(manifest, err));
    return statement_execute(manifest, STATEMENT_CLEAR_OUTSTANDING, values, 1, err);
}
