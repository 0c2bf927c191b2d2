/* Unpacks integers of `width` bits each, packed back to back from the least significant bit of the first byte on: the packing of
 * RLE/bit-packed runs and of delta miniblocks. Never reads past the n_bytes given; the caller has made sure that the values
 * asked for lie in them. */
#ifndef PARQUET_BITS_H
#define PARQUET_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

struct packed_bits {
    const uint8_t *bytes;
    size_t n_bytes;
    uint32_t width; /* 0 … 64 */
};

static inline uint64_t bits_mask(uint32_t width)
{
    return width == 0 ? 0 : UINT64_MAX >> (64 - width);
}

/* One value near the end of the bytes, where eight or nine cannot be loaded. */
static inline uint64_t bits_get_careful(const struct packed_bits *packed, uint64_t index)
{
    uint8_t padded[16] = {0};
    uint64_t bit = index * packed->width;
    size_t at = (size_t)(bit >> 3);
    unsigned shift = bit & 7;
    size_t n = packed->n_bytes - at;
    if (packed->width == 0)
        return 0;
    memcpy(padded, packed->bytes + at, n < 9 ? n : 9);
    uint64_t value = load_u64(padded) >> shift;
    if (shift > 0)
        value |= (uint64_t)padded[8] << (64 - shift);
    return value & bits_mask(packed->width);
}

/* How many of the values from 0 on can be got by loading eight bytes (nine of values over 57 bits). */
static inline uint64_t bits_count_loadable(const struct packed_bits *packed)
{
    size_t needed = packed->width > 57 ? 9 : 8;
    if (packed->width == 0 || packed->n_bytes < needed)
        return 0;
    return (packed->n_bytes - needed) * 8 / packed->width + 1;
}

/* The value's bits, and above them others. */
static inline uint64_t bits_load(const struct packed_bits *packed, uint64_t index)
{
    uint64_t bit = index * packed->width;
    const uint8_t *at = packed->bytes + (bit >> 3);
    unsigned shift = bit & 7;
    uint64_t value = load_u64(at) >> shift;
    if (packed->width > 57 && shift > 0)
        value |= (uint64_t)at[8] << (64 - shift);
    return value;
}

static inline void bits_unpack_u64(const struct packed_bits *packed, uint64_t first, size_t n, uint64_t *out)
{
    uint64_t mask = bits_mask(packed->width);
    uint64_t loadable = bits_count_loadable(packed);
    size_t i = 0;
    for (; i < n && first + i < loadable; i++)
        out[i] = bits_load(packed, first + i) & mask;
    for (; i < n; i++)
        out[i] = bits_get_careful(packed, first + i);
}

/* Four values of at most 14 bits lie in one load, wherever in a byte the first begins. */
static inline size_t bits_unpack_fours(const struct packed_bits *packed, uint64_t first, size_t n, uint32_t *out)
{
    uint32_t width = packed->width;
    uint32_t mask = (uint32_t)bits_mask(width);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        uint64_t bit = (first + i) * width;
        uint64_t word = load_u64(packed->bytes + (bit >> 3)) >> (bit & 7);
        out[i] = (uint32_t)word & mask;
        out[i + 1] = (uint32_t)(word >> width) & mask;
        out[i + 2] = (uint32_t)(word >> 2 * width) & mask;
        out[i + 3] = (uint32_t)(word >> 3 * width) & mask;
    }
    return i;
}

/* Widths of at most 32. */
static inline void bits_unpack_u32(const struct packed_bits *packed, uint64_t first, size_t n, uint32_t *out)
{
    uint64_t mask = bits_mask(packed->width);
    uint64_t loadable = bits_count_loadable(packed);
    size_t n_fast = loadable > first + n ? n : loadable > first ? (size_t)(loadable - first) : 0;
    size_t i = packed->width <= 14 ? bits_unpack_fours(packed, first, n_fast, out) : 0;
    for (; i < n_fast; i++)
        out[i] = (uint32_t)(bits_load(packed, first + i) & mask);
    for (; i < n; i++)
        out[i] = (uint32_t)bits_get_careful(packed, first + i);
}

/* Eight single bits as eight bytes of 0 or 1, the lowest first. */
static inline void bits_spread(uint8_t bits, uint8_t out[8])
{
    uint64_t picked = bits * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    store_u64(out, (picked + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101));
}

/* Single bits [first, first + n) as bytes of 0 or 1. */
static inline void bits_unpack_flags(const uint8_t *bytes, uint64_t first, size_t n, uint8_t *out)
{
    size_t i = 0;
    for (; i < n && (first + i) % 8 != 0; i++)
        out[i] = bytes[(first + i) >> 3] >> ((first + i) & 7) & 1;
    for (; n - i >= 8; i += 8)
        bits_spread(bytes[(first + i) >> 3], out + i);
    for (; i < n; i++)
        out[i] = bytes[(first + i) >> 3] >> ((first + i) & 7) & 1;
}

#endif
