#include "base/block_cache.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"

/* A result has six or a dozen columns; more blocks than this are not kept. */
enum { KEPT_MAX = 64 };

struct kept {
    void *block;
    size_t bytes;
};

struct block_cache {
    struct mutex *mutex;
    size_t limit_bytes;
    size_t kept_bytes;
    size_t n_kept;
    struct kept kept[KEPT_MAX]; /* the oldest first */
    size_t n_references;        /* the owner's, and one a block that is out */
    bool is_closing;
};

/* Whole huge pages, so that results of nearly the same size share blocks. */
static size_t rounded(size_t bytes)
{
    return bytes > SIZE_MAX - MEMORY_HUGE_BYTES
               ? bytes
               : (bytes + MEMORY_HUGE_BYTES - 1) / MEMORY_HUGE_BYTES * MEMORY_HUGE_BYTES;
}

lake_status block_cache_new(size_t limit_bytes, struct block_cache **out, struct lake_error *err)
{
    struct block_cache *cache = NULL;
    *out = NULL;
    TRY(memory_new(1, sizeof *cache, &cache, err));
    lake_status status = mutex_new(&cache->mutex, err);
    if (status != LAKE_OK) {
        memory_free(cache);
        return status;
    }
    cache->limit_bytes = limit_bytes;
    cache->n_references = 1;
    *out = cache;
    return LAKE_OK;
}

static void remove_kept(struct block_cache *cache, size_t at)
{
    cache->kept_bytes -= cache->kept[at].bytes;
    cache->n_kept--;
    memmove(cache->kept + at, cache->kept + at + 1, (cache->n_kept - at) * sizeof *cache->kept);
}

static void free_kept(struct block_cache *cache, size_t room_bytes)
{
    while (cache->n_kept > 0 && (cache->kept_bytes + room_bytes > cache->limit_bytes || cache->n_kept == KEPT_MAX)) {
        memory_free(cache->kept[0].block);
        remove_kept(cache, 0);
    }
}

/* Called with the mutex held, which it leaves. */
static void drop_reference(struct block_cache *cache)
{
    bool is_last = --cache->n_references == 0;
    mutex_unlock(cache->mutex);
    if (!is_last)
        return;
    mutex_free(cache->mutex);
    memory_free(cache);
}

void block_cache_release(struct block_cache *cache)
{
    if (cache == NULL)
        return;
    mutex_lock(cache->mutex);
    cache->is_closing = true;
    cache->limit_bytes = 0;
    free_kept(cache, 0);
    drop_reference(cache);
}

lake_status block_cache_take(struct block_cache *cache, size_t bytes, void *out, struct lake_error *err)
{
    void *found = NULL;
    if (cache == NULL || bytes < MEMORY_HUGE_BYTES)
        return memory_new_aligned(bytes, out, err);
    bytes = rounded(bytes);
    mutex_lock(cache->mutex);
    for (size_t i = cache->n_kept; found == NULL && i-- > 0;)
        if (cache->kept[i].bytes == bytes) {
            found = cache->kept[i].block;
            remove_kept(cache, i);
        }
    cache->n_references++;
    mutex_unlock(cache->mutex);
    if (found != NULL) {
        memcpy(out, &found, sizeof found);
        return LAKE_OK;
    }
    lake_status status = memory_new_aligned(bytes, out, err);
    if (status != LAKE_OK) {
        mutex_lock(cache->mutex);
        drop_reference(cache);
    }
    return status;
}

void block_cache_give(struct block_cache *cache, void *block, size_t bytes)
{
    if (cache == NULL || block == NULL || bytes < MEMORY_HUGE_BYTES) {
        memory_free(block);
        return;
    }
    bytes = rounded(bytes);
    mutex_lock(cache->mutex);
    if (!cache->is_closing && bytes <= cache->limit_bytes) {
        free_kept(cache, bytes);
        cache->kept[cache->n_kept++] = (struct kept){block, bytes};
        cache->kept_bytes += bytes;
        block = NULL;
    }
    drop_reference(cache);
    memory_free(block);
}

size_t block_cache_kept_bytes(struct block_cache *cache)
{
    mutex_lock(cache->mutex);
    size_t bytes = cache->kept_bytes;
    mutex_unlock(cache->mutex);
    return bytes;
}
