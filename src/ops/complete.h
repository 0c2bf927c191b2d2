/* Whether derived bars are complete: made of as many source bars as there should be (I12). Pure.
 *
 * A bar is complete where `bars` equals `bars_expected`, and lacks source bars where it is less. A row in which either is null says
 * nothing: rows that fill a gap are of this kind.
 *
 *     struct completeness known;
 *     completeness_init(&known, schema);
 *     TRY(completeness_keep(&known, &batch, err));           // only complete bars are left
 *     completeness_count(&known, &batch);                    // known.n_bars, known.n_incomplete */
#ifndef OPS_COMPLETE_H
#define OPS_COMPLETE_H

#include "column/batch.h"

struct completeness {
    int bars, expected; /* columns; -1 where one of them is not there */
    int64_t n_bars;     /* counted so far: rows that say both */
    int64_t n_incomplete;
};

void completeness_init(struct completeness *known, const struct schema *schema);
bool completeness_is_told(const struct completeness *known);
/* Leaves out the rows that are not complete bars. On failure the batch is released. The schema must have both columns. */
LAKE_MUST_CHECK lake_status completeness_keep(const struct completeness *known, struct batch *batch,
                                              struct lake_error *err);
/* Nothing where the schema has not both columns. */
void completeness_count(struct completeness *known, const struct batch *batch);

#endif
