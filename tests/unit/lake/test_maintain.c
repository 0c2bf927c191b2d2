/* Maintenance as a whole: which tasks run, expiry of history by policy and clock, SQLite's upkeep, what is refused. */
#include "maintain_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/base/check.h"

static const struct lake_maintain_options expire = {.expire = true};

static void change_bar(struct lake *lake, int day, double close)
{
    struct bar bar = bar_of(DAY_2024 + day * MS_PER_DAY);
    bar.close = close;
    (void)write_bars(lake, "BTCUSDT", &bar, 1);
}

/* A changed row waits seven days, to the millisecond, and is gone then, in one step or in many. */
static void test_changed_rows_wait(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 3);
    change_bar(fixture->lake, 0, -1);
    change_bar(fixture->lake, 1, -1);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 2);
    int64_t started_ms = now_ms;
    now_ms = started_ms + fixture->lake->policy.keep_changed_ms;
    assert_int_equal(maintain_twice(fixture->lake, expire)->n, 0);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 2);
    now_ms++;
    const struct plan *plan = maintain_twice(fixture->lake, expire);
    assert_int_equal(plan->n, 1);
    assert_string_equal(plan->rows[0].task, "expire");
    assert_int_equal(plan->rows[0].n_files, 2);
    assert_int_equal(plan->result.files_expired, 2);
    assert_int_equal(plan->result.bytes_expired, plan->rows[0].n_bytes);
    assert_true(plan->result.bytes_expired > 0);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
    assert_int_equal(maintain_twice(fixture->lake, expire)->n, 0);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

/* More than one step takes at once. */
static void test_a_long_past_goes_at_once(void **state)
{
    (void)state;
    enum { CHANGES = 600 };
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 1);
    for (int i = 1; i <= CHANGES; i++)
        change_bar(fixture->lake, 0, -i);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), CHANGES);
    now_ms += fixture->lake->policy.keep_changed_ms + 1;
    const struct plan *plan = maintain_twice(fixture->lake, expire);
    assert_int_equal(plan->n, 1);
    assert_int_equal(plan->rows[0].n_files, CHANGES);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
    size_t n = 0;
    struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 1, &n);
    assert_int_equal(n, 1);
    assert_true(bars[0].close == -CHANGES);
    free(bars);
    fixture_free(fixture);
}

/* The log keeps as many operations without effect as the policy says, whether or not files expire with them. */
static void test_the_log_is_pruned(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 1);
    for (int i = 1; i <= 20; i++)
        change_bar(fixture->lake, 0, -i);
    now_ms += fixture->lake->policy.keep_changed_ms + 1;
    assert_int_equal(maintain_twice(fixture->lake, expire)->result.operations_pruned, 0);
    fixture->lake->policy.keep_log = 5;
    const struct plan *plan = maintain_twice(fixture->lake, expire);
    assert_int_equal(plan->n, 1);
    assert_true(plan->result.operations_pruned > 10);
    char text[PLAN_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "%d operations", (int)plan->result.operations_pruned);
    assert_memory_equal(plan->rows[0].what, text, strlen(text));
    assert_int_equal(maintain_twice(fixture->lake, expire)->result.operations_pruned, 0);
    fixture_free(fixture);
}

static void test_sqlite_is_looked_after(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 5);
    const struct plan *plan = maintain_twice(fixture->lake, (struct lake_maintain_options){.optimize = true});
    assert_int_equal(plan->n, 1);
    assert_string_equal(plan->rows[0].task, "optimize");
    assert_string_equal(plan->rows[0].what, "manifest.db");
    assert_true(plan->result.manifest_bytes_before > 0);
    assert_int_equal(plan->rows[0].n_bytes, plan->result.manifest_bytes_before);
    assert_int_equal(plan->rows[0].bytes_after, plan->result.manifest_bytes_after);
    assert_days(fixture->lake, "BTCUSDT", 0, 5, -1);
    fixture_free(fixture);
}

/* All tasks, in their order: what compaction leaves behind is expired and its directories go in the same run. */
static void test_all_of_it(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 35);
    change_bar(fixture->lake, 33, -1);
    now_ms += fixture->lake->policy.keep_changed_ms + 1;
    const struct plan *plan = maintain(fixture->lake, (struct lake_maintain_options){.compact = false});
    static const char *const tasks[] = {"compact", "compact", "expire", "gc", "optimize"};
    assert_int_equal(plan->n, sizeof tasks / sizeof *tasks);
    for (size_t i = 0; i < plan->n; i++)
        assert_string_equal(plan->rows[i].task, tasks[i]);
    assert_int_equal(plan->result.files_compacted, 35);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
    fixture_free(fixture);
}

static void test_only_the_tasks_asked_for(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 35);
    assert_int_equal(maintain(fixture->lake, (struct lake_maintain_options){.gc = true, .expire = true})->n, 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 35);
    fixture_free(fixture);
}

/* An empty lake has nothing to do but SQLite's. */
static void test_an_empty_lake(void **state)
{
    (void)state;
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    assert_int_equal(maintain_twice(fixture->lake, (struct lake_maintain_options){.compact = false})->n, 1);
    fixture_free(fixture);
}

static void test_wrong_arguments_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct ArrowArrayStream stream = {.release = NULL};
    struct lake_maintain_options options = {.size = sizeof options};
    struct lake_maintain_result result = {.size = sizeof result};
    lake_fails(lake_maintain(fixture->lake, NULL, &result, &stream, &err), LAKE_INVALID_ARGUMENT, "options");
    lake_fails(lake_maintain(fixture->lake, &options, NULL, &stream, &err), LAKE_INVALID_ARGUMENT, "result");
    options.size--;
    lake_fails(lake_maintain(fixture->lake, &options, &result, &stream, &err), LAKE_INVALID_ARGUMENT, "options");
    options.size++;
    result.size = 0;
    lake_fails(lake_maintain(fixture->lake, &options, &result, &stream, &err), LAKE_INVALID_ARGUMENT, "result");
    assert_null(stream.release);
    fixture_free(fixture);
}

/* Another holds the lake's lock: the wait is bounded and the answer names him. */
static int64_t slept_ms;
static int64_t later_ms(void *context)
{
    (void)context;
    return slept_ms += LAKE_LOCK_WAIT_MS / 4;
}
static void no_sleep(void *context, int64_t ms)
{
    (void)context;
    (void)ms;
}

static void test_a_busy_lake_says_who_holds_it(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    struct fixture *holder = clock_fixture_new(&now_ms);
    struct fixture waiter = *holder;
    struct file_lock lock = {0};
    struct plan *plan = calloc(1, sizeof *plan);
    struct io io = clock_io(&now_ms);
    struct io_ops ops = *io.ops;
    ops.monotonic_ms = later_ms;
    ops.sleep_ms = no_sleep;
    io.ops = &ops;
    write_days(holder->lake, "BTCUSDT", 0, 3);
    waiter.lake = NULL;
    lake_ok(fixture_try_open(&waiter, io, &err));
    lake_ok(lake_lock(holder->lake, &lock, 0, "a long ingest", &err));
    lake_fails(try_maintain(waiter.lake, (struct lake_maintain_options){.compact = true}, plan, &err), LAKE_BUSY,
               "a long ingest");
    lake_fails(try_maintain(waiter.lake, expire, plan, &err), LAKE_BUSY, "a long ingest");
    file_lock_release(&lock);
    lake_ok(try_maintain(waiter.lake, (struct lake_maintain_options){.compact = true}, plan, &err));
    assert_int_equal(plan->result.files_compacted, 3);
    lake_close(waiter.lake);
    free(plan);
    fixture_free(holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_rows_wait),
        cmocka_unit_test(test_a_long_past_goes_at_once),
        cmocka_unit_test(test_the_log_is_pruned),
        cmocka_unit_test(test_sqlite_is_looked_after),
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_only_the_tasks_asked_for),
        cmocka_unit_test(test_an_empty_lake),
        cmocka_unit_test(test_wrong_arguments_are_refused),
        cmocka_unit_test(test_a_busy_lake_says_who_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
