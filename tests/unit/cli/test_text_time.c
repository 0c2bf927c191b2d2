#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <datalake/text.h>

struct time_case {
    const char *text;
    const char *start, *end; /* as lake_format_value prints them; NULL: refused */
};

static const struct time_case cases[] = {
    {"2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
    {"2026-02", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
    {"2026-2", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
    {"2026/12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
    {"202612", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
    {"2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
    {"2026-1-5", "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"},
    {"2026.01.05", "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"},
    {"20261231", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"},
    {"20261231093015", "2026-12-31T09:30:15Z", "2026-12-31T09:30:15Z"},
    {"2026-01-31T09:30", "2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"},
    {"2026-01-31 09:30:15.250", "2026-01-31T09:30:15.250Z", "2026-01-31T09:30:15.250Z"},
    {"2026-01-31t09:30:15z", "2026-01-31T09:30:15Z", "2026-01-31T09:30:15Z"},
    {"2026-01-31T00:30+02:00", "2026-01-30T22:30:00Z", "2026-01-30T22:30:00Z"},
    {"2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"},
    {"1769819400", "2026-01-31T00:30:00Z", "2026-01-31T00:30:00Z"},
    {"1769819400123", "2026-01-31T00:30:00.123Z", "2026-01-31T00:30:00.123Z"},
    {"", NULL, NULL},
    {" 2026-01-31", NULL, NULL},
    {"2026-13", NULL, NULL},
    {"2026-00", NULL, NULL},
    {"2026-01-00", NULL, NULL},
    {"2026-02-29", NULL, NULL},
    {"2026-01/05", NULL, NULL},
    {"2026-01-05-", NULL, NULL},
    {"20260100", NULL, NULL},
    {"202600", NULL, NULL},
    {"20261231250000", NULL, NULL},
    {"123", NULL, NULL},
    {"12345", NULL, NULL},
    {"1769819400123456", NULL, NULL},
    {"99999999999999999999999999999999999999999999999999999999999999999999", NULL, NULL},
    {"-1769819400", NULL, NULL},
    {"0000", NULL, NULL},
    {"today", NULL, NULL},
    {"31.01.2026", NULL, NULL},
};

static void assert_time(const char *text, bool is_end, const char *expected)
{
    struct lake_error err = {0};
    int64_t ms = 0;
    lake_status status = lake_parse_time(text, is_end, &ms, &err);
    if (expected == NULL) {
        assert_int_equal(status, LAKE_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, "is not a date or time"));
        return;
    }
    assert_int_equal(status, LAKE_OK);
    char found[LAKE_TEXT_BYTES];
    struct ArrowSchema schema = {.format = "tsm:UTC"};
    const void *buffers[] = {NULL, &ms};
    struct ArrowArray array = {.length = 1, .n_buffers = 2, .buffers = buffers};
    lake_format_value(&schema, &array, 0, found, sizeof found);
    assert_string_equal(found, expected);
}

static void dates_and_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_time(cases[i].text, false, cases[i].start);
        assert_time(cases[i].text, true, cases[i].end);
    }
}

static void an_error_shows_what_was_written(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t ms = 0;
    assert_int_equal(lake_parse_time("31.01.2026", false, &ms, &err), LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "'31.01.2026'"));
    assert_int_equal(lake_parse_time(NULL, false, &ms, &err), LAKE_INVALID_ARGUMENT);
    assert_int_equal(lake_parse_time("x", false, &ms, NULL), LAKE_INVALID_ARGUMENT);
}

struct period_case {
    const char *text;
    int64_t length_ms, start_day, end_day; /* of the partition around 2024-02-29T12:00, in days since 1970 */
};

static const struct period_case periods[] = {
    {"1m", 60000, 19782, 19783},     {"M5", 300000, 19782, 19783},      {"15 minutes", 900000, 19754, 19783},
    {"12H", 43200000, 19754, 19783}, {"daily", 86400000, 19723, 20089}, {"1M", 0, 19723, 20089},
    {"tick", 0, 19782, 19783},       {"event", 0, 19754, 19783},        {"alpha@1.0", 0, 19754, 19783},
};

static void periods_and_their_partitions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
        struct lake_period period;
        struct lake_error err = {0};
        assert_int_equal(lake_parse_period(periods[i].text, INT64_C(1709208000000), &period, &err), LAKE_OK);
        assert_int_equal(period.length_ms, periods[i].length_ms);
        assert_int_equal(period.start_ms, periods[i].start_day * 86400000);
        assert_int_equal(period.end_ms, periods[i].end_day * 86400000);
    }
}

static void what_is_no_period_is_refused(void **state)
{
    static const char *const texts[] = {NULL, "", "7m", "-1m", "minute of the day", "a@b@c"};
    static const int64_t outside[] = {INT64_MIN, INT64_C(-62135596800001), INT64_C(253402300800000), INT64_MAX};
    struct lake_period period;
    struct lake_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(lake_parse_period(texts[i], 0, &period, &err), LAKE_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        assert_int_equal(lake_parse_period("1d", outside[i], &period, &err), LAKE_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, "outside of the years 1 to 9999"));
    }
    assert_int_equal(lake_parse_period("1d", INT64_C(253402300799999), &period, &err), LAKE_OK);
    assert_int_equal(period.end_ms, INT64_C(253402300800000));
    assert_int_equal(lake_parse_period("1d", INT64_C(-62135596800000), &period, &err), LAKE_OK);
    assert_int_equal(period.start_ms, INT64_C(-62135596800000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_and_times),
        cmocka_unit_test(an_error_shows_what_was_written),
        cmocka_unit_test(periods_and_their_partitions),
        cmocka_unit_test(what_is_no_period_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
