/* Bars from trades in a lake: the last bar is open until a later trade is there, whichever day that is of. */
#include "derive_fixture.h"
#include "unit/lake/trade_fixture.h"

#include "lake/scan.h"

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error failure_ = {LAKE_OK, ""};                                                                    \
        struct lake_error *err = &failure_;                                                                            \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s: %s", #call, failure_.message);                                                               \
    } while (0)

enum { MOST_BARS = 64 };
#define MINUTE_US (MS_PER_MINUTE * 1000)
#define DAY_US (MS_PER_DAY * 1000)

/* `bars` of each bar of 1m, by time. */
static size_t read_bars_column(struct lake *lake, int64_t bars[MOST_BARS])
{
    static const char *const columns[] = {"bars"};
    const struct scan_options options = {
        .query = {.selection = {"test", NULL, "BTCUSDT", "agg", "1m"}, .start_ms = INT64_MIN, .end_ms = INT64_MAX},
        .columns = columns,
        .n_columns = 1};
    struct scan *scan = NULL;
    struct batch batch = {0};
    size_t n = 0;
    ASSERT_OK(scan_open(lake, &options, &scan, err));
    ASSERT_OK(scan_next(scan, &batch, err));
    for (int64_t row = 0; row < batch.n_rows; row++)
        bars[n++] = ((int64_t *)batch_values(&batch, 1))[row];
    batch_release(&batch);
    scan_close(scan);
    return n;
}

static void write_trade(struct lake *lake, int64_t ts_us, const char *id)
{
    const struct trade trade = {TRADE_DAY_US + ts_us, id, 100.0, 1.0, "buy", NULL};
    (void)write_trades(lake, "trades", &trade, 1, TRADE_WITHOUT_NOTE);
}

static struct lake_aggregate_result derive_minutes(struct lake *lake)
{
    static const char *const periods[] = {"1m"};
    return derive(lake, &(struct derive_call){.symbol = "BTCUSDT", .periods = periods, .n_periods = 1});
}

static void test_the_last_bar_is_open(void **state)
{
    struct fixture *fixture = fixture_new();
    int64_t bars[MOST_BARS];
    (void)state;
    write_trade(fixture->lake, 0, "1");
    write_trade(fixture->lake, MINUTE_US, "2");
    assert_int_equal(derive_minutes(fixture->lake).rows_written, 2);
    assert_int_equal(read_bars_column(fixture->lake, bars), 2);
    assert_int_equal(bars[0], 1);
    assert_int_equal(bars[1], 0);
    assert_int_equal(derive_minutes(fixture->lake).n_current, 1);
    fixture_free(fixture);
}

static void test_a_trade_of_another_day_closes_it(void **state)
{
    struct fixture *fixture = fixture_new();
    int64_t bars[MOST_BARS];
    (void)state;
    write_trade(fixture->lake, 0, "1");
    (void)derive_minutes(fixture->lake);
    write_trade(fixture->lake, 2 * DAY_US, "2");
    assert_int_equal(derive_minutes(fixture->lake).rows_written, 2);
    assert_int_equal(read_bars_column(fixture->lake, bars), 2);
    assert_int_equal(bars[0], 1);
    assert_int_equal(bars[1], 0);
    (void)undo_operation(fixture->lake, 3); /* that trade's */
    struct lake_aggregate_result result = derive_minutes(fixture->lake);
    assert_int_equal(result.rows_removed, 1);
    assert_int_equal(result.rows_written, 1);
    assert_int_equal(read_bars_column(fixture->lake, bars), 1);
    assert_int_equal(bars[0], 0);
    fixture_free(fixture);
}

static void test_several_periods_from_trades(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_aggregate_result result;
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 10; i++) {
        const char id[] = {(char)('0' + i), '\0'};
        write_trade(fixture->lake, i * 7 * MINUTE_US, id);
    }
    result = derive_usual(fixture->lake, "BTCUSDT");
    assert_int_equal(result.source_rows, 10);
    assert_int_equal(result.rows_written, 5 + 2);
    assert_int_equal(derived_days(fixture->lake, "BTCUSDT", "1h", &n)->n_rows, 2);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_bar_is_open),
        cmocka_unit_test(test_a_trade_of_another_day_closes_it),
        cmocka_unit_test(test_several_periods_from_trades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
