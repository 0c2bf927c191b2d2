/* Roll-ups, and writing into what was rolled up: partitions that are wider than the grain of their dataset. */
#include "change_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "manifest/history.h"

enum { DAY = 1440, DAYS = 31, BARS = 20 }; /* a day of these tests has BARS minutes */

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

/* BARS minutes of each of `days` days; the caller's to free. */
static struct bar *new_days(size_t days)
{
    struct bar *bars = calloc(days * BARS, sizeof *bars);
    for (size_t day = 0; day < days; day++)
        memcpy(bars + day * BARS, bars_from(DAY_2024 + (int64_t)day * MS_PER_DAY, BARS), BARS * sizeof *bars);
    return bars;
}

static void write_some(struct lake *lake, const struct bar *bars, size_t n)
{
    (void)write_bars(lake, "BTCUSDT", bars, n);
}

static void test_a_roll_up_changes_nothing_but_files(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(DAYS);
    struct manifest_content before[DAYS];
    size_t n = 0;
    write_some(fixture->lake, bars, DAYS * BARS);
    memcpy(before, live_contents(fixture->lake, "BTCUSDT", &n), sizeof before);
    assert_int_equal(n, DAYS);
    struct lake_change_result result = roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    assert_true(result.snapshot > 0);
    assert_int_equal(result.files_retired, DAYS);
    assert_int_equal(result.files_written, 1);
    assert_int_equal(result.n_days, 0);
    assert_int_equal(result.rows_removed, 0);
    assert_holds(fixture->lake, "BTCUSDT", bars, DAYS * BARS);
    const struct manifest_content *after = live_contents(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, DAYS);
    for (size_t i = 0; i < n; i++) {
        assert_memory_equal(after[i].sha256, before[i].sha256, SHA256_BYTES);
        assert_int_equal(after[i].version, before[i].version);
    }
    const struct manifest_file *file = live_files(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 1);
    assert_non_null(strstr(file->path, "/raw/1m/2024/01/BTCUSDT-1m-2024-01-"));
    assert_int_equal(file->partition_start_ms, DAY_2024);
    assert_int_equal(file->partition_end_ms, DAY_2024 + MONTH_2024);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 1);
    assert_int_equal(roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024).snapshot, 0);
    free(bars);
}

/* A missing day, a changed minute, a minute more: each rewrites the month's file and no day beside it. */
static void test_rows_go_into_the_month(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(DAYS);
    size_t n = 0;
    write_some(fixture->lake, bars, 10 * BARS);
    write_some(fixture->lake, bars + 11 * BARS, 20 * BARS);
    (void)roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    struct lake_write_result result = write_bars(fixture->lake, "BTCUSDT", bars + 10 * BARS, BARS);
    assert_int_equal(result.rows_new, BARS);
    assert_int_equal(result.days_changed, 1);
    assert_int_equal(result.files_written, 1);
    bars[5 * BARS + 7].close = 1.25;
    result = write_bars(fixture->lake, "BTCUSDT", bars + 5 * BARS, BARS);
    assert_int_equal(result.rows_changed, 1);
    assert_int_equal(result.days_changed, 1);
    assert_int_equal(write_bars(fixture->lake, "BTCUSDT", bars, DAYS * BARS).snapshot, 0);
    assert_holds(fixture->lake, "BTCUSDT", bars, DAYS * BARS);
    assert_int_equal(live_files(fixture->lake, "BTCUSDT", &n)->partition_end_ms, DAY_2024 + MONTH_2024);
    assert_int_equal(n, 1);
    free(bars);
}

/* Rows of one write that fall into one wide file are staged together, in whatever order they come. */
static void test_days_of_a_month_in_any_order_make_one_file(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(DAYS + 9);
    write_some(fixture->lake, bars, BARS);
    write_some(fixture->lake, bars + 20 * BARS, BARS);
    (void)roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    for (size_t i = 0; i < DAYS + 9; i++) {
        size_t day = i * 11 % (DAYS + 9);
        append_bars(write, bars + day * BARS, BARS);
    }
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.rows_new, (DAYS + 9 - 2) * BARS);
    assert_int_equal(result.rows_equal, 2 * BARS);
    assert_int_equal(result.files_written, 1 + 9);
    assert_holds(fixture->lake, "BTCUSDT", bars, (DAYS + 9) * BARS);
    free(bars);
}

/* Whether the rows of superseded files live on decides how long they are kept. */
static void test_history_is_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct manifest_sizes sizes;
    struct bar *bars = new_days(4);
    write_some(fixture->lake, bars, 4 * BARS - 1);
    write_some(fixture->lake, bars + 4 * BARS - 1, 1); /* more rows: those before live on */
    assert_int_equal(manifest_find_sizes(fixture->lake->manifest, &sizes, NULL), LAKE_OK);
    assert_int_equal(sizes.unchanged_files, 1);
    assert_int_equal(sizes.changed_files, 0);
    bars[1].close = 0.5;
    write_some(fixture->lake, bars + 1, 1);                                                    /* other values */
    (void)delete_bars(fixture->lake, "BTCUSDT", DAY_2024 + MS_PER_DAY, bars[2 * BARS + 1].ts); /* a day, and a row */
    assert_int_equal(manifest_find_sizes(fixture->lake->manifest, &sizes, NULL), LAKE_OK);
    assert_int_equal(sizes.unchanged_files, 1);
    assert_int_equal(sizes.changed_files, 3);
    (void)roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    assert_int_equal(manifest_find_sizes(fixture->lake->manifest, &sizes, NULL), LAKE_OK);
    assert_int_equal(sizes.unchanged_files, 1 + 3);
    assert_int_equal(sizes.changed_files, 3);
    free(bars);
}

/* ---- conflicts ---- */

/* Appends days of far months, so that everything before them is staged. */
static void append_far_days(struct lake_write *write)
{
    for (int day = 100; day < 170; day++) {
        const struct bar bar = bar_of(DAY_2024 + day * MS_PER_DAY);
        append_bars(write, &bar, 1);
    }
}

static struct bar *with_far_days(const struct bar *bars, size_t n, size_t *n_all)
{
    struct bar *all = calloc(n + 70, sizeof *all);
    memcpy(all, bars, n * sizeof *bars);
    for (size_t day = 0; day < 70; day++)
        all[n + day] = bar_of(DAY_2024 + (100 + (int64_t)day) * MS_PER_DAY);
    *n_all = n + 70;
    return all;
}

/* Staged by day, then the month is rolled up: the days are gathered into it. */
static void test_days_staged_before_a_roll_up_are_merged_after_it(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(DAYS);
    size_t n_all = 0, n = 0;
    struct bar *all = with_far_days(bars, DAYS * BARS, &n_all);
    for (size_t day = 0; day < DAYS; day += 2)
        write_some(fixture->lake, bars + day * BARS, BARS);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    for (size_t day = 1; day < DAYS; day += 2)
        append_bars(write, bars + day * BARS, BARS);
    append_bars(write, bars + 6 * BARS, BARS); /* stored already: stages nothing */
    append_far_days(write);
    (void)roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.rows_new, 15 * BARS + 70);
    assert_int_equal(result.rows_equal, BARS);
    assert_holds(fixture->lake, "BTCUSDT", all, n_all);
    assert_int_equal(live_files(fixture->lake, "BTCUSDT", &n)->partition_end_ms, DAY_2024 + MONTH_2024);
    free(all);
    free(bars);
}

/* The month is rolled up while a write has rows of it both staged and collected, and goes on with others. */
static void test_a_roll_up_in_the_middle_of_a_write(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(DAYS);
    size_t n_all = 0;
    struct bar *all = with_far_days(bars, DAYS * BARS, &n_all);
    write_some(fixture->lake, bars, 2 * BARS);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    append_bars(write, bars + 2 * BARS, 8 * BARS);
    append_far_days(write);
    append_bars(write, bars + 10 * BARS, BARS);
    (void)roll_up(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
    append_bars(write, bars + 11 * BARS, 20 * BARS);
    append_bars(write, bars + 3 * BARS, BARS);
    assert_int_equal(commit_write(write).rows_new, 29 * BARS + 70);
    assert_holds(fixture->lake, "BTCUSDT", all, n_all);
    free(all);
    free(bars);
}

struct intruder {
    struct lake *lake;
    const struct bar *bars;
    size_t n;
    int calls;
};

/* Commits a day between the staging and the commit of a change: at its first look at the progress after staging. */
static int intrude(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_total)
{
    struct intruder *intruder = context;
    (void)n_rows;
    (void)n_bytes;
    (void)n_total;
    if (intruder->calls++ == 1)
        (void)write_bars(intruder->lake, "BTCUSDT", intruder->bars, intruder->n);
    return 0;
}

static void change_with_intruder(struct lake *lake, struct change change, struct intruder *intruder,
                                 struct lake_change_result *result)
{
    struct change_set_options options = {.kind = "change", .progress = {intrude, intruder}};
    struct change_set *set = NULL;
    size_t n = 0;
    struct manifest_dataset dataset = {.id = live_files(lake, "BTCUSDT", &n)->dataset_id,
                                       .exchange = "TEST",
                                       .market = "FUTURES",
                                       .symbol = "BTCUSDT",
                                       .type = "raw",
                                       .period = "1m"};
    change.dataset = &dataset;
    *result = (struct lake_change_result){.size = sizeof *result};
    assert_int_equal(change_set_new(lake, &options, &set, NULL), LAKE_OK);
    assert_int_equal(change_set_add(set, &change, NULL), LAKE_OK);
    assert_int_equal(change_set_commit(set, result, NULL), LAKE_OK);
    change_set_free(set);
    assert_true(intruder->calls > 2); /* it was staged again */
}

/* I6: a roll-up claims its whole month, also the days that were not there. */
static void test_a_roll_up_takes_a_day_that_came_meanwhile(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(DAYS);
    struct lake_change_result result;
    size_t n = 0;
    write_some(fixture->lake, bars, 20 * BARS);
    struct intruder intruder = {fixture->lake, bars + 20 * BARS, BARS, 0};
    change_with_intruder(fixture->lake,
                         (struct change){.kind = CHANGE_ROLL_UP, .range = {DAY_2024, DAY_2024 + MONTH_2024}}, &intruder,
                         &result);
    assert_int_equal(result.files_retired, 21);
    assert_holds(fixture->lake, "BTCUSDT", bars, 21 * BARS);
    (void)live_files(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 1);
    free(bars);
}

static void test_a_cut_takes_a_day_that_came_meanwhile(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(DAYS);
    struct lake_change_result result;
    write_some(fixture->lake, bars, 20 * BARS);
    struct intruder intruder = {fixture->lake, bars + 20 * BARS, BARS, 0};
    change_with_intruder(fixture->lake,
                         (struct change){.kind = CHANGE_CUT, .range = {DAY_2024 + MS_PER_DAY, DAY_2024 + MONTH_2024}},
                         &intruder, &result);
    assert_int_equal(result.rows_removed, 20 * BARS);
    assert_holds(fixture->lake, "BTCUSDT", bars, BARS);
    free(bars);
}

/* ---- what is read goes while it is read ---- */

struct expiring {
    struct io_ops ops;
    struct lake *other;
    struct bar bar;
    bool is_armed;
};

static struct expiring expiring;

/* Before the first look at a stored file another process supersedes it, and so many commits follow that it is expired. */
static int open_expiring(void *context, const char *path, enum io_open_mode mode)
{
    if (expiring.is_armed && mode == IO_READ && strstr(path, "/data/") != NULL) {
        expiring.is_armed = false;
        (void)write_bars(expiring.other, "BTCUSDT", &expiring.bar, 1);
        for (int day = 0; day < 40; day++) {
            const struct bar bar = bar_of(DAY_2024 + day * MS_PER_DAY);
            (void)write_bars(expiring.other, "ETHUSDT", &bar, 1);
        }
    }
    return io_system().ops->open(context, path, mode);
}

static void test_a_base_that_expires_while_it_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct bar *bars = new_days(1);
    struct lake *other = fixture->lake;
    write_some(other, bars, BARS - 1);
    expiring = (struct expiring){.ops = *io_system().ops, .other = other, .bar = bars[3], .is_armed = true};
    expiring.bar.close = 4.5;
    expiring.ops.open = open_expiring;
    other->policy.keep_changed_ms = 0;
    fixture->lake = NULL;
    assert_int_equal(fixture_try_open(fixture, (struct io){&expiring.ops, NULL}, NULL), LAKE_OK);
    assert_int_equal(write_bars(fixture->lake, "BTCUSDT", bars + BARS - 1, 1).rows_new, 1);
    assert_false(expiring.is_armed);
    assert_int_equal(count_paths(fixture, ".lake/history", ".retired"), 1); /* the first is gone */
    bars[3].close = 4.5;
    assert_holds(fixture->lake, "BTCUSDT", bars, BARS);
    lake_close(other);
    free(bars);
}

/* ---- rows that are not those that were committed ---- */

/* The manifest says of a day what its rows are not. */
static void forge_content(struct lake *lake, struct manifest_content content)
{
    struct manifest_operation operation = {.kind = "forge", .source = "", .software = "test", .detail = ""};
    int64_t snapshot = 0;
    content.sha256[0] ^= 1;
    assert_int_equal(manifest_begin(lake->manifest, NULL), LAKE_OK);
    assert_int_equal(manifest_add_operation(lake->manifest, &operation, &snapshot, NULL), LAKE_OK);
    content.operation_id = operation.id;
    assert_int_equal(manifest_put_content(lake->manifest, &content, snapshot, NULL), LAKE_OK);
    assert_int_equal(manifest_commit(lake->manifest, NULL), LAKE_OK);
}

static void test_a_roll_up_of_other_rows_is_refused(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_change_result result;
    struct lake_error err = {LAKE_OK, ""};
    struct bar *bars = new_days(3);
    size_t n = 0;
    (void)state;
    write_some(fixture->lake, bars, 3 * BARS);
    forge_content(fixture->lake, live_contents(fixture->lake, "BTCUSDT", &n)[1]);
    const struct change change = {.kind = CHANGE_ROLL_UP, .range = {DAY_2024, DAY_2024 + MONTH_2024}};
    assert_int_equal(try_change(fixture->lake, "BTCUSDT", &change, &result, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, "the rows of 2024-01-02 are not those that were committed"));
    assert_int_equal(result.snapshot, 0);
    (void)live_files(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 3);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    assert_holds(fixture->lake, "BTCUSDT", bars, 3 * BARS);
    fixture_free(fixture);
    free(bars);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_roll_up_changes_nothing_but_files),
        T(test_rows_go_into_the_month),
        T(test_days_of_a_month_in_any_order_make_one_file),
        T(test_history_is_told_apart),
        T(test_days_staged_before_a_roll_up_are_merged_after_it),
        T(test_a_roll_up_in_the_middle_of_a_write),
        T(test_a_roll_up_takes_a_day_that_came_meanwhile),
        T(test_a_cut_takes_a_day_that_came_meanwhile),
        T(test_a_base_that_expires_while_it_is_read),
        cmocka_unit_test(test_a_roll_up_of_other_rows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
