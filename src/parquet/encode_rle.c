#include "parquet/encode_rle.h"

#include <stdbool.h>
#include <string.h>

#include "parquet/bitpack.h"
#include "parquet/varint.h"

/* Values of a bit-packed run come in groups of eight. */
enum { GROUP = 8, RUN_GROUPS_MIN = 8, RUN_VALUES_MIN = 32, RUN_HEAD_BYTES_MAX = VARINT_BYTES_MAX + 4 };

/* --- levels --- */

struct levels {
    const uint8_t *bits;
    int64_t first;
    int64_t n;
};

/* The eight levels from level 8 * group; zeros after the last. */
static uint8_t group_bits(const struct levels *levels, int64_t group)
{
    int64_t at = levels->first + GROUP * group;
    int64_t left = levels->n - GROUP * group;
    unsigned shift = (unsigned)(at & 7);
    const uint8_t *byte = levels->bits + (at >> 3);
    unsigned value = (unsigned)byte[0] >> shift;
    if (shift != 0 && left > GROUP - (int64_t)shift)
        value |= (unsigned)byte[1] << (GROUP - shift);
    return (uint8_t)(left < GROUP ? value & ((1u << left) - 1) : value & 0xFF);
}

enum group_kind { ALL_ZERO, ALL_ONE, MIXED };

static enum group_kind kind_of_group(const struct levels *levels, int64_t group)
{
    int64_t left = levels->n - GROUP * group;
    unsigned full = left < GROUP ? (1u << left) - 1 : 0xFF;
    uint8_t bits = group_bits(levels, group);
    if (bits == 0)
        return ALL_ZERO;
    return bits == full ? ALL_ONE : MIXED;
}

/* Groups from `group` on that are of one kind, and not mixed. */
static int64_t equal_groups(const struct levels *levels, int64_t group, int64_t n_groups)
{
    enum group_kind kind = kind_of_group(levels, group);
    int64_t end = group + 1;
    if (kind == MIXED)
        return 0;
    while (end < n_groups && kind_of_group(levels, end) == kind)
        end++;
    return end - group;
}

static void put_level_run(uint64_t n, uint8_t level, struct buffer *out)
{
    out->length += varint_put(out->data + out->length, n << 1);
    out->data[out->length++] = level;
}

static void put_packed_levels(const struct levels *levels, int64_t group, int64_t end, struct buffer *out)
{
    out->length += varint_put(out->data + out->length, (uint64_t)(end - group) << 1 | 1);
    for (; group < end; group++)
        out->data[out->length++] = group_bits(levels, group);
}

/* Groups of equal levels that are worth a run of their own. */
struct level_run {
    int64_t begin;
    int64_t end;
};

/* The first run from group `from` on; a few groups are one where they are the last. begin == n_groups: there is none. */
static struct level_run find_level_run(const struct levels *levels, int64_t from, int64_t n_groups)
{
    for (int64_t at = from; at < n_groups;) {
        int64_t n_equal = equal_groups(levels, at, n_groups);
        if (n_equal >= RUN_GROUPS_MIN || (n_equal > 0 && at + n_equal == n_groups))
            return (struct level_run){at, at + n_equal};
        at += n_equal > 0 ? n_equal : 1;
    }
    return (struct level_run){n_groups, n_groups};
}

lake_status rle_append_bits(const uint8_t *bits, int64_t first, int64_t n, struct buffer *out, struct lake_error *err)
{
    struct levels levels = {bits, first, n};
    int64_t n_groups = (n + GROUP - 1) / GROUP;
    /* No run is longer than its head and its groups, and there are no more heads than groups. */
    TRY(buffer_reserve(out, (size_t)n_groups * 2 + 2 * RUN_HEAD_BYTES_MAX, err));
    if (n > 0 && bits == NULL) {
        put_level_run((uint64_t)n, 1, out);
        return LAKE_OK;
    }
    for (int64_t group = 0; group < n_groups;) {
        struct level_run run = find_level_run(&levels, group, n_groups);
        int64_t end = run.end == n_groups ? n : GROUP * run.end;
        if (run.begin > group)
            put_packed_levels(&levels, group, run.begin, out);
        if (run.begin < n_groups)
            put_level_run((uint64_t)(end - GROUP * run.begin), group_bits(&levels, run.begin) & 1, out);
        group = run.end;
    }
    return LAKE_OK;
}

/* --- dictionary indices --- */

/* Values from `at` on that are equal. */
static size_t equal_indices(const uint32_t *indices, size_t at, size_t n)
{
    size_t end = at + 1;
    while (end < n && indices[end] == indices[at])
        end++;
    return end - at;
}

static void put_index_run(uint32_t index, size_t n, unsigned width, struct buffer *out)
{
    out->length += varint_put(out->data + out->length, (uint64_t)n << 1);
    for (unsigned i = 0; i < (width + 7) / 8; i++)
        out->data[out->length++] = (uint8_t)(index >> (8 * i));
}

/* The last group is filled up with zeros. */
static lake_status append_packed(const uint32_t *indices, size_t n, unsigned width, struct buffer *out,
                                 struct lake_error *err)
{
    size_t n_groups = (n + GROUP - 1) / GROUP;
    TRY(buffer_reserve(out, VARINT_BYTES_MAX + n_groups * width + sizeof(uint64_t), err));
    out->length += varint_put(out->data + out->length, (uint64_t)n_groups << 1 | 1);
    uint8_t *start = out->data + out->length;
    struct bit_packer packer = {start, 0, 0};
    for (size_t i = 0; i < n; i++)
        bit_pack(&packer, indices[i], width);
    uint8_t *end = bit_pack_end(&packer);
    size_t padded = n_groups * width;
    memset(end, 0, padded - (size_t)(end - start));
    out->length += padded;
    return LAKE_OK;
}

lake_status rle_append_indices(const uint32_t *indices, size_t n, unsigned width, struct buffer *out,
                               struct lake_error *err)
{
    for (size_t at = 0; at < n;) {
        size_t end = at;
        size_t run = 0;
        while (end < n && (run = equal_indices(indices, end, n)) < RUN_VALUES_MIN)
            end += n - end < GROUP ? n - end : GROUP;
        if (end > at)
            TRY(append_packed(indices + at, end - at, width, out, err));
        if (end < n) {
            TRY(buffer_reserve(out, RUN_HEAD_BYTES_MAX, err));
            put_index_run(indices[end], run, width, out);
            end += run;
        }
        at = end;
    }
    return LAKE_OK;
}
