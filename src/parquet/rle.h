/* The hybrid of run lengths and bit packing (Encodings.md, "RLE"): definition levels, dictionary indices and
 * booleans.
 *
 * Resumable: the next values may be asked for in pieces of any size. Runs are taken as they come and never expanded
 * into memory of their own, so a run of 2^31 values costs nothing until they are asked for. Asking for more than
 * there is, or for values that do not fit the output, is LAKE_CORRUPT. */
#ifndef PARQUET_RLE_H
#define PARQUET_RLE_H

#include <stdbool.h>

#include "base/error.h"
#include "parquet/bits.h"

struct rle {
    const uint8_t *at; /* of the next run */
    const uint8_t *end;
    uint32_t width;  /* bits of a value, 0 … 32 */
    uint64_t n_left; /* values of the run not yet given out */
    bool is_packed;
    uint32_t value;            /* of a run of one value */
    struct packed_bits packed; /* of a packed run */
    uint64_t packed_at;        /* index of its next value */
};

/* Values of one run: n times `value`, or n packed ones. */
struct rle_piece {
    size_t n;
    bool is_packed;
    uint32_t value;
    struct packed_bits packed;
    uint64_t first; /* of them in packed */
};

LAKE_MUST_CHECK lake_status rle_init(struct rle *rle, uint32_t width, const uint8_t *bytes, size_t n,
                                     struct lake_error *err);
/* The next values that lie in one run, n at most: for those who need not have them expanded. */
LAKE_MUST_CHECK lake_status rle_next_piece(struct rle *rle, size_t n, struct rle_piece *piece, struct lake_error *err);
LAKE_MUST_CHECK lake_status rle_next_u32(struct rle *rle, uint32_t *out, size_t n, struct lake_error *err);
/* Width 1: each value is one byte, 0 or 1. */
LAKE_MUST_CHECK lake_status rle_next_flags(struct rle *rle, uint8_t *out, size_t n, struct lake_error *err);
LAKE_MUST_CHECK lake_status rle_skip(struct rle *rle, uint64_t n, struct lake_error *err);
/* Takes n values if they all lie in one run of this value; else takes nothing and says no. */
LAKE_MUST_CHECK lake_status rle_take_run(struct rle *rle, uint32_t value, uint64_t n, bool *taken,
                                         struct lake_error *err);

#endif
