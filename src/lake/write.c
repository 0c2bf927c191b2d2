#include "lake/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/commit.h"
#include "lake/names.h"

/* Partitions that collect rows at the same time; when there are more, all but the latest are staged, in parallel. A
 * source in any order of time works; one in order (or in reverse) stages each partition once. */
enum { OPEN_PARTITIONS = 64 };
static const char default_type[] = "raw";

struct source {
    char *path;
    int64_t size_bytes;
    uint8_t sha256[SHA256_BYTES];
    bool has_sha256;
};

struct lake_write {
    struct lake *lake;
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES];
    const char *kind;
    const struct data_type *type;
    const struct period *period;
    struct manifest_dataset dataset;
    struct schema *schema;  /* of the rows being collected */
    struct schema *columns; /* of all rows so far */
    struct partition_set partitions;
    struct partition **open; /* those with collected rows, in order of first use */
    size_t n_open;
    struct partition *current; /* the one of the last row */
    struct source *sources;
    size_t n_sources;
    int64_t rows_read, first_ms, last_ms, started_ms;
    bool has_failed; /* rows may be lost: it cannot be committed any more */
};

/* ---- beginning and end ---- */

static bool is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

static lake_status find_dataset_id(struct lake_write *write, struct lake_error *err)
{
    struct lake *lake = write->lake;
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_dataset *found = NULL;
    size_t n_found = 0;
    const struct manifest_dataset *wanted = &write->dataset;
    struct manifest_filter filter = {wanted->exchange, wanted->market, wanted->symbol, wanted->type, wanted->period};
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_datasets(lake->manifest, &filter, &arena, &found, &n_found, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK)
        write->dataset.id = n_found == 0 ? 0 : found[0].id;
    arena_release(&arena);
    return status;
}

static lake_status name_dataset(struct lake_write *write, const struct lake_selection *given, struct lake_error *err)
{
    if (is_empty(given->exchange) || is_empty(given->symbol))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is needed", is_empty(given->exchange) ? "exchange" : "symbol");
    TRY(name_exchange(given->exchange, write->exchange, err));
    TRY(name_market(is_empty(given->market) ? write->lake->default_market : given->market, write->market, err));
    TRY(name_symbol(given->symbol, write->symbol, err));
    TRY(data_type_find(is_empty(given->type) ? default_type : given->type, &write->type, err));
    if (write->type->n_key != 1)
        return lake_fail(err, LAKE_UNSUPPORTED, "type %s cannot be written yet: bars (raw) can", write->type->name);
    const char *period = write->type->has_period ? given->period : write->type->fixed_period;
    if (is_empty(period))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "period is needed");
    TRY(period_find(period, &write->period, err));
    write->dataset = (struct manifest_dataset){
        .exchange = write->exchange,
        .market = write->market,
        .symbol = write->symbol,
        .type = write->type->name,
        .period = write->period->name,
    };
    return LAKE_OK;
}

lake_status lake_write_begin(struct lake *lake, const struct lake_selection *dataset, const char *kind,
                             struct lake_write **out, struct lake_error *err)
{
    struct lake_write *write = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *write, &write, err));
    write->lake = lake;
    write->kind = kind;
    write->started_ms = lake->io.ops->now_ms(lake->io.context);
    TRY_OUT(name_dataset(write, dataset, err));
    if (manifest_is_read_only(lake->manifest)) {
        status = lake_fail(err, LAKE_PERMISSION, "%s: this user may read the lake, not write to it", lake->db_path);
        goto out;
    }
    TRY_OUT(memory_new(OPEN_PARTITIONS + 1, sizeof(struct partition *), &write->open, err));
    TRY_OUT(partition_set_init(&write->partitions, lake, kind, err));
    TRY_OUT(find_dataset_id(write, err));
    *out = write;
    write = NULL;
out:
    lake_write_free(write);
    return status;
}

void lake_write_free(struct lake_write *write)
{
    if (write == NULL)
        return;
    for (size_t i = 0; i < write->n_sources; i++)
        memory_free(write->sources[i].path);
    if (write->partitions.lake != NULL)
        partition_set_release(&write->partitions);
    schema_free(write->schema);
    schema_free(write->columns);
    memory_free(write->open);
    memory_free(write->sources);
    memory_free(write);
}

struct lake_selection lake_write_dataset(const struct lake_write *write)
{
    struct lake_selection dataset = {write->exchange, write->market, write->symbol, write->type->name,
                                     write->period->name};
    return dataset;
}

lake_status lake_write_add_source(struct lake_write *write, const char *path, int64_t size_bytes,
                                  const uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    TRY(memory_resize(&write->sources, write->n_sources + 1, sizeof *write->sources, err));
    struct source *source = &write->sources[write->n_sources];
    *source = (struct source){.size_bytes = size_bytes, .has_sha256 = digest != NULL};
    if (digest != NULL)
        memcpy(source->sha256, digest, SHA256_BYTES);
    TRY(memory_copy_string(path, &source->path, err));
    write->n_sources++;
    return LAKE_OK;
}

/* ---- staging ---- */

/* One that grew over others took the rows collected for them, and was staged with them. */
static void drop_idle(struct lake_write *write)
{
    size_t n = 0;
    for (size_t i = 0; i < write->n_open; i++)
        if (write->open[i]->rows != NULL)
            write->open[n++] = write->open[i];
    write->n_open = n;
    if (write->current != NULL && write->current->rows == NULL)
        write->current = NULL;
}

/* Stages the open partitions but the last `n_kept`. */
static lake_status stage_open(struct lake_write *write, size_t n_kept, struct lake_error *err)
{
    size_t n = write->n_open - n_kept;
    for (size_t i = 0; i < n; i++)
        write->open[i]->is_stale = true;
    if (n > 0)
        TRY(partition_set_stage(&write->partitions, SIZE_MAX, err));
    memmove(write->open, write->open + n, n_kept * sizeof(struct partition *));
    write->n_open = n_kept;
    drop_idle(write);
    return LAKE_OK;
}

static size_t collected_bytes(const struct lake_write *write)
{
    size_t bytes = 0;
    for (size_t i = 0; i < write->n_open; i++)
        bytes += batch_builder_bytes(write->open[i]->rows);
    return bytes;
}

/* ---- collecting ---- */

/* Rows that fall into a live file wider than the grain are collected for all of it from the start. */
static lake_status widen_to_live_file(struct lake_write *write, struct partition *place, struct lake_error *err)
{
    struct lake *lake = write->lake;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    if (write->dataset.id == 0)
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_files(lake->manifest, write->dataset.id, place->start_ms, place->end_ms, &arena,
                                             &files, &n, &snapshot, err);
    mutex_unlock(lake->mutex);
    for (size_t i = 0; status == LAKE_OK && i < n; i++) {
        place->start_ms = files[i].partition_start_ms < place->start_ms ? files[i].partition_start_ms : place->start_ms;
        place->end_ms = files[i].partition_end_ms > place->end_ms ? files[i].partition_end_ms : place->end_ms;
    }
    arena_release(&arena);
    return status;
}

static lake_status find_partition(struct lake_write *write, int64_t ts, struct partition **out, struct lake_error *err)
{
    struct partition place = {.dataset = &write->dataset, .grain = write->period->grain};
    *out = partition_set_find(&write->partitions, &write->dataset, ts);
    if (*out != NULL)
        return LAKE_OK;
    partition_bounds(place.grain, ts, &place.start_ms, &place.end_ms);
    TRY(widen_to_live_file(write, &place, err));
    TRY(partition_set_get(&write->partitions, &place, out, err));
    drop_idle(write);
    return LAKE_OK;
}

static bool is_open(const struct lake_write *write, const struct partition *partition)
{
    for (size_t i = 0; i < write->n_open; i++)
        if (write->open[i] == partition)
            return true;
    return false;
}

static lake_status open_partition(struct lake_write *write, int64_t ts, struct lake_error *err)
{
    struct partition *partition = NULL;
    TRY(find_partition(write, ts, &partition, err));
    if (partition->rows == NULL)
        TRY(batch_builder_new(write->schema, &partition->rows, err));
    if (!is_open(write, partition))
        write->open[write->n_open++] = partition;
    write->current = partition;
    return LAKE_OK;
}

/* Appends the rows from `first` on that fall into one partition, and tells how many they were. */
static lake_status append_run(struct lake_write *write, const struct batch *batch, int64_t first, int64_t *n_taken,
                              struct lake_error *err)
{
    const int64_t *ts = batch_values(batch, 0);
    const struct partition *current = write->current;
    int64_t end = first + 1;
    if (current == NULL || ts[first] < current->start_ms || ts[first] >= current->end_ms) {
        if (write->n_open == OPEN_PARTITIONS || collected_bytes(write) > write->lake->memory_bytes / 4)
            TRY(stage_open(write, write->n_open > 1 ? 1 : 0, err));
        TRY(open_partition(write, ts[first], err));
        current = write->current;
    }
    while (end < batch->n_rows && ts[end] >= current->start_ms && ts[end] < current->end_ms)
        end++;
    *n_taken = end - first;
    return batch_builder_append(current->rows, batch, first, *n_taken, err);
}

static lake_status check_batch(const struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    const char *key = write->type->key[0];
    if (batch->schema->n_fields == 0 || strcmp(batch->schema->fields[0].name, key) != 0 ||
        batch->schema->fields[0].type != COLUMN_TIMESTAMP_MS)
        return lake_fail(err, LAKE_INVALID_DATA, "the first column must be %s, a timestamp in milliseconds", key);
    if (batch->columns[0].null_count != 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s is null in %" PRId64 " rows", key, batch->columns[0].null_count);
    for (size_t i = 1; i < batch->schema->n_fields; i++) {
        const struct column_field *field = &batch->schema->fields[i];
        const struct data_type_column *known = data_type_column(write->type, field->name);
        if (known != NULL && known->type != field->type)
            return lake_fail(err, LAKE_INVALID_DATA, "column %s is %s, it must be %s", field->name,
                             column_type_name(field->type), column_type_name(known->type));
    }
    return LAKE_OK;
}

static lake_status copy_schema(const struct schema *from, struct schema **to, struct lake_error *err)
{
    schema_free(*to);
    *to = NULL;
    return schema_new(from->fields, from->n_fields, to, err);
}

/* Adds the columns of a batch to those seen so far. */
static lake_status unite_columns(struct lake_write *write, const struct schema *schema, struct lake_error *err)
{
    struct column_field *fields = NULL;
    struct schema *united = NULL;
    size_t n = write->columns == NULL ? 0 : write->columns->n_fields;
    lake_status status = LAKE_OK;
    TRY(memory_new(n + schema->n_fields, sizeof *fields, &fields, err));
    for (size_t i = 0; i < n; i++)
        fields[i] = write->columns->fields[i];
    for (size_t i = 0; i < schema->n_fields; i++) {
        int found = write->columns == NULL ? -1 : schema_find(write->columns, schema->fields[i].name);
        if (found < 0)
            fields[n++] = schema->fields[i];
        else if (fields[found].type != schema->fields[i].type || fields[found].width != schema->fields[i].width)
            status =
                lake_fail(err, LAKE_INVALID_DATA, "column %s is %s in some rows and %s in others", fields[found].name,
                          column_type_name(fields[found].type), column_type_name(schema->fields[i].type));
    }
    if (status == LAKE_OK)
        status = schema_new(fields, n, &united, err);
    memory_free(fields);
    if (status != LAKE_OK)
        return status;
    schema_free(write->columns);
    write->columns = united;
    return LAKE_OK;
}

/* A batch with other columns than those before: what is collected is staged first, merging unites the columns. */
static lake_status take_schema(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    if (write->schema != NULL && schema_equal(write->schema, batch->schema))
        return LAKE_OK;
    TRY(check_batch(write, batch, err));
    TRY(stage_open(write, 0, err));
    TRY(unite_columns(write, batch->schema, err));
    return copy_schema(batch->schema, &write->schema, err);
}

/* Files are named by dates: times outside the calendar's years have none. */
static lake_status note_range(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    static const struct calendar_date first_date = {1, 1, 1}, last_date = {9999, 12, 31};
    const int64_t least = calendar_day_from_date(first_date) * MS_PER_DAY;
    const int64_t end = (calendar_day_from_date(last_date) + 1) * MS_PER_DAY;
    const int64_t *ts = batch_values(batch, 0);
    for (int64_t i = 0; i < batch->n_rows; i++) {
        if (ts[i] < least || ts[i] >= end)
            return lake_fail(err, LAKE_INVALID_DATA, "ts is %" PRId64 " ms, outside the years 1 to 9999", ts[i]);
        bool is_first = write->rows_read == 0 && i == 0;
        write->first_ms = is_first || ts[i] < write->first_ms ? ts[i] : write->first_ms;
        write->last_ms = is_first || ts[i] > write->last_ms ? ts[i] : write->last_ms;
    }
    write->rows_read += batch->n_rows;
    return LAKE_OK;
}

static lake_status append(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    TRY(take_schema(write, batch, err));
    if (batch->columns[0].null_count != 0)
        return check_batch(write, batch, err);
    TRY(note_range(write, batch, err));
    for (int64_t row = 0, n = 0; row < batch->n_rows; row += n)
        TRY(append_run(write, batch, row, &n, err));
    return LAKE_OK;
}

static lake_status check_usable(const struct lake_write *write, struct lake_error *err)
{
    if (write->has_failed)
        return lake_fail(err, LAKE_INVALID_STATE, "this write has failed before: begin another");
    return LAKE_OK;
}

lake_status lake_write_append(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    TRY(check_usable(write, err));
    if (batch->n_rows == 0)
        return LAKE_OK;
    lake_status status = append(write, batch, err);
    write->has_failed = status != LAKE_OK;
    return status;
}

/* ---- committing ---- */

static lake_status describe_sources(const struct lake_write *write, struct manifest_source **out,
                                    struct lake_error *err)
{
    TRY(memory_new(write->n_sources, sizeof **out, out, err));
    for (size_t i = 0; i < write->n_sources; i++) {
        const struct source *source = &write->sources[i];
        (*out)[i] =
            (struct manifest_source){source->path, source->size_bytes, source->has_sha256 ? source->sha256 : NULL};
    }
    return LAKE_OK;
}

static void sum_up(const struct lake_write *write, struct lake_write_result *result)
{
    *result = (struct lake_write_result){
        .rows_read = write->rows_read, .first_ms = write->first_ms, .last_ms = write->last_ms};
    for (size_t i = 0; i < write->partitions.n; i++) {
        const struct partition *partition = write->partitions.items[i];
        result->rows_new += partition->counts.rows.n_new;
        result->rows_changed += partition->counts.rows.n_changed;
        result->rows_equal += partition->counts.rows.n_equal + partition->counts.n_settled;
        result->days_changed += (int64_t)partition->n_days;
        result->files_written += partition->is_changed;
    }
}

struct committing {
    struct lake_write *write;
    struct manifest_operation operation;
    struct lake_write_result *result;
};

static lake_status restage(void *context, struct lake_error *err)
{
    struct committing *committing = context;
    return partition_set_stage(&committing->write->partitions, SIZE_MAX, err);
}

/* Merging again may have changed the counts. */
static lake_status prepare(void *context, struct lake_error *err)
{
    struct committing *committing = context;
    (void)err;
    sum_up(committing->write, committing->result);
    committing->operation.rows_written = committing->result->rows_new + committing->result->rows_changed;
    return LAKE_OK;
}

static lake_status commit_changes(struct lake_write *write, struct lake_write_result *result, struct lake_error *err)
{
    struct committing committing = {.write = write,
                                    .operation = {.kind = write->kind,
                                                  .source = "",
                                                  .rows_read = write->rows_read,
                                                  .started_ms = write->started_ms,
                                                  .software = LAKE_SOFTWARE,
                                                  .detail = ""},
                                    .result = result};
    const struct commit_target target = {&write->dataset, write->columns};
    const struct commit_owner owner = {.restage = restage, .prepare = prepare, .context = &committing};
    struct commit commit = {.set = &write->partitions,
                            .targets = &target,
                            .n_targets = 1,
                            .operation = &committing.operation,
                            .n_sources = write->n_sources};
    struct manifest_source *sources = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(describe_sources(write, &sources, err));
    commit.sources = sources;
    status = commit_run(&commit, &owner, err);
out:
    sum_up(write, result);
    result->snapshot = commit.snapshot;
    memory_free(sources);
    return status;
}

lake_status lake_write_commit(struct lake_write *write, struct lake_write_result *result, struct lake_error *err)
{
    TRY(check_usable(write, err));
    write->has_failed = true; /* whatever happens, it is not committed twice */
    TRY(stage_open(write, 0, err));
    return commit_changes(write, result, err);
}
