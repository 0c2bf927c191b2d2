/* lake_aggregate: which instruments, which derived datasets of each, and what was done. */
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/handle.h"
#include "lake/select.h"
#include "lake/table_stream.h"
#include "ops/aggregate_run.h"
#include "ops/derive_chain.h"
#include "ops/derive_recipe.h"

static const char *const usual_periods[] = {"15m", "1h"};
enum { N_USUAL = sizeof usual_periods / sizeof *usual_periods };

/* One call. */
struct work {
    struct lake *lake;
    const struct lake_aggregate_options *options;
    struct lake_aggregate_result *result;
    struct arena arena; /* of the whole call */
    struct wanted {
        const struct period *period;
        bool is_derivable;        /* of some instrument */
        struct lake_error reason; /* of the first of which it is not */
    } * wanted;
    size_t n_wanted;
    struct batch_builder *report;
    struct lake_error first; /* of instruments that could not be done; the others are */
};

static const struct column_field report_fields[] = {
    {"exchange", COLUMN_UTF8, 0, false},      {"market", COLUMN_UTF8, 0, false},
    {"symbol", COLUMN_UTF8, 0, false},        {"period", COLUMN_UTF8, 0, false},
    {"from", COLUMN_UTF8, 0, false},          {"days", COLUMN_INT64, 0, false},
    {"rows_written", COLUMN_INT64, 0, false}, {"rows_removed", COLUMN_INT64, 0, false},
    {"state", COLUMN_UTF8, 0, false},
};
enum { N_REPORT = sizeof report_fields / sizeof *report_fields };

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* ---- what is asked for ---- */

static lake_status check_options(const struct lake_aggregate_options *options,
                                 const struct lake_aggregate_result *result, struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the aggregate options have an unknown size");
    if (result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the result of an aggregation has an unknown size");
    if (is_given(options->dataset.type) || is_given(options->dataset.period))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "type and period of the sources are told by what bars are derived from");
    return LAKE_OK;
}

static bool has_period(const struct work *work, const struct period *period)
{
    for (size_t i = 0; i < work->n_wanted; i++)
        if (work->wanted[i].period == period)
            return true;
    return false;
}

/* Each once, in the order given. */
static lake_status read_periods(struct work *work, struct lake_error *err)
{
    const char *const *names = work->options->periods;
    size_t n = work->options->n_periods;
    if (names == NULL)
        TRY(derive_recipe_split(work->lake->aggregate.to, &work->arena, &names, &n, err));
    if (n == 0) {
        names = usual_periods;
        n = N_USUAL;
    }
    TRY(arena_new(&work->arena, n, sizeof *work->wanted, &work->wanted, err));
    for (size_t i = 0; i < n; i++) {
        const struct period *period = NULL;
        TRY(period_find(names[i], &period, err));
        if (!has_period(work, period))
            work->wanted[work->n_wanted++].period = period;
    }
    return LAKE_OK;
}

/* Mistakes in the recipe are told before anything is done. */
static lake_status check_recipe(struct work *work, struct lake_error *err)
{
    struct derive_recipe recipe;
    struct bucket_grid grid;
    TRY(derive_recipe_read(work->lake, &work->options->recipe, &work->arena, &recipe, err));
    for (size_t i = 0; i < work->n_wanted; i++)
        TRY(derive_recipe_grid(&recipe, work->wanted[i].period, &grid, err));
    return LAKE_OK;
}

/* ---- what was done ---- */

static lake_status report_target(struct work *work, const struct aggregate_run *run,
                                 const struct aggregate_target *target, struct lake_error *err)
{
    const struct manifest_dataset *dataset = &target->dataset;
    bool is_current = target->n_days == 0 && target->rows_written == 0 && target->rows_removed == 0;
    const char *state = is_current ? "current" : run->dry_run ? "to be derived" : "derived";
    const struct cell cells[N_REPORT] = {
        cell_text(dataset->exchange),     cell_text(dataset->market),        cell_text(dataset->symbol),
        cell_text(dataset->period),       cell_text(target->derive->recipe), cell_int64(target->n_days),
        cell_int64(target->rows_written), cell_int64(target->rows_removed),  cell_text(state),
    };
    struct lake_aggregate_result *result = work->result;
    result->n_datasets++;
    result->n_current += is_current;
    result->rows_written += target->rows_written;
    result->rows_removed += target->rows_removed;
    return batch_builder_append_cells(work->report, cells, err);
}

static lake_status report_run(struct work *work, const struct aggregate_run *run, struct lake_error *err)
{
    struct lake_aggregate_result *result = work->result;
    result->source_rows += run->source_rows;
    result->days_changed += run->days_changed;
    result->files_written += run->files_written;
    result->bytes_written += run->bytes_written;
    result->n_commits += run->n_commits;
    result->snapshot = run->snapshot != 0 ? run->snapshot : result->snapshot;
    for (size_t i = 0; i < run->n; i++)
        TRY(report_target(work, run, &run->targets[i], err));
    return LAKE_OK;
}

/* ---- one instrument ---- */

/* What can be derived of an instrument. */
struct instrument {
    struct arena arena;
    struct derive_source *sources; /* one a period that can be derived */
    size_t n;
};

static bool is_of_one(lake_status status)
{
    return status == LAKE_INVALID_ARGUMENT || status == LAKE_NOT_FOUND || status == LAKE_INVALID_DATA ||
           status == LAKE_CONFLICT || status == LAKE_CORRUPT;
}

/* Remembers what is wrong with one instrument, so that the others are not held up by it. */
static lake_status put_off(struct work *work, lake_status status, const struct lake_error *failure,
                           struct lake_error *err)
{
    if (!is_of_one(status))
        return lake_fail(err, status, "%s", failure->message);
    if (work->first.status == LAKE_OK)
        work->first = *failure;
    return LAKE_OK;
}

/* Periods that this instrument has no source for are left out. */
static lake_status resolve(struct work *work, const struct manifest_dataset *like, struct instrument *instrument,
                           struct lake_error *err)
{
    struct derive_request request = {.dataset = {like->exchange, like->market, like->symbol, NULL, NULL},
                                     .recipe = &work->options->recipe};
    TRY(arena_new(&instrument->arena, work->n_wanted, sizeof *instrument->sources, &instrument->sources, err));
    for (size_t i = 0; i < work->n_wanted; i++) {
        struct wanted *wanted = &work->wanted[i];
        struct lake_error failure = {LAKE_OK, ""};
        request.target = wanted->period;
        lake_status status =
            derive_resolve(work->lake, &request, &instrument->arena, &instrument->sources[instrument->n], &failure);
        if (status != LAKE_OK && !is_of_one(status))
            return lake_fail(err, status, "%s", failure.message);
        instrument->n += status == LAKE_OK;
        wanted->is_derivable = wanted->is_derivable || status == LAKE_OK;
        if (wanted->reason.status == LAKE_OK)
            wanted->reason = failure;
    }
    return LAKE_OK;
}

static lake_status run_source(struct work *work, struct aggregate_target *targets, size_t n, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    struct aggregate_run run = {.lake = work->lake,
                                .targets = targets,
                                .n = n,
                                .anew = work->options->anew,
                                .dry_run = work->options->dry_run,
                                .progress = work->options->progress,
                                .rows_before = work->result->source_rows};
    lake_status status = aggregate_run(&run, &failure);
    if (status == LAKE_OK)
        status = report_run(work, &run, &failure);
    aggregate_run_release(&run);
    return status == LAKE_OK ? LAKE_OK : put_off(work, status, &failure, err);
}

/* What bars are derived from is brought up to date first, where it is derived itself; finest first. */
static lake_status run_chain(struct work *work, const struct manifest_dataset *source, struct arena *arena,
                             struct lake_error *err)
{
    struct aggregate_target target = {.derive = NULL};
    struct derive_link link;
    TRY(derive_chain_find(work->lake, source, 0, arena, &link, err));
    if (link.derive == NULL || link.is_current)
        return LAKE_OK;
    TRY(run_chain(work, &link.derive->source, arena, err));
    target.derive = link.derive;
    target.dataset = link.derive->target;
    return run_source(work, &target, 1, err);
}

/* All that is derived from one source is one run. */
static lake_status run_sources(struct work *work, struct instrument *instrument, struct lake_error *err)
{
    struct aggregate_target *targets = NULL;
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < instrument->n; i++) {
        int64_t source_id = instrument->sources[i].source.id;
        size_t n = 0;
        bool is_done = false;
        for (size_t k = 0; k < i; k++)
            is_done = is_done || instrument->sources[k].source.id == source_id;
        if (is_done)
            continue;
        TRY_OUT(memory_new(instrument->n, sizeof *targets, &targets, err));
        for (size_t k = i; k < instrument->n; k++)
            if (instrument->sources[k].source.id == source_id) {
                targets[n].derive = &instrument->sources[k];
                targets[n++].dataset = instrument->sources[k].target;
            }
        TRY_OUT(run_chain(work, &instrument->sources[i].source, &instrument->arena, err));
        TRY_OUT(run_source(work, targets, n, err));
        memory_free(targets);
        targets = NULL;
    }
out:
    memory_free(targets);
    return status;
}

typedef lake_status (*instrument_task)(struct work *work, struct instrument *instrument, struct lake_error *err);

/* Looks up one instrument's sources; task NULL: no more than that. */
static lake_status visit_instrument(struct work *work, const struct manifest_dataset *like, instrument_task task,
                                    struct lake_error *err)
{
    struct instrument instrument = {.arena = ARENA_INIT(LIMIT_ENGINE_BYTES)};
    lake_status status = resolve(work, like, &instrument, err);
    if (status == LAKE_OK && task != NULL)
        status = task(work, &instrument, err);
    arena_release(&instrument.arena);
    return status;
}

/* ---- all of them ---- */

static bool is_same_instrument(const struct manifest_dataset *a, const struct manifest_dataset *b)
{
    return strcmp(a->exchange, b->exchange) == 0 && strcmp(a->market, b->market) == 0 &&
           strcmp(a->symbol, b->symbol) == 0;
}

static lake_status find_datasets(struct work *work, struct manifest_dataset **out, size_t *n, struct lake_error *err)
{
    struct canonical names;
    struct lake *lake = work->lake;
    TRY(select_filter(lake, &work->options->dataset, &names, err));
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_datasets(lake->manifest, &names.filter, &work->arena, out, n, err);
    mutex_unlock(lake->mutex);
    TRY(status);
    return *n > 0 ? LAKE_OK : select_fail_not_found(lake, &names.filter, err);
}

/* A period that was asked for and that no instrument has a source for is a mistake; so is it where nothing can be derived at all. */
static lake_status check_derivable(const struct work *work, struct lake_error *err)
{
    bool is_explicit = work->options->periods != NULL, is_any = false;
    for (size_t i = 0; i < work->n_wanted; i++) {
        const struct wanted *wanted = &work->wanted[i];
        is_any = is_any || wanted->is_derivable;
        if (is_explicit && !wanted->is_derivable)
            return lake_fail(err, wanted->reason.status, "%s", wanted->reason.message);
    }
    const struct lake_error *reason = &work->wanted[0].reason;
    return is_any ? LAKE_OK : lake_fail(err, reason->status, "%s", reason->message);
}

static lake_status visit_all(struct work *work, const struct manifest_dataset *datasets, size_t n, instrument_task task,
                             struct lake_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !is_same_instrument(&datasets[i], &datasets[i - 1]))
            TRY(visit_instrument(work, &datasets[i], task, err));
    return LAKE_OK;
}

/* What was stored by other calls stays current too, as it was asked for then. */
static lake_status run_stored(struct work *work, const struct manifest_dataset *datasets, size_t n,
                              struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < n && status == LAKE_OK; i++) {
        struct lake_error failure = {LAKE_OK, ""};
        status = run_chain(work, &datasets[i], &arena, &failure);
        if (status != LAKE_OK)
            status = put_off(work, status, &failure, err);
        arena_release(&arena);
    }
    return status;
}

static lake_status run_all(struct work *work, struct lake_error *err)
{
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    TRY(read_periods(work, err));
    TRY(check_recipe(work, err));
    TRY(find_datasets(work, &datasets, &n, err));
    TRY(visit_all(work, datasets, n, NULL, err));
    TRY(check_derivable(work, err));
    TRY(visit_all(work, datasets, n, run_sources, err));
    if (work->options->periods == NULL)
        TRY(run_stored(work, datasets, n, err));
    return work->first.status == LAKE_OK ? LAKE_OK : lake_fail(err, work->first.status, "%s", work->first.message);
}

lake_status lake_aggregate(struct lake *lake, const struct lake_aggregate_options *options,
                           struct lake_aggregate_result *result, struct ArrowArrayStream *report,
                           struct lake_error *err)
{
    struct work work = {.lake = lake, .options = options, .result = result, .arena = ARENA_INIT(LIMIT_ENGINE_BYTES)};
    struct schema *schema = NULL;
    lake_status status = LAKE_OK;
    memset(report, 0, sizeof *report);
    TRY(check_options(options, result, err));
    *result = (struct lake_aggregate_result){.size = sizeof *result};
    TRY_OUT(schema_new(report_fields, N_REPORT, &schema, err));
    TRY_OUT(batch_builder_new(schema, &work.report, err));
    TRY_OUT(run_all(&work, err));
    status = table_stream(work.report, report, err);
out:
    batch_builder_free(work.report);
    schema_free(schema);
    arena_release(&work.arena);
    return status;
}
