/* Rows on their way from batches to partitions: collected, staged in the background, or spilled where they come in no order. */
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "lake/write_state.h"

enum {
    /* Of the memory for rows, what is staged at once: the threads have work soon, and both ends of it are short. */
    STAGED_SHARE = 4,
    /* Rows are in no order where so few follow each other into one partition, and it has its turn again and again. */
    SHORT_RUN_ROWS = 64,
    TURNS_OF_DISORDER = 2
};

/* ---- the source of each row ---- */

/* Room for a column that says `source` in n rows. */
static lake_status make_source_values(struct lake_write *write, int64_t n, struct lake_error *err)
{
    bool is_filled = write->n_source_values > 0 && write->source_values[0] == write->source;
    if (n > write->n_source_values) {
        TRY(memory_resize(&write->source_values, (size_t)n, sizeof *write->source_values, err));
        write->n_source_values = n;
        is_filled = false;
    }
    for (int64_t i = 0; !is_filled && i < write->n_source_values; i++)
        write->source_values[i] = write->source;
    return LAKE_OK;
}

/* A view of the batch as write->schema has it: with a column more where the type counts rows by source. */
static lake_status view_rows(struct lake_write *write, const struct batch *batch, struct batch *view,
                             struct lake_error *err)
{
    size_t n = batch->schema->n_fields;
    *view = *batch;
    view->release = NULL;
    view->owns_schema = false;
    if (!data_type_counts_rows(write->type))
        return LAKE_OK;
    TRY(make_source_values(write, batch->n_rows, err));
    TRY(memory_resize(&write->source_columns, n + 1, sizeof *write->source_columns, err));
    memcpy(write->source_columns, batch->columns, n * sizeof *batch->columns);
    write->source_columns[n] = (struct column){.values = write->source_values};
    view->schema = write->schema;
    view->columns = write->source_columns;
    return LAKE_OK;
}

/* ---- staging ---- */

/* The open partitions changed: one that grew over others took the rows collected for them, and was staged with them. */
static void look_again(struct lake_write *write)
{
    size_t n = 0;
    write->collected_bytes = 0;
    for (size_t i = 0; i < write->n_open; i++) {
        if (write->open[i]->rows == NULL)
            continue;
        write->collected_bytes += batch_builder_bytes(write->open[i]->rows);
        write->open[n++] = write->open[i];
    }
    write->n_open = n;
    write->current = NULL;
}

/* The rows that staging a partition again handles again. */
static int64_t rows_staged_before(const struct partition *partition)
{
    int64_t n = partition->has_file ? partition->file.n_rows : 0;
    for (size_t i = 0; !partition->has_file && partition->was_staged && i < partition->n_base; i++)
        n += partition->base[i].n_rows;
    return n;
}

/* Begins to stage the open partitions but the last `n_kept`. */
static lake_status stage_open(struct lake_write *write, size_t n_kept, struct lake_error *err)
{
    size_t n = write->n_open - n_kept;
    if (n == 0)
        return LAKE_OK;
    TRY(partition_set_end_stage(&write->partitions, err));
    for (size_t i = 0; i < n; i++) {
        struct partition *partition = write->open[i];
        write->n_restaged += rows_staged_before(partition);
        partition->was_staged = true;
        partition->is_stale = true;
    }
    TRY(partition_set_begin_stage(&write->partitions, err));
    memmove(write->open, write->open + n, n_kept * sizeof(struct partition *));
    write->n_open = n_kept;
    look_again(write);
    write->n_collected = 0;
    write->n_switches = 0;
    return LAKE_OK;
}

/* ---- disorder ---- */

static bool is_scattered(const struct lake_write *write)
{
    return write->n_collected < SHORT_RUN_ROWS * write->n_switches &&
           write->n_switches > TURNS_OF_DISORDER * (int64_t)write->n_open;
}

/* Whether with staging now more rows would have been staged again than came: so all staging together stays linear. */
static bool is_rework(const struct lake_write *write)
{
    int64_t n_again = 0;
    for (size_t i = 0; i < write->n_open; i++)
        n_again += rows_staged_before(write->open[i]);
    return n_again > 0 && write->n_restaged + n_again > write->rows_read;
}

static lake_status spill_partition(struct lake_write *write, struct partition *partition, struct lake_error *err)
{
    struct batch rows = {0};
    TRY(batch_builder_take(partition->rows, &rows, err));
    batch_builder_free(partition->rows);
    partition->rows = NULL;
    lake_status status = spill_append(&write->spill, &rows, 0, rows.n_rows, err);
    batch_release(&rows);
    return status;
}

/* From now on rows are spilled, first those collected. */
static lake_status begin_spill(struct lake_write *write, struct lake_error *err)
{
    TRY(partition_set_open_staging(&write->partitions, err));
    write->spill.staging = &write->partitions.staging;
    write->spill.is_on = true;
    for (size_t i = 0; i < write->n_open; i++)
        TRY(spill_partition(write, write->open[i], err));
    look_again(write);
    return LAKE_OK;
}

static bool is_full(const struct lake_write *write)
{
    return write->collected_bytes > write->lake->memory_bytes / WRITE_MEMORY_SHARE / STAGED_SHARE;
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

static lake_status add_open(struct lake_write *write, struct partition *partition, struct lake_error *err)
{
    if (write->n_open == write->open_capacity) {
        size_t capacity = write->open_capacity * 2 + 64;
        TRY(memory_resize(&write->open, capacity, sizeof(struct partition *), err));
        write->open_capacity = capacity;
    }
    write->open[write->n_open++] = partition;
    return LAKE_OK;
}

static lake_status find_partition(struct lake_write *write, int64_t ts_ms, struct partition **out,
                                  struct lake_error *err)
{
    struct partition place = {
        .dataset = &write->dataset, .grain = write->period->grain, .is_alone = write->type->is_versioned};
    *out = partition_set_find(&write->partitions, &write->dataset, ts_ms);
    if (*out != NULL && (*out)->is_under_way) {
        TRY(partition_set_end_stage(&write->partitions, err)); /* which may change the set */
        look_again(write);
        *out = partition_set_find(&write->partitions, &write->dataset, ts_ms);
    }
    if (*out != NULL)
        return LAKE_OK;
    partition_bounds(place.grain, ts_ms, &place.start_ms, &place.end_ms);
    TRY(widen_to_live_file(write, &place, err));
    size_t n = write->partitions.n;
    TRY(partition_set_get(&write->partitions, &place, out, err));
    if (write->partitions.n == n + 1)
        return LAKE_OK;
    look_again(write); /* it grew over others, whose rows it has now */
    return (*out)->rows == NULL ? LAKE_OK : add_open(write, *out, err);
}

/* Makes the partition of an instant the current one. */
static lake_status switch_to(struct lake_write *write, int64_t ts_ms, int64_t per_ms, struct lake_error *err)
{
    struct partition *partition = NULL;
    TRY(find_partition(write, ts_ms, &partition, err));
    if (partition->rows == NULL) {
        TRY(add_open(write, partition, err));
        TRY(batch_builder_new(write->schema, &partition->rows, err));
    }
    write->current = partition;
    write->current_from = time_unit_from_ms(partition->start_ms, per_ms);
    write->current_to = time_unit_from_ms(partition->end_ms, per_ms);
    write->n_switches++;
    return LAKE_OK;
}

static lake_status collect(struct lake_write *write, const struct batch *batch, int64_t first, int64_t n,
                           struct lake_error *err)
{
    struct batch_builder *rows = write->current->rows;
    size_t before = batch_builder_bytes(rows);
    TRY(batch_builder_append(rows, batch, first, n, err));
    write->collected_bytes += batch_builder_bytes(rows) - before;
    write->n_collected += n;
    return LAKE_OK;
}

/* The rows from `first` on that fall into the current partition. */
static int64_t count_run(const struct lake_write *write, const struct time_values *times, int64_t first)
{
    const int64_t *ts = times->values;
    int64_t end = first;
    if (write->current == NULL)
        return 0;
    while (end < times->n_rows && ts[end] >= write->current_from && ts[end] < write->current_to)
        end++;
    return end - first;
}

/* Room for the rows of another partition: what is full is staged or, where rows come in no order, spilled. */
static lake_status make_room(struct lake_write *write, struct lake_error *err)
{
    if (!is_full(write))
        return LAKE_OK;
    if (is_scattered(write) || is_rework(write))
        return begin_spill(write, err);
    return stage_open(write, write->n_open > 1 ? 1 : 0, err);
}

/* Collects rows; *n_done of them are, the rest is to be spilled. */
static lake_status collect_rows(struct lake_write *write, const struct batch *batch, int64_t *n_done,
                                struct lake_error *err)
{
    const struct time_values times = {batch_values(batch, 0), batch->n_rows,
                                      time_unit_per_ms(batch->schema->fields[0].type)};
    for (int64_t row = 0, n = 0; row < batch->n_rows; row += n) {
        *n_done = row;
        n = count_run(write, &times, row);
        if (n > 0) {
            TRY(collect(write, batch, row, n, err));
            continue;
        }
        TRY(make_room(write, err));
        if (write->spill.is_on)
            return LAKE_OK;
        TRY(switch_to(write, time_unit_to_ms(times.values[row], times.per_ms), times.per_ms, err));
    }
    *n_done = batch->n_rows;
    return LAKE_OK;
}

/* ---- columns ---- */

bool write_has_schema(const struct lake_write *write, const struct schema *schema)
{
    const struct schema *own = write->schema;
    if (own == NULL)
        return false;
    if (!data_type_counts_rows(write->type))
        return schema_equal(own, schema);
    const struct schema without = {own->n_fields - 1, own->fields};
    return schema_equal(&without, schema);
}

/* Rows with other columns than those before: what is collected is staged first, merging unites the columns. */
static lake_status take_schema(struct lake_write *write, const struct schema *schema, struct lake_error *err)
{
    struct column_field *fields = NULL;
    size_t n = schema->n_fields;
    if (write_has_schema(write, schema))
        return LAKE_OK;
    TRY(stage_open(write, 0, err));
    schema_free(write->schema);
    write->schema = NULL;
    TRY(memory_new(n + 1, sizeof *fields, &fields, err));
    memcpy(fields, schema->fields, n * sizeof *fields);
    if (data_type_counts_rows(write->type))
        fields[n++] = (struct column_field){.name = MERGE_SOURCE_COLUMN, .type = COLUMN_INT32};
    lake_status status = schema_new(fields, n, &write->schema, err);
    memory_free(fields);
    return status;
}

lake_status write_add_rows(struct lake_write *write, const struct batch *batch, struct lake_error *err)
{
    struct batch view = {0};
    int64_t n_done = 0;
    TRY(take_schema(write, batch->schema, err));
    TRY(view_rows(write, batch, &view, err));
    if (!write->spill.is_on)
        TRY(collect_rows(write, &view, &n_done, err));
    return n_done == view.n_rows ? LAKE_OK : spill_append(&write->spill, &view, n_done, view.n_rows - n_done, err);
}

/* ---- the end ---- */

lake_status write_settle(struct lake_write *write, struct lake_error *err)
{
    if (write->spill.is_on)
        TRY(spill_flush(&write->spill, err));
    TRY(stage_open(write, 0, err));
    return partition_set_end_stage(&write->partitions, err);
}

/* Spilled rows of one partition after another. */
static lake_status take_spilled(void *context, int64_t start_ms, const struct batch *batch, struct lake_error *err)
{
    struct lake_write *write = context;
    bool is_current =
        write->current != NULL && start_ms >= write->current->start_ms && start_ms < write->current->end_ms;
    if (!is_current) {
        if (is_full(write))
            TRY(stage_open(write, 0, err));
        TRY(switch_to(write, start_ms, time_unit_per_ms(batch->schema->fields[0].type), err));
    }
    return collect(write, batch, 0, batch->n_rows, err);
}

static lake_status merge_spilled(struct lake_write *write, struct lake_error *err)
{
    const struct spill_taker taker = {take_spilled, write};
    const struct schema *schema = write->spill.schema;
    if (write->spill.n_runs == 0)
        return LAKE_OK;
    schema_free(write->schema);
    write->schema = NULL;
    TRY(schema_new(schema->fields, schema->n_fields, &write->schema, err));
    return spill_merge(&write->spill, &taker, err);
}

lake_status write_stage_all(struct lake_write *write, struct lake_error *err)
{
    TRY(write_settle(write, err));
    TRY(merge_spilled(write, err));
    return write_settle(write, err);
}

void write_release_rows(struct lake_write *write)
{
    schema_free(write->schema);
    memory_free(write->open);
    memory_free(write->source_values);
    memory_free(write->source_columns);
}
