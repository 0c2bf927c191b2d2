#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"
#include "manifest/handle.h"

/* A query whose rows become an array of items in an arena. */
struct query {
    enum statement_id statement;
    const struct sql_value *values;
    size_t n_values;
    size_t item_bytes;
    void (*read)(struct statement *statement, struct arena *arena, void *item);
};

/* Items gathered while their number is not known. */
struct items {
    uint8_t *bytes;
    size_t n, capacity;
};

static lake_status add_item(struct items *items, size_t item_bytes, void **item, struct lake_error *err)
{
    if (items->n == items->capacity) {
        size_t wanted = items->capacity == 0 ? 8 : items->capacity * 2;
        TRY(memory_resize(&items->bytes, wanted, item_bytes, err));
        items->capacity = wanted;
    }
    *item = items->bytes + items->n * item_bytes;
    memset(*item, 0, item_bytes);
    items->n++;
    return LAKE_OK;
}

static lake_status read_rows(struct statement *statement, const struct query *query, struct arena *arena,
                             struct items *items, struct lake_error *err)
{
    bool has_row = false;
    TRY(statement_bind(statement, query->values, query->n_values, err));
    TRY(statement_step(statement, &has_row, err));
    while (has_row) {
        void *item = NULL;
        TRY(add_item(items, query->item_bytes, &item, err));
        query->read(statement, arena, item);
        TRY(statement_check(statement, err));
        TRY(statement_step(statement, &has_row, err));
    }
    return LAKE_OK;
}

/* `out` is a pointer to a pointer to items. */
static lake_status collect(struct manifest *manifest, const struct query *query, struct arena *arena, void *out,
                           size_t *n, struct lake_error *err)
{
    struct items items = {NULL, 0, 0};
    struct statement *statement = NULL;
    void *copy = NULL;
    lake_status status = LAKE_OK;
    memcpy(out, &copy, sizeof copy);
    *n = 0;
    TRY_OUT(statement_get(manifest, query->statement, &statement, err));
    TRY_OUT(read_rows(statement, query, arena, &items, err));
    TRY_OUT(arena_new(arena, items.n, query->item_bytes, &copy, err));
    if (items.n > 0)
        memcpy(copy, items.bytes, items.n * query->item_bytes);
    memcpy(out, &copy, sizeof copy);
    *n = items.n;
out:
    statement_reset(statement);
    memory_free(items.bytes);
    return status;
}

static bool part_is_safe(const char *part, size_t length)
{
    bool is_dots = (length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.');
    return length > 0 && !is_dots && memchr(part, '\\', length) == NULL && memchr(part, ':', length) == NULL;
}

bool manifest_path_is_safe(const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "/");
        if (!part_is_safe(path, length))
            return false;
        if (path[length] == '\0')
            return true;
        path += length + 1;
    }
}

static const char *take_path(struct statement *statement, struct arena *arena)
{
    const char *path = statement_take_text(statement, arena);
    if (!manifest_path_is_safe(path))
        statement_reject(statement, "a path that is not below the data root");
    return path;
}

/* ---- snapshots ---- */

lake_status manifest_snapshot(struct manifest *manifest, int64_t *snapshot, struct lake_error *err)
{
    *snapshot = 0;
    return statement_query_int64(manifest, STATEMENT_SNAPSHOT, NULL, 0, snapshot, err);
}

/* ---- datasets ---- */

enum { N_NAMES = 5 };

static void filter_values(const struct manifest_filter *filter, struct sql_value values[N_NAMES])
{
    values[0] = sql_text(filter->exchange);
    values[1] = sql_text(filter->market);
    values[2] = sql_text(filter->symbol);
    values[3] = sql_text(filter->type);
    values[4] = sql_text(filter->period);
}

static void read_dataset(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_dataset *dataset = item;
    dataset->id = statement_take_int64(statement);
    dataset->exchange = statement_take_text(statement, arena);
    dataset->market = statement_take_text(statement, arena);
    dataset->symbol = statement_take_text(statement, arena);
    dataset->type = statement_take_text(statement, arena);
    dataset->period = statement_take_text(statement, arena);
}

lake_status manifest_find_datasets(struct manifest *manifest, const struct manifest_filter *filter, struct arena *arena,
                                   struct manifest_dataset **out, size_t *n, struct lake_error *err)
{
    struct sql_value values[N_NAMES];
    bool has_symbol = filter->exchange != NULL && filter->symbol != NULL;
    bool has_all = has_symbol && filter->market != NULL && filter->type != NULL && filter->period != NULL;
    struct query query = {STATEMENT_DATASETS, values, N_NAMES, sizeof **out, read_dataset};
    if (has_all)
        query.statement = STATEMENT_DATASETS_EXACT;
    else if (has_symbol)
        query.statement = STATEMENT_DATASETS_OF_SYMBOL;
    filter_values(filter, values);
    return collect(manifest, &query, arena, out, n, err);
}

static void read_totals(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_totals *totals = item;
    read_dataset(statement, arena, &totals->dataset);
    totals->time_from_ms = statement_take_int64_or(statement, 0);
    totals->time_to_ms = statement_take_int64_or(statement, 0);
    totals->n_rows = statement_take_int64(statement);
    totals->n_files = statement_take_int64(statement);
    totals->size_bytes = statement_take_int64(statement);
    totals->n_days = statement_take_int64(statement);
    totals->last_change_ms = statement_take_int64(statement);
}

lake_status manifest_list_totals(struct manifest *manifest, const struct manifest_filter *filter, struct arena *arena,
                                 struct manifest_totals **out, size_t *n, struct lake_error *err)
{
    struct sql_value values[N_NAMES];
    bool has_symbol = filter->exchange != NULL && filter->symbol != NULL;
    enum statement_id statement = has_symbol ? STATEMENT_TOTALS_OF_SYMBOL : STATEMENT_TOTALS;
    struct query query = {statement, values, N_NAMES, sizeof **out, read_totals};
    filter_values(filter, values);
    return collect(manifest, &query, arena, out, n, err);
}

/* ---- columns ---- */

static int32_t take_int32(struct statement *statement)
{
    int64_t value = statement_take_int64(statement);
    if (value < 0 || value > INT32_MAX)
        statement_reject(statement, "a number that is out of range");
    return (int32_t)value;
}

static void read_column(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_column *column = item;
    column->name = statement_take_text(statement, arena);
    column->type = take_int32(statement);
    column->width = take_int32(statement);
}

lake_status manifest_find_columns(struct manifest *manifest, int64_t dataset_id, struct arena *arena,
                                  struct manifest_column **out, size_t *n, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id)};
    const struct query query = {STATEMENT_COLUMNS, values, 1, sizeof **out, read_column};
    return collect(manifest, &query, arena, out, n, err);
}

/* ---- files ---- */

static void read_file(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_file *file = item;
    file->id = statement_take_int64(statement);
    file->dataset_id = statement_take_int64(statement);
    file->path = take_path(statement, arena);
    file->partition_start_ms = statement_take_int64(statement);
    file->partition_end_ms = statement_take_int64(statement);
    file->time_from_ms = statement_take_int64(statement);
    file->time_to_ms = statement_take_int64(statement);
    file->n_rows = statement_take_int64(statement);
    file->size_bytes = statement_take_int64(statement);
    statement_take_bytes(statement, file->sha256, SHA256_BYTES);
    file->operation_id = statement_take_int64(statement);
    file->added = statement_take_int64(statement);
    file->retired = statement_take_int64(statement);
}

lake_status manifest_find_files(struct manifest *manifest, int64_t dataset_id, int64_t from_ms, int64_t to_ms,
                                struct arena *arena, struct manifest_file **out, size_t *n, int64_t *snapshot,
                                struct lake_error *err)
{
    const struct sql_value of_dataset[] = {sql_int(dataset_id), sql_int(from_ms), sql_int(to_ms)};
    const struct query one = {STATEMENT_FILES_OF_DATASET, of_dataset, 3, sizeof **out, read_file};
    const struct query all = {STATEMENT_FILES, of_dataset + 1, 2, sizeof **out, read_file};
    bool begun = false;
    lake_status status = LAKE_OK;
    TRY(manifest_read_begin(manifest, &begun, err));
    TRY_OUT(manifest_snapshot(manifest, snapshot, err));
    TRY_OUT(collect(manifest, dataset_id == 0 ? &all : &one, arena, out, n, err));
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

/* ---- contents ---- */

static void read_content(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_content *content = item;
    (void)arena;
    content->dataset_id = statement_take_int64(statement);
    content->day = statement_take_int64(statement);
    content->version = statement_take_int64(statement);
    statement_take_bytes(statement, content->sha256, SHA256_BYTES);
    content->n_rows = statement_take_int64(statement);
    content->time_from_ms = statement_take_int64(statement);
    content->time_to_ms = statement_take_int64(statement);
    content->operation_id = statement_take_int64(statement);
}

lake_status manifest_find_contents(struct manifest *manifest, int64_t dataset_id, int64_t from_day, int64_t to_day,
                                   struct arena *arena, struct manifest_content **out, size_t *n,
                                   struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(dataset_id), sql_int(from_day), sql_int(to_day)};
    const struct query query = {STATEMENT_CONTENTS, values, 3, sizeof **out, read_content};
    return collect(manifest, &query, arena, out, n, err);
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
    outstanding->path = take_path(statement, arena);
    outstanding->state_path = take_path(statement, arena);
}

lake_status manifest_find_outstanding(struct manifest *manifest, struct arena *arena, struct manifest_outstanding **out,
                                      size_t *n, struct lake_error *err)
{
    const struct query query = {STATEMENT_OUTSTANDING, NULL, 0, sizeof **out, read_outstanding};
    return collect(manifest, &query, arena, out, n, err);
}

static void read_path(struct statement *statement, struct arena *arena, void *item)
{
    const char **path = item;
    *path = take_path(statement, arena);
}

lake_status manifest_find_state_path(struct manifest *manifest, int64_t file_id, struct arena *arena,
                                     const char **state_path, struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(file_id)};
    const struct query query = {STATEMENT_STATE_PATH, values, 1, sizeof *state_path, read_path};
    const char **paths = NULL;
    size_t n = 0;
    *state_path = NULL;
    TRY(collect(manifest, &query, arena, &paths, &n, err));
    if (n > 0)
        *state_path = paths[0];
    return LAKE_OK;
}
