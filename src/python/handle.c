#include "handle.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct handle {
    atomic_size_t n_users;
    struct lake *lake;
    pid_t process;
};

struct handle *handle_new(struct lake *lake)
{
    struct handle *handle = malloc(sizeof *handle);
    if (handle == NULL) {
        lake_close(lake);
        return NULL;
    }
    atomic_init(&handle->n_users, 1);
    handle->lake = lake;
    handle->process = getpid();
    return handle;
}

struct handle *handle_take(struct handle *handle)
{
    atomic_fetch_add_explicit(&handle->n_users, 1, memory_order_relaxed);
    return handle;
}

void handle_drop(struct handle *handle)
{
    if (handle == NULL || atomic_fetch_sub_explicit(&handle->n_users, 1, memory_order_acq_rel) != 1)
        return;
    if (!handle_is_here(handle))
        return;
    lake_close(handle->lake);
    free(handle);
}

struct lake *handle_lake(const struct handle *handle)
{
    return handle->lake;
}

bool handle_is_here(const struct handle *handle)
{
    return handle->process == getpid();
}
