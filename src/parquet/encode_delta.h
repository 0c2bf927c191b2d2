/* DELTA_BINARY_PACKED (Encodings.md, "DELTAENC"): blocks of 128 values in four miniblocks of 32.
 *
 * Differences wrap around, so that every sequence of integers can be written; those of 32-bit values wrap at 32 bits and
 * never take more. Values are little-endian, 4 or 8 bytes wide, at any alignment. */
#ifndef PARQUET_ENCODE_DELTA_H
#define PARQUET_ENCODE_DELTA_H

#include "base/buffer.h"

LAKE_MUST_CHECK lake_status delta_append(const uint8_t *values, size_t n, size_t width, struct buffer *out,
                                         struct lake_error *err);
/* How many bytes delta_append would append. */
size_t delta_bytes(const uint8_t *values, size_t n, size_t width);

#endif
