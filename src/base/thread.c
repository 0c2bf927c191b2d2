#include "base/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/memory.h"

struct mutex {
    pthread_mutex_t handle;
};

/* A loop that is running. Guarded by pool->lock, but for what the tasks themselves touch. */
struct pool_loop {
    pool_task task;
    void *context;
    size_t n_tasks;
    size_t next; /* index of the next task to start */
    size_t n_running;
    size_t failed_index; /* of the lowest failed task; n_tasks: none */
    struct lake_error error;
    struct pool_loop *after; /* in the pool's list */
};

struct worker {
    struct pool *pool;
    pthread_t thread;
    size_t number;
};

struct pool {
    pthread_mutex_t caller; /* held by the caller whose loop runs */
    pthread_t calling;      /* its thread, where is_called */
    bool is_called;
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    pthread_cond_t is_idle;
    struct pool_loop *loops; /* the foremost first: the caller's, then those in the background by age */
    bool is_closing;
    size_t n_threads; /* with the caller's */
    size_t n_started;
    struct worker *workers;
};

static bool loop_has_task(const struct pool_loop *loop)
{
    return loop->next < loop->n_tasks && loop->failed_index == loop->n_tasks;
}

static struct pool_loop *find_loop(const struct pool *pool)
{
    struct pool_loop *loop = pool->loops;
    while (loop != NULL && !loop_has_task(loop))
        loop = loop->after;
    return loop;
}

static void add_loop(struct pool_loop **at, struct pool_loop *loop)
{
    loop->after = *at;
    *at = loop;
}

static struct pool_loop **end_of_loops(struct pool *pool)
{
    struct pool_loop **at = &pool->loops;
    while (*at != NULL)
        at = &(*at)->after;
    return at;
}

static void remove_loop(struct pool *pool, const struct pool_loop *loop)
{
    struct pool_loop **at = &pool->loops;
    while (*at != loop)
        at = &(*at)->after;
    *at = loop->after;
}

/* Runs one task of a loop that has one. Called and left with pool->lock held. */
static void run_task(struct pool *pool, struct pool_loop *loop, size_t worker)
{
    struct lake_error error = {LAKE_OK, ""};
    size_t index = loop->next++;
    loop->n_running++;
    pthread_mutex_unlock(&pool->lock);
    lake_status status = loop->task(loop->context, index, worker, &error);
    pthread_mutex_lock(&pool->lock);
    loop->n_running--;
    if (status != LAKE_OK && index < loop->failed_index) {
        loop->failed_index = index;
        loop->error = error;
        loop->error.status = status;
    }
    if (loop->n_running == 0 && !loop_has_task(loop))
        pthread_cond_broadcast(&pool->is_idle);
}

static void *work(void *argument)
{
    const struct worker *self = argument;
    struct pool *pool = self->pool;
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_closing) {
        struct pool_loop *loop = find_loop(pool);
        if (loop != NULL)
            run_task(pool, loop, self->number);
        else
            pthread_cond_wait(&pool->has_work, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static size_t count_cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (size_t)n;
}

/* Threads inherit the mask: signals are left to the threads of the program. */
static int start_worker(struct worker *worker)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static lake_status start_workers(struct pool *pool, struct lake_error *err)
{
    TRY(memory_new(pool->n_threads, sizeof *pool->workers, &pool->workers, err));
    for (size_t i = 0; i + 1 < pool->n_threads; i++) {
        struct worker *worker = &pool->workers[i];
        *worker = (struct worker){.pool = pool, .number = i + 1};
        if (start_worker(worker) != 0)
            return lake_fail(err, LAKE_NO_MEMORY, "cannot start thread %zu of %zu", i + 1, pool->n_threads);
        pool->n_started++;
    }
    return LAKE_OK;
}

lake_status pool_new(size_t n_threads, struct pool **out, struct lake_error *err)
{
    struct pool *pool = NULL;
    *out = NULL;
    if (n_threads > LIMIT_THREADS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%zu threads are over the limit of %d", n_threads, LIMIT_THREADS);
    TRY(memory_new(1, sizeof *pool, &pool, err));
    pool->n_threads = n_threads == 0 ? count_cores() : n_threads;
    if (pool->n_threads > LIMIT_THREADS)
        pool->n_threads = LIMIT_THREADS;
    pthread_mutex_init(&pool->caller, NULL);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->has_work, NULL);
    pthread_cond_init(&pool->is_idle, NULL);
    lake_status status = start_workers(pool, err);
    if (status == LAKE_OK)
        *out = pool;
    else
        pool_free(pool);
    return status;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->n_started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->has_work);
    pthread_cond_destroy(&pool->is_idle);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->caller);
    memory_free(pool->workers);
    memory_free(pool);
}

size_t pool_threads(const struct pool *pool)
{
    return pool->n_threads;
}

/* Works on a loop until it is done, takes it off the list and tells its error. With pool->lock held, which it lets go. */
static lake_status finish(struct pool *pool, struct pool_loop *loop, struct lake_error *err)
{
    while (loop_has_task(loop))
        run_task(pool, loop, 0);
    while (loop->n_running > 0)
        pthread_cond_wait(&pool->is_idle, &pool->lock);
    remove_loop(pool, loop);
    pthread_mutex_unlock(&pool->lock);
    return loop->failed_index < loop->n_tasks ? lake_fail(err, loop->error.status, "%s", loop->error.message) : LAKE_OK;
}

/* Whether this thread is at work in a loop of the pool. With pool->lock held. */
static bool is_at_work(const struct pool *pool)
{
    pthread_t self = pthread_self();
    if (pool->is_called && pthread_equal(pool->calling, self))
        return true;
    for (size_t i = 0; i < pool->n_started; i++)
        if (pthread_equal(pool->workers[i].thread, self))
            return true;
    return false;
}

static lake_status run_plainly(size_t n_tasks, pool_task task, void *context, struct lake_error *err)
{
    for (size_t i = 0; i < n_tasks; i++)
        TRY(task(context, i, 0, err));
    return LAKE_OK;
}

lake_status pool_run(struct pool *pool, size_t n_tasks, pool_task task, void *context, struct lake_error *err)
{
    struct pool_loop loop = {.task = task, .context = context, .n_tasks = n_tasks, .failed_index = n_tasks};
    pthread_mutex_lock(&pool->lock);
    bool is_inside = is_at_work(pool);
    pthread_mutex_unlock(&pool->lock);
    if (is_inside)
        return run_plainly(n_tasks, task, context, err);
    pthread_mutex_lock(&pool->caller);
    pthread_mutex_lock(&pool->lock);
    pool->calling = pthread_self();
    pool->is_called = true;
    add_loop(&pool->loops, &loop);
    if (n_tasks > 1)
        pthread_cond_broadcast(&pool->has_work);
    lake_status status = finish(pool, &loop, err);
    pthread_mutex_lock(&pool->lock);
    pool->is_called = false;
    pthread_mutex_unlock(&pool->lock);
    pthread_mutex_unlock(&pool->caller);
    return status;
}

lake_status pool_begin(struct pool *pool, size_t n_tasks, pool_task task, void *context, struct pool_loop **out,
                       struct lake_error *err)
{
    TRY(memory_new(1, sizeof **out, out, err));
    **out = (struct pool_loop){.task = task, .context = context, .n_tasks = n_tasks, .failed_index = n_tasks};
    pthread_mutex_lock(&pool->lock);
    add_loop(end_of_loops(pool), *out);
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->lock);
    return LAKE_OK;
}

lake_status pool_end(struct pool *pool, struct pool_loop **loop, struct lake_error *err)
{
    if (*loop == NULL)
        return LAKE_OK;
    pthread_mutex_lock(&pool->lock);
    lake_status status = finish(pool, *loop, err);
    memory_free(*loop);
    *loop = NULL;
    return status;
}

lake_status mutex_new(struct mutex **out, struct lake_error *err)
{
    TRY(memory_new(1, sizeof **out, out, err));
    pthread_mutex_init(&(*out)->handle, NULL);
    return LAKE_OK;
}

void mutex_free(struct mutex *mutex)
{
    if (mutex == NULL)
        return;
    pthread_mutex_destroy(&mutex->handle);
    memory_free(mutex);
}

void mutex_lock(struct mutex *mutex)
{
    pthread_mutex_lock(&mutex->handle);
}

void mutex_unlock(struct mutex *mutex)
{
    pthread_mutex_unlock(&mutex->handle);
}
