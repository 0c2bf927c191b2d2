#include "lake/change_set.h"

#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/change_plan.h"
#include "lake/commit.h"
#include "lake/readers.h"

/* Partitions staged between two looks at the progress. */
enum { STAGE_AT_ONCE = 64 };

struct change_set {
    struct lake *lake;
    struct change_set_options options;
    struct change_target **targets;
    size_t n_targets, capacity;
    struct arena texts;
    struct partition_set partitions;
    struct reader_pin pin; /* of what is put back */
    int64_t started_ms;
    lake_status (*stage)(struct partition_set *set, size_t most, struct lake_error *err);
};

/* ---- lifecycle ---- */

lake_status change_set_new(struct lake *lake, const struct change_set_options *options, struct change_set **out,
                           struct lake_error *err)
{
    struct change_set *set = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *set, &set, err));
    set->lake = lake;
    set->options = *options;
    set->started_ms = lake->io.ops->now_ms(lake->io.context);
    arena_init(&set->texts, LIMIT_ENGINE_BYTES);
    TRY_OUT(partition_set_init(&set->partitions, lake, options->kind, err));
    *out = set;
    set = NULL;
out:
    change_set_free(set);
    return status;
}

void change_set_free(struct change_set *set)
{
    if (set == NULL)
        return;
    partition_set_release(&set->partitions);
    readers_unpin(set->lake, &set->pin);
    for (size_t i = 0; i < set->n_targets; i++) {
        memory_free(set->targets[i]->changes);
        memory_free(set->targets[i]);
    }
    memory_free(set->targets);
    arena_release(&set->texts);
    memory_free(set);
}

/* ---- what is to be changed ---- */

static lake_status copy_text(struct change_set *set, const char **text, struct lake_error *err)
{
    return arena_copy_text(&set->texts, *text, strlen(*text), text, err);
}

static lake_status copy_dataset(struct change_set *set, struct manifest_dataset *dataset, struct lake_error *err)
{
    TRY(copy_text(set, &dataset->exchange, err));
    TRY(copy_text(set, &dataset->market, err));
    TRY(copy_text(set, &dataset->symbol, err));
    TRY(copy_text(set, &dataset->type, err));
    return copy_text(set, &dataset->period, err);
}

static lake_status new_target(struct change_set *set, const struct manifest_dataset *dataset,
                              struct change_target **out, struct lake_error *err)
{
    struct change_target *target = NULL;
    const struct period *period = NULL;
    lake_status status = LAKE_OK;
    TRY(period_find(dataset->period, &period, err));
    if (set->n_targets == set->capacity) {
        size_t capacity = set->capacity * 2 + 16;
        TRY(memory_resize(&set->targets, capacity, sizeof *set->targets, err));
        set->capacity = capacity;
    }
    TRY(memory_new(1, sizeof *target, &target, err));
    target->dataset = *dataset;
    target->grain = period->grain;
    status = copy_dataset(set, &target->dataset, err);
    if (status != LAKE_OK) {
        memory_free(target);
        return status;
    }
    set->targets[set->n_targets++] = target;
    *out = target;
    return LAKE_OK;
}

static bool has_names(const struct manifest_dataset *a, const struct manifest_dataset *b)
{
    return strcmp(a->exchange, b->exchange) == 0 && strcmp(a->market, b->market) == 0 &&
           strcmp(a->symbol, b->symbol) == 0 && strcmp(a->type, b->type) == 0 && strcmp(a->period, b->period) == 0;
}

/* By names where it is not there yet. */
static bool is_same(const struct manifest_dataset *a, const struct manifest_dataset *b)
{
    return a->id != 0 || b->id != 0 ? a->id == b->id : has_names(a, b);
}

/* Changes come dataset by dataset, so the one at hand is nearly always the last. */
static lake_status get_target(struct change_set *set, const struct manifest_dataset *dataset,
                              struct change_target **out, struct lake_error *err)
{
    for (size_t i = set->n_targets; i > 0; i--)
        if (is_same(&set->targets[i - 1]->dataset, dataset)) {
            *out = set->targets[i - 1];
            return LAKE_OK;
        }
    return new_target(set, dataset, out, err);
}

lake_status change_set_add(struct change_set *set, const struct change *change, struct lake_error *err)
{
    struct change_target *target = NULL;
    if (change->range.end_ms <= change->range.start_ms)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a change of an empty range of time");
    TRY(get_target(set, change->dataset, &target, err));
    TRY(memory_resize(&target->changes, target->n + 1, sizeof *target->changes, err));
    struct change *copy = &target->changes[target->n];
    *copy = *change;
    copy->dataset = &target->dataset;
    target->n++;
    target->is_planned = false;
    return LAKE_OK;
}

/* ---- staging ---- */

/* The oldest snapshot whose rows are put back; 0: none are. */
static int64_t oldest_needed(const struct change_set *set)
{
    int64_t oldest = 0;
    for (size_t i = 0; i < set->n_targets; i++)
        for (size_t k = 0; k < set->targets[i]->n; k++) {
            const struct change *change = &set->targets[i]->changes[k];
            if (change->kind == CHANGE_RESTORE && change->as_of > 0 && (oldest == 0 || change->as_of < oldest))
                oldest = change->as_of;
        }
    return oldest;
}

static void add_partition(const struct partition *partition, struct lake_change_result *result)
{
    if (!partition->is_changed)
        return;
    result->n_days += (int64_t)partition->n_days;
    result->rows_removed += partition->counts.n_removed;
    result->rows_restored += partition->counts.n_restored;
    result->files_retired += (int64_t)partition->n_base;
    for (size_t i = 0; i < partition->n_base; i++)
        result->bytes_retired += partition->base[i].size_bytes;
    result->files_written += partition->has_file || partition->counts.n_kept > 0;
    result->bytes_written += partition->has_file ? partition->file.size_bytes : 0;
}

static void sum_up(const struct change_set *set, struct lake_change_result *result)
{
    const struct manifest_dataset *last = NULL;
    *result = (struct lake_change_result){.size = result->size, .of_snapshot = result->of_snapshot};
    for (size_t i = 0; i < set->partitions.n; i++) {
        const struct partition *partition = set->partitions.items[i];
        add_partition(partition, result);
        if (!partition->is_changed || partition->dataset == last)
            continue;
        last = partition->dataset;
        result->n_datasets++;
    }
}

void change_set_sum(const struct change_set *set, const struct manifest_dataset *dataset,
                    struct lake_change_result *result)
{
    *result = (struct lake_change_result){.size = result->size};
    for (size_t i = 0; i < set->partitions.n; i++)
        if (has_names(set->partitions.items[i]->dataset, dataset))
            add_partition(set->partitions.items[i], result);
    result->n_datasets = result->n_days > 0;
}

static bool has_stale(const struct partition_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->items[i]->is_stale)
            return true;
    return false;
}

static lake_status report(const struct change_set *set, struct lake_error *err)
{
    const struct lake_progress *progress = &set->options.progress;
    struct lake_change_result so_far = {.size = sizeof so_far};
    if (progress->report == NULL)
        return LAKE_OK;
    sum_up(set, &so_far);
    if (progress->report(progress->context, so_far.rows_removed + so_far.rows_restored, so_far.bytes_retired, 0) != 0)
        return lake_fail(err, LAKE_CANCELLED, "%s was cancelled", set->options.kind);
    return LAKE_OK;
}

/* Plans and stages what is not, or no longer, as it is to be committed. */
static lake_status stage(void *context, struct lake_error *err)
{
    struct change_set *set = context;
    for (size_t i = 0; i < set->partitions.n; i++) {
        const struct partition *partition = set->partitions.items[i];
        for (size_t k = 0; partition->is_stale && k < set->n_targets; k++)
            if (&set->targets[k]->dataset == partition->dataset)
                set->targets[k]->is_planned = false;
    }
    for (size_t i = 0; i < set->n_targets; i++)
        if (!set->targets[i]->is_planned)
            TRY(change_plan(set->targets[i], &set->partitions, err));
    TRY(report(set, err));
    while (has_stale(&set->partitions)) {
        TRY(set->stage(&set->partitions, STAGE_AT_ONCE, err));
        TRY(report(set, err));
    }
    return LAKE_OK;
}

static lake_status stage_first(struct change_set *set, struct lake_error *err)
{
    int64_t oldest = oldest_needed(set);
    if (oldest > 0 && !set->pin.is_held)
        TRY(readers_pin(set->lake, oldest, &set->pin, err));
    return stage(set, err);
}

static bool has_only_cuts(const struct change_set *set)
{
    for (size_t i = 0; i < set->n_targets; i++)
        for (size_t k = 0; k < set->targets[i]->n; k++)
            if (set->targets[i]->changes[k].kind != CHANGE_CUT)
                return false;
    return true;
}

lake_status change_set_preview(struct change_set *set, struct lake_change_result *result, struct lake_error *err)
{
    set->stage = has_only_cuts(set) ? partition_set_preview : partition_set_stage;
    TRY(stage_first(set, err));
    sum_up(set, result);
    for (size_t i = 0; i < set->n_targets; i++)
        set->targets[i]->is_planned = false;
    return LAKE_OK;
}

/* ---- committing ---- */

struct committing {
    struct change_set *set;
    struct lake_change_result *result;
    struct manifest_operation operation;
};

static lake_status restage(void *context, struct lake_error *err)
{
    struct committing *committing = context;
    return stage(committing->set, err);
}

/* Files that came into the ranges since: the changes are for them too. */
static lake_status check(void *context, bool *is_stale, struct lake_error *err)
{
    struct committing *committing = context;
    struct change_set *set = committing->set;
    *is_stale = false;
    for (size_t i = 0; i < set->n_targets; i++) {
        bool is_current = true;
        TRY(change_plan_check(set->targets[i], &set->partitions, &is_current, err));
        set->targets[i]->is_planned = is_current;
        *is_stale = *is_stale || !is_current;
    }
    return LAKE_OK;
}

static lake_status prepare(void *context, struct lake_error *err)
{
    struct committing *committing = context;
    struct change_set *set = committing->set;
    sum_up(set, committing->result);
    committing->operation.rows_written = committing->result->rows_restored;
    committing->operation.rows_removed = committing->result->rows_removed;
    return set->options.approve == NULL ? LAKE_OK : set->options.approve(set->options.context, err);
}

static lake_status record(void *context, const struct commit *commit, struct lake_error *err)
{
    const struct committing *committing = context;
    const struct change_set_options *options = &committing->set->options;
    return options->record(options->context, commit, err);
}

/* Columns that rows which replace others may bring. */
static const struct schema *schema_brought(const struct change_target *target)
{
    for (size_t i = 0; i < target->n; i++)
        if (target->changes[i].rows != NULL)
            return target->changes[i].rows->schema;
    return NULL;
}

static lake_status commit_targets(struct committing *committing, struct commit *commit, struct lake_error *err)
{
    struct change_set *set = committing->set;
    const struct commit_owner owner = {.restage = restage,
                                       .check = check,
                                       .prepare = prepare,
                                       .record = set->options.record == NULL ? NULL : record,
                                       .records_always = set->options.records_always,
                                       .context = committing};
    struct commit_target *targets = NULL;
    TRY(memory_new(set->n_targets, sizeof *targets, &targets, err));
    for (size_t i = 0; i < set->n_targets; i++)
        targets[i] = (struct commit_target){&set->targets[i]->dataset, schema_brought(set->targets[i])};
    commit->targets = targets;
    commit->n_targets = set->n_targets;
    lake_status status = commit_run(commit, &owner, err);
    memory_free(targets);
    return status;
}

lake_status change_set_commit(struct change_set *set, struct lake_change_result *result, struct lake_error *err)
{
    struct committing committing = {.set = set,
                                    .result = result,
                                    .operation = {.kind = set->options.kind,
                                                  .source = "",
                                                  .started_ms = set->started_ms,
                                                  .software = LAKE_SOFTWARE,
                                                  .detail = set->options.detail == NULL ? "" : set->options.detail,
                                                  .undoes = set->options.undoes,
                                                  .rows_read = set->options.rows_read}};
    struct commit commit = {.set = &set->partitions, .operation = &committing.operation};
    if (manifest_is_read_only(set->lake->manifest))
        return lake_fail(err, LAKE_PERMISSION, "%s: this user may read the lake, not write to it", set->lake->db_path);
    set->stage = partition_set_stage;
    TRY(stage_first(set, err));
    lake_status status = commit_targets(&committing, &commit, err);
    sum_up(set, result);
    result->snapshot = commit.snapshot;
    return status;
}
