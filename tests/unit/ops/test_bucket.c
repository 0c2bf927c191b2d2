#include "ops/bucket.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "unit/base/check.h"

static const struct period *period(const char *name)
{
    const struct period *found = NULL;
    assert_int_equal(period_find(name, &found, NULL), LAKE_OK);
    return found;
}

static int64_t ms(const char *text)
{
    int64_t us = 0;
    assert_true(calendar_parse_us(text, strlen(text), &us, NULL));
    return us / US_PER_MS;
}

/* The bucket of an instant, and of its own first and last millisecond. */
static void check_bucket(const char *name, int64_t offset_ms, const char *at, const char *start, const char *end)
{
    struct lake_error err = {0};
    struct bucket_grid grid;
    lake_ok(bucket_grid_init(&grid, period(name), offset_ms, &err));
    const int64_t instants[] = {ms(at), ms(start), ms(end) - 1};
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        struct time_range bucket = bucket_at(&grid, instants[i]);
        assert_int_equal(bucket.start_ms, ms(start));
        assert_int_equal(bucket.end_ms, ms(end));
    }
    assert_int_equal(bucket_at(&grid, ms(end)).start_ms, ms(end));
    assert_int_equal(bucket_at(&grid, ms(start) - 1).end_ms, ms(start));
}

static void test_buckets(void **state)
{
    (void)state;
    check_bucket("1m", 0, "2023-04-01T09:30:59.999", "2023-04-01T09:30", "2023-04-01T09:31");
    check_bucket("15m", 0, "2023-04-01T09:44", "2023-04-01T09:30", "2023-04-01T09:45");
    check_bucket("1h", 30 * MS_PER_MINUTE, "2023-04-01T09:15", "2023-04-01T08:30", "2023-04-01T09:30");
    check_bucket("6h", 0, "2023-04-01T11:59", "2023-04-01T06:00", "2023-04-01T12:00");
    check_bucket("1d", 22 * MS_PER_HOUR, "2023-04-01T21:59", "2023-03-31T22:00", "2023-04-01T22:00");
    check_bucket("3d", 0, "1970-01-02", "1970-01-01", "1970-01-04");
    check_bucket("1w", 0, "2023-04-02", "2023-03-27", "2023-04-03");
    check_bucket("1w", -MS_PER_DAY, "2023-04-01", "2023-03-26", "2023-04-02");
    check_bucket("1mo", 0, "2024-02-29T23:59:59.999", "2024-02-01", "2024-03-01");
    check_bucket("1mo", 0, "2023-02-10", "2023-02-01", "2023-03-01");
    check_bucket("1mo", 27 * MS_PER_DAY, "2023-02-27", "2023-01-28", "2023-02-28");
    check_bucket("1mo", 22 * MS_PER_HOUR, "2023-12-31", "2023-12-01T22:00", "2024-01-01T22:00");
}

static void test_buckets_before_1970(void **state)
{
    (void)state;
    check_bucket("1m", 0, "1969-12-31T23:59:59.999", "1969-12-31T23:59", "1970-01-01");
    check_bucket("1h", 15 * MS_PER_MINUTE, "1970-01-01T00:00", "1969-12-31T23:15", "1970-01-01T00:15");
    check_bucket("1w", 0, "1970-01-01", "1969-12-29", "1970-01-05");
    check_bucket("1w", 0, "1969-12-28", "1969-12-22", "1969-12-29");
    check_bucket("1mo", 0, "1900-02-28", "1900-02-01", "1900-03-01");
    check_bucket("3d", 0, "1969-12-31", "1969-12-29", "1970-01-01");
}

static void test_instants_beyond_the_calendar_are_its_ends(void **state)
{
    (void)state;
    static const char *const names[] = {"1m", "1d", "1w", "1mo"};
    for (size_t i = 0; i < 4; i++) {
        struct lake_error err = {0};
        struct bucket_grid grid;
        lake_ok(bucket_grid_init(&grid, period(names[i]), 0, &err));
        struct time_range first = bucket_at(&grid, INT64_MIN), last = bucket_at(&grid, INT64_MAX);
        assert_true(first.start_ms <= BUCKET_FIRST_MS && first.end_ms > BUCKET_FIRST_MS);
        assert_true(last.start_ms < BUCKET_END_MS && last.end_ms >= BUCKET_END_MS);
    }
}

static void test_offsets_come_into_range(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct bucket_grid grid;
    lake_ok(bucket_grid_init(&grid, period("1h"), -MS_PER_MINUTE, &err));
    assert_int_equal(grid.offset_ms, 59 * MS_PER_MINUTE);
    lake_ok(bucket_grid_init(&grid, period("1h"), 3 * MS_PER_HOUR, &err));
    assert_int_equal(grid.offset_ms, 0);
    lake_ok(bucket_grid_init(&grid, period("1w"), INT64_MIN, &err));
    assert_true(grid.offset_ms >= 0 && grid.offset_ms < 7 * MS_PER_DAY);
    lake_ok(bucket_grid_init(&grid, period("1mo"), 28 * MS_PER_DAY - 1, &err));
    lake_fails(bucket_grid_init(&grid, period("1mo"), 28 * MS_PER_DAY, &err), LAKE_INVALID_ARGUMENT, "28 days");
    lake_fails(bucket_grid_init(&grid, period("1mo"), -1, &err), LAKE_INVALID_ARGUMENT, "28 days");
    lake_fails(bucket_grid_init(&grid, period("tick"), 0, &err), LAKE_INVALID_ARGUMENT, "'tick'");
    lake_fails(bucket_grid_init(&grid, period("event"), 0, &err), LAKE_INVALID_ARGUMENT, "'event'");
}

/* Whatever instant is the origin, a bucket begins at it. */
static void test_an_origin_is_a_begin(void **state)
{
    (void)state;
    static const char *const names[] = {"3m", "15m", "1h", "8h", "1d", "3d", "1w", "1mo"};
    static const char *const origins[] = {"2023-04-01T09:31:15", "1969-07-20T20:17", "1970-01-01", "2024-02-14T22:00"};
    for (size_t i = 0; i < 8; i++)
        for (size_t k = 0; k < 4; k++) {
            struct lake_error err = {0};
            struct bucket_grid grid;
            int64_t offset_ms = bucket_offset_of(period(names[i]), ms(origins[k]));
            lake_ok(bucket_grid_init(&grid, period(names[i]), offset_ms, &err));
            assert_int_equal(grid.offset_ms, offset_ms);
            assert_int_equal(bucket_at(&grid, ms(origins[k])).start_ms, ms(origins[k]));
        }
    assert_int_equal(bucket_offset_of(period("1mo"), ms("2023-01-29")),
                     28 * MS_PER_DAY); /* refused by bucket_grid_init */
}

static void check_offset(const char *text, int64_t wanted)
{
    struct lake_error err = {0};
    int64_t offset_ms = -1;
    lake_ok(bucket_offset_parse(text, &offset_ms, &err));
    assert_int_equal(offset_ms, wanted);
}

static void test_lengths_of_time(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t offset_ms = 7;
    check_offset("0", 0);
    check_offset("90m", 90 * MS_PER_MINUTE);
    check_offset("1h30m", 90 * MS_PER_MINUTE);
    check_offset("-4h", -4 * MS_PER_HOUR);
    check_offset("+15s", 15 * MS_PER_SECOND);
    check_offset("2d", 2 * MS_PER_DAY);
    check_offset("1d2h3m4s", MS_PER_DAY + 2 * MS_PER_HOUR + 3 * MS_PER_MINUTE + 4 * MS_PER_SECOND);
    check_offset("99999999d", 99999999 * MS_PER_DAY);
    static const char *const bad[] = {"",   "-",    "m",      "90",          "1.5h", "1h ",        " 1h", "1y",
                                      "1H", "--1h", "1h-30m", "1000000000d", "-0h1", "1d1d1d1d1d", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        lake_fails(bucket_offset_parse(bad[i], &offset_ms, &err), LAKE_INVALID_ARGUMENT, "as in 90m, 1h30m, -4h");
    assert_int_equal(offset_ms, 7);
}

static void test_expected_bars(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct bucket_grid month, day;
    lake_ok(bucket_grid_init(&month, period("1mo"), 0, &err));
    lake_ok(bucket_grid_init(&day, period("1d"), 0, &err));
    assert_int_equal(bucket_expected(&month, bucket_at(&month, ms("2024-02-03")), period("1d")), 29);
    assert_int_equal(bucket_expected(&month, bucket_at(&month, ms("2023-02-03")), period("1m")), 28 * 1440);
    assert_int_equal(bucket_expected(&month, bucket_at(&month, ms("2023-04-03")), period("tick")), 1);
    assert_int_equal(bucket_expected(&day, bucket_at(&day, ms("2023-04-03")), period("5m")), 288);
}

/* By the longer names of all periods that period.h tells of. */
static void test_which_divides_which(void **state)
{
    (void)state;
    assert_true(bucket_divides(period("1m"), period("3m")));
    assert_true(bucket_divides(period("1m"), period("1mo")));
    assert_true(bucket_divides(period("1d"), period("1w")));
    assert_true(bucket_divides(period("12h"), period("3d")));
    assert_true(bucket_divides(period("8h"), period("1mo")));
    assert_true(bucket_divides(period("tick"), period("1m")));
    assert_true(bucket_divides(period("tick"), period("1mo")));
    assert_false(bucket_divides(period("3m"), period("5m")));
    assert_false(bucket_divides(period("4h"), period("6h")));
    assert_false(bucket_divides(period("1h"), period("1h")));
    assert_false(bucket_divides(period("1h"), period("1m")));
    assert_false(bucket_divides(period("3d"), period("1w")));
    assert_false(bucket_divides(period("3d"), period("1mo")));
    assert_false(bucket_divides(period("1w"), period("1mo")));
    assert_false(bucket_divides(period("1mo"), period("1mo")));
    assert_false(bucket_divides(period("1m"), period("tick")));
    assert_false(bucket_divides(period("event"), period("1h")));
    assert_false(bucket_divides(period("tick"), period("event")));
}

/* The candidates of trades are every period that bars can have: those that period.c offers, but for tick and event. */
static void test_candidates_are_all_periods(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct period *none = NULL;
    assert_int_equal(period_find("no period", &none, &err), LAKE_INVALID_ARGUMENT);
    char *known = strstr(err.message, "none of ") + strlen("none of ");
    char periods[256];
    size_t n = (size_t)(strstr(known, " tick") - known);
    assert_true(n < sizeof periods);
    memcpy(periods, known, n);
    periods[n] = '\0';
    lake_fails(bucket_check(period("tick"), period("tick"), &err), LAKE_INVALID_ARGUMENT, periods);
    lake_fails(bucket_check(period("1mo"), period("1d"), &err), LAKE_INVALID_ARGUMENT, "nothing can");
    lake_ok(bucket_check(period("1m"), period("15m"), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_buckets_before_1970),
        cmocka_unit_test(test_instants_beyond_the_calendar_are_its_ends),
        cmocka_unit_test(test_offsets_come_into_range),
        cmocka_unit_test(test_an_origin_is_a_begin),
        cmocka_unit_test(test_lengths_of_time),
        cmocka_unit_test(test_expected_bars),
        cmocka_unit_test(test_which_divides_which),
        cmocka_unit_test(test_candidates_are_all_periods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
