/* The aggregator as others use it: what may be called when, what comes out, whose it is. What becomes of rows is in tests/spec/aggregate. */
#include "ops/aggregate.h"

#include <stdlib.h>

#include "unit/base/check.h"
#include "unit/ops/rows_text.h"

static const char bars_text[] = "ts,open,high,low,close,volume,quote_volume\n"
                                "2023-04-01T00:00,10,12,9,11,1,11\n"
                                "2023-04-01T00:01,11,15,11,14,2,26\n"
                                "2023-04-01T00:03,9,9,9,9,8,72\n";

static struct aggregate_recipe recipe_of(const char *type, const char *source, const char *target)
{
    struct lake_error err = {0};
    struct aggregate_recipe recipe = {.place = "place"};
    const struct period *period = NULL;
    lake_ok(data_type_find(type, &recipe.source_type, &err));
    lake_ok(period_find(source, &recipe.source_period, &err));
    lake_ok(period_find(target, &period, &err));
    lake_ok(bucket_grid_init(&recipe.grid, period, 0, &err));
    return recipe;
}

static void test_bars_come_when_they_are_done(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct aggregate_recipe recipe = recipe_of("raw", "1m", "3m");
    struct aggregator *aggregator = NULL;
    struct batch rows = {0}, first = {0}, none = {0}, last = {0};
    rows_text_read(bars_text, recipe.source_type, &rows);
    lake_ok(aggregator_new(&recipe, rows.schema, &aggregator, &err));
    assert_int_equal(aggregator_rows(aggregator), 0);
    lake_ok(aggregator_take(aggregator, &none, &err));
    assert_int_equal(none.n_rows, 0);
    assert_non_null(none.release);
    batch_release(&none);
    lake_ok(aggregator_add(aggregator, &rows, &err));
    assert_int_equal(aggregator_rows(aggregator), 1);
    lake_ok(aggregator_take(aggregator, &first, &err));
    assert_int_equal(first.n_rows, 1);
    assert_int_equal(aggregator_rows(aggregator), 0);
    lake_ok(aggregator_finish(aggregator, 0, &err));
    assert_int_equal(aggregator_rows(aggregator), 1);
    lake_ok(aggregator_take(aggregator, &last, &err));
    assert_int_equal(last.n_rows, 1);
    assert_int_equal(aggregator_rows(aggregator), 0);
    /* What was taken is the caller's: it outlives the rows that it was made of. */
    batch_release(&rows);
    assert_int_equal(*(int64_t *)batch_values(&last, 0) - *(int64_t *)batch_values(&first, 0), 180000);
    assert_true(*(double *)batch_values(&first, 4) == 14 && *(double *)batch_values(&last, 4) == 9);
    assert_true(last.schema == aggregator_schema(aggregator));
    batch_release(&first);
    batch_release(&last);
    aggregator_free(aggregator);
}

static void test_the_end_is_the_end(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct aggregate_recipe recipe = recipe_of("raw", "1m", "3m");
    struct aggregator *aggregator = NULL;
    struct batch rows = {0}, bars = {0};
    rows_text_read(bars_text, recipe.source_type, &rows);
    lake_ok(aggregator_new(&recipe, rows.schema, &aggregator, &err));
    lake_ok(aggregator_finish(aggregator, 0, &err));
    lake_ok(aggregator_take(aggregator, &bars, &err));
    assert_int_equal(bars.n_rows, 0);
    lake_fails(aggregator_add(aggregator, &rows, &err), LAKE_INVALID_STATE, "place: the last bucket was ended");
    lake_fails(aggregator_finish(aggregator, 0, &err), LAKE_INVALID_STATE, "ended already");
    batch_release(&bars);
    batch_release(&rows);
    aggregator_free(aggregator);
    aggregator_free(NULL);
}

/* The recipe's strings and the schema need not stay. */
static void test_nothing_is_borrowed(void **state)
{
    (void)state;
    struct lake_error err = {0};
    char place[] = "somewhere", column[] = "top=max(high)";
    const char *columns[] = {column};
    struct aggregate_recipe recipe = recipe_of("raw", "1m", "3m");
    struct aggregator *aggregator = NULL;
    struct batch rows = {0};
    recipe.place = place;
    recipe.columns = columns;
    recipe.n_columns = 1;
    rows_text_read(bars_text, recipe.source_type, &rows);
    lake_ok(aggregator_new(&recipe, rows.schema, &aggregator, &err));
    memset(place, 'x', sizeof place - 1);
    memset(column, 'x', sizeof column - 1);
    memset(&recipe, 0, sizeof recipe);
    assert_int_equal(schema_find(aggregator_schema(aggregator), "top"),
                     (int)aggregator_schema(aggregator)->n_fields - 1);
    ((int64_t *)batch_values(&rows, 0))[1]++;
    lake_fails(aggregator_add(aggregator, &rows, &err), LAKE_INVALID_DATA, "somewhere: the bar at");
    batch_release(&rows);
    aggregator_free(aggregator);
}

static void check_refused(const char *header, struct aggregate_recipe recipe, lake_status status, const char *text)
{
    struct lake_error err = {0};
    struct aggregator *aggregator = NULL;
    struct batch rows = {0};
    rows_text_read(header, recipe.source_type, &rows);
    lake_fails(aggregator_new(&recipe, rows.schema, &aggregator, &err), status, text);
    assert_null(aggregator);
    batch_release(&rows);
}

static void test_sources_that_are_refused(void **state)
{
    (void)state;
    struct aggregate_recipe recipe = recipe_of("raw", "1m", "15m");
    check_refused("open,close\n", recipe, LAKE_INVALID_DATA, "place has no column 'ts'");
    check_refused("ts:int64,close\n", recipe, LAKE_INVALID_DATA, "has no column 'ts' of times");
    check_refused("ts,trades:double\n", recipe, LAKE_INVALID_DATA, "'trades' would be double in derived bars");
    check_refused("ts,close:float\n", recipe, LAKE_INVALID_DATA, "'close' would be float");
    check_refused("ts,close:utf8\n", recipe, LAKE_INVALID_ARGUMENT, "last does not take 'close'");
    check_refused("ts,rate\n", recipe_of("funding", "tick", "15m"), LAKE_INVALID_ARGUMENT, "from funding");
    check_refused("ts,open\n", recipe_of("raw", "15m", "1m"), LAKE_INVALID_ARGUMENT, "it is finer");
}

/* What agg says of its columns, derived bars keep. */
static void test_schema_is_that_of_agg(void **state)
{
    (void)state;
    static const char *const sources[][2] = {
        {"raw", "ts,open,high,low,close,volume,quote_volume,trades,taker_buy_volume,taker_buy_quote_volume\n"},
        {"agg",
         "ts,open,high,low,close,volume,quote_volume,trades,taker_buy_volume,taker_buy_quote_volume,vwap,bars\n"},
        {"trades", "ts,id,price,amount,side\n"},
    };
    struct lake_error err = {0};
    const struct data_type *agg = NULL;
    lake_ok(data_type_find("agg", &agg, &err));
    for (size_t i = 0; i < 3; i++) {
        bool is_tick = strcmp(sources[i][0], "trades") == 0;
        struct aggregate_recipe recipe = recipe_of(sources[i][0], is_tick ? "tick" : "1m", "15m");
        struct aggregator *aggregator = NULL;
        struct batch rows = {0};
        rows_text_read(sources[i][1], recipe.source_type, &rows);
        lake_ok(aggregator_new(&recipe, rows.schema, &aggregator, &err));
        const struct schema *schema = aggregator_schema(aggregator);
        assert_int_equal(schema->n_fields, agg->n_columns);
        for (size_t k = 0; k < schema->n_fields; k++) {
            assert_string_equal(schema->fields[k].name, agg->columns[k].name);
            assert_int_equal(schema->fields[k].type, agg->columns[k].type);
            assert_int_equal(schema->fields[k].nullable, agg->columns[k].nullable);
        }
        batch_release(&rows);
        aggregator_free(aggregator);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars_come_when_they_are_done), cmocka_unit_test(test_the_end_is_the_end),
        cmocka_unit_test(test_nothing_is_borrowed),          cmocka_unit_test(test_sources_that_are_refused),
        cmocka_unit_test(test_schema_is_that_of_agg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
