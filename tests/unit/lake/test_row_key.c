/* The order of rows that a type's key gives, as tables: each row below the next. */
#include "trade_fixture.h"

#include <math.h>
#include <string.h>

#include "column/time_unit.h"
#include "lake/row_key.h"
#include "lake/row_order.h"

enum { MOST_ROWS = 64, ROUNDS = 200 };

static const struct data_type *type_of(const char *name)
{
    const struct data_type *type = NULL;
    assert_int_equal(data_type_find(name, &type, NULL), LAKE_OK);
    return type;
}

static int sign(int value)
{
    return value < 0 ? -1 : value > 0;
}

/* Each row is below all that follow it, whichever way one asks. */
static void assert_ascends(const struct trade *rows, size_t n)
{
    struct batch batch = {0};
    struct row_key key;
    make_trades(rows, n, TRADE_ALL, &batch);
    row_key_init(&key, type_of("trades"), &batch);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            int expected = i < k ? -1 : i > k;
            int found = sign(row_key_compare(&key, (int64_t)i, &key, (int64_t)k));
            if (found != expected)
                fail_msg("rows %zu and %zu compare as %d", i, k, found);
        }
    batch_release(&batch);
}

static void test_ids_are_numbers_where_they_are_digits(void **state)
{
    static const char *const ids[] = {"0", "00", "1", "007", "07", "7", "9", "10", "99", "0100", "100",
                                      "18446744073709551615", "18446744073709551616",
                                      "99999999999999999999999999999999", "100000000000000000000000000000000",
                                      /* other texts by their bytes, behind all numbers; "" among them */
                                      "", " 1", "+1", "-1", "1.0", "10a", "1a", "9a", "A1", "a", "a0", "b", "\xc3\xa9"};
    struct trade rows[sizeof ids / sizeof *ids];
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        rows[i] = (struct trade){TRADE_DAY_US, ids[i], 5.0 - (double)i, 1.0, "buy", NULL};
    assert_ascends(rows, sizeof ids / sizeof *ids);
}

static void test_rows_without_id_come_after_by_side_price_and_amount(void **state)
{
    static const struct trade rows[] = {
        {TRADE_DAY_US - 1, "z", 1, 1, "sell", NULL}, {TRADE_DAY_US, "2", 9, 9, "sell", NULL},
        {TRADE_DAY_US, "z", 9, 9, "sell", NULL},     {TRADE_DAY_US, NULL, NAN, NAN, NULL, NULL}, /* null first */
        {TRADE_DAY_US, NULL, NAN, 1, NULL, NULL},    {TRADE_DAY_US, NULL, -2, 1, NULL, NULL},
        {TRADE_DAY_US, NULL, -1, 1, NULL, NULL},     {TRADE_DAY_US, NULL, -0.0, 1, NULL, NULL},
        {TRADE_DAY_US, NULL, 0.0, 1, NULL, NULL},    {TRADE_DAY_US, NULL, 1e-300, 1, NULL, NULL},
        {TRADE_DAY_US, NULL, 1e300, 1, NULL, NULL},  {TRADE_DAY_US, NULL, INFINITY, 1, NULL, NULL},
        {TRADE_DAY_US, NULL, 5, 1, "buy", NULL},     {TRADE_DAY_US, NULL, 5, 1.5, "buy", NULL},
        {TRADE_DAY_US, NULL, 5.5, 1, "buy", NULL},   {TRADE_DAY_US, NULL, 1, 1, "sell", NULL},
        {TRADE_DAY_US + 1, "1", 1, 1, "buy", NULL},
    };
    (void)state;
    assert_ascends(rows, sizeof rows / sizeof *rows);
}

static void test_only_rows_without_id_may_stand_twice(void **state)
{
    static const struct trade rows[] = {{TRADE_DAY_US, "1", 1, 1, "buy", "a"},
                                        {TRADE_DAY_US, "1", 1, 1, "buy", "a"},
                                        {TRADE_DAY_US, NULL, 1, 1, "buy", "a"},
                                        {TRADE_DAY_US, NULL, 1, 1, "buy", "b"}};
    struct batch batch = {0};
    struct row_key key;
    (void)state;
    make_trades(rows, 4, TRADE_ALL, &batch);
    row_key_init(&key, type_of("trades"), &batch);
    assert_false(row_key_follows(&key, 0, &key, 1));
    assert_true(row_key_follows(&key, 1, &key, 2));
    assert_true(row_key_follows(&key, 2, &key, 3));
    assert_false(row_key_follows(&key, 3, &key, 1));
    assert_true(!row_key_is_counted(&key, 0) && row_key_is_counted(&key, 3));
    batch_release(&batch);
}

/* Where a file says that ids are numbers, there are none: nothing is read as what it is not. */
static void test_a_column_of_another_type_is_absent(void **state)
{
    static const struct column_field fields[] = {{"ts", COLUMN_TIMESTAMP_US, 0, false}, {"id", COLUMN_INT64, 0, false}};
    struct schema *schema = NULL;
    struct batch batch = {0};
    struct row_key key;
    (void)state;
    assert_int_equal(schema_new(fields, 2, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(&batch, schema, 1, NULL), LAKE_OK);
    batch.owns_schema = true;
    ((int64_t *)batch_values(&batch, 0))[0] = ((int64_t *)batch_values(&batch, 1))[0] = INT64_MAX;
    row_key_init(&key, type_of("trades"), &batch);
    assert_true(row_key_is_counted(&key, 0));
    assert_int_equal(row_key_compare(&key, 0, &key, 0), 0);
    batch_release(&batch);
}

/* ---- sorting ---- */

static uint64_t seed = 1;

static uint32_t roll(uint32_t sides)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % sides;
}

/* Few times and keys, so that there are many equal rows; in runs that rise, fall or do neither. */
static size_t make_rows(struct trade *rows)
{
    static const char *const ids[] = {NULL, "1", "2", "x"};
    size_t n = roll(MOST_ROWS);
    uint32_t shape = roll(3);
    for (size_t i = 0; i < n; i++) {
        int64_t at = shape == 0 ? (int64_t)i / 4 : shape == 1 ? (int64_t)(n - i) / 4 : roll(6);
        rows[i] = (struct trade){TRADE_DAY_US + at, ids[roll(4)], roll(2), 1, "buy", NULL};
    }
    return n;
}

static void test_sorting_is_stable_and_by_key(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct trade rows[MOST_ROWS];
        struct row_place places[MOST_ROWS];
        struct row_order order = {.sources = NULL};
        struct batch batch = {0};
        int64_t sum = 0;
        size_t n = make_rows(rows);
        make_trades(rows, n, TRADE_ALL, &batch);
        row_key_init(&order.key, type_of("trades"), &batch);
        for (size_t i = 0; i < n; i++)
            places[i] = (struct row_place){rows[i].ts, (int64_t)i};
        assert_int_equal(row_order_sort(&order, places, n, NULL), LAKE_OK);
        for (size_t i = 0; i < n; i++) {
            sum += places[i].row;
            assert_int_equal(places[i].ts, rows[places[i].row].ts);
            if (i == 0)
                continue;
            int compared = row_key_compare(&order.key, places[i - 1].row, &order.key, places[i].row);
            assert_true(compared < 0 || (compared == 0 && places[i - 1].row < places[i].row));
        }
        assert_int_equal(sum, (int64_t)n * ((int64_t)n - 1) / 2);
        batch_release(&batch);
    }
}

/* What row_key knows to compare. */
static void test_every_type_can_be_compared(void **state)
{
    (void)state;
    for (size_t i = 0; data_type_at(i) != NULL; i++) {
        const struct data_type *type = data_type_at(i);
        assert_in_range(type->n_key, 1, ROW_KEY_COLUMNS + 1);
        assert_in_range(type->n_key_else, 0, ROW_KEY_COLUMNS);
        for (size_t k = 0; k < type->n_key + type->n_key_else; k++) {
            const char *name = k < type->n_key ? type->key[k] : type->key_else[k - type->n_key];
            enum column_type found = data_type_column(type, name)->type;
            assert_true(found == COLUMN_UTF8 || found == COLUMN_DOUBLE || found == COLUMN_INT64 ||
                        found == COLUMN_INT32 || time_unit_per_ms(found) != 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_are_numbers_where_they_are_digits),
        cmocka_unit_test(test_rows_without_id_come_after_by_side_price_and_amount),
        cmocka_unit_test(test_only_rows_without_id_may_stand_twice),
        cmocka_unit_test(test_a_column_of_another_type_is_absent),
        cmocka_unit_test(test_sorting_is_stable_and_by_key),
        cmocka_unit_test(test_every_type_can_be_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
