/* Compression and the checksum: what foreign programs wrote is read, what lies about its size is refused early. */
#include "parquet/compress.h"

#include "base/limits.h"
#include "parquet/crc32.h"
#include "unit/base/check.h"

static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* forty */
enum { N_TEXT = sizeof text - 1 };

/* Written with Python's gzip and zlib, with pyarrow's zstd and, for snappy, by hand after its format description:
 * length 40, a literal of one byte, a copy of 39 from one byte before. */
static const uint8_t as_snappy[] = {0x28, 0x00, 'a', 0x9a, 0x01, 0x00};
static const uint8_t as_gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0x4c,
                                  0x24, 0x0e, 0x00, 0x00, 0x25, 0x8a, 0x5b, 0xc9, 0x28, 0x00, 0x00, 0x00};
static const uint8_t as_zlib[] = {0x78, 0x9c, 0x4b, 0x4c, 0x24, 0x0e, 0x00, 0x00, 0x36, 0xeb, 0x0f, 0x29};
static const uint8_t as_zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x28, 0x45, 0x00, 0x00,
                                  0x10, 0x61, 0x61, 0x01, 0x00, 0x1f, 0x80, 0x05};

static const struct sample {
    enum parquet_codec codec;
    const uint8_t *bytes;
    size_t n;
} samples[] = {
    {PARQUET_CODEC_UNCOMPRESSED, (const uint8_t *)text, N_TEXT},
    {PARQUET_CODEC_SNAPPY, as_snappy, sizeof as_snappy},
    {PARQUET_CODEC_GZIP, as_gzip, sizeof as_gzip},
    {PARQUET_CODEC_GZIP, as_zlib, sizeof as_zlib},
    {PARQUET_CODEC_ZSTD, as_zstd, sizeof as_zstd},
};
enum { N_SAMPLES = sizeof samples / sizeof *samples };

static void reads_every_codec(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        uint8_t out[N_TEXT] = {0};
        lake_ok(page_check_size(sample->codec, sample->bytes, sample->n, N_TEXT, &err));
        lake_ok(page_decompress(sample->codec, sample->bytes, sample->n, out, N_TEXT, &err));
        assert_memory_equal(out, text, N_TEXT);
    }
}

static void another_size_is_corrupt(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct sample *sample = &samples[i];
        uint8_t out[N_TEXT + 1];
        assert_int_equal(page_decompress(sample->codec, sample->bytes, sample->n, out, N_TEXT - 1, &err), LAKE_CORRUPT);
        assert_int_equal(page_decompress(sample->codec, sample->bytes, sample->n, out, N_TEXT + 1, &err), LAKE_CORRUPT);
        assert_int_equal(page_decompress(sample->codec, sample->bytes, 0, out, N_TEXT, &err), LAKE_CORRUPT);
        assert_int_equal(page_decompress(sample->codec, sample->bytes, sample->n - 1, out, N_TEXT, &err), LAKE_CORRUPT);
    }
}

/* Before a byte is decompressed, or memory reserved for it. */
static void a_claim_of_64_mib_from_a_few_bytes_is_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bomb[100] = {0x80, 0x80, 0x80, 0x20}; /* snappy that says 64 MiB */
    lake_fails(page_check_size(PARQUET_CODEC_SNAPPY, bomb, sizeof bomb, 64 * MIB, &err), LAKE_CORRUPT, "cannot hold");
    for (size_t i = 0; i < 4; i++)
        lake_fails(page_check_size(samples[i].codec, samples[i].bytes, samples[i].n, 64 * MIB, &err), LAKE_CORRUPT,
                   "cannot hold");
    lake_fails(page_check_size(PARQUET_CODEC_SNAPPY, as_snappy, sizeof as_snappy, N_TEXT + 1, &err), LAKE_CORRUPT,
               "cannot hold");
    lake_fails(page_check_size(PARQUET_CODEC_ZSTD, as_zstd, sizeof as_zstd, N_TEXT - 1, &err), LAKE_CORRUPT,
               "cannot hold");
}

static void gzip_members_follow_each_other(void **state)
{
    (void)state;
    struct lake_error err = {0};
    uint8_t in[2 * sizeof as_gzip];
    uint8_t out[2 * N_TEXT];
    memcpy(in, as_gzip, sizeof as_gzip);
    memcpy(in + sizeof as_gzip, as_gzip, sizeof as_gzip);
    lake_ok(page_decompress(PARQUET_CODEC_GZIP, in, sizeof in, out, sizeof out, &err));
    assert_memory_equal(out, text, N_TEXT);
    assert_memory_equal(out + N_TEXT, text, N_TEXT);
}

static void codecs_we_lack_are_named(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const struct {
        enum parquet_codec codec;
        const char *name;
    } lacking[] = {{PARQUET_CODEC_LZO, "LZO"},
                   {PARQUET_CODEC_BROTLI, "brotli"},
                   {PARQUET_CODEC_LZ4, "LZ4"},
                   {PARQUET_CODEC_LZ4_RAW, "LZ4"}};
    uint8_t out[1];
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++) {
        lake_fails(page_decompress(lacking[i].codec, as_snappy, 1, out, 1, &err), LAKE_UNSUPPORTED, lacking[i].name);
        lake_fails(page_check_size(lacking[i].codec, as_snappy, 1, 1, &err), LAKE_UNSUPPORTED, lacking[i].name);
    }
}

static void compresses_what_it_can_read(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const enum parquet_codec codecs[] = {PARQUET_CODEC_SNAPPY, PARQUET_CODEC_UNCOMPRESSED};
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        struct buffer out = BUFFER_INIT(MIB);
        uint8_t back[N_TEXT];
        lake_ok(buffer_append_text(&out, "in front", &err));
        lake_ok(page_compress(codecs[i], (const uint8_t *)text, N_TEXT, &out, &err));
        lake_ok(page_decompress(codecs[i], out.data + 8, out.length - 8, back, N_TEXT, &err));
        assert_memory_equal(back, text, N_TEXT);
        assert_memory_equal(out.data, "in front", 8);
        buffer_release(&out);
    }
    struct buffer out = BUFFER_INIT(MIB);
    lake_fails(page_compress(PARQUET_CODEC_ZSTD, as_zstd, 1, &out, &err), LAKE_UNSUPPORTED, "codec 6");
}

/* The definition of the checksum, a bit at a time. */
static uint32_t crc_of_bits(uint32_t crc, const uint8_t *bytes, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

static void checksum_of_the_standard_text(void **state)
{
    (void)state;
    assert_int_equal(page_crc(0, (const uint8_t *)"123456789", 9), 0xcbf43926);
    assert_int_equal(page_crc(0, NULL, 0), 0);
}

/* Long inputs take another way (crc32.c): all lengths, all alignments, from the start and continued. */
static void checksum_is_the_same_on_every_way(void **state)
{
    (void)state;
    static uint8_t bytes[1024 + 16];
    uint32_t random = 12345;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
    for (size_t align = 0; align < 16; align++) {
        for (size_t n = 0; n <= 1024; n += align == 0 ? 1 : 7) {
            uint32_t expected = crc_of_bits(0, bytes + align, n);
            assert_int_equal(page_crc(0, bytes + align, n), expected);
            assert_int_equal(page_crc(page_crc(0, bytes + align, n / 3), bytes + align + n / 3, n - n / 3), expected);
        }
    }
}

/* The fast way, where there is one, is used for what is long enough, and for nothing else. */
static void the_fast_checksum_takes_whole_lanes(void **state)
{
    (void)state;
    static const uint8_t bytes[200] = {1, 2, 3};
    uint32_t crc = 7;
    assert_int_equal(crc32_fold(&crc, bytes, 63), 0);
    assert_int_equal(crc, 7);
    size_t taken = crc32_fold(&crc, bytes, sizeof bytes);
    assert_true(taken == 0 || taken == 192);
    assert_int_equal(crc, taken == 0 ? 7 : crc_of_bits(7, bytes, taken));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_codec),
        cmocka_unit_test(another_size_is_corrupt),
        cmocka_unit_test(a_claim_of_64_mib_from_a_few_bytes_is_refused),
        cmocka_unit_test(gzip_members_follow_each_other),
        cmocka_unit_test(codecs_we_lack_are_named),
        cmocka_unit_test(compresses_what_it_can_read),
        cmocka_unit_test(checksum_of_the_standard_text),
        cmocka_unit_test(checksum_is_the_same_on_every_way),
        cmocka_unit_test(the_fast_checksum_takes_whole_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
