#include "ops/derive_chain.h"

#include <string.h>

#include "base/memory.h"
#include "lake/handle.h"
#include "manifest/history.h"
#include "ops/read_recipe.h"

static lake_status find_derivation(struct lake *lake, const struct manifest_dataset *dataset, struct arena *arena,
                                   struct manifest_derivation *out, bool *is_found, struct lake_error *err)
{
    *is_found = false;
    if (dataset->id == 0)
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = manifest_find_derivation(lake->manifest, dataset->id, arena, out, is_found, err);
    mutex_unlock(lake->mutex);
    return status;
}

struct chain_look {
    struct lake *lake;
    struct arena *arena;
    int64_t as_of; /* 0: now */
};

static lake_status resolve(const struct chain_look *look, const struct manifest_dataset *dataset,
                           const struct manifest_derivation *derivation, struct derive_link *out,
                           struct lake_error *err)
{
    struct lake_recipe recipe;
    struct derive_request request = {
        .dataset = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
        .recipe = &recipe,
        .source_id = derivation->source_id,
        .as_of = look->as_of};
    struct derive_source *derive = NULL;
    TRY(read_recipe_parse(derivation->recipe, look->arena, &recipe, err));
    TRY(period_find(dataset->period, &request.target, err));
    TRY(arena_new(look->arena, 1, sizeof *derive, &derive, err));
    lake_status status = derive_resolve(look->lake, &request, look->arena, derive, err);
    out->derive = status == LAKE_OK ? derive : NULL;
    return status == LAKE_NOT_FOUND ? LAKE_OK : status;
}

lake_status derive_find_fit(struct manifest *manifest, const struct manifest_derivation *derivation, int64_t as_of,
                            struct arena *arena, bool *out, struct lake_error *err)
{
    struct manifest_log_entry entry;
    int64_t source = 0, target = 0;
    *out = false;
    TRY(manifest_find_changed_at(manifest, derivation->source_id, as_of, &source, err));
    TRY(manifest_find_changed_at(manifest, derivation->dataset_id, as_of, &target, err));
    if (source > target || target == 0)
        return LAKE_OK;
    lake_status status = manifest_find_log_entry(manifest, target, arena, &entry, err);
    *out = status == LAKE_OK && strcmp(entry.operation.kind, AGGREGATE_KIND) == 0;
    return status == LAKE_NOT_FOUND ? LAKE_OK : status;
}

/* Unchanged since the snapshot, the two are what they are now. */
static lake_status find_current_at(const struct chain_look *look, const struct manifest_derivation *derivation,
                                   bool *is_current, struct lake_error *err)
{
    struct manifest *manifest = look->lake->manifest;
    int64_t source = 0, target = 0;
    TRY(manifest_find_changed(manifest, derivation->source_id, &source, err));
    TRY(manifest_find_changed(manifest, derivation->dataset_id, &target, err));
    if (source > look->as_of || target > look->as_of)
        return derive_find_fit(manifest, derivation, look->as_of, look->arena, is_current, err);
    *is_current = derivation->source_changed == source && derivation->target_changed == target;
    return LAKE_OK;
}

static lake_status examine(const struct chain_look *look, const struct manifest_derivation *derivation,
                           const struct derive_source *derive, bool *is_current, struct lake_error *err)
{
    struct lake *lake = look->lake;
    struct derive_state state;
    bool begun = false;
    if (look->as_of != 0) {
        mutex_lock(lake->mutex);
        lake_status status = manifest_read_begin(lake->manifest, &begun, err);
        if (status == LAKE_OK)
            status = manifest_read_end(lake->manifest, begun, find_current_at(look, derivation, is_current, err), err);
        mutex_unlock(lake->mutex);
        return status;
    }
    TRY(derive_examine(lake, derive, &state, err));
    *is_current = state.is_current;
    memory_free(state.stale.items);
    return LAKE_OK;
}

lake_status derive_chain_find(struct lake *lake, const struct manifest_dataset *dataset, int64_t as_of,
                              struct arena *arena, struct derive_link *out, struct lake_error *err)
{
    const struct chain_look look = {lake, arena, as_of};
    struct manifest_derivation derivation;
    struct derive_link next;
    bool is_found = false, is_examined = false;
    *out = (struct derive_link){.derive = NULL, .is_current = true};
    TRY(find_derivation(lake, dataset, arena, &derivation, &is_found, err));
    if (!is_found)
        return LAKE_OK;
    TRY(resolve(&look, dataset, &derivation, out, err));
    if (out->derive == NULL)
        return LAKE_OK;
    TRY(derive_chain_find(lake, &out->derive->source, as_of, arena, &next, err));
    TRY(examine(&look, &derivation, out->derive, &is_examined, err));
    if (next.derive != NULL && !next.is_current)
        out->derive->through = next.derive;
    out->is_current = is_examined && next.is_current;
    return LAKE_OK;
}
