/* Operations, the sources from which they brought rows, and where in these a row stands. */
#ifndef OPS_EXPLAIN_SOURCE_H
#define OPS_EXPLAIN_SOURCE_H

#include "ops/explain.h"

/* Its row, unless it has one already. */
LAKE_MUST_CHECK lake_status explain_tell_operation(struct explain *explain, const struct explain_operation *operation,
                                                   int64_t depth, struct lake_error *err);
LAKE_MUST_CHECK lake_status explain_tell_sources(struct explain *explain, const struct explain_rows *rows,
                                                 const struct explain_facts *facts, struct lake_error *err);

/* Lines of a source. */
struct explain_lines {
    int64_t from, to;
    bool is_exact; /* else: somewhere in them */
};
/* Where the rows [first_ms, last_ms] of a run stand. It is known exactly where the run's rows follow each other line by line and, of
 * bars, slot by slot, in one direction. */
struct explain_lines explain_find_lines(const struct manifest_origin *origin, const struct period *period,
                                        int64_t first_ms, int64_t last_ms);

#endif
