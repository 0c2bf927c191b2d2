/* Each file operation and each allocation of a maintenance run fails in turn, once; and every third for ever. The rows are the same afterwards, no
 * file is nobody's, nothing is left over, and the run succeeds when it is tried again. */
#include "unit/lake/maintain_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { N_DAYS = 3, MOST_CALLS = 20000, STRIDE_FOR_EVER = 3 };

/* A second passes between any two looks at the clock. */
static int64_t next_second_ms(void *context)
{
    static int64_t now_ms = DAY_2024 + 90 * MS_PER_DAY;
    (void)context;
    return now_ms += MS_PER_SECOND;
}

/* The same table, but for its clock. */
static struct io with_clock(struct io io)
{
    static struct io_ops ops;
    ops = *io.ops;
    ops.now_ms = next_second_ms;
    io.ops = &ops;
    return io;
}

/* All tasks, each with something to do: days to roll up, versions past their time, empty directories. */
static lake_status maintain_all(struct lake *lake, struct lake_error *err)
{
    struct lake_maintain_options options = {.size = sizeof options};
    struct lake_maintain_result result = {.size = sizeof result};
    struct ArrowArrayStream plan = {.release = NULL};
    lake->policy.keep_changed_ms = 0;
    lake->policy.keep_unchanged_ms = 0;
    lake_status status = lake_maintain(lake, &options, &result, &plan, err);
    if (plan.release != NULL)
        plan.release(&plan);
    return status;
}

static lake_status open_and_maintain(struct fixture *fixture, struct io io, struct lake_error *err)
{
    lake_status status = fixture_try_open(fixture, with_clock(io), err);
    if (status == LAKE_OK)
        status = maintain_all(fixture->lake, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

static struct fixture *prepare(void)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    if (fixture_try_open(fixture, with_clock(io_system()), &err) != LAKE_OK)
        fail_msg("%s", err.message);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    for (int day = 0; day < N_DAYS; day++)
        append_bars(write, bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
    (void)commit_write(write);
    for (int i = 0; i < 2; i++) {
        struct bar bar = bar_of(DAY_2024);
        bar.close += 1 - i;
        (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1); /* changed, and changed back */
    }
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return fixture;
}

static void assert_whole(struct fixture *fixture)
{
    struct lake_error err = {LAKE_OK, ""};
    size_t n = 0;
    if (fixture_try_open(fixture, with_clock(io_system()), &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_days(fixture->lake, "BTCUSDT", 0, N_DAYS, -1);
    (void)files_of(fixture->lake, "BTCUSDT", &n);
    assert_true(n == 1 || n == N_DAYS);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), n);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
}

/* Whatever has happened: it works now, and then everything is done. */
static void assert_works_again(struct fixture *fixture)
{
    struct lake_error err = {LAKE_OK, ""};
    size_t n = 0;
    if (maintain_all(fixture->lake, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    (void)files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 1);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
    assert_days(fixture->lake, "BTCUSDT", 0, N_DAYS, -1);
}

/* ---- files ---- */

/* One fault. Returns whether the work came that far. */
static bool try_fault(struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = prepare();
    lake_status status = open_and_maintain(fixture, fault_io(&fault), &err);
    assert_int_equal(fault.n_open, 0);
    if (status != LAKE_OK && err.message[0] == '\0')
        fail_msg("%s failed at call %d without a message", fault.failed_call, (int)fault.fail_at);
    if (status == LAKE_INTERNAL || status == LAKE_CORRUPT)
        fail_msg("%s failed at call %d: %s", fault.failed_call, (int)fault.fail_at, err.message);
    assert_whole(fixture);
    assert_works_again(fixture);
    fixture_free(fixture);
    return fault.n_failed > 0;
}

static void sweep(int error_number, bool for_ever)
{
    int64_t n = 1;
    while (try_fault((struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}))
        assert_true((n += for_ever ? STRIDE_FOR_EVER : 1) < MOST_CALLS);
    assert_true(n > 80); /* a run makes at least so many calls */
}

static void test_an_io_error_once(void **state)
{
    (void)state;
    sweep(EIO, false);
}

static void test_io_errors_from_a_call_on(void **state)
{
    (void)state;
    sweep(EIO, true);
}

static void test_a_full_disk_from_a_call_on(void **state)
{
    (void)state;
    sweep(ENOSPC, true);
}

/* ---- memory ---- */

/* Returns whether the work came as far as allocation n. */
static bool try_without_memory(int64_t n, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = prepare();
    fault_memory_arm(n, for_ever);
    lake_status status = open_and_maintain(fixture, io_system(), &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s", (int)n, err.message);
    assert_whole(fixture);
    assert_works_again(fixture);
    fixture_free(fixture);
    return n_allocations >= n;
}

static void sweep_memory_of_a_run(bool for_ever)
{
    int64_t n = 1;
    while (try_without_memory(n, for_ever))
        assert_true((n += for_ever ? STRIDE_FOR_EVER : 1) < MOST_CALLS);
    assert_true(n > 80);
}

static void test_an_allocation_fails(void **state)
{
    (void)state;
    sweep_memory_of_a_run(false);
}

static void test_allocations_fail_from_one_on(void **state)
{
    (void)state;
    sweep_memory_of_a_run(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_io_error_once),
        cmocka_unit_test(test_io_errors_from_a_call_on),
        cmocka_unit_test(test_a_full_disk_from_a_call_on),
        cmocka_unit_test(test_an_allocation_fails),
        cmocka_unit_test(test_allocations_fail_from_one_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
