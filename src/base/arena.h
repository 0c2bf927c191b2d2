/* Memory that is given back all at once: for metadata whose parts live and die together.
 *
 * Invariant: the bytes handed out never exceed the limit. Used by one thread at a time.
 *
 *     struct arena arena = ARENA_INIT(LIMIT_FOOTER_MEMORY_BYTES);
 *     TRY_OUT(arena_new(&arena, n_columns, sizeof *columns, &columns, err));   // zeroed
 *     …
 *     arena_release(&arena); */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used_bytes; /* handed out, all blocks */
    size_t limit_bytes;
};

#define ARENA_INIT(limit)                                                                                              \
    {                                                                                                                  \
        NULL, 0, (limit)                                                                                               \
    }

void arena_init(struct arena *arena, size_t limit_bytes);
void arena_release(struct arena *arena);
/* Forgets what was handed out and keeps the largest block, so that repeated work allocates nothing. */
void arena_reset(struct arena *arena);
/* n * size zeroed bytes, aligned to 16; *out is a pointer of any object type. LAKE_NO_MEMORY over the limit. */
LAKE_MUST_CHECK lake_status arena_new(struct arena *arena, size_t n, size_t size, void *out, struct lake_error *err);
/* A terminated copy of n bytes. */
LAKE_MUST_CHECK lake_status arena_copy_text(struct arena *arena, const void *bytes, size_t n, const char **out,
                                            struct lake_error *err);

#endif
