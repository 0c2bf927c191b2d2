/* RLE of booleans: four bytes of length, then runs of single bits. */
#include "base/bytes.h"
#include "parquet/decoder.h"

static lake_status init_runs(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    if (n == 0)
        return rle_init(&decoder->state.rle, 1, bytes, 0, err);
    if (n < 4 || load_u32(bytes) > n - 4)
        return lake_fail(err, LAKE_CORRUPT, "run-length booleans longer than their page");
    return rle_init(&decoder->state.rle, 1, bytes + 4, load_u32(bytes), err);
}

static lake_status next_flags(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    TRY(rle_next_flags(&decoder->state.rle, sink->values, n, err));
    sink->values += n;
    return LAKE_OK;
}

static lake_status skip_flags(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    return rle_skip(&decoder->state.rle, n, err);
}

const struct decoder_ops decode_rle_bool = {init_runs, next_flags, skip_flags};
