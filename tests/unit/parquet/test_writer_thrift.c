/* Bytes of the compact protocol, worked out by hand from its specification. */
#include "parquet/thrift_writer.h"
#include "unit/base/check.h"

#define assert_bytes(buffer, ...)                                                                                      \
    do {                                                                                                               \
        static const uint8_t wanted[] = {__VA_ARGS__};                                                                 \
        assert_int_equal((buffer).length, sizeof wanted);                                                              \
        assert_memory_equal((buffer).data, wanted, sizeof wanted);                                                     \
        buffer_clear(&(buffer));                                                                                       \
    } while (0)

static void test_fields(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1024);
    struct thrift_writer writer;
    thrift_writer_begin(&writer, &out, &err);
    thrift_write_i32(&writer, 1, -1);
    thrift_write_i64(&writer, 2, 150);
    thrift_write_bool(&writer, 4, true);
    thrift_write_bool(&writer, 5, false);
    thrift_write_string(&writer, 20, "ab");
    lake_ok(thrift_writer_end(&writer));
    assert_bytes(out, 0x15, 1, 0x16, 0xAC, 0x02, 0x21, 0x12, 0xF8, 2, 'a', 'b', 0);
    buffer_release(&out);
}

static void test_extreme_numbers(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1024);
    struct thrift_writer writer;
    thrift_writer_begin(&writer, &out, &err);
    thrift_write_i32(&writer, 1, INT32_MIN);
    thrift_write_i64(&writer, 2, INT64_MIN);
    lake_ok(thrift_writer_end(&writer));
    assert_bytes(out, 0x15, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x16, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                 0x01, 0);
    buffer_release(&out);
}

/* Ids start again in a struct within, and go on behind it. */
static void test_structs_within(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1024);
    struct thrift_writer writer;
    thrift_writer_begin(&writer, &out, &err);
    thrift_open_struct(&writer, 3);
    thrift_write_i32(&writer, 2, 1);
    thrift_write_empty(&writer, 3);
    thrift_close_struct(&writer);
    thrift_write_i32(&writer, 5, 1);
    lake_ok(thrift_writer_end(&writer));
    assert_bytes(out, 0x3C, 0x25, 2, 0x1C, 0, 0, 0x25, 2, 0);
    buffer_release(&out);
}

static void test_lists(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1024);
    struct thrift_writer writer;
    thrift_writer_begin(&writer, &out, &err);
    thrift_open_list(&writer, 1, THRIFT_TRUE, 2);
    thrift_add_bool(&writer, true);
    thrift_add_bool(&writer, false);
    thrift_open_list(&writer, 2, THRIFT_BINARY, 1);
    thrift_add_binary(&writer, NULL, 0);
    thrift_open_list(&writer, 3, THRIFT_STRUCT, 1);
    thrift_add_struct(&writer);
    thrift_write_i32(&writer, 1, 2);
    thrift_close_struct(&writer);
    lake_ok(thrift_writer_end(&writer));
    assert_bytes(out, 0x19, 0x21, 1, 2, 0x19, 0x18, 0, 0x19, 0x1C, 0x15, 4, 0, 0);
    buffer_release(&out);
}

static void test_lists_of_more_than_14(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(1024);
    for (size_t n = 14; n <= 130; n++) {
        struct thrift_writer writer;
        struct thrift_field field = {0};
        buffer_clear(&out);
        thrift_writer_begin(&writer, &out, &err);
        thrift_open_list(&writer, 1, THRIFT_I64, n);
        for (size_t i = 0; i < n; i++)
            thrift_add_int(&writer, 64 - (int64_t)i);
        lake_ok(thrift_writer_end(&writer));
        assert_int_equal(out.data[1], n < 15 ? 0xE6 : 0xF6);
        struct thrift_reader in = thrift_reader_init(out.data, out.length);
        assert_true(thrift_next_field(&in, &field));
        assert_int_equal(thrift_list(&in, field, THRIFT_I64).n, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(thrift_element_int(&in), 64 - (int64_t)i);
        assert_false(thrift_next_field(&in, &field));
        lake_ok(thrift_status(&in, "list", &err));
    }
    buffer_release(&out);
}

static void test_the_first_failure_is_kept(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer out = BUFFER_INIT(64);
    struct thrift_writer writer;
    static const uint8_t bytes[100] = {0};
    thrift_writer_begin(&writer, &out, &err);
    thrift_write_i32(&writer, 1, 1);
    size_t before = out.length;
    thrift_write_binary(&writer, 2, bytes, sizeof bytes); /* over the limit */
    thrift_write_i32(&writer, 3, 1);                      /* would fit */
    thrift_open_list(&writer, 4, THRIFT_I32, 1);
    thrift_add_int(&writer, 1);
    assert_int_equal(thrift_writer_end(&writer), LAKE_NO_MEMORY);
    assert_non_null(strstr(err.message, "limit"));
    assert_true(out.length <= before + 1); /* the head of the field that failed, at most */
    buffer_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_extreme_numbers),
        cmocka_unit_test(test_structs_within),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_lists_of_more_than_14),
        cmocka_unit_test(test_the_first_failure_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
