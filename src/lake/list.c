/* What is in the lake: datasets and files, as tables. */
#include <datalake/lake.h>

#include <string.h>

#include "base/limits.h"
#include "column/period.h"
#include "lake/select.h"
#include "lake/table_stream.h"

static const struct column_field dataset_fields[] = {
    {"exchange", COLUMN_UTF8, 0, false},        {"market", COLUMN_UTF8, 0, false},
    {"symbol", COLUMN_UTF8, 0, false},          {"type", COLUMN_UTF8, 0, false},
    {"period", COLUMN_UTF8, 0, false},          {"first_ts", COLUMN_TIMESTAMP_MS, 0, true},
    {"last_ts", COLUMN_TIMESTAMP_MS, 0, true},  {"rows", COLUMN_INT64, 0, false},
    {"days", COLUMN_INT64, 0, false},           {"files", COLUMN_INT64, 0, false},
    {"bytes", COLUMN_INT64, 0, false},          {"gaps", COLUMN_INT64, 0, true},
    {"changed", COLUMN_TIMESTAMP_MS, 0, false},
};

static const struct column_field file_fields[] = {
    {"exchange", COLUMN_UTF8, 0, false},
    {"market", COLUMN_UTF8, 0, false},
    {"symbol", COLUMN_UTF8, 0, false},
    {"type", COLUMN_UTF8, 0, false},
    {"period", COLUMN_UTF8, 0, false},
    {"path", COLUMN_UTF8, 0, false},
    {"first_ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"last_ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"rows", COLUMN_INT64, 0, false},
    {"bytes", COLUMN_INT64, 0, false},
    {"version", COLUMN_INT64, 0, false},
    {"sha256", COLUMN_UTF8, 0, false},
    {"operation", COLUMN_INT64, 0, false},
};

#define N_FIELDS(fields) (sizeof(fields) / sizeof *(fields))

static lake_status new_table(const struct column_field *fields, size_t n, struct batch_builder **out,
                             struct lake_error *err)
{
    struct schema *schema = NULL;
    TRY(schema_new(fields, n, &schema, err));
    lake_status status = batch_builder_new(schema, out, err);
    schema_free(schema);
    return status;
}

/* Intervals between the first and the last bar that have none. Null where the period has no fixed length, or where bars stand off
 * its grid so that the count says nothing. */
static struct cell count_gaps(const struct manifest_totals *totals)
{
    const struct period *period = NULL;
    if (period_find(totals->dataset.period, &period, NULL) != LAKE_OK || period->length_ms == 0 || totals->n_rows == 0)
        return cell_null();
    int64_t gaps = (totals->time_to_ms - totals->time_from_ms) / period->length_ms + 1 - totals->n_rows;
    return gaps < 0 ? cell_null() : cell_int64(gaps);
}

static struct cell cell_when(bool known, int64_t ms)
{
    return known ? cell_int64(ms) : cell_null();
}

static lake_status append_dataset(struct batch_builder *table, const struct manifest_totals *totals,
                                  struct lake_error *err)
{
    const struct manifest_dataset *dataset = &totals->dataset;
    bool has_rows = totals->n_rows > 0;
    const struct cell cells[N_FIELDS(dataset_fields)] = {
        cell_text(dataset->exchange),
        cell_text(dataset->market),
        cell_text(dataset->symbol),
        cell_text(dataset->type),
        cell_text(dataset->period),
        cell_when(has_rows, totals->time_from_ms),
        cell_when(has_rows, totals->time_to_ms),
        cell_int64(totals->n_rows),
        cell_int64(totals->n_days),
        cell_int64(totals->n_files),
        cell_int64(totals->size_bytes),
        count_gaps(totals),
        cell_int64(totals->last_change_ms),
    };
    return batch_builder_append_cells(table, cells, err);
}

lake_status lake_list_datasets(struct lake *lake, const struct lake_selection *selection, struct ArrowArrayStream *out,
                               struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct canonical canonical;
    struct batch_builder *table = NULL;
    struct manifest_totals *totals = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(select_filter(selection, &canonical, err));
    mutex_lock(lake->mutex);
    status = manifest_list_totals(lake->manifest, &canonical.filter, &arena, &totals, &n, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        goto out;
    TRY_OUT(new_table(dataset_fields, N_FIELDS(dataset_fields), &table, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(append_dataset(table, &totals[i], err));
    status = table_stream(table, out, err);
out:
    batch_builder_free(table);
    arena_release(&arena);
    return status;
}

static lake_status append_file(struct lake *lake, struct batch_builder *table, const struct manifest_dataset *dataset,
                               const struct manifest_file *file, struct lake_error *err)
{
    char sha256[SHA256_TEXT_BYTES];
    int64_t version = 0;
    sha256_text(file->sha256, sha256);
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_version(lake->manifest, file, &version, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        return status;
    const struct cell cells[N_FIELDS(file_fields)] = {
        cell_text(dataset->exchange),   cell_text(dataset->market),   cell_text(dataset->symbol),
        cell_text(dataset->type),       cell_text(dataset->period),   cell_text(file->path),
        cell_int64(file->time_from_ms), cell_int64(file->time_to_ms), cell_int64(file->n_rows),
        cell_int64(file->size_bytes),   cell_int64(version),          cell_text(sha256),
        cell_int64(file->operation_id),
    };
    return batch_builder_append_cells(table, cells, err);
}

static lake_status append_files_of(struct lake *lake, struct batch_builder *table,
                                   const struct manifest_dataset *dataset, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    status = manifest_find_files(lake->manifest, dataset->id, INT64_MIN, INT64_MAX, &arena, &files, &n, &snapshot, err);
    mutex_unlock(lake->mutex);
    for (size_t i = 0; status == LAKE_OK && i < n; i++)
        status = append_file(lake, table, dataset, &files[i], err);
    arena_release(&arena);
    return status;
}

lake_status lake_list_files(struct lake *lake, const struct lake_selection *selection, struct ArrowArrayStream *out,
                            struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct canonical canonical;
    struct batch_builder *table = NULL;
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(select_filter(selection, &canonical, err));
    mutex_lock(lake->mutex);
    status = manifest_find_datasets(lake->manifest, &canonical.filter, &arena, &datasets, &n, err);
    mutex_unlock(lake->mutex);
    if (status != LAKE_OK)
        goto out;
    TRY_OUT(new_table(file_fields, N_FIELDS(file_fields), &table, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(append_files_of(lake, table, &datasets[i], err));
    status = table_stream(table, out, err);
out:
    batch_builder_free(table);
    arena_release(&arena);
    return status;
}
