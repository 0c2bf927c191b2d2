#include "ops/aggregate_run.h"

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/handle.h"

/* A share of the engine's memory for bars that wait for their commit; and what one is counted as, columns and copies. */
enum { MEMORY_SHARE = 8, BAR_BYTES = 128 };
/* Times that a source may change while it is read. */
enum { READ_ATTEMPTS = 8 };

static void release_views(struct aggregate_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->targets[i].has_view) {
            derive_view_release(&run->targets[i].view);
            run->targets[i].has_view = false;
        }
}

void aggregate_run_release(struct aggregate_run *run)
{
    aggregate_chunk_release(run);
    release_views(run);
    arena_release(&run->arena);
}

/* ---- looking ---- */

static lake_status refuse_other(const struct aggregate_run *run, const struct aggregate_target *target,
                                struct lake_error *err)
{
    const struct manifest_dataset *dataset = &target->dataset;
    if (!target->view.state.is_other || run->anew)
        return LAKE_OK;
    const char *former = target->view.former_recipe;
    return lake_fail(err, LAKE_CONFLICT,
                     "%s/%s/%s/%s/%s is stored %s, and asked for %s; ask for the same, or derive all of it again with "
                     "--anew",
                     dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period,
                     former == NULL ? "and was not derived here" : former, target->derive->recipe);
}

static lake_status look(struct aggregate_run *run, struct lake_error *err)
{
    release_views(run);
    for (size_t i = 0; i < run->n; i++) {
        struct aggregate_target *target = &run->targets[i];
        TRY(derive_view_read(run->lake, target->derive, run->anew && run->is_first, &target->view, err));
        target->has_view = true;
        target->changed = target->view.target_changed;
        target->is_behind = false;
        TRY(refuse_other(run, target, err));
    }
    return LAKE_OK;
}

static bool is_all_current(const struct aggregate_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (!run->targets[i].view.state.is_current)
            return false;
    return true;
}

/* Whether the source still is what each view is of. */
static lake_status is_outrun(struct aggregate_run *run, bool *out, struct lake_error *err)
{
    struct lake *lake = run->lake;
    int64_t changed = 0;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_changed(lake->manifest, run->targets[0].derive->source.id, &changed, err);
    mutex_unlock(lake->mutex);
    *out = false;
    for (size_t i = 0; i < run->n; i++)
        *out = *out || run->targets[i].view.source_changed != changed;
    return status;
}

/* ---- chunks ---- */

static struct time_range whole_span(const struct aggregate_run *run)
{
    struct time_range span = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < run->n; i++) {
        const struct range_list *stale = &run->targets[i].view.state.stale;
        if (stale->n == 0)
            continue;
        if (stale->items[0].start_ms < span.start_ms)
            span.start_ms = stale->items[0].start_ms;
        if (stale->items[stale->n - 1].end_ms > span.end_ms)
            span.end_ms = stale->items[stale->n - 1].end_ms;
    }
    return span;
}

/* The most bars that stale days of a span can have. */
static int64_t count_bars(const struct aggregate_run *run, struct time_range span)
{
    int64_t n = 0;
    for (size_t i = 0; i < run->n; i++) {
        const struct range_list *stale = &run->targets[i].view.state.stale;
        int64_t length_ms = run->targets[i].derive->grid.period->length_ms;
        for (size_t k = 0; k < stale->n; k++) {
            struct time_range part = range_intersect(stale->items[k], span);
            if (part.start_ms < part.end_ms)
                n += (part.end_ms - part.start_ms) / (length_ms == 0 ? 28 * MS_PER_DAY : length_ms) + 1;
        }
    }
    return n;
}

static int64_t next_month(int64_t ms)
{
    return calendar_month_next(calendar_day_of_ms(ms)) * MS_PER_DAY;
}

/* As many whole months from the span's start as fit into memory, one at least. */
static struct time_range cut_chunk(const struct aggregate_run *run, struct time_range span)
{
    const int64_t most = (int64_t)(lake_memory_bytes(run->lake) / MEMORY_SHARE / BAR_BYTES);
    struct time_range chunk = {span.start_ms, next_month(span.start_ms)};
    if (count_bars(run, span) <= most)
        return span;
    while (chunk.end_ms < span.end_ms) {
        const struct time_range longer = {chunk.start_ms, next_month(chunk.end_ms)};
        if (count_bars(run, longer) > most)
            break;
        chunk = longer;
    }
    chunk.end_ms = chunk.end_ms < span.end_ms ? chunk.end_ms : span.end_ms;
    return chunk;
}

static lake_status begin_chunk(struct aggregate_run *run, struct time_range chunk, struct lake_error *err)
{
    for (size_t i = 0; i < run->n; i++) {
        struct aggregate_target *target = &run->targets[i];
        const struct range_list *stale = &target->view.state.stale;
        for (size_t k = 0; k < stale->n; k++)
            TRY(range_list_add(&target->stale, range_intersect(stale->items[k], chunk), err));
    }
    return LAKE_OK;
}

static lake_status run_chunk(struct aggregate_run *run, struct time_range chunk, bool *was_outrun,
                             struct lake_error *err)
{
    lake_status status = LAKE_OK;
    TRY_OUT(begin_chunk(run, chunk, err));
    TRY_OUT(aggregate_chunk_read(run, err));
    TRY_OUT(is_outrun(run, was_outrun, err));
    if (!*was_outrun)
        status = aggregate_chunk_commit(run, err);
out:
    aggregate_chunk_release(run);
    return status;
}

/* Without anything stale there is one empty chunk, which says so in the manifest. */
static lake_status run_chunks(struct aggregate_run *run, bool *was_outrun, int *n_attempts, struct lake_error *err)
{
    struct time_range span = whole_span(run);
    *was_outrun = false;
    do {
        struct time_range chunk = span.start_ms < span.end_ms ? cut_chunk(run, span) : span;
        run->is_last = chunk.end_ms == span.end_ms;
        TRY(run_chunk(run, chunk, was_outrun, err));
        if (*was_outrun)
            return LAKE_OK;
        *n_attempts = 0;
        span.start_ms = chunk.end_ms;
    } while (!run->is_last);
    return LAKE_OK;
}

/* ---- the run ---- */

static void count_days(struct aggregate_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        if (run->targets[i].n_days < run->targets[i].view.n_days)
            run->targets[i].n_days = run->targets[i].view.n_days;
}

lake_status aggregate_run(struct aggregate_run *run, struct lake_error *err)
{
    bool was_outrun = true;
    run->is_first = true;
    arena_init(&run->arena, MIB);
    TRY(derive_place(run->targets[0].derive, &run->arena, &run->place, err));
    for (int i = 0; i < READ_ATTEMPTS && was_outrun; i++) {
        TRY(look(run, err));
        count_days(run);
        run->was_current = run->is_first && is_all_current(run);
        if (run->was_current || run->dry_run)
            return LAKE_OK;
        TRY(derive_find_columns(run->lake, run->targets[0].derive, 0, &run->arena, &run->columns, err));
        TRY(run_chunks(run, &was_outrun, &i, err));
    }
    if (was_outrun)
        return lake_fail(err, LAKE_CONFLICT, "%s keeps being changed while it is read; try again", run->place);
    return LAKE_OK;
}
