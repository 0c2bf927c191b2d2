/* Each file operation and each allocation of a write with safe points fails in turn, or is the last that its process makes: at the
 * first try, and when another process goes on. Whatever happened, the rows are all there or none is, nobody goes on with
 * what was committed, and the same work done again gives the result of an uninterrupted one and leaves nothing over. */
#include "unit/lake/saved_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/fault_io.h"
#include "fault/fault_memory.h"

enum { DEATH = 77, MOST_CALLS = 20000 };

/* Sweeps take every point where the program is started with the word "every", else one of so many. */
static bool is_thorough;

static int one_of(int n)
{
    return is_thorough ? 1 : n;
}

/* What is swept: a script, from its beginning or from a safe point that another process left. */
struct subject {
    struct script script;
    int n_before;   /* steps that the other process made; 0: there was none */
    bool is_stored; /* rows that it changes are in the lake already */
    struct content_digest before, after;
};

static const struct subject subjects[] = {
    {.script = {SCRIPT_IN_ORDER, 3, 1}},
    {.script = {SCRIPT_OVERLAPS, 6, 3}, .is_stored = true},
    {.script = {SCRIPT_IN_ORDER, 3, 1}, .n_before = 2, .is_stored = true},
    {.script = {SCRIPT_SCATTERED, 6, 2}, .n_before = 4},
};
enum { N_SUBJECTS = sizeof subjects / sizeof *subjects };

/* Resumes or begins, plays to the end and commits; on failure keeps what there is. */
static lake_status run_to_the_end(struct fixture *fixture, struct io io, const struct script *script,
                                  struct lake_error *err)
{
    struct lake_write *write = NULL;
    struct lake_write_result result;
    int from = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(open_small(fixture, io, err));
    TRY_OUT(resume_script(fixture->lake, &write, &from, err));
    TRY_OUT(play(write, script, from, script->n_steps, err));
    status = lake_write_commit(write, &result, err);
out:
    if (write != NULL && status != LAKE_OK)
        lake_write_keep(write);
    lake_write_free(write);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return status;
}

/* Another process makes the first steps and dies. */
static void leave_safe_point(struct fixture *fixture, const struct subject *subject)
{
    int status = 0;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lake_write *write = NULL;
        if (open_small(fixture, io_system(), NULL) == LAKE_OK && begin_script(fixture->lake, &write, NULL) == LAKE_OK)
            status = play(write, &subject->script, 0, subject->n_before, NULL) == LAKE_OK;
        _exit(status == 1 ? DEATH : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DEATH);
}

static struct fixture *prepare(const struct subject *subject)
{
    struct fixture *fixture = fixture_new();
    fixture->n_threads = 1;
    if (subject->is_stored)
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 1440), 1440);
    if (subject->n_before > 0)
        leave_safe_point(fixture, subject);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    return fixture;
}

static bool is_same(const struct content_digest *a, const struct content_digest *b)
{
    return a->n_days == b->n_days && memcmp(a->sha256, b->sha256, SHA256_BYTES) == 0;
}

static struct subject measured(const struct subject *given)
{
    struct subject subject = *given;
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = prepare(given);
    fixture_reopen(fixture);
    subject.before = digest_of(fixture->lake);
    if (finish_script(fixture->lake, &subject.script, NULL, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    subject.after = digest_of(fixture->lake);
    assert_false(is_same(&subject.before, &subject.after));
    fixture_free(fixture);
    return subject;
}

/* What the next process finds after a failure, and what it makes of it. Returns whether the rows were there already. */
static bool check_afterwards(struct fixture *fixture, const struct subject *subject, lake_status answered)
{
    struct lake_error err = {LAKE_OK, ""};
    int resumed = 0;
    fixture_reopen(fixture);
    struct content_digest found = digest_of(fixture->lake);
    bool is_done = is_same(&found, &subject->after);
    assert_true(is_done || is_same(&found, &subject->before));
    assert_true(is_done || answered != LAKE_OK);
    assert_int_equal(count_paths(fixture, ".lake/staging", ".lock"), 0);
    if (is_done) /* it is over: nobody goes on with it */
        assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    else if (subject->n_before > 0) /* nor was anything lost that was safe */
        assert_int_equal(count_paths(fixture, ".lake/staging", "-save"), 1);
    if (finish_script(fixture->lake, &subject->script, &resumed, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_true(is_done || resumed >= subject->n_before);
    assert_digests_equal(digest_of(fixture->lake), subject->after);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    assert_int_equal(count_problems(fixture->lake), 0);
    return is_done;
}

/* ---- calls that fail ---- */

/* One fault. Returns whether the work came that far. */
static bool try_fault(struct fault_io fault, const struct subject *subject)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = prepare(subject);
    lake_status status = run_to_the_end(fixture, fault_io(&fault), &subject->script, &err);
    assert_int_equal(fault.n_open, 0);
    if (status == LAKE_INTERNAL || (status != LAKE_OK && err.message[0] == '\0'))
        fail_msg("%s failed at call %d: '%s'", fault.failed_call, (int)fault.fail_at, err.message);
    (void)check_afterwards(fixture, subject, status);
    fixture_free(fixture);
    return fault.n_failed > 0;
}

static void sweep(int error_number, bool for_ever, int stride)
{
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        const struct subject subject = measured(&subjects[i]);
        int64_t n = 1 + (int64_t)i % stride; /* not the same points of each */
        while (try_fault((struct fault_io){.fail_at = n, .error_number = error_number, .for_ever = for_ever}, &subject))
            assert_true((n += stride) < MOST_CALLS);
        assert_true(n > 50);
    }
}

static void test_an_io_error_once(void **state)
{
    (void)state;
    sweep(EIO, false, one_of(5));
}

static void test_io_errors_from_a_call_on(void **state)
{
    (void)state;
    sweep(EIO, true, one_of(11));
}

static void test_a_full_disk_from_a_call_on(void **state)
{
    (void)state;
    sweep(ENOSPC, true, one_of(13));
}

/* ---- processes that die ---- */

/* The exit status of a process that dies at call n. */
static int run_mortal(struct fixture *fixture, const struct subject *subject, int64_t n)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct fault_io fault = {.fail_at = n, .exit_status = DEATH};
        _exit(run_to_the_end(fixture, fault_io(&fault), &subject->script, NULL) == LAKE_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_deaths(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        const struct subject subject = measured(&subjects[i]);
        int status = DEATH, n_done = 0, n_undone = 0;
        for (int64_t n = 1; status == DEATH; n += one_of(2)) {
            struct fixture *fixture = prepare(&subject);
            assert_true(n < MOST_CALLS);
            status = run_mortal(fixture, &subject, n);
            bool is_done = check_afterwards(fixture, &subject, status == 0 ? LAKE_OK : LAKE_IO);
            n_done += is_done;
            n_undone += !is_done;
            fixture_free(fixture);
        }
        assert_int_equal(status, 0);
        assert_true(n_undone > 20 && n_done > 5); /* it died on both sides of the commit */
    }
}

/* ---- memory ---- */

static bool try_without_memory(int64_t n, bool for_ever, const struct subject *subject)
{
    struct lake_error err = {LAKE_OK, ""};
    struct fixture *fixture = prepare(subject);
    make_script(&subject->script);
    fault_memory_arm(n, for_ever);
    lake_status status = run_to_the_end(fixture, io_system(), &subject->script, &err);
    int64_t n_allocations = fault_memory_disarm();
    if (status != LAKE_OK && status != LAKE_NO_MEMORY)
        fail_msg("allocation %d: %s", (int)n, err.message);
    (void)check_afterwards(fixture, subject, status);
    fixture_free(fixture);
    return n_allocations >= n;
}

static void test_an_allocation_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        const struct subject subject = measured(&subjects[i]);
        int64_t n = 1 + (int64_t)i;
        while (try_without_memory(n, n % 2 == 0, &subject))
            assert_true((n += one_of(61)) < MOST_CALLS);
        assert_true(n > 50);
    }
}

int main(int argc, char **argv)
{
    is_thorough = argc > 1 && strcmp(argv[1], "every") == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_io_error_once),           cmocka_unit_test(test_io_errors_from_a_call_on),
        cmocka_unit_test(test_a_full_disk_from_a_call_on), cmocka_unit_test(test_deaths),
        cmocka_unit_test(test_an_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
