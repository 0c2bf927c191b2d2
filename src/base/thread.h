/* A fixed pool of worker threads that runs loops in parallel.
 *
 * The calling thread works too: a pool of n threads starts n - 1, and a pool of 1 starts none and is a plain loop. One
 * loop runs at a time per pool; a second caller waits its turn. Workers touch no signal (all are blocked in them). A loop that a task of
 * such a loop runs is a plain loop in its thread, as worker 0: what works in parallel may be used in a task as it is.
 * Besides that loop, others may run in the background: workers take their tasks while there is nothing else to do, and whoever
 * ends one works on what is left of it. So a pool of 1 does all of it at the end.
 *
 *     struct pool *pool = NULL;
 *     TRY(pool_new(0, &pool, err));                     // 0: one per core
 *     TRY_OUT(pool_begin(pool, n_files, write_file, &files, &loop, err));
 *     TRY_OUT(pool_run(pool, n_blocks, parse_block, &job, err));
 *     TRY_OUT(pool_end(pool, &loop, err));
 *     …
 *     pool_free(pool);                                  // NULL is fine */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <stddef.h>

#include "base/error.h"

struct pool;
struct pool_loop;
struct mutex;

/* Task `index` of a loop; `worker` (< pool_threads) tells which scratch to use. */
typedef lake_status (*pool_task)(void *context, size_t index, size_t worker, struct lake_error *err);

LAKE_MUST_CHECK lake_status pool_new(size_t n_threads, struct pool **out, struct lake_error *err);
void pool_free(struct pool *pool);
size_t pool_threads(const struct pool *pool);
/* Runs tasks 0 … n - 1, in order of start. After a failure no further task starts; the error of the lowest failed index is
 * returned. */
LAKE_MUST_CHECK lake_status pool_run(struct pool *pool, size_t n_tasks, pool_task task, void *context,
                                     struct lake_error *err);

/* Begins the same in the background. */
LAKE_MUST_CHECK lake_status pool_begin(struct pool *pool, size_t n_tasks, pool_task task, void *context,
                                       struct pool_loop **out, struct lake_error *err);
/* Waits for it, working on it as worker 0, and sets *loop to NULL. The error as of pool_run. NULL is fine. */
LAKE_MUST_CHECK lake_status pool_end(struct pool *pool, struct pool_loop **loop, struct lake_error *err);

LAKE_MUST_CHECK lake_status mutex_new(struct mutex **out, struct lake_error *err);
void mutex_free(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

#endif
