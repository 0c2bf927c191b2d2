/* Committing a chunk: derived bars in the place of those that are stored, and what they were made of. */
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "lake/commit.h"
#include "lake/handle.h"
#include "ops/aggregate_run.h"

/* ---- has anybody else been here ---- */

/* It may have been made by another since it was looked for. */
static lake_status find_id(struct lake *lake, const struct manifest_dataset *dataset, struct arena *arena, int64_t *id,
                           struct lake_error *err)
{
    const struct manifest_filter filter = {dataset->exchange, dataset->market, dataset->symbol, dataset->type,
                                           dataset->period};
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    *id = dataset->id;
    if (*id != 0)
        return LAKE_OK;
    TRY(manifest_find_datasets(lake->manifest, &filter, arena, &found, &n, err));
    *id = n == 0 ? 0 : found[0].id;
    return LAKE_OK;
}

static lake_status check_target(struct lake *lake, struct aggregate_target *target, struct arena *arena,
                                struct lake_error *err)
{
    int64_t id = 0, changed = 0;
    TRY(find_id(lake, &target->dataset, arena, &id, err));
    if (id != 0)
        TRY(manifest_find_changed(lake->manifest, id, &changed, err));
    target->is_behind = target->is_behind || changed != target->changed;
    return LAKE_OK;
}

static lake_status approve(void *context, struct lake_error *err)
{
    struct aggregate_run *run = context;
    struct arena arena = ARENA_INIT(MIB);
    lake_status status = LAKE_OK;
    mutex_lock(run->lake->mutex);
    for (size_t i = 0; i < run->n && status == LAKE_OK; i++)
        status = check_target(run->lake, &run->targets[i], &arena, err);
    mutex_unlock(run->lake->mutex);
    arena_release(&arena);
    return status;
}

/* ---- lineage ---- */

struct day_range {
    int64_t start, end;
};

/* What the derived days of a range are made of, as it was when the source was looked at. */
static lake_status add_lineage(struct aggregate_run *run, const struct aggregate_target *target, struct day_range days,
                               struct arena *arena, struct lake_error *err)
{
    struct manifest *manifest = run->lake->manifest;
    struct manifest_content *derived = NULL;
    struct touched_days walk;
    size_t n = 0;
    TRY(manifest_find_contents(manifest, target->dataset.id, days.start, days.end, arena, &derived, &n, err));
    for (size_t i = 0; i < target->view.n_source_days; i++) {
        const struct manifest_content *source = &target->view.source_days[i];
        touched_days_begin(&walk, &target->derive->grid, source->time_from_ms, source->time_to_ms);
        for (; walk.has_one; touched_days_next(&walk)) {
            const struct manifest_lineage lineage = {.dataset_id = target->dataset.id,
                                                     .day = walk.day,
                                                     .version = derive_version_of(derived, n, walk.day),
                                                     .source_day = source->day,
                                                     .source_version = source->version};
            if (walk.day >= days.start && walk.day < days.end)
                TRY(manifest_add_lineage(manifest, &lineage, err));
        }
    }
    return LAKE_OK;
}

static lake_status record_lineage(struct aggregate_run *run, const struct aggregate_target *target, struct arena *arena,
                                  struct lake_error *err)
{
    struct manifest *manifest = run->lake->manifest;
    for (size_t i = 0; i < target->stale.n; i++) {
        const struct day_range days = {calendar_day_of_ms(target->stale.items[i].start_ms),
                                       calendar_day_of_ms(target->stale.items[i].end_ms)};
        TRY(manifest_clear_lineage(manifest, target->dataset.id, days.start, days.end, err));
        TRY(add_lineage(run, target, days, arena, err));
    }
    return LAKE_OK;
}

/* ---- the record ---- */

static void take_id(struct aggregate_target *target, const struct commit *commit)
{
    for (size_t i = 0; target->dataset.id == 0 && i < commit->n_targets; i++)
        if (strcmp(commit->targets[i].dataset->period, target->dataset.period) == 0)
            target->dataset.id = commit->targets[i].dataset->id;
}

/* What another recipe left tells nothing of this one: whoever derived by it may have done so since it was looked at. */
static lake_status forget_former(struct aggregate_run *run, const struct aggregate_target *target, struct arena *arena,
                                 struct lake_error *err)
{
    const struct derive_source *derive = target->derive;
    struct manifest *manifest = run->lake->manifest;
    struct manifest_derivation former;
    bool is_found = false;
    TRY(manifest_find_derivation(manifest, target->dataset.id, arena, &former, &is_found, err));
    bool is_other = is_found && (former.source_id != derive->source.id || strcmp(former.recipe, derive->recipe) != 0);
    return is_other || (run->anew && run->is_first)
               ? manifest_clear_lineage(manifest, target->dataset.id, INT64_MIN, INT64_MAX, err)
               : LAKE_OK;
}

/* Only the last chunk makes a dataset current, and only where nobody else had a part in it. */
static lake_status record_target(struct aggregate_run *run, struct aggregate_target *target, struct arena *arena,
                                 struct lake_error *err)
{
    struct manifest *manifest = run->lake->manifest;
    bool is_whole = run->is_last && !target->is_behind;
    TRY(forget_former(run, target, arena, err));
    TRY(manifest_find_changed(manifest, target->dataset.id, &target->changed, err));
    const struct manifest_derivation derivation = {.dataset_id = target->dataset.id,
                                                   .source_id = target->derive->source.id,
                                                   .recipe = target->derive->recipe,
                                                   .source_changed = is_whole ? target->view.source_changed : 0,
                                                   .target_changed = is_whole ? target->changed : 0};
    TRY(manifest_put_derivation(manifest, &derivation, err)); /* before its lineage */
    return record_lineage(run, target, arena, err);
}

static lake_status record(void *context, const struct commit *commit, struct lake_error *err)
{
    struct aggregate_run *run = context;
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < run->n && status == LAKE_OK; i++) {
        take_id(&run->targets[i], commit);
        if (run->targets[i].dataset.id != 0) /* nothing was derived, and nothing is stored */
            status = record_target(run, &run->targets[i], &arena, err);
    }
    arena_release(&arena);
    return status;
}

/* ---- the commit ---- */

static lake_status add_changes(const struct aggregate_run *run, struct change_set *set, struct lake_error *err)
{
    for (size_t i = 0; i < run->n; i++) {
        const struct aggregate_target *target = &run->targets[i];
        for (size_t k = 0; k < target->stale.n; k++) {
            const struct change change = {.kind = CHANGE_REPLACE,
                                          .dataset = &target->dataset,
                                          .range = target->stale.items[k],
                                          .rows = target->bars.n_rows == 0 ? NULL : &target->bars};
            TRY(change_set_add(set, &change, err));
        }
    }
    return LAKE_OK;
}

/* "15m, 1h of BINANCE/FUTURES/BTCUSDT from raw 1m" */
static lake_status describe(const struct aggregate_run *run, struct buffer *text, const char **out,
                            struct lake_error *err)
{
    const struct derive_source *first = run->targets[0].derive;
    for (size_t i = 0; i < run->n; i++)
        TRY(buffer_printf(text, err, "%s%s", i == 0 ? "" : ", ", run->targets[i].dataset.period));
    TRY(buffer_printf(text, err, " of %s/%s/%s %s", first->source.exchange, first->source.market, first->source.symbol,
                      first->recipe));
    return buffer_string(text, out, err);
}

static void count(struct aggregate_run *run, const struct change_set *set, const struct lake_change_result *whole)
{
    run->days_changed += whole->n_days;
    run->files_written += whole->files_written;
    run->bytes_written += whole->bytes_written;
    run->n_commits += whole->snapshot != 0;
    run->snapshot = whole->snapshot != 0 ? whole->snapshot : run->snapshot;
    for (size_t i = 0; i < run->n; i++) {
        struct aggregate_target *target = &run->targets[i];
        struct lake_change_result part = {.size = sizeof part};
        change_set_sum(set, &target->dataset, &part);
        target->rows_written += part.rows_restored;
        target->rows_removed += part.rows_removed;
    }
}

lake_status aggregate_chunk_commit(struct aggregate_run *run, struct lake_error *err)
{
    struct buffer detail = BUFFER_INIT(MIB);
    struct change_set_options options = {
        .kind = AGGREGATE_KIND, .approve = approve, .record = record, .records_always = true, .context = run};
    struct lake_change_result result = {.size = sizeof result};
    struct change_set *set = NULL;
    lake_status status = LAKE_OK;
    options.rows_read = run->source_rows - run->rows_committed;
    TRY_OUT(describe(run, &detail, &options.detail, err));
    TRY_OUT(change_set_new(run->lake, &options, &set, err));
    TRY_OUT(add_changes(run, set, err));
    TRY_OUT(change_set_commit(set, &result, err));
    count(run, set, &result);
    run->is_first = false;
    run->rows_committed = run->source_rows;
out:
    change_set_free(set);
    buffer_release(&detail);
    return status;
}
