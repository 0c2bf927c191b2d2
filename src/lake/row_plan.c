#include "lake/row_plan.h"

#include <string.h>

#include "base/memory.h"

enum { NO_ROW = -1 };

lake_status row_plan_reserve(struct row_plan *plan, int64_t n_candidates, struct lake_error *err)
{
    TRY(memory_new((size_t)n_candidates, sizeof *plan->candidates, &plan->candidates, err));
    TRY(memory_new((size_t)n_candidates + 1, sizeof *plan->starts, &plan->starts, err));
    return memory_new((size_t)n_candidates, sizeof *plan->is_changed, &plan->is_changed, err);
}

void row_plan_release(struct row_plan *plan)
{
    memory_free(plan->candidates);
    memory_free(plan->starts);
    memory_free(plan->is_changed);
}

/* ---- the schema of the result ---- */

static lake_status add_field(struct column_field *fields, size_t *n, const struct column_field *field,
                             struct lake_error *err)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(fields[i].name, field->name) != 0)
            continue;
        if (fields[i].type != field->type || fields[i].width != field->width)
            return lake_fail(err, LAKE_INVALID_DATA, "column %s is %s in the lake and %s in the new rows", field->name,
                             column_type_name(fields[i].type), column_type_name(field->type));
        fields[i].nullable = fields[i].nullable || field->nullable;
        return LAKE_OK;
    }
    fields[(*n)++] = *field;
    return LAKE_OK;
}

/* A column that only one side has is null in the rows of the other. */
static void allow_missing(struct column_field *fields, size_t n, const struct schema *schema)
{
    for (size_t i = 0; i < n; i++)
        if (schema_find(schema, fields[i].name) < 0)
            fields[i].nullable = true;
}

lake_status row_plan_unite_schemas(const struct batch *const sources[2], struct schema **out, struct lake_error *err)
{
    struct column_field *fields = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    size_t n_most = sources[0]->schema->n_fields + (sources[1] == NULL ? 0 : sources[1]->schema->n_fields);
    TRY(memory_new(n_most, sizeof *fields, &fields, err));
    for (int source = 0; source < 2 && sources[source] != NULL; source++)
        for (size_t i = 0; i < sources[source]->schema->n_fields; i++)
            TRY_OUT(add_field(fields, &n, &sources[source]->schema->fields[i], err));
    for (int source = 0; source < 2 && sources[source] != NULL; source++)
        allow_missing(fields, n, sources[source]->schema);
    status = schema_new(fields, n, out, err);
out:
    memory_free(fields);
    return status;
}

/* ---- one column of the result ---- */

struct gather {
    const struct row_plan *plan;
    const struct column_field *field;
    const struct column *columns[2]; /* of each source, NULL where it has none */
    struct row_candidate *chosen;    /* of each output row; row NO_ROW: null */
    int64_t n_nulls;
};

static bool values_equal(const struct gather *gather, struct row_candidate a, struct row_candidate b)
{
    const struct column *x = gather->columns[a.source];
    const struct column *y = gather->columns[b.source];
    size_t width = column_type_width(gather->field);
    if (gather->field->type == COLUMN_BOOL)
        return bit_get(x->values, a.row) == bit_get(y->values, b.row);
    const uint8_t *p = x->values;
    const uint8_t *q = y->values;
    if (!column_type_has_offsets(gather->field->type))
        return memcmp(p + (size_t)a.row * width, q + (size_t)b.row * width, width) == 0;
    int32_t n = x->offsets[a.row + 1] - x->offsets[a.row];
    if (n != y->offsets[b.row + 1] - y->offsets[b.row])
        return false;
    return n == 0 || memcmp(p + x->offsets[a.row], q + y->offsets[b.row], (size_t)n) == 0;
}

static bool has_value(const struct gather *gather, struct row_candidate candidate)
{
    const struct column *column = gather->columns[candidate.source];
    return column != NULL && column_is_valid(column, candidate.row);
}

/* The latest candidate with a value; marks the row as changed where an incoming value replaces another or fills a null. */
static void choose_row(struct gather *gather, int64_t row)
{
    const struct row_plan *plan = gather->plan;
    struct row_candidate chosen = {NO_ROW, ROW_STORED};
    int64_t first = plan->starts[row];
    for (int64_t i = plan->starts[row + 1] - 1; i >= first && chosen.row == NO_ROW; i--)
        if (has_value(gather, plan->candidates[i]))
            chosen = plan->candidates[i];
    gather->chosen[row] = chosen;
    gather->n_nulls += chosen.row == NO_ROW;
    struct row_candidate stored = plan->candidates[first];
    if (chosen.row != NO_ROW && chosen.source == ROW_INCOMING && stored.source == ROW_STORED)
        plan->is_changed[row] =
            plan->is_changed[row] || !has_value(gather, stored) || !values_equal(gather, stored, chosen);
}

static void copy_fixed(const struct gather *gather, struct column *out)
{
    size_t width = column_type_width(gather->field);
    uint8_t *to = out->values;
    for (int64_t row = 0; row < gather->plan->n_rows; row++, to += width) {
        struct row_candidate from = gather->chosen[row];
        if (from.row == NO_ROW) {
            memset(to, 0, width);
            continue;
        }
        const uint8_t *values = gather->columns[from.source]->values;
        memcpy(to, values + (size_t)from.row * width, width);
    }
}

static void copy_bits(const struct gather *gather, struct column *out)
{
    for (int64_t row = 0; row < gather->plan->n_rows; row++) {
        struct row_candidate from = gather->chosen[row];
        bit_set(out->values, row, from.row != NO_ROW && bit_get(gather->columns[from.source]->values, from.row));
    }
}

static lake_status copy_text(const struct gather *gather, struct batch *out, size_t column, struct lake_error *err)
{
    int64_t total = 0;
    int32_t *offsets = out->columns[column].offsets;
    for (int64_t row = 0; row < gather->plan->n_rows; row++) {
        struct row_candidate from = gather->chosen[row];
        const struct column *source = from.row == NO_ROW ? NULL : gather->columns[from.source];
        total += source == NULL ? 0 : source->offsets[from.row + 1] - source->offsets[from.row];
        if (total > INT32_MAX)
            return lake_fail(err, LAKE_NO_MEMORY, "column %s holds more than 2 GiB of text in one partition",
                             gather->field->name);
        offsets[row + 1] = (int32_t)total;
    }
    TRY(batch_add_bytes(out, column, (size_t)total, err));
    uint8_t *to = out->columns[column].values;
    for (int64_t row = 0; row < gather->plan->n_rows; row++) {
        struct row_candidate from = gather->chosen[row];
        if (from.row == NO_ROW || offsets[row + 1] == offsets[row])
            continue;
        const struct column *source = gather->columns[from.source];
        const uint8_t *bytes = source->values;
        memcpy(to + offsets[row], bytes + source->offsets[from.row], (size_t)(offsets[row + 1] - offsets[row]));
    }
    return LAKE_OK;
}

static lake_status gather_column(struct gather *gather, struct batch *out, size_t column, struct lake_error *err)
{
    gather->n_nulls = 0;
    gather->field = &out->schema->fields[column];
    for (int source = 0; source < 2; source++) {
        const struct batch *batch = gather->plan->sources[source];
        int found = batch == NULL ? -1 : schema_find(batch->schema, gather->field->name);
        gather->columns[source] = found < 0 ? NULL : &batch->columns[found];
    }
    for (int64_t row = 0; row < gather->plan->n_rows; row++)
        choose_row(gather, row);
    if (gather->n_nulls > 0) {
        TRY(batch_add_validity(out, column, err));
        for (int64_t row = 0; row < gather->plan->n_rows; row++)
            bit_set(out->columns[column].validity, row, gather->chosen[row].row != NO_ROW);
        out->columns[column].null_count = gather->n_nulls;
    }
    if (column_type_has_offsets(gather->field->type))
        return copy_text(gather, out, column, err);
    if (gather->field->type == COLUMN_BOOL)
        copy_bits(gather, &out->columns[column]);
    else
        copy_fixed(gather, &out->columns[column]);
    return LAKE_OK;
}

lake_status row_plan_carry_out(const struct row_plan *plan, struct batch *out, struct lake_error *err)
{
    struct schema *schema = NULL;
    struct gather gather = {.plan = plan};
    struct batch result = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(row_plan_unite_schemas(plan->sources, &schema, err));
    TRY_OUT(memory_new((size_t)plan->n_rows, sizeof *gather.chosen, &gather.chosen, err));
    TRY_OUT(batch_new(&result, schema, plan->n_rows, err));
    result.owns_schema = true;
    schema = NULL;
    for (size_t i = 0; i < result.schema->n_fields; i++)
        TRY_OUT(gather_column(&gather, &result, i, err));
    batch_move(out, &result);
out:
    batch_release(&result);
    schema_free(schema);
    memory_free(gather.chosen);
    return status;
}
