/* Reading the past, lists, the log, names and expiry where each file operation and each allocation fails in turn. What is answered
 * is right or an error; expiry that failed half-way is finished by the next, and loses nothing that lives. */
#include "unit/lake/history_fixture.h"

#include <errno.h>
#include <stdlib.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "lake/expiry.h"

enum { N_BARS = 30, N_SNAPSHOTS = 3, N_PAST = 10, MOST_CALLS = 2000 };

static struct clock test_clock;

/* Three snapshots of one day, each ten minutes longer, then three hours of nothing: two files of history may go. */
static struct fixture *new_lake(void)
{
    test_clock.now_ms = DAY_2024;
    struct fixture *fixture = fixture_new_at(&test_clock);
    fixture->n_threads = 1;
    for (int64_t i = 0; i < N_SNAPSHOTS; i++)
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + i * 10 * MS_PER_MINUTE, 10), 10);
    return fixture;
}

/* ---- reading ---- */

static int64_t count_rows(struct ArrowArrayStream *stream, lake_status *status, struct lake_error *err)
{
    struct ArrowArray array;
    int64_t n = 0;
    for (;;) {
        int result = stream->get_next(stream, &array);
        if (result != 0) {
            *status = result == ENOMEM ? LAKE_NO_MEMORY : LAKE_IO;
            (void)lake_fail(err, *status, "%s", stream->get_last_error(stream));
            break;
        }
        if (array.release == NULL)
            break;
        n += array.length;
        array.release(&array);
    }
    stream->release(stream);
    return n;
}

static lake_status check_rows(struct ArrowArrayStream *stream, int64_t expected, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    int64_t n = count_rows(stream, &status, err);
    if (status == LAKE_OK && n != expected)
        return lake_fail(err, LAKE_INTERNAL, "%d rows, not %d", (int)n, (int)expected);
    return status;
}

/* A scan as of the first snapshot, both lists now and then, the log and the names. */
static lake_status look_at_all(struct lake *lake, struct lake_error *err)
{
    struct ArrowArrayStream stream;
    struct bar bars[N_BARS];
    size_t n = 0;
    int64_t snapshot = 0;
    const struct past past = {"BTCUSDT", 1, 0, 0};
    const struct lake_list_options then = {.size = sizeof then, .as_of = 2};
    TRY(read_past(lake, &past, bars, N_BARS, &n, err));
    if (n != N_PAST)
        return lake_fail(err, LAKE_INTERNAL, "%d rows as of the first snapshot", (int)n);
    TRY(lake_find_snapshot(lake, "2024-01-01", &snapshot, err));
    TRY(lake_list_datasets(lake, NULL, &stream, err));
    TRY(check_rows(&stream, 1, err));
    TRY(lake_list_datasets(lake, &then, &stream, err));
    TRY(check_rows(&stream, 1, err));
    TRY(lake_list_files(lake, NULL, &stream, err));
    TRY(check_rows(&stream, 1, err));
    TRY(lake_list_files(lake, &then, &stream, err));
    TRY(check_rows(&stream, 1, err));
    TRY(lake_log(lake, NULL, &stream, err));
    TRY(check_rows(&stream, N_SNAPSHOTS, err));
    TRY(lake_list_names(lake, &stream, err));
    return check_rows(&stream, 1, err);
}

static lake_status look(void *context, struct lake_error *err)
{
    const struct fixture *fixture = context;
    return look_at_all(fixture->lake, err);
}

static void test_an_allocation_fails_while_looking(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    assert_int_equal(lake_name_snapshot(fixture->lake, "first", 1, NULL), LAKE_OK);
    assert_true(sweep_memory(look, fixture) > 50);
    fixture_free(fixture);
}

/* Each file operation of a scan of the past fails. A reader who cannot register (no permission, no space) reads all the same. */
static lake_status open_and_look(void *context, struct io io, struct lake_error *err)
{
    struct fixture *fixture = context;
    lake_status status = fixture_try_open(fixture, io, err);
    if (status == LAKE_OK)
        status = look_at_all(fixture->lake, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

static void test_a_file_operation_fails_while_looking(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    assert_int_equal(lake_name_snapshot(fixture->lake, "first", 1, NULL), LAKE_OK);
    const struct io_sweep sweep = {
        .work = open_and_look,
        .context = fixture,
        .tolerated = "open close lock write remove random list status file_status make_directory sync "
                     "is_network rename remove_directory real_path read_at read",
    };
    assert_true(sweep_io(&sweep) > 100);
    fixture_reopen(fixture);
    fixture_free(fixture);
}

/* ---- names ---- */

static lake_status name_and_unname(void *context, struct lake_error *err)
{
    const struct fixture *fixture = context;
    int64_t snapshot = 0;
    lake_status status = lake_name_snapshot(fixture->lake, "second", 2, err);
    TRY(status);
    status = lake_find_snapshot(fixture->lake, "second", &snapshot, err);
    if (status == LAKE_OK && snapshot != 2)
        status = lake_fail(err, LAKE_INTERNAL, "another snapshot has the name");
    lake_status unnamed = lake_unname_snapshot(fixture->lake, "second", status == LAKE_OK ? err : NULL);
    return status == LAKE_OK ? unnamed : status;
}

static void test_an_allocation_fails_while_naming(void **state)
{
    struct fixture *fixture = new_lake();
    (void)state;
    assert_true(sweep_memory(name_and_unname, fixture) > 3);
    fixture_free(fixture);
}

/* ---- expiry ---- */

static lake_status transact(struct lake *lake, const struct manifest_file *files, size_t n, bool is_due,
                            struct lake_error *err)
{
    struct expiry_counts counts = {0, 0, 0};
    lake_status status = LAKE_OK;
    mutex_lock(lake->mutex);
    TRY_OUT(manifest_begin(lake->manifest, err));
    if (is_due)
        TRY_OUT(expiry_clear_removals(lake, err));
    TRY_OUT(expiry_record(lake, files, n, &counts, err));
    TRY_OUT(manifest_commit(lake->manifest, err));
out:
    manifest_rollback(lake->manifest);
    mutex_unlock(lake->mutex);
    return status;
}

static lake_status expire(struct lake *lake, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_file *files = NULL;
    size_t n = 0;
    bool is_due = false;
    lake_status status = LAKE_OK;
    TRY_OUT(expiry_make_durable(lake, true, &is_due, err));
    TRY_OUT(expiry_find(lake, 1000, &arena, &files, &n, err));
    TRY_OUT(transact(lake, files, n, is_due, err));
    TRY_OUT(expiry_remove_files(lake, err));
out:
    arena_release(&arena);
    return status;
}

static void clear_outstanding(struct lake *lake)
{
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_outstanding *moves = NULL;
    size_t n = 0;
    assert_int_equal(manifest_find_outstanding(lake->manifest, &arena, &moves, &n, NULL), LAKE_OK);
    assert_int_equal(manifest_begin(lake->manifest, NULL), LAKE_OK);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(manifest_clear_outstanding(lake->manifest, moves[i].file_id, NULL), LAKE_OK);
    assert_int_equal(manifest_commit(lake->manifest, NULL), LAKE_OK);
    arena_release(&arena);
}

static struct fixture *new_expirable_lake(void)
{
    struct fixture *fixture = new_lake();
    clear_outstanding(fixture->lake);
    test_clock.now_ms += 3 * MS_PER_HOUR;
    return fixture;
}

/* Whatever failed before: all that lives is there, and two more rounds leave nothing of what expired. */
static void assert_finished(struct fixture *fixture)
{
    size_t n = 0;
    struct lake_error err = {LAKE_OK, ""};
    if (fixture_try_open(fixture, clock_io(&test_clock), &err) != LAKE_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < 2; i++)
        if (expire(fixture->lake, &err) != LAKE_OK)
            fail_msg("%s", err.message);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), 0);
    struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, N_BARS);
    assert_bars_equal(bars, bars_from(DAY_2024, N_BARS), N_BARS);
    free(bars);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static bool try_expiry(struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = new_expirable_lake();
    struct fault_io *shared = &fault;
    const int64_t fail_at = fault.fail_at;
    fault.fail_at = 0;
    assert_int_equal(fixture_try_open(fixture, fault_io(shared), NULL), LAKE_OK);
    fault.fail_at = fault.n_calls + fail_at;
    lake_status status = expire(fixture->lake, &err);
    if (status != LAKE_OK && err.message[0] == '\0')
        fail_msg("%s failed at call %d without a message", fault.failed_call, (int)fail_at);
    bool has_failed = fault.n_failed > 0;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    assert_int_equal(fault.n_open, 0);
    assert_finished(fixture);
    fixture_free(fixture);
    return has_failed;
}

static void sweep_expiry(int error_number, bool for_ever)
{
    int64_t n = 1;
    while (try_expiry((struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}))
        assert_true(n++ < MOST_CALLS);
    assert_true(n > 3);
}

static void test_a_file_operation_of_expiry_fails(void **state)
{
    (void)state;
    sweep_expiry(EIO, false);
    sweep_expiry(EIO, true);
    sweep_expiry(EACCES, true);
}

static bool try_expiry_without_memory(int64_t at, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = new_expirable_lake();
    fault_memory_arm(at, for_ever);
    lake_status status = expire(fixture->lake, &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s", (int)at, err.message);
    assert_finished(fixture);
    fixture_free(fixture);
    return n_allocations >= at;
}

static void test_an_allocation_of_expiry_fails(void **state)
{
    (void)state;
    for (int64_t n = 1; try_expiry_without_memory(n, false); n++)
        assert_true(n < MOST_CALLS);
    for (int64_t n = 1; try_expiry_without_memory(n, true); n++)
        assert_true(n < MOST_CALLS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_allocation_fails_while_looking),
        cmocka_unit_test(test_a_file_operation_fails_while_looking),
        cmocka_unit_test(test_an_allocation_fails_while_naming),
        cmocka_unit_test(test_a_file_operation_of_expiry_fails),
        cmocka_unit_test(test_an_allocation_of_expiry_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
