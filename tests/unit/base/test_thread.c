#include "base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/limits.h"
#include "unit/base/check.h"

enum { MANY_TASKS = 10000 };

struct sums {
    struct pool *pool;
    atomic_size_t n_started;
    uint64_t by_worker[LIMIT_THREADS];
    uint8_t seen[MANY_TASKS];
    size_t fails_from; /* tasks from here on fail */
};

static lake_status add_index(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct sums *sums = context;
    if (worker >= pool_threads(sums->pool))
        return lake_fail(err, LAKE_INTERNAL, "worker %zu", worker);
    atomic_fetch_add(&sums->n_started, 1);
    sums->by_worker[worker] += index; /* no other task has this worker number now */
    sums->seen[index]++;
    if (index >= sums->fails_from)
        return lake_fail(err, LAKE_CORRUPT, "task %zu failed", index);
    return LAKE_OK;
}

static uint64_t total(const struct sums *sums)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < LIMIT_THREADS; i++)
        sum += sums->by_worker[i];
    return sum;
}

static void run_with_threads(size_t n_threads)
{
    struct lake_error err = {0};
    struct sums sums = {.fails_from = MANY_TASKS};
    lake_ok(pool_new(n_threads, &sums.pool, &err));
    assert_true(n_threads == 0 || pool_threads(sums.pool) == n_threads);
    for (int round = 1; round <= 3; round++) {
        lake_ok(pool_run(sums.pool, MANY_TASKS, add_index, &sums, &err));
        assert_int_equal(total(&sums), (uint64_t)round * MANY_TASKS * (MANY_TASKS - 1) / 2);
        for (size_t i = 0; i < MANY_TASKS; i++)
            assert_int_equal(sums.seen[i], round);
    }
    lake_ok(pool_run(sums.pool, 0, add_index, &sums, &err));
    pool_free(sums.pool);
}

static void test_every_task_runs_once(void **state)
{
    (void)state;
    run_with_threads(1);
    run_with_threads(2);
    run_with_threads(7);
    run_with_threads(0);
    pool_free(NULL);
}

static void fail_with_threads(size_t n_threads)
{
    struct lake_error err = {0};
    struct sums sums = {.fails_from = 500};
    lake_ok(pool_new(n_threads, &sums.pool, &err));
    for (int round = 0; round < 20; round++) {
        memset(sums.seen, 0, sizeof sums.seen);
        atomic_store(&sums.n_started, 0);
        /* Tasks start in order, so 500 starts before any other that fails, and is the lowest. */
        lake_fails(pool_run(sums.pool, MANY_TASKS, add_index, &sums, &err), LAKE_CORRUPT, "task 500 failed");
        for (size_t i = 0; i <= 500; i++)
            assert_int_equal(sums.seen[i], 1);
        assert_true(atomic_load(&sums.n_started) <= 500 + n_threads);
    }
    assert_int_equal(pool_run(sums.pool, MANY_TASKS, add_index, &sums, NULL), LAKE_CORRUPT);
    pool_free(sums.pool);
}

static void test_first_error_by_index_is_returned(void **state)
{
    (void)state;
    fail_with_threads(1);
    fail_with_threads(2);
    fail_with_threads(5);
}

/* Where two tasks wait for each other. */
struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t both_are_here;
    int n_here;
};

static lake_status meet_and_fail(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct meeting *meeting = context;
    (void)worker;
    pthread_mutex_lock(&meeting->lock);
    meeting->n_here++;
    pthread_cond_broadcast(&meeting->both_are_here);
    while (meeting->n_here < 2)
        pthread_cond_wait(&meeting->both_are_here, &meeting->lock);
    pthread_mutex_unlock(&meeting->lock);
    return lake_fail(err, LAKE_CORRUPT, "task %zu failed", index);
}

/* Both run when they fail, in either order. */
static void test_lowest_of_two_failures_is_returned(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    struct pool *pool = NULL;
    lake_ok(pool_new(2, &pool, &err));
    for (int round = 0; round < 200; round++) {
        meeting.n_here = 0;
        lake_fails(pool_run(pool, 100, meet_and_fail, &meeting, &err), LAKE_CORRUPT, "task 0 failed");
        assert_int_equal(meeting.n_here, 2);
    }
    pool_free(pool);
}

static lake_status note_thread(void *context, size_t index, size_t worker, struct lake_error *err)
{
    (void)index;
    (void)err;
    return pthread_equal(*(pthread_t *)context, pthread_self()) && worker == 0 ? LAKE_OK : LAKE_INTERNAL;
}

static void test_pool_of_one_is_a_plain_loop(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct pool *pool = NULL;
    pthread_t self = pthread_self();
    lake_ok(pool_new(1, &pool, &err));
    lake_ok(pool_run(pool, 100, note_thread, &self, &err));
    pool_free(pool);
}

static void test_too_many_threads_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct pool *pool = NULL;
    lake_fails(pool_new(LIMIT_THREADS + 1, &pool, &err), LAKE_INVALID_ARGUMENT, "257");
    assert_null(pool);
}

struct two_callers {
    struct pool *pool;
    atomic_int n_inside; /* callers whose loop is running */
    atomic_int worst;
};

struct counted_loop {
    struct two_callers *callers;
};

static lake_status count_loop(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct counted_loop *loop = context;
    (void)worker;
    (void)err;
    if (index == 0 && atomic_fetch_add(&loop->callers->n_inside, 1) + 1 > 1)
        atomic_store(&loop->callers->worst, 2);
    if (index == 99)
        atomic_fetch_sub(&loop->callers->n_inside, 1);
    return LAKE_OK;
}

static void *call_often(void *argument)
{
    struct two_callers *callers = argument;
    struct counted_loop loop = {.callers = callers};
    for (int i = 0; i < 200; i++)
        if (pool_run(callers->pool, 100, count_loop, &loop, NULL) != LAKE_OK)
            atomic_store(&callers->worst, 3);
    return NULL;
}

static void test_two_callers_take_turns(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct two_callers callers = {0};
    pthread_t other;
    lake_ok(pool_new(3, &callers.pool, &err));
    assert_int_equal(pthread_create(&other, NULL, call_often, &callers), 0);
    call_often(&callers);
    pthread_join(other, NULL);
    assert_int_equal(atomic_load(&callers.worst), 0);
    pool_free(callers.pool);
}

struct counter {
    struct mutex *mutex;
    int64_t value;
};

static lake_status count_up(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct counter *counter = context;
    (void)index;
    (void)worker;
    (void)err;
    mutex_lock(counter->mutex);
    counter->value++;
    mutex_unlock(counter->mutex);
    return LAKE_OK;
}

/* Loops in the background run besides the caller's, and are whole when they are ended, in whatever order. */
static void run_in_the_background(size_t n_threads)
{
    struct lake_error err = {0};
    struct sums sums[3] = {{.fails_from = MANY_TASKS}, {.fails_from = MANY_TASKS}, {.fails_from = MANY_TASKS}};
    struct pool_loop *loops[2] = {NULL, NULL};
    struct pool *pool = NULL;
    lake_ok(pool_new(n_threads, &pool, &err));
    for (int i = 0; i < 3; i++)
        sums[i].pool = pool;
    for (int round = 1; round <= 3; round++) {
        lake_ok(pool_begin(pool, MANY_TASKS, add_index, &sums[0], &loops[0], &err));
        lake_ok(pool_begin(pool, MANY_TASKS, add_index, &sums[1], &loops[1], &err));
        lake_ok(pool_run(pool, MANY_TASKS, add_index, &sums[2], &err));
        lake_ok(pool_end(pool, &loops[round % 2], &err));
        lake_ok(pool_end(pool, &loops[1 - round % 2], &err));
        for (int i = 0; i < 3; i++)
            assert_int_equal(total(&sums[i]), (uint64_t)round * MANY_TASKS * (MANY_TASKS - 1) / 2);
        assert_null(loops[0]);
        lake_ok(pool_end(pool, &loops[0], &err)); /* none */
    }
    pool_free(pool);
}

static void test_loops_in_the_background(void **state)
{
    (void)state;
    run_in_the_background(1);
    run_in_the_background(4);
}

static void test_a_failure_in_the_background_is_told_at_its_end(void **state)
{
    struct lake_error err = {0};
    struct sums sums = {.fails_from = MANY_TASKS / 2}, other = {.fails_from = MANY_TASKS};
    struct pool_loop *loop = NULL;
    (void)state;
    for (size_t n_threads = 1; n_threads <= 4; n_threads += 3) {
        lake_ok(pool_new(n_threads, &sums.pool, &err));
        other.pool = sums.pool;
        lake_ok(pool_begin(sums.pool, MANY_TASKS, add_index, &sums, &loop, &err));
        lake_ok(pool_run(sums.pool, MANY_TASKS, add_index, &other, &err));
        lake_fails(pool_end(sums.pool, &loop, &err), LAKE_CORRUPT, "task 5000 failed");
        assert_null(loop);
        pool_free(sums.pool);
    }
}

static void test_mutex_keeps_others_out(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct counter counter = {0};
    struct pool *pool = NULL;
    lake_ok(pool_new(4, &pool, &err));
    lake_ok(mutex_new(&counter.mutex, &err));
    lake_ok(pool_run(pool, 100000, count_up, &counter, &err));
    assert_int_equal(counter.value, 100000);
    mutex_free(counter.mutex);
    mutex_free(NULL);
    pool_free(pool);
}

/* ---- loops in tasks ---- */

struct nest {
    struct pool *pool;
    atomic_size_t n_inner;
    bool has_failed; /* the inner loops: from their third task on */
};

struct inner {
    struct nest *nest;
    pthread_t thread;
    size_t next;
};

static lake_status run_inner(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct inner *inner = context;
    if (worker != 0 || index != inner->next++ || !pthread_equal(inner->thread, pthread_self()))
        return lake_fail(err, LAKE_INTERNAL, "task %zu of worker %zu", index, worker);
    if (inner->nest->has_failed && index == 2)
        return lake_fail(err, LAKE_CORRUPT, "the inner task failed");
    atomic_fetch_add(&inner->nest->n_inner, 1);
    return LAKE_OK;
}

static lake_status run_outer(void *context, size_t index, size_t worker, struct lake_error *err)
{
    struct inner inner = {.nest = context, .thread = pthread_self()};
    (void)index;
    (void)worker;
    return pool_run(inner.nest->pool, 5, run_inner, &inner, err);
}

static void test_a_loop_in_a_task_is_plain(void **state)
{
    struct lake_error err = {0};
    struct nest nest = {.n_inner = 0};
    (void)state;
    lake_ok(pool_new(3, &nest.pool, &err));
    lake_ok(pool_run(nest.pool, 40, run_outer, &nest, &err));
    assert_int_equal(atomic_load(&nest.n_inner), 200);
    nest.has_failed = true;
    assert_int_equal(pool_run(nest.pool, 1, run_outer, &nest, &err), LAKE_CORRUPT);
    assert_string_equal(err.message, "the inner task failed");
    assert_int_equal(atomic_load(&nest.n_inner), 202);
    pool_free(nest.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_runs_once),
        cmocka_unit_test(test_first_error_by_index_is_returned),
        cmocka_unit_test(test_lowest_of_two_failures_is_returned),
        cmocka_unit_test(test_pool_of_one_is_a_plain_loop),
        cmocka_unit_test(test_too_many_threads_are_refused),
        cmocka_unit_test(test_two_callers_take_turns),
        cmocka_unit_test(test_loops_in_the_background),
        cmocka_unit_test(test_a_failure_in_the_background_is_told_at_its_end),
        cmocka_unit_test(test_mutex_keeps_others_out),
        cmocka_unit_test(test_a_loop_in_a_task_is_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
