/* Random rows against the model: bars and trades, gaps, nulls, NaN, zeros of both signs, any grid, rows cut into any batches. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "column/builder.h"
#include "ops/aggregate_column.h"
#include "unit/base/check.h"
#include "unit/ops/aggregate_model.h"

enum { MAX_ROWS = 9000, N_ROUNDS = 160, MAX_FIELDS = 24, MAX_OWN = 6 };

static uint64_t state_of_random = 88172645463325252u;

static uint64_t random_bits(void)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return state_of_random;
}

static int64_t pick(int64_t n)
{
    return (int64_t)(random_bits() % (uint64_t)n);
}

/* ---- rows ---- */

/* One in so many; 0: none. */
struct odds {
    int64_t null, strange, gap, same_time;
};

static double random_number(const struct odds *odds)
{
    static const double strange[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0, 1e300, -1e300, 5e-324};
    if (odds->strange > 0 && pick(odds->strange) == 0)
        return strange[pick(sizeof strange / sizeof strange[0])];
    return (double)(pick(2000001) - 1000000) / 1000.0;
}

static const char *random_side(void)
{
    static const char *const sides[] = {"buy", "sell", "buy", "sell", "buy", "sell", "buyer", "selling", "b"};
    return sides[pick(pick(4) == 0 ? 9 : 6)];
}

static struct cell random_cell(const struct column_field *field, const struct odds *odds)
{
    if (odds->null > 0 && pick(odds->null) == 0)
        return (struct cell){.kind = CELL_NULL};
    if (field->type == COLUMN_DOUBLE || field->type == COLUMN_FLOAT)
        return (struct cell){.kind = CELL_DOUBLE, .number = (double)(float)random_number(odds)};
    if (field->type == COLUMN_UTF8)
        return (struct cell){.kind = CELL_TEXT, .text = random_side()};
    if (strncmp(field->name, "bars", 4) == 0)
        return (struct cell){.kind = CELL_INT64, .int64 = 14 + pick(2)};
    int64_t large = field->type == COLUMN_INT64 && pick(50) == 0 ? INT64_C(1) << 45 : 1000;
    return (struct cell){.kind = CELL_INT64, .int64 = pick(large) - (pick(20) == 0 ? large / 2 : 0)};
}

static bool is_kept(const struct data_type_column *column)
{
    bool is_needed = column->required || strncmp(column->name, "bars", 4) == 0;
    return is_needed || pick(3) > 0;
}

/* The type's columns, some left out, and four of the source's own. */
static size_t random_fields(const struct data_type *type, struct column_field *fields)
{
    size_t n = 0;
    for (size_t i = 0; i < type->n_columns; i++)
        if (is_kept(&type->columns[i]))
            fields[n++] = (struct column_field){type->columns[i].name, type->columns[i].type, 0, i > 0};
    fields[n++] = (struct column_field){"own_double", COLUMN_DOUBLE, 0, true};
    fields[n++] = (struct column_field){"own_float", COLUMN_FLOAT, 0, true};
    fields[n++] = (struct column_field){"own_int32", COLUMN_INT32, 0, true};
    fields[n++] = (struct column_field){"own_int64", COLUMN_INT64, 0, true};
    return n;
}

/* Bars on the grid of the target, or trades. */
static int64_t next_time(int64_t time, const struct aggregate_recipe *recipe, const struct odds *odds)
{
    int64_t step = recipe->source_period->length_ms;
    bool jumps = odds->gap > 0 && pick(odds->gap) == 0;
    if (step > 0)
        return time + step * (jumps ? 1 + pick(200) : 1);
    if (odds->same_time > 0 && pick(odds->same_time) == 0)
        return time;
    return time + (jumps ? pick(INT64_C(7200000000)) : pick(2000000));
}

static void make_rows(const struct aggregate_recipe *recipe, const struct odds *odds, int64_t n_rows, struct batch *out)
{
    struct lake_error err = {0};
    struct column_field fields[MAX_FIELDS];
    struct cell cells[MAX_FIELDS];
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    size_t n = random_fields(recipe->source_type, fields);
    int64_t step = recipe->source_period->length_ms;
    int64_t start_ms = (pick(40000) - 10000) * MS_PER_DAY + recipe->grid.offset_ms;
    int64_t time = step > 0 ? start_ms + step * pick(1000) : start_ms * US_PER_MS + pick(INT64_C(86400000000));
    lake_ok(schema_new(fields, n, &schema, &err));
    lake_ok(batch_builder_new(schema, &builder, &err));
    for (int64_t row = 0; row < n_rows; row++) {
        cells[0] = (struct cell){.kind = CELL_INT64, .int64 = time};
        for (size_t i = 1; i < n; i++)
            cells[i] = random_cell(&fields[i], odds);
        lake_ok(batch_builder_append_cells(builder, cells, &err));
        time = next_time(time, recipe, odds);
    }
    lake_ok(batch_builder_take(builder, out, &err));
    batch_builder_free(builder);
    schema_free(schema);
}

/* ---- recipes ---- */

static const char *const own_columns[] = {"a=first(own_double)",
                                          "b=last(own_float)",
                                          "c=min(own_int32)",
                                          "d=max(own_int64)",
                                          "e=sum(own_float)",
                                          "f=sum(own_int32)",
                                          "g=mean(own_double)",
                                          "h=mean(own_int64)",
                                          "i=count(own_int32)",
                                          "j=max(own_double)",
                                          "k=weighted(own_double,own_int64)",
                                          "l=min(own_double)",
                                          "m=weighted(own_float,own_double)"};
enum { N_OWN = sizeof own_columns / sizeof own_columns[0] };

static const struct period *random_period(const char *const *names, size_t n)
{
    const struct period *period = NULL;
    assert_int_equal(period_find(names[pick((int64_t)n)], &period, NULL), LAKE_OK);
    return period;
}

static struct aggregate_recipe random_recipe(const char *type, const char **own)
{
    static const char *const sources[] = {"1m", "1m", "3m", "5m", "15m", "1h", "4h", "12h", "1d"};
    static const char *const targets[] = {"3m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "3d", "1w", "1mo"};
    struct lake_error err = {0};
    struct aggregate_recipe recipe = {.columns = own, .place = "model"};
    lake_ok(data_type_find(type, &recipe.source_type, &err));
    do {
        lake_ok(period_find("tick", &recipe.source_period, &err));
        if (recipe.source_type->has_period)
            recipe.source_period = random_period(sources, sizeof sources / sizeof sources[0]);
        recipe.grid.period = random_period(targets, sizeof targets / sizeof targets[0]);
    } while (!bucket_divides(recipe.source_period, recipe.grid.period));
    int64_t step = recipe.source_period->length_ms > 0 ? recipe.source_period->length_ms : MS_PER_SECOND;
    int64_t offset = pick(3) > 0 ? 0 : step * pick(20);
    lake_ok(bucket_grid_init(&recipe.grid, recipe.grid.period, offset % (27 * MS_PER_DAY), &err));
    recipe.n_columns = (size_t)pick(MAX_OWN);
    for (size_t i = 0, at = (size_t)pick(N_OWN); i < recipe.n_columns; i++)
        own[i] = own_columns[(at + i) % N_OWN];
    return recipe;
}

/* ---- deriving ---- */

static void take_done(struct aggregator *aggregator, struct batch_builder *bars)
{
    struct lake_error err = {0};
    struct batch done = {0};
    int64_t n = aggregator_rows(aggregator);
    lake_ok(aggregator_take(aggregator, &done, &err));
    assert_int_equal(done.n_rows, n);
    for (size_t i = 0; i < done.schema->n_fields; i++) {
        int64_t n_null = 0;
        for (int64_t row = 0; row < done.n_rows; row++)
            n_null += !column_is_valid(&done.columns[i], row);
        assert_int_equal(n_null, done.columns[i].null_count);
    }
    lake_ok(batch_builder_append(bars, &done, 0, done.n_rows, &err));
    batch_release(&done);
}

/* Batches of up to `most` rows (0: any), bars taken now and then. */
static void derive(const struct aggregate_recipe *recipe, const struct batch *rows, int64_t most, struct batch *out)
{
    struct lake_error err = {0};
    struct aggregator *aggregator = NULL;
    struct batch_builder *part = NULL, *bars = NULL;
    struct batch batch = {0};
    lake_ok(aggregator_new(recipe, rows->schema, &aggregator, &err));
    lake_ok(batch_builder_new(rows->schema, &part, &err));
    lake_ok(batch_builder_new(aggregator_schema(aggregator), &bars, &err));
    for (int64_t row = 0; row < rows->n_rows; row += batch.n_rows, batch_release(&batch)) {
        int64_t left = rows->n_rows - row, n = most > 0 ? most : 1 + pick(pick(2) ? 20 : 5000);
        lake_ok(batch_builder_append(part, rows, row, n < left ? n : left, &err));
        lake_ok(batch_builder_take(part, &batch, &err));
        lake_ok(aggregator_add(aggregator, &batch, &err));
        if (pick(2))
            take_done(aggregator, bars);
        if (batch.n_rows == left)
            break;
    }
    batch_release(&batch);
    lake_ok(aggregator_finish(aggregator, INT64_MAX, &err));
    take_done(aggregator, bars);
    lake_ok(batch_builder_take(bars, out, &err));
    batch_builder_free(bars);
    batch_builder_free(part);
    aggregator_free(aggregator);
}

static int64_t check_bars(const struct aggregate_recipe *recipe, const struct batch *rows, const struct batch *bars)
{
    int64_t bar = 0;
    for (int64_t row = 0; row < rows->n_rows; bar++) {
        const struct model_bucket bucket = model_bucket_of(recipe, rows, row);
        assert_true(bar < bars->n_rows);
        model_check(recipe, rows, &bucket, bars, bar);
        row = bucket.end;
    }
    assert_int_equal(bar, bars->n_rows);
    return bar;
}

static int64_t check_random(const char *type)
{
    const char *own[MAX_OWN];
    const struct aggregate_recipe recipe = random_recipe(type, own);
    const struct odds odds = {.null = pick(3) > 0 ? 0 : 1 + pick(100), /* 1: nothing but nulls */
                              .strange = pick(2) ? 0 : 2 + pick(50),
                              .gap = pick(2) ? 0 : 2 + pick(pick(2) ? 10 : 2000),
                              .same_time = pick(2) ? 0 : 2};
    struct batch rows = {0}, bars = {0};
    int64_t n_bars = 0;
    make_rows(&recipe, &odds, pick(4) ? 1 + pick(300) : 1 + pick(MAX_ROWS), &rows);
    for (int i = 0; i < 2; i++) {
        derive(&recipe, &rows, i == 0 ? rows.n_rows : 0, &bars);
        n_bars += check_bars(&recipe, &rows, &bars);
        batch_release(&bars);
    }
    batch_release(&rows);
    return n_bars;
}

static void test_bars_and_trades_are_the_models(void **state)
{
    (void)state;
    static const char *const types[] = {"raw", "agg", "trades", "aggtrades"};
    int64_t n_bars = 0;
    for (int round = 0; round < N_ROUNDS; round++)
        n_bars += check_random(types[round % 4]);
    print_message("%lld bars\n", (long long)n_bars);
    assert_true(n_bars > 10000);
}

/* The model's list of functions is complete: it fails for one that it does not know. */
static void test_the_model_knows_every_function(void **state)
{
    (void)state;
    const struct aggregate_function *function;
    char written[1024] = "";
    for (size_t i = 0; i < N_OWN; i++)
        (void)strncat(written, own_columns[i], sizeof written - strlen(written) - 1);
    for (size_t i = 0; (function = aggregate_function_at(i)) != NULL; i++) {
        char call[64];
        (void)snprintf(call, sizeof call, "=%s(", function->name);
        if (strstr(written, call) == NULL)
            fail_msg("no column of the model's uses '%s'", function->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bars_and_trades_are_the_models),
                                       cmocka_unit_test(test_the_model_knows_every_function)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
