/* Each file operation and each allocation of a delete, an undo and a roll-up fails in turn, and the process ends at each file
 * operation in turn. The change is whole or absent afterwards, what was answered as done is, nothing is left over, and the
 * same work succeeds again. */
#include "unit/lake/change_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { DAY_BARS = 30, N_BARS = 3 * DAY_BARS, MOST_CALLS = 20000, DEATH = 77 };

struct rows {
    struct bar bars[N_BARS];
    size_t n;
};

/* A change, and what a lake holds before and after it. */
struct work {
    const char *name;
    void (*prepare)(struct lake *lake, struct rows *before, struct rows *after);
    lake_status (*run)(struct lake *lake, struct lake_error *err);
    size_t n_files_before, n_files_after;
    bool can_repeat; /* the same again is fine */
};

static void first_rows(struct rows *rows)
{
    for (size_t day = 0; day < 3; day++)
        memcpy(rows->bars + day * DAY_BARS, bars_from(DAY_2024 + (int64_t)day * MS_PER_DAY, DAY_BARS),
               DAY_BARS * sizeof *rows->bars);
    rows->n = N_BARS;
}

static void write_rows(struct lake *lake, const struct rows *rows)
{
    (void)write_bars(lake, "BTCUSDT", rows->bars, rows->n);
}

/* ---- delete: a day cut, a day gone, a day left ---- */

enum { CUT_FROM = DAY_BARS / 2, CUT_TO = 2 * DAY_BARS };

static void prepare_delete(struct lake *lake, struct rows *before, struct rows *after)
{
    first_rows(before);
    write_rows(lake, before);
    *after = *before;
    memmove(after->bars + CUT_FROM, after->bars + CUT_TO, (N_BARS - CUT_TO) * sizeof *after->bars);
    after->n -= CUT_TO - CUT_FROM;
}

static lake_status run_delete(struct lake *lake, struct lake_error *err)
{
    const struct lake_delete_options options = {.size = sizeof options,
                                                .selection = {.symbol = "BTCUSDT"},
                                                .has_start = true,
                                                .has_end = true,
                                                .start_ms = bars_from(DAY_2024, CUT_FROM + 1)[CUT_FROM].ts,
                                                .end_ms = DAY_2024 + 2 * MS_PER_DAY};
    struct lake_change_result result = {.size = sizeof result};
    return lake_delete(lake, &options, &result, err);
}

/* ---- undo: of changes in one day and a day that was new ---- */

static void prepare_undo(struct lake *lake, struct rows *before, struct rows *after)
{
    first_rows(before);
    *after = *before;
    after->n = 2 * DAY_BARS;
    write_rows(lake, after);
    before->bars[3].close = -5.0;
    write_rows(lake, before);
}

static lake_status run_undo(struct lake *lake, struct lake_error *err)
{
    const struct lake_undo_options options = {.size = sizeof options, .snapshot = 2};
    struct lake_change_result result = {.size = sizeof result};
    return lake_undo(lake, &options, &result, err);
}

/* ---- roll-up ---- */

static void prepare_roll_up(struct lake *lake, struct rows *before, struct rows *after)
{
    first_rows(before);
    write_rows(lake, before);
    *after = *before;
}

static lake_status run_roll_up(struct lake *lake, struct lake_error *err)
{
    const struct change change = {.kind = CHANGE_ROLL_UP, .range = {DAY_2024, DAY_2024 + MONTH_2024}};
    struct lake_change_result result;
    return try_change(lake, "BTCUSDT", &change, &result, err);
}

/* ---- ingest into what was rolled up ---- */

static struct batch incoming; /* made beforehand: its allocations are not the lake's */

static void prepare_ingest(struct lake *lake, struct rows *before, struct rows *after)
{
    prepare_roll_up(lake, before, after);
    if (incoming.schema == NULL)
        make_batch(after->bars, after->n, &incoming);
    before->n = 2 * DAY_BARS;
    (void)delete_bars(lake, "BTCUSDT", DAY_2024 + 2 * MS_PER_DAY, INT64_MAX);
    (void)roll_up(lake, "BTCUSDT", DAY_2024, DAY_2024 + MONTH_2024);
}

static lake_status run_ingest(struct lake *lake, struct lake_error *err)
{
    static const struct lake_selection dataset = {"test", NULL, "BTCUSDT", NULL, "1m"};
    struct lake_write_result result;
    struct lake_write *write = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(lake_write_begin(lake, &dataset, "ingest", &write, err));
    TRY_OUT(lake_write_append(write, &incoming, err));
    TRY_OUT(lake_write_commit(write, &result, err));
out:
    lake_write_free(write);
    return status;
}

static const struct work works[] = {
    {"delete", prepare_delete, run_delete, 3, 2, true},
    {"undo", prepare_undo, run_undo, 3, 2, false},
    {"roll-up", prepare_roll_up, run_roll_up, 3, 1, true},
    {"ingest", prepare_ingest, run_ingest, 1, 1, true},
};

/* ---- whole or absent ---- */

static bool holds(struct lake *lake, const struct rows *rows)
{
    size_t n = 0;
    struct bar *found = read_bars(lake, "BTCUSDT", INT64_MIN, INT64_MAX, &n);
    bool same = n == rows->n;
    for (size_t i = 0; same && i < n; i++)
        same = found[i].ts == rows->bars[i].ts && memcmp(&found[i].close, &rows->bars[i].close, sizeof(double)) == 0;
    free(found);
    return same;
}

struct states {
    struct rows before, after;
};

/* Reopens the lake, finds it before or after the change, and in order. Returns whether the change is there. */
static bool check(struct fixture *fixture, const struct work *work, const struct states *states)
{
    size_t n_files = 0;
    fixture_reopen(fixture);
    (void)live_files(fixture->lake, "BTCUSDT", &n_files);
    bool is_done = work->n_files_after == work->n_files_before ? holds(fixture->lake, &states->after)
                                                               : n_files == work->n_files_after;
    assert_true(holds(fixture->lake, is_done ? &states->after : &states->before));
    assert_int_equal(n_files, is_done ? work->n_files_after : work->n_files_before);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), n_files);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    return is_done;
}

static void check_and_repeat(struct fixture *fixture, const struct work *work, const struct states *states,
                             lake_status answered)
{
    bool is_done = check(fixture, work, states);
    if (answered == LAKE_OK)
        assert_true(is_done);
    if (is_done && !work->can_repeat)
        return;
    assert_int_equal(work->run(fixture->lake, NULL), LAKE_OK);
    assert_true(check(fixture, work, states));
}

static struct fixture *begin(const struct work *work, struct states *states)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    work->prepare(fixture->lake, &states->before, &states->after);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return fixture;
}

static lake_status open_and_run(struct fixture *fixture, const struct work *work, struct io io, struct lake_error *err)
{
    lake_status status = fixture_try_open(fixture, io, err);
    if (status == LAKE_OK)
        status = work->run(fixture->lake, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

/* ---- faults ---- */

/* Returns whether the work came as far as the call that was to fail. */
static bool try_fault(const struct work *work, struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    struct states states;
    struct fixture *fixture = begin(work, &states);
    lake_status status = open_and_run(fixture, work, fault_io(&fault), &err);
    assert_int_equal(fault.n_open, 0);
    if (status != LAKE_OK && (err.message[0] == '\0' || status == LAKE_INTERNAL))
        fail_msg("%s: %s failed at call %d: '%s'", work->name, fault.failed_call, (int)fault.fail_at, err.message);
    check_and_repeat(fixture, work, &states, status);
    fixture_free(fixture);
    return fault.n_failed > 0;
}

static void sweep(int error_number, bool for_ever)
{
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        int64_t n = 1;
        while (
            try_fault(&works[i], (struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}))
            assert_true(n++ < MOST_CALLS);
        assert_true(n > 40);
    }
}

static void test_an_io_error_once(void **state)
{
    (void)state;
    sweep(EIO, false);
}

static void test_a_full_disk_from_a_call_on(void **state)
{
    (void)state;
    sweep(ENOSPC, true);
}

static bool try_without_memory(const struct work *work, int64_t n, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    struct states states;
    struct fixture *fixture = begin(work, &states);
    fault_memory_arm(n, for_ever);
    lake_status status = open_and_run(fixture, work, io_system(), &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("%s, allocation %d: %s", work->name, (int)n, err.message);
    check_and_repeat(fixture, work, &states, status);
    fixture_free(fixture);
    return n_allocations >= n;
}

/* Every `step`th: there are thousands, and test_lake_faults.c takes each of a commit. */
static void sweep_allocations(bool for_ever, int64_t step)
{
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        int64_t n = 1;
        for (; try_without_memory(&works[i], n, for_ever); n += step)
            assert_true(n < MOST_CALLS);
        assert_true(n > 50);
    }
}

static void test_an_allocation_fails(void **state)
{
    (void)state;
    sweep_allocations(false, 3);
}

static void test_allocations_fail_from_one_on(void **state)
{
    (void)state;
    sweep_allocations(true, 7);
}

/* ---- death ---- */

static int run_and_die(struct fixture *fixture, const struct work *work, int64_t n)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct fault_io fault = {.fail_at = n, .exit_status = DEATH};
        _exit(open_and_run(fixture, work, fault_io(&fault), NULL) == LAKE_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_the_process_dies_at_each_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        int status = DEATH;
        for (int64_t n = 1; status == DEATH; n++) {
            struct states states;
            struct fixture *fixture = begin(&works[i], &states);
            assert_true(n < MOST_CALLS);
            status = run_and_die(fixture, &works[i], n);
            check_and_repeat(fixture, &works[i], &states, status == 0 ? LAKE_OK : LAKE_INTERNAL);
            fixture_free(fixture);
        }
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_io_error_once),
        cmocka_unit_test(test_a_full_disk_from_a_call_on),
        cmocka_unit_test(test_an_allocation_fails),
        cmocka_unit_test(test_allocations_fail_from_one_on),
        cmocka_unit_test(test_the_process_dies_at_each_call),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    batch_release(&incoming);
    return n_failed;
}
