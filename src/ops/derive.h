/* Deriving bars: which dataset bars are derived from, by which recipe, and the bars of a range.
 *
 * Storing them (aggregate.c of the public lake_aggregate) and giving them to a reader who asks for what is not stored (read.c) go
 * through here, so that both give the same.
 *
 *     struct derive_source source;
 *     TRY(derive_resolve(lake, &request, &arena, &source, err));
 *     TRY(derivation_open(lake, &source, range, as_of, &derivation, err));
 *     while ((status = derivation_next(derivation, &batch, err)) == LAKE_OK && batch.release != NULL) … */
#ifndef OPS_DERIVE_H
#define OPS_DERIVE_H

#include <datalake/bars.h>

#include "lake/scan.h"
#include "ops/aggregate.h"

#define AGGREGATE_KIND "aggregate" /* of operations that store derived bars */

struct derive_request {
    struct lake_selection
        dataset; /* exchange and symbol; market NULL: chosen as a scan chooses it. Type and period: of what is wanted */
    const struct period *target;
    const struct lake_recipe *recipe; /* NULL: the lake's */
    int64_t source_id; /* the dataset that bars are to be derived from, whatever the recipe says; 0: what it says */
    int64_t as_of;     /* 0: now */
};

struct derive_source {              /* strings live in the arena */
    struct manifest_dataset source; /* that bars are derived from */
    struct manifest_dataset target; /* agg of the same instrument; id 0 where it is not stored */
    const struct data_type *source_type;
    const struct period *source_period;
    struct bucket_grid grid;
    const char *const *columns;
    size_t n_columns;
    const char *recipe; /* canonical text: for the manifest's derivation */
    /* Set by who looked at the chain (derive_chain.h): the source is derived itself and is not current, so that its bars are derived on the way,
     * by this; NULL: they are read. */
    const struct derive_source *through;
};

/* The source that a recipe means; where it does not say: dl.toml's, else 1m, raw before agg; else the finest stored bars that divide the target,
 * raw before agg; else trades. LAKE_NOT_FOUND with near matches, LAKE_INVALID_ARGUMENT with the candidates. */
LAKE_MUST_CHECK lake_status derive_resolve(struct lake *lake, const struct derive_request *request, struct arena *arena,
                                           struct derive_source *out, struct lake_error *err);

/* What of a derived dataset is not what its source's contents would give now. Told from the manifest alone. */
struct derive_state {
    bool is_stored;  /* by a derivation with the same recipe and source */
    bool is_other;   /* stored, by another recipe or source */
    bool is_current; /* nothing is to be derived */
    struct range_list
        stale; /* ranges of buckets to be derived again, where is_stored or nothing is; memory_free items */
};
LAKE_MUST_CHECK lake_status derive_examine(struct lake *lake, const struct derive_source *source,
                                           struct derive_state *out, struct lake_error *err);

struct derivation;

/* Bars whose open time lies in [start, end), derived from rows that are stored, whatever derived bars are. */
LAKE_MUST_CHECK lake_status derivation_open(struct lake *lake, const struct derive_source *source,
                                            struct time_range range, int64_t as_of, struct derivation **out,
                                            struct lake_error *err);
void derivation_close(struct derivation *derivation);
const struct schema *derivation_schema(const struct derivation *derivation); /* lives as long as it */
int64_t derivation_snapshot(const struct derivation *derivation);
/* The next bars; without `release` it is the end. */
LAKE_MUST_CHECK lake_status derivation_next(struct derivation *derivation, struct batch *out, struct lake_error *err);

#endif
