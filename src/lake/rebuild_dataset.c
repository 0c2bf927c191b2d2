#include "lake/rebuild_dataset.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/rebuild_type.h"

enum {
    FILES_PER_ROUND = 64,         /* read between two reports of progress */
    FILES_PER_TRANSACTION = 4096, /* so that the WAL stays small */
    ATTEMPTS = 2                  /* a disk may fail once */
};

/* ---- the list ---- */

void rebuild_dataset_init(struct rebuild_dataset *dataset)
{
    *dataset = (struct rebuild_dataset){.n = 0};
    arena_init(&dataset->arena, LIMIT_ENGINE_BYTES);
}

void rebuild_dataset_clear(struct rebuild_dataset *dataset)
{
    for (size_t i = 0; i < dataset->n; i++) {
        memory_free(dataset->files[i]->days);
        buffer_release(&dataset->files[i]->holes);
        schema_free(dataset->files[i]->schema);
        memory_free(dataset->files[i]);
    }
    dataset->n = 0;
    arena_reset(&dataset->arena);
}

void rebuild_dataset_release(struct rebuild_dataset *dataset)
{
    rebuild_dataset_clear(dataset);
    memory_free(dataset->files);
    dataset->files = NULL;
    arena_release(&dataset->arena);
}

lake_status rebuild_dataset_add(struct rebuild_dataset *dataset, const char *path, const struct layout_path *place,
                                struct lake_error *err)
{
    struct rebuild_file *file = NULL;
    if (dataset->n == dataset->capacity) {
        size_t capacity = dataset->capacity == 0 ? FILES_PER_ROUND : dataset->capacity * 2;
        TRY(memory_resize(&dataset->files, capacity, sizeof(struct rebuild_file *), err));
        dataset->capacity = capacity;
    }
    TRY(memory_new(1, sizeof *file, &file, err));
    dataset->files[dataset->n++] = file;
    file->place = *place;
    buffer_init(&file->holes, LIMIT_ENGINE_BYTES);
    return arena_copy_text(&dataset->arena, path, strlen(path), &file->path, err);
}

/* ---- reading one ---- */

static void found(struct rebuild_file *file, const char *problem, const char *format, ...) LAKE_PRINTF(3, 4);

static void found(struct rebuild_file *file, const char *problem, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(file->detail, sizeof file->detail, format, args);
    va_end(args);
    file->problem = problem;
}

static lake_status keep_days(struct rebuild_file *file, const struct examined_days *days, struct lake_error *err)
{
    const struct period *period = NULL;
    TRY(period_find(file->place.period, &period, err));
    TRY(memory_resize(&file->days, file->n_days + days->n, sizeof *file->days, err));
    memcpy(file->days + file->n_days, days->days, days->n * sizeof *file->days);
    TRY(content_find_holes(days->batch, period, file->days + file->n_days, days->n, &file->holes, err));
    file->n_days += days->n;
    return LAKE_OK;
}

static lake_status read_rows(struct rebuild_file *file, struct examiner *examiner, struct lake_error *err)
{
    struct examined_days days = {0};
    file->n_days = 0;
    buffer_clear(&file->holes);
    do {
        TRY(examiner_next_days(examiner, &days, err));
        if (days.n > 0)
            TRY(keep_days(file, &days, err));
    } while (days.n > 0);
    schema_free(file->schema);
    file->schema = NULL;
    return schema_new(examiner_schema(examiner)->fields, examiner_schema(examiner)->n_fields, &file->schema, err);
}

static void describe(struct rebuild_file *file, const struct examiner *examiner)
{
    struct manifest_file *entry = &file->entry;
    entry->path = file->path;
    entry->size_bytes = examiner_size_bytes(examiner);
    entry->n_rows = examiner_file(examiner)->n_rows;
    if (file->n_days == 0) {
        found(file, "empty", "holds no rows");
        return;
    }
    entry->time_from_ms = file->days[0].first_ms;
    entry->time_to_ms = file->days[file->n_days - 1].last_ms;
    if (entry->time_from_ms < file->place.start_ms || entry->time_to_ms >= file->place.end_ms)
        found(file, "range", "holds rows of other times than its path says");
}

static lake_status find_time(struct lake *lake, struct rebuild_file *file, const char *full, struct lake_error *err)
{
    struct io_status status;
    int result = lake->io.ops->status(lake->io.context, full, &status);
    if (result != 0)
        return lake_fail_errno(err, -result, "cannot examine", full);
    file->modified_ms = status.modified_ms;
    return LAKE_OK;
}

static lake_status read_file(struct lake *lake, struct rebuild_file *file, struct examiner *examiner,
                             struct lake_error *err)
{
    const struct data_type *type = NULL; /* of one that was registered: its key went with the manifest */
    char *full = NULL;
    bool is_there = false;
    lake_status status = LAKE_OK;
    if (data_type_find(file->place.type, &type, NULL) != LAKE_OK)
        type = NULL;
    TRY_OUT(layout_data_path(lake, file->path, &full, err));
    TRY_OUT(examiner_open(examiner, full, &is_there, err));
    if (!is_there) {
        status = lake_fail(err, LAKE_IO, "%s: is gone", full);
        goto out;
    }
    TRY_OUT(find_time(lake, file, full, err));
    TRY_OUT(examiner_digest(examiner, file->entry.sha256, err));
    TRY_OUT(examiner_parse(examiner, type, err));
    TRY_OUT(read_rows(file, examiner, err));
    describe(file, examiner);
out:
    examiner_close(examiner);
    memory_free(full);
    return status;
}

struct reading {
    struct rebuild *rebuild;
    struct rebuild_file **files;
};

/* What is damaged is a problem of the file; a limit hit twice is hit by what the file says. */
static lake_status examine(void *context, size_t index, size_t worker, struct lake_error *err)
{
    const struct reading *reading = context;
    struct rebuild_file *file = reading->files[index];
    struct examiner **examiner = &reading->rebuild->examiners[worker];
    struct lake_error failure = {LAKE_OK, ""};
    lake_status status = LAKE_IO;
    if (*examiner == NULL)
        TRY(examiner_new(reading->rebuild->lake, examiner, err));
    for (int i = 0; i < ATTEMPTS && (status == LAKE_IO || status == LAKE_NO_MEMORY); i++)
        status = read_file(reading->rebuild->lake, file, *examiner, &failure);
    file->is_unreadable = status == LAKE_IO;
    if (status == LAKE_CORRUPT || status == LAKE_UNSUPPORTED || status == LAKE_NO_MEMORY)
        found(file, "structure", "%s", failure.message);
    else if (status == LAKE_IO)
        found(file, "unreadable", "%s", failure.message);
    else if (status != LAKE_OK)
        return lake_fail(err, status, "%s", failure.message);
    return LAKE_OK;
}

static lake_status read_all(struct rebuild_dataset *dataset, struct rebuild *rebuild, struct lake_error *err)
{
    for (size_t i = 0; i < dataset->n; i += FILES_PER_ROUND) {
        size_t n = dataset->n - i < FILES_PER_ROUND ? dataset->n - i : FILES_PER_ROUND;
        struct reading reading = {rebuild, dataset->files + i};
        TRY(pool_run(rebuild->lake->pool, n, examine, &reading, err));
        for (size_t k = i; k < i + n; k++) {
            rebuild->result->n_rows += dataset->files[k]->entry.n_rows;
            rebuild->result->n_bytes += dataset->files[k]->entry.size_bytes;
        }
        TRY(rebuild_report_progress(rebuild, err));
    }
    return LAKE_OK;
}

/* ---- overlaps ---- */

static int64_t first_day(const struct rebuild_file *file)
{
    return file->days[0].day;
}

static int64_t last_day(const struct rebuild_file *file)
{
    return file->days[file->n_days - 1].day;
}

/* Sound ones first, by time. */
static int compare_times(const void *a, const void *b)
{
    const struct rebuild_file *x = *(struct rebuild_file *const *)a, *y = *(struct rebuild_file *const *)b;
    if ((x->problem == NULL) != (y->problem == NULL))
        return x->problem == NULL ? -1 : 1;
    if (x->problem == NULL && first_day(x) != first_day(y))
        return first_day(x) < first_day(y) ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* The latest first; where a clock cannot tell, the one with more rows. */
static int compare_ages(const void *a, const void *b)
{
    const struct rebuild_file *x = *(struct rebuild_file *const *)a, *y = *(struct rebuild_file *const *)b;
    if (x->modified_ms != y->modified_ms)
        return x->modified_ms > y->modified_ms ? -1 : 1;
    if (x->entry.n_rows != y->entry.n_rows)
        return x->entry.n_rows > y->entry.n_rows ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* Files whose days overlap, in a chain: the latest stays, and whatever does not overlap one that stays. */
static void settle_chain(struct rebuild_file **files, size_t n)
{
    qsort(files, n, sizeof *files, compare_ages);
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i && files[i]->problem == NULL; k++)
            if (files[k]->problem == NULL && first_day(files[i]) <= last_day(files[k]) &&
                first_day(files[k]) <= last_day(files[i]))
                found(files[i], "overlap", "holds days that %s holds too, which was modified later", files[k]->path);
}

static size_t count_sound(const struct rebuild_dataset *dataset)
{
    size_t n = 0;
    while (n < dataset->n && dataset->files[n]->problem == NULL)
        n++;
    return n;
}

static void settle_overlaps(struct rebuild_dataset *dataset)
{
    size_t n = count_sound(dataset);
    for (size_t first = 0, end = 0; first < n; first = end) {
        int64_t reach = last_day(dataset->files[first]);
        for (end = first + 1; end < n && first_day(dataset->files[end]) <= reach; end++)
            reach = last_day(dataset->files[end]) > reach ? last_day(dataset->files[end]) : reach;
        if (end - first > 1)
            settle_chain(dataset->files + first, end - first);
    }
}

/* The range of its path, or the days it has rows of where the path's would meet another's: `before` is how far those before it
 * reach, `after` where those behind it begin. */
static void set_range(struct rebuild_file *file, int64_t before_ms, int64_t after_ms)
{
    bool is_alone = before_ms <= file->place.start_ms && after_ms >= file->place.end_ms;
    file->entry.partition_start_ms = is_alone ? file->place.start_ms : first_day(file) * MS_PER_DAY;
    file->entry.partition_end_ms = is_alone ? file->place.end_ms : (last_day(file) + 1) * MS_PER_DAY;
}

/* Of the first n, which are sound and sorted by time. */
static lake_status set_ranges(struct rebuild_dataset *dataset, size_t n, struct lake_error *err)
{
    int64_t *starts = NULL; /* the least start of those from i on */
    int64_t before_ms = INT64_MIN;
    TRY(memory_new(n + 1, sizeof *starts, &starts, err));
    starts[n] = INT64_MAX;
    for (size_t i = n; i > 0; i--) {
        int64_t start_ms = dataset->files[i - 1]->place.start_ms;
        starts[i - 1] = start_ms < starts[i] ? start_ms : starts[i];
    }
    for (size_t i = 0; i < n; i++) {
        const struct layout_path *place = &dataset->files[i]->place;
        set_range(dataset->files[i], before_ms, starts[i + 1]);
        before_ms = place->end_ms > before_ms ? place->end_ms : before_ms;
    }
    memory_free(starts);
    return LAKE_OK;
}

/* ---- the manifest ---- */

static lake_status add_days(struct rebuild *rebuild, const struct rebuild_file *file, struct lake_error *err)
{
    for (size_t i = 0; i < file->n_days; i++) {
        struct manifest_content content = content_describe(&file->days[i], &file->holes);
        content.dataset_id = file->entry.dataset_id;
        content.operation_id = rebuild->operation_id;
        TRY(manifest_put_content(rebuild->manifest, &content, rebuild->snapshot, err));
    }
    return LAKE_OK;
}

/* A column that has another type in files before it is a problem of the file. */
static lake_status add_columns(struct rebuild *rebuild, struct rebuild_file *file, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    for (size_t i = 0; i < file->schema->n_fields; i++) {
        const struct column_field *field = &file->schema->fields[i];
        const struct manifest_column column = {field->name, (int32_t)field->type, field->width};
        lake_status status =
            manifest_add_column(rebuild->manifest, file->entry.dataset_id, &column, rebuild->snapshot, &failure);
        if (status == LAKE_INVALID_DATA) {
            found(file, "columns", "%s", failure.message);
            return LAKE_OK;
        }
        if (status != LAKE_OK)
            return lake_fail(err, status, "%s", failure.message);
    }
    return LAKE_OK;
}

static lake_status add_file(struct rebuild *rebuild, struct rebuild_file *file, int64_t dataset_id,
                            struct lake_error *err)
{
    file->entry.dataset_id = dataset_id;
    file->entry.operation_id = rebuild->operation_id;
    file->entry.added = rebuild->snapshot;
    TRY(add_columns(rebuild, file, err));
    if (file->problem != NULL)
        return LAKE_OK;
    TRY(manifest_add_file(rebuild->manifest, &file->entry, NULL, err));
    TRY(add_days(rebuild, file, err));
    rebuild->result->n_files++;
    if (++rebuild->n_uncommitted < FILES_PER_TRANSACTION)
        return LAKE_OK;
    rebuild->n_uncommitted = 0;
    TRY(manifest_commit(rebuild->manifest, err));
    manifest_checkpoint(rebuild->manifest);
    return manifest_begin(rebuild->manifest, err);
}

static lake_status add_sound(struct rebuild_dataset *dataset, size_t n, struct rebuild *rebuild, struct lake_error *err)
{
    if (n == 0)
        return LAKE_OK;
    const struct layout_path *place = &dataset->files[0]->place;
    struct manifest_dataset entry = {0, place->exchange, place->market, place->symbol, place->type, place->period};
    TRY(manifest_add_dataset(rebuild->manifest, &entry, err));
    rebuild->result->n_datasets++;
    for (size_t i = 0; i < n; i++) {
        TRY(rebuild_note_type(rebuild, dataset->files[i], err));
        if (dataset->files[i]->problem == NULL)
            TRY(add_file(rebuild, dataset->files[i], entry.id, err));
    }
    return LAKE_OK;
}

static lake_status set_others_aside(const struct rebuild_dataset *dataset, struct rebuild *rebuild,
                                    struct lake_error *err)
{
    for (size_t i = 0; i < dataset->n; i++) {
        const struct rebuild_file *file = dataset->files[i];
        const struct rebuild_aside aside = {
            .path = file->path, .problem = file->problem, .detail = file->detail, .stays = file->is_unreadable};
        if (file->problem == NULL)
            continue;
        rebuild->result->n_rows -= file->entry.n_rows;
        rebuild->result->n_bytes -= file->entry.size_bytes;
        TRY(rebuild_set_aside(rebuild, &aside, err));
    }
    return LAKE_OK;
}

lake_status rebuild_dataset_finish(struct rebuild_dataset *dataset, struct rebuild *rebuild, struct lake_error *err)
{
    if (dataset->n == 0)
        return LAKE_OK;
    TRY(read_all(dataset, rebuild, err));
    qsort(dataset->files, dataset->n, sizeof *dataset->files, compare_times);
    settle_overlaps(dataset);
    qsort(dataset->files, dataset->n, sizeof *dataset->files, compare_times);
    size_t n_sound = count_sound(dataset);
    TRY(set_ranges(dataset, n_sound, err));
    TRY(add_sound(dataset, n_sound, rebuild, err));
    TRY(set_others_aside(dataset, rebuild, err));
    rebuild_dataset_clear(dataset);
    return LAKE_OK;
}
