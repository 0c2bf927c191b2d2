/* The RLE / bit-packing hybrid (Encodings.md, "RLE"): definition levels and dictionary indices.
 *
 * Both functions append the runs alone; the length before the levels of a v1 page and the byte of the bit width before
 * dictionary indices are the page's business. Repetition is worth a run of its own only where it is long: short runs
 * cost a reader more than they save. */
#ifndef PARQUET_ENCODE_RLE_H
#define PARQUET_ENCODE_RLE_H

#include "base/buffer.h"

/* Levels 0 and 1: the n bits from bit `first`, least significant first; bits NULL: n ones. */
LAKE_MUST_CHECK lake_status rle_append_bits(const uint8_t *bits, int64_t first, int64_t n, struct buffer *out,
                                            struct lake_error *err);
/* n indices, each below 2^width; width 1 … 32. */
LAKE_MUST_CHECK lake_status rle_append_indices(const uint32_t *indices, size_t n, unsigned width, struct buffer *out,
                                               struct lake_error *err);

#endif
