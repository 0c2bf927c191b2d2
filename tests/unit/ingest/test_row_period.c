#include "ingest/row_period.h"

#include "base/calendar.h"
#include "unit/base/check.h"

#define T0 INT64_C(1680307200000) /* 2023-04-01 */

static const struct period *period_named(const char *name)
{
    struct lake_error err = {0};
    const struct period *period = NULL;
    if (name != NULL)
        lake_ok(period_find(name, &period, &err));
    return period;
}

/* n rows a step apart, in a source whose name tells `named`. */
static struct period_clues clues_of(int64_t step_ms, int64_t n, const char *named)
{
    struct period_clues clues = {.place = "x.csv", .named = period_named(named), .first_ms = T0};
    for (int64_t i = 0; i < n; i++) {
        int64_t ts_ms = T0 + i * step_ms;
        bar_evidence_add(&clues.evidence, &ts_ms, 1);
    }
    return clues;
}

static void assert_told(struct period_clues clues, const char *name, const char *origin)
{
    struct lake_error err = {0};
    struct period_told told;
    lake_ok(row_period_tell(&clues, &told, &err));
    assert_string_equal(told.period->name, name);
    assert_string_equal(told.origin, origin);
}

static void test_rows_count_more_than_names(void **state)
{
    (void)state;
    assert_told(clues_of(MS_PER_MINUTE, 100, NULL), "1m", "values");
    assert_told(clues_of(MS_PER_MINUTE, 100, "1m"), "1m", "values");
    assert_told(clues_of(MS_PER_MINUTE, 100, "1h"), "1m", "values");
    assert_told(clues_of(MS_PER_HOUR, 100, "1m"), "1h", "values");
    assert_told(clues_of(MS_PER_MINUTE, 3, "1h"), "1m", "values");
}

static void test_the_name_tells_where_rows_do_not(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct period_told told;
    assert_told(clues_of(0, 1, "4h"), "4h", "file name");
    assert_told(clues_of(MS_PER_HOUR, 5, "1m"), "1m", "file name");
    assert_told(clues_of(2 * MS_PER_MINUTE, 50, "1m"), "1m", "file name");
    struct period_clues odd = clues_of(2 * MS_PER_MINUTE, 50, "1h");
    lake_fails(row_period_tell(&odd, &told, &err), LAKE_INVALID_ARGUMENT, "is 120 s, which is no known period");
    struct period_clues one = clues_of(0, 1, NULL);
    lake_fails(row_period_tell(&one, &told, &err), LAKE_INVALID_ARGUMENT, "rows of a single time");
}

static void test_close_times_tell_first(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct period_told told;
    struct period_clues clues = clues_of(MS_PER_HOUR, 3, "1h");
    clues.close_length_ms = MS_PER_MINUTE;
    assert_told(clues, "1m", "values");
    clues.given = period_named("1h");
    lake_fails(row_period_tell(&clues, &told, &err), LAKE_INVALID_DATA,
               "x.csv: the bars are 1m long by their close times, but the period is 1h");
    clues.giver = "a.csv";
    lake_fails(row_period_tell(&clues, &told, &err), LAKE_INVALID_DATA,
               "x.csv: the bars are 1m long by their close times, but those of a.csv are 1h; ingest them one by one");
}

static void test_a_given_period_is_checked(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct period_told told;
    struct period_clues clues = clues_of(MS_PER_HOUR, 100, NULL);
    clues.given = period_named("1h");
    assert_told(clues, "1h", "option");
    clues.given = period_named("1m");
    lake_fails(row_period_tell(&clues, &told, &err), LAKE_INVALID_DATA, "multiples of 1h apart, but the period is 1m");
    clues.giver = "a.csv";
    lake_fails(row_period_tell(&clues, &told, &err), LAKE_INVALID_DATA, "but the bars of a.csv are 1m");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_count_more_than_names),
        cmocka_unit_test(test_the_name_tells_where_rows_do_not),
        cmocka_unit_test(test_close_times_tell_first),
        cmocka_unit_test(test_a_given_period_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
