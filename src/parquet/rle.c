#include "parquet/rle.h"

#include <inttypes.h>
#include <string.h>

lake_status rle_init(struct rle *rle, uint32_t width, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    memset(rle, 0, sizeof *rle);
    if (width > 32)
        return lake_fail(err, LAKE_CORRUPT, "run lengths of values of %u bits", (unsigned)width);
    rle->width = width;
    rle->at = bytes;
    rle->end = bytes + n;
    return LAKE_OK;
}

static lake_status fail_ended(struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "the run-length data ends before its values");
}

static lake_status read_head(struct rle *rle, uint64_t *head, struct lake_error *err)
{
    *head = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (rle->at == rle->end)
            return fail_ended(err);
        uint8_t byte = *rle->at++;
        *head |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return LAKE_OK;
    }
    return lake_fail(err, LAKE_CORRUPT, "a run length of more than five bytes");
}

/* Groups of eight values. Some writers leave out the padding of the last group; what its bytes hold is then all there
 * is. */
static void begin_packed(struct rle *rle, uint64_t n_groups)
{
    uint64_t n_bytes = n_groups * rle->width;
    uint64_t n_available = (uint64_t)(rle->end - rle->at);
    rle->is_packed = true;
    rle->n_left = n_groups * 8;
    if (n_bytes > n_available) {
        n_bytes = n_available;
        rle->n_left = n_available * 8 / rle->width;
    }
    rle->packed = (struct packed_bits){rle->at, (size_t)n_bytes, rle->width};
    rle->packed_at = 0;
    rle->at += n_bytes;
}

static lake_status begin_repeated(struct rle *rle, uint64_t n, struct lake_error *err)
{
    size_t n_bytes = (rle->width + 7) / 8;
    uint64_t value = 0;
    if (n_bytes > (size_t)(rle->end - rle->at))
        return fail_ended(err);
    for (size_t i = 0; i < n_bytes; i++)
        value |= (uint64_t)rle->at[i] << (8 * i);
    if (value > bits_mask(rle->width))
        return lake_fail(err, LAKE_CORRUPT, "a run of the value %" PRIu64 ", which has more than %u bits", value,
                         (unsigned)rle->width);
    rle->at += n_bytes;
    rle->is_packed = false;
    rle->n_left = n;
    rle->value = (uint32_t)value;
    return LAKE_OK;
}

/* Makes n_left > 0. */
static lake_status begin_run(struct rle *rle, struct lake_error *err)
{
    while (rle->n_left == 0) {
        uint64_t head = 0;
        TRY(read_head(rle, &head, err));
        if (head & 1)
            begin_packed(rle, head >> 1);
        else
            TRY(begin_repeated(rle, head >> 1, err));
        if (rle->n_left == 0 && rle->at == rle->end)
            return fail_ended(err);
    }
    return LAKE_OK;
}

static void take(struct rle *rle, uint64_t n)
{
    rle->n_left -= n;
    rle->packed_at += n;
}

lake_status rle_next_piece(struct rle *rle, size_t n, struct rle_piece *piece, struct lake_error *err)
{
    TRY(begin_run(rle, err));
    piece->n = rle->n_left < n ? (size_t)rle->n_left : n;
    piece->is_packed = rle->is_packed;
    piece->value = rle->value;
    piece->packed = rle->packed;
    piece->first = rle->packed_at;
    take(rle, piece->n);
    return LAKE_OK;
}

lake_status rle_next_u32(struct rle *rle, uint32_t *out, size_t n, struct lake_error *err)
{
    while (n > 0) {
        struct rle_piece piece;
        TRY(rle_next_piece(rle, n, &piece, err));
        if (piece.is_packed) {
            bits_unpack_u32(&piece.packed, piece.first, piece.n, out);
        } else {
            for (size_t i = 0; i < piece.n; i++)
                out[i] = piece.value;
        }
        out += piece.n;
        n -= piece.n;
    }
    return LAKE_OK;
}

lake_status rle_next_flags(struct rle *rle, uint8_t *out, size_t n, struct lake_error *err)
{
    while (n > 0) {
        struct rle_piece piece;
        TRY(rle_next_piece(rle, n, &piece, err));
        if (piece.is_packed)
            bits_unpack_flags(piece.packed.bytes, piece.first, piece.n, out);
        else
            memset(out, (int)piece.value, piece.n);
        out += piece.n;
        n -= piece.n;
    }
    return LAKE_OK;
}

lake_status rle_skip(struct rle *rle, uint64_t n, struct lake_error *err)
{
    while (n > 0) {
        TRY(begin_run(rle, err));
        uint64_t part = rle->n_left < n ? rle->n_left : n;
        take(rle, part);
        n -= part;
    }
    return LAKE_OK;
}

lake_status rle_take_run(struct rle *rle, uint32_t value, uint64_t n, bool *taken, struct lake_error *err)
{
    *taken = false;
    if (n == 0)
        return LAKE_OK;
    TRY(begin_run(rle, err));
    if (rle->is_packed || rle->value != value || rle->n_left < n)
        return LAKE_OK;
    take(rle, n);
    *taken = true;
    return LAKE_OK;
}
