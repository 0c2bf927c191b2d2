/* What a recipe means for a source: which columns come out, and what is gathered of which values for each.
 *
 * A series is one gathering over one operand; columns share it (the volume, and what the weighted price is divided by). The plan is
 * made before the first row and not changed by rows, but for its operands' scratch memory.
 *
 *     struct aggregate_plan plan = AGGREGATE_PLAN_INIT;
 *     TRY_OUT(aggregate_plan_make(&plan, &recipe, source_schema, err));
 *     out: aggregate_plan_release(&plan); */
#ifndef OPS_AGGREGATE_PLAN_H
#define OPS_AGGREGATE_PLAN_H

#include "ops/aggregate.h"
#include "ops/aggregate_operand.h"

struct aggregate_series {
    enum gathering gathering;
    int operand;
};

/* A column: the value of `over`, or over / under. Null where `over` has none, `under` is 0, or `lacking` counted a row. */
struct aggregate_output {
    size_t field; /* of the schema */
    enum column_type type;
    int over, under, lacking; /* series; -1: none */
};

struct aggregate_plan {
    struct arena arena;
    struct operand_set operands;
    struct aggregate_series *series;
    size_t n_series, series_capacity;
    struct aggregate_output *outputs;
    size_t n_outputs, outputs_capacity;
    struct column_field *fields; /* while it is made */
    size_t n_fields, fields_capacity;
    struct schema *schema;
    int time_column;
    size_t bars_field; /* bars_expected stands behind it */
    int bars;          /* the series that counts source bars; -1: trades */
};

/* Names and lines of a recipe. */
#define LIMIT_AGGREGATE_BYTES (1 * MIB)
#define AGGREGATE_PLAN_INIT                                                                                            \
    {                                                                                                                  \
        .arena = ARENA_INIT(LIMIT_AGGREGATE_BYTES)                                                                     \
    }

LAKE_MUST_CHECK lake_status aggregate_plan_make(struct aggregate_plan *plan, const struct aggregate_recipe *recipe,
                                                const struct schema *source, struct lake_error *err);
void aggregate_plan_release(struct aggregate_plan *plan);

#endif
