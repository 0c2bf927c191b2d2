/* Blocks of snappy_runs.h, by hand and through the decoder of the snappy library. */
#include "base/limits.h"
#include "base/memory.h"
#include "parquet/compress.h"
#include "parquet/snappy_runs.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

static void check_round_trip(const uint8_t *bytes, size_t n, struct buffer *out)
{
    struct lake_error err = {0};
    uint8_t *back = NULL;
    buffer_clear(out);
    lake_ok(snappy_runs_compress(bytes, n, out, &err));
    assert_true(out->length <= n + 16);
    lake_ok(memory_new(n, 1, &back, &err));
    lake_ok(page_decompress(PARQUET_CODEC_SNAPPY, out->data, out->length, back, n, &err));
    assert_memory_equal(back, bytes, n);
    memory_free(back);
}

static void test_a_run_is_one_literal_byte_and_copies(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    uint8_t bytes[200];
    memset(bytes, 'x', sizeof bytes);
    bytes[0] = 'a';
    bytes[199] = 'b';
    lake_ok(snappy_runs_compress(bytes, sizeof bytes, &out, &err));
    static const uint8_t wanted[] = {
        200,  1,                     /* length */
        0x04, 'a', 'x',              /* literal of two */
        0xFA, 1,   0,                /* 63 bytes from one back: 64 of the run stand there */
        0xFE, 64,  0,                /* 64 bytes from 64 back */
        0xFE, 64,  0,   0x16, 64, 0, /* 64, 6: 198 of the run */
        0x00, 'b',                   /* literal of one */
    };
    assert_int_equal(out.length, sizeof wanted);
    assert_memory_equal(out.data, wanted, sizeof wanted);
    buffer_release(&out);
}

static void test_short_runs_stay_literal(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    uint8_t bytes[SNAPPY_RUN_MIN + 1] = {0};
    bytes[0] = 1;
    bytes[SNAPPY_RUN_MIN] = 1;
    lake_ok(snappy_runs_compress(bytes, sizeof bytes, &out, &err)); /* one zero too few */
    assert_int_equal(out.length, 2 + sizeof bytes);
    buffer_clear(&out);
    bytes[0] = 0;
    lake_ok(snappy_runs_compress(bytes, sizeof bytes, &out, &err));
    assert_int_equal(out.length, 1 + 2 + 3 + 2);
    buffer_release(&out);
}

/* Where the length of a literal takes another byte, and where a run begins at each place of a window. */
static void test_lengths_at_the_edges(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 28);
    static const size_t lengths[] = {0,   1,    2,    59,   60,    61,    62,    255,     256,
                                     257, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 24, (1 << 24) + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t *bytes = NULL;
        uint64_t seed = 11;
        size_t n = lengths[i] + 100 + i;
        lake_ok(memory_new(n, 1, &bytes, &err));
        for (size_t k = 0; k < lengths[i]; k++)
            bytes[k] = (uint8_t)(fixture_random(&seed) | 1);
        check_round_trip(bytes, lengths[i], &out);
        check_round_trip(bytes, n, &out); /* a run of zeros at the end */
        memory_free(bytes);
    }
    buffer_release(&out);
}

static void test_random_runs(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT(1 << 20);
    uint64_t seed = 13;
    uint8_t bytes[5000];
    for (int round = 0; round < 500; round++) {
        size_t n = fixture_random(&seed) % sizeof bytes;
        uint64_t longest = 1 + fixture_random(&seed) % 200;
        for (size_t at = 0; at < n;) {
            size_t run = 1 + fixture_random(&seed) % longest;
            run = run < n - at ? run : n - at;
            memset(bytes + at, (int)(fixture_random(&seed) % 3), run);
            at += run;
        }
        check_round_trip(bytes, n, &out);
    }
    buffer_release(&out);
}

/* Every run of at least SNAPPY_RUN_MIN is found, wherever it begins. */
static void test_no_run_is_missed(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    for (size_t begin = 0; begin < 40; begin++) {
        uint8_t bytes[100];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(i + 1);
        memset(bytes + begin, 0, SNAPPY_RUN_MIN);
        buffer_clear(&out);
        lake_ok(snappy_runs_compress(bytes, sizeof bytes, &out, &err));
        assert_true(out.length <= sizeof bytes - SNAPPY_RUN_MIN + 12);
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_is_one_literal_byte_and_copies),
        cmocka_unit_test(test_short_runs_stay_literal),
        cmocka_unit_test(test_lengths_at_the_edges),
        cmocka_unit_test(test_random_runs),
        cmocka_unit_test(test_no_run_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
