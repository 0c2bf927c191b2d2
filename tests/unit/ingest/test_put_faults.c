/* Whatever fails during a put or an adoption: the rows are all there, or none of them is and nothing is left behind. */
#include "put_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { N_ROWS = 40, MOST_CALLS = 20000 };

/* Four days in batches across them; text in views, numbers to be converted, a bar that breaks a rule. */
static struct put_table make_table(void)
{
    static struct put_field fields[BAR_FIELDS + 2];
    static int64_t ts[N_ROWS], trades[N_ROWS];
    static int32_t views[N_ROWS][4];
    static double high[N_ROWS];
    struct put_field *bars = bar_fields(0, N_ROWS);
    memcpy(fields, bars, BAR_FIELDS * sizeof *fields);
    memcpy(high, bars[2].values, sizeof high);
    high[5] = 1e-9;
    for (int i = 0; i < N_ROWS; i++) {
        ts[i] = DAY_2024 / 1000 + (i / 10 * 1440 + i % 10) * 60;
        trades[i] = i;
        views[i][0] = 1;
        views[i][1] = 'a' + i % 26;
    }
    fields[0] = (struct put_field){.name = "ts", .format = "l", .values = ts};
    fields[2].values = high;
    fields[BAR_FIELDS] = (struct put_field){.name = "trades", .format = "l", .values = trades};
    fields[BAR_FIELDS + 1] = (struct put_field){.name = "note", .format = "vu", .values = views};
    static const int64_t no_sizes[1] = {0};
    fields[BAR_FIELDS + 1].bytes = no_sizes;
    return (struct put_table){.fields = fields, .n_fields = BAR_FIELDS + 2, .n_rows = N_ROWS, .batch_rows = 7};
}

static lake_status run_put(struct lake *lake, struct lake_put_result *result, struct lake_error *err)
{
    struct put_table table = make_table();
    struct lake_put_options options = put_options();
    struct ArrowArrayStream stream = put_stream(&table);
    *result = (struct lake_put_result){.size = sizeof *result};
    lake_status status = lake_put(lake, &options, &stream, result, err);
    assert_null(stream.release);
    assert_released(&table);
    return status;
}

static void renew(void)
{
    fixture_free(fixture);
    fixture = fixture_new();
    fixture->n_threads = 1;
}

/* After a fault: all four files or none, and the same put succeeds. */
static void check(lake_status status, const struct lake_error *err, const char *what, int64_t at)
{
    struct lake_put_result result;
    struct lake_error again = {LAKE_OK, ""};
    bool is_said = status == LAKE_OK || (err->message[0] != '\0' && status != LAKE_INTERNAL && status != LAKE_CORRUPT);
    fixture_reopen(fixture);
    int64_t n = count_files(fixture->lake);
    if (!is_said || (status == LAKE_OK ? n != 4 : n != 0 && n != 4))
        fail_msg("%s %d: %d '%s', and there are %d files", what, (int)at, (int)status, err->message, (int)n);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    if (run_put(fixture->lake, &result, &again) != LAKE_OK)
        fail_msg("%s %d, and then: %s", what, (int)at, again.message);
    assert_int_equal(result.rows_read, N_ROWS);
    assert_int_equal(result.rows_warned, 1);
    assert_int_equal(count_files(fixture->lake), 4);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 4);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static bool try_io(struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_put_result result;
    renew();
    lake_status status = fixture_try_open(fixture, fault_io(&fault), &err);
    if (status == LAKE_OK)
        status = run_put(fixture->lake, &result, &err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(fault.n_open, 0);
    check(status, &err, fault.failed_call == NULL ? "no call" : fault.failed_call, fault.fail_at);
    return fault.n_failed > 0;
}

static void sweep_calls(int error_number, bool for_ever)
{
    struct fault_io fault = {.fail_at = 1, .error_number = error_number, .for_ever = for_ever};
    while (try_io(fault))
        fault.fail_at++;
    assert_true(fault.fail_at > 50);
}

static void test_every_call_fails_once(void **state)
{
    (void)state;
    sweep_calls(EIO, false);
}

static void test_the_disk_is_full_from_some_point_on(void **state)
{
    (void)state;
    sweep_calls(ENOSPC, true);
}

static bool try_memory(int64_t n, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_put_result result;
    struct put_table table = make_table();
    struct lake_put_options options = put_options();
    renew();
    fixture_reopen(fixture);
    struct ArrowArrayStream stream = put_stream(&table);
    result = (struct lake_put_result){.size = sizeof result};
    fault_memory_arm(n, for_ever);
    lake_status status = lake_put(fixture->lake, &options, &stream, &result, &err);
    int64_t n_calls = fault_memory_disarm();
    assert_null(stream.release);
    assert_released(&table);
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %d '%s'", (int)n, (int)status, err.message);
    check(status, &err, "allocation", n);
    return n_calls >= n;
}

static void sweep_memory_of_put(bool for_ever, int64_t step)
{
    int64_t n = 1;
    for (; try_memory(n, for_ever); n += step)
        assert_true(n < MOST_CALLS);
    assert_true(n > 100);
}

static void test_an_allocation_fails(void **state)
{
    (void)state;
    sweep_memory_of_put(false, 3);
}

static void test_allocations_fail_from_some_point_on(void **state)
{
    (void)state;
    sweep_memory_of_put(true, 17);
}

/* ---- adopting ---- */

static lake_status run_adopt(struct lake *lake, const char *path, struct lake_error *err)
{
    struct lake_adopt_result result = {.size = sizeof result};
    const struct lake_adopt_options options = {.size = sizeof options, .path = path};
    return lake_adopt_file(lake, &options, &result, err);
}

/* However often it was cut off, the rows are there once and the file is not in the tree, when it is done at last. */
static bool try_adopt(struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""}, again = {LAKE_OK, ""};
    char path[2 * FIXTURE_PATH_BYTES];
    size_t n = 0;
    renew();
    (void)snprintf(path, sizeof path, "%s", stranger_file("TEST/FUTURES/BTCUSDT/raw/1m/2024/01/01", 0, 30));
    lake_status status = fixture_try_open(fixture, fault_io(&fault), &err);
    if (status == LAKE_OK)
        status = run_adopt(fixture->lake, path, &err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(fault.n_open, 0);
    fixture_reopen(fixture);
    if (status != LAKE_OK && (err.message[0] == '\0' || status == LAKE_INTERNAL))
        fail_msg("%s %d: %d '%s'", fault.failed_call, (int)fault.fail_at, (int)status, err.message);
    if (status != LAKE_OK && run_adopt(fixture->lake, path, &again) != LAKE_OK && again.status != LAKE_NOT_FOUND)
        fail_msg("%s %d '%s', and then: %s", fault.failed_call, (int)fault.fail_at, err.message, again.message);
    free(read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n));
    assert_int_equal(n, 30);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 1);
    assert_int_equal(count_paths(fixture, ".lake/quarantine", ".quarantined"), 1);
    assert_int_equal(count_problems(fixture->lake), 0);
    return fault.n_failed > 0;
}

static void test_every_call_of_an_adoption_fails_once(void **state)
{
    (void)state;
    struct fault_io fault = {.fail_at = 1, .error_number = EIO};
    while (try_adopt(fault))
        fault.fail_at++;
    assert_true(fault.fail_at > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)
        TEST(test_every_call_fails_once),
        TEST(test_the_disk_is_full_from_some_point_on),
        TEST(test_an_allocation_fails),
        TEST(test_allocations_fail_from_some_point_on),
        TEST(test_every_call_of_an_adoption_fails_once),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
