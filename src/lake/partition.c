#include "lake/partition.h"

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/assemble.h"
#include "lake/layout.h"
#include "parquet/writer.h"

/* Rows of a row group; a day or a month of minutes is one. */
enum { ROW_GROUP_ROWS = 1 << 20 };

static const char staged_suffix[] = ".staged";
static const char incoming_suffix[] = ".incoming";

struct partition_tools {
    struct parquet_writer *writer;
    struct assembler *assembler;
    struct sha256 *hash;
    struct buffer bytes; /* an encoded file */
    struct buffer path;
};

lake_status partition_tools_new(struct lake *lake, struct partition_tools **out, struct lake_error *err)
{
    struct partition_tools *tools = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *tools, &tools, err));
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

void partition_release(struct partition *partition)
{
    batch_builder_free(partition->rows);
    arena_release(&partition->base_arena);
    memory_free(partition->path);
    memory_free(partition->days);
    *partition = (struct partition){0};
}

/* ---- what is stored ---- */

lake_status partition_find_base(struct partition *partition, struct lake *lake, int64_t dataset_id,
                                struct lake_error *err)
{
    int64_t snapshot = 0;
    lake_status status = LAKE_OK;
    arena_release(&partition->base_arena);
    arena_init(&partition->base_arena, LIMIT_ENGINE_BYTES);
    partition->n_base = 0;
    partition->n_base_days = 0;
    if (dataset_id == 0)
        return LAKE_OK;
    mutex_lock(lake->mutex);
    status = manifest_find_files(lake->manifest, dataset_id, partition->start_ms, partition->end_ms,
                                 &partition->base_arena, &partition->base, &partition->n_base, &snapshot, err);
    if (status == LAKE_OK && partition->n_base > 0)
        status = manifest_find_contents(lake->manifest, dataset_id, calendar_day_of_ms(partition->start_ms),
                                        calendar_day_of_ms(partition->end_ms - 1) + 1, &partition->base_arena,
                                        &partition->base_days, &partition->n_base_days, err);
    mutex_unlock(lake->mutex);
    return status;
}

lake_status partition_check_base(const struct partition *partition, struct lake *lake, int64_t dataset_id,
                                 bool *is_current, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *live = NULL;
    size_t n_live = 0;
    int64_t snapshot = 0;
    lake_status status = manifest_find_files(lake->manifest, dataset_id, partition->start_ms, partition->end_ms, &arena,
                                             &live, &n_live, &snapshot, err);
    *is_current = n_live == partition->n_base;
    for (size_t i = 0; *is_current && i < n_live; i++)
        *is_current = live[i].id == partition->base[i].id;
    arena_release(&arena);
    return status;
}

/* ---- files in staging ---- */

static lake_status staging_path(const struct partition *partition, const struct staging *staging, const char *suffix,
                                struct buffer *out, struct lake_error *err)
{
    const char *text = NULL;
    buffer_clear(out);
    TRY(buffer_printf(out, err, "%s/%s%s", staging->directory, path_name(partition->path), suffix));
    return buffer_string(out, &text, err);
}

lake_status partition_state_path(const struct partition *partition, const struct staging *staging, struct buffer *out,
                                 struct lake_error *err)
{
    return staging_path(partition, staging, staged_suffix, out, err);
}

static lake_status name_file(struct partition *partition, const struct partition_job *job,
                             struct partition_tools *tools, struct lake_error *err)
{
    struct layout_file file = {job->dataset, job->grain, partition->start_ms, 0};
    TRY(layout_random(job->lake->io, &file.random, err));
    TRY(layout_file_path(&file, &tools->path, err));
    memory_free(partition->path);
    partition->path = NULL;
    return memory_copy_string((const char *)tools->path.data, &partition->path, err);
}

static lake_status encode(const struct batch *batch, struct partition_tools *tools, struct lake_error *err)
{
    static const struct parquet_writer_options options = {.doubles = PARQUET_DOUBLES_FAST,
                                                          .compression = PARQUET_SNAPPY};
    buffer_clear(&tools->bytes);
    TRY(parquet_writer_begin(tools->writer, batch->schema, &options, parquet_sink_buffer(&tools->bytes), err));
    for (int64_t row = 0; row < batch->n_rows; row += ROW_GROUP_ROWS) {
        int64_t left = batch->n_rows - row;
        TRY(parquet_writer_append(tools->writer, batch, row, left < ROW_GROUP_ROWS ? left : ROW_GROUP_ROWS, err));
    }
    return parquet_writer_finish(tools->writer, err);
}

/* Writes the encoded bytes under the partition's name in staging. Made durable by the commit, all at once. */
static lake_status write_staged(const struct partition *partition, const struct partition_job *job, const char *suffix,
                                struct partition_tools *tools, struct lake_error *err)
{
    struct file_writer writer = {.file = -1};
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(staging_path(partition, job->staging, suffix, &tools->path, err));
    TRY_OUT(layout_state_path(job->lake, (const char *)tools->path.data, &path, err));
    TRY_OUT(file_writer_open(&writer, job->lake->io, path, err));
    TRY_OUT(file_writer_append(&writer, tools->bytes.data, tools->bytes.length, err));
    TRY_OUT(file_writer_close(&writer, false, err));
out:
    file_writer_release(&writer);
    memory_free(path);
    return status;
}

static lake_status remove_staged(const struct partition *partition, const struct partition_job *job, const char *suffix,
                                 struct partition_tools *tools, struct lake_error *err)
{
    char *path = NULL;
    TRY(staging_path(partition, job->staging, suffix, &tools->path, err));
    TRY(layout_state_path(job->lake, (const char *)tools->path.data, &path, err));
    lake_status status = file_remove(job->lake->io, path, err);
    memory_free(path);
    return status;
}

static lake_status read_staged(const struct partition *partition, const struct partition_job *job,
                               struct partition_tools *tools, struct batch *out, struct lake_error *err)
{
    const char *suffix = partition->has_incoming_file ? incoming_suffix : staged_suffix;
    TRY(staging_path(partition, job->staging, suffix, &tools->path, err));
    struct slice slice = {.state_path = (const char *)tools->path.data};
    return assemble_file(tools->assembler, &slice, out, err);
}

/* ---- the rows ---- */

/* What came in so far, sorted: the collected rows over those of an earlier staging. */
static lake_status gather_incoming(struct partition *partition, const struct partition_job *job,
                                   struct partition_tools *tools, struct batch *out, struct lake_error *err)
{
    struct batch collected = {0}, sorted = {0}, earlier = {0};
    struct merge_counts counts;
    lake_status status = LAKE_OK;
    if (partition->rows != NULL) {
        TRY_OUT(batch_builder_take(partition->rows, &collected, err));
        TRY_OUT(merge_sort(&collected, &sorted, err));
    }
    if (partition->is_staged)
        TRY_OUT(read_staged(partition, job, tools, &earlier, err));
    if (!partition->is_staged)
        batch_move(out, &sorted);
    else if (partition->rows == NULL)
        batch_move(out, &earlier);
    else
        TRY_OUT(merge_batches(&earlier, &sorted, out, &counts, err));
    batch_builder_free(partition->rows);
    partition->rows = NULL;
out:
    batch_release(&collected);
    batch_release(&sorted);
    batch_release(&earlier);
    return status;
}

static lake_status read_base(const struct partition *partition, struct partition_tools *tools, struct batch *out,
                             struct lake_error *err)
{
    struct batch all = {0}, next = {0}, both = {0};
    struct merge_counts counts;
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < partition->n_base; i++) {
        struct slice slice = {.file = &partition->base[i]};
        if (slice.file->partition_start_ms < partition->start_ms || slice.file->partition_end_ms > partition->end_ms) {
            status = lake_fail(err, LAKE_UNSUPPORTED, "%s: covers more than the partition that is written",
                               slice.file->path);
            goto out;
        }
        TRY_OUT(assemble_file(tools->assembler, &slice, i == 0 ? &all : &next, err));
        if (i == 0)
            continue;
        TRY_OUT(merge_batches(&all, &next, &both, &counts, err));
        batch_release(&all);
        batch_release(&next);
        batch_move(&all, &both);
    }
    batch_move(out, &all);
out:
    batch_release(&all);
    batch_release(&next);
    batch_release(&both);
    return status;
}

static bool day_is_stored(const struct partition *partition, const struct content_day *day)
{
    for (size_t i = 0; i < partition->n_base_days; i++)
        if (partition->base_days[i].day == day->day)
            return memcmp(partition->base_days[i].sha256, day->sha256, SHA256_BYTES) == 0;
    return false;
}

/* Keeps in partition->days only those whose content is not stored already. */
static void keep_changed_days(struct partition *partition)
{
    size_t n = 0;
    for (size_t i = 0; i < partition->n_days; i++)
        if (!day_is_stored(partition, &partition->days[i]))
            partition->days[n++] = partition->days[i];
    partition->n_days = n;
    partition->is_changed = n > 0;
}

static lake_status describe_file(struct partition *partition, const struct batch *merged, struct partition_tools *tools,
                                 struct lake_error *err)
{
    const int64_t *ts = batch_values(merged, 0);
    struct manifest_file *file = &partition->file;
    *file = (struct manifest_file){
        .path = partition->path,
        .partition_start_ms = partition->start_ms,
        .partition_end_ms = partition->end_ms,
        .time_from_ms = ts[0],
        .time_to_ms = ts[merged->n_rows - 1],
        .n_rows = merged->n_rows,
        .size_bytes = (int64_t)tools->bytes.length,
    };
    TRY(sha256_begin(tools->hash, err));
    TRY(sha256_update(tools->hash, tools->bytes.data, tools->bytes.length, err));
    return sha256_end(tools->hash, file->sha256, err);
}

/* Hashes the merged rows by day and, where any day is new or changed, writes the new file. */
static lake_status stage_merged(struct partition *partition, const struct batch *merged,
                                const struct partition_job *job, struct partition_tools *tools, struct lake_error *err)
{
    TRY(content_find_days(merged, tools->hash, &partition->days, &partition->n_days, err));
    keep_changed_days(partition);
    if (!partition->is_changed)
        return LAKE_OK;
    TRY(encode(merged, tools, err));
    TRY(describe_file(partition, merged, tools, err));
    return write_staged(partition, job, staged_suffix, tools, err);
}

static lake_status forget_staged(struct partition *partition, const struct partition_job *job,
                                 struct partition_tools *tools, struct lake_error *err)
{
    if (!partition->is_staged)
        return LAKE_OK;
    partition->is_staged = false;
    TRY(remove_staged(partition, job, staged_suffix, tools, err));
    return remove_staged(partition, job, incoming_suffix, tools, err);
}

/* Keeps the rows that came in where the staged file holds others too. */
static lake_status stage_incoming(struct partition *partition, const struct batch *incoming,
                                  const struct partition_job *job, struct partition_tools *tools,
                                  struct lake_error *err)
{
    partition->has_incoming_file = partition->is_changed && partition->n_base > 0;
    if (!partition->has_incoming_file)
        return LAKE_OK;
    TRY(encode(incoming, tools, err));
    return write_staged(partition, job, incoming_suffix, tools, err);
}

lake_status partition_stage(struct partition *partition, const struct partition_job *job, struct partition_tools *tools,
                            struct lake_error *err)
{
    struct batch incoming = {0}, stored = {0}, merged = {0};
    /* Rows of an earlier staging that were all stored already are not among those gathered below. */
    int64_t n_equal_before = partition->is_staged ? 0 : partition->counts.n_equal;
    lake_status status = LAKE_OK;
    TRY_OUT(gather_incoming(partition, job, tools, &incoming, err));
    TRY_OUT(forget_staged(partition, job, tools, err));
    TRY_OUT(name_file(partition, job, tools, err));
    if (partition->n_base == 0) {
        partition->counts = (struct merge_counts){.n_new = incoming.n_rows};
    } else {
        TRY_OUT(read_base(partition, tools, &stored, err));
        TRY_OUT(merge_batches(&stored, &incoming, &merged, &partition->counts, err));
    }
    partition->counts.n_equal += n_equal_before;
    TRY_OUT(stage_merged(partition, partition->n_base == 0 ? &incoming : &merged, job, tools, err));
    TRY_OUT(stage_incoming(partition, &incoming, job, tools, err));
    partition->is_staged = partition->is_changed;
out:
    batch_release(&incoming);
    batch_release(&stored);
    batch_release(&merged);
    return status;
}
