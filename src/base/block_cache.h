/* Large blocks of memory that are used again: a result that is released leaves its blocks for the next.
 *
 * A fresh block costs a page fault and the clearing of every page, which for a year of bars takes longer than decoding it. The
 * cache keeps blocks of MEMORY_HUGE_BYTES and more that were given back, up to its limit; others go to the heap at once.
 * Blocks may be given back by any thread, also after the owner of the cache has gone: each one holds a reference.
 *
 *     struct block_cache *cache = NULL;
 *     TRY(block_cache_new(64 * MIB, &cache, err));
 *     TRY_OUT(block_cache_take(cache, bytes, &block, err));
 *     block_cache_give(cache, block, bytes);      // the same number of bytes
 *     block_cache_release(cache); */
#ifndef BASE_BLOCK_CACHE_H
#define BASE_BLOCK_CACHE_H

#include <stddef.h>

#include "base/error.h"

struct block_cache;

LAKE_MUST_CHECK lake_status block_cache_new(size_t limit_bytes, struct block_cache **out, struct lake_error *err);
/* Lets go of the owner's reference: the kept blocks are freed at once, the rest when the last block comes back. NULL is fine. */
void block_cache_release(struct block_cache *cache);

/* Not zeroed, aligned to a cache line at least. A NULL cache is the heap. */
LAKE_MUST_CHECK lake_status block_cache_take(struct block_cache *cache, size_t bytes, void *out,
                                             struct lake_error *err);
/* `bytes` as it was taken. NULL is fine. */
void block_cache_give(struct block_cache *cache, void *block, size_t bytes);
/* What it holds for the next now. */
size_t block_cache_kept_bytes(struct block_cache *cache);

#endif
