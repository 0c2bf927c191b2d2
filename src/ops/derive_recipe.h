/* A recipe as it was asked for, understood: which source it means, how buckets are laid, and which columns there are besides.
 *
 * What the caller does not say, dl.toml's [aggregate] says, member by member.
 *
 *     struct derive_recipe recipe;
 *     TRY(derive_recipe_read(lake, given, &arena, &recipe, err));
 *     TRY(derive_recipe_grid(&recipe, target, &grid, err)); */
#ifndef OPS_DERIVE_RECIPE_H
#define OPS_DERIVE_RECIPE_H

#include <datalake/bars.h>

#include "base/arena.h"
#include "ops/aggregate_column.h"
#include "ops/bucket.h"

struct derive_recipe {            /* texts live in the arena, or are the caller's */
    const struct data_type *type; /* of the source: trades or aggtrades; NULL: bars, or not said */
    const struct period *period;  /* of the source; NULL: not said */
    int64_t offset_ms, origin_ms;
    bool has_origin;
    const char *const *columns; /* each "name=function(column)", without blanks */
    size_t n_columns;
};

/* given may be NULL. LAKE_INVALID_ARGUMENT with the choices. */
LAKE_MUST_CHECK lake_status derive_recipe_read(struct lake *lake, const struct lake_recipe *given, struct arena *arena,
                                               struct derive_recipe *out, struct lake_error *err);
LAKE_MUST_CHECK lake_status derive_recipe_grid(const struct derive_recipe *recipe, const struct period *target,
                                               struct bucket_grid *grid, struct lake_error *err);
/* What stands in the manifest, and in messages: "from raw 1m, offset 30m, spread_max=max(spread)". Equal texts derive equal bars. */
LAKE_MUST_CHECK lake_status derive_recipe_text(const struct derive_recipe *recipe,
                                               const struct manifest_dataset *source, const struct bucket_grid *grid,
                                               struct arena *arena, const char **out, struct lake_error *err);

/* Texts of a list that is separated by commas outside of parentheses, without blanks. */
LAKE_MUST_CHECK lake_status derive_recipe_split(const char *list, struct arena *arena, const char *const **out,
                                                size_t *n, struct lake_error *err);

#endif
