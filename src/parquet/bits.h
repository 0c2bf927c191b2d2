/* Unpacks integers of `width` bits each, packed back to back from the least significant bit of the first byte on: the
 * packing of RLE/bit-packed runs and of delta miniblocks. Never reads past the n_bytes given; the caller has made
 * sure that the values asked for lie in them. */
#ifndef PARQUET_BITS_H
#define PARQUET_BITS_H

#include <stddef.h>
#include <stdint.h>

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
uint64_t bits_get_careful(const struct packed_bits *packed, uint64_t index);

/* How many of the values from 0 on can be got by loading eight bytes. Only the last of them may begin in the last byte from
 * which eight can be loaded, and then with its first bit: so a ninth byte, which bits_load needs of values over 57 bits that
 * begin later in a byte, is there too. */
static inline uint64_t bits_count_loadable(const struct packed_bits *packed)
{
    if (packed->width == 0 || packed->n_bytes < 8)
        return 0;
    return (packed->n_bytes - 8) * 8 / packed->width + 1;
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

/* How many of n values from `first` on can be got by loading eight bytes. */
static inline size_t bits_limit_loadable(const struct packed_bits *packed, uint64_t first, size_t n)
{
    uint64_t loadable = bits_count_loadable(packed);
    if (loadable <= first)
        return 0;
    return loadable - first < n ? (size_t)(loadable - first) : n;
}

static inline void bits_unpack_u64(const struct packed_bits *packed, uint64_t first, size_t n, uint64_t *out)
{
    uint64_t mask = bits_mask(packed->width);
    size_t n_fast = bits_limit_loadable(packed, first, n);
    size_t i = 0;
    for (; i < n_fast; i++)
        out[i] = bits_load(packed, first + i) & mask;
    for (; i < n; i++)
        out[i] = bits_get_careful(packed, first + i);
}

enum { BITS_FOUR_WIDTH = 14 };

/* Four values of at most 14 bits: they lie in one load, wherever in a byte the first begins. */
static inline void bits_load_four(const struct packed_bits *packed, uint64_t index, uint32_t *four)
{
    uint32_t width = packed->width;
    uint32_t mask = (uint32_t)bits_mask(width);
    uint64_t bit = index * width;
    uint64_t word = load_u64(packed->bytes + (bit >> 3)) >> (bit & 7);
    four[0] = (uint32_t)word & mask;
    four[1] = (uint32_t)(word >> width) & mask;
    four[2] = (uint32_t)(word >> 2 * width) & mask;
    four[3] = (uint32_t)(word >> 3 * width) & mask;
}

/* Widths of at most 32. */
static inline void bits_unpack_u32(const struct packed_bits *packed, uint64_t first, size_t n, uint32_t *out)
{
    uint64_t mask = bits_mask(packed->width);
    size_t n_fast = bits_limit_loadable(packed, first, n);
    size_t i = 0;
    for (; packed->width <= BITS_FOUR_WIDTH && i + 4 <= n_fast; i += 4)
        bits_load_four(packed, first + i, out + i);
    for (; i < n_fast; i++)
        out[i] = (uint32_t)(bits_load(packed, first + i) & mask);
    for (; i < n; i++)
        out[i] = (uint32_t)bits_get_careful(packed, first + i);
}

/* Single bits [first, first + n) as bytes of 0 or 1. */
void bits_unpack_flags(const uint8_t *bytes, uint64_t first, size_t n, uint8_t *out);

#endif
