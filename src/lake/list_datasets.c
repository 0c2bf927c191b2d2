/* The datasets of the lake, as a table. */
#include <datalake/lake.h>

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/bar_slots.h"
#include "lake/list.h"
#include "lake/table_stream.h"
#include "manifest/history.h"

static const struct column_field dataset_fields[] = {
    {"exchange", COLUMN_UTF8, 0, false},        {"market", COLUMN_UTF8, 0, false},
    {"symbol", COLUMN_UTF8, 0, false},          {"type", COLUMN_UTF8, 0, false},
    {"period", COLUMN_UTF8, 0, false},          {"first_ts", COLUMN_TIMESTAMP_MS, 0, true},
    {"last_ts", COLUMN_TIMESTAMP_MS, 0, true},  {"rows", COLUMN_INT64, 0, false},
    {"days", COLUMN_INT64, 0, false},           {"files", COLUMN_INT64, 0, false},
    {"bytes", COLUMN_INT64, 0, false},          {"gaps", COLUMN_INT64, 0, true},
    {"changed", COLUMN_TIMESTAMP_MS, 0, false}, {"history_bytes", COLUMN_INT64, 0, true},
};

enum { N_FIELDS = sizeof dataset_fields / sizeof *dataset_fields };

/* Bars that are missing between the first and the last: what lake_list_gaps sums up, from the totals alone. Null for what is no bars,
 * or where more stand between them than the grid has slots, so that the count says nothing. */
static struct cell count_missing(const struct manifest_totals *totals)
{
    struct bar_slots grid = {NULL, totals->time_from_ms};
    if (period_find(totals->dataset.period, &grid.period, NULL) != LAKE_OK || !bar_slots_has(grid.period) ||
        totals->n_rows == 0)
        return cell_null();
    int64_t n_missing = bar_slots_find(&grid, totals->time_to_ms) + 1 - totals->n_rows;
    return n_missing < 0 ? cell_null() : cell_int64(n_missing);
}

static struct cell cell_if(bool known, int64_t value)
{
    return known ? cell_int64(value) : cell_null();
}

static lake_status append_dataset(const struct list *list, const struct manifest_totals *totals,
                                  struct batch_builder *page, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &totals->dataset;
    bool has_rows = totals->n_rows > 0;
    const struct cell cells[N_FIELDS] = {
        cell_text(dataset->exchange),
        cell_text(dataset->market),
        cell_text(dataset->symbol),
        cell_text(dataset->type),
        cell_text(dataset->period),
        cell_if(has_rows, totals->time_from_ms),
        cell_if(has_rows, totals->time_to_ms),
        cell_int64(totals->n_rows),
        cell_int64(totals->n_days),
        cell_int64(totals->n_files),
        cell_int64(totals->size_bytes),
        count_missing(totals),
        cell_int64(totals->last_change_ms),
        cell_if(list->as_of == 0, totals->history_bytes),
    };
    return batch_builder_append_cells(page, cells, err);
}

static bool is_before_page(const struct list *list, const struct manifest_dataset *dataset)
{
    return list->has_after && list_compare(dataset, &list->after) <= 0;
}

/* As of a snapshot all datasets come at once: their totals have to be summed up anyway. */
static lake_status find_totals(struct list *list, struct arena *arena, struct manifest_totals **out, size_t *n,
                               struct lake_error *err)
{
    struct manifest *manifest = list->lake->manifest;
    const struct manifest_filter *filter = &list->canonical.filter;
    struct manifest_page page = {list->has_after ? &list->after : NULL, list_page_rows(list)};
    mutex_lock(list->lake->mutex);
    lake_status status = list->as_of == 0 ? manifest_list_totals(manifest, filter, &page, arena, out, n, err)
                                          : manifest_list_totals_at(manifest, filter, list->as_of, arena, out, n, err);
    mutex_unlock(list->lake->mutex);
    return status;
}

static lake_status fill(void *context, struct batch_builder *page, bool *more, struct lake_error *err)
{
    struct list *list = context;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_totals *totals = NULL;
    size_t n = 0;
    int64_t wanted = list_page_rows(list), n_given = 0;
    lake_status status = LAKE_OK;
    if (wanted == 0)
        goto out;
    TRY_OUT(find_totals(list, &arena, &totals, &n, err));
    for (size_t i = 0; i < n && n_given < wanted; i++) {
        if (is_before_page(list, &totals[i].dataset))
            continue;
        TRY_OUT(append_dataset(list, &totals[i], page, err));
        TRY_OUT(list_move_after(list, &totals[i].dataset, err));
        n_given++;
    }
    list->left -= n_given;
    *more = n_given == wanted;
out:
    arena_release(&arena);
    return status;
}

static lake_status fail_not_a_dataset(const char *text, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_ARGUMENT,
                     "'%.*s' is no dataset to begin after; write EXCHANGE/MARKET/SYMBOL/type/period", PERIOD_BYTES,
                     text);
}

/* "BINANCE/FUTURES/BTCUSDT/raw/1m" */
static lake_status read_after(struct list *list, const char *text, struct lake_error *err)
{
    char parts[5][PERIOD_BYTES];
    struct canonical canonical;
    const char *at = text;
    for (size_t i = 0; i < 5; i++) {
        size_t n = strcspn(at, "/");
        if (n == 0 || n >= PERIOD_BYTES || (at[n] == '/') != (i < 4))
            return fail_not_a_dataset(text, err);
        memcpy(parts[i], at, n);
        parts[i][n] = '\0';
        at += n + 1;
    }
    const struct lake_selection named = {parts[0], parts[1], parts[2], parts[3], parts[4]};
    TRY(select_filter(list->lake, &named, &canonical, err));
    const struct manifest_filter *filter = &canonical.filter;
    const struct manifest_dataset after = {
        0, filter->exchange, filter->market, filter->symbol, filter->type, filter->period};
    return list_move_after(list, &after, err);
}

lake_status lake_list_datasets(struct lake *lake, const struct lake_list_options *options, struct ArrowArrayStream *out,
                               struct lake_error *err)
{
    struct list *list = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(1, sizeof *list, &list, err));
    TRY_OUT(list_init(list, lake, options, err));
    if (options != NULL && (options->has_start || options->has_end))
        TRY_OUT(lake_fail(err, LAKE_INVALID_ARGUMENT, "a range is of files, not of datasets"));
    if (options != NULL && options->after != NULL)
        TRY_OUT(read_after(list, options->after, err));
    const struct page_source source = {dataset_fields, N_FIELDS, fill, memory_free, list};
    return page_stream(&source, out, err);
out:
    memory_free(list);
    return status;
}
