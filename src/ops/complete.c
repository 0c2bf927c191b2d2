#include "ops/complete.h"

#include "column/builder.h"

static int find_count(const struct schema *schema, const char *name)
{
    int found = schema_find(schema, name);
    return found >= 0 && schema->fields[found].type == COLUMN_INT64 ? found : -1;
}

void completeness_init(struct completeness *known, const struct schema *schema)
{
    *known = (struct completeness){.bars = find_count(schema, "bars"), .expected = find_count(schema, "bars_expected")};
}

bool completeness_is_told(const struct completeness *known)
{
    return known->bars >= 0 && known->expected >= 0;
}

struct counts {
    const struct column *bars, *expected;
};

static struct counts counts_of(const struct completeness *known, const struct batch *batch)
{
    return (struct counts){&batch->columns[known->bars], &batch->columns[known->expected]};
}

static bool is_told(const struct counts *counts, int64_t row)
{
    return column_is_valid(counts->bars, row) && column_is_valid(counts->expected, row);
}

static bool is_complete(const struct counts *counts, int64_t row)
{
    const int64_t *bars = counts->bars->values, *expected = counts->expected->values;
    return is_told(counts, row) && bars[row] == expected[row];
}

/* The end of the rows from `row` on that are all complete, or all not. */
static int64_t run_end(const struct counts *counts, int64_t row, int64_t n_rows)
{
    bool first = is_complete(counts, row);
    do
        row++;
    while (row < n_rows && is_complete(counts, row) == first);
    return row;
}

lake_status completeness_keep(const struct completeness *known, struct batch *batch, struct lake_error *err)
{
    const struct counts counts = counts_of(known, batch);
    struct batch_builder *kept = NULL;
    struct batch out = {0};
    lake_status status = LAKE_OK;
    if (batch->n_rows == 0 || (is_complete(&counts, 0) && run_end(&counts, 0, batch->n_rows) == batch->n_rows))
        return LAKE_OK;
    TRY_OUT(batch_builder_new(batch->schema, &kept, err));
    for (int64_t row = 0, end = 0; row < batch->n_rows; row = end) {
        end = run_end(&counts, row, batch->n_rows);
        if (is_complete(&counts, row))
            TRY_OUT(batch_builder_append(kept, batch, row, end - row, err));
    }
    status = batch_builder_take(kept, &out, err);
out:
    batch_builder_free(kept);
    batch_release(batch);
    batch_move(batch, &out);
    return status;
}

void completeness_count(struct completeness *known, const struct batch *batch)
{
    if (!completeness_is_told(known))
        return;
    const struct counts counts = counts_of(known, batch);
    for (int64_t row = 0; row < batch->n_rows; row++) {
        bool is_bar = is_told(&counts, row);
        known->n_bars += is_bar;
        known->n_incomplete += is_bar && !is_complete(&counts, row);
    }
}
