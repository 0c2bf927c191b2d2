/* Definition levels of a flat column: which rows of a page are present. Resumable, as the decoders are. */
#ifndef PARQUET_LEVELS_H
#define PARQUET_LEVELS_H

#include "parquet/rle.h"

struct levels {
    enum { LEVELS_NONE, LEVELS_RLE, LEVELS_BIT_PACKED } kind; /* NONE: a required column */
    struct rle rle;
    const uint8_t *bits; /* BIT_PACKED, the deprecated way: the highest bit of a byte comes first */
    uint64_t bit_at;
    uint64_t n_bits;
};

void levels_init_none(struct levels *levels);
LAKE_MUST_CHECK lake_status levels_init_rle(struct levels *levels, const uint8_t *bytes, size_t n,
                                            struct lake_error *err);
void levels_init_bit_packed(struct levels *levels, const uint8_t *bytes, size_t n);
/* Takes n levels if all say present and that can be told without looking at each: a page without nulls is one run. */
LAKE_MUST_CHECK lake_status levels_take_present(struct levels *levels, uint64_t n, bool *taken, struct lake_error *err);
/* The next n levels as bytes, 1 = present, and how many are. */
LAKE_MUST_CHECK lake_status levels_next(struct levels *levels, uint8_t *valid, size_t n, size_t *n_present,
                                        struct lake_error *err);
/* Passes over n levels. */
LAKE_MUST_CHECK lake_status levels_skip(struct levels *levels, uint64_t n, uint64_t *n_present, struct lake_error *err);

#endif
