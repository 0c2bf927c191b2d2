#include "column/period.h"

#include "base/calendar.h"
#include "unit/base/check.h"

static void check_names(const char *const *names, const char *wanted)
{
    struct lake_error err = {0};
    for (; *names != NULL; names++) {
        const struct period *period = NULL;
        if (period_find(*names, &period, &err) != LAKE_OK)
            fail_msg("%s", err.message);
        if (strcmp(period->name, wanted) != 0)
            fail_msg("'%s' is %s, not %s", *names, period->name, wanted);
    }
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_names_people_use(void **state)
{
    (void)state;
    check_names(
        NAMES("1m", "1min", "1Min", "1 minute", "60s", "60 seconds", "1T", "1", "M1", "m1", "m", "min", "minute"),
        "1m");
    check_names(NAMES("3m", "3min", "3", "180s"), "3m");
    check_names(NAMES("5m", "5", "M5", "5T", "5 minutes", "300s"), "5m");
    check_names(NAMES("15m", "15", "M15", "900s"), "15m");
    check_names(NAMES("30m", "M30", "30 mins"), "30m");
    check_names(NAMES("1h", "1H", "60m", "60min", "60", "H1", "h1", "1 hour", "1hr", "hourly", "h", "H", "3600s"),
                "1h");
    check_names(NAMES("2h", "120", "120m"), "2h");
    check_names(NAMES("4h", "4H", "H4", "240", "240m", "4 hours"), "4h");
    check_names(NAMES("6h", "360"), "6h");
    check_names(NAMES("8h", "480"), "8h");
    check_names(NAMES("12h", "720"), "12h");
    check_names(NAMES("1d", "1D", "D", "d", "D1", "24h", "1440", "1440m", "daily", "Daily", "1 day", "86400s"), "1d");
    check_names(NAMES("3d", "3D", "72h"), "3d");
    check_names(NAMES("1w", "1W", "W", "W1", "7d", "10080", "weekly", "1week"), "1w");
    check_names(
        NAMES("1mo", "1M", "M", "1 M", "1month", "1mon", "1Mo", "1MO", "MN", "MN1", "month", "monthly", "1 Month"),
        "1mo");
    check_names(NAMES("tick", "ticks", "Tick"), "tick");
    check_names(NAMES("event", "events"), "event");
}

static void test_a_month_is_never_a_minute(void **state)
{
    (void)state;
    const struct period *month = NULL, *minute = NULL;
    assert_int_equal(period_find("1M", &month, NULL), LAKE_OK);
    assert_int_equal(period_find("1m", &minute, NULL), LAKE_OK);
    assert_string_equal(month->name, "1mo");
    assert_string_equal(minute->name, "1m");
    assert_int_equal(month->length_ms, 0);
    assert_int_equal(minute->length_ms, MS_PER_MINUTE);
}

static void test_what_is_not_clear_is_refused_with_the_choices(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "0",
                                      "0m",
                                      "7m",
                                      "1s",
                                      "2",
                                      "5M",
                                      "60M",
                                      "3M",
                                      "12mo",
                                      "1y",
                                      "-1m",
                                      "1.5h",
                                      "1mm",
                                      "1m ",
                                      " 1m",
                                      "1  m",
                                      "m1m",
                                      "M1h",
                                      "MN2",
                                      "1mn5",
                                      "1x",
                                      "../1m",
                                      "1m/",
                                      "1h1m",
                                      "99999999999999999999m",
                                      "18446744073709551617m",
                                      "abcdefghijklmnopqrstuvwxyz",
                                      "minuten",
                                      "ti",
                                      "ticked",
                                      "sec",
                                      "1 ",
                                      "\xc2\xb5",
                                      "1\nm"};
    struct lake_error err = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct period *period = NULL;
        if (period_find(bad[i], &period, &err) == LAKE_OK)
            fail_msg("'%s' is taken for %s", bad[i], period->name);
        assert_null(period);
        assert_int_equal(err.status, LAKE_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, "1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1mo tick event"));
    }
}

/* The table of DESIGN.md: up to 5m and trades a day; 15m to 12h and funding a month; from 1d a year. */
static void test_grains(void **state)
{
    (void)state;
    static const struct {
        const char *names[8];
        enum partition_grain grain;
    } cases[] = {{{"1m", "3m", "5m", "tick"}, GRAIN_DAY},
                 {{"15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h"}, GRAIN_MONTH},
                 {{"event"}, GRAIN_MONTH},
                 {{"1d", "3d", "1w", "1mo"}, GRAIN_YEAR}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t k = 0; k < 8 && cases[i].names[k] != NULL; k++) {
            const struct period *period = NULL;
            assert_int_equal(period_find(cases[i].names[k], &period, NULL), LAKE_OK);
            assert_string_equal(period->name, cases[i].names[k]);
            assert_int_equal(period->grain, cases[i].grain);
        }
}

static void test_of_length(void **state)
{
    (void)state;
    assert_string_equal(period_of_length(MS_PER_MINUTE)->name, "1m");
    assert_string_equal(period_of_length(12 * MS_PER_HOUR)->name, "12h");
    assert_string_equal(period_of_length(7 * MS_PER_DAY)->name, "1w");
    assert_null(period_of_length(0));
    assert_null(period_of_length(-MS_PER_MINUTE));
    assert_null(period_of_length(MS_PER_MINUTE + 1));
    assert_null(period_of_length(30 * MS_PER_DAY));
}

static int64_t ms(const char *text)
{
    int64_t us = 0;
    assert_true(calendar_parse_us(text, strlen(text), &us, NULL));
    return us >= 0 ? us / 1000 : (us - 999) / 1000;
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        enum partition_grain grain;
        const char *ts, *start, *end;
    } cases[] = {
        {GRAIN_DAY, "2024-02-29T23:59:59.999", "2024-02-29", "2024-03-01"},
        {GRAIN_DAY, "2024-03-01", "2024-03-01", "2024-03-02"},
        {GRAIN_DAY, "1969-12-31T23:59:59.999", "1969-12-31", "1970-01-01"},
        {GRAIN_MONTH, "2024-02-29T12:00", "2024-02-01", "2024-03-01"},
        {GRAIN_MONTH, "2023-12-31T23:59", "2023-12-01", "2024-01-01"},
        {GRAIN_YEAR, "2024-01-01", "2024-01-01", "2025-01-01"},
        {GRAIN_YEAR, "2023-12-31T23:59:59.999", "2023-01-01", "2024-01-01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t start = 0, end = 0;
        partition_bounds(cases[i].grain, ms(cases[i].ts), &start, &end);
        assert_int_equal(start, ms(cases[i].start));
        assert_int_equal(end, ms(cases[i].end));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_people_use),
        cmocka_unit_test(test_a_month_is_never_a_minute),
        cmocka_unit_test(test_what_is_not_clear_is_refused_with_the_choices),
        cmocka_unit_test(test_grains),
        cmocka_unit_test(test_of_length),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
