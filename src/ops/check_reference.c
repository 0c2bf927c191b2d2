#include "ops/check_reference.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/data_type.h"
#include "manifest/knowledge.h"
#include "ops/aggregate.h"

enum { NAME_TEXT_BYTES = 64 };

struct check_reference {
    struct arena arena;
    const struct manifest_dataset *dataset; /* whose rows are read; in the arena */
    bool is_source, counts_bars;
    struct scan *scan;
    struct aggregator *aggregator; /* NULL: the rows are the bars */
    bool is_at_end;
    char name[NAME_TEXT_BYTES];
};

/* ---- choosing ---- */

static bool is_type(const struct manifest_dataset *dataset, const char *type)
{
    return strcmp(dataset->type, type) == 0;
}

static bool is_bars(const struct manifest_dataset *dataset)
{
    return is_type(dataset, "raw") || is_type(dataset, "agg");
}

struct choice { /* among the datasets of an instrument */
    const struct check_wanted *wanted;
    const struct period *period; /* of the wanted dataset */
    struct manifest_dataset *all;
    size_t n;
};

static const struct manifest_dataset *find_by_id(const struct choice *choice, int64_t id)
{
    for (size_t i = 0; i < choice->n; i++)
        if (choice->all[i].id == id)
            return &choice->all[i];
    return NULL;
}

static const struct manifest_dataset *find_finest(const struct choice *choice)
{
    const struct manifest_dataset *finest = NULL;
    int64_t finest_ms = 0;
    for (size_t i = 0; i < choice->n; i++) {
        const struct period *period = NULL;
        bool divides = is_type(&choice->all[i], "raw") &&
                       period_find(choice->all[i].period, &period, NULL) == LAKE_OK && period->length_ms > 0 &&
                       bucket_divides(period, choice->period);
        if (divides && (finest == NULL || period->length_ms < finest_ms)) {
            finest = &choice->all[i];
            finest_ms = period->length_ms;
        }
    }
    return finest;
}

static const struct manifest_dataset *find_derived_alike(const struct choice *choice)
{
    for (size_t i = 0; i < choice->n; i++)
        if (is_type(&choice->all[i], "agg") && strcmp(choice->all[i].period, choice->period->name) == 0)
            return &choice->all[i];
    return NULL;
}

/* Under the mutex. */
static lake_status find_all(struct choice *choice, const struct manifest_dataset *dataset, struct manifest *manifest,
                            struct arena *arena, struct lake_error *err)
{
    const struct manifest_filter filter = {
        .exchange = dataset->exchange, .market = dataset->market, .symbol = dataset->symbol};
    return manifest_find_datasets(manifest, &filter, arena, &choice->all, &choice->n, err);
}

struct derived { /* rows of a derived dataset */
    int64_t dataset_id;
    int64_t snapshot;  /* that they are of */
    int64_t source_id; /* filled in: what they are derived from where they are current, else 0 */
};

/* Under the mutex. */
static lake_status find_current_source(struct manifest *manifest, struct arena *arena, struct derived *derived,
                                       struct lake_error *err)
{
    struct manifest_derivation derivation = {0};
    bool is_found = false;
    int64_t source_changed = 0, target_changed = 0;
    derived->source_id = 0;
    TRY(manifest_find_derivation(manifest, derived->dataset_id, arena, &derivation, &is_found, err));
    if (!is_found)
        return LAKE_OK;
    TRY(manifest_find_changed(manifest, derivation.source_id, &source_changed, err));
    TRY(manifest_find_changed(manifest, derived->dataset_id, &target_changed, err));
    if (derivation.source_changed == source_changed && derivation.target_changed == target_changed &&
        derived->snapshot >= target_changed)
        derived->source_id = derivation.source_id;
    return LAKE_OK;
}

static lake_status read_current_source(struct lake *lake, struct arena *arena, struct derived *derived,
                                       struct lake_error *err)
{
    bool begun = false;
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = find_current_source(lake->manifest, arena, derived, err);
    status = manifest_read_end(lake->manifest, begun, status, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* Under the mutex. */
static lake_status find_is_of_bars(struct manifest *manifest, const struct manifest_dataset *dataset,
                                   struct arena *arena, bool *is, struct lake_error *err)
{
    struct manifest_derivation derivation = {0};
    struct choice choice = {0};
    bool is_found = false;
    TRY(manifest_find_derivation(manifest, dataset->id, arena, &derivation, &is_found, err));
    if (!is_found)
        return LAKE_OK;
    TRY(find_all(&choice, dataset, manifest, arena, err));
    const struct manifest_dataset *source = find_by_id(&choice, derivation.source_id);
    *is = source != NULL && is_bars(source);
    return LAKE_OK;
}

lake_status check_is_of_bars(struct lake *lake, const struct manifest_dataset *dataset, bool *is,
                             struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    *is = false;
    mutex_lock(lake->mutex);
    lake_status status = find_is_of_bars(lake->manifest, dataset, &arena, is, err);
    mutex_unlock(lake->mutex);
    arena_release(&arena);
    return status;
}

static lake_status choose(struct check_reference *reference, const struct choice *choice, struct lake_error *err)
{
    struct derived derived = {.dataset_id = choice->wanted->dataset->id, .snapshot = choice->wanted->snapshot};
    reference->is_source = is_type(choice->wanted->dataset, "agg");
    if (!reference->is_source) {
        reference->dataset = find_finest(choice);
        if (reference->dataset == NULL)
            reference->dataset = find_derived_alike(choice);
        return LAKE_OK;
    }
    TRY(read_current_source(choice->wanted->lake, &reference->arena, &derived, err));
    reference->dataset = derived.source_id == 0 ? NULL : find_by_id(choice, derived.source_id);
    return LAKE_OK;
}

/* ---- opening ---- */

static lake_status open_scan(struct check_reference *reference, const struct check_wanted *wanted,
                             struct time_range range, struct lake_error *err)
{
    const struct manifest_dataset *dataset = reference->dataset;
    const struct scan_options options = {
        .query = {.selection = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
                  .start_ms = range.start_ms,
                  .end_ms = range.end_ms},
        .batch_rows = wanted->batch_rows,
    };
    return scan_open(wanted->lake, &options, &reference->scan, err);
}

static lake_status open_aggregator(struct check_reference *reference, const struct check_wanted *wanted,
                                   const struct period *period, struct lake_error *err)
{
    struct aggregate_recipe recipe = {.place = reference->name};
    struct time_range range = wanted->range;
    TRY(bucket_grid_init(&recipe.grid, period, bucket_offset_of(period, wanted->phase_ms), err));
    TRY(data_type_find(reference->dataset->type, &recipe.source_type, err));
    TRY(period_find(reference->dataset->period, &recipe.source_period, err));
    if (range.end_ms != INT64_MAX && range.end_ms > range.start_ms)
        range.end_ms = bucket_at(&recipe.grid, range.end_ms - 1).end_ms;
    TRY(open_scan(reference, wanted, range, err));
    return aggregator_new(&recipe, scan_get_schema(reference->scan), &reference->aggregator, err);
}

/* Derived bars that are not what their source gives, or that somebody changed meanwhile, are held against nothing, and nothing is
 * held against them. */
static lake_status check_is_current(struct check_reference *reference, const struct check_wanted *wanted, bool *is,
                                    struct lake_error *err)
{
    struct derived derived = {.dataset_id = wanted->dataset->id, .snapshot = wanted->snapshot};
    if (!reference->is_source) {
        derived.dataset_id = reference->dataset->id;
        derived.snapshot = scan_get_plan(reference->scan)->snapshot;
    }
    *is = !reference->is_source && !is_type(reference->dataset, "agg");
    if (*is)
        return LAKE_OK;
    TRY(read_current_source(wanted->lake, &reference->arena, &derived, err));
    *is = derived.source_id != 0 && (!reference->is_source || derived.source_id == reference->dataset->id);
    return LAKE_OK;
}

static lake_status open_chosen(struct check_reference *reference, const struct check_wanted *wanted,
                               const struct period *period, bool *is_open, struct lake_error *err)
{
    reference->counts_bars = is_bars(reference->dataset);
    (void)snprintf(reference->name, sizeof reference->name, "%s%s%s", reference->dataset->type,
                   reference->counts_bars ? " " : "", reference->counts_bars ? reference->dataset->period : "");
    if (strcmp(reference->dataset->period, wanted->dataset->period) != 0)
        TRY(open_aggregator(reference, wanted, period, err));
    else
        TRY(open_scan(reference, wanted, wanted->range, err));
    return check_is_current(reference, wanted, is_open, err);
}

lake_status check_reference_open(const struct check_wanted *wanted, struct check_reference **out,
                                 struct lake_error *err)
{
    struct check_reference *reference = NULL;
    struct choice choice = {.wanted = wanted};
    bool is_open = false;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *reference, &reference, err));
    arena_init(&reference->arena, LIMIT_ENGINE_BYTES);
    TRY_OUT(period_find(wanted->dataset->period, &choice.period, err));
    mutex_lock(wanted->lake->mutex);
    status = find_all(&choice, wanted->dataset, wanted->lake->manifest, &reference->arena, err);
    mutex_unlock(wanted->lake->mutex);
    TRY_OUT(status);
    TRY_OUT(choose(reference, &choice, err));
    if (reference->dataset != NULL)
        TRY_OUT(open_chosen(reference, wanted, choice.period, &is_open, err));
    if (is_open) {
        *out = reference;
        reference = NULL;
    }
out:
    check_reference_close(reference);
    return status;
}

void check_reference_close(struct check_reference *reference)
{
    if (reference == NULL)
        return;
    aggregator_free(reference->aggregator);
    scan_close(reference->scan);
    arena_release(&reference->arena);
    memory_free(reference);
}

bool check_reference_is_source(const struct check_reference *reference)
{
    return reference->is_source;
}

bool check_reference_counts_bars(const struct check_reference *reference)
{
    return reference->counts_bars;
}

const char *check_reference_name(const struct check_reference *reference)
{
    return reference->name;
}

const struct schema *check_reference_schema(const struct check_reference *reference)
{
    return reference->aggregator != NULL ? aggregator_schema(reference->aggregator) : scan_get_schema(reference->scan);
}

/* ---- reading ---- */

static lake_status aggregate_more(struct check_reference *reference, struct lake_error *err)
{
    struct batch batch = {0};
    TRY(scan_next(reference->scan, &batch, err));
    if (batch.release == NULL) {
        reference->is_at_end = true;
        return aggregator_finish(reference->aggregator, INT64_MAX, err);
    }
    lake_status status = aggregator_add(reference->aggregator, &batch, err);
    batch_release(&batch);
    return status;
}

lake_status check_reference_next(struct check_reference *reference, struct batch *out, struct lake_error *err)
{
    *out = (struct batch){0};
    if (reference->aggregator == NULL)
        return scan_next(reference->scan, out, err);
    while (aggregator_rows(reference->aggregator) == 0) {
        if (reference->is_at_end)
            return LAKE_OK;
        lake_status status = aggregate_more(reference, err);
        if (status == LAKE_INVALID_DATA) {
            if (err != NULL)
                *err = (struct lake_error){0};
            return LAKE_OK;
        }
        TRY(status);
    }
    return aggregator_take(reference->aggregator, out, err);
}
