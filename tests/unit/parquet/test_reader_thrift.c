/* The compact protocol, byte by byte as its specification gives it. */
#include "unit/base/check.h"

#include "base/limits.h"
#include "parquet/thrift_reader.h"

static struct thrift_reader reader_of(const uint8_t *bytes, size_t n)
{
    return thrift_reader_init(bytes, n);
}

static void reads_fields_with_delta_and_long_ids(void **state)
{
    (void)state;
    struct lake_error err = {0};
    /* 1: i32 -1; 16: i64 300 (a jump of 15); 200: i32 7 (long form, zigzag 400); 201: true. */
    static const uint8_t bytes[] = {0x15, 0x01, 0xf6, 0xd8, 0x04, 0x05, 0x90, 0x03, 0x0e, 0x11, 0x00};
    struct thrift_reader in = reader_of(bytes, sizeof bytes);
    struct thrift_field field = {0};
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(field.id, 1);
    assert_int_equal(thrift_i32(&in, field), -1);
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(field.id, 16);
    assert_int_equal(thrift_i64(&in, field), 300);
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(field.id, 200);
    assert_int_equal(thrift_i32(&in, field), 7);
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(field.id, 201);
    assert_true(thrift_bool(&in, field));
    assert_false(thrift_next_field(&in, &field));
    lake_ok(thrift_status(&in, "test", &err));
    assert_ptr_equal(in.at, in.end);
}

static void reads_extreme_integers(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t lowest[] = {0x16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00};
    struct thrift_reader in = reader_of(lowest, sizeof lowest);
    struct thrift_field field = {0};
    assert_true(thrift_next_field(&in, &field));
    assert_true(thrift_i64(&in, field) == INT64_MIN);
    /* The same number does not fit an i32. */
    uint8_t narrow[sizeof lowest];
    memcpy(narrow, lowest, sizeof lowest);
    narrow[0] = 0x15;
    in = reader_of(narrow, sizeof narrow);
    field = (struct thrift_field){0};
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(thrift_i32(&in, field), 0);
    lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "test: an integer that does not fit 32 bits");
}

static void refuses_an_endless_varint(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x16, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    struct thrift_reader in = reader_of(bytes, sizeof bytes);
    struct thrift_field field = {0};
    assert_true(thrift_next_field(&in, &field));
    assert_true(thrift_i64(&in, field) == 0);
    lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "more than ten bytes");
}

static void tells_where_bytes_end_too_early(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x15, 0x02, 0x18, 0x05, 'a', 'b'};
    for (size_t n = 0; n < sizeof bytes; n++) {
        struct thrift_reader in = reader_of(bytes, n);
        struct thrift_field field = {0};
        while (thrift_next_field(&in, &field))
            thrift_skip(&in, field.type);
        assert_true(in.truncated);
        lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "end too early");
    }
}

static void failure_is_sticky_and_ends_everything(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x18, 0x7f, 'a', 0x15, 0x02, 0x00};
    struct thrift_reader in = reader_of(bytes, sizeof bytes);
    struct thrift_field field = {0};
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(thrift_binary(&in, field).n, 0);
    assert_false(thrift_next_field(&in, &field));
    thrift_set_failure(&in, "a later one");
    lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "end too early at byte 2");
}

static void a_type_that_is_not_expected_is_a_failure(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x18, 0x01, 'a', 0x00};
    struct thrift_reader in = reader_of(bytes, sizeof bytes);
    struct thrift_field field = {0};
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(thrift_i32(&in, field), 0);
    lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "unexpected type");
}

static void list_counts_never_exceed_the_bytes(void **state)
{
    (void)state;
    struct lake_error err = {0};
    /* A list of 2^32 - 1 binaries in four bytes. */
    static const uint8_t bytes[] = {0x19, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x00};
    struct thrift_reader in = reader_of(bytes, sizeof bytes);
    struct thrift_field field = {0};
    assert_true(thrift_next_field(&in, &field));
    assert_int_equal(thrift_list(&in, field, THRIFT_BINARY).n, 0);
    lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "end too early");
}

/* Every type, nested: what newer writers add is passed over. */
static void skips_all_types(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {
        0x11,                                              /* 1: true */
        0x12,                                              /* 2: false */
        0x13, 0x80,                                        /* 3: byte */
        0x14, 0x05,                                        /* 4: i16 */
        0x17, 1,    2,    3,    4,    5,    6,    7,    8, /* 5: double */
        0x18, 0x02, 'h',  'i',                             /* 6: binary */
        0x19, 0x31, 0x01, 0x02, 0x01,                      /* 7: list of three booleans */
        0x1a, 0x25, 0x02, 0x04,                            /* 8: set of two i32 */
        0x1b, 0x02, 0x58, 0x02, 0x01, 'a',  0x04, 0x00,    /* 9: map of two i32 to binary */
        0x1b, 0x00,                                        /* 10: an empty map */
        0x1c, 0x15, 0x02, 0x1c, 0x11, 0x00, 0x00,          /* 11: a struct with a struct */
        0x19, 0x1c, 0x18, 0x00, 0x00,                      /* 12: list of one struct */
        0x15, 0x54, 0x00                                   /* 13: i32 42 */
    };
    struct thrift_reader in = reader_of(bytes, sizeof bytes);
    struct thrift_field field = {0};
    int32_t last = 0;
    while (thrift_next_field(&in, &field)) {
        if (field.id == 13)
            last = thrift_i32(&in, field);
        else
            thrift_skip(&in, field.type);
    }
    lake_ok(thrift_status(&in, "test", &err));
    assert_int_equal(field.id, 13);
    assert_int_equal(last, 42);
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    struct lake_error err = {0};
    uint8_t structs[200];
    uint8_t lists[200];
    memset(structs, 0x1c, sizeof structs); /* field 1, a struct */
    memset(lists, 0x19, sizeof lists);     /* field 1, a list; then lists of one list */
    const uint8_t *all[] = {structs, lists};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct thrift_reader in = reader_of(all[i], sizeof structs);
        struct thrift_field field = {0};
        assert_true(thrift_next_field(&in, &field));
        thrift_skip(&in, field.type);
        lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "nested too deep");
        assert_true(in.failed_at <= LIMIT_PARQUET_THRIFT_DEPTH + 2);
    }
}

static void a_map_of_unknown_types_is_a_failure(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const uint8_t bytes[] = {0x1b, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00, 0x00, 0x00};
    struct thrift_reader in = reader_of(bytes, sizeof bytes);
    struct thrift_field field = {0};
    assert_true(thrift_next_field(&in, &field));
    thrift_skip(&in, field.type);
    lake_fails(thrift_status(&in, "test", &err), LAKE_CORRUPT, "no known type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields_with_delta_and_long_ids),
        cmocka_unit_test(reads_extreme_integers),
        cmocka_unit_test(refuses_an_endless_varint),
        cmocka_unit_test(tells_where_bytes_end_too_early),
        cmocka_unit_test(failure_is_sticky_and_ends_everything),
        cmocka_unit_test(a_type_that_is_not_expected_is_a_failure),
        cmocka_unit_test(list_counts_never_exceed_the_bytes),
        cmocka_unit_test(skips_all_types),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(a_map_of_unknown_types_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
