/* The files of the lake, as a table that may have millions of rows: dataset by dataset, each by time, a chunk a transaction. */
#include <datalake/lake.h>

#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/layout.h"
#include "lake/list.h"
#include "lake/table_stream.h"
#include "manifest/history.h"

/* The mutex is given up between chunks: scans of other threads open meanwhile. */
enum { CHUNK_FILES = 256, CHUNK_DATASETS = 64 };

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
    {"version", COLUMN_INT64, 0, true},
    {"sha256", COLUMN_UTF8, 0, false},
    {"operation", COLUMN_INT64, 0, false},
    {"id", COLUMN_INT64, 0, false},
    {"created", COLUMN_TIMESTAMP_MS, 0, true},
};

enum { N_FIELDS = sizeof file_fields / sizeof *file_fields };

struct file_list {
    struct list list; /* after: the dataset that is being listed */
    bool is_inside;   /* more files of that dataset may follow, those that start after after_ms */
    int64_t dataset_id;
    int64_t after_ms;
    int64_t start_ms, end_ms; /* of the rows asked for; all: the least and the greatest number there is */

    int64_t operation_id; /* the one asked for last, as files mostly share theirs; 0: none … */
    bool has_created;
    int64_t created_ms; /* … and when it was committed */

    struct arena arena; /* of the datasets that come next */
    struct manifest_totals *datasets;
    size_t n_datasets, next_dataset;
};

static void release(void *context)
{
    struct file_list *files = context;
    arena_release(&files->arena);
    memory_free(files);
}

/* ---- datasets ---- */

static lake_status enter(struct file_list *files, const struct manifest_dataset *dataset, int64_t after_ms,
                         struct lake_error *err)
{
    TRY(list_move_after(&files->list, dataset, err));
    files->dataset_id = dataset->id;
    files->after_ms = after_ms;
    files->is_inside = true;
    return LAKE_OK;
}

/* No file answers for more than a year: those that start long before the range are not looked at. */
static int64_t first_after_ms(const struct file_list *files)
{
    const int64_t most_ms = 367 * MS_PER_DAY;
    return files->start_ms < INT64_MIN + most_ms ? INT64_MIN : files->start_ms - most_ms;
}

/* The next dataset; *found is false at the end. Under the mutex. */
static lake_status next_dataset(struct file_list *files, bool *found, struct lake_error *err)
{
    struct list *list = &files->list;
    const struct manifest_page page = {list->has_after ? &list->after : NULL, CHUNK_DATASETS};
    if (files->next_dataset == files->n_datasets) {
        arena_reset(&files->arena);
        files->next_dataset = 0;
        TRY(manifest_list_totals(list->lake->manifest, &list->canonical.filter, &page, &files->arena, &files->datasets,
                                 &files->n_datasets, err));
    }
    *found = files->next_dataset < files->n_datasets;
    if (!*found)
        return LAKE_OK;
    return enter(files, &files->datasets[files->next_dataset++].dataset, first_after_ms(files), err);
}

/* ---- rows ---- */

/* When the operation that wrote the file was committed; not known where it is forgotten. */
static lake_status find_created(struct file_list *files, const struct manifest_file *file, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_log_entry entry;
    struct lake_error own = {LAKE_OK, ""};
    if (files->operation_id == file->operation_id)
        return LAKE_OK;
    lake_status status = manifest_find_operation(files->list.lake->manifest, file->operation_id, &arena, &entry, &own);
    files->has_created = status == LAKE_OK;
    files->created_ms = files->has_created ? entry.operation.finished_ms : 0;
    files->operation_id = file->operation_id;
    arena_release(&arena);
    return status == LAKE_OK || status == LAKE_NOT_FOUND ? LAKE_OK : lake_fail(err, status, "%s", own.message);
}

static lake_status append_file(struct file_list *files, const struct manifest_file *file, struct batch_builder *page,
                               struct lake_error *err)
{
    const struct manifest_dataset *dataset = &files->list.after;
    char sha256[SHA256_TEXT_BYTES];
    int64_t version = 0;
    bool has_version = files->list.as_of == 0; /* contents of the past are found by day only */
    sha256_text(file->sha256, sha256);
    if (has_version)
        TRY(manifest_find_version(files->list.lake->manifest, file, &version, err));
    TRY(find_created(files, file, err));
    const struct cell cells[N_FIELDS] = {
        cell_text(dataset->exchange),
        cell_text(dataset->market),
        cell_text(dataset->symbol),
        cell_text(dataset->type),
        cell_text(dataset->period),
        cell_text(file->path),
        cell_int64(file->time_from_ms),
        cell_int64(file->time_to_ms),
        cell_int64(file->n_rows),
        cell_int64(file->size_bytes),
        has_version ? cell_int64(version) : cell_null(),
        cell_text(sha256),
        cell_int64(file->operation_id),
        cell_int64(file->id),
        files->has_created ? cell_int64(files->created_ms) : cell_null(),
    };
    return batch_builder_append_cells(page, cells, err);
}

static bool is_in_range(const struct file_list *files, const struct manifest_file *file)
{
    return file->time_from_ms < files->end_ms && file->time_to_ms >= files->start_ms;
}

/* At most `wanted` files of the dataset after after_ms, by time; more where it is as of a snapshot. */
static lake_status find_files(struct file_list *files, int64_t wanted, struct arena *arena, struct manifest_file **out,
                              size_t *n, struct lake_error *err)
{
    struct manifest *manifest = files->list.lake->manifest;
    if (files->list.as_of == 0)
        return manifest_next_files(manifest, files->dataset_id, files->after_ms, wanted, arena, out, n, err);
    return manifest_find_files_at(manifest, files->dataset_id, files->after_ms, INT64_MAX, files->list.as_of, arena,
                                  out, n, err);
}

static lake_status append_files(struct file_list *files, int64_t wanted, struct batch_builder *page,
                                struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *found = NULL;
    size_t n = 0, next = 0;
    int64_t n_given = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(find_files(files, wanted, &arena, &found, &n, err));
    for (; next < n && n_given < wanted; next++) {
        if (found[next].partition_start_ms <= files->after_ms)
            continue; /* as of a snapshot: the one that reaches over after_ms */
        files->after_ms = found[next].partition_start_ms;
        if (!is_in_range(files, &found[next]))
            continue;
        TRY_OUT(append_file(files, &found[next], page, err));
        n_given++;
    }
    bool has_more = files->list.as_of == 0 ? (int64_t)n == wanted : next < n;
    files->is_inside = has_more && files->after_ms < files->end_ms;
    files->list.left -= n_given;
out:
    arena_release(&arena);
    return status;
}

/* One chunk, in one transaction; *more is false when there is nothing left. */
static lake_status fill_chunk(struct file_list *files, int64_t wanted, struct batch_builder *page, bool *more,
                              struct lake_error *err)
{
    struct lake *lake = files->list.lake;
    bool begun = false;
    *more = true;
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK && !files->is_inside)
        status = next_dataset(files, more, err);
    if (status == LAKE_OK && *more)
        status = append_files(files, wanted < CHUNK_FILES ? wanted : CHUNK_FILES, page, err);
    status = manifest_read_end(lake->manifest, begun, status, err);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status fill(void *context, struct batch_builder *page, bool *more, struct lake_error *err)
{
    struct file_list *files = context;
    int64_t wanted = list_page_rows(&files->list);
    *more = wanted > 0;
    while (*more && batch_builder_rows(page) < wanted)
        TRY(fill_chunk(files, wanted - batch_builder_rows(page), page, more, err));
    return LAKE_OK;
}

/* ---- the page after a path ---- */

static bool matches(const char *wanted, const char *name)
{
    return wanted == NULL || strcmp(wanted, name) == 0;
}

static bool is_selected(const struct list *list, const struct manifest_dataset *dataset)
{
    const struct manifest_filter *filter = &list->canonical.filter;
    return matches(filter->exchange, dataset->exchange) && matches(filter->market, dataset->market) &&
           matches(filter->symbol, dataset->symbol) && matches(filter->type, dataset->type) &&
           matches(filter->period, dataset->period);
}

/* Where the file of that path starts; one that is not live any more started with its day, month or year. */
static lake_status find_start(struct lake *lake, int64_t dataset_id, const char *path, const struct layout_path *parsed,
                              int64_t *start_ms, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *found = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    *start_ms = parsed->start_ms;
    lake_status status = manifest_find_files(lake->manifest, dataset_id, parsed->start_ms, parsed->end_ms, &arena,
                                             &found, &n, &snapshot, err);
    for (size_t i = 0; i < n; i++)
        if (strcmp(found[i].path, path) == 0)
            *start_ms = found[i].partition_start_ms;
    arena_release(&arena);
    return status;
}

static lake_status enter_after(struct file_list *files, const char *path, const struct layout_path *parsed,
                               struct lake_error *err)
{
    struct lake *lake = files->list.lake;
    const struct manifest_filter filter = {parsed->exchange, parsed->market, parsed->symbol, parsed->type,
                                           parsed->period};
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    int64_t start_ms = 0;
    TRY(manifest_find_datasets(lake->manifest, &filter, &files->arena, &found, &n, err));
    if (n == 0 || !is_selected(&files->list, &found[0]))
        return LAKE_OK;
    TRY(find_start(lake, found[0].id, path, parsed, &start_ms, err));
    return enter(files, &found[0], start_ms, err);
}

static lake_status read_after(struct file_list *files, const char *path, struct lake_error *err)
{
    struct layout_path parsed;
    struct lake *lake = files->list.lake;
    TRY(layout_parse_path(path, &parsed, err));
    const struct manifest_dataset after = {0,           parsed.exchange, parsed.market, parsed.symbol,
                                           parsed.type, parsed.period};
    TRY(list_move_after(&files->list, &after, err));
    mutex_lock(lake->mutex);
    lake_status status = enter_after(files, path, &parsed, err);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status read_range(struct file_list *files, const struct lake_list_options *options, struct lake_error *err)
{
    files->start_ms = options != NULL && options->has_start ? options->start_ms : INT64_MIN;
    files->end_ms = options != NULL && options->has_end ? options->end_ms : INT64_MAX;
    if (files->start_ms < files->end_ms)
        return LAKE_OK;
    char start[CALENDAR_TEXT_BYTES], end[CALENDAR_TEXT_BYTES];
    (void)calendar_format_ms(files->start_ms, start);
    (void)calendar_format_ms(files->end_ms, end);
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "start %s is not before end %s", start, end);
}

lake_status lake_list_files(struct lake *lake, const struct lake_list_options *options, struct ArrowArrayStream *out,
                            struct lake_error *err)
{
    struct file_list *files = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(1, sizeof *files, &files, err));
    arena_init(&files->arena, LIMIT_ENGINE_BYTES);
    TRY_OUT(list_init(&files->list, lake, options, err));
    TRY_OUT(read_range(files, options, err));
    if (options != NULL && options->after != NULL)
        TRY_OUT(read_after(files, options->after, err));
    const struct page_source source = {file_fields, N_FIELDS, fill, release, files};
    return page_stream(&source, out, err);
out:
    release(files);
    return status;
}
