/* Rows made of other rows: which rows of one or two batches become each row of a result, and carrying that out column by column.
 *
 * Each row of the result is made of candidates; of these the last that has a value counts, a column at a time. Columns of the batches are
 * matched by name; a column whose type differs between the two is LAKE_INVALID_DATA.
 *
 *     struct row_plan plan = {.sources = {stored, incoming}};
 *     TRY_OUT(row_plan_reserve(&plan, n_candidates, err));
 *     row_plan_begin_row(&plan);
 *     row_plan_add(&plan, 7, ROW_STORED);
 *     row_plan_end(&plan);
 *     TRY_OUT(row_plan_carry_out(&plan, &result, err));
 *     out: row_plan_release(&plan); */
#ifndef LAKE_ROW_PLAN_H
#define LAKE_ROW_PLAN_H

#include "column/batch.h"

enum { ROW_STORED = 0, ROW_INCOMING = 1 };

/* A row of one of the two batches. */
struct row_candidate {
    int64_t row;
    int source;
};

struct row_plan {
    const struct batch *sources[2]; /* the second may be NULL */
    struct row_candidate *candidates;
    int64_t *starts; /* row i is made of candidates [starts[i], starts[i + 1]), the latest last */
    int64_t n_rows, n_candidates;
    bool *is_changed; /* of each row, whether an incoming value differs from the stored one; carrying out tells */
};

/* The columns of both batches (the second may be NULL), those of the first before the others. */
LAKE_MUST_CHECK lake_status row_plan_unite_schemas(const struct batch *const sources[2], struct schema **out,
                                                   struct lake_error *err);

/* No plan has more rows than candidates. */
LAKE_MUST_CHECK lake_status row_plan_reserve(struct row_plan *plan, int64_t n_candidates, struct lake_error *err);
void row_plan_release(struct row_plan *plan);
/* The result owns its memory. */
LAKE_MUST_CHECK lake_status row_plan_carry_out(const struct row_plan *plan, struct batch *out, struct lake_error *err);

static inline void row_plan_begin_row(struct row_plan *plan)
{
    plan->starts[plan->n_rows++] = plan->n_candidates;
}

static inline void row_plan_add(struct row_plan *plan, int64_t row, int source)
{
    plan->candidates[plan->n_candidates++] = (struct row_candidate){row, source};
}

static inline void row_plan_end(struct row_plan *plan)
{
    plan->starts[plan->n_rows] = plan->n_candidates;
}

#endif
