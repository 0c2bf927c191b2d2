/* BYTE_STREAM_SPLIT of fixed-width values. */
#include "parquet/byte_stream_split.h"
#include "parquet/decoder.h"

static lake_status init_streams(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    (void)bytes;
    if (n % decoder->type.width != 0)
        return lake_fail(err, LAKE_CORRUPT, "%zu bytes of split streams for values of %zu bytes", n,
                         decoder->type.width);
    decoder->state.split.stride = n / decoder->type.width;
    decoder->state.split.next = 0;
    return LAKE_OK;
}

static lake_status skip_split(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    if (n > decoder->state.split.stride - decoder->state.split.next)
        return lake_fail(err, LAKE_CORRUPT, "the split streams end before their values");
    decoder->state.split.next += n;
    return LAKE_OK;
}

static lake_status next_split(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    struct split_streams streams = {decoder->at, decoder->state.split.stride, decoder->state.split.next};
    TRY(skip_split(decoder, n, err));
    byte_stream_join(streams, decoder->type.width, n, sink->past_cache, sink->values);
    sink->values += n * decoder->type.width;
    return LAKE_OK;
}

const struct decoder_ops decode_byte_stream_split = {init_streams, next_split, skip_split};
