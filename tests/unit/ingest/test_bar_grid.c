#include "ingest/bar_grid.h"

#include "base/calendar.h"
#include "unit/base/check.h"

#define T0 INT64_C(1680307200000) /* 2023-04-01T00:00:00Z, a Saturday */

static struct bar_evidence evidence_of(const int64_t *ts_ms, int64_t n)
{
    struct bar_evidence evidence = {0};
    /* In two pieces, as runs are. */
    bar_evidence_add(&evidence, ts_ms, n / 2);
    bar_evidence_add(&evidence, ts_ms + n / 2, n - n / 2);
    return evidence;
}

static int64_t at(const char *text)
{
    int64_t us = 0;
    assert_true(calendar_parse_us(text, strlen(text), &us, NULL));
    return us / US_PER_MS;
}

static void assert_tells(const int64_t *ts_ms, int64_t n, const char *name)
{
    struct lake_error err = {0};
    const struct period *period = NULL;
    struct bar_evidence evidence = evidence_of(ts_ms, n);
    lake_ok(bar_evidence_tell(&evidence, "x.csv", &period, &err));
    assert_string_equal(period->name, name);
}

static void test_the_shortest_step_is_the_period(void **state)
{
    (void)state;
    const int64_t minute = MS_PER_MINUTE;
    assert_tells((int64_t[]){T0, T0 + minute, T0 + 2 * minute}, 3, "1m");
    assert_tells((int64_t[]){T0 + 9 * minute, T0 + 3 * minute, T0, T0, T0 + 3 * minute}, 5, "3m");
    assert_tells((int64_t[]){T0, T0 + 5 * MS_PER_HOUR, T0 + 6 * MS_PER_HOUR}, 3, "1h");
    assert_tells((int64_t[]){T0, T0 + 7 * MS_PER_DAY}, 2, "1w");
}

static void test_months(void **state)
{
    (void)state;
    assert_tells((int64_t[]){at("2023-01-01"), at("2023-02-01"), at("2023-04-01")}, 3, "1mo");
    assert_tells((int64_t[]){at("2023-03-01"), at("2023-02-01")}, 2, "1mo");
    const struct period *month = bar_period_of(at("2024-02-01"), 29 * MS_PER_DAY);
    assert_string_equal(month->name, "1mo");
    assert_null(bar_period_of(at("2023-02-01"), 29 * MS_PER_DAY));
    assert_null(bar_period_of(at("2023-02-02"), 28 * MS_PER_DAY));
    assert_null(bar_period_of(T0, 0));
    assert_string_equal(bar_period_of(T0, 4 * MS_PER_HOUR)->name, "4h");
}

static void test_what_does_not_tell(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct period *period = NULL;
    const int64_t minute = MS_PER_MINUTE;
    struct bar_evidence one = evidence_of((int64_t[]){T0, T0}, 2);
    struct bar_evidence odd = evidence_of((int64_t[]){T0, T0 + 2 * minute}, 2);
    struct bar_evidence second = evidence_of((int64_t[]){T0, T0 + 90001}, 2);
    struct bar_evidence mixed = evidence_of((int64_t[]){T0, T0 + 3 * minute, T0 + 7 * minute}, 3);
    struct bar_evidence quarter = evidence_of((int64_t[]){at("2023-01-01"), at("2023-04-01")}, 2);
    lake_fails(bar_evidence_tell(&one, "x.csv", &period, &err), LAKE_INVALID_ARGUMENT, "x.csv: rows of a single time");
    lake_fails(bar_evidence_tell(&odd, "x.csv", &period, &err), LAKE_INVALID_ARGUMENT,
               "is 120 s, which is no known period");
    lake_fails(bar_evidence_tell(&second, "x.csv", &period, &err), LAKE_INVALID_ARGUMENT, "is 90001 ms");
    lake_fails(bar_evidence_tell(&mixed, "x.csv", &period, &err), LAKE_INVALID_ARGUMENT,
               "not all multiples of the shortest, 3m");
    lake_fails(bar_evidence_tell(&quarter, "x.csv", &period, &err), LAKE_INVALID_ARGUMENT, "--period");
}

static void test_a_period_that_is_too_short_is_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t hours[12];
    const struct period *minute = period_of_length(MS_PER_MINUTE), *hour = period_of_length(MS_PER_HOUR);
    for (int64_t i = 0; i < 12; i++)
        hours[i] = T0 + i * MS_PER_HOUR;
    struct bar_evidence few = evidence_of(hours, 11);
    struct bar_evidence enough = evidence_of(hours, 12);
    hours[7] += MS_PER_MINUTE;
    struct bar_evidence gaps = evidence_of(hours, 12);
    lake_ok(bar_evidence_check(&few, "x.csv", minute, NULL, &err));
    lake_ok(bar_evidence_check(&gaps, "x.csv", minute, NULL, &err));
    lake_ok(bar_evidence_check(&enough, "x.csv", hour, NULL, &err));
    lake_fails(bar_evidence_check(&enough, "x.csv", minute, NULL, &err), LAKE_INVALID_DATA,
               "x.csv: all times are multiples of 1h apart, but the period is 1m; correct --period");
    lake_fails(bar_evidence_check(&enough, "x.csv", minute, "a.csv", &err), LAKE_INVALID_DATA,
               "x.csv: all times are multiples of 1h apart, but the bars of a.csv are 1m; ingest them one by one");
    assert_false(bar_evidence_is_certain(&few));
    assert_true(bar_evidence_is_certain(&enough));
    assert_true(bar_evidence_allows(&enough, hour) && bar_evidence_allows(&enough, minute));
    assert_false(bar_evidence_allows(&gaps, hour));
}

/* Where clocks change a day has 23 or 25 hours. */
static void test_days_of_a_place(void **state)
{
    (void)state;
    const int64_t day = MS_PER_DAY, hour = MS_PER_HOUR;
    assert_tells((int64_t[]){T0, T0 + day - hour, T0 + 2 * day - hour}, 3, "1d");
    assert_tells((int64_t[]){T0, T0 + day, T0 + 2 * day + hour}, 3, "1d");
    assert_tells((int64_t[]){T0, T0 + 7 * day - hour, T0 + 14 * day - hour}, 3, "1w");
}

static int64_t find_off(const char *period_name, const int64_t *ts_ms, int64_t n)
{
    struct lake_error err = {0};
    const struct period *period = NULL;
    lake_ok(period_find(period_name, &period, &err));
    struct bar_grid grid = bar_grid_start(period, false);
    bar_grid_lay(&grid, ts_ms, n);
    int64_t first = bar_grid_find_off(&grid, ts_ms, n / 2);
    int64_t second = bar_grid_find_off(&grid, ts_ms + n / 2, n - n / 2);
    return first >= 0 ? first : second >= 0 ? n / 2 + second : -1;
}

static void test_rows_off_the_grid_are_found(void **state)
{
    (void)state;
    const int64_t minute = MS_PER_MINUTE, hour = MS_PER_HOUR, day = MS_PER_DAY;
    assert_int_equal(find_off("1m", (int64_t[]){T0, T0 + minute, T0, T0 + 7 * minute, T0 + 8 * minute}, 5), -1);
    assert_int_equal(find_off("1m", (int64_t[]){T0, T0 + minute, T0 + minute + 1}, 3), 2);
    assert_int_equal(find_off("1m", (int64_t[]){T0 + 59999, T0 + 59999 + minute}, 2), 0);
    assert_int_equal(find_off("5m", (int64_t[]){T0, T0 + 5 * minute, T0 + 6 * minute}, 3), 2);
    assert_int_equal(find_off("5m", (int64_t[]){T0 + minute}, 1), 0);
    /* Days that begin at 16:00 are days, hours that begin at :30 are none of a day's. */
    assert_int_equal(find_off("1d", (int64_t[]){T0 + 16 * hour, T0 + 16 * hour + 3 * day}, 2), -1);
    assert_int_equal(find_off("1d", (int64_t[]){T0, T0 + day, T0 + 2 * day, T0 + 3 * day + hour, T0 - hour}, 5), -1);
    assert_int_equal(find_off("1d", (int64_t[]){T0, T0 + day + 2 * hour, T0 + 3 * day}, 3), 1);
    /* Stocks open at half past: hours begin where most do, whatever the first one does. */
    assert_int_equal(find_off("1h", (int64_t[]){T0 + 30 * minute, T0 + 90 * minute}, 2), -1);
    assert_int_equal(find_off("1h", (int64_t[]){T0, T0 + 30 * minute, T0 + 90 * minute, T0 + 150 * minute}, 4), 0);
    assert_int_equal(find_off("1h", (int64_t[]){T0 + 10 * minute, T0 + 70 * minute}, 2), 0);
    assert_int_equal(find_off("4h", (int64_t[]){T0, T0 + 5 * hour, T0 + 8 * hour}, 3), 1);
    assert_int_equal(find_off("1d", (int64_t[]){T0 + minute, T0 + minute + day}, 2), 0);
    assert_int_equal(find_off("1w", (int64_t[]){T0 + 7 * day, T0, T0 + 6 * day}, 3), 2);
    assert_int_equal(find_off("1mo", (int64_t[]){T0, at("2023-05-01"), at("2023-06-02")}, 3), 2);
    assert_int_equal(find_off("1mo", (int64_t[]){at("2023-05-01"), at("2023-02-01"), T0}, 3), -1);
}

static void test_a_grid_of_a_place_shifts_by_an_hour(void **state)
{
    (void)state;
    const int64_t hour = MS_PER_HOUR;
    const int64_t ts_ms[] = {T0, T0 + 4 * hour, T0 + 8 * hour, T0 + 13 * hour, T0 + 22 * hour};
    struct bar_grid grid = bar_grid_start(period_of_length(4 * hour), true);
    bar_grid_lay(&grid, ts_ms, 5);
    assert_int_equal(bar_grid_find_off(&grid, ts_ms, 5), 4);
    struct bar_grid rest = grid;
    assert_int_equal(bar_grid_find_off(&rest, ts_ms + 3, 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_shortest_step_is_the_period),
        cmocka_unit_test(test_months),
        cmocka_unit_test(test_what_does_not_tell),
        cmocka_unit_test(test_a_period_that_is_too_short_is_refused),
        cmocka_unit_test(test_days_of_a_place),
        cmocka_unit_test(test_rows_off_the_grid_are_found),
        cmocka_unit_test(test_a_grid_of_a_place_shifts_by_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
