#include "column/time_unit.h"

#include "unit/base/check.h"

static void test_units(void **state)
{
    (void)state;
    assert_int_equal(time_unit_per_ms(COLUMN_TIMESTAMP_MS), 1);
    assert_int_equal(time_unit_per_ms(COLUMN_TIMESTAMP_US), 1000);
    assert_int_equal(time_unit_per_ms(COLUMN_TIMESTAMP_NS), 1000000);
    assert_int_equal(time_unit_per_ms(COLUMN_INT64), 0);
    assert_int_equal(time_unit_per_ms(COLUMN_UTF8), 0);
}

/* Either way of comparing cuts at the same place, before 1970 as well. */
static void test_a_millisecond_holds_its_times(void **state)
{
    static const int64_t edges[] = {-2, -1, 0, 1, INT64_C(1704067200000)};
    (void)state;
    for (int64_t per_ms = 1; per_ms <= 1000000; per_ms *= 1000)
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
            int64_t first = time_unit_from_ms(edges[i], per_ms);
            assert_int_equal(first, edges[i] * per_ms);
            assert_int_equal(time_unit_to_ms(first, per_ms), edges[i]);
            assert_int_equal(time_unit_to_ms(first - 1, per_ms), edges[i] - 1);
            assert_int_equal(time_unit_to_ms(first + per_ms - 1, per_ms), edges[i]);
        }
}

static void test_what_lies_beyond_the_unit_is_its_first_or_last_time(void **state)
{
    (void)state;
    assert_int_equal(time_unit_from_ms(INT64_MAX, 1), INT64_MAX);
    assert_int_equal(time_unit_from_ms(INT64_MIN, 1), INT64_MIN);
    assert_int_equal(time_unit_from_ms(INT64_MAX, 1000), INT64_MAX);
    assert_int_equal(time_unit_from_ms(INT64_MIN, 1000), INT64_MIN);
    assert_int_equal(time_unit_from_ms(INT64_MAX / 1000, 1000), INT64_MAX / 1000 * 1000);
    assert_int_equal(time_unit_from_ms(INT64_MAX / 1000 + 1, 1000), INT64_MAX);
    assert_int_equal(time_unit_to_ms(INT64_MIN, 1000), INT64_MIN / 1000 - 1);
    assert_int_equal(time_unit_to_ms(INT64_MAX, 1000), INT64_MAX / 1000);
}

static void test_finding_rows(void **state)
{
    static const int64_t values[] = {-1, 0, 999, 1000, 1000, 1999, 5000};
    const struct time_values times = {values, 7, 1000};
    const struct time_values none = {values, 0, 1000};
    (void)state;
    assert_int_equal(time_values_find(&times, INT64_MIN), 0);
    assert_int_equal(time_values_find(&times, -1), 0);
    assert_int_equal(time_values_find(&times, 0), 1);
    assert_int_equal(time_values_find(&times, 1), 3);
    assert_int_equal(time_values_find(&times, 2), 6);
    assert_int_equal(time_values_find(&times, 5), 6);
    assert_int_equal(time_values_find(&times, 6), 7);
    assert_int_equal(time_values_find(&times, INT64_MAX), 7);
    assert_int_equal(time_values_find(&none, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_a_millisecond_holds_its_times),
        cmocka_unit_test(test_what_lies_beyond_the_unit_is_its_first_or_last_time),
        cmocka_unit_test(test_finding_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
