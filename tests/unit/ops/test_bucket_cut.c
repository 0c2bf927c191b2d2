#include "ops/bucket_cut.h"

#include <stdlib.h>

#include "base/calendar.h"
#include "unit/base/check.h"

enum { MAX_ROWS = 3 * TILE_ROWS };

static int64_t times[MAX_ROWS];
static struct bucket_tile tile;

static const struct period *period(const char *name)
{
    const struct period *found = NULL;
    assert_int_equal(period_find(name, &found, NULL), LAKE_OK);
    return found;
}

/* Cuts rows into tiles, and checks that each row lies in the bucket of its piece, that rows follow one another, that a new piece begins
 * wherever the bucket is another. */
static size_t check_cut(const struct bucket_grid *grid, const struct period *source, int64_t n_rows)
{
    struct lake_error err = {0};
    struct bucket_cutter cutter;
    const struct time_values values = {times, n_rows, 1};
    size_t n_pieces = 0;
    int64_t last_start = INT64_MIN;
    bucket_cutter_init(&cutter, grid, source, 1, "cut");
    for (int64_t row = 0; row < n_rows; row += tile.n_rows) {
        lake_ok(bucket_cut(&cutter, &values, row, &tile, &err));
        assert_true(tile.n_rows > 0 && tile.n_rows <= TILE_ROWS && tile.n_pieces <= TILE_PIECES);
        int64_t at = 0;
        for (size_t i = 0; i < tile.n_pieces; i++) {
            const struct bucket_piece *piece = &tile.pieces[i];
            assert_int_equal(piece->row, at);
            for (int64_t k = 0; k < piece->n_rows * piece->n_buckets; k++) {
                struct time_range bucket = bucket_at(grid, times[row + at]);
                int64_t shift = k / piece->n_rows * (piece->bucket.end_ms - piece->bucket.start_ms);
                assert_int_equal(bucket.start_ms, piece->bucket.start_ms + shift);
                if (k % piece->n_rows == 0)
                    assert_int_equal(bucket.start_ms != last_start, piece->is_new);
                last_start = bucket.start_ms;
                at++;
            }
        }
        assert_int_equal(at, tile.n_rows);
        n_pieces += tile.n_pieces;
    }
    return n_pieces;
}

static struct bucket_grid grid_of(const char *name, int64_t offset_ms)
{
    struct lake_error err = {0};
    struct bucket_grid grid;
    lake_ok(bucket_grid_init(&grid, period(name), offset_ms, &err));
    return grid;
}

/* Whole buckets become few pieces, and many short ones fill tile after tile. */
static void test_regular_bars(void **state)
{
    (void)state;
    for (int64_t i = 0; i < MAX_ROWS; i++)
        times[i] = (i - 7) * MS_PER_MINUTE;
    struct bucket_grid quarter = grid_of("15m", 0), day = grid_of("1d", 0), month = grid_of("1mo", 0);
    assert_true(check_cut(&quarter, period("1m"), MAX_ROWS) <= 12);
    assert_true(check_cut(&day, period("1m"), MAX_ROWS) <= 15);
    assert_true(check_cut(&month, period("1m"), MAX_ROWS) <= 6);
}

static void test_bars_with_gaps(void **state)
{
    (void)state;
    struct bucket_grid quarter = grid_of("15m", 5 * MS_PER_MINUTE), fine = grid_of("3m", 0);
    for (int64_t i = 0; i < MAX_ROWS; i++)
        times[i] = (i * 3 + i / 5 % 3) * MS_PER_MINUTE - MS_PER_DAY;
    (void)check_cut(&quarter, period("1m"), MAX_ROWS);
    assert_true(check_cut(&fine, period("1m"), MAX_ROWS) > 3 * TILE_PIECES); /* tiles end early */
}

static void test_trades(void **state)
{
    (void)state;
    struct bucket_grid minute = grid_of("1m", 0), day = grid_of("1d", 0);
    for (int64_t i = 0; i < MAX_ROWS; i++)
        times[i] = i * i / 7 - MS_PER_HOUR;
    (void)check_cut(&minute, period("tick"), MAX_ROWS);
    (void)check_cut(&day, period("tick"), MAX_ROWS);
    for (int64_t i = 0; i < MAX_ROWS; i++)
        times[i] = i * MS_PER_MINUTE;
    assert_int_equal(check_cut(&minute, period("tick"), MAX_ROWS), MAX_ROWS);
}

/* The cutter remembers the last row: what is wrong at the seam of two batches is seen. */
static void test_order_across_batches(void **state)
{
    (void)state;
    static const struct {
        const char *source, *target;
        int64_t step_ms;
        const char *complaint; /* "": none */
    } cases[] = {
        {"1m", "15m", MS_PER_MINUTE, ""},
        {"1m", "15m", 0, "overlaps"},
        {"5m", "15m", MS_PER_MINUTE, "overlaps"},
        {"1m", "15m", MS_PER_MINUTE + 1, "off the grid of 1m"},
        {"1m", "15m", -MS_PER_MINUTE, "stands behind the one at 2023-04-01T00:00:00Z"},
        {"tick", "15m", 0, ""},
        {"tick", "15m", -1, "the trade at 2023-03-31T23:59:59.999Z stands behind"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lake_error err = {0};
        struct bucket_grid grid = grid_of(cases[i].target, 0);
        struct bucket_cutter cutter;
        int64_t first = INT64_C(1680307200000), second = first + cases[i].step_ms;
        const struct time_values before = {&first, 1, 1}, after = {&second, 1, 1};
        bucket_cutter_init(&cutter, &grid, period(cases[i].source), 1, "seam");
        lake_ok(bucket_cut(&cutter, &before, 0, &tile, &err));
        if (cases[i].complaint[0] == '\0')
            lake_ok(bucket_cut(&cutter, &after, 0, &tile, &err));
        else
            lake_fails(bucket_cut(&cutter, &after, 0, &tile, &err), LAKE_INVALID_DATA, cases[i].complaint);
    }
}

/* Any times at all, in any unit: refused, or cut; never an overflow. */
static void test_wild_times(void **state)
{
    (void)state;
    static const int64_t wild[] = {INT64_MIN, INT64_MAX, 0, 1, -1, BUCKET_FIRST_MS, BUCKET_END_MS, INT64_MIN / 2};
    static const char *const sources[] = {"1m", "1d", "tick"};
    static const int64_t units[] = {1, 1000, 1000000};
    struct bucket_grid grid = grid_of("1mo", 0);
    for (int round = 0; round < 8 * 8 * 8 * 9; round++) {
        struct lake_error err = {0};
        struct bucket_cutter cutter;
        for (int i = 0, rest = round / 9; i < 3; i++, rest /= 8)
            times[i] = wild[rest % 8];
        const struct time_values values = {times, 3, units[round % 3]};
        bucket_cutter_init(&cutter, &grid, period(sources[round / 3 % 3]), values.per_ms, "wild");
        lake_status status = LAKE_OK;
        for (int64_t row = 0; row < 3 && status == LAKE_OK; row += tile.n_rows)
            status = bucket_cut(&cutter, &values, row, &tile, &err);
        bool ascends = times[0] <= times[1] && times[1] <= times[2];
        assert_true(status == LAKE_INVALID_DATA || (status == LAKE_OK && ascends));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regular_bars), cmocka_unit_test(test_bars_with_gaps),
        cmocka_unit_test(test_trades),       cmocka_unit_test(test_order_across_batches),
        cmocka_unit_test(test_wild_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
