/* Where in a source a row stands: exactly where that is known, else between which lines. */
#include <datalake/bars.h>

#include <string.h>

#include "ops/explain_source.h"
#include "unit/lake/lake_fixture.h"

#define MINUTE MS_PER_MINUTE

/* Ten minutes from midnight on, in lines 11 to 20. */
static struct manifest_origin ten_minutes(void)
{
    return (struct manifest_origin){.n_rows = 10,
                                    .key_from_ms = DAY_2024,
                                    .key_to_ms = DAY_2024 + 9 * MINUTE,
                                    .line_from = 11,
                                    .line_to = 20,
                                    .member = ""};
}

static const struct period *period_of(const char *name)
{
    const struct period *period = NULL;
    assert_int_equal(period_find(name, &period, NULL), LAKE_OK);
    return period;
}

static void expect_lines(const struct manifest_origin *origin, const char *period, int64_t first_ms, int64_t last_ms,
                         struct explain_lines expected)
{
    struct explain_lines lines = explain_find_lines(origin, period_of(period), first_ms, last_ms);
    assert_int_equal(lines.from, expected.from);
    assert_int_equal(lines.to, expected.to);
    assert_int_equal(lines.is_exact, expected.is_exact);
}

static void expect_line(const struct manifest_origin *origin, int64_t ms, int64_t line)
{
    expect_lines(origin, "1m", ms, ms, (struct explain_lines){line, line, true});
}

static void test_bars_that_follow_each_other(void **state)
{
    (void)state;
    struct manifest_origin origin = ten_minutes();
    expect_line(&origin, DAY_2024, 11);
    expect_line(&origin, DAY_2024 + 9 * MINUTE, 20);
    expect_lines(&origin, "1m", DAY_2024 + 2 * MINUTE, DAY_2024 + 4 * MINUTE, (struct explain_lines){13, 15, true});
    /* as far as the run goes */
    expect_lines(&origin, "1m", DAY_2024 - MS_PER_HOUR, DAY_2024 + 4 * MINUTE, (struct explain_lines){11, 15, true});
    expect_lines(&origin, "1m", DAY_2024 + 4 * MINUTE, DAY_2024 + MS_PER_DAY, (struct explain_lines){15, 20, true});
}

static void test_the_newest_first(void **state)
{
    (void)state;
    struct manifest_origin origin = ten_minutes();
    origin.is_descending = true;
    expect_line(&origin, DAY_2024, 20);
    expect_line(&origin, DAY_2024 + 9 * MINUTE, 11);
    expect_lines(&origin, "1m", DAY_2024 + 2 * MINUTE, DAY_2024 + 4 * MINUTE, (struct explain_lines){16, 18, true});
}

static void test_months(void **state)
{
    (void)state;
    struct manifest_origin origin = ten_minutes();
    origin.key_to_ms = DAY_2024 + (31 + 29) * MS_PER_DAY; /* January, February, March */
    origin.n_rows = 3;
    origin.line_to = 13;
    expect_lines(&origin, "1mo", DAY_2024 + 31 * MS_PER_DAY, DAY_2024 + 31 * MS_PER_DAY,
                 (struct explain_lines){12, 12, true});
}

static void test_what_is_not_even_is_only_between(void **state)
{
    (void)state;
    const struct explain_lines whole = {11, 20, false};
    struct manifest_origin origin = ten_minutes();
    origin.is_mixed = true;
    expect_lines(&origin, "1m", DAY_2024, DAY_2024, whole);
    origin = ten_minutes();
    origin.key_to_ms += MINUTE; /* a bar is missing */
    expect_lines(&origin, "1m", DAY_2024, DAY_2024, whole);
    origin = ten_minutes();
    origin.n_rows = 9; /* a line is no bar of it */
    expect_lines(&origin, "1m", DAY_2024, DAY_2024, whole);
    origin = ten_minutes();
    expect_lines(&origin, "tick", DAY_2024, DAY_2024, whole); /* trades have no grid */
    expect_lines(&origin, "event", DAY_2024, DAY_2024, whole);
}

static void test_a_single_row_is_in_its_line(void **state)
{
    (void)state;
    struct manifest_origin origin = ten_minutes();
    origin.n_rows = 1;
    origin.key_to_ms = origin.key_from_ms;
    origin.line_to = origin.line_from;
    expect_lines(&origin, "tick", DAY_2024, DAY_2024, (struct explain_lines){11, 11, true});
}

static void test_lines_that_are_not_known(void **state)
{
    (void)state;
    struct manifest_origin origin = ten_minutes();
    origin.line_from = origin.line_to = 0;
    expect_lines(&origin, "1m", DAY_2024, DAY_2024, (struct explain_lines){0, 0, false});
}

static void test_options_that_make_no_sense(void **state)
{
    struct fixture *fixture = fixture_new();
    struct ArrowArrayStream stream = {0};
    struct lake_error err;
    struct lake_explain_options options = {.size = 3};
    (void)state;
    assert_int_equal(lake_explain(fixture->lake, &options, &stream, &err), LAKE_INVALID_ARGUMENT);
    assert_int_equal(lake_explain(fixture->lake, NULL, &stream, &err), LAKE_INVALID_ARGUMENT);
    options = (struct lake_explain_options){.size = sizeof options, .ts_ms = INT64_MAX};
    assert_int_equal(lake_explain(fixture->lake, &options, &stream, &err), LAKE_INVALID_ARGUMENT);
    options = (struct lake_explain_options){.size = sizeof options, .dataset = {.exchange = "X", .symbol = "Y"}};
    assert_int_equal(lake_explain(fixture->lake, &options, &stream, &err), LAKE_NOT_FOUND);
    fixture_free(fixture);
}

/* The ends of what a time can be are no reason to overflow. */
static void test_times_far_away(void **state)
{
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, 0, INT64_MAX - 1};
    static const char *const periods[] = {"1m", "1w", "1mo"};
    struct fixture *fixture = fixture_new();
    struct ArrowArrayStream stream = {0};
    struct lake_error err;
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        for (size_t p = 0; p < sizeof periods / sizeof *periods; p++) {
            const struct lake_explain_options options = {
                .size = sizeof options,
                .dataset = {.exchange = "BINANCE", .symbol = "BTCUSDT", .period = periods[p]},
                .ts_ms = times[i]};
            assert_int_equal(lake_explain(fixture->lake, &options, &stream, &err), LAKE_NOT_FOUND);
            assert_null(stream.release);
        }
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars_that_follow_each_other),
        cmocka_unit_test(test_the_newest_first),
        cmocka_unit_test(test_months),
        cmocka_unit_test(test_what_is_not_even_is_only_between),
        cmocka_unit_test(test_a_single_row_is_in_its_line),
        cmocka_unit_test(test_lines_that_are_not_known),
        cmocka_unit_test(test_options_that_make_no_sense),
        cmocka_unit_test(test_times_far_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
