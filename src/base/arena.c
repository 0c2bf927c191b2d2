#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/memory.h"

enum { ARENA_ALIGNMENT = 16, FIRST_BLOCK_BYTES = 4096, LARGEST_STEP_BYTES = 1 << 20 };

struct arena_block {
    struct arena_block *next;
    size_t used_bytes;
    size_t size_bytes;
    alignas(ARENA_ALIGNMENT) uint8_t bytes[];
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena)ARENA_INIT(limit_bytes);
}

void arena_release(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        memory_free(block);
    }
    arena->used_bytes = 0;
}

void arena_reset(struct arena *arena)
{
    if (arena->blocks == NULL)
        return;
    struct arena_block *largest = arena->blocks; /* blocks only grow: the first is the largest */
    arena->blocks = largest->next;
    arena_release(arena);
    largest->next = NULL;
    largest->used_bytes = 0;
    arena->blocks = largest;
}

static lake_status add_block(struct arena *arena, size_t needed, struct lake_error *err)
{
    struct arena_block *block = NULL;
    size_t size = arena->blocks == NULL ? FIRST_BLOCK_BYTES : arena->blocks->size_bytes * 2;
    if (size > LARGEST_STEP_BYTES)
        size = LARGEST_STEP_BYTES;
    if (arena->blocks != NULL && size < arena->blocks->size_bytes)
        size = arena->blocks->size_bytes;
    if (size < needed)
        size = needed;
    TRY(memory_new(1, sizeof *block + size, &block, err));
    block->size_bytes = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return LAKE_OK;
}

lake_status arena_new(struct arena *arena, size_t n, size_t size, void *out, struct lake_error *err)
{
    size_t bytes = 0;
    void *none = NULL;
    memcpy(out, &none, sizeof none);
    if (!size_multiply(n, size, &bytes) || bytes > arena->limit_bytes - arena->used_bytes ||
        bytes > SIZE_MAX - ARENA_ALIGNMENT)
        return lake_fail(err, LAKE_NO_MEMORY, "metadata would take more than %zu bytes", arena->limit_bytes);
    size_t rounded = (bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    if (arena->blocks == NULL || rounded > arena->blocks->size_bytes - arena->blocks->used_bytes)
        TRY(add_block(arena, rounded, err));
    uint8_t *p = arena->blocks->bytes + arena->blocks->used_bytes;
    arena->blocks->used_bytes += rounded;
    arena->used_bytes += bytes;
    memset(p, 0, rounded);
    memcpy(out, &p, sizeof p);
    return LAKE_OK;
}

lake_status arena_copy_text(struct arena *arena, const void *bytes, size_t n, const char **out, struct lake_error *err)
{
    char *copy = NULL;
    if (n == SIZE_MAX)
        return lake_fail(err, LAKE_NO_MEMORY, "a text of %zu bytes is too long", n);
    TRY(arena_new(arena, n + 1, 1, &copy, err));
    if (n > 0)
        memcpy(copy, bytes, n);
    *out = copy;
    return LAKE_OK;
}
