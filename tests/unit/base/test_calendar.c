#include "base/calendar.h"

#include "unit/base/check.h"

/* A walk over every day of the supported years that counts on its own; only lengths of months are known to it. */
struct walk {
    struct calendar_date date;
    int64_t day;
    int64_t month_start, year_start;
};

static int32_t month_length(struct calendar_date date)
{
    switch (date.month) {
    case 2: return (date.year % 400 == 0 || (date.year % 4 == 0 && date.year % 100 != 0)) ? 29 : 28;
    case 4:
    case 6:
    case 9:
    case 11: return 30;
    default: return 31;
    }
}

static void walk_on(struct walk *walk)
{
    walk->day++;
    if (++walk->date.day <= month_length(walk->date))
        return;
    walk->date.day = 1;
    walk->month_start = walk->day;
    if (++walk->date.month <= 12)
        return;
    walk->date.month = 1;
    walk->date.year++;
    walk->year_start = walk->day;
}

static void check_day(const struct walk *walk)
{
    struct calendar_date date = calendar_date_from_day(walk->day);
    if (date.year != walk->date.year || date.month != walk->date.month || date.day != walk->date.day)
        fail_msg("day %lld is %d-%d-%d, not %d-%d-%d", (long long)walk->day, date.year, date.month, date.day,
                 walk->date.year, walk->date.month, walk->date.day);
    if (calendar_day_from_date(walk->date) != walk->day || !calendar_date_is_valid(walk->date) ||
        calendar_month_start(walk->day) != walk->month_start || calendar_year_start(walk->day) != walk->year_start)
        fail_msg("day %lld is not in its place", (long long)walk->day);
}

static void test_every_day_of_the_calendar(void **state)
{
    (void)state;
    /* 1970-01-01 is 719,162 days after 0001-01-01 (Python: datetime.date(1970, 1, 1).toordinal() - 1). */
    struct walk walk = {{1, 1, 1}, -719162, -719162, -719162};
    while (walk.date.year <= 9999) {
        check_day(&walk);
        int64_t month_start = walk.month_start, year_start = walk.year_start, day = walk.day;
        walk_on(&walk);
        if (walk.month_start != month_start)
            assert_int_equal(calendar_month_next(day), walk.day);
        if (walk.year_start != year_start)
            assert_int_equal(calendar_year_next(day), walk.day);
    }
    assert_int_equal(walk.day, 2932897); /* the day after 9999-12-31 */
}

static void test_dates_that_are_none(void **state)
{
    (void)state;
    static const struct calendar_date bad[] = {{2023, 2, 29}, {1900, 2, 29}, {2023, 4, 31}, {2023, 0, 1},
                                               {2023, 13, 1}, {2023, 1, 0},  {2023, 1, 32}, {0, 1, 1},
                                               {10000, 1, 1}, {-1, 1, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(calendar_date_is_valid(bad[i]));
    assert_true(calendar_date_is_valid((struct calendar_date){2000, 2, 29}));
    assert_true(calendar_date_is_valid((struct calendar_date){2024, 2, 29}));
}

static void test_instants_before_1970_fall_into_their_day(void **state)
{
    (void)state;
    assert_int_equal(calendar_day_of_ms(0), 0);
    assert_int_equal(calendar_day_of_ms(MS_PER_DAY - 1), 0);
    assert_int_equal(calendar_day_of_ms(MS_PER_DAY), 1);
    assert_int_equal(calendar_day_of_ms(-1), -1);
    assert_int_equal(calendar_day_of_ms(-MS_PER_DAY), -1);
    assert_int_equal(calendar_day_of_ms(-MS_PER_DAY - 1), -2);
    assert_int_equal(calendar_day_of_ms(INT64_MIN), -106751991168);
}

static void test_parse_what_people_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
        bool date_only;
    } cases[] = {
        {"2023-04-01", 1680307200000000, true},
        {"2023-04-01T09:30", 1680341400000000, false},
        {"2023-04-01 09:30:00", 1680341400000000, false},
        {"2023-04-01T09:30:00Z", 1680341400000000, false},
        {"2023-04-01 09:30:00 UTC", 1680341400000000, false},
        {"2023-04-01T11:30:00+02:00", 1680341400000000, false},
        {"2023-04-01T11:30:00+0200", 1680341400000000, false},
        {"2023-04-01T11:30:00+02", 1680341400000000, false},
        {"2023-04-01 05:00:00-04:30", 1680341400000000, false},
        {"2023-04-01T09:30:00.5", 1680341400500000, false},
        {"2023-04-01T09:30:00.123456", 1680341400123456, false},
        {"2023-04-01T09:30:00.123456789Z", 1680341400123456, false},
        {"1970-01-01T00:00:00Z", 0, false},
        {"1969-12-31T23:59:59.999999Z", -1, false},
        {"2024-02-29", 1709164800000000, true},
        {"0001-01-01", -62135596800000000, true},
        {"9999-12-31T23:59:59.999999", 253402300799999999, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = 0;
        bool date_only = !cases[i].date_only;
        if (!calendar_parse_us(cases[i].text, strlen(cases[i].text), &us, &date_only))
            fail_msg("'%s' is refused", cases[i].text);
        if (us != cases[i].us || date_only != cases[i].date_only)
            fail_msg("'%s' is read as %lld", cases[i].text, (long long)us);
        assert_true(calendar_parse_us(cases[i].text, strlen(cases[i].text), &us, NULL));
    }
}

static void test_parse_refuses_the_rest(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "2023",
        "2023-04",
        "2023-4-1",
        "23-04-01",
        "2023/04/01",
        "2023-02-29",
        "2023-13-01",
        "2023-00-10",
        "0000-01-01",
        "-001-01-01",
        "10000-01-01",
        " 2023-04-01",
        "2023-04-01 ",
        "2023-04-01T",
        "2023-04-01T09",
        "2023-04-01T9:30",
        "2023-04-01T24:00",
        "2023-04-01T09:60",
        "2023-04-01T23:59:60",
        "2023-04-01T09:30:00.",
        "2023-04-01T09:30:00.1234567890",
        "2023-04-01T09:30:00+",
        "2023-04-01T09:30:00+2",
        "2023-04-01T09:30:00+02:",
        "2023-04-01T09:30:00+02:0",
        "2023-04-01T09:30:00+24:00",
        "2023-04-01T09:30:00+02:60",
        "2023-04-01T09:30:00 CET",
        "2023-04-01T09:30:00Zx",
        "2023-04-01T09:30:00 ",
        "2023-04-01x",
        "2019-10-17 09-AM",
        "1.61093E+12",
        "1680307200000",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t us = 0;
        if (calendar_parse_us(cases[i], strlen(cases[i]), &us, NULL))
            fail_msg("'%s' is taken for %lld", cases[i], (long long)us);
    }
}

static void test_parse_stays_within_its_length(void **state)
{
    (void)state;
    int64_t us = 0;
    bool date_only = false;
    assert_true(calendar_parse_us("2023-04-01T09:30:00Z", 10, &us, &date_only));
    assert_true(date_only);
    for (size_t length = 0; length < 10; length++)
        assert_false(calendar_parse_us("2023-04-01T09:30:00Z", length, &us, NULL));
}

static void test_format(void **state)
{
    (void)state;
    char text[CALENDAR_TEXT_BYTES];
    assert_int_equal(calendar_format_ms(1680341400000, text), 20);
    assert_string_equal(text, "2023-04-01T09:30:00Z");
    calendar_format_ms(1680341400007, text);
    assert_string_equal(text, "2023-04-01T09:30:00.007Z");
    calendar_format_ms(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    calendar_format_us(1680341400000000, text);
    assert_string_equal(text, "2023-04-01T09:30:00Z");
    calendar_format_us(1680341400120000, text);
    assert_string_equal(text, "2023-04-01T09:30:00.120Z");
    calendar_format_us(1680341400120001, text);
    assert_string_equal(text, "2023-04-01T09:30:00.120001Z");
    assert_int_equal(calendar_format_day(19448, text), 10);
    assert_string_equal(text, "2023-04-01");
}

static void test_format_prints_the_number_past_the_calendar(void **state)
{
    (void)state;
    char text[CALENDAR_TEXT_BYTES];
    calendar_format_ms(INT64_MIN, text);
    assert_string_equal(text, "-9223372036854775808");
    calendar_format_ms(INT64_MAX, text);
    assert_string_equal(text, "9223372036854775807");
    calendar_format_us(253402300800000000, text);
    assert_string_equal(text, "253402300800000000");
    calendar_format_day(2932897, text);
    assert_string_equal(text, "2932897");
}

static void test_format_reads_back(void **state)
{
    (void)state;
    char text[CALENDAR_TEXT_BYTES];
    uint64_t seed = 1;
    for (int i = 0; i < 100000; i++) {
        int64_t parsed = 0;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        int64_t us = -62135596800000000 + (int64_t)(seed % 315537897600000000u);
        us -= i % 3 == 0 ? us % 1000000 : 0;
        size_t length = calendar_format_us(us, text);
        assert_int_equal(length, strlen(text));
        assert_true(calendar_parse_us(text, length, &parsed, NULL));
        assert_int_equal(parsed, us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_day_of_the_calendar),
        cmocka_unit_test(test_dates_that_are_none),
        cmocka_unit_test(test_instants_before_1970_fall_into_their_day),
        cmocka_unit_test(test_parse_what_people_write),
        cmocka_unit_test(test_parse_refuses_the_rest),
        cmocka_unit_test(test_parse_stays_within_its_length),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_format_prints_the_number_past_the_calendar),
        cmocka_unit_test(test_format_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
