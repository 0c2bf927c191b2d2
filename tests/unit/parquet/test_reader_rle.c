/* Runs, packed bits and definition levels, against bytes worked out by hand from Encodings.md. */
#include "unit/base/check.h"

#include <stdlib.h>

#include "parquet/levels.h"
#include "parquet/rle.h"

/* The example of Encodings.md: the numbers 0 to 7 in three bits each. */
static void unpacks_the_example_of_the_specification(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x03, 0x88, 0xc6, 0xfa}; /* one group of eight */
    struct rle rle;
    uint32_t values[8];
    lake_ok(rle_init(&rle, 3, bytes, sizeof bytes, &err));
    lake_ok(rle_next_u32(&rle, values, 8, &err));
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(values[i], i);
    lake_fails(rle_next_u32(&rle, values, 1, &err), LAKE_CORRUPT, "ends before its values");
}

static void mixes_runs_and_packed_groups(void **state)
{
    (void)state;
    struct lake_error err = {0};
    /* 300 times 5 (header 600 = 0xd8 0x04), the eight numbers, then 2 times 1. */
    static const uint8_t bytes[] = {0xd8, 0x04, 0x05, 0x03, 0x88, 0xc6, 0xfa, 0x04, 0x01};
    for (size_t piece = 1; piece <= 310; piece++) {
        struct rle rle;
        uint32_t values[310];
        lake_ok(rle_init(&rle, 3, bytes, sizeof bytes, &err));
        for (size_t at = 0; at < 310; at += piece)
            lake_ok(rle_next_u32(&rle, values + at, piece < 310 - at ? piece : 310 - at, &err));
        for (size_t i = 0; i < 310; i++)
            assert_int_equal(values[i], i < 300 ? 5 : i < 308 ? i - 300 : 1);
    }
}

static void skipping_equals_reading(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x14, 0x05, 0x03, 0x88, 0xc6, 0xfa, 0x14, 0x01};
    uint32_t all[28];
    struct rle rle;
    lake_ok(rle_init(&rle, 3, bytes, sizeof bytes, &err));
    lake_ok(rle_next_u32(&rle, all, 28, &err));
    for (uint64_t skip = 0; skip < 28; skip++) {
        uint32_t value = 99;
        lake_ok(rle_init(&rle, 3, bytes, sizeof bytes, &err));
        lake_ok(rle_skip(&rle, skip, &err));
        lake_ok(rle_next_u32(&rle, &value, 1, &err));
        assert_int_equal(value, all[skip]);
    }
}

static void width_zero_needs_no_bytes(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0xc0, 0x84, 0x3d, 0x03}; /* a run of 500,000 zeros, and a packed group */
    struct rle rle;
    uint32_t value = 7;
    lake_ok(rle_init(&rle, 0, bytes, sizeof bytes, &err));
    lake_ok(rle_skip(&rle, 500007, &err));
    lake_ok(rle_next_u32(&rle, &value, 1, &err));
    assert_int_equal(value, 0);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct rle rle;
    uint32_t value;
    static const uint8_t too_large[] = {0x04, 0x08}; /* 8 in three bits */
    static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    static const uint8_t empty_runs[] = {0x00, 0x01, 0x00, 0x01};
    static const uint8_t cut[] = {0x04};
    lake_fails(rle_init(&rle, 33, too_large, 2, &err), LAKE_CORRUPT, "33 bits");
    lake_ok(rle_init(&rle, 3, too_large, sizeof too_large, &err));
    lake_fails(rle_next_u32(&rle, &value, 1, &err), LAKE_CORRUPT, "more than 3 bits");
    lake_ok(rle_init(&rle, 3, endless, sizeof endless, &err));
    lake_fails(rle_next_u32(&rle, &value, 1, &err), LAKE_CORRUPT, "more than five bytes");
    lake_ok(rle_init(&rle, 3, empty_runs, sizeof empty_runs, &err));
    lake_fails(rle_next_u32(&rle, &value, 1, &err), LAKE_CORRUPT, "ends before its values");
    lake_ok(rle_init(&rle, 3, cut, sizeof cut, &err));
    lake_fails(rle_next_u32(&rle, &value, 1, &err), LAKE_CORRUPT, "ends before its values");
}

/* A packed run whose count says 2^34 groups holds what its bytes hold. */
static void a_packed_run_is_no_longer_than_its_bytes(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 0x7f, 0x88, 0xc6, 0xfa};
    struct rle rle;
    uint32_t values[9];
    lake_ok(rle_init(&rle, 3, bytes, sizeof bytes, &err));
    lake_ok(rle_next_u32(&rle, values, 8, &err));
    assert_int_equal(values[7], 7);
    lake_fails(rle_next_u32(&rle, values, 1, &err), LAKE_CORRUPT, "ends before its values");
}

/* Packs values the slow way, bit by bit. */
static void pack(uint8_t *bytes, const uint64_t *values, size_t n, uint32_t width)
{
    for (size_t i = 0; i < n; i++) {
        for (uint32_t b = 0; b < width; b++) {
            size_t bit = i * width + b;
            bytes[bit / 8] = (uint8_t)(bytes[bit / 8] | (values[i] >> b & 1) << (bit % 8));
        }
    }
}

/* Every width, every start, and never a byte past the end: the bytes end where the allocation ends, and ASan watches (of
 * malloc; cmocka's own puts a guard behind). */
static void unpacks_every_width_from_every_start(void **state)
{
    (void)state;
    enum { N = 40 };
    for (uint32_t width = 0; width <= 64; width++) {
        uint64_t values[N];
        uint64_t random = 88172645463325252u;
        size_t n_bytes = (N * width + 7) / 8;
        uint8_t *bytes = calloc(n_bytes > 0 ? n_bytes : 1, 1);
        assert_non_null(bytes);
        for (size_t i = 0; i < N; i++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            values[i] = random & bits_mask(width);
        }
        pack(bytes, values, N, width);
        struct packed_bits packed = {bytes, n_bytes, width};
        for (size_t first = 0; first < N; first++) {
            uint64_t wide[N];
            uint32_t narrow[N];
            bits_unpack_u64(&packed, first, N - first, wide);
            assert_memory_equal(wide, values + first, (N - first) * sizeof *wide);
            if (width > 32)
                continue;
            bits_unpack_u32(&packed, first, N - first, narrow);
            for (size_t i = first; i < N; i++)
                assert_int_equal(narrow[i - first], values[i]);
        }
        free(bytes);
    }
}

static void spreads_flags(void **state)
{
    (void)state;
    static const uint8_t bits[] = {0x88, 0xc6, 0xfa, 0x01};
    for (size_t first = 0; first < 25; first++) {
        uint8_t flags[25];
        bits_unpack_flags(bits, first, 25 - first, flags);
        for (size_t i = first; i < 25; i++)
            assert_int_equal(flags[i - first], bits[i / 8] >> (i % 8) & 1);
    }
}

static void levels_of_a_page_without_nulls_are_taken_at_once(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t ones[] = {0xc0, 0x16, 0x01}; /* 1,440 ones */
    struct levels levels;
    bool taken = false;
    lake_ok(levels_init_rle(&levels, ones, sizeof ones, &err));
    lake_ok(levels_take_present(&levels, 1000, &taken, &err));
    assert_true(taken);
    lake_ok(levels_take_present(&levels, 441, &taken, &err)); /* one more than there are */
    assert_false(taken);
    lake_ok(levels_take_present(&levels, 440, &taken, &err));
    assert_true(taken);
}

static void levels_tell_present_from_null(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x06, 0x00, 0x04, 0x01, 0x03, 0xa5}; /* three nulls, two present, 10100101 */
    static const uint8_t expected[] = {0, 0, 0, 1, 1, 1, 0, 1, 0, 0, 1, 0, 1};
    struct levels levels;
    uint8_t valid[13];
    size_t n_present = 0;
    uint64_t n_skipped = 0;
    lake_ok(levels_init_rle(&levels, bytes, sizeof bytes, &err));
    lake_ok(levels_next(&levels, valid, 13, &n_present, &err));
    assert_memory_equal(valid, expected, 13);
    assert_int_equal(n_present, 6);
    lake_ok(levels_init_rle(&levels, bytes, sizeof bytes, &err));
    lake_ok(levels_skip(&levels, 6, &n_skipped, &err));
    assert_int_equal(n_skipped, 3);
    lake_ok(levels_next(&levels, valid, 7, &n_present, &err));
    assert_memory_equal(valid, expected + 6, 7);
}

/* The deprecated packing, from the highest bit down. */
static void levels_of_the_deprecated_packing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0xa0, 0x80};
    static const uint8_t expected[] = {1, 0, 1, 0, 0, 0, 0, 0, 1};
    struct levels levels;
    uint8_t valid[9];
    size_t n_present = 0;
    bool taken = true;
    levels_init_bit_packed(&levels, bytes, sizeof bytes);
    lake_ok(levels_take_present(&levels, 1, &taken, &err));
    assert_false(taken);
    lake_ok(levels_next(&levels, valid, 9, &n_present, &err));
    assert_memory_equal(valid, expected, 9);
    assert_int_equal(n_present, 3);
    lake_fails(levels_next(&levels, valid, 8, &n_present, &err), LAKE_CORRUPT, "end before their rows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks_the_example_of_the_specification),
        cmocka_unit_test(mixes_runs_and_packed_groups),
        cmocka_unit_test(skipping_equals_reading),
        cmocka_unit_test(width_zero_needs_no_bytes),
        cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(a_packed_run_is_no_longer_than_its_bytes),
        cmocka_unit_test(unpacks_every_width_from_every_start),
        cmocka_unit_test(spreads_flags),
        cmocka_unit_test(levels_of_a_page_without_nulls_are_taken_at_once),
        cmocka_unit_test(levels_tell_present_from_null),
        cmocka_unit_test(levels_of_the_deprecated_packing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
