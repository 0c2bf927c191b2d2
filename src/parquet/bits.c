#include "parquet/bits.h"

#include <string.h>

uint64_t bits_get_careful(const struct packed_bits *packed, uint64_t index)
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

/* Eight single bits as eight bytes of 0 or 1, the lowest first. */
static void spread(uint8_t bits, uint8_t out[8])
{
    uint64_t picked = bits * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    store_u64(out, (picked + UINT64_C(0x7f7f7f7f7f7f7f7f)) >> 7 & UINT64_C(0x0101010101010101));
}

void bits_unpack_flags(const uint8_t *bytes, uint64_t first, size_t n, uint8_t *out)
{
    size_t i = 0;
    for (; i < n && (first + i) % 8 != 0; i++)
        out[i] = bytes[(first + i) >> 3] >> ((first + i) & 7) & 1;
    for (; n - i >= 8; i += 8)
        spread(bytes[(first + i) >> 3], out + i);
    for (; i < n; i++)
        out[i] = bytes[(first + i) >> 3] >> ((first + i) & 7) & 1;
}
