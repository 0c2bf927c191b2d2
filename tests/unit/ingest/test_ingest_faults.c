/* Whatever fails during an ingest: it is done, or nothing of it is visible and what is left is gone on with or removed. */
#include "ingest_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "unit/base/check.h"

enum { N_ROWS = 400 };

static const struct ingest_tuning small = {.save_from_bytes = 1, .save_every_bytes = 6 << 10, .block_bytes = 2 << 10};

static char source_path[SOURCE_PATH_BYTES], rejects_path[SOURCE_PATH_BYTES];

static void make_files(void)
{
    /* Four days, so that there are several files; every hundredth row is wrong. */
    char *text = malloc(N_ROWS * 80);
    assert_non_null(text);
    size_t at = (size_t)snprintf(text, 80, BAR_HEADER);
    for (int i = 0; i < N_ROWS; i++)
        at += (size_t)snprintf(text + at, 80, "%lld,1,3,1,2,%s\n",
                               (long long)(DAY_2024 + (i / 100 * 1440 + i % 100) * MS_PER_MINUTE),
                               i % 100 == 42 ? "x" : "10");
    (void)snprintf(source_path, sizeof source_path, "%s", write_source("a.csv", text));
    (void)snprintf(rejects_path, sizeof rejects_path, "%s/rejects.csv", fixture->root);
    free(text);
}

static lake_status run(struct lake *lake, struct lake_ingest_result *result, struct lake_error *err)
{
    const char *sources[] = {source_path};
    struct lake_ingest_options options = options_of(sources, 1);
    options.dataset.period = "1m";
    options.rejects_path = rejects_path;
    *result = (struct lake_ingest_result){.size = sizeof *result};
    return ingest_run(lake, &options, &small, result, err);
}

/* N_ROWS - 4 rows in four files, the others put aside. */
static void assert_whole(const struct lake_ingest_result *result)
{
    size_t n = 0;
    assert_int_equal(result->rows_read, N_ROWS - 4);
    assert_int_equal(result->rows_rejected, 4);
    struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 10 * MS_PER_DAY, &n);
    assert_int_equal(n, N_ROWS - 4);
    free(bars);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 4);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
}

static void renew(void)
{
    fixture_free(fixture);
    fixture = fixture_new();
    fixture->n_threads = 1;
    make_files();
}

/* One fault. Whatever it was, the same ingest succeeds afterwards, from where it was or from the beginning, and *n_resumed counts the
 * former. Returns whether the work came that far. */
static bool try_fault(struct fault_io fault, int *n_resumed)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_ingest_result result = {.size = sizeof result};
    renew();
    lake_status status = fixture_try_open(fixture, fault_io(&fault), &err);
    if (status == LAKE_OK)
        status = run(fixture->lake, &result, &err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(fault.n_open, 0);
    if (status != LAKE_OK && (err.message[0] == '\0' || status == LAKE_INTERNAL || status == LAKE_CORRUPT))
        fail_msg("%s failed at call %d: %d, '%s'", fault.failed_call, (int)fault.fail_at, (int)status, err.message);
    bool can_resume = result.can_resume;
    fixture_reopen(fixture);
    int64_t n_files = count_files(fixture->lake);
    if (status == LAKE_OK ? n_files != 4 : n_files != 0 && n_files != 4)
        fail_msg("%s failed at call %d: %d, '%s', and there are %d files", fault.failed_call, (int)fault.fail_at,
                 (int)status, err.message, (int)n_files);
    status = run(fixture->lake, &result, &err);
    /* What an ingest put aside that was committed, or that left nothing else behind, is in the way: that is said. */
    if (status == LAKE_EXISTS) {
        assert_false(can_resume);
        assert_int_equal(unlink(rejects_path), 0);
        status = run(fixture->lake, &result, &err);
    }
    if (status != LAKE_OK)
        fail_msg("%s failed at call %d, and then: %s", fault.failed_call, (int)fault.fail_at, err.message);
    *n_resumed += result.rows_resumed > 0;
    assert_true(!can_resume || result.rows_resumed > 0);
    assert_whole(&result);
    return fault.n_failed > 0;
}

static void sweep(int error_number, bool for_ever)
{
    int n_resumed = 0;
    struct fault_io fault = {.fail_at = 1, .error_number = error_number, .for_ever = for_ever};
    while (try_fault(fault, &n_resumed))
        fault.fail_at++;
    assert_true(fault.fail_at > 100);
    assert_true(n_resumed > 20);
}

static void test_every_call_fails_once(void **state)
{
    (void)state;
    sweep(EIO, false);
}

static void test_every_call_fails_for_ever(void **state)
{
    (void)state;
    sweep(ENOSPC, true);
}

/* ---- memory ---- */

static lake_status run_dry(struct lake_error *err)
{
    const char *sources[] = {source_path};
    const struct ingest_tuning tuning = {.save_from_bytes = INT64_MAX, .save_every_bytes = INT64_MAX};
    struct lake_ingest_options options = options_of(sources, 1);
    struct lake_ingest_result result = {.size = sizeof result};
    options.dataset.period = "1m";
    options.rejects_path = rejects_path;
    options.dry_run = true;
    TRY(ingest_run(fixture->lake, &options, &tuning, &result, err));
    result.sample.release(&result.sample);
    return result.rows_new == N_ROWS - 4 ? LAKE_OK : lake_fail(err, LAKE_INTERNAL, "other rows");
}

/* An allocation that fails is an error, but where something is only tidied up (recovery does it later) or told about the lake. */
static void sweep_allocations(bool for_ever)
{
    int64_t at = 1, n_failed = 0;
    for (bool was_reached = true; was_reached; at++) {
        struct lake_error err = {LAKE_OK, ""};
        fault_memory_arm(at, for_ever);
        lake_status status = run_dry(&err);
        was_reached = fault_memory_disarm() >= at;
        if (status != LAKE_OK && (status != LAKE_NO_MEMORY || err.message[0] == '\0'))
            fail_msg("allocation %d failed, and the work gave %d: %s", (int)at, (int)status, err.message);
        n_failed += status != LAKE_OK;
        lake_ok(run_dry(&err));
    }
    assert_true(at > 200 && n_failed > at * 9 / 10);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct lake_ingest_result result;
    renew();
    fixture_reopen(fixture);
    /* A dataset that there is already, with other rows. */
    const char *sources[] = {write_source("b.csv", minutes_text(100000, 10))};
    struct lake_ingest_options options = options_of(sources, 1);
    lake_ok(ingest(&options, &result, &err));
    sweep_allocations(false);
    sweep_allocations(true);
    fixture_reopen(fixture);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_call_fails_once, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_every_call_fails_for_ever, ingest_set_up, ingest_tear_down),
        cmocka_unit_test_setup_teardown(test_every_allocation_fails, ingest_set_up, ingest_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
