#include "ops/derive_read.h"

#include <string.h>

#include "base/limits.h"
#include "lake/handle.h"
#include "manifest/history.h"
#include "ops/aggregate_column.h"

/* Rows of a batch: three weeks of minutes, decoded in parallel, that are still in the cache when they are gathered. Measured on a year: from
 * four times as many on, fresh pages cost more than fewer turns of the pool save. */
enum { DERIVE_BATCH_ROWS = 1 << 15 };

/* ---- which rows ---- */

/* The first bucket that begins at or behind an instant begins there. */
static int64_t first_begin(const struct bucket_grid *grid, int64_t ts_ms)
{
    struct time_range bucket = bucket_at(grid, ts_ms);
    return bucket.start_ms >= ts_ms ? bucket.start_ms : bucket.end_ms;
}

struct time_range derive_source_range(const struct bucket_grid *grid, struct time_range range)
{
    return (struct time_range){first_begin(grid, range.start_ms), first_begin(grid, range.end_ms)};
}

/* ---- which columns ---- */

static lake_status add_name(struct derive_columns *names, const char *name, struct arena *arena, struct lake_error *err)
{
    const char **items = NULL;
    if (name == NULL)
        return LAKE_OK;
    if (names->n == names->capacity) {
        size_t capacity = names->capacity * 2 + 16;
        TRY(arena_new(arena, capacity, sizeof *items, &items, err));
        if (names->n > 0)
            memcpy(items, names->items, names->n * sizeof *items);
        names->items = items;
        names->capacity = capacity;
    }
    names->items[names->n++] = name;
    return LAKE_OK;
}

static bool has_column(const struct manifest_column *columns, size_t n, const char *name)
{
    for (size_t i = 0; name != NULL && i < n; i++)
        if (strcmp(columns[i].name, name) == 0)
            return true;
    return false;
}

static lake_status find_stored(struct lake *lake, const struct derive_source *source, int64_t as_of,
                               struct arena *arena, struct manifest_column **out, size_t *n, struct lake_error *err)
{
    int64_t id = source->source.id;
    mutex_lock(lake->mutex);
    lake_status status = as_of == 0 ? manifest_find_columns(lake->manifest, id, arena, out, n, err)
                                    : manifest_find_columns_at(lake->manifest, id, as_of, arena, out, n, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* What the aggregator looks at besides arguments: who took a trade, and whether a bar of the source is whole itself (I12). */
static const char *const looked_at[] = {"side", "bars", "bars_expected"};

/* What every derived bar has, as far as the source gives it; what a recipe names has to be there. */
lake_status derive_find_columns(struct lake *lake, const struct derive_source *source, int64_t as_of,
                                struct arena *arena, struct derive_columns *out, struct lake_error *err)
{
    const struct aggregate_column *column = NULL;
    struct manifest_column *stored = NULL;
    size_t n = 0;
    *out = (struct derive_columns){.n = 0};
    TRY(find_stored(lake, source, as_of, arena, &stored, &n, err));
    for (size_t i = 0; (column = aggregate_column_at(source->source_type, i)) != NULL; i++)
        for (size_t k = 0; k < AGGREGATE_ARGUMENTS; k++)
            if (has_column(stored, n, column->arguments[k]))
                TRY(add_name(out, column->arguments[k], arena, err));
    for (size_t i = 0; i < sizeof looked_at / sizeof *looked_at; i++)
        if (has_column(stored, n, looked_at[i]))
            TRY(add_name(out, looked_at[i], arena, err));
    for (size_t i = 0; i < source->n_columns; i++) {
        struct aggregate_column own;
        TRY(aggregate_column_parse(source->columns[i], arena, &own, err));
        for (size_t k = 0; k < AGGREGATE_ARGUMENTS; k++)
            TRY(add_name(out, own.arguments[k], arena, err));
    }
    return LAKE_OK;
}

lake_status derive_open_scan(struct lake *lake, const struct derive_source *source,
                             const struct derive_reading *reading, struct scan **out, struct lake_error *err)
{
    static const char *const none[] = {NULL};
    const struct manifest_dataset *dataset = &source->source;
    const struct scan_options options = {
        .query = {.selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
                  .start_ms = reading->rows.start_ms,
                  .end_ms = reading->rows.end_ms,
                  .as_of = reading->as_of},
        .columns = reading->columns->n == 0 ? none : (const char *const *)reading->columns->items,
        .n_columns = reading->columns->n,
        .batch_rows = DERIVE_BATCH_ROWS,
    };
    return scan_open(lake, &options, out, err);
}

/* ---- what becomes of them ---- */

lake_status derive_place(const struct derive_source *source, struct arena *arena, const char **out,
                         struct lake_error *err)
{
    const struct manifest_dataset *dataset = &source->source;
    struct buffer place = BUFFER_INIT(KIB);
    lake_status status = buffer_printf(&place, err, "%s/%s/%s/%s/%s", dataset->exchange, dataset->market,
                                       dataset->symbol, dataset->type, dataset->period);
    if (status == LAKE_OK)
        status = arena_copy_text(arena, place.data, place.length, out, err);
    buffer_release(&place);
    return status;
}

lake_status derive_new_aggregator(const struct derive_source *source, const struct schema *schema, const char *place,
                                  struct aggregator **out, struct lake_error *err)
{
    const struct aggregate_recipe recipe = {.source_type = source->source_type,
                                            .source_period = source->source_period,
                                            .grid = source->grid,
                                            .columns = source->columns,
                                            .n_columns = source->n_columns,
                                            .place = place};
    return aggregator_new(&recipe, schema, out, err);
}

lake_status derive_find_closed(struct lake *lake, const struct derive_source *source, int64_t from_ms, int64_t snapshot,
                               int64_t *closed_ms, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    size_t n = 0;
    *closed_ms = INT64_MIN;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_files_at(lake->manifest, source->source.id, from_ms, INT64_MAX, snapshot, &arena,
                                                &files, &n, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && n > 0)
        *closed_ms = files[n - 1].time_to_ms;
    arena_release(&arena);
    return status;
}
