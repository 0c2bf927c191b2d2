#include "ops/derive_chain.h"

#include "base/memory.h"
#include "lake/handle.h"
#include "manifest/knowledge.h"
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

static lake_status resolve(struct lake *lake, const struct manifest_dataset *dataset,
                           const struct manifest_derivation *derivation, struct arena *arena, struct derive_link *out,
                           struct lake_error *err)
{
    struct lake_recipe recipe;
    struct derive_request request = {
        .dataset = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period},
        .recipe = &recipe,
        .source_id = derivation->source_id};
    struct derive_source *derive = NULL;
    TRY(read_recipe_parse(derivation->recipe, arena, &recipe, err));
    TRY(period_find(dataset->period, &request.target, err));
    TRY(arena_new(arena, 1, sizeof *derive, &derive, err));
    lake_status status = derive_resolve(lake, &request, arena, derive, err);
    out->derive = status == LAKE_OK ? derive : NULL;
    return status == LAKE_NOT_FOUND ? LAKE_OK : status;
}

static lake_status examine(struct lake *lake, const struct derive_source *derive, bool *is_current,
                           struct lake_error *err)
{
    struct derive_state state;
    TRY(derive_examine(lake, derive, &state, err));
    *is_current = state.is_current;
    memory_free(state.stale.items);
    return LAKE_OK;
}

lake_status derive_chain_find(struct lake *lake, const struct manifest_dataset *dataset, struct arena *arena,
                              struct derive_link *out, struct lake_error *err)
{
    struct manifest_derivation derivation;
    struct derive_link next;
    bool is_found = false, is_examined = false;
    *out = (struct derive_link){.derive = NULL, .is_current = true};
    TRY(find_derivation(lake, dataset, arena, &derivation, &is_found, err));
    if (!is_found)
        return LAKE_OK;
    TRY(resolve(lake, dataset, &derivation, arena, out, err));
    if (out->derive == NULL)
        return LAKE_OK;
    TRY(derive_chain_find(lake, &out->derive->source, arena, &next, err));
    TRY(examine(lake, out->derive, &is_examined, err));
    if (next.derive != NULL && !next.is_current)
        out->derive->through = next.derive;
    out->is_current = is_examined && next.is_current;
    return LAKE_OK;
}
