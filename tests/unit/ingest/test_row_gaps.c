#include "ingest/row_gaps.h"

#include "base/calendar.h"
#include "unit/base/check.h"

#define T0 INT64_C(1680307200000) /* 2023-04-01 */

/* In pieces of every size: the state between them is all there is. */
static int64_t gaps_of(const char *period_name, const int64_t *ts_ms, int64_t n)
{
    struct lake_error err = {0};
    const struct period *period = NULL;
    int64_t whole = -2;
    lake_ok(period_find(period_name, &period, &err));
    for (int64_t piece = n; piece > 0; piece--) {
        struct row_gaps gaps = {0};
        for (int64_t at = 0; at < n; at += piece)
            row_gaps_add(&gaps, period, ts_ms + at, n - at < piece ? n - at : piece);
        int64_t found = row_gaps_count(&gaps);
        assert_true(whole == -2 || whole == found);
        whole = found;
    }
    return whole;
}

static void test_runs_of_missing_bars(void **state)
{
    (void)state;
    const int64_t m = MS_PER_MINUTE, d = MS_PER_DAY, h = MS_PER_HOUR;
    assert_int_equal(gaps_of("1m", (int64_t[]){T0, T0 + m, T0 + 2 * m}, 3), 0);
    assert_int_equal(gaps_of("1m", (int64_t[]){T0, T0 + 2 * m, T0 + 9 * m, T0 + 10 * m}, 4), 2);
    assert_int_equal(gaps_of("1m", (int64_t[]){T0 + 9 * m, T0 + 8 * m, T0 + 8 * m, T0}, 4), 1);
    assert_int_equal(gaps_of("1m", (int64_t[]){T0, T0, T0}, 3), 0);
    /* A day of 25 hours is no gap, one of 48 is. */
    assert_int_equal(gaps_of("1d", (int64_t[]){T0, T0 + d + h, T0 + 2 * d + h, T0 + 4 * d + h}, 4), 1);
    assert_int_equal(gaps_of("1mo", (int64_t[]){T0, T0 + 30 * d, T0 + 61 * d}, 3), 0);
    assert_int_equal(gaps_of("1mo", (int64_t[]){T0 + 61 * d, T0}, 2), 1);
}

static void test_rows_in_no_order_tell_nothing(void **state)
{
    (void)state;
    const int64_t m = MS_PER_MINUTE;
    assert_int_equal(gaps_of("1m", (int64_t[]){T0, T0 + 2 * m, T0 + m}, 3), -1);
    assert_int_equal(gaps_of("1m", (int64_t[]){T0 + 2 * m, T0, T0 + m, T0 + 5 * m}, 4), -1);
    struct row_gaps none = {0};
    assert_int_equal(row_gaps_count(&none), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_of_missing_bars),
        cmocka_unit_test(test_rows_in_no_order_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
