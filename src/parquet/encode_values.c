#include "parquet/encode_values.h"

#include <string.h>

#include "base/bytes.h"
#include "parquet/bitpack.h"
#include "parquet/encode_delta.h"

enum { TEXT_LENGTH_BYTES = 4 };

/* --- PLAIN --- */

static size_t text_bytes(const struct values *values, int64_t first, int64_t n)
{
    size_t bytes = 0;
    for (int64_t i = first; i < first + n; i++)
        bytes += values->texts[i].n;
    return bytes;
}

size_t plain_bytes(const struct values *values, int64_t first, int64_t n)
{
    if (values->physical == PARQUET_BOOLEAN)
        return ((size_t)n + 7) / 8;
    if (values->width == 0)
        return (size_t)n * TEXT_LENGTH_BYTES + text_bytes(values, first, n);
    return (size_t)n * values->width;
}

static void put_bits(uint8_t *out, const uint8_t *bools, int64_t n)
{
    struct bit_packer packer = {out, 0, 0};
    for (int64_t i = 0; i < n; i++)
        bit_pack(&packer, bools[i], 1);
    (void)bit_pack_end(&packer);
}

static void put_texts(uint8_t *out, const struct text_view *texts, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        store_u32(out, (uint32_t)texts[i].n);
        if (texts[i].n > 0)
            memcpy(out + TEXT_LENGTH_BYTES, texts[i].bytes, texts[i].n);
        out += TEXT_LENGTH_BYTES + texts[i].n;
    }
}

lake_status plain_append(const struct values *values, int64_t first, int64_t n, struct buffer *out,
                         struct lake_error *err)
{
    size_t bytes = plain_bytes(values, first, n);
    TRY(buffer_reserve(out, bytes + sizeof(uint64_t), err));
    uint8_t *at = out->data + out->length;
    if (values->physical == PARQUET_BOOLEAN)
        put_bits(at, values->fixed + first, n);
    else if (values->width == 0)
        put_texts(at, values->texts + first, n);
    else
        memcpy(at, values_at(values, first), bytes);
    out->length += bytes;
    return LAKE_OK;
}

/* --- BYTE_STREAM_SPLIT --- */

/* With the width known, gcc turns the inner loop into shuffles: 0.8 µs for 1,440 doubles, where turning blocks of 8 x 8 bytes
 * by hand takes 1.6. */
static inline void split(const uint8_t *in, size_t n, size_t width, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t byte = 0; byte < width; byte++)
            out[byte * n + i] = in[i * width + byte];
    }
}

lake_status byte_stream_split_append(const struct values *values, int64_t first, int64_t n, struct buffer *out,
                                     struct lake_error *err)
{
    size_t bytes = (size_t)n * values->width;
    TRY(buffer_reserve(out, bytes, err));
    uint8_t *at = out->data + out->length;
    if (values->width == sizeof(double))
        split(values_at(values, first), (size_t)n, sizeof(double), at);
    else
        split(values_at(values, first), (size_t)n, values->width, at);
    out->length += bytes;
    return LAKE_OK;
}

/* --- DELTA_LENGTH_BYTE_ARRAY --- */

lake_status delta_length_append(const struct values *values, int64_t first, int64_t n, struct buffer *lengths,
                                struct buffer *out, struct lake_error *err)
{
    buffer_clear(lengths);
    TRY(buffer_reserve(lengths, (size_t)n * sizeof(int32_t), err));
    for (int64_t i = 0; i < n; i++)
        store_u32(lengths->data + (size_t)i * sizeof(int32_t), (uint32_t)values->texts[first + i].n);
    TRY(delta_append(lengths->data, (size_t)n, sizeof(int32_t), out, err));
    size_t bytes = text_bytes(values, first, n);
    TRY(buffer_reserve(out, bytes, err));
    for (int64_t i = first; i < first + n; i++) {
        if (values->texts[i].n > 0)
            memcpy(out->data + out->length, values->texts[i].bytes, values->texts[i].n);
        out->length += values->texts[i].n;
    }
    return LAKE_OK;
}
