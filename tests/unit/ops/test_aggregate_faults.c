/* Aggregation while allocations fail, each in turn: an error, nothing leaked. */
#include "ops/aggregate.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "fault/fault_memory.h"
#include "unit/base/check.h"
#include "unit/ops/rows_text.h"

enum { TEXT_BYTES = 64 << 10, N_ROWS = 900, N_BARS = 300 }; /* more buckets than cells at first */

static const char *const columns[] = {"a=mean(volume)", "b=weighted(close,volume)", "c=last(own)"};
static struct batch rows;
static struct aggregate_recipe recipe;

static int set_up(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer text = BUFFER_INIT(TEXT_BYTES);
    const struct period *target = NULL;
    const char *csv = NULL;
    lake_ok(data_type_find("raw", &recipe.source_type, &err));
    lake_ok(period_find("1m", &recipe.source_period, &err));
    lake_ok(period_find("3m", &target, &err));
    lake_ok(bucket_grid_init(&recipe.grid, target, 0, &err));
    recipe.columns = columns;
    recipe.n_columns = sizeof columns / sizeof columns[0];
    recipe.place = "faults";
    lake_ok(buffer_append_text(&text, "ts,open,high,low,close,volume,quote_volume,own:float\n", &err));
    for (int i = 0; i < N_ROWS; i++)
        lake_ok(buffer_printf(&text, &err, "%d,1,2,0,1,%s,3,4\n", i * 60000, i % 3 == 1 ? "" : "1.5"));
    lake_ok(buffer_string(&text, &csv, &err));
    rows_text_read(csv, recipe.source_type, &rows);
    buffer_release(&text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    batch_release(&rows);
    return 0;
}

static lake_status derive(void *context, struct lake_error *err)
{
    struct aggregator *aggregator = NULL;
    struct batch bars = {0};
    lake_status status = LAKE_OK;
    (void)context;
    TRY(aggregator_new(&recipe, rows.schema, &aggregator, err));
    TRY_OUT(aggregator_add(aggregator, &rows, err));
    TRY_OUT(aggregator_finish(aggregator, 0, err));
    TRY_OUT(aggregator_take(aggregator, &bars, err));
    if (bars.n_rows != N_BARS || ((const double *)batch_values(&bars, 5))[N_BARS - 1] != 3)
        status = lake_fail(err, LAKE_INTERNAL, "the bars are wrong");
out:
    batch_release(&bars);
    aggregator_free(aggregator);
    return status;
}

static void test_every_allocation_can_fail(void **state)
{
    (void)state;
    assert_true(sweep_memory(derive, NULL) > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation_can_fail)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
