#include "fault/fault_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static atomic_bool is_armed;
static atomic_bool is_for_ever;
static atomic_llong fail_at;
static atomic_llong n_calls;

void fault_memory_arm(int64_t at, bool for_ever)
{
    atomic_store(&n_calls, 0);
    atomic_store(&fail_at, at);
    atomic_store(&is_for_ever, for_ever);
    atomic_store(&is_armed, true);
}

int64_t fault_memory_disarm(void)
{
    atomic_store(&is_armed, false);
    return atomic_load(&n_calls);
}

static bool must_fail(void)
{
    if (!atomic_load(&is_armed))
        return false;
    long long call = atomic_fetch_add(&n_calls, 1) + 1;
    long long at = atomic_load(&fail_at);
    return call == at || (call > at && atomic_load(&is_for_ever));
}

/* The linker's names: --wrap=malloc makes calls of malloc calls of __wrap_malloc, and __real_malloc the C library's. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
int __real_posix_memalign(void **block, size_t alignment, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
int __wrap_posix_memalign(void **block, size_t alignment, size_t n);

void *__wrap_malloc(size_t n)
{
    return must_fail() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t n)
{
    return must_fail() ? NULL : __real_realloc(block, n);
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return must_fail() ? NULL : __real_aligned_alloc(alignment, n);
}

int __wrap_posix_memalign(void **block, size_t alignment, size_t n)
{
    return must_fail() ? ENOMEM : __real_posix_memalign(block, alignment, n);
}

/* ---- sweeping ---- */

/* False when the work made fewer allocations than `at`. */
static bool sweep_point(memory_work work, void *context, int64_t at, bool for_ever)
{
    struct lake_error err = {LAKE_OK, ""};
    fault_memory_arm(at, for_ever);
    lake_status status = work(context, &err);
    bool was_reached = fault_memory_disarm() >= at;
    lake_status expected = was_reached ? LAKE_NO_MEMORY : LAKE_OK;
    if (status != expected || (was_reached && err.message[0] == '\0'))
        fail_msg("allocation %d failed %s, and the work gave %s: %s", (int)at, for_ever ? "for ever" : "once",
                 lake_status_name(status), err.message);
    status = work(context, &err);
    if (status != LAKE_OK)
        fail_msg("after allocation %d failed, the work gave %s: %s", (int)at, lake_status_name(status), err.message);
    return was_reached;
}

int64_t sweep_memory(memory_work work, void *context)
{
    int64_t n_points = 0;
    for (int for_ever = 0; for_ever < 2; for_ever++)
        for (int64_t at = 1; sweep_point(work, context, at, for_ever == 1); at++)
            n_points++;
    return n_points;
}
