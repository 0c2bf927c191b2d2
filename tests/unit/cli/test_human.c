#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "human.h"

static void counts(void **state)
{
    (void)state;
    char out[HUMAN_BYTES];
    assert_string_equal(human_count(0, out), "0");
    assert_string_equal(human_count(999, out), "999");
    assert_string_equal(human_count(1000, out), "1,000");
    assert_string_equal(human_count(527040, out), "527,040");
    assert_string_equal(human_count(-1234567, out), "-1,234,567");
    assert_string_equal(human_count(-123, out), "-123");
    assert_string_equal(human_count(INT64_MIN, out), "-9,223,372,036,854,775,808");
}

static void counted(void **state)
{
    (void)state;
    char out[HUMAN_BYTES];
    assert_string_equal(human_counted(0, "file", out), "0 files");
    assert_string_equal(human_counted(1, "file", out), "1 file");
    assert_string_equal(human_counted(1234, "small file", out), "1,234 small files");
    assert_string_equal(human_counted(-1, "row", out), "-1 rows");
}

static void spans(void **state)
{
    (void)state;
    char out[HUMAN_BYTES];
    assert_string_equal(human_span(INT64_C(604800000), out), "7 days");
    assert_string_equal(human_span(86400000, out), "1 day");
    assert_string_equal(human_span(129600000, out), "36 hours");
    assert_string_equal(human_span(90000, out), "90 seconds");
    assert_string_equal(human_span(1800000, out), "30 minutes");
    assert_string_equal(human_span(1, out), "1 ms");
    assert_string_equal(human_span(0, out), "0 ms");
}

static void sizes(void **state)
{
    (void)state;
    char out[HUMAN_BYTES];
    assert_string_equal(human_size(0, out), "0 B");
    assert_string_equal(human_size(999, out), "999 B");
    assert_string_equal(human_size(1000, out), "1.0 kB");
    assert_string_equal(human_size(1549, out), "1.5 kB");
    assert_string_equal(human_size(17400000, out), "17 MB");
    assert_string_equal(human_size(999999, out), "1.0 MB");
    assert_string_equal(human_size(INT64_MAX, out), "9.2 EB");
}

static void durations(void **state)
{
    (void)state;
    char out[HUMAN_BYTES];
    assert_string_equal(human_duration(0.351, out), "0.35 s");
    assert_string_equal(human_duration(12.4, out), "12 s");
    assert_string_equal(human_duration(59.6, out), "1:00");
    assert_string_equal(human_duration(185, out), "3:05");
    assert_string_equal(human_duration(3723, out), "1:02:03");
}

static void times(void **state)
{
    (void)state;
    char out[HUMAN_BYTES];
    assert_string_equal(human_time("2023-04-01T09:30:00Z", out), "2023-04-01 09:30");
    assert_string_equal(human_time("2023-04-01T09:30:00.123Z", out), "2023-04-01 09:30");
    assert_string_equal(human_time("-99999999999999999", out), "-99999999999999999");
    assert_string_equal(human_time("", out), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts), cmocka_unit_test(counted),   cmocka_unit_test(spans),
        cmocka_unit_test(sizes),  cmocka_unit_test(durations), cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
