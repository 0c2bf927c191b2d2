#include "ingest/csv_time.h"

#include <stdlib.h>

#include "ingest/csv_digits.h"
#include "ingest/csv_time_text.h"
#include "unit/base/check.h"

static struct csv_span span(const char *text)
{
    return (struct csv_span){text, strlen(text)};
}

static const struct csv_time_rules none = {CSV_ORDER_UNKNOWN, 0, 0, 0, 0};

static enum csv_time_result parse(const char *text, const struct csv_time_rules *rules, int64_t *ns)
{
    struct csv_time time;
    enum csv_time_result result = csv_time_parse(span(text), rules, &time);
    *ns = time.ns;
    return result;
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
    {"20211231", INT64_C(1640908800000000000)},
    {"20211231 230100", INT64_C(1640991660000000000)},
    {"20211231 230100123", INT64_C(1640991660123000000)},
    {"20211231  23:01:00", INT64_C(1640991660000000000)},
    {"202112312301", INT64_C(1640991660000000000)},
    {"20211231230100", INT64_C(1640991660000000000)},
    {"20211231230100123", INT64_C(1640991660123000000)},
    {"2021.12.31 23:01", INT64_C(1640991660000000000)},
    {"2021.12.31,23:01", INT64_C(1640991660000000000)},
    {"2021/12/31 23:01:00.5", INT64_C(1640991660500000000)},
    {"2021-12-31D23:01:00.000001000", INT64_C(1640991660000001000)},
    {"2021-12-31 11-PM", INT64_C(1640991600000000000)},
    {"2021-12-31 12-AM", INT64_C(1640908800000000000)},
    {"12/31/2021 0:00", INT64_C(1640908800000000000)},
    {"31/12/2021 23:01", INT64_C(1640991660000000000)},
    {"12/31/21 11:01 PM", INT64_C(1640991660000000000)},
    {"31.12.2021 23:01:00.000 GMT-0000", INT64_C(1640991660000000000)},
    {"01.01.2022 01:01:00.000 GMT+0200", INT64_C(1640991660000000000)},
    {"Dec 31, 2021", INT64_C(1640908800000000000)},
    {"December 31 2021", INT64_C(1640908800000000000)},
    {"31-Dec-2021", INT64_C(1640908800000000000)},
    {"31 Dec 21", INT64_C(1640908800000000000)},
    {"Fri Dec 31 2021 23:01:00 GMT+0000 (UTC)", INT64_C(1640991660000000000)},
    {"Fri, 31 Dec 2021 23:01:00 GMT", INT64_C(1640991660000000000)},
    {"2021-12-31 23:01:00 UTC", INT64_C(1640991660000000000)},
    {"2021\xe5\xb9\xb4"
     "12\xe6\x9c\x88"
     "31\xe6\x97\xa5",
     INT64_C(1640908800000000000)},
    {"2021- 12- 31", INT64_C(1640908800000000000)},
};

static void test_units_are_told_by_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readables / sizeof readables[0]; i++) {
        int64_t ns = 0;
        if (parse(readables[i].text, &none, &ns) != CSV_TIME_OK || ns != readables[i].ns)
            fail_msg("%s became %lld", readables[i].text, (long long)ns);
    }
}

static void test_what_is_no_time(void **state)
{
    (void)state;
    const char *const wrong[] = {"",
                                 "abc",
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
                                 "99999999999999999999999",
                                 "03/04/2021",
                                 "13/13/2021",
                                 "2021-12-31 9",
                                 "2021-12-31 13:00 PM",
                                 "2021-12-31 0:00 AM",
                                 "2021-12-31 23:60",
                                 "2021-12-31 23:00 EST",
                                 "2021-12-31 23:00:00+25:00",
                                 "Foo 31, 2021",
                                 "31 12",
                                 "12.5.",
                                 "2021-12-31T",
                                 "(2021)"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t ns;
        if (parse(wrong[i], &none, &ns) != CSV_TIME_UNREADABLE)
            fail_msg("'%s' was taken", wrong[i]);
    }
}

static void test_other_centuries_are_out_of_range(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "0",        "-5",           "5",          "631151999",  "4102444800",         "1680307200000000000000",
        "18991231", "202113011200", "1899-12-31", "2100-01-01", "1850-01-01 00:00:00"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t ns;
        enum csv_time_result result = parse(wrong[i], &none, &ns);
        if (result == CSV_TIME_OK || (result != CSV_TIME_OUT_OF_RANGE && strlen(wrong[i]) < 20))
            fail_msg("'%s' was taken", wrong[i]);
    }
}

/* Where the unit is said; what is a time in a coarser unit, or a date, is none all the same. */
static void test_a_unit_that_is_said_reaches_back_to_1971(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t unit_ns, want_s;
    } cases[] = {{"31536000", NS_PER_SECOND, 31536000},
                 {"345427200", NS_PER_SECOND, 345427200},
                 {"345427200000", NS_PER_MS, 345427200},
                 {"345427200000000", NS_PER_US, 345427200}},
      wrong[] = {{"31535999", NS_PER_SECOND, 0}, {"20230401", NS_PER_SECOND, 0},  {"0", NS_PER_SECOND, 0},
                 {"1680307200", NS_PER_MS, 0},   {"1680307200000", NS_PER_US, 0}, {"345427200", 0, 0}};
    int64_t ns = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct csv_time_rules rules = {.unit_ns = cases[i].unit_ns};
        assert_int_equal(parse(cases[i].text, &rules, &ns), CSV_TIME_OK);
        assert_true(ns == cases[i].want_s * NS_PER_SECOND);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const struct csv_time_rules rules = {.unit_ns = wrong[i].unit_ns};
        assert_int_equal(parse(wrong[i].text, &rules, &ns), CSV_TIME_OUT_OF_RANGE);
    }
}

/* What csv_time_iso takes is what csv_time_parse takes, at the same instant; the rest it leaves. */
static void test_iso_in_place_agrees(void **state)
{
    (void)state;
    const char *const texts[] = {
        "2023-03-01 00:01:00+00:00",     "2023-03-01T00:01:00Z",    "2023-03-01 23:59:59", "2023-03-02 00:00:00.000000",
        "2023-03-02 00:00:00.000000000", "2024-02-29 12:34:56.000", "1962-01-02 00:00:00", "1970-01-01 00:00:00"};
    const char *const left[] = {
        "2023-03-01 24:00:00",   "2023-03-01 00:60:00",       "2023-03-01 00:00:60",  "2023-02-29 00:00:00",
        "2023-03-01 00:00:00.5", "2023-03-01 00:00:00+09:00", "2023-03-01 00:00",     "2023-03-01",
        "1899-03-01 00:00:00",   "2100-01-01 00:00:00",       "2023-03-01 00:00:00.", "2023-03-01x00:00:00",
        "2023-03-01 0a:00:00",   "2023-03-01 00:00:0:",       "1680307200000"};
    struct csv_date date = {{0}, 0};
    for (size_t i = 0; i < 2 * sizeof texts / sizeof texts[0]; i++) {
        char text[64 + CSV_PADDING_BYTES] = "";
        int64_t ns = 0, ms = 0;
        strcpy(text, texts[i / 2]);
        strcat(text, i % 2 == 0 ? ",1\n" : "\n");
        assert_ptr_equal(csv_time_iso(text, &date, &ms), text + strlen(texts[i / 2]));
        assert_int_equal(parse(texts[i / 2], &none, &ns), CSV_TIME_OK);
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

static void test_numbers_that_have_lost_digits_are_no_times(void **state)
{
    (void)state;
    const char *const texts[] = {"1.61093E+12", "1e12", "1.6E9", "-1e5", "16E+11", "1.609459200000E+12"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct csv_time_parts parts;
        int64_t ns;
        assert_int_equal(parse(texts[i], &none, &ns), CSV_TIME_LOST_DIGITS);
        assert_int_equal(csv_time_parse_clock(span(texts[i]), &none, &ns), CSV_TIME_LOST_DIGITS);
        csv_time_look(span(texts[i]), &parts);
        assert_int_equal(parts.kind, CSV_TIME_FLOATING);
    }
}

static void test_the_order_of_dates_is_a_rule(void **state)
{
    (void)state;
    const struct csv_time_rules days_first = {CSV_ORDER_DMY, 0, 0, 0, 0}, months_first = {CSV_ORDER_MDY, 0, 0, 0, 0};
    int64_t ns;
    assert_int_equal(parse("03/04/2021", &days_first, &ns), CSV_TIME_OK);
    assert_true(ns == INT64_C(1617408000000000000)); /* 3 April */
    assert_int_equal(parse("03/04/2021", &months_first, &ns), CSV_TIME_OK);
    assert_true(ns == INT64_C(1614816000000000000)); /* 4 March */
    assert_int_equal(parse("13/04/2021", &months_first, &ns), CSV_TIME_UNREADABLE);
    assert_int_equal(parse("04/13/2021", &days_first, &ns), CSV_TIME_UNREADABLE);
    assert_int_equal(parse("2021-04-03", &days_first, &ns), CSV_TIME_OK);
    assert_true(ns == INT64_C(1617408000000000000));
    assert_int_equal(parse("04/04/2021", &none, &ns), CSV_TIME_OK);
}

static void test_the_unit_of_numbers_can_be_given(void **state)
{
    (void)state;
    const struct csv_time_rules seconds = {CSV_ORDER_UNKNOWN, NS_PER_SECOND, 0, 0, 0};
    int64_t ns;
    assert_int_equal(parse("1680307200", &seconds, &ns), CSV_TIME_OK);
    assert_true(ns == INT64_C(1680307200000000000));
    assert_int_equal(parse("1680307200000", &seconds, &ns), CSV_TIME_OUT_OF_RANGE);
    assert_int_equal(parse("20230401", &seconds, &ns), CSV_TIME_OUT_OF_RANGE);
    assert_int_equal(parse("2023-04-01", &seconds, &ns), CSV_TIME_OK);
}

static void test_offsets_and_numbers_say_their_zone(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool has_offset, is_number;
    } cases[] = {{"1680307200", false, true},           {"20230401", false, false},
                 {"2023-04-01 00:00", false, false},    {"2023-04-01 00:00Z", true, false},
                 {"2023-04-01 00:00 UTC", true, false}, {"01.04.2023 00:00 GMT+0200", true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv_time time;
        const struct csv_time_rules rules = {CSV_ORDER_DMY, 0, 0, 0, 0};
        assert_int_equal(csv_time_parse(span(cases[i].text), &rules, &time), CSV_TIME_OK);
        assert_int_equal(time.has_offset, cases[i].has_offset);
        assert_int_equal(time.is_number, cases[i].is_number);
    }
}

static void test_times_of_day(void **state)
{
    (void)state;
    const struct csv_time_rules four = {CSV_ORDER_UNKNOWN, 0, 0, 0, 4}, six = {CSV_ORDER_UNKNOWN, 0, 0, 0, 6};
    const struct csv_time_rules ms = {CSV_ORDER_UNKNOWN, 0, 0, NS_PER_MS, 0};
    const struct {
        const char *text;
        const struct csv_time_rules *rules;
        int64_t ms; /* -1: none */
    } cases[] = {{"09:30", &none, 34200000},
                 {"9:30", &none, 34200000},
                 {"09:30:01.5", &none, 34201500},
                 {"09:30:01:500", &none, 34201500},
                 {"9:30 PM", &none, 77400000},
                 {"12:00 AM", &none, 0},
                 {"12:30 p.m.", &none, 45000000},
                 {"0930", &none, 34200000},
                 {"930", &none, 34200000},
                 {"093001", &none, 34201000},
                 {"093001500", &none, 34201500},
                 {"5", &none, -1},
                 {"5", &four, 300000},
                 {"0", &four, 0},
                 {"930", &four, 34200000},
                 {"930", &six, 570000},
                 {"93000", &six, 34200000},
                 {"60000", &ms, 60000},
                 {"86399999", &ms, 86399999},
                 {"86400000", &ms, -1},
                 {"-1", &ms, -1},
                 {"24:00", &none, -1},
                 {"2400", &none, -1},
                 {"09:3", &none, -1},
                 {"09:30x", &none, -1},
                 {"", &none, -1},
                 {"2021-12-31", &none, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns = 0;
        enum csv_time_result result = csv_time_parse_clock(span(cases[i].text), cases[i].rules, &ns);
        if ((result == CSV_TIME_OK) != (cases[i].ms >= 0) || (result == CSV_TIME_OK && ns != cases[i].ms * NS_PER_MS))
            fail_msg("'%s' became %lld", cases[i].text, (long long)ns);
    }
}

static void test_forms_of_texts(void **state)
{
    (void)state;
    const struct {
        const char *text;
        enum csv_time_kind kind;
        bool has_order;
    } cases[] = {{"1680307200", CSV_TIME_NUMBER, false},
                 {"16803072", CSV_TIME_NONE, false},
                 {"20230401", CSV_TIME_DATE, false},
                 {"2023-04-01", CSV_TIME_DATE, false},
                 {"01/04/2023", CSV_TIME_DATE, true},
                 {"01/04/2023 10:00", CSV_TIME_INSTANT, true},
                 {"10:00", CSV_TIME_CLOCK, false},
                 {"100000", CSV_TIME_CLOCK, false},
                 {"1.5", CSV_TIME_NONE, false},
                 {"abc", CSV_TIME_NONE, false},
                 {"2023-04-01T00:00", CSV_TIME_INSTANT, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct csv_time_parts parts;
        csv_time_look(span(cases[i].text), &parts);
        if (parts.kind != cases[i].kind || parts.has_order != cases[i].has_order)
            fail_msg("'%s' is of kind %d", cases[i].text, (int)parts.kind);
    }
}

/* Each text cut anywhere, and with each byte replaced: no byte behind its end is read (a sanitizer sees it), and nothing crashes. */
static void test_broken_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readables / sizeof readables[0]; i++) {
        size_t n = strlen(readables[i].text);
        for (size_t k = 0; k <= n; k++) {
            for (int byte = 0; byte < 256; byte += 5) {
                struct csv_time time;
                struct csv_time_parts parts;
                int64_t ns;
                char *text = malloc(k + 1);
                memcpy(text, readables[i].text, k);
                if (k > 0)
                    text[(size_t)byte % k] = (char)byte;
                struct csv_span cut = {text, k};
                (void)csv_time_parse(cut, &none, &time);
                (void)csv_time_parse_clock(cut, &none, &ns);
                csv_time_look(cut, &parts);
                free(text);
            }
        }
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
        cmocka_unit_test(test_units_are_told_by_size),
        cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_other_centuries_are_out_of_range),
        cmocka_unit_test(test_a_unit_that_is_said_reaches_back_to_1971),
        cmocka_unit_test(test_iso_in_place_agrees),
        cmocka_unit_test(test_numbers_that_have_lost_digits_are_no_times),
        cmocka_unit_test(test_the_order_of_dates_is_a_rule),
        cmocka_unit_test(test_the_unit_of_numbers_can_be_given),
        cmocka_unit_test(test_offsets_and_numbers_say_their_zone),
        cmocka_unit_test(test_times_of_day),
        cmocka_unit_test(test_forms_of_texts),
        cmocka_unit_test(test_broken_times),
        cmocka_unit_test(test_no_date_is_remembered_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
