#include "parquet/delta.h"

#include <string.h>

/* Both are far above what any writer uses (128 to 2,048 values a block). */
enum { MAX_BLOCK_VALUES = 1 << 20, MAX_MINIBLOCKS = 1 << 15 };

static lake_status fail_ended(struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "the delta-encoded data ends before its values");
}

static lake_status read_varint(struct delta *delta, uint64_t *out, struct lake_error *err)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (delta->at == delta->end)
            return fail_ended(err);
        uint8_t byte = *delta->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return LAKE_OK;
    }
    return lake_fail(err, LAKE_CORRUPT, "delta encoding: an integer of more than ten bytes");
}

static lake_status read_zigzag(struct delta *delta, uint64_t *out, struct lake_error *err)
{
    uint64_t value = 0;
    TRY(read_varint(delta, &value, err));
    *out = (value >> 1) ^ (0 - (value & 1));
    return LAKE_OK;
}

lake_status delta_init(struct delta *delta, uint32_t max_width, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    uint64_t block_values = 0;
    memset(delta, 0, sizeof *delta);
    delta->at = bytes;
    delta->end = bytes + n;
    delta->max_width = max_width;
    if (n == 0)
        return LAKE_OK;
    TRY(read_varint(delta, &block_values, err));
    TRY(read_varint(delta, &delta->n_miniblocks, err));
    TRY(read_varint(delta, &delta->n_values, err));
    TRY(read_zigzag(delta, &delta->last, err));
    bool is_sane = block_values > 0 && block_values <= MAX_BLOCK_VALUES && delta->n_miniblocks > 0 &&
                   delta->n_miniblocks <= MAX_MINIBLOCKS && block_values % delta->n_miniblocks == 0;
    delta->miniblock_values = is_sane ? block_values / delta->n_miniblocks : 0;
    if (delta->miniblock_values == 0 || delta->miniblock_values % 8 != 0)
        return lake_fail(err, LAKE_CORRUPT, "delta encoding: a block of impossible size");
    delta->has_first = delta->n_values > 0;
    delta->next_miniblock = delta->n_miniblocks;
    return LAKE_OK;
}

static lake_status begin_block(struct delta *delta, struct lake_error *err)
{
    TRY(read_zigzag(delta, &delta->min_delta, err));
    if (delta->n_miniblocks > (uint64_t)(delta->end - delta->at))
        return fail_ended(err);
    delta->widths = delta->at;
    delta->at += delta->n_miniblocks;
    delta->next_miniblock = 0;
    return LAKE_OK;
}

/* The last miniblock may lack its padding: of it, only the values that are left must be there. */
static lake_status begin_miniblock(struct delta *delta, struct lake_error *err)
{
    if (delta->next_miniblock == delta->n_miniblocks)
        TRY(begin_block(delta, err));
    uint32_t width = delta->widths[delta->next_miniblock];
    if (width > delta->max_width)
        return lake_fail(err, LAKE_CORRUPT, "delta encoding: %u bits for a value of %u", (unsigned)width,
                         (unsigned)delta->max_width);
    uint64_t n_left = delta->n_values < delta->miniblock_values ? delta->n_values : delta->miniblock_values;
    uint64_t n_bytes = delta->miniblock_values / 8 * width;
    uint64_t n_available = (uint64_t)(delta->end - delta->at);
    if ((n_left * width + 7) / 8 > n_available)
        return fail_ended(err);
    delta->packed.bytes = delta->at;
    delta->packed.n_bytes = (size_t)(n_bytes < n_available ? n_bytes : n_available);
    delta->packed.width = width;
    delta->packed_at = 0;
    delta->n_left = n_left;
    delta->at += delta->packed.n_bytes;
    delta->next_miniblock++;
    return LAKE_OK;
}

/* Equal steps need no unpacking: the timestamps of bars. Four at a time, so that one addition does not wait for the
 * other. */
static void step_equally(struct delta *delta, uint64_t *out, size_t n)
{
    uint64_t step = delta->min_delta;
    uint64_t last = delta->last;
    size_t i = 0;
    for (; i + 4 <= n; i += 4, last += 4 * step) {
        out[i] = last + step;
        out[i + 1] = last + 2 * step;
        out[i + 2] = last + 3 * step;
        out[i + 3] = last + 4 * step;
    }
    for (; i < n; i++)
        out[i] = last += step;
    delta->last = last;
}

static void unpack(struct delta *delta, uint64_t *out, size_t n)
{
    uint64_t last = delta->last;
    bits_unpack_u64(&delta->packed, delta->packed_at, n, out);
    for (size_t i = 0; i < n; i++) {
        last += delta->min_delta + out[i];
        out[i] = last;
    }
    delta->last = last;
}

lake_status delta_next(struct delta *delta, uint64_t *out, size_t n, struct lake_error *err)
{
    if (n > delta->n_values)
        return fail_ended(err);
    if (n > 0 && delta->has_first) {
        *out++ = delta->last;
        delta->has_first = false;
        delta->n_values--;
        n--;
    }
    while (n > 0) {
        if (delta->n_left == 0)
            TRY(begin_miniblock(delta, err));
        size_t part = delta->n_left < n ? (size_t)delta->n_left : n;
        if (delta->packed.width == 0)
            step_equally(delta, out, part);
        else
            unpack(delta, out, part);
        delta->packed_at += part;
        delta->n_left -= part;
        delta->n_values -= part;
        out += part;
        n -= part;
    }
    return LAKE_OK;
}

lake_status delta_skip(struct delta *delta, uint64_t n, struct lake_error *err)
{
    uint64_t passed[128];
    if (n > delta->n_values)
        return fail_ended(err);
    while (n > 0) {
        size_t part = n < 128 ? (size_t)n : 128;
        TRY(delta_next(delta, passed, part, err));
        n -= part;
    }
    return LAKE_OK;
}

lake_status delta_find_end(const struct delta *delta, const uint8_t **end, struct lake_error *err)
{
    struct delta walk = *delta;
    if (walk.has_first)
        walk.n_values--;
    while (walk.n_values > 0) {
        TRY(begin_miniblock(&walk, err));
        walk.n_values -= walk.n_left;
    }
    *end = walk.at;
    return LAKE_OK;
}
