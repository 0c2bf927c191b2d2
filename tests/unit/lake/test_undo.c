/* Undoing by content: what the days that an operation changed held before it comes back, unless something later wrote to them. */
#include "change_fixture.h"
#include "history_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 1440 };

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    fixture_free(fixture);
    return 0;
}

static struct bar *new_bars(size_t n)
{
    struct bar *bars = calloc(n, sizeof *bars);
    assert_non_null(bars);
    memcpy(bars, bars_from(DAY_2024, n), n * sizeof *bars);
    return bars;
}

static void test_a_change_is_undone_and_done_again(void **state)
{
    struct fixture *fixture = *state;
    struct bar *before = new_bars(2 * DAY), *after = new_bars(2 * DAY + 10);
    (void)write_bars(fixture->lake, "BTCUSDT", before, 2 * DAY);
    after[3].close = 7.0;
    (void)write_bars(fixture->lake, "BTCUSDT", after, 2 * DAY + 10);
    struct lake_change_result result = undo_operation(fixture->lake, 0);
    assert_int_equal(result.snapshot, 3);
    assert_int_equal(result.of_snapshot, 2);
    assert_int_equal(result.n_days, 2); /* the one between was not touched */
    assert_int_equal(result.rows_removed, 10);
    assert_int_equal(result.rows_restored, 1);
    assert_holds(fixture->lake, "BTCUSDT", before, 2 * DAY);
    assert_int_equal(undo_operation(fixture->lake, 0).of_snapshot, 3);
    assert_holds(fixture->lake, "BTCUSDT", after, 2 * DAY + 10);
    assert_int_equal(undo_operation(fixture->lake, 2).snapshot, 5);
    assert_holds(fixture->lake, "BTCUSDT", before, 2 * DAY);
    free(before);
    free(after);
}

static void test_a_delete_is_undone(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(4 * DAY);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 4 * DAY);
    int64_t snapshot = delete_bars(fixture->lake, "BTCUSDT", bars[100].ts, bars[3 * DAY + 5].ts).snapshot;
    struct lake_change_result result = undo_operation(fixture->lake, snapshot);
    assert_int_equal(result.rows_restored, 3 * DAY - 95);
    assert_int_equal(result.n_days, 4);
    assert_holds(fixture->lake, "BTCUSDT", bars, 4 * DAY);
    free(bars);
}

/* The first operation of a lake: nothing was there before. */
static void test_the_first_operation_is_undone(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(3 * DAY);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 3 * DAY);
    struct lake_change_result result = undo_operation(fixture->lake, 1);
    assert_int_equal(result.rows_removed, 3 * DAY);
    assert_int_equal(result.files_written, 0);
    assert_holds(fixture->lake, "BTCUSDT", NULL, 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 0);
    (void)undo_operation(fixture->lake, 0);
    assert_holds(fixture->lake, "BTCUSDT", bars, 3 * DAY);
    free(bars);
}

static void test_later_operations_are_named(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(3 * DAY);
    struct lake_error err = {LAKE_OK, ""};
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    (void)write_bars(fixture->lake, "BTCUSDT", bars + 2 * DAY, DAY);
    (void)delete_bars(fixture->lake, "BTCUSDT", bars[DAY].ts, bars[DAY + 1].ts);
    assert_int_equal(try_undo(fixture->lake, 1, &err), LAKE_CONFLICT);
    assert_non_null(strstr(err.message, "snapshot 1 (ingest) cannot be undone"));
    assert_non_null(strstr(err.message, "1 of its days, the first 2024-01-02: snapshot 3 (delete)"));
    assert_int_equal(try_undo(fixture->lake, 2, &err), LAKE_OK);
    assert_int_equal(undo_operation(fixture->lake, 3).rows_restored, 1);
    assert_int_equal(undo_operation(fixture->lake, 1).rows_removed, 2 * DAY);
    assert_holds(fixture->lake, "BTCUSDT", NULL, 0);
    free(bars);
}

/* Content is what counts: a roll-up in between does not matter, nor that the rows before lie in day files. */
static void test_an_undo_after_a_roll_up(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(3 * DAY);
    struct bar changed = bars[DAY + 1];
    struct lake_error err = {LAKE_OK, ""};
    size_t n = 0;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 3 * DAY);
    changed.close = 5.5;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    int64_t rolled_up = roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024).snapshot;
    assert_int_equal(try_undo(fixture->lake, rolled_up, &err), LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "changed no rows"));
    struct lake_change_result result = undo_operation(fixture->lake, 0); /* passes over the roll-up */
    assert_int_equal(result.of_snapshot, 2);
    assert_int_equal(result.n_days, 1);
    assert_int_equal(result.rows_restored, 1);
    assert_holds(fixture->lake, "BTCUSDT", bars, 3 * DAY);
    (void)live_files(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 1);
    free(bars);
}

/* A null that an operation filled is a null again: an undo replaces rows, it does not merge into them. */
static void test_an_undo_gives_nulls_back(void **state)
{
    struct fixture *fixture = *state;
    struct bar bar = bar_of(DAY_2024);
    struct bar empty = bar;
    empty.volume = (double)NAN;
    (void)write_bars(fixture->lake, "BTCUSDT", &empty, 1);
    (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1);
    assert_int_equal(undo_operation(fixture->lake, 0).rows_restored, 1);
    assert_holds(fixture->lake, "BTCUSDT", &empty, 1);
}

static void test_a_dry_run_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(DAY);
    const struct lake_undo_options options = {.size = sizeof options, .dry_run = true};
    struct lake_change_result result = {.size = sizeof result};
    (void)write_bars(fixture->lake, "BTCUSDT", bars, DAY);
    (void)delete_bars(fixture->lake, "BTCUSDT", bars[10].ts, bars[20].ts);
    assert_int_equal(lake_undo(fixture->lake, &options, &result, NULL), LAKE_OK);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(result.of_snapshot, 2);
    assert_int_equal(result.rows_restored, 10);
    assert_int_equal(live_contents(fixture->lake, "BTCUSDT", &(size_t){0})->n_rows, DAY - 10);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    free(bars);
}

static void test_there_may_be_nothing_to_undo(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    const struct bar bar = bar_of(DAY_2024);
    assert_int_equal(try_undo(fixture->lake, 0, &err), LAKE_NOT_FOUND);
    (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1);
    assert_int_equal(try_undo(fixture->lake, 2, &err), LAKE_NOT_FOUND);
    assert_int_equal(try_undo(fixture->lake, -1, &err), LAKE_INVALID_ARGUMENT);
}

struct intruder {
    struct lake *lake;
    struct bar bar;
    int calls;
};

static int intrude(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_total)
{
    struct intruder *intruder = context;
    (void)n_rows;
    (void)n_bytes;
    (void)n_total;
    if (intruder->calls++ == 1)
        (void)write_bars(intruder->lake, "BTCUSDT", &intruder->bar, 1);
    return 0;
}

/* Between the look at the days and the commit: what the other wrote is not undone with them. */
static void test_a_day_that_changes_meanwhile_is_a_conflict(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(DAY);
    struct intruder intruder = {fixture->lake, bar_of(DAY_2024 + MS_PER_MINUTE), 0};
    const struct lake_undo_options options = {.size = sizeof options, .snapshot = 2, .progress = {intrude, &intruder}};
    struct lake_change_result result = {.size = sizeof result};
    struct lake_error err = {LAKE_OK, ""};
    (void)write_bars(fixture->lake, "BTCUSDT", bars, DAY);
    bars[0].close = 2.5;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, DAY);
    intruder.bar.close = 3.5;
    assert_int_equal(lake_undo(fixture->lake, &options, &result, &err), LAKE_CONFLICT);
    assert_true(intruder.calls > 2);
    assert_non_null(strstr(err.message, "snapshot 3 (ingest)"));
    bars[1].close = 3.5;
    assert_holds(fixture->lake, "BTCUSDT", bars, DAY);
    free(bars);
}

/* Another day of the same file changes meanwhile: staged again, and both are there. */
static void test_another_day_that_changes_meanwhile_is_kept(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(2 * DAY);
    struct intruder intruder = {fixture->lake, bar_of(DAY_2024 + MS_PER_DAY), 0};
    const struct lake_undo_options options = {.size = sizeof options, .snapshot = 2, .progress = {intrude, &intruder}};
    struct lake_change_result result = {.size = sizeof result};
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    const struct bar changed = {bars[0].ts, 1, 1, 1, 1, 1};
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    (void)roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    intruder.bar.close = 3.5;
    assert_int_equal(lake_undo(fixture->lake, &options, &result, NULL), LAKE_OK);
    assert_true(intruder.calls > 2);
    bars[DAY].close = 3.5;
    assert_holds(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    free(bars);
}

/* ---- what has expired ---- */

static void test_what_expired_cannot_come_back(void **state)
{
    struct clock clock = {.now_ms = DAY_2024 + 100 * MS_PER_DAY};
    struct fixture *fixture = fixture_new_at(&clock);
    struct lake_error err = {LAKE_OK, ""};
    struct bar *bars = new_bars(2 * DAY);
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    int64_t snapshot = delete_bars(fixture->lake, "BTCUSDT", bars[1].ts, bars[2].ts).snapshot;
    clock.now_ms += 8 * MS_PER_DAY;
    for (int i = 0; i < 40; i++) { /* commits look after history, when a few dozen moves are done */
        clock.now_ms += MS_PER_MINUTE;
        const struct bar bar = bar_of(DAY_2024 + i * MS_PER_DAY);
        (void)write_bars(fixture->lake, "ETHUSDT", &bar, 1);
    }
    assert_int_equal(try_undo(fixture->lake, snapshot, &err), LAKE_NOT_FOUND);
    assert_non_null(strstr(err.message, "expired"));
    assert_int_equal(try_undo(fixture->lake, 1, &err), LAKE_CONFLICT);
    fixture_free(fixture);
    free(bars);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_change_is_undone_and_done_again),
        T(test_a_delete_is_undone),
        T(test_the_first_operation_is_undone),
        T(test_later_operations_are_named),
        T(test_an_undo_after_a_roll_up),
        T(test_an_undo_gives_nulls_back),
        T(test_a_dry_run_changes_nothing),
        T(test_there_may_be_nothing_to_undo),
        T(test_a_day_that_changes_meanwhile_is_a_conflict),
        T(test_another_day_that_changes_meanwhile_is_kept),
        cmocka_unit_test(test_what_expired_cannot_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
