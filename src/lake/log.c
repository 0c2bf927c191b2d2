/* The log of operations, latest first, as a table. */
#include <datalake/history.h>

#include <inttypes.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/page_stream.h"
#include "lake/select.h"
#include "lake/table_stream.h"
#include "manifest/history.h"

static const struct column_field log_fields[] = {
    {"snapshot", COLUMN_INT64, 0, false},
    {"operation", COLUMN_UTF8, 0, false},
    {"committed", COLUMN_TIMESTAMP_MS, 0, false},
    {"duration_ms", COLUMN_INT64, 0, false},
    {"datasets", COLUMN_UTF8, 0, true},
    {"source", COLUMN_UTF8, 0, true},
    {"rows_read", COLUMN_INT64, 0, false},
    {"rows_written", COLUMN_INT64, 0, false},
    {"rows_rejected", COLUMN_INT64, 0, false},
    {"rows_removed", COLUMN_INT64, 0, false},
    {"days", COLUMN_INT64, 0, false},
    {"detail", COLUMN_UTF8, 0, true},
    {"undone_by", COLUMN_INT64, 0, true},
    {"names", COLUMN_UTF8, 0, true},
};

enum { N_FIELDS = sizeof log_fields / sizeof *log_fields };

struct log {
    struct lake *lake;
    struct canonical canonical;
    int64_t before;                 /* the next page begins below this snapshot; 0: at the last */
    int64_t left;                   /* INT64_MAX: all */
    struct buffer datasets, source; /* texts of the row at hand */
};

static void release(void *context)
{
    struct log *log = context;
    buffer_release(&log->datasets);
    buffer_release(&log->source);
    memory_free(log);
}

static struct cell cell_text_if_any(const char *text)
{
    return text == NULL || text[0] == '\0' ? cell_null() : cell_text(text);
}

/* The dataset, or how many. */
static lake_status format_datasets(const struct manifest_log_entry *entry, struct buffer *out, const char **text,
                                   struct lake_error *err)
{
    const struct manifest_dataset *dataset = &entry->dataset;
    buffer_clear(out);
    if (entry->n_datasets == 1)
        TRY(buffer_printf(out, err, "%s/%s/%s/%s/%s", dataset->exchange, dataset->market, dataset->symbol,
                          dataset->type, dataset->period));
    else if (entry->n_datasets > 1)
        TRY(buffer_printf(out, err, "%" PRId64 " datasets", entry->n_datasets));
    return buffer_string(out, text, err);
}

static lake_status format_source(const struct manifest_log_entry *entry, struct buffer *out, const char **text,
                                 struct lake_error *err)
{
    buffer_clear(out);
    TRY(buffer_append_text(out, entry->operation.source, err));
    if (entry->n_sources > 1)
        TRY(buffer_printf(out, err, " and %" PRId64 " more", entry->n_sources - 1));
    return buffer_string(out, text, err);
}

static lake_status append_entry(struct log *log, const struct manifest_log_entry *entry, struct batch_builder *page,
                                struct lake_error *err)
{
    const struct manifest_operation *operation = &entry->operation;
    const char *datasets = NULL, *source = NULL;
    TRY(format_datasets(entry, &log->datasets, &datasets, err));
    TRY(format_source(entry, &log->source, &source, err));
    const struct cell cells[N_FIELDS] = {
        cell_int64(entry->snapshot),
        cell_text(operation->kind),
        cell_int64(operation->finished_ms),
        cell_int64(operation->finished_ms - operation->started_ms),
        cell_text_if_any(datasets),
        cell_text_if_any(source),
        cell_int64(operation->rows_read),
        cell_int64(operation->rows_written),
        cell_int64(operation->rows_rejected),
        cell_int64(operation->rows_removed),
        cell_int64(operation->n_days),
        cell_text_if_any(operation->detail),
        entry->undone_by == 0 ? cell_null() : cell_int64(entry->undone_by),
        cell_text_if_any(entry->names),
    };
    return batch_builder_append_cells(page, cells, err);
}

static lake_status fill(void *context, struct batch_builder *page, bool *more, struct lake_error *err)
{
    struct log *log = context;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_log_entry *entries = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    const struct manifest_log_query query = {
        .filter = log->canonical.filter,
        .before = log->before,
        .limit = log->left < PAGE_ROWS ? log->left : PAGE_ROWS,
    };
    if (log->left == 0)
        goto out;
    mutex_lock(log->lake->mutex);
    status = manifest_list_log(log->lake->manifest, &query, &arena, &entries, &n, err);
    mutex_unlock(log->lake->mutex);
    for (size_t i = 0; status == LAKE_OK && i < n; i++)
        status = append_entry(log, &entries[i], page, err);
    if (status != LAKE_OK || n == 0)
        goto out;
    log->before = entries[n - 1].snapshot;
    log->left -= (int64_t)n;
    *more = (int64_t)n == query.limit;
out:
    arena_release(&arena);
    return status;
}

static lake_status log_init(struct log *log, const struct lake_log_options *options, struct lake_error *err)
{
    static const struct lake_log_options everything = {.size = sizeof everything};
    const struct lake_log_options *given = options == NULL ? &everything : options;
    if (given->size != sizeof *given)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "log options have an unknown size");
    if (given->limit < 0 || given->before < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "limit and snapshot cannot be negative");
    log->before = given->before;
    log->left = given->limit == 0 ? INT64_MAX : given->limit;
    return select_filter(log->lake, &given->selection, &log->canonical, err);
}

lake_status lake_log(struct lake *lake, const struct lake_log_options *options, struct ArrowArrayStream *out,
                     struct lake_error *err)
{
    struct log *log = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(1, sizeof *log, &log, err));
    log->lake = lake;
    buffer_init(&log->datasets, LIMIT_PATH_BYTES);
    buffer_init(&log->source, MIB);
    TRY_OUT(log_init(log, options, err));
    const struct page_source source = {log_fields, N_FIELDS, fill, release, log};
    return page_stream(&source, out, err);
out:
    release(log);
    return status;
}
