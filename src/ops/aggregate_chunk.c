/* Reading a chunk: the source's rows to the aggregators of all that is derived from it. */
#include "base/memory.h"
#include "column/builder.h"
#include "column/time_unit.h"
#include "lake/handle.h"
#include "ops/aggregate_run.h"

/* ---- rows of one target ---- */

static lake_status add_rows(struct aggregator *aggregator, const struct batch *batch, int64_t first, int64_t n,
                            struct lake_error *err)
{
    struct batch_builder *builder = NULL;
    struct batch rows = {0};
    lake_status status = LAKE_OK;
    if (n == batch->n_rows)
        return aggregator_add(aggregator, batch, err);
    TRY_OUT(batch_builder_new(batch->schema, &builder, err));
    TRY_OUT(batch_builder_append(builder, batch, first, n, err));
    TRY_OUT(batch_builder_take(builder, &rows, err));
    status = aggregator_add(aggregator, &rows, err);
out:
    batch_release(&rows);
    batch_builder_free(builder);
    return status;
}

/* What is read is read for all: each takes the rows that its own stale days are made of. */
static lake_status feed(const struct aggregate_target *target, const struct batch *batch, struct lake_error *err)
{
    const struct time_values times = {batch_values(batch, 0), batch->n_rows,
                                      time_unit_per_ms(batch->schema->fields[0].type)};
    for (size_t i = 0; i < target->rows.n; i++) {
        int64_t first = time_values_find(&times, target->rows.items[i].start_ms);
        int64_t end = time_values_find(&times, target->rows.items[i].end_ms);
        if (first < end)
            TRY(add_rows(target->aggregator, batch, first, end - first, err));
    }
    return LAKE_OK;
}

struct feeding {
    const struct aggregate_run *run;
    const struct batch *batch;
};

static lake_status feed_one(void *context, size_t index, size_t worker, struct lake_error *err)
{
    const struct feeding *feeding = context;
    (void)worker;
    return feed(&feeding->run->targets[index], feeding->batch, err);
}

static lake_status feed_all(const struct aggregate_run *run, const struct batch *batch, struct lake_error *err)
{
    struct feeding feeding = {run, batch};
    return run->n == 1 ? feed(&run->targets[0], batch, err)
                       : pool_run(lake_pool(run->lake), run->n, feed_one, &feeding, err);
}

/* ---- reading ---- */

static lake_status report(const struct aggregate_run *run, struct lake_error *err)
{
    const struct lake_progress *progress = &run->progress;
    if (progress->report != NULL && progress->report(progress->context, run->rows_before + run->source_rows, 0, 0) != 0)
        return lake_fail(err, LAKE_CANCELLED, "deriving %s was cancelled", run->place);
    return LAKE_OK;
}

static lake_status begin_targets(struct aggregate_run *run, const struct schema *schema, struct lake_error *err)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->targets[i].aggregator == NULL)
            TRY(derive_new_aggregator(run->targets[i].derive, schema, run->place, &run->targets[i].aggregator, err));
    return LAKE_OK;
}

static lake_status read_range(struct aggregate_run *run, struct time_range range, struct lake_error *err)
{
    const struct derive_reading reading = {.columns = &run->columns, .rows = range};
    struct scan *scan = NULL;
    struct batch batch = {0};
    lake_status status = LAKE_OK;
    TRY(derive_open_scan(run->lake, run->targets[0].derive, &reading, &scan, err));
    TRY_OUT(begin_targets(run, scan_get_schema(scan), err));
    TRY_OUT(scan_next(scan, &batch, err));
    while (batch.release != NULL) {
        TRY_OUT(feed_all(run, &batch, err));
        run->source_rows += batch.n_rows;
        batch_release(&batch);
        TRY_OUT(report(run, err));
        TRY_OUT(scan_next(scan, &batch, err));
    }
out:
    batch_release(&batch);
    scan_close(scan);
    return status;
}

/* ---- the chunk ---- */

static lake_status unite_rows(struct aggregate_run *run, struct range_list *all, struct lake_error *err)
{
    for (size_t i = 0; i < run->n; i++) {
        struct aggregate_target *target = &run->targets[i];
        for (size_t k = 0; k < target->stale.n; k++) {
            struct time_range rows = derive_source_range(&target->derive->grid, target->stale.items[k]);
            TRY(range_list_add(&target->rows, rows, err));
            TRY(range_list_add(all, rows, err));
        }
    }
    return LAKE_OK;
}

static lake_status take_bars(struct aggregate_target *target, struct lake_error *err)
{
    if (target->aggregator == NULL)
        return LAKE_OK;
    TRY(aggregator_finish(target->aggregator, target->view.closed_ms, err));
    return aggregator_rows(target->aggregator) == 0 ? LAKE_OK : aggregator_take(target->aggregator, &target->bars, err);
}

lake_status aggregate_chunk_read(struct aggregate_run *run, struct lake_error *err)
{
    struct range_list all = {NULL, 0};
    lake_status status = LAKE_OK;
    TRY_OUT(unite_rows(run, &all, err));
    for (size_t i = 0; i < all.n; i++)
        TRY_OUT(read_range(run, all.items[i], err));
    for (size_t i = 0; i < run->n; i++)
        TRY_OUT(take_bars(&run->targets[i], err));
out:
    memory_free(all.items);
    return status;
}

void aggregate_chunk_release(struct aggregate_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        struct aggregate_target *target = &run->targets[i];
        batch_release(&target->bars);
        target->bars = (struct batch){0};
        aggregator_free(target->aggregator); /* the bars borrow its schema */
        target->aggregator = NULL;
        memory_free(target->stale.items);
        memory_free(target->rows.items);
        target->stale = target->rows = (struct range_list){NULL, 0};
    }
}
