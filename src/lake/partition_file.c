#include "lake/partition_file.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "io/file.h"
#include "lake/layout.h"

/* Rows of a row group; a day or a month of minutes is one. */
enum { ROW_GROUP_ROWS = 1 << 20 };

static const char staged_suffix[] = ".staged";
static const char incoming_suffix[] = ".incoming";

lake_status partition_tools_new(struct lake *lake, struct partition_tools **out, struct lake_error *err)
{
    struct partition_tools *tools = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *tools, &tools, err));
    tools->lake = lake;
    buffer_init(&tools->bytes, LIMIT_PARQUET_DECODED_BYTES);
    buffer_init(&tools->path, LIMIT_PATH_BYTES);
    TRY_OUT(parquet_writer_new(&tools->writer, err));
    TRY_OUT(assembler_new(lake, 1, &tools->assembler, err));
    TRY_OUT(sha256_new(&tools->hash, err));
    *out = tools;
    tools = NULL;
out:
    partition_tools_free(tools);
    return status;
}

void partition_tools_free(struct partition_tools *tools)
{
    if (tools == NULL)
        return;
    parquet_writer_free(tools->writer);
    assembler_free(tools->assembler);
    sha256_free(tools->hash);
    buffer_release(&tools->bytes);
    buffer_release(&tools->path);
    memory_free(tools);
}

/* ---- names ---- */

static lake_status staging_path(const struct partition *partition, const struct staging *staging, const char *suffix,
                                struct buffer *out, struct lake_error *err)
{
    const char *text = NULL;
    buffer_clear(out);
    TRY(buffer_printf(out, err, "%s%s%s", staging->prefix, path_name(partition->path), suffix));
    return buffer_string(out, &text, err);
}

lake_status partition_state_path(const struct partition *partition, const struct staging *staging, struct buffer *out,
                                 struct lake_error *err)
{
    return staging_path(partition, staging, staged_suffix, out, err);
}

/* A partition that is wider than the dataset's grain is named by the month or year that it is. */
static enum partition_grain grain_of_range(const struct partition *partition)
{
    const enum partition_grain grains[] = {GRAIN_DAY, GRAIN_MONTH};
    for (size_t i = 0; i < sizeof grains / sizeof *grains; i++) {
        int64_t start_ms = 0, end_ms = 0;
        partition_bounds(grains[i], partition->start_ms, &start_ms, &end_ms);
        if (partition->grain <= grains[i] && end_ms >= partition->end_ms)
            return grains[i];
    }
    return GRAIN_YEAR;
}

lake_status partition_file_name(struct partition *partition, struct partition_tools *tools, struct lake_error *err)
{
    struct layout_file file = {partition->dataset, grain_of_range(partition), partition->start_ms, 0};
    if (tools->n_names == 0) {
        TRY(layout_random_many(tools->lake->io, tools->names, NAMES_DRAWN, err));
        tools->n_names = NAMES_DRAWN;
    }
    file.random = tools->names[--tools->n_names];
    TRY(layout_file_path(&file, &tools->path, err));
    memory_free(partition->path);
    partition->path = NULL;
    return memory_copy_string((const char *)tools->path.data, &partition->path, err);
}

/* ---- writing ---- */

/* The rows at which another partition of the dataset's grain would begin. */
static lake_status find_page_ends(const struct partition *partition, const struct batch *rows, int64_t **ends,
                                  size_t *n, struct lake_error *err)
{
    const int64_t *ts = batch_values(rows, 0);
    int64_t per_ms = time_unit_per_ms(rows->schema->fields[0].type);
    int64_t start_ms = 0, end_ms = 0, end = INT64_MIN; /* the last in the unit of ts */
    size_t capacity = 0;
    *n = 0;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        if (ts[row] < end)
            continue;
        partition_bounds(partition->grain, time_unit_to_ms(ts[row], per_ms), &start_ms, &end_ms);
        end = time_unit_from_ms(end_ms, per_ms);
        if (row == 0)
            continue;
        if (*n == capacity) {
            capacity = capacity * 2 + 32;
            TRY(memory_resize(ends, capacity, sizeof **ends, err));
        }
        (*ends)[(*n)++] = row;
    }
    return LAKE_OK;
}

static lake_status encode(const struct partition *partition, const struct batch *batch, struct partition_tools *tools,
                          struct lake_error *err)
{
    struct parquet_writer_options options = {.doubles = PARQUET_DOUBLES_FAST, .compression = PARQUET_SNAPPY};
    int64_t *page_ends = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(find_page_ends(partition, batch, &page_ends, &options.n_page_ends, err));
    options.page_ends = page_ends;
    buffer_clear(&tools->bytes);
    TRY_OUT(parquet_writer_begin(tools->writer, batch->schema, &options, parquet_sink_buffer(&tools->bytes), err));
    for (int64_t row = 0; row < batch->n_rows; row += ROW_GROUP_ROWS) {
        int64_t left = batch->n_rows - row;
        TRY_OUT(parquet_writer_append(tools->writer, batch, row, left < ROW_GROUP_ROWS ? left : ROW_GROUP_ROWS, err));
    }
    status = parquet_writer_finish(tools->writer, err);
out:
    memory_free(page_ends);
    return status;
}

static lake_status write_staged(const struct partition *partition, const struct staging *staging, const char *suffix,
                                struct partition_tools *tools, struct lake_error *err)
{
    struct file_writer writer = {.file = -1};
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(staging_path(partition, staging, suffix, &tools->path, err));
    TRY_OUT(layout_state_path(tools->lake, (const char *)tools->path.data, &path, err));
    TRY_OUT(file_writer_open(&writer, tools->lake->io, path, err));
    TRY_OUT(file_writer_append(&writer, tools->bytes.data, tools->bytes.length, err));
    TRY_OUT(file_writer_close(&writer, false, err));
out:
    file_writer_release(&writer);
    memory_free(path);
    return status;
}

static lake_status describe(struct partition *partition, const struct batch *rows, struct partition_tools *tools,
                            struct lake_error *err)
{
    const int64_t *ts = batch_values(rows, 0);
    int64_t per_ms = time_unit_per_ms(rows->schema->fields[0].type);
    struct manifest_file *file = &partition->file;
    *file = (struct manifest_file){
        .path = partition->path,
        .partition_start_ms = partition->start_ms,
        .partition_end_ms = partition->end_ms,
        .time_from_ms = time_unit_to_ms(ts[0], per_ms),
        .time_to_ms = time_unit_to_ms(ts[rows->n_rows - 1], per_ms),
        .n_rows = rows->n_rows,
        .size_bytes = (int64_t)tools->bytes.length,
    };
    TRY(sha256_begin(tools->hash, err));
    TRY(sha256_update(tools->hash, tools->bytes.data, tools->bytes.length, err));
    return sha256_end(tools->hash, file->sha256, err);
}

lake_status partition_file_write(struct partition *partition, const struct staging *staging, const struct batch *rows,
                                 struct partition_tools *tools, struct lake_error *err)
{
    TRY(encode(partition, rows, tools, err));
    TRY(describe(partition, rows, tools, err));
    TRY(write_staged(partition, staging, staged_suffix, tools, err));
    partition->has_file = true;
    return LAKE_OK;
}

lake_status partition_file_read_back(const struct partition *partition, const struct staging *staging,
                                     struct partition_tools *tools, struct batch *out, struct lake_error *err)
{
    TRY(staging_path(partition, staging, staged_suffix, &tools->path, err));
    return assemble_file(tools->assembler, &(struct slice){.state_path = (const char *)tools->path.data}, out, err);
}

/* ---- rows that came in ---- */

lake_status partition_file_keep_incoming(struct partition *partition, const struct staging *staging,
                                         const struct batch *rows, struct partition_tools *tools,
                                         struct lake_error *err)
{
    const char *suffix = rows == NULL ? staged_suffix : incoming_suffix;
    if (rows != NULL) {
        TRY(encode(partition, rows, tools, err));
        TRY(write_staged(partition, staging, suffix, tools, err));
    }
    TRY(staging_path(partition, staging, suffix, &tools->path, err));
    TRY(memory_resize(&partition->incoming, 1, sizeof *partition->incoming, err));
    partition->incoming[0] = (struct kept_rows){NULL, KEPT_SOURCE_IN_ROWS};
    TRY(memory_copy_string((const char *)tools->path.data, &partition->incoming[0].path, err));
    partition->n_incoming = 1;
    return LAKE_OK;
}

/* Removes a file, unless a safe point names it. */
static lake_status remove_staged(const struct partition *partition, struct partition_tools *tools,
                                 const char *state_path, struct lake_error *err)
{
    char *path = NULL;
    if (partition->is_saved)
        return LAKE_OK;
    TRY(layout_state_path(tools->lake, state_path, &path, err));
    lake_status status = file_remove(tools->lake->io, path, err);
    memory_free(path);
    return status;
}

lake_status partition_file_forget(struct partition *partition, const struct staging *staging,
                                  struct partition_tools *tools, struct lake_error *err)
{
    while (partition->n_incoming > 0) {
        TRY(remove_staged(partition, tools, partition->incoming[partition->n_incoming - 1].path, err));
        memory_free(partition->incoming[--partition->n_incoming].path);
    }
    if (partition->has_file) {
        partition->has_file = false;
        TRY(staging_path(partition, staging, staged_suffix, &tools->path, err));
        TRY(remove_staged(partition, tools, (const char *)tools->path.data, err));
    }
    partition->is_saved = false;
    return LAKE_OK;
}
