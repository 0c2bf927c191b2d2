/* The bars of a range, derived batch by batch. */
#include "base/limits.h"
#include "base/memory.h"
#include "ops/derive_read.h"

struct derivation {
    struct arena texts;
    struct scan *scan; /* of the source's rows; or, where they are derived themselves: */
    struct derivation *through;
    struct aggregator *aggregator;
    int64_t snapshot;
    int64_t closed_ms;
    bool is_finished;
};

static lake_status open_scan(struct derivation *derivation, struct lake *lake, const struct derive_source *source,
                             struct time_range rows, int64_t as_of, struct lake_error *err)
{
    struct derive_columns columns;
    const struct derive_reading reading = {&columns, rows, as_of};
    TRY(derive_find_columns(lake, source, as_of, &derivation->texts, &columns, err));
    TRY(derive_open_scan(lake, source, &reading, &derivation->scan, err));
    derivation->snapshot = scan_get_plan(derivation->scan)->snapshot;
    if (source->source_period->length_ms > 0)
        return LAKE_OK;
    return derive_find_closed(lake, source, rows.start_ms, derivation->snapshot, &derivation->closed_ms, err);
}

static lake_status open_rows(struct derivation *derivation, struct lake *lake, const struct derive_source *source,
                             struct time_range rows, int64_t as_of, struct lake_error *err)
{
    if (source->through == NULL)
        return open_scan(derivation, lake, source, rows, as_of, err);
    TRY(derivation_open(lake, source->through, rows, as_of, &derivation->through, err));
    derivation->snapshot = derivation_snapshot(derivation->through);
    return LAKE_OK;
}

static const struct schema *schema_of_rows(const struct derivation *derivation)
{
    return derivation->through != NULL ? derivation_schema(derivation->through) : scan_get_schema(derivation->scan);
}

lake_status derivation_open(struct lake *lake, const struct derive_source *source, struct time_range range,
                            int64_t as_of, struct derivation **out, struct lake_error *err)
{
    struct time_range rows = derive_source_range(&source->grid, range);
    struct derivation *derivation = NULL;
    const char *place = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *derivation, &derivation, err));
    arena_init(&derivation->texts, MIB);
    TRY_OUT(derive_place(source, &derivation->texts, &place, err));
    TRY_OUT(open_rows(derivation, lake, source, rows, as_of, err));
    TRY_OUT(derive_new_aggregator(source, schema_of_rows(derivation), place, &derivation->aggregator, err));
    *out = derivation;
    derivation = NULL;
out:
    derivation_close(derivation);
    return status;
}

void derivation_close(struct derivation *derivation)
{
    if (derivation == NULL)
        return;
    scan_close(derivation->scan);
    aggregator_free(derivation->aggregator);
    derivation_close(derivation->through);
    arena_release(&derivation->texts);
    memory_free(derivation);
}

const struct schema *derivation_schema(const struct derivation *derivation)
{
    return aggregator_schema(derivation->aggregator);
}

int64_t derivation_snapshot(const struct derivation *derivation)
{
    return derivation->snapshot;
}

static lake_status read_more(struct derivation *derivation, struct lake_error *err)
{
    struct batch rows = {0};
    TRY(derivation->through != NULL ? derivation_next(derivation->through, &rows, err)
                                    : scan_next(derivation->scan, &rows, err));
    if (rows.release == NULL) {
        derivation->is_finished = true;
        return aggregator_finish(derivation->aggregator, derivation->closed_ms, err);
    }
    lake_status status = aggregator_add(derivation->aggregator, &rows, err);
    batch_release(&rows);
    return status;
}

lake_status derivation_next(struct derivation *derivation, struct batch *out, struct lake_error *err)
{
    *out = (struct batch){0};
    while (!derivation->is_finished && aggregator_rows(derivation->aggregator) == 0)
        TRY(read_more(derivation, err));
    return aggregator_rows(derivation->aggregator) == 0 ? LAKE_OK : aggregator_take(derivation->aggregator, out, err);
}
