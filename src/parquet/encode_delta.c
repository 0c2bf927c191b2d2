#include "parquet/encode_delta.h"

#include <string.h>

#include "parquet/bitpack.h"
#include "parquet/varint.h"

enum {
    BLOCK_VALUES = 128,
    MINIBLOCKS = 4,
    MINIBLOCK_VALUES = BLOCK_VALUES / MINIBLOCKS,
    HEAD_BYTES_MAX = 4 * VARINT_BYTES_MAX,
    BLOCK_BYTES_MAX = VARINT_BYTES_MAX + MINIBLOCKS + BLOCK_VALUES * 8 + 8
};

struct block {
    uint64_t deltas[BLOCK_VALUES]; /* less `least`; zero after the last */
    int64_t least;
    unsigned widths[MINIBLOCKS];
    size_t n_miniblocks; /* that hold values */
};

static int64_t value_at(const uint8_t *values, size_t i, size_t width)
{
    int64_t wide = 0;
    int32_t narrow = 0;
    if (width == sizeof wide) {
        memcpy(&wide, values + i * sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, values + i * sizeof narrow, sizeof narrow);
    return narrow;
}

/* Differences between n + 1 values, their least, and nothing after them. */
static void take_differences(struct block *block, const uint8_t *values, size_t n, size_t width)
{
    int64_t deltas[BLOCK_VALUES];
    block->least = INT64_MAX;
    int64_t before = value_at(values, 0, width);
    for (size_t i = 0; i < n; i++) {
        int64_t value = value_at(values, i + 1, width);
        uint64_t difference = (uint64_t)value - (uint64_t)before;
        deltas[i] = width == 8 ? (int64_t)difference : (int32_t)(uint32_t)difference;
        block->least = deltas[i] < block->least ? deltas[i] : block->least;
        before = value;
    }
    for (size_t i = 0; i < n; i++)
        block->deltas[i] = (uint64_t)deltas[i] - (uint64_t)block->least;
    memset(block->deltas + n, 0, (BLOCK_VALUES - n) * sizeof *block->deltas);
}

static void plan_block(struct block *block, const uint8_t *values, size_t n, size_t width)
{
    take_differences(block, values, n, width);
    block->n_miniblocks = (n + MINIBLOCK_VALUES - 1) / MINIBLOCK_VALUES;
    for (size_t m = 0; m < MINIBLOCKS; m++) {
        uint64_t all = 0;
        for (size_t i = 0; i < MINIBLOCK_VALUES; i++)
            all |= block->deltas[m * MINIBLOCK_VALUES + i];
        block->widths[m] = bit_width(all);
    }
}

static size_t put_head(uint8_t *out, const uint8_t *values, size_t n, size_t width)
{
    size_t at = varint_put(out, BLOCK_VALUES);
    at += varint_put(out + at, MINIBLOCKS);
    at += varint_put(out + at, n);
    at += varint_put(out + at, zigzag(n > 0 ? value_at(values, 0, width) : 0));
    return at;
}

static size_t put_block(uint8_t *out, const struct block *block)
{
    uint8_t *at = out + varint_put(out, zigzag(block->least));
    for (size_t m = 0; m < MINIBLOCKS; m++)
        *at++ = (uint8_t)block->widths[m];
    for (size_t m = 0; m < block->n_miniblocks; m++) {
        struct bit_packer packer = {at, 0, 0};
        for (size_t i = 0; block->widths[m] > 0 && i < MINIBLOCK_VALUES; i++)
            bit_pack(&packer, block->deltas[m * MINIBLOCK_VALUES + i], block->widths[m]);
        at = bit_pack_end(&packer);
    }
    return (size_t)(at - out);
}

static size_t block_values(size_t n, size_t done)
{
    return n - 1 - done < BLOCK_VALUES ? n - 1 - done : BLOCK_VALUES;
}

lake_status delta_append(const uint8_t *values, size_t n, size_t width, struct buffer *out, struct lake_error *err)
{
    struct block block;
    TRY(buffer_reserve(out, HEAD_BYTES_MAX, err));
    out->length += put_head(out->data + out->length, values, n, width);
    for (size_t done = 0; done + 1 < n; done += BLOCK_VALUES) {
        TRY(buffer_reserve(out, BLOCK_BYTES_MAX, err));
        plan_block(&block, values + done * width, block_values(n, done), width);
        out->length += put_block(out->data + out->length, &block);
    }
    return LAKE_OK;
}

size_t delta_bytes(const uint8_t *values, size_t n, size_t width)
{
    struct block block;
    uint8_t head[HEAD_BYTES_MAX];
    size_t bytes = put_head(head, values, n, width);
    for (size_t done = 0; done + 1 < n; done += BLOCK_VALUES) {
        plan_block(&block, values + done * width, block_values(n, done), width);
        bytes += varint_put(head, zigzag(block.least)) + MINIBLOCKS;
        for (size_t m = 0; m < block.n_miniblocks; m++)
            bytes += block.widths[m] * (MINIBLOCK_VALUES / 8);
    }
    return bytes;
}
