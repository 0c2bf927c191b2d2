#include "parquet/compress.h"

#define ZLIB_CONST /* next_in points to const bytes */
#include <snappy-c.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "parquet/crc32.h"

enum {
    /* The most that one byte can become: a snappy copy of 3 bytes gives 64, a deflate code of 2 bits 258. */
    SNAPPY_MAX_RATIO = 22,
    GZIP_MAX_RATIO = 1032,
    /* inflate: the largest window, and both gzip and zlib headers. */
    GZIP_OR_ZLIB_WINDOW = 15 + 32
};

static lake_status fail_size(struct lake_error *err, const char *codec, size_t n_in, size_t n_out)
{
    return lake_fail(err, LAKE_CORRUPT, "%zu bytes of %s cannot hold the %zu the page header says", n_in, codec, n_out);
}

static lake_status fail_codec(struct lake_error *err, enum parquet_codec codec)
{
    switch (codec) {
    case PARQUET_CODEC_LZO: return lake_fail(err, LAKE_UNSUPPORTED, "LZO compression is not supported");
    case PARQUET_CODEC_BROTLI: return lake_fail(err, LAKE_UNSUPPORTED, "brotli compression is not supported");
    case PARQUET_CODEC_LZ4:
    case PARQUET_CODEC_LZ4_RAW: return lake_fail(err, LAKE_UNSUPPORTED, "LZ4 compression is not supported");
    default: return lake_fail(err, LAKE_UNSUPPORTED, "compression codec %d is not known", (int)codec);
    }
}

static bool exceeds_ratio(size_t n_in, size_t n_out, size_t ratio)
{
    return n_out / ratio > n_in;
}

static lake_status check_snappy(const uint8_t *in, size_t n_in, size_t n_out, struct lake_error *err)
{
    size_t claimed = 0;
    if (snappy_uncompressed_length((const char *)in, n_in, &claimed) != SNAPPY_OK || claimed != n_out ||
        exceeds_ratio(n_in, n_out, SNAPPY_MAX_RATIO))
        return fail_size(err, "snappy", n_in, n_out);
    return LAKE_OK;
}

static lake_status check_zstd(const uint8_t *in, size_t n_in, size_t n_out, struct lake_error *err)
{
    unsigned long long claimed = ZSTD_getFrameContentSize(in, n_in);
    bool is_unknown = claimed == ZSTD_CONTENTSIZE_UNKNOWN;
    if (claimed == ZSTD_CONTENTSIZE_ERROR || (!is_unknown && claimed > n_out))
        return fail_size(err, "zstd", n_in, n_out);
    return LAKE_OK;
}

lake_status page_check_size(enum parquet_codec codec, const uint8_t *in, size_t n_in, size_t n_out,
                            struct lake_error *err)
{
    switch (codec) {
    case PARQUET_CODEC_UNCOMPRESSED: return n_in == n_out ? LAKE_OK : fail_size(err, "plain data", n_in, n_out);
    case PARQUET_CODEC_SNAPPY: return check_snappy(in, n_in, n_out, err);
    case PARQUET_CODEC_GZIP:
        return exceeds_ratio(n_in, n_out, GZIP_MAX_RATIO) ? fail_size(err, "gzip", n_in, n_out) : LAKE_OK;
    case PARQUET_CODEC_ZSTD: return check_zstd(in, n_in, n_out, err);
    default: return fail_codec(err, codec);
    }
}

static lake_status decompress_snappy(const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out, struct lake_error *err)
{
    size_t n = n_out;
    TRY(check_snappy(in, n_in, n_out, err));
    if (snappy_uncompress((const char *)in, n_in, (char *)out, &n) != SNAPPY_OK || n != n_out)
        return lake_fail(err, LAKE_CORRUPT, "the snappy data is damaged");
    return LAKE_OK;
}

static lake_status decompress_zstd(const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out, struct lake_error *err)
{
    size_t n = ZSTD_decompress(out, n_out, in, n_in);
    if (ZSTD_isError(n))
        return lake_fail(err, LAKE_CORRUPT, "the zstd data is damaged: %s", ZSTD_getErrorName(n));
    return n == n_out ? LAKE_OK : fail_size(err, "zstd", n_in, n_out);
}

/* Pages may hold several gzip members, one after another (concatenated_gzip_members.parquet of the conformance
 * files). */
static int inflate_members(z_stream *stream)
{
    int result = inflate(stream, Z_FINISH);
    while (result == Z_STREAM_END && stream->avail_in > 0 && stream->avail_out > 0) {
        result = inflateReset(stream);
        if (result == Z_OK)
            result = inflate(stream, Z_FINISH);
    }
    return result;
}

static lake_status decompress_gzip(const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out, struct lake_error *err)
{
    uint8_t nothing; /* inflate wants a place to write to even where nothing is written */
    z_stream stream = {.next_in = in, .next_out = n_out > 0 ? out : &nothing};
    if (n_in > UINT32_MAX || n_out > UINT32_MAX)
        return fail_size(err, "gzip", n_in, n_out);
    stream.avail_in = (uInt)n_in;
    stream.avail_out = (uInt)n_out;
    if (inflateInit2(&stream, GZIP_OR_ZLIB_WINDOW) != Z_OK)
        return lake_fail(err, LAKE_NO_MEMORY, "no memory to decompress gzip");
    int result = inflate_members(&stream);
    bool is_whole = result == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    if (result == Z_MEM_ERROR)
        return lake_fail(err, LAKE_NO_MEMORY, "no memory to decompress gzip");
    return is_whole ? LAKE_OK : lake_fail(err, LAKE_CORRUPT, "the gzip data is damaged or of another length");
}

lake_status page_decompress(enum parquet_codec codec, const uint8_t *in, size_t n_in, uint8_t *out, size_t n_out,
                            struct lake_error *err)
{
    switch (codec) {
    case PARQUET_CODEC_UNCOMPRESSED:
        if (n_in != n_out)
            return fail_size(err, "plain data", n_in, n_out);
        if (n_in > 0)
            memcpy(out, in, n_in);
        return LAKE_OK;
    case PARQUET_CODEC_SNAPPY: return decompress_snappy(in, n_in, out, n_out, err);
    case PARQUET_CODEC_ZSTD: return decompress_zstd(in, n_in, out, n_out, err);
    case PARQUET_CODEC_GZIP: return decompress_gzip(in, n_in, out, n_out, err);
    default: return fail_codec(err, codec);
    }
}

lake_status page_compress(enum parquet_codec codec, const uint8_t *in, size_t n_in, struct buffer *out,
                          struct lake_error *err)
{
    if (codec == PARQUET_CODEC_UNCOMPRESSED)
        return buffer_append(out, in, n_in, err);
    if (codec != PARQUET_CODEC_SNAPPY)
        return lake_fail(err, LAKE_UNSUPPORTED, "pages are not written with compression codec %d", (int)codec);
    size_t n = snappy_max_compressed_length(n_in);
    TRY(buffer_reserve(out, n, err));
    if (snappy_compress((const char *)in, n_in, (char *)out->data + out->length, &n) != SNAPPY_OK)
        return lake_fail(err, LAKE_INTERNAL, "snappy could not compress %zu bytes", n_in);
    out->length += n;
    return LAKE_OK;
}

uint32_t page_crc(uint32_t crc, const uint8_t *bytes, size_t n)
{
    if (n == 0) /* bytes may be NULL then */
        return crc;
    size_t done = crc32_fold(&crc, bytes, n);
    return (uint32_t)crc32_z(crc, bytes + done, n - done);
}
