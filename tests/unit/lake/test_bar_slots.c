/* The grid of bars: slots and their times, of fixed lengths and of months. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/calendar.h"
#include "lake/bar_slots.h"

static struct bar_slots grid_of(const char *period, const char *bar)
{
    struct bar_slots grid = {NULL, 0};
    int64_t us = 0;
    assert_int_equal(period_find(period, &grid.period, NULL), LAKE_OK);
    assert_true(calendar_parse_us(bar, strlen(bar), &us, NULL));
    grid.bar_ms = us / 1000;
    return grid;
}

static void assert_time(const struct bar_slots *grid, int64_t slot, const char *expected)
{
    char text[CALENDAR_TEXT_BYTES];
    (void)calendar_format_ms(bar_slots_time(grid, slot), text);
    assert_string_equal(text, expected);
}

/* Each slot holds what lies between its time and the next one's. */
static void assert_slots_follow(const struct bar_slots *grid)
{
    for (int64_t slot = -40; slot <= 40; slot++) {
        int64_t start = bar_slots_time(grid, slot), end = bar_slots_time(grid, slot + 1);
        assert_true(start < end);
        assert_int_equal(bar_slots_find(grid, start), slot);
        assert_int_equal(bar_slots_find(grid, end - 1), slot);
        assert_int_equal(bar_slots_from(grid, start), slot);
        assert_int_equal(bar_slots_from(grid, start + 1), slot + 1);
    }
}

static void test_fixed_lengths(void **state)
{
    struct bar_slots week = grid_of("1w", "2024-01-03"), minute = grid_of("1m", "1969-12-31T23:58:30");
    (void)state;
    assert_slots_follow(&week);
    assert_slots_follow(&minute);
    assert_time(&week, 1, "2024-01-10T00:00:00Z");
    assert_time(&week, -1, "2023-12-27T00:00:00Z");
    assert_time(&minute, 2, "1970-01-01T00:00:30Z");
}

static void test_months_go_by_the_calendar(void **state)
{
    struct bar_slots month = grid_of("1mo", "2024-01-01");
    (void)state;
    assert_slots_follow(&month);
    assert_time(&month, 1, "2024-02-01T00:00:00Z");
    assert_time(&month, 2, "2024-03-01T00:00:00Z");
    assert_time(&month, 14, "2025-03-01T00:00:00Z");
    assert_time(&month, -1, "2023-12-01T00:00:00Z");
}

/* Months of another zone keep their distance from the 1st, before or behind it. */
static void test_months_of_other_zones(void **state)
{
    struct bar_slots east = grid_of("1mo", "2023-12-31T16:00:00"), west = grid_of("1mo", "2024-01-01T05:00:00");
    (void)state;
    assert_slots_follow(&east);
    assert_slots_follow(&west);
    assert_time(&east, 1, "2024-01-31T16:00:00Z");
    assert_time(&east, 2, "2024-02-29T16:00:00Z");
    assert_time(&west, 2, "2024-03-01T05:00:00Z");
}

static void test_what_has_a_grid(void **state)
{
    (void)state;
    assert_true(bar_slots_has(grid_of("1m", "2024-01-01").period));
    assert_true(bar_slots_has(grid_of("1mo", "2024-01-01").period));
    assert_false(bar_slots_has(grid_of("tick", "2024-01-01").period));
    assert_false(bar_slots_has(grid_of("event", "2024-01-01").period));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_lengths),
        cmocka_unit_test(test_months_go_by_the_calendar),
        cmocka_unit_test(test_months_of_other_zones),
        cmocka_unit_test(test_what_has_a_grid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
