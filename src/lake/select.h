/* From what a person named to datasets: filters for lists, and the one dataset that a scan reads.
 *
 * Where a scan's market, type or period is not named and several match, it takes the only one there is, else the defaults (raw,
 * FUTURES, 1m); if neither decides, the error lists the choices. */
#ifndef LAKE_SELECT_H
#define LAKE_SELECT_H

#include "lake/handle.h"
#include "lake/names.h"

/* A selection in canonical names; `filter` points into the struct. */
struct canonical {
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES];
    struct manifest_filter filter;
};

/* selection may be NULL: everything. The struct must not be moved afterwards. */
LAKE_MUST_CHECK lake_status select_filter(const struct lake_selection *selection, struct canonical *out,
                                          struct lake_error *err);
/* The dataset to read; *chosen tells that something not named was chosen among several. Strings live in the arena. */
LAKE_MUST_CHECK lake_status select_dataset(struct lake *lake, const struct lake_selection *selection,
                                           struct arena *arena, struct manifest_dataset *out, bool *chosen,
                                           struct lake_error *err);

/* The error of a selection that nothing matches, with near matches. */
LAKE_MUST_CHECK lake_status select_fail_not_found(struct lake *lake, const struct manifest_filter *wanted,
                                                  struct lake_error *err);

#endif
