/* The recipe of derived bars that are stored, from its text in the manifest (derive_recipe_text writes it): what is read in their place must
 * be made the same way, whatever dl.toml says. */
#ifndef OPS_READ_RECIPE_H
#define OPS_READ_RECIPE_H

#include <datalake/bars.h>

#include "base/arena.h"

/* "from raw 1m, offset 30m, spread_max=max(spread)". Says all members, so that nothing is taken from dl.toml. LAKE_CORRUPT where it is no
 * such text. */
LAKE_MUST_CHECK lake_status read_recipe_parse(const char *text, struct arena *arena, struct lake_recipe *out,
                                              struct lake_error *err);

#endif
