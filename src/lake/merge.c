#include "lake/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { STORED = 0, INCOMING = 1, NO_ROW = -1 };

/* A row of one of two batches. */
struct candidate {
    int64_t row;
    int source;
};

/* What becomes of the rows: output row i is made of candidates [starts[i], starts[i + 1]), the latest last. */
struct plan {
    const struct batch *sources[2];
    struct candidate *candidates;
    int64_t *starts;
    int64_t n_rows;
    bool *is_changed; /* of each output row, whether an incoming value differs from the stored one */
};

static void plan_release(struct plan *plan)
{
    memory_free(plan->candidates);
    memory_free(plan->starts);
    memory_free(plan->is_changed);
}

static lake_status plan_reserve(struct plan *plan, int64_t n_candidates, struct lake_error *err)
{
    TRY(memory_new((size_t)n_candidates, sizeof *plan->candidates, &plan->candidates, err));
    TRY(memory_new((size_t)n_candidates + 1, sizeof *plan->starts, &plan->starts, err));
    return memory_new((size_t)n_candidates, sizeof *plan->is_changed, &plan->is_changed, err);
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

static lake_status unite_schemas(const struct batch *const sources[2], struct schema **out, struct lake_error *err)
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
    const struct plan *plan;
    const struct column_field *field;
    const struct column *columns[2]; /* of each source, NULL where it has none */
    struct candidate *chosen;        /* of each output row; row NO_ROW: null */
    int64_t n_nulls;
};

static bool values_equal(const struct gather *gather, struct candidate a, struct candidate b)
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

static bool has_value(const struct gather *gather, struct candidate candidate)
{
    const struct column *column = gather->columns[candidate.source];
    return column != NULL && column_is_valid(column, candidate.row);
}

/* The latest candidate with a value; marks the row as changed where an incoming value replaces another or fills a null. */
static void choose_row(struct gather *gather, int64_t row)
{
    const struct plan *plan = gather->plan;
    struct candidate chosen = {NO_ROW, STORED};
    int64_t first = plan->starts[row];
    for (int64_t i = plan->starts[row + 1] - 1; i >= first && chosen.row == NO_ROW; i--)
        if (has_value(gather, plan->candidates[i]))
            chosen = plan->candidates[i];
    gather->chosen[row] = chosen;
    gather->n_nulls += chosen.row == NO_ROW;
    struct candidate stored = plan->candidates[first];
    if (chosen.row != NO_ROW && chosen.source == INCOMING && stored.source == STORED)
        plan->is_changed[row] =
            plan->is_changed[row] || !has_value(gather, stored) || !values_equal(gather, stored, chosen);
}

static void copy_fixed(const struct gather *gather, struct column *out)
{
    size_t width = column_type_width(gather->field);
    uint8_t *to = out->values;
    for (int64_t row = 0; row < gather->plan->n_rows; row++, to += width) {
        struct candidate from = gather->chosen[row];
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
        struct candidate from = gather->chosen[row];
        bit_set(out->values, row, from.row != NO_ROW && bit_get(gather->columns[from.source]->values, from.row));
    }
}

static lake_status copy_text(const struct gather *gather, struct batch *out, size_t column, struct lake_error *err)
{
    int64_t total = 0;
    int32_t *offsets = out->columns[column].offsets;
    for (int64_t row = 0; row < gather->plan->n_rows; row++) {
        struct candidate from = gather->chosen[row];
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
        struct candidate from = gather->chosen[row];
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

static lake_status carry_out(const struct plan *plan, struct batch *out, struct lake_error *err)
{
    struct schema *schema = NULL;
    struct gather gather = {.plan = plan};
    struct batch result = {0};
    lake_status status = LAKE_OK;
    TRY_OUT(unite_schemas(plan->sources, &schema, err));
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

/* ---- sorting ---- */

static bool is_strictly_ascending(const int64_t *ts, int64_t n_rows)
{
    for (int64_t i = 1; i < n_rows; i++)
        if (ts[i] <= ts[i - 1])
            return false;
    return true;
}

struct keyed_row {
    int64_t ts;
    int64_t row;
};

static int compare_keyed_rows(const void *a, const void *b)
{
    const struct keyed_row *x = a;
    const struct keyed_row *y = b;
    if (x->ts != y->ts)
        return x->ts < y->ts ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row; /* source order */
}

static void plan_sorted(struct plan *plan, const struct keyed_row *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || rows[i].ts != rows[i - 1].ts)
            plan->starts[plan->n_rows++] = i;
        plan->candidates[i] = (struct candidate){rows[i].row, STORED};
    }
    plan->starts[plan->n_rows] = n;
}

lake_status merge_sort(struct batch *in, struct batch *out, struct lake_error *err)
{
    struct plan plan = {.sources = {in, NULL}};
    struct keyed_row *rows = NULL;
    const int64_t *ts = batch_values(in, 0);
    lake_status status = LAKE_OK;
    if (is_strictly_ascending(ts, in->n_rows)) {
        batch_move(out, in);
        return LAKE_OK;
    }
    TRY_OUT(plan_reserve(&plan, in->n_rows, err));
    TRY_OUT(memory_new((size_t)in->n_rows, sizeof *rows, &rows, err));
    for (int64_t i = 0; i < in->n_rows; i++)
        rows[i] = (struct keyed_row){ts[i], i};
    qsort(rows, (size_t)in->n_rows, sizeof *rows, compare_keyed_rows);
    plan_sorted(&plan, rows, in->n_rows);
    TRY_OUT(carry_out(&plan, out, err));
    batch_release(in);
out:
    memory_free(rows);
    plan_release(&plan);
    return status;
}

/* ---- merging ---- */

static void plan_merged(struct plan *plan, const int64_t *stored, int64_t n_stored, const int64_t *incoming,
                        int64_t n_incoming)
{
    int64_t i = 0, j = 0, n = 0;
    while (i < n_stored || j < n_incoming) {
        bool take_stored = i < n_stored && (j >= n_incoming || stored[i] <= incoming[j]);
        bool take_incoming = j < n_incoming && (i >= n_stored || incoming[j] <= stored[i]);
        plan->starts[plan->n_rows++] = n;
        if (take_stored)
            plan->candidates[n++] = (struct candidate){i++, STORED};
        if (take_incoming)
            plan->candidates[n++] = (struct candidate){j++, INCOMING};
    }
    plan->starts[plan->n_rows] = n;
}

static void count_rows(const struct plan *plan, struct merge_counts *counts)
{
    *counts = (struct merge_counts){0, 0, 0};
    for (int64_t row = 0; row < plan->n_rows; row++) {
        struct candidate last = plan->candidates[plan->starts[row + 1] - 1];
        bool is_alone = plan->starts[row + 1] - plan->starts[row] == 1;
        if (last.source == STORED)
            continue;
        counts->n_new += is_alone;
        counts->n_changed += !is_alone && plan->is_changed[row];
        counts->n_equal += !is_alone && !plan->is_changed[row];
    }
}

lake_status merge_batches(const struct batch *stored, const struct batch *incoming, struct batch *out,
                          struct merge_counts *counts, struct lake_error *err)
{
    struct plan plan = {.sources = {stored, incoming}};
    lake_status status = LAKE_OK;
    TRY_OUT(plan_reserve(&plan, stored->n_rows + incoming->n_rows, err));
    plan_merged(&plan, batch_values(stored, 0), stored->n_rows, batch_values(incoming, 0), incoming->n_rows);
    TRY_OUT(carry_out(&plan, out, err));
    count_rows(&plan, counts);
out:
    plan_release(&plan);
    return status;
}
