/* Bytes worked out by hand from Encodings.md, then what our own decoders make of random values. */
#include "base/bytes.h"
#include "parquet/delta.h"
#include "parquet/encode_delta.h"
#include "parquet/encode_rle.h"
#include "parquet/encode_values.h"
#include "parquet/rle.h"
#include "unit/base/check.h"
#include "unit/parquet/writer_fixture.h"

#define assert_bytes(buffer, ...)                                                                                      \
    do {                                                                                                               \
        static const uint8_t wanted[] = {__VA_ARGS__};                                                                 \
        assert_int_equal((buffer).length, sizeof wanted);                                                              \
        assert_memory_equal((buffer).data, wanted, sizeof wanted);                                                     \
        buffer_clear(&(buffer));                                                                                       \
    } while (0)

static void test_delta_examples(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    static const int32_t rising[] = {1, 2, 3, 4, 5};
    lake_ok(delta_append((const uint8_t *)rising, 5, 4, &out, &err));
    assert_bytes(out, 0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0);
    static const int64_t mixed[] = {7, 5, 3, 1, 2, 3, 4, 5};
    lake_ok(delta_append((const uint8_t *)mixed, 8, 8, &out, &err));
    assert_bytes(out, 0x80, 0x01, 4, 8, 14, 3, 2, 0, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0, 0, 0);
    lake_ok(delta_append((const uint8_t *)mixed, 1, 8, &out, &err));
    assert_bytes(out, 0x80, 0x01, 4, 1, 14);
    lake_ok(delta_append(NULL, 0, 8, &out, &err));
    assert_bytes(out, 0x80, 0x01, 4, 0, 0);
    buffer_release(&out);
}

/* Differences of 32-bit values wrap at 32 bits: more would be refused by readers. */
static void test_delta_wraps(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    static const int32_t narrow[] = {INT32_MIN, INT32_MAX, INT32_MIN};
    lake_ok(delta_append((const uint8_t *)narrow, 3, 4, &out, &err));
    assert_bytes(out, 0x80, 0x01, 4, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 2, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0, 0);
    static const int64_t wide[] = {INT64_MAX, INT64_MIN};
    lake_ok(delta_append((const uint8_t *)wide, 2, 8, &out, &err));
    assert_bytes(out, 0x80, 0x01, 4, 2, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 2, 0, 0, 0, 0);
    buffer_release(&out);
}

static void check_delta(const int64_t *values, size_t n)
{
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 24);
    struct delta in;
    uint64_t back[1000];
    lake_ok(delta_append((const uint8_t *)values, n, 8, &out, &err));
    assert_int_equal(delta_bytes((const uint8_t *)values, n, 8), out.length);
    lake_ok(delta_init(&in, 64, out.data, out.length, &err));
    lake_ok(delta_next(&in, back, n, &err));
    assert_memory_equal(back, values, n * sizeof *values);
    buffer_release(&out);
}

static void test_delta_of_every_width_and_count(void **state)
{
    (void)state;
    uint64_t seed = 1;
    int64_t values[1000];
    for (unsigned width = 0; width <= 64; width++) {
        for (size_t i = 0; i < 1000; i++) {
            uint64_t random = fixture_random(&seed) << 32 ^ fixture_random(&seed);
            values[i] = width == 0 ? 5 : (int64_t)(random >> (64 - width));
        }
        static const size_t counts[] = {1, 2, 32, 33, 34, 128, 129, 130, 257, 1000};
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            check_delta(values, counts[i]);
    }
}

static void test_level_examples(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    lake_ok(rle_append_bits(NULL, 0, 1440, &out, &err));
    assert_bytes(out, 0xC0, 0x16, 1); /* 1440 << 1, level 1 */
    static const uint8_t mixed[] = {0x4D};
    lake_ok(rle_append_bits(mixed, 0, 8, &out, &err));
    assert_bytes(out, 0x03, 0x4D);
    static const uint8_t runs[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x4D, 0xF8};
    lake_ok(rle_append_bits(runs, 0, 75, &out, &err)); /* 64 ones, eight mixed, three zeros */
    assert_bytes(out, 0x80, 0x01, 1, 0x03, 0x4D, 0x06, 0);
    static const uint8_t none[] = {0, 0};
    lake_ok(rle_append_bits(none, 3, 10, &out, &err));
    assert_bytes(out, 0x14, 0);
    buffer_release(&out);
}

/* Levels of a range are a function of their values, wherever in a bitmap the range begins. */
static void test_levels_at_every_offset(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    uint64_t seed = 3;
    uint8_t flags[600];
    uint8_t back[600];
    for (int round = 0; round < 300; round++) {
        int64_t n = 1 + (int64_t)(fixture_random(&seed) % 599);
        int64_t first = (int64_t)(fixture_random(&seed) % 17);
        uint64_t rarity = 1 + fixture_random(&seed) % 90;
        uint8_t bits[80] = {0};
        for (int64_t i = 0; i < n; i++) {
            flags[i] = fixture_random(&seed) % rarity == 0;
            bit_set(bits, first + i, flags[i]);
        }
        struct rle in;
        buffer_clear(&out);
        lake_ok(rle_append_bits(bits, first, n, &out, &err));
        lake_ok(rle_init(&in, 1, out.data, out.length, &err));
        lake_ok(rle_next_flags(&in, back, (size_t)n, &err));
        assert_memory_equal(back, flags, (size_t)n);
    }
    buffer_release(&out);
}

static void test_index_examples(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    static const uint32_t counting[] = {0, 1, 2, 3, 4, 5, 6, 7};
    lake_ok(rle_append_indices(counting, 8, 3, &out, &err));
    assert_bytes(out, 0x03, 0x88, 0xC6, 0xFA); /* the example of Encodings.md */
    uint32_t same[100];
    for (size_t i = 0; i < 100; i++)
        same[i] = 0x1234;
    lake_ok(rle_append_indices(same, 100, 15, &out, &err));
    assert_bytes(out, 0xC8, 0x01, 0x34, 0x12);
    static const uint32_t few[] = {1, 0, 1};
    lake_ok(rle_append_indices(few, 3, 1, &out, &err));
    assert_bytes(out, 0x03, 0x05);
    buffer_release(&out);
}

static void test_indices_of_every_width(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    uint64_t seed = 5;
    uint32_t indices[700];
    uint32_t back[700];
    for (unsigned width = 1; width <= 32; width++) {
        uint32_t held = 0;
        for (size_t i = 0; i < 700; i++) {
            if (fixture_random(&seed) % 50 == 0 || i % 300 > 200)
                held = (uint32_t)(fixture_random(&seed) & (UINT32_MAX >> (32 - width)));
            indices[i] = held;
        }
        struct rle in;
        buffer_clear(&out);
        lake_ok(rle_append_indices(indices, 700, width, &out, &err));
        lake_ok(rle_init(&in, width, out.data, out.length, &err));
        lake_ok(rle_next_u32(&in, back, 700, &err));
        assert_memory_equal(back, indices, sizeof indices);
    }
    buffer_release(&out);
}

static struct values text_values(const struct text_view *texts, int64_t n)
{
    return (struct values){.type = COLUMN_UTF8, .physical = PARQUET_BYTE_ARRAY, .n_rows = n, .n = n, .texts = texts};
}

static void test_text_examples(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    struct buffer lengths = BUFFER_INIT(1 << 20);
    static const struct text_view texts[] = {{(const uint8_t *)"Hello", 5}, {NULL, 0}, {(const uint8_t *)"ABCDEF", 6}};
    struct values values = text_values(texts, 3);
    lake_ok(plain_append(&values, 0, 3, &out, &err));
    assert_bytes(out, 5, 0, 0, 0, 'H', 'e', 'l', 'l', 'o', 0, 0, 0, 0, 6, 0, 0, 0, 'A', 'B', 'C', 'D', 'E', 'F');
    lake_ok(delta_length_append(&values, 0, 3, &lengths, &out, &err));
    /* Lengths 5, 0, 6: differences -5 and 6, less the least 0 and 11 in four bits. */
    assert_bytes(out, 0x80, 0x01, 4, 3, 10, 9, 4, 0, 0, 0, 0xB0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'H', 'e',
                 'l', 'l', 'o', 'A', 'B', 'C', 'D', 'E', 'F');
    buffer_release(&out);
    buffer_release(&lengths);
}

static void test_fixed_width_examples(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    static const uint8_t words[] = {0xAA, 0xBB, 0xCC, 0xDD, 0x00, 0x11, 0x22, 0x33, 0xA3, 0xB4, 0xC5, 0xD6};
    struct values values = {.physical = PARQUET_FLOAT, .width = 4, .n_rows = 3, .n = 3, .fixed = words};
    lake_ok(byte_stream_split_append(&values, 0, 3, &out, &err));
    /* The example of Encodings.md. */
    assert_bytes(out, 0xAA, 0x00, 0xA3, 0xBB, 0x11, 0xB4, 0xCC, 0x22, 0xC5, 0xDD, 0x33, 0xD6);
    lake_ok(plain_append(&values, 1, 2, &out, &err));
    assert_bytes(out, 0x00, 0x11, 0x22, 0x33, 0xA3, 0xB4, 0xC5, 0xD6);
    static const uint8_t bools[] = {1, 0, 1, 1, 0, 0, 0, 0, 1, 1};
    values = (struct values){.physical = PARQUET_BOOLEAN, .width = 1, .n_rows = 10, .n = 10, .fixed = bools};
    lake_ok(plain_append(&values, 0, 10, &out, &err));
    assert_bytes(out, 0x0D, 0x03);
    buffer_release(&out);
}

static void test_doubles_split_into_eight_streams(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1 << 20);
    uint8_t bytes[8 * 37];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31);
    struct values values = {.physical = PARQUET_DOUBLE, .width = 8, .n_rows = 37, .n = 37, .fixed = bytes};
    lake_ok(byte_stream_split_append(&values, 0, 37, &out, &err));
    assert_int_equal(out.length, sizeof bytes);
    for (size_t i = 0; i < 37; i++) {
        for (size_t k = 0; k < 8; k++)
            assert_int_equal(out.data[k * 37 + i], bytes[i * 8 + k]);
    }
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta_examples),
        cmocka_unit_test(test_delta_wraps),
        cmocka_unit_test(test_delta_of_every_width_and_count),
        cmocka_unit_test(test_level_examples),
        cmocka_unit_test(test_levels_at_every_offset),
        cmocka_unit_test(test_index_examples),
        cmocka_unit_test(test_indices_of_every_width),
        cmocka_unit_test(test_text_examples),
        cmocka_unit_test(test_fixed_width_examples),
        cmocka_unit_test(test_doubles_split_into_eight_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
