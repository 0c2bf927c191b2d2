/* Bit packing, least significant bit first: the order of RLE, DELTA_BINARY_PACKED and boolean values.
 *
 *     struct bit_packer packer = {.out = at};
 *     for (…)
 *         bit_pack(&packer, value, width);
 *     at = bit_pack_end(&packer);          // padded with zero bits to a whole byte */
#ifndef PARQUET_BITPACK_H
#define PARQUET_BITPACK_H

#include "base/bytes.h"

struct bit_packer {
    uint8_t *out;     /* room for the packed bits, rounded up to 8 bytes */
    uint64_t pending; /* bits not yet stored */
    unsigned n_pending;
};

/* value < 2^width, width 0 … 64. */
static inline void bit_pack(struct bit_packer *packer, uint64_t value, unsigned width)
{
    packer->pending |= value << packer->n_pending;
    if (packer->n_pending + width < 64) {
        packer->n_pending += width;
        return;
    }
    store_u64(packer->out, packer->pending);
    packer->out += 8;
    unsigned stored = 64 - packer->n_pending;
    packer->pending = stored < 64 ? value >> stored : 0;
    packer->n_pending = width - stored;
}

static inline uint8_t *bit_pack_end(struct bit_packer *packer)
{
    size_t n_bytes = (packer->n_pending + 7) / 8;
    for (size_t i = 0; i < n_bytes; i++)
        packer->out[i] = (uint8_t)(packer->pending >> (8 * i));
    packer->out += n_bytes;
    packer->pending = 0;
    packer->n_pending = 0;
    return packer->out;
}

/* Bits that `value` needs: 0 for 0, 64 at most. */
static inline unsigned bit_width(uint64_t value)
{
    unsigned width = 0;
    for (unsigned step = 32; step > 0; step /= 2) {
        if (value >> step != 0) {
            width += step;
            value >>= step;
        }
    }
    return width + (unsigned)value;
}

#endif
