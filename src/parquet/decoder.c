#include "parquet/decoder.h"

static const struct {
    int32_t encoding;
    int32_t physical;
    const struct decoder_ops *ops;
} decoders[] = {
    {PARQUET_PLAIN, PARQUET_BOOLEAN, &decode_plain_bool},
    {PARQUET_PLAIN, PARQUET_INT32, &decode_plain_fixed},
    {PARQUET_PLAIN, PARQUET_INT64, &decode_plain_fixed},
    {PARQUET_PLAIN, PARQUET_FLOAT, &decode_plain_fixed},
    {PARQUET_PLAIN, PARQUET_DOUBLE, &decode_plain_fixed},
    {PARQUET_PLAIN, PARQUET_FIXED_LEN_BYTE_ARRAY, &decode_plain_fixed},
    {PARQUET_PLAIN, PARQUET_BYTE_ARRAY, &decode_plain_bytes},
    {PARQUET_RLE, PARQUET_BOOLEAN, &decode_rle_bool},
    {PARQUET_DELTA_BINARY_PACKED, PARQUET_INT32, &decode_delta_int},
    {PARQUET_DELTA_BINARY_PACKED, PARQUET_INT64, &decode_delta_int},
    {PARQUET_DELTA_LENGTH_BYTE_ARRAY, PARQUET_BYTE_ARRAY, &decode_delta_length},
    {PARQUET_BYTE_STREAM_SPLIT, PARQUET_INT32, &decode_byte_stream_split},
    {PARQUET_BYTE_STREAM_SPLIT, PARQUET_INT64, &decode_byte_stream_split},
    {PARQUET_BYTE_STREAM_SPLIT, PARQUET_FLOAT, &decode_byte_stream_split},
    {PARQUET_BYTE_STREAM_SPLIT, PARQUET_DOUBLE, &decode_byte_stream_split},
    {PARQUET_BYTE_STREAM_SPLIT, PARQUET_FIXED_LEN_BYTE_ARRAY, &decode_byte_stream_split},
};

static const char *encoding_name(int32_t encoding)
{
    static const char *const names[] = {
        [PARQUET_PLAIN] = "PLAIN",
        [PARQUET_PLAIN_DICTIONARY] = "PLAIN_DICTIONARY",
        [PARQUET_RLE] = "RLE",
        [PARQUET_BIT_PACKED] = "BIT_PACKED",
        [PARQUET_DELTA_BINARY_PACKED] = "DELTA_BINARY_PACKED",
        [PARQUET_DELTA_LENGTH_BYTE_ARRAY] = "DELTA_LENGTH_BYTE_ARRAY",
        [PARQUET_DELTA_BYTE_ARRAY] = "DELTA_BYTE_ARRAY",
        [PARQUET_RLE_DICTIONARY] = "RLE_DICTIONARY",
        [PARQUET_BYTE_STREAM_SPLIT] = "BYTE_STREAM_SPLIT",
    };
    bool is_named = encoding >= 0 && (size_t)encoding < sizeof names / sizeof *names && names[encoding] != NULL;
    return is_named ? names[encoding] : "unknown";
}

static const struct decoder_ops *find_ops(int32_t encoding, int32_t physical)
{
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
        if (decoders[i].encoding == encoding && decoders[i].physical == physical)
            return decoders[i].ops;
    }
    return NULL;
}

lake_status decoder_init(struct decoder *decoder, int32_t encoding, struct value_type type,
                         const struct page_dictionary *dictionary, struct lake_error *err)
{
    bool is_dictionary = encoding == PARQUET_PLAIN_DICTIONARY || encoding == PARQUET_RLE_DICTIONARY;
    memset(decoder, 0, sizeof *decoder);
    decoder->type = type;
    decoder->dictionary = dictionary;
    decoder->ops = is_dictionary ? &decode_dictionary : find_ops(encoding, type.physical);
    if (decoder->ops == NULL)
        return lake_fail(err, LAKE_UNSUPPORTED, "encoding %s (%d) is not supported for this type",
                         encoding_name(encoding), (int)encoding);
    return LAKE_OK;
}

lake_status decoder_begin(struct decoder *decoder, const uint8_t *bytes, size_t n, struct lake_error *err)
{
    decoder->at = bytes;
    decoder->end = bytes + n;
    return decoder->ops->init(decoder, bytes, n, err);
}

lake_status decoder_next(struct decoder *decoder, struct value_sink *sink, size_t n, struct lake_error *err)
{
    return n == 0 ? LAKE_OK : decoder->ops->next(decoder, sink, n, err);
}

lake_status decoder_skip(struct decoder *decoder, uint64_t n, struct lake_error *err)
{
    return n == 0 ? LAKE_OK : decoder->ops->skip(decoder, n, err);
}
