/* DELTA_BINARY_PACKED (Encodings.md): integers as differences, bit-packed in miniblocks of blocks.
 *
 * Resumable, and without memory of its own: whatever counts a header claims, work and memory follow the values asked
 * for. Arithmetic wraps modulo 2^64, as the encoding wants it; the low half is then right for 32-bit integers too. */
#ifndef PARQUET_DELTA_H
#define PARQUET_DELTA_H

#include <stdbool.h>

#include "base/error.h"
#include "parquet/bits.h"

struct delta {
    const uint8_t *at; /* of the next block, or miniblock */
    const uint8_t *end;
    uint32_t max_width;        /* 32 or 64 */
    uint64_t n_values;         /* left to give out, the first included */
    uint64_t miniblock_values; /* values of a miniblock */
    uint64_t n_miniblocks;     /* of a block */
    bool has_first;            /* the first value, which stands in the header, is still to come */
    uint64_t last;
    uint64_t min_delta;
    const uint8_t *widths;     /* of the miniblocks of this block */
    uint64_t next_miniblock;   /* in this block; n_miniblocks: none */
    struct packed_bits packed; /* this miniblock */
    uint64_t packed_at;
    uint64_t n_left; /* values left in this miniblock */
};

/* No bytes at all are a stream of no values. */
LAKE_MUST_CHECK lake_status delta_init(struct delta *delta, uint32_t max_width, const uint8_t *bytes, size_t n,
                                       struct lake_error *err);
LAKE_MUST_CHECK lake_status delta_next(struct delta *delta, uint64_t *out, size_t n, struct lake_error *err);
LAKE_MUST_CHECK lake_status delta_skip(struct delta *delta, uint64_t n, struct lake_error *err);
/* Where the bytes of a stream of which nothing was taken yet end: what follows is somebody else's. */
LAKE_MUST_CHECK lake_status delta_find_end(const struct delta *delta, const uint8_t **end, struct lake_error *err);

#endif
