/* Each file operation and each allocation of a derivation fails in turn, and the process ends at each file operation in turn. What is
 * derived is then as it was or as it is to be, never called current where it is not, and the same call makes it right. */
#include "unit/ops/derive_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { DAY_BARS = 50, MOST_CALLS = 20000, MOST_DAYS = 8, DEATH = 77 };

static const char symbol[] = "BTCUSDT";
static const char *const periods[] = {"15m", "1h"};
enum { N_PERIODS = sizeof periods / sizeof *periods };

/* Contents of derived bars. */
struct derived {
    struct manifest_content days[N_PERIODS][MOST_DAYS];
    size_t n[N_PERIODS];
};

static struct derived before, after;

static void look(struct lake *lake, struct derived *out)
{
    for (size_t i = 0; i < N_PERIODS; i++) {
        const struct manifest_content *days = derived_days(lake, symbol, periods[i], &out->n[i]);
        assert_true(out->n[i] <= MOST_DAYS);
        memcpy(out->days[i], days, out->n[i] * sizeof *days);
    }
}

static bool is_same(const struct derived *a, const struct derived *b)
{
    for (size_t i = 0; i < N_PERIODS; i++) {
        if (a->n[i] != b->n[i])
            return false;
        for (size_t k = 0; k < a->n[i]; k++)
            if (memcmp(a->days[i][k].sha256, b->days[i][k].sha256, SHA256_BYTES) != 0)
                return false;
    }
    return true;
}

/* Three days over the end of a month, derived; then one is restated, one has come and one is gone. */
static struct fixture *begin(void)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    const int64_t start = DAY_2024 + 29 * MS_PER_DAY;
    for (int day = 0; day < 3; day++)
        (void)write_bars(fixture->lake, symbol, bars_from(start + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
    (void)derive_usual(fixture->lake, symbol);
    struct bar restated = bar_of(start + 14 * MS_PER_MINUTE);
    restated.high += 1000;
    (void)write_bars(fixture->lake, symbol, &restated, 1);
    (void)write_bars(fixture->lake, symbol, bars_from(start + 3 * MS_PER_DAY, DAY_BARS), DAY_BARS);
    (void)delete_minutes(fixture->lake, symbol, start + MS_PER_DAY, start + 2 * MS_PER_DAY);
    return fixture;
}

static void learn_states(void)
{
    struct fixture *fixture = begin();
    look(fixture->lake, &before);
    assert_int_equal(derive_usual(fixture->lake, symbol).n_commits, 1);
    look(fixture->lake, &after);
    assert_false(is_same(&before, &after));
    fixture_free(fixture);
}

static void check_and_repeat(struct fixture *fixture, lake_status answered)
{
    struct derived found;
    fixture_reopen(fixture);
    look(fixture->lake, &found);
    bool is_done = is_same(&found, &after);
    assert_true(is_done || is_same(&found, &before));
    if (answered == LAKE_OK)
        assert_true(is_done);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    struct lake_aggregate_result again = derive_usual(fixture->lake, symbol);
    assert_true(is_done || again.n_current == 0);
    look(fixture->lake, &found);
    assert_true(is_same(&found, &after));
    assert_int_equal(derive_usual(fixture->lake, symbol).n_current, N_PERIODS);
}

static lake_status open_and_run(struct fixture *fixture, struct io io, struct lake_error *err)
{
    const struct derive_call call = {.symbol = symbol};
    struct lake_aggregate_result result;
    lake_status status = fixture_try_open(fixture, io, err);
    if (status == LAKE_OK)
        status = try_derive(fixture->lake, &call, &result, err);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

static struct fixture *begin_closed(void)
{
    struct fixture *fixture = begin();
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return fixture;
}

/* ---- faults ---- */

/* Returns whether the work came as far as the call that was to fail. */
static bool try_fault(struct fault_io fault)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = begin_closed();
    lake_status status = open_and_run(fixture, fault_io(&fault), &err);
    assert_int_equal(fault.n_open, 0);
    if (status != LAKE_OK && (err.message[0] == '\0' || status == LAKE_INTERNAL))
        fail_msg("%s failed at call %d: '%s'", fault.failed_call, (int)fault.fail_at, err.message);
    check_and_repeat(fixture, status);
    fixture_free(fixture);
    return fault.n_failed > 0;
}

static void sweep(int error_number, bool for_ever)
{
    int64_t n = 1;
    while (try_fault((struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}))
        assert_true(n++ < MOST_CALLS);
    assert_true(n > 40);
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

static bool try_without_memory(int64_t n, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = begin_closed();
    fault_memory_arm(n, for_ever);
    lake_status status = open_and_run(fixture, io_system(), &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s", (int)n, err.message);
    check_and_repeat(fixture, status);
    fixture_free(fixture);
    return n_allocations >= n;
}

/* Every `step`th: there are thousands, and other sweeps take each of a commit. */
static void sweep_allocations(bool for_ever, int64_t step)
{
    int64_t n = 1;
    for (; try_without_memory(n, for_ever); n += step)
        assert_true(n < MOST_CALLS);
    assert_true(n > 100);
}

static void test_an_allocation_fails(void **state)
{
    (void)state;
    sweep_allocations(false, 5);
}

static void test_allocations_fail_from_one_on(void **state)
{
    (void)state;
    sweep_allocations(true, 11);
}

/* ---- death ---- */

static int run_and_die(struct fixture *fixture, int64_t n)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct fault_io fault = {.fail_at = n, .exit_status = DEATH};
        _exit(open_and_run(fixture, fault_io(&fault), NULL) == LAKE_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_the_process_dies_at_each_call(void **state)
{
    int status = DEATH;
    (void)state;
    for (int64_t n = 1; status == DEATH; n++) {
        struct fixture *fixture = begin_closed();
        assert_true(n < MOST_CALLS);
        status = run_and_die(fixture, n);
        check_and_repeat(fixture, status == 0 ? LAKE_OK : LAKE_INTERNAL);
        fixture_free(fixture);
    }
    assert_int_equal(status, 0);
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
    learn_states();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
