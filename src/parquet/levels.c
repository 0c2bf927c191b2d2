#include "parquet/levels.h"

#include <string.h>

void levels_init_none(struct levels *levels)
{
    memset(levels, 0, sizeof *levels);
    levels->kind = LEVELS_NONE;
}

lake_status levels_init_rle(struct levels *levels, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    memset(levels, 0, sizeof *levels);
    levels->kind = LEVELS_RLE;
    return rle_init(&levels->rle, 1, bytes, n, err);
}

void levels_init_bit_packed(struct levels *levels, const uint8_t *bytes, size_t n)
{
    memset(levels, 0, sizeof *levels);
    levels->kind = LEVELS_BIT_PACKED;
    levels->bits = bytes;
    levels->n_bits = (uint64_t)n * 8;
}

lake_status levels_take_present(struct levels *levels, uint64_t n, bool *taken, struct lake_error *err)
{
    *taken = levels->kind == LEVELS_NONE;
    if (levels->kind == LEVELS_RLE)
        TRY(rle_take_run(&levels->rle, 1, n, taken, err));
    return LAKE_OK;
}

static lake_status next_bit_packed(struct levels *levels, uint8_t *valid, size_t n, struct lake_error *err)
{
    if (n > levels->n_bits - levels->bit_at)
        return lake_fail(err, LAKE_CORRUPT, "the definition levels end before their rows");
    for (size_t i = 0; i < n; i++) {
        uint64_t bit = levels->bit_at + i;
        valid[i] = levels->bits[bit >> 3] >> (7 - (bit & 7)) & 1;
    }
    levels->bit_at += n;
    return LAKE_OK;
}

lake_status levels_next(struct levels *levels, uint8_t *valid, size_t n, size_t *n_present, struct lake_error *err)
{
    size_t sum = 0;
    if (levels->kind == LEVELS_RLE)
        TRY(rle_next_flags(&levels->rle, valid, n, err));
    else if (levels->kind == LEVELS_BIT_PACKED)
        TRY(next_bit_packed(levels, valid, n, err));
    else
        memset(valid, 1, n);
    for (size_t i = 0; i < n; i++)
        sum += valid[i];
    *n_present = sum;
    return LAKE_OK;
}

lake_status levels_skip(struct levels *levels, uint64_t n, uint64_t *n_present, struct lake_error *err)
{
    uint8_t passed[512] = {0};
    bool taken = false;
    *n_present = n;
    TRY(levels_take_present(levels, n, &taken, err));
    if (taken)
        return LAKE_OK;
    *n_present = 0;
    while (n > 0) {
        size_t part = n < sizeof passed ? (size_t)n : sizeof passed;
        size_t n_part = 0;
        TRY(levels_next(levels, passed, part, &n_part, err));
        *n_present += n_part;
        n -= part;
    }
    return LAKE_OK;
}
