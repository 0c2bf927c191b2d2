/* The versions of feature sets, as a table: by instrument and set, latest version first. */
#include <datalake/features.h>

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/feature_period.h"
#include "lake/list.h"
#include "lake/table_stream.h"

static const struct column_field feature_fields[] = {
    {"exchange", COLUMN_UTF8, 0, false},
    {"market", COLUMN_UTF8, 0, false},
    {"symbol", COLUMN_UTF8, 0, false},
    {"feature_set", COLUMN_UTF8, 0, false},
    {"version", COLUMN_UTF8, 0, false},
    {"is_latest", COLUMN_BOOL, 0, false},
    {"first_ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"last_ts", COLUMN_TIMESTAMP_MS, 0, false},
    {"rows", COLUMN_INT64, 0, false},
    {"bytes", COLUMN_INT64, 0, false},
    {"columns", COLUMN_UTF8, 0, false},
    {"created", COLUMN_TIMESTAMP_MS, 0, false},
};

enum { N_FIELDS = sizeof feature_fields / sizeof *feature_fields, COLUMN_NAMES_BYTES = 16 << 20 };

struct feature_list {
    struct list list;
    char feature_set[FEATURE_SET_LENGTH + 1]; /* "": all */
};

struct version {
    const struct manifest_totals *totals;
    struct feature_period period;
};

/* ---- datasets to versions ---- */

static bool same_instrument(const struct manifest_dataset *a, const struct manifest_dataset *b)
{
    return strcmp(a->exchange, b->exchange) == 0 && strcmp(a->symbol, b->symbol) == 0 &&
           strcmp(a->market, b->market) == 0;
}

static int compare_versions(const void *left, const void *right)
{
    const struct version *a = left, *b = right;
    const struct manifest_dataset *x = &a->totals->dataset, *y = &b->totals->dataset;
    const int orders[] = {strcmp(x->exchange, y->exchange), strcmp(x->symbol, y->symbol), strcmp(x->market, y->market),
                          strcmp(a->period.set, b->period.set),
                          feature_version_compare(b->period.version, a->period.version)};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (orders[i] != 0)
            return orders[i];
    return 0;
}

/* A page of datasets, and of these the versions to be listed. */
struct versions {
    struct arena arena;
    struct manifest_totals *totals;
    size_t n_totals;
    bool has_more; /* datasets behind them */
    struct version *items;
    size_t n;
};

/* Those that have rows: a version that was deleted is still known. */
static lake_status find_versions(const struct feature_list *features, struct versions *versions, struct lake_error *err)
{
    versions->n = 0;
    TRY(arena_new(&versions->arena, versions->n_totals, sizeof *versions->items, &versions->items, err));
    for (size_t i = 0; i < versions->n_totals; i++) {
        struct version *version = &versions->items[versions->n];
        version->totals = &versions->totals[i];
        TRY(feature_period_parse(versions->totals[i].dataset.period, &version->period, err));
        bool is_wanted = features->feature_set[0] == '\0' || strcmp(version->period.set, features->feature_set) == 0;
        versions->n += versions->totals[i].n_rows > 0 && is_wanted;
    }
    qsort(versions->items, versions->n, sizeof *versions->items, compare_versions);
    return LAKE_OK;
}

/* ---- rows ---- */

/* ts first, then the others by name. */
static lake_status list_columns(struct lake *lake, const struct manifest_dataset *dataset, struct arena *arena,
                                struct buffer *out, struct lake_error *err)
{
    struct manifest_column *columns = NULL;
    size_t n = 0;
    buffer_clear(out);
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_columns(lake->manifest, dataset->id, arena, &columns, &n, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    TRY(buffer_append_text(out, "ts", err));
    for (size_t i = 0; i < n; i++)
        if (strcmp(columns[i].name, "ts") != 0)
            TRY(buffer_printf(out, err, ", %s", columns[i].name));
    return LAKE_OK;
}

static lake_status append_version(struct lake *lake, const struct version *version, bool is_latest,
                                  struct batch_builder *page, struct lake_error *err)
{
    const struct manifest_totals *totals = version->totals;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct buffer columns = BUFFER_INIT(COLUMN_NAMES_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(list_columns(lake, &totals->dataset, &arena, &columns, err));
    TRY_OUT(buffer_string(&columns, &text, err));
    const struct cell latest = {.kind = CELL_BOOL, .int64 = is_latest};
    const struct cell cells[N_FIELDS] = {
        cell_text(totals->dataset.exchange),
        cell_text(totals->dataset.market),
        cell_text(totals->dataset.symbol),
        cell_text(version->period.set),
        cell_text(version->period.version),
        latest,
        cell_int64(totals->time_from_ms),
        cell_int64(totals->time_to_ms),
        cell_int64(totals->n_rows),
        cell_int64(totals->size_bytes),
        cell_text(text),
        cell_int64(totals->last_change_ms),
    };
    status = batch_builder_append_cells(page, cells, err);
out:
    buffer_release(&columns);
    arena_release(&arena);
    return status;
}

static lake_status append_versions(const struct feature_list *features, const struct versions *versions,
                                   struct batch_builder *page, struct lake_error *err)
{
    for (size_t i = 0; i < versions->n; i++) {
        const struct version *version = &versions->items[i], *before = version - (i > 0);
        bool is_latest = i == 0 || strcmp(before->period.set, version->period.set) != 0 ||
                         !same_instrument(&before->totals->dataset, &version->totals->dataset);
        TRY(append_version(features->list.lake, version, is_latest, page, err));
    }
    return LAKE_OK;
}

/* ---- pages ---- */

/* Up to `limit` datasets, less those of the last instrument where more of it may follow: its versions are put in order together. */
static lake_status find_totals(struct feature_list *features, int64_t limit, struct versions *out,
                               struct lake_error *err)
{
    struct list *list = &features->list;
    const struct manifest_page page = {list->has_after ? &list->after : NULL, limit};
    size_t n_whole = 0;
    arena_reset(&out->arena);
    mutex_lock(list->lake->mutex);
    lake_status status = manifest_list_totals(list->lake->manifest, &list->canonical.filter, &page, &out->arena,
                                              &out->totals, &out->n_totals, err);
    mutex_unlock(list->lake->mutex);
    TRY(status);
    out->has_more = (int64_t)out->n_totals == limit;
    for (size_t i = 1; i < out->n_totals; i++)
        if (!same_instrument(&out->totals[i - 1].dataset, &out->totals[i].dataset))
            n_whole = i;
    if (out->has_more)
        out->n_totals = n_whole;
    return LAKE_OK;
}

/* Whole instruments, at least one where there is one. */
static lake_status find_page(struct feature_list *features, struct versions *out, struct lake_error *err)
{
    int64_t limit = PAGE_ROWS;
    TRY(find_totals(features, limit, out, err));
    while (out->has_more && out->n_totals == 0) {
        limit *= 2;
        TRY(find_totals(features, limit, out, err));
    }
    return find_versions(features, out, err);
}

/* A page without rows would be the end. */
static lake_status fill(void *context, struct batch_builder *page, bool *more, struct lake_error *err)
{
    struct feature_list *features = context;
    struct versions versions = {.arena = ARENA_INIT(LIMIT_ENGINE_BYTES)};
    lake_status status = LAKE_OK;
    do {
        TRY_OUT(find_page(features, &versions, err));
        TRY_OUT(append_versions(features, &versions, page, err));
        if (versions.n_totals > 0)
            TRY_OUT(list_move_after(&features->list, &versions.totals[versions.n_totals - 1].dataset, err));
    } while (versions.has_more && versions.n == 0);
    *more = versions.has_more;
out:
    arena_release(&versions.arena);
    return status;
}

lake_status lake_list_features(struct lake *lake, const struct lake_feature_list_options *options,
                               struct ArrowArrayStream *out, struct lake_error *err)
{
    static const struct lake_feature_list_options everything = {.size = sizeof everything};
    const struct lake_feature_list_options *given = options == NULL ? &everything : options;
    struct lake_list_options list = {.size = sizeof list, .selection = given->instrument};
    struct feature_list *features = NULL;
    lake_status status = LAKE_OK;
    if (given->size != sizeof *given)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the options of a list of features have an unknown size");
    list.selection.type = "feature";
    list.selection.period = NULL;
    TRY(memory_new(1, sizeof *features, &features, err));
    if (given->feature_set != NULL && given->feature_set[0] != '\0')
        TRY_OUT(feature_set_copy(given->feature_set, features->feature_set, err));
    TRY_OUT(list_init(&features->list, lake, &list, err));
    const struct page_source source = {feature_fields, N_FIELDS, fill, memory_free, features};
    return page_stream(&source, out, err);
out:
    memory_free(features);
    return status;
}
