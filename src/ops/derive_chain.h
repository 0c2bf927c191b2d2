/* Chains: bars that are derived from bars that are derived themselves (trades to 1m, those to 1h). A derived source is as current as what it was
 * derived from, which only its own derivation tells.
 *
 *     TRY(derive_chain_find(lake, &source.source, 0, &arena, &link, err));
 *     if (link.derive != NULL && !link.is_current)
 *         source.through = link.derive;          // its rows are derived on the way as well */
#ifndef OPS_DERIVE_CHAIN_H
#define OPS_DERIVE_CHAIN_H

#include "manifest/knowledge.h"
#include "ops/derive.h"

struct derive_link {
    struct derive_source
        *derive; /* how the dataset was derived; NULL: it was not, or from what is not there any more. In the arena */
    bool is_current; /* it is, and so is all that it was derived from; true where it was not derived */
};

/* Of a stored dataset, now (as_of 0) or in a snapshot. What its own source is derived from in turn stands in `through`, where that is not current. Each link is finer than the
 * one before, so a chain ends. Not under the lake's mutex. */
LAKE_MUST_CHECK lake_status derive_chain_find(struct lake *lake, const struct manifest_dataset *dataset, int64_t as_of,
                                              struct arena *arena, struct derive_link *out, struct lake_error *err);

/* Whether a derivation was what had last changed the dataset in a snapshot, and its source had not changed since: a delete or an undo leaves
 * less than its source gives. Under the lake's mutex. */
LAKE_MUST_CHECK lake_status derive_find_fit(struct manifest *manifest, const struct manifest_derivation *derivation,
                                            int64_t as_of, struct arena *arena, bool *out, struct lake_error *err);

#endif
