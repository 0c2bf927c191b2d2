/* Each file operation of a write that spills fails in turn, and allocations all over it. The commit is whole or absent afterwards,
 * nothing is left over, and the same rows can be written again. */
#include "unit/lake/lake_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "lake/write_state.h"

enum { N_DAYS = 5, DAY_ROWS = 90, N_ROWS = N_DAYS * DAY_ROWS, N_BATCHES = 6, MOST_CALLS = 20000 };
/* Enough to see that the rows come in no order, and then for runs of a batch each, which are joined two by two. */
#define LITTLE_MEMORY (1024 * KIB)
#define RUN_BYTES (2 * KIB)

static struct bar *sorted_bars(void)
{
    struct bar *bars = malloc(N_ROWS * sizeof *bars);
    assert_non_null(bars);
    for (int i = 0; i < N_ROWS; i++)
        bars[i] = bar_of(DAY_2024 + i / DAY_ROWS * MS_PER_DAY + i % DAY_ROWS * MS_PER_MINUTE);
    return bars;
}

/* Every row of another day than the one before. */
static void make_scattered(struct batch batches[N_BATCHES])
{
    struct bar *bars = sorted_bars(), scattered[N_ROWS];
    for (int i = 0; i < N_ROWS; i++)
        scattered[i] = bars[i % N_DAYS * DAY_ROWS + i / N_DAYS];
    for (int i = 0; i < N_BATCHES; i++)
        make_batch(scattered + i * (N_ROWS / N_BATCHES), N_ROWS / N_BATCHES, &batches[i]);
    free(bars);
}

static void release(struct batch batches[N_BATCHES])
{
    for (int i = 0; i < N_BATCHES; i++)
        batch_release(&batches[i]);
}

static lake_status write_all(struct lake *lake, const struct batch *batches, struct lake_error *err)
{
    static const struct lake_selection dataset = {"test", NULL, "BTCUSDT", NULL, "1m"};
    struct lake_write *write = NULL;
    struct lake_write_result result;
    lake_status status = LAKE_OK;
    lake->memory_bytes = LITTLE_MEMORY;
    TRY_OUT(lake_write_begin(lake, &dataset, "ingest", &write, err));
    write->spill.memory_bytes = RUN_BYTES;
    for (int i = 0; i < N_BATCHES; i++)
        TRY_OUT(lake_write_append(write, &batches[i], err));
    if (!write->spill.is_on || write->spill.n_runs < 2)
        status = lake_fail(err, LAKE_INTERNAL, "nothing was spilled");
    if (status == LAKE_OK)
        status = lake_write_commit(write, &result, err);
out:
    lake_write_free(write);
    return status;
}

/* Whether the rows are there, which they are all or none. */
static bool is_there(struct fixture *fixture)
{
    size_t n = 0;
    bool found = count_files(fixture->lake) > 0;
    struct bar *expected = sorted_bars();
    if (found) {
        struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + N_DAYS * MS_PER_DAY, &n);
        assert_int_equal(n, N_ROWS);
        assert_bars_equal(bars, expected, N_ROWS);
        free(bars);
    }
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), found ? N_DAYS : 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    free(expected);
    return found;
}

static void assert_whole_or_absent(struct fixture *fixture, lake_status answered)
{
    fixture_reopen(fixture);
    bool found = is_there(fixture);
    assert_true(found || answered != LAKE_OK);
}

static struct fixture *single_threaded(void)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    return fixture;
}

/* One fault, after the lake was opened. Returns whether the work came that far. */
static bool try_fault(int64_t n, int error_number, bool for_ever, const struct batch *batches)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fault_io fault = {.error_number = error_number};
    struct fixture *fixture = single_threaded();
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(fixture_try_open(fixture, fault_io(&fault), NULL), LAKE_OK);
    fault.fail_at = fault.n_calls + n;
    fault.for_ever = for_ever;
    lake_status status = write_all(fixture->lake, batches, &err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(fault.n_open, 0);
    if (status == LAKE_INTERNAL || (status != LAKE_OK && err.message[0] == '\0'))
        fail_msg("%s failed at call %d: %s", fault.failed_call, (int)n, err.message);
    assert_whole_or_absent(fixture, status);
    assert_int_equal(write_all(fixture->lake, batches, NULL), LAKE_OK);
    assert_whole_or_absent(fixture, LAKE_OK);
    fixture_free(fixture);
    return fault.n_failed > 0;
}

static void sweep(int error_number, bool for_ever, int64_t step)
{
    struct batch batches[N_BATCHES];
    int64_t n = 1;
    make_scattered(batches);
    for (; try_fault(n, error_number, for_ever, batches); n += step)
        assert_true(n < MOST_CALLS);
    assert_true(n > 50);
    release(batches);
}

static void test_an_io_error_once(void **state)
{
    (void)state;
    sweep(EIO, false, 1);
}

static void test_a_full_disk_from_a_call_on(void **state)
{
    (void)state;
    sweep(ENOSPC, true, 3);
}

static bool try_without_memory(int64_t n, const struct batch *batches)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = single_threaded();
    fixture_reopen(fixture);
    fault_memory_arm(n, false);
    lake_status status = write_all(fixture->lake, batches, &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s", (int)n, err.message);
    assert_whole_or_absent(fixture, status);
    fixture_free(fixture);
    return n_allocations >= n;
}

/* Some of thousands, all over the work. */
static void test_an_allocation_fails(void **state)
{
    struct batch batches[N_BATCHES];
    int64_t n = 1;
    (void)state;
    make_scattered(batches);
    for (; try_without_memory(n, batches); n += 23)
        assert_true(n < MOST_CALLS);
    assert_true(n > 100);
    release(batches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_io_error_once),
        cmocka_unit_test(test_a_full_disk_from_a_call_on),
        cmocka_unit_test(test_an_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
