#include "column/data_type.h"

#include "unit/base/check.h"

static const struct data_type *find(const char *name)
{
    const struct data_type *type = NULL;
    assert_int_equal(data_type_find(name, &type, NULL), LAKE_OK);
    return type;
}

static void test_every_key_is_a_column_and_the_first_is_the_time(void **state)
{
    (void)state;
    for (size_t i = 0; data_type_at(i) != NULL; i++) {
        const struct data_type *type = data_type_at(i);
        assert_true(type->n_key >= 1 && type->n_columns >= (type->is_versioned ? 1 : 2));
        assert_string_equal(type->key[0], "ts");
        assert_string_equal(type->columns[0].name, "ts");
        for (size_t k = 0; k < type->n_key; k++)
            assert_non_null(data_type_column(type, type->key[k]));
        for (size_t k = 0; k < type->n_key_else; k++)
            assert_non_null(data_type_column(type, type->key_else[k]));
    }
}

static void test_no_name_is_taken_twice(void **state)
{
    (void)state;
    for (size_t i = 0; data_type_at(i) != NULL; i++) {
        const struct data_type *type = data_type_at(i);
        assert_ptr_equal(find(type->name), type);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(type->name, data_type_at(k)->name);
        for (size_t c = 0; c < type->n_columns; c++)
            assert_ptr_equal(data_type_column(type, type->columns[c].name), &type->columns[c]);
    }
}

static void test_only_the_time_must_be_in_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; data_type_at(i) != NULL; i++)
        for (size_t c = 0; c < data_type_at(i)->n_columns; c++)
            assert_int_equal(data_type_at(i)->columns[c].nullable, c != 0);
}

static void test_period_is_fixed_where_there_are_no_bars(void **state)
{
    (void)state;
    for (size_t i = 0; data_type_at(i) != NULL; i++) {
        const struct data_type *type = data_type_at(i);
        const struct period *period = NULL;
        assert_int_equal(type->has_period + type->is_versioned, type->fixed_period == NULL);
        if (type->fixed_period != NULL)
            assert_int_equal(period_find(type->fixed_period, &period, NULL), LAKE_OK);
    }
}

/* What is told apart by is_bars relies on these columns; those of the table are every lake's. */
static void test_bars_have_prices_and_a_period(void **state)
{
    static const char *const needed[] = {"open", "high", "low", "close", "volume"};
    (void)state;
    for (size_t i = 0; data_type_at(i) != NULL; i++) {
        const struct data_type *type = data_type_at(i);
        size_t n_there = 0;
        for (size_t c = 0; c < sizeof needed / sizeof *needed; c++)
            n_there += data_type_column(type, needed[c]) != NULL;
        assert_int_equal(n_there, type->is_bars ? 5 : 0);
        assert_true(type->has_period || !type->is_bars);
        assert_false(type->is_registered || type->is_provisional);
    }
}

static void test_names_that_can_be_registered(void **state)
{
    static const char *const good[] = {"ab", "a1", "liquidations", "a_b", "abcdefghijklmnopqrstuvwxyz012345"};
    static const char *const bad[] = {"", "a", "1a", "_a", "aB", "a-b", "a b", "abcdefghijklmnopqrstuvwxyz0123456"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(data_type_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(data_type_is_name(bad[i]));
}

struct wanted_column {
    const char *name;
    enum column_type type;
    bool required;
};

static void check_columns(const struct data_type *type, const struct wanted_column *wanted, size_t n)
{
    assert_int_equal(type->n_columns, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(type->columns[i].name, wanted[i].name);
        assert_int_equal(type->columns[i].type, wanted[i].type);
        assert_int_equal(type->columns[i].required, wanted[i].required);
    }
}

static void test_columns_are_those_of_the_design(void **state)
{
    (void)state;
    static const struct wanted_column bars[] = {{"ts", COLUMN_TIMESTAMP_MS, true},
                                                {"open", COLUMN_DOUBLE, true},
                                                {"high", COLUMN_DOUBLE, true},
                                                {"low", COLUMN_DOUBLE, true},
                                                {"close", COLUMN_DOUBLE, true},
                                                {"volume", COLUMN_DOUBLE, true},
                                                {"quote_volume", COLUMN_DOUBLE, false},
                                                {"trades", COLUMN_INT64, false},
                                                {"taker_buy_volume", COLUMN_DOUBLE, false},
                                                {"taker_buy_quote_volume", COLUMN_DOUBLE, false},
                                                {"vwap", COLUMN_DOUBLE, false},
                                                {"bars", COLUMN_INT64, true},
                                                {"bars_expected", COLUMN_INT64, false}};
    static const struct wanted_column trades[] = {{"ts", COLUMN_TIMESTAMP_US, true},
                                                  {"id", COLUMN_UTF8, false},
                                                  {"price", COLUMN_DOUBLE, true},
                                                  {"amount", COLUMN_DOUBLE, true},
                                                  {"side", COLUMN_UTF8, false}};
    check_columns(find("raw"), bars, 10);
    check_columns(find("agg"), bars, 13);
    check_columns(find("trades"), trades, 5);
    check_columns(find("aggtrades"), trades, 5);
    assert_non_null(data_type_column(find("funding"), "rate"));
    assert_non_null(data_type_column(find("funding"), "mark_price"));
    assert_non_null(data_type_column(find("funding"), "interval"));
    assert_int_equal(find("raw")->n_key, 1);
    assert_int_equal(find("trades")->n_key, 2);
    assert_string_equal(find("trades")->key[1], "id");
    assert_false(data_type_counts_rows(find("raw")) || data_type_counts_rows(find("funding")));
    assert_true(data_type_counts_rows(find("trades")) && data_type_counts_rows(find("aggtrades")));
    assert_null(data_type_column(find("raw"), "bars"));
}

static void test_find(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct data_type *type = NULL;
    assert_ptr_equal(find("RAW"), find("raw"));
    assert_ptr_equal(find("ticks"), find("trades"));
    assert_ptr_equal(find("Ticks"), find("trades"));
    assert_ptr_not_equal(find("aggtrades"), find("trades"));
    assert_ptr_equal(find("Features"), find("feature"));
    static const char *const bad[] = {"", "ra", "raws", "trade", "featur", " raw", "raw agg", "ohlcv"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lake_fails(data_type_find(bad[i], &type, &err), LAKE_INVALID_ARGUMENT,
                   "raw agg trades (ticks) aggtrades funding");
        assert_null(type);
    }
    /* The message names every type. */
    for (size_t i = 0; data_type_at(i) != NULL; i++)
        assert_non_null(strstr(err.message, data_type_at(i)->name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_is_a_column_and_the_first_is_the_time),
        cmocka_unit_test(test_no_name_is_taken_twice),
        cmocka_unit_test(test_only_the_time_must_be_in_every_row),
        cmocka_unit_test(test_period_is_fixed_where_there_are_no_bars),
        cmocka_unit_test(test_bars_have_prices_and_a_period),
        cmocka_unit_test(test_names_that_can_be_registered),
        cmocka_unit_test(test_columns_are_those_of_the_design),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
