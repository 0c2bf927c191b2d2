/* Each file operation and each allocation of a commit and of a scan fails in turn, once and for ever. The commit is whole or
 * absent afterwards, and what it answered holds: done means done. Nothing is left over and the same work succeeds again. */
#include "unit/lake/lake_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { N_BARS = 2 * 1440, MOST_CALLS = 20000 };

static struct bar *new_bars(void)
{
    struct bar *bars = calloc(N_BARS, sizeof *bars);
    assert_non_null(bars);
    memcpy(bars, bars_from(DAY_2024, N_BARS), N_BARS * sizeof *bars);
    for (size_t i = 0; i < N_BARS; i++)
        bars[i].close = -(double)(i + 1);
    return bars;
}

static lake_status write_all(struct lake *lake, const struct batch *batch, struct lake_error *err)
{
    static const struct lake_selection dataset = {"test", NULL, "BTCUSDT", NULL, "1m"};
    struct lake_write *write = NULL;
    struct lake_write_result result;
    lake_status status = LAKE_OK;
    TRY_OUT(lake_write_begin(lake, &dataset, "ingest", &write, err));
    TRY_OUT(lake_write_append(write, batch, err));
    TRY_OUT(lake_write_commit(write, &result, err));
out:
    lake_write_free(write);
    return status;
}

/* Opens the lake over io and writes. The lake is closed afterwards. */
static lake_status open_and_write(struct fixture *fixture, struct io io, const struct batch *batch,
                                  struct lake_error *err)
{
    lake_status status = fixture_try_open(fixture, io, err);
    if (status == LAKE_OK)
        status = write_all(fixture->lake, batch, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

static void assert_whole_or_absent(struct fixture *fixture, lake_status answered, const struct bar *written)
{
    size_t n = 0;
    fixture_reopen(fixture);
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 10 * MS_PER_DAY, &n);
    assert_int_equal(n, N_BARS);
    bool is_there = found[0].close == written[0].close;
    if (answered == LAKE_OK)
        assert_true(is_there);
    assert_bars_equal(found, is_there ? written : bars_from(DAY_2024, N_BARS), N_BARS);
    free(found);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 2);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
}

/* One fault. Returns whether the work came that far. */
static bool try_fault(struct fault_io fault, const struct batch *batch, const struct bar *written)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
    lake_status status = open_and_write(fixture, fault_io(&fault), batch, &err);
    assert_int_equal(fault.n_open, 0);
    if (status != LAKE_OK && err.message[0] == '\0')
        fail_msg("%s failed at call %d without a message", fault.failed_call, (int)fault.fail_at);
    if (status == LAKE_INTERNAL)
        fail_msg("%s failed at call %d: %s", fault.failed_call, (int)fault.fail_at, err.message);
    assert_whole_or_absent(fixture, status, written);
    assert_int_equal(write_all(fixture->lake, batch, NULL), LAKE_OK);
    assert_whole_or_absent(fixture, LAKE_OK, written);
    fixture_free(fixture);
    return fault.n_failed > 0;
}

static void sweep(int error_number, bool for_ever)
{
    struct bar *bars = new_bars();
    struct batch batch = {0};
    int64_t n = 1;
    make_batch(bars, N_BARS, &batch);
    while (try_fault((struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}, &batch, bars))
        assert_true(n++ < MOST_CALLS);
    assert_true(n > 50); /* a commit makes at least so many calls */
    batch_release(&batch);
    free(bars);
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

static void test_a_full_disk_once(void **state)
{
    (void)state;
    sweep(ENOSPC, false);
}

static void test_a_full_disk_from_a_call_on(void **state)
{
    (void)state;
    sweep(ENOSPC, true);
}

/* ---- memory ---- */

/* Returns whether the work came as far as allocation n. */
static bool try_write_without_memory(int64_t n, bool for_ever, const struct batch *batch, const struct bar *written)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    fault_memory_arm(n, for_ever);
    lake_status status = open_and_write(fixture, io_system(), batch, &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s", (int)n, err.message);
    assert_whole_or_absent(fixture, status, written);
    fixture_free(fixture);
    return n_allocations >= n;
}

static void sweep_write_memory(bool for_ever)
{
    struct bar *bars = new_bars();
    struct batch batch = {0};
    int64_t n = 1;
    make_batch(bars, N_BARS, &batch);
    while (try_write_without_memory(n, for_ever, &batch, bars))
        assert_true(n++ < MOST_CALLS);
    assert_true(n > 50);
    batch_release(&batch);
    free(bars);
}

static void test_an_allocation_of_a_commit_fails(void **state)
{
    (void)state;
    sweep_write_memory(false);
}

static void test_allocations_of_a_commit_fail_from_one_on(void **state)
{
    (void)state;
    sweep_write_memory(true);
}

static lake_status scan_all(void *context, struct lake_error *err)
{
    struct fixture *fixture = context;
    struct lake_scan *scan = NULL;
    struct ArrowArray array = {.release = NULL};
    int64_t n_rows = 0;
    lake_status status = LAKE_OK;
    struct lake_scan_options options = {.size = sizeof options,
                                        .dataset = {"test", NULL, "BTCUSDT", NULL, NULL},
                                        .has_start = true,
                                        .start_ms = DAY_2024 + MS_PER_MINUTE,
                                        .batch_rows = 1000};
    TRY_OUT(lake_scan_open(fixture->lake, &options, &scan, err));
    do {
        TRY_OUT(lake_scan_next(scan, &array, err));
        n_rows += array.release == NULL ? 0 : array.length;
        if (array.release != NULL)
            array.release(&array);
        else
            break;
    } while (true);
    if (n_rows != N_BARS - 1)
        status = lake_fail(err, LAKE_INTERNAL, "%d rows", (int)n_rows);
out:
    lake_scan_close(scan);
    return status;
}

static void test_an_allocation_of_a_scan_fails(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
    assert_true(sweep_memory(scan_all, fixture) > 10);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_io_error_once),
        cmocka_unit_test(test_io_errors_from_a_call_on),
        cmocka_unit_test(test_a_full_disk_once),
        cmocka_unit_test(test_a_full_disk_from_a_call_on),
        cmocka_unit_test(test_an_allocation_of_a_commit_fails),
        cmocka_unit_test(test_allocations_of_a_commit_fail_from_one_on),
        cmocka_unit_test(test_an_allocation_of_a_scan_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
