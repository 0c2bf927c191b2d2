/* Deleting: whole files without reading them, files that the range cuts, several datasets as one operation, dry runs. */
#include "change_fixture.h"

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

/* From noon of the first day to noon of the fourth: two files are cut, two go as they are. */
static void test_a_range_is_cut_out(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(5 * DAY);
    size_t n = 0;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 5 * DAY);
    struct lake_change_result result =
        delete_bars(fixture->lake, "BTCUSDT", bars[DAY / 2].ts, bars[3 * DAY + DAY / 2].ts);
    assert_int_equal(result.snapshot, 2);
    assert_int_equal(result.n_datasets, 1);
    assert_int_equal(result.n_days, 4);
    assert_int_equal(result.rows_removed, 3 * DAY);
    assert_int_equal(result.rows_restored, 0);
    assert_int_equal(result.files_retired, 4);
    assert_int_equal(result.files_written, 2);
    memmove(bars + DAY / 2, bars + 3 * DAY + DAY / 2, (DAY + DAY / 2) * sizeof *bars);
    assert_holds(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 3);
    assert_int_equal(count_paths(fixture, ".lake/history", ".retired"), 4);
    const struct manifest_content *days = live_contents(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 5);
    assert_int_equal(days[1].n_rows, 0);
    assert_int_equal(days[1].version, 2);
    assert_memory_equal(days[1].sha256, days[2].sha256, SHA256_BYTES);
    assert_int_equal(days[0].n_rows, DAY / 2);
    assert_int_equal(days[4].version, 1);
    free(bars);
}

static lake_status delete_selected(struct lake *lake, struct lake_selection selection, bool dry_run,
                                   struct lake_change_result *result, struct lake_error *err)
{
    const struct lake_delete_options options = {.size = sizeof options, .selection = selection, .dry_run = dry_run};
    *result = (struct lake_change_result){.size = sizeof *result};
    return lake_delete(lake, &options, result, err);
}

static void test_several_datasets_go_in_one_operation(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(2 * DAY);
    struct lake_change_result result;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    (void)write_bars(fixture->lake, "ETHUSDT", bars, DAY);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1h");
    append_bars(write, bars, 1);
    (void)commit_write(write);
    assert_int_equal(delete_selected(fixture->lake, (struct lake_selection){.period = "1m"}, false, &result, NULL),
                     LAKE_OK);
    assert_int_equal(result.n_datasets, 2);
    assert_int_equal(result.rows_removed, 3 * DAY);
    assert_int_equal(result.files_written, 0);
    assert_int_equal(result.snapshot, 4);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 1);
    assert_holds(fixture->lake, "BTCUSDT", NULL, 0);
    assert_int_equal(undo_operation(fixture->lake, 0).rows_restored, 3 * DAY);
    assert_holds(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    assert_holds(fixture->lake, "ETHUSDT", bars, DAY);
    free(bars);
}

static void test_a_dry_run_says_what_the_run_does(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(4 * DAY);
    struct lake_delete_options options = {.size = sizeof options,
                                          .selection = {.exchange = "test"},
                                          .has_start = true,
                                          .start_ms = DAY_2024 + 5 * MS_PER_HOUR,
                                          .has_end = true,
                                          .end_ms = DAY_2024 + 3 * MS_PER_DAY + 1,
                                          .dry_run = true};
    struct lake_change_result dry = {.size = sizeof dry}, done = {.size = sizeof done};
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 4 * DAY);
    (void)write_bars(fixture->lake, "ETHUSDT", bars + 100, DAY);
    assert_int_equal(lake_delete(fixture->lake, &options, &dry, NULL), LAKE_OK);
    assert_int_equal(dry.snapshot, 0);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
    assert_holds(fixture->lake, "BTCUSDT", bars, 4 * DAY);
    options.dry_run = false;
    assert_int_equal(lake_delete(fixture->lake, &options, &done, NULL), LAKE_OK);
    assert_int_equal(done.rows_removed, 3 * DAY - 300 + 1 + DAY - 200);
    assert_int_equal(dry.rows_removed, done.rows_removed);
    assert_int_equal(dry.n_days, done.n_days);
    assert_int_equal(dry.n_datasets, done.n_datasets);
    assert_int_equal(dry.files_retired, done.files_retired);
    assert_int_equal(dry.files_written, done.files_written);
    assert_int_equal(dry.bytes_retired, done.bytes_retired);
    free(bars);
}

/* I7 */
static void test_deleting_what_is_not_there_makes_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct bar ends[] = {bar_of(DAY_2024), bar_of(DAY_2024 + 10 * MS_PER_HOUR)};
    (void)write_bars(fixture->lake, "BTCUSDT", ends, 2);
    assert_int_equal(delete_bars(fixture->lake, "BTCUSDT", DAY_2024 + 1, ends[1].ts).snapshot, 0);
    assert_int_equal(delete_bars(fixture->lake, "BTCUSDT", DAY_2024 + MS_PER_DAY, INT64_MAX).snapshot, 0);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
    assert_int_equal(delete_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 1).rows_removed, 1);
    assert_holds(fixture->lake, "BTCUSDT", ends + 1, 1);
    assert_int_equal(delete_bars(fixture->lake, "BTCUSDT", INT64_MIN, INT64_MAX).rows_removed, 1);
    assert_int_equal(delete_bars(fixture->lake, "BTCUSDT", INT64_MIN, INT64_MAX).snapshot, 0);
}

/* A day that was emptied takes rows again, as the next version of its content. */
static void test_a_deleted_day_can_be_written_again(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(DAY);
    size_t n = 0;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, DAY);
    (void)delete_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY);
    struct lake_write_result result = write_bars(fixture->lake, "BTCUSDT", bars, DAY);
    assert_int_equal(result.rows_new, DAY);
    assert_holds(fixture->lake, "BTCUSDT", bars, DAY);
    assert_int_equal(live_contents(fixture->lake, "BTCUSDT", &n)->version, 3);
    free(bars);
}

static void test_a_month_that_was_rolled_up_is_cut(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_bars(3 * DAY);
    size_t n = 0;
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 3 * DAY);
    (void)roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    struct lake_change_result result =
        delete_bars(fixture->lake, "BTCUSDT", DAY_2024 + MS_PER_DAY, DAY_2024 + 2 * MS_PER_DAY);
    assert_int_equal(result.n_days, 1);
    assert_int_equal(result.files_retired, 1);
    assert_int_equal(result.files_written, 1);
    assert_int_equal(live_files(fixture->lake, "BTCUSDT", &n)->partition_end_ms, DAY_2024 + MONTH_2024);
    assert_int_equal(n, 1);
    memmove(bars + DAY, bars + 2 * DAY, DAY * sizeof *bars);
    assert_holds(fixture->lake, "BTCUSDT", bars, 2 * DAY);
    free(bars);
}

static void test_what_cannot_be_meant_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct lake_change_result result;
    struct lake_error err = {LAKE_OK, ""};
    const struct bar bar = bar_of(DAY_2024);
    (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1);
    assert_int_equal(delete_selected(fixture->lake, (struct lake_selection){.symbol = NULL}, false, &result, &err),
                     LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "name what to delete"));
    assert_int_equal(delete_selected(fixture->lake, (struct lake_selection){.symbol = "BTCUSD"}, false, &result, &err),
                     LAKE_NOT_FOUND);
    assert_non_null(strstr(err.message, "BTCUSDT"));
    struct lake_delete_options options = {.size = sizeof options, .selection = {.symbol = "BTCUSDT"}};
    options.has_start = options.has_end = true;
    options.start_ms = options.end_ms = DAY_2024;
    assert_int_equal(lake_delete(fixture->lake, &options, &result, &err), LAKE_INVALID_ARGUMENT);
    options.size--;
    assert_int_equal(lake_delete(fixture->lake, &options, &result, &err), LAKE_INVALID_ARGUMENT);
    assert_holds(fixture->lake, "BTCUSDT", &bar, 1);
}

static int cancel(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_total)
{
    (void)context;
    (void)n_rows;
    (void)n_bytes;
    (void)n_total;
    return 1;
}

static void test_a_cancelled_delete_leaves_everything(void **state)
{
    struct fixture *fixture = *state;
    const struct bar bar = bar_of(DAY_2024);
    const struct lake_delete_options options = {
        .size = sizeof options, .selection = {.symbol = "BTCUSDT"}, .progress = {.report = cancel}};
    struct lake_change_result result = {.size = sizeof result};
    (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1);
    assert_int_equal(lake_delete(fixture->lake, &options, &result, NULL), LAKE_CANCELLED);
    assert_holds(fixture->lake, "BTCUSDT", &bar, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_range_is_cut_out),
        T(test_several_datasets_go_in_one_operation),
        T(test_a_dry_run_says_what_the_run_does),
        T(test_deleting_what_is_not_there_makes_nothing),
        T(test_a_deleted_day_can_be_written_again),
        T(test_a_month_that_was_rolled_up_is_cut),
        T(test_what_cannot_be_meant_is_refused),
        T(test_a_cancelled_delete_leaves_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
