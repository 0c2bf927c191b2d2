/* Each file operation and each allocation of a repair and of a rebuild fails in turn, once and for ever, and each is the last that a
 * process makes. Whatever happened, the next attempt brings the lake to the same end: all rows that could be had are there, every
 * damaged or foreign file is in quarantine, nothing is deleted and nothing is left over. */
#include "unit/lake/verify_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { DAY_BARS = 200, N_DAYS = 2, MOST_CALLS = 20000, DEATH = 77 };

static void write_day(struct fixture *fixture, const char *symbol, int day)
{
    (void)write_bars(fixture->lake, symbol, bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
}

static void assert_bars(struct fixture *fixture, const char *symbol, int n_days)
{
    for (int day = 0; day < n_days; day++) {
        int64_t start_ms = DAY_2024 + day * MS_PER_DAY;
        size_t n = 0;
        struct bar *bars = read_bars(fixture->lake, symbol, start_ms, start_ms + MS_PER_DAY, &n);
        assert_int_equal(n, DAY_BARS);
        assert_bars_equal(bars, bars_from(start_ms, DAY_BARS), DAY_BARS);
        free(bars);
    }
}

static size_t n_quarantined(const struct fixture *fixture)
{
    return count_paths(fixture, ".lake/quarantine", ".quarantined");
}

/* ---- the two works ---- */

struct work {
    const char *name;
    void (*damage)(struct fixture *fixture); /* the lake is open before and closed after */
    lake_status (*run)(struct fixture *fixture, struct io io, struct lake_error *err);
    void (*check)(struct fixture *fixture); /* after another run without faults */
};

/* A month that history can make again, a day that nothing can, a stranger. */
static void damage_for_repair(struct fixture *fixture)
{
    char path[600], stranger[FIXTURE_PATH_BYTES + 64];
    for (int day = 0; day < N_DAYS; day++)
        write_day(fixture, "BTCUSDT", day);
    roll_up(fixture, "BTCUSDT");
    write_day(fixture, "ETHUSDT", 0);
    write_day(fixture, "XRPUSDT", 0);
    (void)snprintf(stranger, sizeof stranger, "%s/data/stranger.parquet", fixture->root);
    assert_int_equal(link(find_path(fixture, "data", "XRPUSDT"), stranger), 0);
    (void)snprintf(path, sizeof path, "%s", find_path(fixture, "data", "BTCUSDT"));
    flip_bit(path, size_of(path) / 2, 1);
    (void)snprintf(path, sizeof path, "%s", find_path(fixture, "data", "ETHUSDT"));
    flip_bit(path, size_of(path) / 2, 1);
    lake_close(fixture->lake);
    fixture->lake = NULL;
}

static lake_status repair(struct fixture *fixture, struct io io, struct lake_error *err)
{
    lake_status status = fixture_try_open(fixture, io, err);
    if (status == LAKE_OK)
        status = try_repair(fixture->lake, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

static void check_repair(struct fixture *fixture)
{
    size_t n = 0;
    assert_int_equal(n_quarantined(fixture), 3);
    assert_bars(fixture, "BTCUSDT", N_DAYS);
    assert_bars(fixture, "XRPUSDT", 1);
    free(read_bars(fixture->lake, "ETHUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n));
    assert_int_equal(n, 0);
}

/* Two days, an older version of the first, a stranger, and what is no Parquet file. */
static void damage_for_rebuild(struct fixture *fixture)
{
    static const struct utimbuf long_ago = {1000000, 1000000};
    char path[600], kept[FIXTURE_PATH_BYTES + 64];
    write_day(fixture, "BTCUSDT", 1);
    struct bar bar = bar_of(DAY_2024);
    (void)write_bars(fixture->lake, "BTCUSDT", &bar, 1);
    (void)snprintf(path, sizeof path, "%s", find_path(fixture, "data", "2024-01-01"));
    (void)snprintf(kept, sizeof kept, "%s/data/stranger.parquet", fixture->root);
    assert_int_equal(link(path, kept), 0);
    write_day(fixture, "BTCUSDT", 0);
    assert_int_equal(link(kept, path), 0);
    assert_int_equal(utime(path, &long_ago), 0);
    write_day(fixture, "ETHUSDT", 0);
    cut_file(find_path(fixture, "data", "ETHUSDT"), 50);
    remove_manifest(fixture);
}

static bool has_manifest(const struct fixture *fixture)
{
    char path[FIXTURE_PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/manifest.db", fixture->root);
    return access(path, F_OK) == 0;
}

static lake_status rebuild(struct fixture *fixture, struct io io, struct lake_error *err)
{
    lake_status status = try_rebuild(fixture, io, err);
    return status == LAKE_EXISTS && has_manifest(fixture) ? LAKE_OK : status;
}

static void check_rebuild(struct fixture *fixture)
{
    assert_int_equal(n_quarantined(fixture), 3);
    assert_bars(fixture, "BTCUSDT", N_DAYS);
    assert_int_equal(count_paths(fixture, "", ".rebuild"), 0);
}

static const struct work repair_work = {"repair", damage_for_repair, repair, check_repair},
                         rebuild_work = {"rebuild", damage_for_rebuild, rebuild, check_rebuild};

static struct fixture *damaged(const struct work *work)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    fixture_reopen(fixture);
    work->damage(fixture);
    return fixture;
}

/* The next attempt succeeds; then everything is as it should be. */
static void assert_next_succeeds(struct fixture *fixture, const struct work *work)
{
    struct lake_error err = {LAKE_OK, ""};
    lake_status status = work->run(fixture, io_system(), &err);
    if (status != LAKE_OK)
        fail_msg("the next attempt: %s", err.message);
    fixture_reopen(fixture);
    work->check(fixture);
    const struct found *found = run_verify(fixture, LAKE_VERIFY_FULL);
    for (size_t i = 0; i < found->n; i++)
        if (work->run == repair || strcmp(found->rows[i].problem, "leftover") != 0)
            fail_msg("%s: %s: %s", found->rows[i].path, found->rows[i].problem, found->rows[i].detail);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    fixture_free(fixture);
}

/* ---- calls ---- */

/* Returns whether the work came that far. */
static bool try_fault(const struct work *work, struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = damaged(work);
    lake_status status = work->run(fixture, fault_io(&fault), &err);
    assert_int_equal(fault.n_open, 0);
    if (status != LAKE_OK && (err.message[0] == '\0' || status == LAKE_INTERNAL))
        fail_msg("call %d (%s): %s: %s", (int)fault.fail_at, fault.failed_call, lake_status_name(status), err.message);
    assert_next_succeeds(fixture, work);
    return fault.n_failed > 0;
}

static void sweep(const struct work *work, int error_number, bool for_ever)
{
    int64_t n = 1;
    while (try_fault(work, (struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}))
        assert_true(n++ < MOST_CALLS);
    print_message("%s: %d calls\n", work->name, (int)n - 1);
    assert_true(n > 40);
}

static void test_an_io_error(void **state)
{
    sweep(*state, EIO, false);
}

static void test_io_errors_from_a_call_on(void **state)
{
    sweep(*state, EIO, true);
}

static void test_a_full_disk_from_a_call_on(void **state)
{
    sweep(*state, ENOSPC, true);
}

/* ---- processes ---- */

static int run_child(struct fixture *fixture, const struct work *work, int64_t n)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct fault_io fault = {.fail_at = n, .exit_status = DEATH};
        _exit(work->run(fixture, fault_io(&fault), NULL) == LAKE_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_the_process_dies_at_each_call(void **state)
{
    const struct work *work = *state;
    int64_t n = 1;
    for (int status = DEATH; status == DEATH; n++) {
        struct fixture *fixture = damaged(work);
        assert_true(n < MOST_CALLS);
        status = run_child(fixture, work, n);
        assert_true(status == 0 || status == DEATH);
        assert_next_succeeds(fixture, work);
    }
    print_message("%s: died %d times\n", work->name, (int)n - 2);
    assert_true(n > 40);
}

/* ---- memory ---- */

static bool try_allocation(const struct work *work, int64_t at, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = damaged(work);
    fault_memory_arm(at, for_ever);
    lake_status status = work->run(fixture, io_system(), &err);
    bool was_reached = fault_memory_disarm() >= at;
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s: %s", (int)at, lake_status_name(status), err.message);
    assert_next_succeeds(fixture, work);
    return was_reached;
}

static void sweep_allocations(const struct work *work, bool for_ever)
{
    int64_t n = 1;
    while (try_allocation(work, n, for_ever))
        assert_true(n++ < MOST_CALLS);
    print_message("%s: %d allocations\n", work->name, (int)n - 1);
    assert_true(n > 40);
}

static void test_an_allocation_fails(void **state)
{
    sweep_allocations(*state, false);
}

static void test_allocations_fail_from_one_on(void **state)
{
    sweep_allocations(*state, true);
}

#define TEST(function, work)                                                                                           \
    {                                                                                                                  \
#function, function, NULL, NULL, (work)                                                                        \
    }

/* "repair" or "rebuild": each is a test of its own. */
int main(int argc, char **argv)
{
    struct work work = argc > 1 && strcmp(argv[1], "rebuild") == 0 ? rebuild_work : repair_work;
    const struct CMUnitTest tests[] = {
        TEST(test_an_io_error, &work),
        TEST(test_io_errors_from_a_call_on, &work),
        TEST(test_a_full_disk_from_a_call_on, &work),
        TEST(test_the_process_dies_at_each_call, &work),
        TEST(test_an_allocation_fails, &work),
        TEST(test_allocations_fail_from_one_on, &work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
