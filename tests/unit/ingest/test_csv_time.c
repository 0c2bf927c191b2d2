#include "ingest/csv_time.h"

#include "ingest/csv_number.h"
#include "unit/base/check.h"

static struct csv_span span(const char *text)
{
    return (struct csv_span){text, strlen(text)};
}

struct readable {
    const char *text;
    int64_t ns;
};

static const struct readable readables[] = {
    {"1680307200", INT64_C(1680307200000000000)},
    {"1680307200.0", INT64_C(1680307200000000000)},
    {"1680307200.25", INT64_C(1680307200250000000)},
    {"1680307200.000000001", INT64_C(1680307200000000001)},
    {"1680307200.", INT64_C(1680307200000000000)},
    {"1680307200000", INT64_C(1680307200000000000)},
    {"1680307200000.5", INT64_C(1680307200000500000)},
    {"1735689600000000", INT64_C(1735689600000000000)},
    {"1735689600000001", INT64_C(1735689600000001000)},
    {"1735689600000000001", INT64_C(1735689600000000001)},
    {"631152000", INT64_C(631152000000000000)},
    {"4102444799999", INT64_C(4102444799999000000)},
    {"631152000000000000", INT64_C(631152000000000000)},
    {"2023-03-01 00:01:00+00:00", INT64_C(1677628860000000000)},
    {"2024-01-21T23:00:00+09:00", INT64_C(1705845600000000000)},
    {"2021-12-31 23:01:00.000000", INT64_C(1640991660000000000)},
    {"2021-12-31T23:01:00Z", INT64_C(1640991660000000000)},
    {"2021-12-31 23:01", INT64_C(1640991660000000000)},
    {"2021-12-31", INT64_C(1640908800000000000)},
    {"2021-12-31 00:00:00.000000001", INT64_C(1640908800000000001)},
    {"2021-12-31 00:00:00.1234567Z", INT64_C(1640908800123456700)},
};

static void test_units_are_told_by_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readables / sizeof readables[0]; i++) {
        int64_t ns = 0;
        if (csv_time_parse(span(readables[i].text), &ns) != CSV_TIME_OK || ns != readables[i].ns)
            fail_msg("%s became %lld", readables[i].text, (long long)ns);
    }
}

static void test_what_is_no_time(void **state)
{
    (void)state;
    const char *const wrong[] = {"",
                                 "abc",
                                 "1.61093E+12",
                                 "1e12",
                                 "16803072x0",
                                 "1680307200.x",
                                 "-",
                                 "2021-13-01",
                                 "2021-02-29",
                                 "09:01:00",
                                 "2021-12-31 25:00:00",
                                 "1680307200 ",
                                 "1680307200,0",
                                 "1735689600000000000.5",
                                 "99999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t ns;
        if (csv_time_parse(span(wrong[i]), &ns) != CSV_TIME_UNREADABLE)
            fail_msg("'%s' was taken", wrong[i]);
    }
}

static void test_other_centuries_are_out_of_range(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "0",        "-5",         "5",          "631151999",          "4102444800", "1680307200000000000000",
        "20230401", "1989-12-31", "2100-01-01", "1970-01-01 00:00:00"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t ns;
        enum csv_time_result result = csv_time_parse(span(wrong[i]), &ns);
        if (result == CSV_TIME_OK || (result != CSV_TIME_OUT_OF_RANGE && strlen(wrong[i]) < 20))
            fail_msg("'%s' was taken", wrong[i]);
    }
}

/* What csv_time_iso takes is what csv_time_parse takes, at the same instant; the rest it leaves. */
static void test_iso_in_place_agrees(void **state)
{
    (void)state;
    const char *const texts[] = {"2023-03-01 00:01:00+00:00",     "2023-03-01T00:01:00Z",
                                 "2023-03-01 23:59:59",           "2023-03-02 00:00:00.000000",
                                 "2023-03-02 00:00:00.000000000", "2024-02-29 12:34:56.000"};
    const char *const left[] = {
        "2023-03-01 24:00:00",   "2023-03-01 00:60:00",       "2023-03-01 00:00:60",  "2023-02-29 00:00:00",
        "2023-03-01 00:00:00.5", "2023-03-01 00:00:00+09:00", "2023-03-01 00:00",     "2023-03-01",
        "1989-03-01 00:00:00",   "2100-01-01 00:00:00",       "2023-03-01 00:00:00.", "2023-03-01x00:00:00",
        "2023-03-01 0a:00:00",   "2023-03-01 00:00:0:",       "1680307200000"};
    struct csv_date date = {{0}, 0};
    for (size_t i = 0; i < 2 * sizeof texts / sizeof texts[0]; i++) {
        char text[64 + CSV_PADDING_BYTES] = "";
        int64_t ns = 0, ms = 0;
        strcpy(text, texts[i / 2]);
        strcat(text, i % 2 == 0 ? ",1\n" : "\n");
        assert_ptr_equal(csv_time_iso(text, &date, &ms), text + strlen(texts[i / 2]));
        assert_int_equal(csv_time_parse(span(texts[i / 2]), &ns), CSV_TIME_OK);
        assert_true(ns == ms * NS_PER_MS);
    }
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        char text[64 + CSV_PADDING_BYTES] = "";
        int64_t ms;
        strcpy(text, left[i]);
        strcat(text, ",");
        const char *next = csv_time_iso(text, &date, &ms);
        if (next != NULL && *next == ',')
            fail_msg("%s was taken", left[i]);
    }
}

static void test_no_date_is_remembered_at_first(void **state)
{
    (void)state;
    struct csv_date date = {{0}, 0};
    char text[64 + CSV_PADDING_BYTES] = "";
    int64_t ms;
    memcpy(text + sizeof date.text, " 09:30:00,", 10);
    assert_null(csv_time_iso(text, &date, &ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units_are_told_by_size),           cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_other_centuries_are_out_of_range), cmocka_unit_test(test_iso_in_place_agrees),
        cmocka_unit_test(test_no_date_is_remembered_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
