#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE_BYTES = 64 };

bool size_multiply(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool size_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

static lake_status no_memory(struct lake_error *err, size_t n, size_t size)
{
    return lake_fail(err, LAKE_NO_MEMORY, "out of memory: cannot allocate %zu x %zu bytes", n, size);
}

/* `out` and `block` point to a pointer of any object type; memcpy stores it without breaking the aliasing rules. */
static void store_pointer(void *out, void *pointer)
{
    memcpy(out, &pointer, sizeof pointer);
}

lake_status memory_new(size_t n, size_t size, void *out, struct lake_error *err)
{
    void *block = NULL;
    store_pointer(out, NULL);
    block = calloc(n == 0 ? 1 : n, size == 0 ? 1 : size);
    if (block == NULL)
        return no_memory(err, n, size);
    store_pointer(out, block);
    return LAKE_OK;
}

lake_status memory_resize(void *block, size_t n, size_t size, struct lake_error *err)
{
    void *old = NULL;
    size_t bytes = 0;
    memcpy(&old, block, sizeof old);
    if (!size_multiply(n, size, &bytes))
        return no_memory(err, n, size);
    void *grown = realloc(old, bytes == 0 ? 1 : bytes);
    if (grown == NULL)
        return no_memory(err, n, size);
    store_pointer(block, grown);
    return LAKE_OK;
}

lake_status memory_new_aligned(size_t bytes, void *out, struct lake_error *err)
{
    void *block = NULL;
    store_pointer(out, NULL);
    size_t alignment = bytes >= MEMORY_HUGE_BYTES ? MEMORY_HUGE_BYTES : CACHE_LINE_BYTES;
    if (posix_memalign(&block, alignment, bytes == 0 ? 1 : bytes) != 0)
        return no_memory(err, 1, bytes);
    memory_advise_huge(block, bytes);
    store_pointer(out, block);
    return LAKE_OK;
}

lake_status memory_copy_string(const char *text, char **out, struct lake_error *err)
{
    size_t n = strlen(text) + 1;
    TRY(memory_new(n, 1, out, err));
    memcpy(*out, text, n);
    return LAKE_OK;
}

void memory_free(void *block)
{
    free(block);
}
