/* The log says what was done, latest first, in pages, for some datasets or all. */
#include "history_fixture.h"

#include <stdio.h>
#include <string.h>

enum { N_OPERATIONS = 6 };

static struct clock test_clock;

static void write_from(struct lake *lake, const char *symbol, int64_t ts, const char *const *sources, size_t n_sources)
{
    struct lake_write *write = begin_write(lake, symbol, "1m");
    append_bars(write, bars_from(ts, 3), 3);
    for (size_t i = 0; i < n_sources; i++)
        assert_int_equal(lake_write_add_source(write, sources[i], 100, NULL, NULL), LAKE_OK);
    test_clock.now_ms += 250; /* the write takes so long */
    (void)commit_write(write);
}

/* Snapshots 1 … 6: BTC and ETH in turn, a day each, an hour apart; the third again changes the first's day. */
static int set_up(void **state)
{
    static const char *const sources[] = {"a.csv", "b.csv", "c.csv"};
    test_clock.now_ms = DAY_2024;
    struct fixture *fixture = fixture_new_at(&test_clock);
    *state = fixture;
    for (int64_t i = 0; i < N_OPERATIONS; i++) {
        test_clock.now_ms = DAY_2024 + i * MS_PER_HOUR;
        write_from(fixture->lake, i % 2 == 0 ? "BTCUSDT" : "ETHUSDT", DAY_2024 + i * MS_PER_MINUTE, sources,
                   (size_t)i % 4);
    }
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct table *read_log(struct lake *lake, struct lake_log_options options)
{
    struct lake_error err = {LAKE_OK, ""};
    struct ArrowArrayStream stream;
    options.size = sizeof options;
    if (lake_log(lake, &options, &stream, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return table_read(&stream);
}

static void assert_snapshots(struct lake *lake, struct lake_log_options options, const char *expected)
{
    char found[128] = "";
    struct table *table = read_log(lake, options);
    for (size_t i = 0; i < table->n_rows; i++) {
        size_t n = strlen(found);
        (void)snprintf(found + n, sizeof found - n, "%s%s", i == 0 ? "" : " ", table_get(table, i, "snapshot"));
    }
    table_free(table);
    assert_string_equal(found, expected);
}

static void test_latest_first(void **state)
{
    struct fixture *fixture = *state;
    assert_snapshots(fixture->lake, (struct lake_log_options){.limit = 0}, "6 5 4 3 2 1");
    assert_snapshots(fixture->lake, (struct lake_log_options){.limit = 2}, "6 5");
    assert_snapshots(fixture->lake, (struct lake_log_options){.limit = 2, .before = 5}, "4 3");
    assert_snapshots(fixture->lake, (struct lake_log_options){.before = 2}, "1");
    assert_snapshots(fixture->lake, (struct lake_log_options){.before = 1}, "");
}

static void test_operations_of_a_dataset(void **state)
{
    struct fixture *fixture = *state;
    const struct lake_selection btc = {.exchange = "test", .symbol = "btc/usdt"};
    assert_snapshots(fixture->lake, (struct lake_log_options){.selection = btc}, "5 3 1");
    assert_snapshots(fixture->lake, (struct lake_log_options){.selection = btc, .limit = 1, .before = 5}, "3");
    assert_snapshots(fixture->lake, (struct lake_log_options){.selection = {.symbol = "ETHUSDT"}}, "6 4 2");
    assert_snapshots(fixture->lake, (struct lake_log_options){.selection = {.symbol = "DOGEUSDT"}}, "");
}

static void test_what_an_entry_says(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(lake_name_snapshot(fixture->lake, "two", 2, NULL), LAKE_OK);
    assert_int_equal(lake_name_snapshot(fixture->lake, "deux", 2, NULL), LAKE_OK);
    struct table *table = read_log(fixture->lake, (struct lake_log_options){.limit = 0});
    assert_string_equal(table_get(table, 4, "snapshot"), "2");
    assert_string_equal(table_get(table, 4, "operation"), "ingest");
    assert_string_equal(table_get(table, 4, "committed"), "2024-01-01T01:00:00.250Z");
    assert_string_equal(table_get(table, 4, "duration_ms"), "250");
    assert_string_equal(table_get(table, 4, "datasets"), "TEST/FUTURES/ETHUSDT/raw/1m");
    assert_string_equal(table_get(table, 4, "source"), "a.csv");
    assert_string_equal(table_get(table, 4, "rows_read"), "3");
    assert_string_equal(table_get(table, 4, "rows_written"), "3");
    assert_string_equal(table_get(table, 4, "rows_rejected"), "0");
    assert_string_equal(table_get(table, 4, "rows_removed"), "0");
    assert_string_equal(table_get(table, 4, "days"), "1");
    assert_string_equal(table_get(table, 4, "undone_by"), "");
    assert_string_equal(table_get(table, 4, "names"), "deux, two");
    assert_string_equal(table_get(table, 5, "source"), "");
    assert_string_equal(table_get(table, 5, "names"), "");
    assert_string_equal(table_get(table, 2, "source"), "a.csv and 2 more");
    table_free(table);
}

enum { N_MANY = 5000 };

/* Operations as they would be after long use, without their data. */
static void add_operations(struct lake *lake, int64_t n)
{
    mutex_lock(lake->mutex);
    assert_int_equal(manifest_begin(lake->manifest, NULL), LAKE_OK);
    for (int64_t i = 0; i < n; i++) {
        struct manifest_operation operation = {
            .kind = "compact", .source = "", .software = "test", .detail = "", .finished_ms = test_clock.now_ms};
        int64_t snapshot = 0;
        assert_int_equal(manifest_add_operation(lake->manifest, &operation, &snapshot, NULL), LAKE_OK);
    }
    assert_int_equal(manifest_commit(lake->manifest, NULL), LAKE_OK);
    mutex_unlock(lake->mutex);
}

static void test_a_long_log_comes_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    char expected[32];
    add_operations(fixture->lake, N_MANY);
    struct table *table = read_log(fixture->lake, (struct lake_log_options){.limit = N_MANY});
    assert_int_equal(table->n_rows, N_MANY);
    assert_int_equal(table->n_batches, 2);
    for (size_t i = 0; i < table->n_rows; i++) {
        (void)snprintf(expected, sizeof expected, "%d", (int)(N_OPERATIONS + N_MANY - i));
        assert_string_equal(table_get(table, i, "snapshot"), expected);
    }
    assert_string_equal(table_get(table, 0, "datasets"), "");
    table_free(table);
}

static void test_wrong_questions_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream;
    const struct lake_log_options wrong[] = {
        {.size = 1},
        {.size = sizeof *wrong, .limit = -1},
        {.size = sizeof *wrong, .before = -1},
        {.size = sizeof *wrong, .selection = {.period = "fortnight"}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(lake_log(fixture->lake, &wrong[i], &stream, NULL), LAKE_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_latest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_operations_of_a_dataset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_an_entry_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_log_comes_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_questions_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
