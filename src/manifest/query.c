#include "manifest/query.h"

#include <string.h>

#include "base/calendar.h"
#include "base/memory.h"

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
        if (query->keep != NULL && !query->keep(query->context, item)) {
            items->n--;
            return LAKE_OK;
        }
        TRY(statement_step(statement, &has_row, err));
    }
    return LAKE_OK;
}

lake_status query_collect(struct manifest *manifest, const struct query *query, struct arena *arena, void *out,
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

const char *query_take_path(struct statement *statement, struct arena *arena)
{
    const char *path = statement_take_text(statement, arena);
    if (!manifest_path_is_safe(path))
        statement_reject(statement, "a path that is not below the data root");
    return path;
}

void query_read_path(struct statement *statement, struct arena *arena, void *item)
{
    const char **path = item;
    *path = query_take_path(statement, arena);
}

void query_read_dataset(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_dataset *dataset = item;
    dataset->id = statement_take_int64(statement);
    dataset->exchange = statement_take_text(statement, arena);
    dataset->market = statement_take_text(statement, arena);
    dataset->symbol = statement_take_text(statement, arena);
    dataset->type = statement_take_text(statement, arena);
    dataset->period = statement_take_text(statement, arena);
}

static int32_t take_int32(struct statement *statement)
{
    int64_t value = statement_take_int64(statement);
    if (value < 0 || value > INT32_MAX)
        statement_reject(statement, "a number that is out of range");
    return (int32_t)value;
}

void query_read_column(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_column *column = item;
    column->name = statement_take_text(statement, arena);
    column->type = take_int32(statement);
    column->width = take_int32(statement);
}

void query_read_file(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_file *file = item;
    file->id = statement_take_int64(statement);
    file->dataset_id = statement_take_int64(statement);
    file->path = query_take_path(statement, arena);
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
    file->retired_ms = statement_take_int64(statement);
    file->rows_lost = statement_take_int64(statement);
}

/* Bars that are derived may begin before the years in which their rows lie: so long at most. */
enum { LONGEST_BAR_DAYS = 31 };

int64_t query_take_day(struct statement *statement)
{
    static const struct calendar_date first = {1, 1, 1}, last = {9999, 12, 31};
    int64_t day = statement_take_int64(statement);
    if (day >= calendar_day_from_date(first) - LONGEST_BAR_DAYS && day <= calendar_day_from_date(last))
        return day;
    statement_reject(statement, "a day outside the years 1 to 9999");
    return 0;
}

static bool has_times_of_day(const struct manifest_content *content)
{
    return content->time_from_ms <= content->time_to_ms && calendar_day_of_ms(content->time_from_ms) == content->day &&
           calendar_day_of_ms(content->time_to_ms) == content->day;
}

void query_read_content(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_content *content = item;
    content->dataset_id = statement_take_int64(statement);
    content->day = query_take_day(statement);
    content->version = statement_take_int64(statement);
    statement_take_bytes(statement, content->sha256, SHA256_BYTES);
    content->n_rows = statement_take_int64(statement);
    content->time_from_ms = statement_take_int64(statement);
    content->time_to_ms = statement_take_int64(statement);
    content->operation_id = statement_take_int64(statement);
    content->added = statement_take_int64(statement);
    content->retired = statement_take_int64(statement);
    content->holes = statement_take_blob(statement, arena, &content->n_holes_bytes);
    if (content->n_rows < 0 || (content->n_rows > 0 && !has_times_of_day(content)))
        statement_reject(statement, "rows that are not of their day");
}

void query_filter_values(const struct manifest_filter *filter, struct sql_value values[QUERY_NAMES])
{
    values[0] = sql_text(filter->exchange);
    values[1] = sql_text(filter->market);
    values[2] = sql_text(filter->symbol);
    values[3] = sql_text(filter->type);
    values[4] = sql_text(filter->period);
}

/* ---- writing ---- */

lake_status query_check_begun(const struct manifest *manifest, struct lake_error *err)
{
    if (database_in_transaction(manifest->database))
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_STATE, "%s: no write transaction is open", database_path(manifest->database));
}

lake_status query_check_path(const char *path, struct lake_error *err)
{
    if (path == NULL || manifest_path_is_safe(path))
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s': not a relative path below its root", path);
}

lake_status query_insert(struct manifest *manifest, enum statement_id id, const struct sql_value *values, size_t n,
                         int64_t *row_id, struct lake_error *err)
{
    TRY(statement_execute(manifest, id, values, n, err));
    *row_id = database_last_id(manifest->database);
    return LAKE_OK;
}

lake_status query_note_dataset(struct manifest *manifest, int64_t operation_id, int64_t dataset_id,
                               struct lake_error *err)
{
    const struct sql_value values[] = {sql_int(operation_id), sql_int(dataset_id)};
    if (manifest->noted.operation_id == operation_id && manifest->noted.dataset_id == dataset_id)
        return LAKE_OK;
    TRY(statement_execute(manifest, STATEMENT_NOTE_DATASET, values, 2, err));
    manifest->noted.operation_id = operation_id;
    manifest->noted.dataset_id = dataset_id;
    return LAKE_OK;
}
