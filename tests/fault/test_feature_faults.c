/* Uploads of features while calls and allocations fail: a version is there whole, or it is not there. */
#include <datalake/features.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "lake/table_stream.h"
#include "unit/lake/lake_fixture.h"

enum { N_HOURS = 1000, MOST_POINTS = 20000 };

static const struct column_field table_fields[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                   {"rsi", COLUMN_DOUBLE, 0, true}};

/* Two months of hours. */
static void make_stream(double add, struct ArrowArrayStream *out)
{
    struct schema *schema = NULL;
    struct batch_builder *builder = NULL;
    assert_int_equal(schema_new(table_fields, 2, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_builder_new(schema, &builder, NULL), LAKE_OK);
    for (int64_t i = 0; i < N_HOURS; i++) {
        const struct cell cells[] = {cell_int64(DAY_2024 + i * MS_PER_HOUR),
                                     {.kind = CELL_DOUBLE, .number = (double)i + add}};
        assert_int_equal(batch_builder_append_cells(builder, cells, NULL), LAKE_OK);
    }
    assert_int_equal(table_stream(builder, out, NULL), LAKE_OK);
    batch_builder_free(builder);
    schema_free(schema);
}

static lake_status upload(struct lake *lake, struct ArrowArrayStream *stream, struct lake_put_result *result,
                          struct lake_error *err)
{
    const struct lake_feature_options options = {.size = sizeof options,
                                                 .instrument = {.exchange = "test", .symbol = "BTCUSDT"},
                                                 .feature_set = "alpha",
                                                 .version = "1.0"};
    *result = (struct lake_put_result){.size = sizeof *result};
    return lake_put_features(lake, &options, stream, result, err);
}

static lake_status list(struct lake *lake, int64_t *n_rows, struct lake_error *err)
{
    struct ArrowArrayStream stream;
    struct ArrowArray array = {0};
    *n_rows = 0;
    TRY(lake_list_features(lake, NULL, &stream, err));
    int error_number = stream.get_next(&stream, &array);
    if (error_number == 0 && array.release != NULL) {
        *n_rows = array.length;
        array.release(&array);
    }
    stream.release(&stream);
    return error_number == 0 ? LAKE_OK : lake_fail(err, LAKE_NO_MEMORY, "the list stopped: %d", error_number);
}

/* Whatever failed: all of it or nothing is there, and the same upload makes it whole. */
static void assert_whole(struct fixture *fixture, bool is_answered, const char *point)
{
    struct ArrowArrayStream stream;
    struct lake_put_result result;
    struct lake_error err = {LAKE_OK, ""};
    int64_t n_versions = 0;
    fixture_reopen(fixture);
    if (count_problems(fixture->lake) != 0)
        fail_msg("%s: problems", point);
    assert_int_equal(list(fixture->lake, &n_versions, &err), LAKE_OK);
    if (is_answered && n_versions != 1)
        fail_msg("%s: answered as done, and not there", point);
    make_stream(0, &stream);
    if (upload(fixture->lake, &stream, &result, &err) != LAKE_OK)
        fail_msg("%s: %s", point, err.message);
    assert_int_equal(result.rows_equal, n_versions == 1 ? N_HOURS : 0);
    assert_int_equal(result.rows_new, n_versions == 1 ? 0 : N_HOURS);
    make_stream(1, &stream);
    assert_int_equal(upload(fixture->lake, &stream, &result, &err), LAKE_EXISTS);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    assert_int_equal(count_files(fixture->lake), 2);
}

/* ---- allocations ---- */

static bool try_without_memory(int64_t n, bool for_ever, bool is_there)
{
    struct fixture *fixture = fixture_new();
    struct ArrowArrayStream stream;
    struct lake_put_result result;
    struct lake_error err = {LAKE_OK, ""};
    char point[64];
    int64_t n_listed = 0;
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    if (is_there) {
        make_stream(0, &stream);
        assert_int_equal(upload(fixture->lake, &stream, &result, &err), LAKE_OK);
    }
    make_stream(0, &stream);
    fault_memory_arm(n, for_ever);
    lake_status status = upload(fixture->lake, &stream, &result, &err);
    lake_status listed = list(fixture->lake, &n_listed, NULL);
    int64_t n_allocations = fault_memory_disarm();
    assert_null(stream.release);
    (void)snprintf(point, sizeof point, "allocation %d", (int)n);
    if ((status != LAKE_OK && status != LAKE_NO_MEMORY) || (listed != LAKE_OK && listed != LAKE_NO_MEMORY))
        fail_msg("%s: %s", point, err.message);
    assert_whole(fixture, status == LAKE_OK, point);
    fixture_free(fixture);
    return n_allocations >= n;
}

static void sweep_allocations(bool for_ever, bool is_there, int64_t step)
{
    int64_t n = 1;
    while (try_without_memory(n, for_ever, is_there)) {
        assert_true(n < MOST_POINTS);
        n += step;
    }
    assert_true(n > 100);
}

static void test_an_allocation_fails(void **state)
{
    (void)state;
    sweep_allocations(false, false, 7);
}

static void test_an_allocation_fails_where_the_version_is_there(void **state)
{
    (void)state;
    sweep_allocations(false, true, 7);
}

static void test_allocations_fail_from_some_point_on(void **state)
{
    (void)state;
    sweep_allocations(true, false, 31);
}

/* ---- calls ---- */

/* Whether the fault was reached. */
static bool try_without_disk(int64_t n, int error_number, bool for_ever)
{
    struct fixture *fixture = fixture_new();
    struct fault_io fault = {.fail_at = 0};
    struct ArrowArrayStream stream;
    struct lake_put_result result;
    struct lake_error err = {LAKE_OK, ""};
    char point[64];
    fixture->n_threads = 1;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(fixture_try_open(fixture, fault_io(&fault), &err), LAKE_OK);
    make_stream(0, &stream);
    fault.fail_at = fault.n_calls + n;
    fault.error_number = error_number;
    fault.for_ever = for_ever;
    lake_status status = upload(fixture->lake, &stream, &result, &err);
    bool was_reached = fault.n_failed > 0;
    fault.fail_at = 0;
    fault.for_ever = false;
    (void)snprintf(point, sizeof point, "call %d (%s)", (int)n, was_reached ? fault.failed_call : "none");
    assert_whole(fixture, status == LAKE_OK, point);
    assert_int_equal(fault.n_open, 0);
    fixture_free(fixture);
    return was_reached;
}

static void sweep_calls(int error_number, bool for_ever)
{
    int64_t n = 1;
    while (try_without_disk(n, error_number, for_ever)) {
        assert_true(n < MOST_POINTS);
        n++;
    }
    assert_true(n > 20);
}

static void test_a_call_fails(void **state)
{
    (void)state;
    sweep_calls(EIO, false);
}

static void test_the_disk_is_full(void **state)
{
    (void)state;
    sweep_calls(ENOSPC, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_allocation_fails),
        cmocka_unit_test(test_an_allocation_fails_where_the_version_is_there),
        cmocka_unit_test(test_allocations_fail_from_some_point_on),
        cmocka_unit_test(test_a_call_fails),
        cmocka_unit_test(test_the_disk_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
