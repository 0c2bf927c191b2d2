/* Each file operation and each allocation of a backup and of a restore fails in turn, once and for ever, and each is the last that
 * a process makes. A backup is there whole, or not at all; so is a restored lake; and the next attempt succeeds and leaves nothing of
 * the one before. */
#include "unit/lake/backup_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "fault/fault_io.h"
#include "fault/fault_memory.h"
#include "io/tree.h"

/* Two files, small ones. */
#define FIRST (DAY_2024 + 23 * MS_PER_HOUR)
enum { N_BARS = 2 * 60, MOST_CALLS = 5000, DEATH = 77 };

static const char *const symbols[] = {"BTCUSDT"};

static struct fixture *fixture;
static size_t n_paths; /* in all, before anything is tried */

/* Regular files in the fixture, but for those that SQLite keeps beside a manifest, and what says that a dead process read. */
static size_t count_kept(void)
{
    return count_all(fixture) - count_paths(fixture, ".", "-wal") - count_paths(fixture, ".", "-shm") -
           count_paths(fixture, ".lake/readers", NULL);
}

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    fixture->n_threads = 1;
    (void)write_bars(fixture->lake, symbols[0], bars_from(FIRST, N_BARS), N_BARS);
    fixture_reopen(fixture);
    (void)back_up(fixture, "backup", LAKE_COPY_AUTO);
    n_paths = count_kept();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(fixture);
    return 0;
}

/* ---- the two things that are tried ---- */

struct trial {
    const char *name; /* of what it makes */
    lake_status (*run)(struct io io, struct lake_error *err);
};

static lake_status run_backup(struct io io, struct lake_error *err)
{
    struct io before = fixture->lake->io;
    fixture->lake->io = io;
    lake_status status = try_backup(fixture, "second", LAKE_COPY_AUTO, NULL, err);
    fixture->lake->io = before;
    return status;
}

static lake_status run_restore(struct io io, struct lake_error *err)
{
    return try_restore(fixture, "backup", "third", io, NULL, err);
}

static const struct trial backup_trial = {"second", run_backup}, restore_trial = {"third", run_restore};

static bool is_lake(const struct trial *trial)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/manifest.db", trial->name);
    return access(place(fixture, path), F_OK) == 0;
}

static void assert_whole(const struct trial *trial)
{
    struct lake *lake = open_place(fixture, trial->name);
    assert_same_lake(fixture->lake, lake, symbols, 1);
    lake_close(lake);
}

/* After a failed or broken-off attempt: the next one succeeds, and once that is taken away nothing is left. */
static void assert_next_succeeds(const struct trial *trial)
{
    struct lake_error err = {LAKE_OK, ""};
    if (!is_lake(trial)) {
        if (trial->run(io_system(), &err) != LAKE_OK)
            fail_msg("the next attempt: %s", err.message);
    } else if (trial->run(io_system(), &err) != LAKE_EXISTS) { /* which also removes what the last one left beside it */
        fail_msg("over a lake: %s", err.message);
    }
    assert_whole(trial);
    assert_int_equal(tree_remove(io_system(), place(fixture, trial->name), NULL), LAKE_OK);
    assert_int_equal(count_kept(), n_paths);
}

/* ---- calls ---- */

/* One fault. Returns whether the work came that far. */
static bool try_fault(const struct trial *trial, struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    lake_status status = trial->run(fault_io(&fault), &err);
    if (status != LAKE_OK && (err.message[0] == '\0' || status == LAKE_INTERNAL))
        fail_msg("call %d (%s): %s: %s", (int)fault.fail_at, fault.failed_call, lake_status_name(status), err.message);
    if (status == LAKE_OK)
        assert_whole(trial);
    else if (is_lake(trial) && !fault.for_ever)
        fail_msg("call %d (%s) failed, and there is a lake nevertheless", (int)fault.fail_at, fault.failed_call);
    assert_next_succeeds(trial);
    return fault.n_failed > 0;
}

static void sweep(const struct trial *trial, int error_number, bool for_ever)
{
    int64_t n = 1;
    while (try_fault(trial, (struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}))
        assert_true(n++ < MOST_CALLS);
    print_message("%s: %d calls\n", trial->name, (int)n - 1);
    assert_true(n > 40);
}

static void test_a_backup_with_an_io_error(void **state)
{
    (void)state;
    sweep(&backup_trial, EIO, false);
    sweep(&backup_trial, EIO, true);
}

static void test_a_backup_on_a_full_disk(void **state)
{
    (void)state;
    sweep(&backup_trial, ENOSPC, false);
    sweep(&backup_trial, ENOSPC, true);
}

static void test_a_restore_with_an_io_error(void **state)
{
    (void)state;
    sweep(&restore_trial, EIO, false);
    sweep(&restore_trial, EIO, true);
}

static void test_a_restore_on_a_full_disk(void **state)
{
    (void)state;
    sweep(&restore_trial, ENOSPC, false);
    sweep(&restore_trial, ENOSPC, true);
}

/* ---- processes ---- */

/* In the child, which must not touch the parent's handles. */
static void run_and_die(const struct trial *trial, int64_t n)
{
    struct fault_io fault = {.fail_at = n, .exit_status = DEATH};
    fixture->lake = NULL;
    if (fixture_try_open(fixture, io_system(), NULL) != LAKE_OK)
        _exit(1);
    _exit(trial->run(fault_io(&fault), NULL) == LAKE_OK ? 0 : 2);
}

static int run_child(const struct trial *trial, int64_t n)
{
    int status = 0;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_and_die(trial, n);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    fixture_reopen(fixture);
    return WEXITSTATUS(status);
}

static void sweep_deaths(const struct trial *trial)
{
    int64_t n = 1, n_whole = 0;
    for (int status = DEATH; status == DEATH; n++) {
        assert_true(n < MOST_CALLS);
        status = run_child(trial, n);
        assert_true(status == 0 || status == DEATH);
        if (is_lake(trial)) {
            assert_whole(trial);
            n_whole++;
        }
        assert_next_succeeds(trial);
    }
    print_message("%s: died %d times, %d of them with the work done\n", trial->name, (int)n - 2, (int)n_whole - 1);
    assert_true(n > 40 && n_whole > 2);
}

static void test_a_backup_that_is_broken_off(void **state)
{
    (void)state;
    sweep_deaths(&backup_trial);
}

static void test_a_restore_that_is_broken_off(void **state)
{
    (void)state;
    sweep_deaths(&restore_trial);
}

/* ---- memory ---- */

static bool try_allocation(const struct trial *trial, int64_t at, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    fault_memory_arm(at, for_ever);
    lake_status status = trial->run(io_system(), &err);
    bool was_reached = fault_memory_disarm() >= at;
    if (status != (was_reached ? LAKE_NO_MEMORY : LAKE_OK))
        fail_msg("allocation %d: %s: %s", (int)at, lake_status_name(status), err.message);
    assert_int_equal(is_lake(trial), status == LAKE_OK);
    assert_next_succeeds(trial);
    return was_reached;
}

static void sweep_allocations(const struct trial *trial)
{
    for (int for_ever = 0; for_ever < 2; for_ever++) {
        int64_t n = 1;
        while (try_allocation(trial, n, for_ever == 1))
            assert_true(n++ < MOST_CALLS);
        print_message("%s: %d allocations\n", trial->name, (int)n - 1);
        assert_true(n > 30);
    }
}

static void test_a_backup_without_memory(void **state)
{
    (void)state;
    sweep_allocations(&backup_trial);
}

static void test_a_restore_without_memory(void **state)
{
    (void)state;
    sweep_allocations(&restore_trial);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_backup_with_an_io_error), T(test_a_backup_on_a_full_disk),     T(test_a_restore_with_an_io_error),
        T(test_a_restore_on_a_full_disk),  T(test_a_backup_that_is_broken_off), T(test_a_restore_that_is_broken_off),
        T(test_a_backup_without_memory),   T(test_a_restore_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
