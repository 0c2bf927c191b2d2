/* Heap memory with errors instead of aborts, and checked sizes.
 *
 * All allocation of the library goes through these four, so that a test can make the Nth one fail (it wraps malloc,
 * calloc, realloc and posix_memalign at link time). A size of 0 gives a valid pointer. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* n * size bytes, zeroed. Fails with LAKE_NO_MEMORY, also where the product does not fit. */
LAKE_MUST_CHECK lake_status memory_new(size_t n, size_t size, void *out, struct lake_error *err);
/* Grows or shrinks *block (a pointer to a pointer); on failure *block is unchanged. New bytes are not zeroed. */
LAKE_MUST_CHECK lake_status memory_resize(void *block, size_t n, size_t size, struct lake_error *err);
/* bytes, aligned to 64, not zeroed; large ones ask for huge pages where the system has them. Free with memory_free. */
LAKE_MUST_CHECK lake_status memory_new_aligned(size_t bytes, void *out, struct lake_error *err);
LAKE_MUST_CHECK lake_status memory_copy_string(const char *text, char **out, struct lake_error *err);
void memory_free(void *block);

/* From this size on a block asks for huge pages. */
#define MEMORY_HUGE_BYTES ((size_t)2 << 20)
void memory_advise_huge(void *block, size_t bytes);

/* *out = a * b (a + b), or false where it would wrap. */
bool size_multiply(size_t a, size_t b, size_t *out);
bool size_add(size_t a, size_t b, size_t *out);

#endif
