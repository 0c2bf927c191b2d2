#include "lake/merge.h"

#include "base/memory.h"
#include "column/reshape.h"
#include "lake/row_order.h"
#include "lake/row_plan.h"

/* ---- sorting ---- */

static int find_sources(const struct data_type *type, const struct batch *batch)
{
    int found = data_type_counts_rows(type) ? schema_find(batch->schema, MERGE_SOURCE_COLUMN) : -1;
    return found >= 0 && batch->schema->fields[found].type == COLUMN_INT32 ? found : -1;
}

static bool is_strictly_ascending(const int64_t *ts, int64_t n_rows)
{
    for (int64_t i = 1; i < n_rows; i++)
        if (ts[i] <= ts[i - 1])
            return false;
    return true;
}

/* Whether each row has a key of its own, above that of the row before. */
static bool is_in_order(const struct row_order *order, int64_t n_rows)
{
    const struct row_key *key = &order->key;
    if (key->n_columns == 0)
        return is_strictly_ascending(key->ts, n_rows);
    for (int64_t i = 1; i < n_rows; i++) {
        if (key->ts[i] > key->ts[i - 1])
            continue;
        if (!row_key_follows(key, i - 1, key, i))
            return false;
        if (order->sources != NULL && order->sources[i] != order->sources[i - 1])
            return false; /* perhaps equal ones of two sources: sorting tells */
    }
    return true;
}

static bool is_same_source(const struct row_order *order, const struct row_place *a, const struct row_place *b)
{
    return order->sources == NULL || order->sources[a->row] == order->sources[b->row];
}

/* Rows of one key, in source order, become one. */
static void plan_folded(struct row_plan *plan, const struct row_place *places, size_t n)
{
    row_plan_begin_row(plan);
    for (size_t i = 0; i < n; i++)
        row_plan_add(plan, places[i].row, ROW_STORED);
}

/* Equal rows that are counted, by source: the first of each source become one row, the second of each another. `next` has room
 * for as many as there are sources: where each has its next row. */
static void plan_counted(struct row_plan *plan, const struct row_order *order, const struct row_place *places, size_t n,
                         size_t *next)
{
    size_t n_left = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || !is_same_source(order, &places[i - 1], &places[i]))
            next[n_left++] = i;
    while (n_left > 0) {
        size_t n_sources = n_left;
        n_left = 0;
        row_plan_begin_row(plan);
        for (size_t k = 0; k < n_sources; k++) {
            size_t i = next[k];
            row_plan_add(plan, places[i].row, ROW_STORED);
            if (i + 1 < n && is_same_source(order, &places[i], &places[i + 1]))
                next[n_left++] = i + 1;
        }
    }
}

static bool is_same_key(const struct row_key *key, const struct row_place *a, const struct row_place *b)
{
    return a->ts == b->ts && (key->n_columns == 0 || row_key_compare(key, a->row, key, b->row) == 0);
}

static lake_status plan_sorted(struct row_plan *plan, const struct row_order *order, const struct row_place *places,
                               size_t n, struct lake_error *err)
{
    size_t *next = NULL;
    if (order->key.n_others > 0)
        TRY(memory_new(n, sizeof *next, &next, err));
    for (size_t first = 0, end = 0; first < n; first = end) {
        for (end = first + 1; end < n && is_same_key(&order->key, &places[first], &places[end]);)
            end++;
        if (row_key_is_counted(&order->key, places[first].row))
            plan_counted(plan, order, places + first, end - first, next);
        else
            plan_folded(plan, places + first, end - first);
    }
    row_plan_end(plan);
    memory_free(next);
    return LAKE_OK;
}

static lake_status sort(const struct row_order *order, const struct batch *in, struct batch *out,
                        struct lake_error *err)
{
    struct row_plan plan = {.sources = {in, NULL}};
    struct row_place *places = NULL;
    size_t n = (size_t)in->n_rows;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(n, sizeof *places, &places, err));
    for (size_t i = 0; i < n; i++)
        places[i] = (struct row_place){order->key.ts[i], (int64_t)i};
    TRY_OUT(row_order_sort(order, places, n, err));
    TRY_OUT(row_plan_reserve(&plan, in->n_rows, err));
    TRY_OUT(plan_sorted(&plan, order, places, n, err));
    memory_free(places);
    places = NULL;
    status = row_plan_carry_out(&plan, out, err);
out:
    memory_free(places);
    row_plan_release(&plan);
    return status;
}

lake_status merge_sort(const struct data_type *type, struct batch *in, struct batch *out, struct lake_error *err)
{
    struct row_order order = {.sources = NULL};
    int sources = find_sources(type, in);
    if (sources >= 0) {
        order.sources = batch_values(in, (size_t)sources); /* stays there as long as the batch */
        TRY(batch_drop_column(in, (size_t)sources, err));
    }
    row_key_init(&order.key, type, in);
    if (!is_in_order(&order, in->n_rows)) {
        TRY(sort(&order, in, out, err));
        batch_release(in);
        return LAKE_OK;
    }
    batch_move(out, in);
    return LAKE_OK;
}

/* ---- merging ---- */

static void plan_merged(struct row_plan *plan, const struct row_key *stored, const struct row_key *incoming)
{
    int64_t n_stored = plan->sources[ROW_STORED]->n_rows, n_incoming = plan->sources[ROW_INCOMING]->n_rows;
    int64_t i = 0, j = 0;
    while (i < n_stored || j < n_incoming) {
        int order = i == n_stored ? 1 : j == n_incoming ? -1 : row_key_compare(stored, i, incoming, j);
        row_plan_begin_row(plan);
        if (order <= 0)
            row_plan_add(plan, i++, ROW_STORED);
        if (order >= 0)
            row_plan_add(plan, j++, ROW_INCOMING);
    }
    row_plan_end(plan);
}

static void count_rows(const struct row_plan *plan, struct merge_counts *counts)
{
    *counts = (struct merge_counts){0, 0, 0};
    for (int64_t row = 0; row < plan->n_rows; row++) {
        struct row_candidate last = plan->candidates[plan->starts[row + 1] - 1];
        bool is_alone = plan->starts[row + 1] - plan->starts[row] == 1;
        if (last.source == ROW_STORED)
            continue;
        counts->n_new += is_alone;
        counts->n_changed += !is_alone && plan->is_changed[row];
        counts->n_equal += !is_alone && !plan->is_changed[row];
    }
}

lake_status merge_batches(const struct merge_sides *sides, struct batch *out, struct merge_counts *counts,
                          struct lake_error *err)
{
    struct row_plan plan = {.sources = {sides->stored, sides->incoming}};
    struct row_key stored, incoming;
    lake_status status = LAKE_OK;
    row_key_init(&stored, sides->type, sides->stored);
    row_key_init(&incoming, sides->type, sides->incoming);
    TRY_OUT(row_plan_reserve(&plan, sides->stored->n_rows + sides->incoming->n_rows, err));
    plan_merged(&plan, &stored, &incoming);
    TRY_OUT(row_plan_carry_out(&plan, out, err));
    count_rows(&plan, counts);
out:
    row_plan_release(&plan);
    return status;
}
