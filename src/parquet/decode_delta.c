/* DELTA_BINARY_PACKED integers, and DELTA_LENGTH_BYTE_ARRAY: all lengths as such integers, then all bytes. */
#include "parquet/decoder.h"

enum { PIECE = 128 }; /* values on the stack */

static lake_status init_int(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    return delta_init(&decoder->state.delta, decoder->type.physical == PARQUET_INT32 ? 32 : 64, bytes, n, err);
}

static lake_status next_narrow(struct decoder *decoder, uint8_t *out, size_t n, struct lake_error *err)
{
    uint64_t wide[PIECE];
    uint32_t narrow[PIECE];
    while (n > 0) {
        size_t part = n < PIECE ? n : PIECE;
        TRY(delta_next(&decoder->state.delta, wide, part, err));
        for (size_t i = 0; i < part; i++)
            narrow[i] = (uint32_t)wide[i];
        memcpy(out, narrow, part * sizeof *narrow);
        out += part * sizeof *narrow;
        n -= part;
    }
    return LAKE_OK;
}

static lake_status next_int(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    if (decoder->type.physical == PARQUET_INT32)
        TRY(next_narrow(decoder, sink->values, n, err));
    else
        TRY(delta_next(&decoder->state.delta, (uint64_t *)(void *)sink->values, n, err));
    sink->values += n * decoder->type.width;
    return LAKE_OK;
}

static lake_status skip_int(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    return delta_skip(&decoder->state.delta, n, err);
}

static lake_status init_length(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    TRY(delta_init(&decoder->state.delta, 32, bytes, n, err));
    return delta_find_end(&decoder->state.delta, &decoder->at, err);
}

/* Takes one value off the bytes behind the lengths. */
static lake_status take_bytes(struct decoder *decoder, uint64_t length, struct lake_error *err)
{
    uint32_t n = (uint32_t)length;
    if (n > (size_t)(decoder->end - decoder->at))
        return lake_fail(err, LAKE_CORRUPT, "a text of %u bytes, longer than its page", (unsigned)n);
    decoder->at += n;
    return LAKE_OK;
}

static lake_status next_length(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    uint64_t lengths[PIECE];
    while (n > 0) {
        size_t part = n < PIECE ? n : PIECE;
        TRY(delta_next(&decoder->state.delta, lengths, part, err));
        for (size_t i = 0; i < part; i++) {
            const uint8_t *bytes = decoder->at;
            TRY(take_bytes(decoder, lengths[i], err));
            TRY(sink_append(sink, bytes, (size_t)(decoder->at - bytes), err));
        }
        n -= part;
    }
    return LAKE_OK;
}

static lake_status skip_length(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    uint64_t lengths[PIECE];
    while (n > 0) {
        size_t part = n < PIECE ? (size_t)n : PIECE;
        TRY(delta_next(&decoder->state.delta, lengths, part, err));
        for (size_t i = 0; i < part; i++)
            TRY(take_bytes(decoder, lengths[i], err));
        n -= part;
    }
    return LAKE_OK;
}

const struct decoder_ops decode_delta_int = {init_int, next_int, skip_int};
const struct decoder_ops decode_delta_length = {init_length, next_length, skip_length};
