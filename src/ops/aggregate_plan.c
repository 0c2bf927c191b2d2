#include "ops/aggregate_plan.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/time_unit.h"

enum { FIRST_ITEMS = 16, CANDIDATES_BYTES = 512 };

/* What a plan is made of. */
struct planner {
    struct aggregate_plan *plan;
    const struct aggregate_recipe *recipe;
    const struct schema *source;
};

/* Room for one more item. */
static lake_status reserve(void *items, size_t n, size_t *capacity, size_t size, struct lake_error *err)
{
    if (n < *capacity)
        return LAKE_OK;
    size_t larger = *capacity > 0 ? *capacity * 2 : FIRST_ITEMS;
    TRY(memory_resize(items, larger, size, err));
    *capacity = larger;
    return LAKE_OK;
}

static lake_status add_field(struct aggregate_plan *plan, struct column_field field, struct lake_error *err)
{
    TRY(reserve(&plan->fields, plan->n_fields, &plan->fields_capacity, sizeof *plan->fields, err));
    plan->fields[plan->n_fields++] = field;
    return LAKE_OK;
}

static lake_status add_series(struct aggregate_plan *plan, enum gathering gathering, int operand, int *out,
                              struct lake_error *err)
{
    for (size_t i = 0; i < plan->n_series; i++)
        if (plan->series[i].gathering == gathering && plan->series[i].operand == operand) {
            *out = (int)i;
            return LAKE_OK;
        }
    TRY(reserve(&plan->series, plan->n_series, &plan->series_capacity, sizeof *plan->series, err));
    *out = (int)plan->n_series;
    plan->series[plan->n_series++] = (struct aggregate_series){gathering, operand};
    return LAKE_OK;
}

/* ---- arguments ---- */

static bool is_taken(enum argument_class takes, enum column_type type)
{
    switch (type) {
    case COLUMN_INT32:
    case COLUMN_INT64:
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE: return true;
    case COLUMN_TIMESTAMP_MS:
    case COLUMN_TIMESTAMP_US:
    case COLUMN_TIMESTAMP_NS: return takes != TAKES_NUMBERS;
    default: return takes == TAKES_ANY;
    }
}

static lake_status fail_missing(const struct planner *planner, const char *name, const char *argument,
                                struct lake_error *err)
{
    char candidates[CANDIDATES_BYTES] = "";
    size_t used = 0;
    for (size_t i = 0; i < planner->source->n_fields && used < CANDIDATES_BYTES; i++) {
        int n = snprintf(candidates + used, CANDIDATES_BYTES - used, " %s", planner->source->fields[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s': %s has no column '%s'; it has%s", name,
                     planner->recipe->place, argument, candidates);
}

/* The operand of one argument. */
static lake_status take_argument(struct planner *planner, const struct aggregate_column *column, size_t i, int *operand,
                                 struct lake_error *err)
{
    int found = schema_find(planner->source, column->arguments[i]);
    if (found < 0)
        return fail_missing(planner, column->name, column->arguments[i], err);
    enum column_type type = planner->source->fields[found].type;
    if (!is_taken(column->function->takes, type))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s': %s does not take '%s' of %s, which is %s",
                         column->name, column->function->name, column->arguments[i], planner->recipe->place,
                         column_type_name(type));
    return operand_column(&planner->plan->operands, planner->source, found, operand, err);
}

/* The operand that a function gathers, of its arguments' operands. */
static lake_status add_operand(struct planner *planner, enum operand_form form, const int *arguments, int *out,
                               struct lake_error *err)
{
    struct operand_set *set = &planner->plan->operands;
    int first = -1, second = -1, side = -1;
    *out = arguments[0];
    if (form == OPERAND_FIRST)
        return LAKE_OK;
    if (form == OPERAND_ROWS)
        return operand_add(set, OPERAND_IS_ROW, -1, -1, out, err);
    TRY(operand_add(set, OPERAND_IS_NUMBER, arguments[0], -1, &first, err));
    if (arguments[1] >= 0)
        TRY(operand_add(set, OPERAND_IS_NUMBER, arguments[1], -1, &second, err));
    if (form == OPERAND_PRODUCT || form == OPERAND_BOUGHT_PRODUCT)
        TRY(operand_add(set, OPERAND_IS_PRODUCT, first, second, &first, err));
    if (form == OPERAND_SECOND_PAIRED)
        return operand_add(set, OPERAND_IS_PAIRED, second, first, out, err);
    *out = form == OPERAND_SECOND_NUMBER ? second : first;
    if (form != OPERAND_BOUGHT && form != OPERAND_BOUGHT_PRODUCT)
        return LAKE_OK;
    TRY(operand_add(set, OPERAND_IS_SIDE, schema_find(planner->source, "side"), -1, &side, err));
    return operand_add(set, OPERAND_IS_BOUGHT, first, side, out, err);
}

/* ---- columns ---- */

static enum column_type type_of(const struct planner *planner, const struct aggregate_function *function, int over)
{
    const struct aggregate_series *series = &planner->plan->series[over];
    const struct operand *operand = &planner->plan->operands.items[series->operand];
    if (function->under != GATHER_NONE)
        return COLUMN_DOUBLE;
    if (series->gathering == GATHER_COUNT)
        return COLUMN_INT64;
    if (series->gathering == GATHER_SUM)
        return operand->is_double ? COLUMN_DOUBLE : COLUMN_INT64;
    return operand->type; /* the first, last, least, greatest of a column itself */
}

static lake_status add_exactness(struct planner *planner, const int *arguments, int *lacking, struct lake_error *err)
{
    struct operand_set *set = &planner->plan->operands;
    int first = -1, second = -1, operand = -1;
    TRY(operand_add(set, OPERAND_IS_NUMBER, arguments[0], -1, &first, err));
    TRY(operand_add(set, OPERAND_IS_NUMBER, arguments[1], -1, &second, err));
    TRY(operand_add(set, OPERAND_IS_LACKING, first, second, &operand, err));
    return add_series(planner->plan, GATHER_COUNT, operand, lacking, err);
}

static lake_status add_column(struct planner *planner, const struct aggregate_column *column, struct lake_error *err)
{
    struct aggregate_plan *plan = planner->plan;
    const struct aggregate_function *function = column->function;
    struct aggregate_output output = {.field = plan->n_fields, .under = -1, .lacking = -1};
    int arguments[AGGREGATE_ARGUMENTS] = {-1, -1}, operand = -1;
    for (size_t i = 0; i < function->n_arguments; i++)
        TRY(take_argument(planner, column, i, &arguments[i], err));
    TRY(add_operand(planner, function->over_form, arguments, &operand, err));
    TRY(add_series(plan, function->over, operand, &output.over, err));
    if (function->under != GATHER_NONE) {
        TRY(add_operand(planner, function->under_form, arguments, &operand, err));
        TRY(add_series(plan, function->under, operand, &output.under, err));
    }
    if (function->is_exact)
        TRY(add_exactness(planner, arguments, &output.lacking, err));
    output.type = type_of(planner, function, output.over);
    TRY(reserve(&plan->outputs, plan->n_outputs, &plan->outputs_capacity, sizeof *plan->outputs, err));
    plan->outputs[plan->n_outputs++] = output;
    return add_field(plan, (struct column_field){.name = column->name, .type = output.type, .nullable = true}, err);
}

/* Whether the source has what a column of all derived bars is made of. */
static bool is_given(const struct planner *planner, const struct aggregate_column *column)
{
    enum operand_form form = column->function->over_form;
    bool needs_side = form == OPERAND_BOUGHT || form == OPERAND_BOUGHT_PRODUCT;
    int side = schema_find(planner->source, "side");
    for (size_t i = 0; i < column->function->n_arguments; i++)
        if (schema_find(planner->source, column->arguments[i]) < 0)
            return false;
    return !needs_side || (side >= 0 && planner->source->fields[side].type == COLUMN_UTF8);
}

static lake_status add_type_columns(struct planner *planner, const struct data_type *agg, struct lake_error *err)
{
    const struct aggregate_column *column;
    for (size_t i = 0; (column = aggregate_column_at(planner->recipe->source_type, i)) != NULL; i++) {
        if (!is_given(planner, column))
            continue;
        TRY(add_column(planner, column, err));
        enum column_type made = planner->plan->fields[planner->plan->n_fields - 1].type;
        const struct data_type_column *described = data_type_column(agg, column->name);
        if (described != NULL && described->type != made)
            return lake_fail(err, LAKE_INVALID_DATA, "%s: '%s' would be %s in derived bars, where it is %s",
                             planner->recipe->place, column->name, column_type_name(made),
                             column_type_name(described->type));
    }
    return LAKE_OK;
}

/* How many source bars a bar is made of: of bars that are derived themselves, the whole ones (I12). */
static lake_status add_bars(struct planner *planner, struct lake_error *err)
{
    struct aggregate_plan *plan = planner->plan;
    int bars = schema_find(planner->source, "bars"), expected = schema_find(planner->source, "bars_expected");
    int operand = -1, other = -1;
    plan->bars_field = plan->n_fields;
    plan->bars = -1;
    TRY(add_field(plan, (struct column_field){.name = "bars", .type = COLUMN_INT64, .nullable = true}, err));
    TRY(add_field(plan, (struct column_field){.name = "bars_expected", .type = COLUMN_INT64, .nullable = true}, err));
    if (!planner->recipe->source_type->has_period)
        return LAKE_OK;
    bool says_whole = strcmp(planner->recipe->source_type->name, "agg") == 0 && bars >= 0 && expected >= 0 &&
                      planner->source->fields[bars].type == COLUMN_INT64 &&
                      planner->source->fields[expected].type == COLUMN_INT64;
    if (!says_whole) {
        TRY(operand_add(&plan->operands, OPERAND_IS_ROW, -1, -1, &operand, err));
        return add_series(plan, GATHER_COUNT, operand, &plan->bars, err);
    }
    TRY(operand_column(&plan->operands, planner->source, bars, &operand, err));
    TRY(operand_column(&plan->operands, planner->source, expected, &other, err));
    TRY(operand_add(&plan->operands, OPERAND_IS_WHOLE, operand, other, &operand, err));
    return add_series(plan, GATHER_COUNT, operand, &plan->bars, err);
}

static lake_status add_own_columns(struct planner *planner, struct lake_error *err)
{
    struct aggregate_plan *plan = planner->plan;
    for (size_t i = 0; i < planner->recipe->n_columns; i++) {
        struct aggregate_column column;
        TRY(aggregate_column_parse(planner->recipe->columns[i], &plan->arena, &column, err));
        for (size_t k = 0; k < plan->n_fields; k++)
            if (strcmp(plan->fields[k].name, column.name) == 0)
                return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' is given twice", column.name);
        TRY(add_column(planner, &column, err));
    }
    return LAKE_OK;
}

static lake_status find_times(struct planner *planner, struct lake_error *err)
{
    int found = schema_find(planner->source, "ts");
    if (found < 0 || time_unit_per_ms(planner->source->fields[found].type) == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s has no column 'ts' of times", planner->recipe->place);
    planner->plan->time_column = found;
    return add_field(planner->plan, (struct column_field){.name = "ts", .type = COLUMN_TIMESTAMP_MS}, err);
}

lake_status aggregate_plan_make(struct aggregate_plan *plan, const struct aggregate_recipe *recipe,
                                const struct schema *source, struct lake_error *err)
{
    struct planner planner = {plan, recipe, source};
    const struct data_type *agg = NULL;
    TRY(bucket_check(recipe->source_period, recipe->grid.period, err));
    if (aggregate_column_at(recipe->source_type, 0) == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "bars cannot be derived from %s", recipe->source_type->name);
    TRY(data_type_find("agg", &agg, err));
    TRY(find_times(&planner, err));
    TRY(add_type_columns(&planner, agg, err));
    TRY(add_bars(&planner, err));
    TRY(add_own_columns(&planner, err));
    return schema_new(plan->fields, plan->n_fields, &plan->schema, err);
}

void aggregate_plan_release(struct aggregate_plan *plan)
{
    operand_set_release(&plan->operands);
    memory_free(plan->series);
    memory_free(plan->outputs);
    memory_free(plan->fields);
    schema_free(plan->schema);
    arena_release(&plan->arena);
}
