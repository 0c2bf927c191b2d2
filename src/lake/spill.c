#include "lake/spill.h"

#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/thread.h"
#include "column/time_unit.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/spill_run.h"

/* Runs that are merged at a time: each takes a window and an open file. */
enum { MERGE_RUNS_MIN = 2, MERGE_RUNS_MAX = 64 };

/* A run that is being written. */
struct spill_job {
    struct pool_loop *loop;
    struct lake *lake;
    enum partition_grain grain;
    struct batch rows;
    char *path; /* below the state directory, as in struct spill_run */
    int64_t size_bytes;
};

void spill_init(struct spill *spill, struct lake *lake, enum partition_grain grain, size_t memory_bytes)
{
    *spill = (struct spill){.lake = lake, .grain = grain, .memory_bytes = memory_bytes};
}

static void free_job(struct spill_job *job)
{
    if (job == NULL)
        return;
    batch_release(&job->rows);
    memory_free(job->path);
    memory_free(job);
}

void spill_release(struct spill *spill)
{
    lake_status ignored = spill->job == NULL ? LAKE_OK : pool_end(spill->lake->pool, &spill->job->loop, NULL);
    (void)ignored;
    free_job(spill->job);
    for (size_t i = 0; i < spill->n_runs; i++)
        memory_free(spill->runs[i].path);
    memory_free(spill->runs);
    batch_builder_free(spill->rows);
    schema_free(spill->schema);
    *spill = (struct spill){0};
}

/* ---- the runs ---- */

static lake_status add_run(struct spill *spill, const char *path, int64_t size_bytes, int64_t n_rows,
                           struct lake_error *err)
{
    struct spill_run run = {.size_bytes = size_bytes, .n_rows = n_rows};
    if (spill->n_runs == spill->capacity) {
        size_t capacity = spill->capacity * 2 + 16;
        TRY(memory_resize(&spill->runs, capacity, sizeof *spill->runs, err));
        spill->capacity = capacity;
    }
    TRY(memory_copy_string(path, &run.path, err));
    spill->runs[spill->n_runs++] = run;
    return LAKE_OK;
}

static lake_status name_run(struct spill *spill, char **out, struct lake_error *err)
{
    struct buffer name = BUFFER_INIT(LIMIT_PATH_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&name, err, "%s%" PRId64 ".run", spill->staging->prefix, spill->n_named));
    TRY_OUT(buffer_string(&name, &text, err));
    TRY_OUT(memory_copy_string(text, out, err));
    spill->n_named++;
out:
    buffer_release(&name);
    return status;
}

static lake_status open_run(struct lake *lake, const char *state_path, const struct schema *schema,
                            struct run_writer *writer, struct lake_error *err)
{
    char *path = NULL;
    TRY(layout_state_path(lake, state_path, &path, err));
    lake_status status = run_writer_open(writer, lake->io, path, schema, err);
    memory_free(path);
    return status;
}

/* Opens a run, on its first block. */
static lake_status open_reader(const struct spill *spill, const struct spill_run *run, struct run_reader *reader,
                               struct lake_error *err)
{
    char *path = NULL;
    TRY(layout_state_path(spill->lake, run->path, &path, err));
    lake_status status = run_reader_open(reader, spill->lake->io, path, run->size_bytes, run->n_rows, err);
    memory_free(path);
    return status == LAKE_OK ? run_reader_next(reader, err) : status;
}

static lake_status remove_run(const struct spill *spill, const struct spill_run *run, struct lake_error *err)
{
    char *path = NULL;
    if (run->is_saved)
        return LAKE_OK;
    TRY(layout_state_path(spill->lake, run->path, &path, err));
    lake_status status = file_remove(spill->lake->io, path, err);
    memory_free(path);
    return status;
}

/* Drops the first runs. */
static lake_status drop_runs(struct spill *spill, size_t n, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < n; i++) {
        if (status == LAKE_OK)
            status = remove_run(spill, &spill->runs[i], err);
        memory_free(spill->runs[i].path);
    }
    spill->n_runs -= n;
    memmove(spill->runs, spill->runs + n, spill->n_runs * sizeof *spill->runs);
    return status;
}

/* ---- grouping ---- */

/* Rows by the first day of their partition. */
struct grouping {
    int32_t *days; /* of each row */
    int32_t least, most;
    uint32_t *order; /* rows by day, as they came within one */
};

static void release_grouping(struct grouping *grouping)
{
    memory_free(grouping->days);
    memory_free(grouping->order);
}

static lake_status find_days(const struct batch *rows, enum partition_grain grain, struct grouping *grouping,
                             struct lake_error *err)
{
    const int64_t *ts = batch_values(rows, 0);
    const int64_t per_ms = time_unit_per_ms(rows->schema->fields[0].type);
    int64_t start = INT64_MAX, end = INT64_MIN; /* of the partition of the row before */
    int32_t day = 0;
    TRY(memory_new((size_t)rows->n_rows, sizeof *grouping->days, &grouping->days, err));
    grouping->least = INT32_MAX;
    grouping->most = INT32_MIN;
    for (int64_t row = 0; row < rows->n_rows; row++) {
        if (ts[row] < start || ts[row] >= end) {
            int64_t start_ms = 0, end_ms = 0;
            partition_bounds(grain, time_unit_to_ms(ts[row], per_ms), &start_ms, &end_ms);
            start = time_unit_from_ms(start_ms, per_ms);
            end = time_unit_from_ms(end_ms, per_ms);
            day = (int32_t)calendar_day_of_ms(start_ms);
            grouping->least = day < grouping->least ? day : grouping->least;
            grouping->most = day > grouping->most ? day : grouping->most;
        }
        grouping->days[row] = day;
    }
    return LAKE_OK;
}

/* A counting sort: the calendar has a few million days. */
static lake_status sort_by_day(struct grouping *grouping, int64_t n, struct lake_error *err)
{
    const int32_t *days = grouping->days;
    uint32_t *places = NULL, next = 0;
    size_t n_days = (size_t)((int64_t)grouping->most - grouping->least) + 1;
    TRY(memory_new((size_t)n, sizeof *grouping->order, &grouping->order, err));
    TRY(memory_new(n_days, sizeof *places, &places, err));
    for (int64_t row = 0; row < n; row++)
        places[days[row] - grouping->least]++;
    for (size_t i = 0; i < n_days; i++) {
        uint32_t n_rows = places[i];
        places[i] = next;
        next += n_rows;
    }
    for (int64_t row = 0; row < n; row++)
        grouping->order[places[days[row] - grouping->least]++] = (uint32_t)row;
    memory_free(places);
    return LAKE_OK;
}

static lake_status put_groups(const struct batch *rows, const struct grouping *grouping, struct run_writer *writer,
                              struct lake_error *err)
{
    struct run_rows group = {0};
    for (int64_t first = 0; first < rows->n_rows; first += group.n) {
        int32_t day = grouping->days[grouping->order[first]];
        group = (struct run_rows){day * MS_PER_DAY, grouping->order + first, 1};
        while (first + group.n < rows->n_rows && grouping->days[group.order[group.n]] == day)
            group.n++;
        TRY(run_writer_put(writer, rows, &group, err));
    }
    return LAKE_OK;
}

static lake_status write_run(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct spill_job *job = context;
    struct grouping grouping = {0};
    struct run_writer writer = {.file = {.file = -1}};
    lake_status status = LAKE_OK;
    (void)index;
    (void)worker;
    TRY_OUT(find_days(&job->rows, job->grain, &grouping, err));
    TRY_OUT(sort_by_day(&grouping, job->rows.n_rows, err));
    TRY_OUT(open_run(job->lake, job->path, job->rows.schema, &writer, err));
    TRY_OUT(put_groups(&job->rows, &grouping, &writer, err));
    TRY_OUT(run_writer_close(&writer, err));
    job->size_bytes = writer.file.size_bytes;
out:
    run_writer_release(&writer);
    release_grouping(&grouping);
    return status;
}

/* ---- collecting ---- */

static lake_status end_job(struct spill *spill, struct lake_error *err)
{
    struct spill_job *job = spill->job;
    if (job == NULL)
        return LAKE_OK;
    lake_status status = pool_end(spill->lake->pool, &job->loop, err);
    spill->job = NULL;
    if (status == LAKE_OK)
        status = add_run(spill, job->path, job->size_bytes, job->rows.n_rows, err);
    free_job(job);
    return status;
}

/* Begins a run of what is collected. */
static lake_status begin_job(struct spill *spill, struct lake_error *err)
{
    struct spill_job *job = NULL;
    lake_status status = LAKE_OK;
    TRY(end_job(spill, err));
    if (spill->rows == NULL || batch_builder_rows(spill->rows) == 0)
        return LAKE_OK;
    TRY(memory_new(1, sizeof *job, &job, err));
    job->lake = spill->lake;
    job->grain = spill->grain;
    TRY_OUT(name_run(spill, &job->path, err));
    TRY_OUT(batch_builder_take(spill->rows, &job->rows, err));
    spill->rows_bytes = 0;
    TRY_OUT(pool_begin(spill->lake->pool, 1, write_run, job, &job->loop, err));
    spill->job = job;
    job = NULL;
out:
    free_job(job);
    return status;
}

/* The columns of both; one that some rows lack may be null. */
static lake_status unite(const struct schema *schema, const struct schema *other, struct schema **out,
                         struct lake_error *err)
{
    struct column_field *fields = NULL;
    size_t n = schema->n_fields;
    TRY(memory_new(n + other->n_fields, sizeof *fields, &fields, err));
    for (size_t i = 0; i < n; i++) {
        int found = schema_find(other, schema->fields[i].name);
        fields[i] = schema->fields[i];
        fields[i].nullable = fields[i].nullable || found < 0 || other->fields[found].nullable;
    }
    for (size_t i = 0; i < other->n_fields; i++) {
        if (schema_find(schema, other->fields[i].name) >= 0)
            continue;
        fields[n] = other->fields[i];
        fields[n++].nullable = true;
    }
    lake_status status = schema_new(fields, n, out, err);
    memory_free(fields);
    return status;
}

/* Ends the rows collected with the columns so far and begins others; takes the schema. */
static lake_status change_schema(struct spill *spill, struct schema *schema, struct lake_error *err)
{
    lake_status status = begin_job(spill, err);
    if (status != LAKE_OK) {
        schema_free(schema);
        return status;
    }
    batch_builder_free(spill->rows);
    spill->rows = NULL;
    schema_free(spill->schema);
    spill->schema = schema;
    return LAKE_OK;
}

static lake_status take_columns(struct spill *spill, const struct schema *schema, struct lake_error *err)
{
    struct schema *united = NULL;
    if (spill->schema == NULL)
        TRY(schema_new(schema->fields, schema->n_fields, &spill->schema, err));
    if (!schema_equal(spill->schema, schema)) {
        TRY(unite(spill->schema, schema, &united, err));
        if (schema_equal(spill->schema, united))
            schema_free(united);
        else
            TRY(change_schema(spill, united, err));
    }
    return spill->rows != NULL ? LAKE_OK : batch_builder_new(spill->schema, &spill->rows, err);
}

/* The number in "{prefix}{number}.run"; -1 of another name. */
static int64_t number_of(const struct spill *spill, const char *path)
{
    size_t n = strlen(spill->staging->prefix);
    int64_t number = 0;
    if (strncmp(path, spill->staging->prefix, n) != 0)
        return -1;
    for (const char *digit = path + n; *digit >= '0' && *digit <= '9' && number < INT32_MAX; digit++)
        number = number * 10 + (*digit - '0');
    return number;
}

lake_status spill_add_run(struct spill *spill, const char *path, int64_t size_bytes, int64_t n_rows,
                          struct lake_error *err)
{
    struct run_reader reader = {.file = -1};
    int64_t number = number_of(spill, path);
    TRY(add_run(spill, path, size_bytes, n_rows, err));
    lake_status status = open_reader(spill, &spill->runs[spill->n_runs - 1], &reader, err);
    if (status == LAKE_OK)
        status = take_columns(spill, reader.schema, err);
    run_reader_close(&reader);
    if (number >= spill->n_named)
        spill->n_named = number + 1;
    return status;
}

static size_t range_bytes(const struct batch *batch, int64_t first, int64_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < batch->schema->n_fields; i++) {
        const struct column *column = &batch->columns[i];
        bytes += (size_t)n * (column_type_width(&batch->schema->fields[i]) + 1);
        if (column->offsets != NULL)
            bytes += (size_t)n * sizeof(int32_t) + (size_t)(column->offsets[first + n] - column->offsets[first]);
    }
    return bytes;
}

lake_status spill_append(struct spill *spill, const struct batch *batch, int64_t first, int64_t n_rows,
                         struct lake_error *err)
{
    enum { PIECE_ROWS = 4096 };
    int64_t end = first + n_rows;
    TRY(take_columns(spill, batch->schema, err));
    for (int64_t n = 0; first < end; first += n) {
        n = end - first < PIECE_ROWS ? end - first : PIECE_ROWS;
        TRY(batch_builder_append(spill->rows, batch, first, n, err));
        spill->rows_bytes += range_bytes(batch, first, n);
        if (spill->rows_bytes >= spill->memory_bytes)
            TRY(begin_job(spill, err));
    }
    return LAKE_OK;
}

lake_status spill_flush(struct spill *spill, struct lake_error *err)
{
    TRY(begin_job(spill, err));
    return end_job(spill, err);
}

/* ---- merging ---- */

static void close_readers(struct run_reader *readers, size_t n)
{
    for (size_t i = 0; readers != NULL && i < n; i++)
        run_reader_close(&readers[i]);
    memory_free(readers);
}

/* The earliest partition of the readers' blocks; false: there are no more. */
static bool find_earliest(const struct run_reader *readers, size_t n, int64_t *start_ms)
{
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        if (readers[i].batch.n_rows == 0 || (found && readers[i].start_ms >= *start_ms))
            continue;
        *start_ms = readers[i].start_ms;
        found = true;
    }
    return found;
}

/* Merges the runs [first, first + n): partition by partition, within one run by run. */
static lake_status merge_runs(const struct spill *spill, size_t first, size_t n, const struct spill_taker *taker,
                              struct lake_error *err)
{
    struct run_reader *readers = NULL;
    int64_t start_ms = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(n, sizeof *readers, &readers, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(open_reader(spill, &spill->runs[first + i], &readers[i], err));
    while (find_earliest(readers, n, &start_ms)) {
        for (size_t i = 0; i < n; i++) {
            while (readers[i].batch.n_rows > 0 && readers[i].start_ms == start_ms) {
                TRY_OUT(taker->take(taker->context, start_ms, &readers[i].batch, err));
                TRY_OUT(run_reader_next(&readers[i], err));
            }
        }
    }
out:
    close_readers(readers, n);
    return status;
}

/* ---- joining neighbours ---- */

/* Rows of several runs on their way into one. */
struct joining {
    struct run_writer writer;
    struct batch_builder *rows; /* of one partition */
    int64_t start_ms;           /* of it */
    uint32_t *order;            /* 0, 1, 2 … */
    size_t n_order;
};

static lake_status count_up(struct joining *joining, size_t n, struct lake_error *err)
{
    if (n <= joining->n_order)
        return LAKE_OK;
    TRY(memory_resize(&joining->order, n, sizeof *joining->order, err));
    for (; joining->n_order < n; joining->n_order++)
        joining->order[joining->n_order] = (uint32_t)joining->n_order;
    return LAKE_OK;
}

static lake_status put_joined(struct joining *joining, struct lake_error *err)
{
    struct batch rows = {0};
    int64_t n = batch_builder_rows(joining->rows);
    if (n == 0)
        return LAKE_OK;
    TRY(count_up(joining, (size_t)n, err));
    TRY(batch_builder_take(joining->rows, &rows, err));
    struct run_rows group = {joining->start_ms, joining->order, n};
    lake_status status = run_writer_put(&joining->writer, &rows, &group, err);
    batch_release(&rows);
    return status;
}

static lake_status join_block(void *context, int64_t start_ms, const struct batch *batch, struct lake_error *err)
{
    struct joining *joining = context;
    if (start_ms != joining->start_ms || batch_builder_bytes(joining->rows) > RUN_WINDOW_BYTES)
        TRY(put_joined(joining, err));
    joining->start_ms = start_ms;
    return batch_builder_append(joining->rows, batch, 0, batch->n_rows, err);
}

/* Makes one run of the runs [first, first + n), in their place. */
static lake_status join_runs(struct spill *spill, size_t first, size_t n, struct lake_error *err)
{
    struct joining joining = {.writer = {.file = {.file = -1}}};
    const struct spill_taker taker = {join_block, &joining};
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(batch_builder_new(spill->schema, &joining.rows, err));
    TRY_OUT(name_run(spill, &path, err));
    TRY_OUT(open_run(spill->lake, path, spill->schema, &joining.writer, err));
    TRY_OUT(merge_runs(spill, first, n, &taker, err));
    TRY_OUT(put_joined(&joining, err));
    TRY_OUT(run_writer_close(&joining.writer, err));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(remove_run(spill, &spill->runs[first + i], err));
    struct spill_run joined = {.path = path, .size_bytes = joining.writer.file.size_bytes};
    joined.n_rows = joining.writer.n_rows;
    path = NULL;
    for (size_t i = 0; i < n; i++)
        memory_free(spill->runs[first + i].path);
    spill->runs[first] = joined;
    spill->n_runs -= n - 1;
    memmove(spill->runs + first + 1, spill->runs + first + n, (spill->n_runs - first - 1) * sizeof joined);
out:
    run_writer_release(&joining.writer);
    batch_builder_free(joining.rows);
    memory_free(joining.order);
    memory_free(path);
    return status;
}

static size_t runs_at_a_time(const struct spill *spill)
{
    size_t n = spill->memory_bytes / (2 * RUN_WINDOW_BYTES);
    n = n < MERGE_RUNS_MIN ? MERGE_RUNS_MIN : n;
    return n < MERGE_RUNS_MAX ? n : MERGE_RUNS_MAX;
}

/* Passes over all rows until the runs are few. */
static lake_status join_until_few(struct spill *spill, struct lake_error *err)
{
    size_t most = runs_at_a_time(spill);
    while (spill->n_runs > most) {
        for (size_t first = 0; first + 1 < spill->n_runs; first++) {
            size_t n = spill->n_runs - first < most ? spill->n_runs - first : most;
            TRY(join_runs(spill, first, n, err));
        }
    }
    return LAKE_OK;
}

lake_status spill_merge(struct spill *spill, const struct spill_taker *taker, struct lake_error *err)
{
    TRY(join_until_few(spill, err));
    if (spill->n_runs > 0)
        TRY(merge_runs(spill, 0, spill->n_runs, taker, err));
    spill->is_on = false;
    return drop_runs(spill, spill->n_runs, err);
}
