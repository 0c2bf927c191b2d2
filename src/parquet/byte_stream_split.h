/* BYTE_STREAM_SPLIT: byte k of every value stands in stream k, one stream after another.
 *
 * Joining is a transposition of bytes. It is done by one of two functions that the tests hold equal: the portable one
 * works on 8 by 8 bytes in 64-bit words, the other on 16 values in SSE2 registers (measured: src/parquet/README.md). */
#ifndef PARQUET_BYTE_STREAM_SPLIT_H
#define PARQUET_BYTE_STREAM_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Joins values [first, first + n) of streams that are `stride` bytes apart. */
struct split_streams {
    const uint8_t *bytes;
    size_t stride;
    size_t first;
};

/* `past_cache`: what is written goes past the processor's caches where that can be told it, so that no line of the memory is
 * fetched only to be overwritten. Worth it where all that is written is larger than they are. */
void byte_stream_join(struct split_streams streams, size_t width, size_t n, bool past_cache, uint8_t *out);
/* The same without SIMD. */
void byte_stream_join_portable(struct split_streams streams, size_t width, size_t n, uint8_t *out);

#endif
