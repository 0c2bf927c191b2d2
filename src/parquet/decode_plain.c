/* PLAIN: the values back to back. */
#include "base/bytes.h"
#include "parquet/decoder.h"

static lake_status fail_ended(struct lake_error *err)
{
    return lake_fail(err, LAKE_CORRUPT, "the plain data ends before its values");
}

/* Fixed width: the bytes as they are. */
static lake_status init_fixed(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    (void)decoder, (void)bytes, (void)n, (void)err;
    return LAKE_OK;
}

static lake_status skip_fixed(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    size_t width = decoder->type.width;
    if (n > (size_t)(decoder->end - decoder->at) / width)
        return fail_ended(err);
    decoder->at += n * width;
    return LAKE_OK;
}

static lake_status next_fixed(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    const uint8_t *from = decoder->at;
    TRY(skip_fixed(decoder, n, err));
    memcpy(sink->values, from, n * decoder->type.width);
    sink->values += n * decoder->type.width;
    return LAKE_OK;
}

/* Booleans: single bits, the lowest first. */
static lake_status init_bool(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    (void)bytes, (void)n, (void)err;
    decoder->state.bit_at = 0;
    return LAKE_OK;
}

static lake_status skip_bool(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    uint64_t n_bits = (uint64_t)(decoder->end - decoder->at) * 8;
    if (n > n_bits - decoder->state.bit_at)
        return fail_ended(err);
    decoder->state.bit_at += n;
    return LAKE_OK;
}

static lake_status next_bool(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    uint64_t first = decoder->state.bit_at;
    TRY(skip_bool(decoder, n, err));
    bits_unpack_flags(decoder->at, first, n, sink->values);
    sink->values += n;
    return LAKE_OK;
}

/* Byte arrays: four bytes of length, then the bytes. */
static lake_status take_bytes(struct decoder *decoder, const uint8_t **bytes, uint32_t *n, struct lake_error *err)
{
    if (decoder->end - decoder->at < 4)
        return fail_ended(err);
    *n = load_u32(decoder->at);
    decoder->at += 4;
    if (*n > (size_t)(decoder->end - decoder->at))
        return fail_ended(err);
    *bytes = decoder->at;
    decoder->at += *n;
    return LAKE_OK;
}

static lake_status next_bytes(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *bytes = NULL;
        uint32_t n_bytes = 0;
        TRY(take_bytes(decoder, &bytes, &n_bytes, err));
        TRY(sink_append(sink, bytes, n_bytes, err));
    }
    return LAKE_OK;
}

static lake_status skip_bytes(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    for (uint64_t i = 0; i < n; i++) {
        const uint8_t *bytes = NULL;
        uint32_t n_bytes = 0;
        TRY(take_bytes(decoder, &bytes, &n_bytes, err));
    }
    return LAKE_OK;
}

const struct decoder_ops decode_plain_fixed = {init_fixed, next_fixed, skip_fixed};
const struct decoder_ops decode_plain_bool = {init_bool, next_bool, skip_bool};
const struct decoder_ops decode_plain_bytes = {init_fixed, next_bytes, skip_bytes};
