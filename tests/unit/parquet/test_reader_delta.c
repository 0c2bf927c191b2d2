/* DELTA_BINARY_PACKED: the examples of Encodings.md, and headers that lie. */
#include "parquet/delta.h"

#include "unit/base/check.h"

static void reads_example_1(void **state)
{
    (void)state;
    struct lake_error err = {0};
    /* Blocks of 8, one miniblock, five values from 1 on; least difference 1, no bits. */
    static const uint8_t bytes[] = {8, 1, 5, 2, 2, 0};
    struct delta delta;
    uint64_t values[5];
    lake_ok(delta_init(&delta, 64, bytes, sizeof bytes, &err));
    lake_ok(delta_next(&delta, values, 5, &err));
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(values[i], i + 1);
    lake_fails(delta_next(&delta, values, 1, &err), LAKE_CORRUPT, "ends before its values");
}

/* 7, 5, 3, 1, 2, 3, 4, 5: least difference -2, the rest 0 0 0 3 3 3 3 in two bits each. */
static const uint8_t example_2[] = {8, 1, 8, 14, 3, 2, 0xc0, 0x3f};
static const uint64_t values_2[] = {7, 5, 3, 1, 2, 3, 4, 5};

static void reads_example_2_in_pieces(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (size_t piece = 1; piece <= 8; piece++) {
        struct delta delta;
        uint64_t values[8];
        lake_ok(delta_init(&delta, 64, example_2, sizeof example_2, &err));
        for (size_t at = 0; at < 8; at += piece)
            lake_ok(delta_next(&delta, values + at, piece < 8 - at ? piece : 8 - at, &err));
        assert_memory_equal(values, values_2, sizeof values);
    }
}

static void skipping_equals_reading(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (uint64_t skip = 0; skip < 8; skip++) {
        struct delta delta;
        uint64_t value = 0;
        lake_ok(delta_init(&delta, 64, example_2, sizeof example_2, &err));
        lake_ok(delta_skip(&delta, skip, &err));
        lake_ok(delta_next(&delta, &value, 1, &err));
        assert_int_equal(value, values_2[skip]);
    }
}

static void wraps_around_as_the_encoding_wants(void **state)
{
    (void)state;
    struct lake_error err = {0};
    /* INT64_MAX, then plus one: INT64_MIN. */
    static const uint8_t bytes[] = {8, 1, 2, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 2, 0};
    struct delta delta;
    uint64_t values[2];
    lake_ok(delta_init(&delta, 64, bytes, sizeof bytes, &err));
    lake_ok(delta_next(&delta, values, 2, &err));
    assert_true((int64_t)values[0] == INT64_MAX);
    assert_true((int64_t)values[1] == INT64_MIN);
}

/* Two miniblocks of eight, of which the second is not needed: its width may be anything, and it has no bytes. */
static void widths_of_unneeded_miniblocks_do_not_matter(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {16, 2, 3, 0, 2, 1, 0xff, 0x02, 'e', 'n', 'd'};
    struct delta delta;
    uint64_t values[3];
    const uint8_t *end = NULL;
    lake_ok(delta_init(&delta, 64, bytes, sizeof bytes, &err));
    lake_ok(delta_find_end(&delta, &end, &err));
    assert_ptr_equal(end, bytes + 8);
    lake_ok(delta_next(&delta, values, 3, &err));
    assert_int_equal(values[1], 1);
    assert_int_equal(values[2], 3);
}

static void no_bytes_are_no_values(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct delta delta;
    uint64_t value;
    const uint8_t *end = NULL;
    lake_ok(delta_init(&delta, 64, example_2, 0, &err));
    lake_ok(delta_next(&delta, &value, 0, &err));
    lake_ok(delta_find_end(&delta, &end, &err));
    assert_ptr_equal(end, example_2);
    lake_fails(delta_next(&delta, &value, 1, &err), LAKE_CORRUPT, "ends before its values");
}

static void refuses_impossible_blocks(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t headers[][14] = {
        {0, 1, 5, 2},                               /* blocks of nothing */
        {8, 0, 5, 2},                               /* no miniblocks */
        {8, 3, 5, 2},                               /* three miniblocks of 8 */
        {8, 2, 5, 2},                               /* miniblocks of four values */
        {0x80, 0x80, 0x80, 0x80, 0x08, 1, 5, 2},    /* 2^31 values a block */
        {0x80, 0x80, 0x40, 0x80, 0x80, 0x40, 5, 2}, /* 2^20 miniblocks of one value */
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 8, 8, 8, 8},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct delta delta;
        lake_fails(delta_init(&delta, 64, headers[i], sizeof headers[i], &err), LAKE_CORRUPT, "impossible size");
    }
    static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
    struct delta delta;
    lake_fails(delta_init(&delta, 64, endless, sizeof endless, &err), LAKE_CORRUPT, "more than ten bytes");
}

static void refuses_widths_over_the_type(void **state)
{
    (void)state;
    struct lake_error err = {0};
    uint8_t bytes[80] = {8, 1, 2, 0, 0, 33};
    struct delta delta;
    uint64_t values[2];
    lake_ok(delta_init(&delta, 32, bytes, sizeof bytes, &err));
    lake_fails(delta_next(&delta, values, 2, &err), LAKE_CORRUPT, "33 bits for a value of 32");
    lake_ok(delta_init(&delta, 64, bytes, sizeof bytes, &err));
    lake_ok(delta_next(&delta, values, 2, &err));
    bytes[5] = 65;
    lake_ok(delta_init(&delta, 64, bytes, sizeof bytes, &err));
    lake_fails(delta_next(&delta, values, 2, &err), LAKE_CORRUPT, "65 bits for a value of 64");
}

static void every_cut_is_an_error(void **state)
{
    (void)state;
    struct lake_error err = {0};
    for (size_t n = 1; n < sizeof example_2; n++) {
        struct delta delta;
        uint64_t values[8];
        lake_status status = delta_init(&delta, 64, example_2, n, &err);
        if (status == LAKE_OK)
            status = delta_next(&delta, values, 8, &err);
        assert_int_equal(status, LAKE_CORRUPT);
    }
}

/* A header that claims 2^60 values in a few bytes costs nothing. */
static void claims_cost_nothing(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x80, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 2, 0, 2, 0};
    struct delta delta;
    const uint8_t *end = NULL;
    uint64_t value = 0;
    lake_ok(delta_init(&delta, 64, bytes, sizeof bytes, &err));
    lake_fails(delta_find_end(&delta, &end, &err), LAKE_CORRUPT, "ends before its values");
    lake_ok(delta_skip(&delta, 256, &err));
    lake_ok(delta_next(&delta, &value, 1, &err));
    assert_int_equal(value, 256);
    lake_fails(delta_next(&delta, &value, 1, &err), LAKE_CORRUPT, "ends before its values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_example_1),
        cmocka_unit_test(reads_example_2_in_pieces),
        cmocka_unit_test(skipping_equals_reading),
        cmocka_unit_test(wraps_around_as_the_encoding_wants),
        cmocka_unit_test(widths_of_unneeded_miniblocks_do_not_matter),
        cmocka_unit_test(no_bytes_are_no_values),
        cmocka_unit_test(refuses_impossible_blocks),
        cmocka_unit_test(refuses_widths_over_the_type),
        cmocka_unit_test(every_cut_is_an_error),
        cmocka_unit_test(claims_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
