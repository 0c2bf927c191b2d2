#include "base/buffer.h"

#include "unit/base/check.h"

static void test_append_keeps_everything(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer buffer = BUFFER_INIT(1 << 20);
    for (int i = 0; i < 100000; i++)
        lake_ok(buffer_append_byte(&buffer, (uint8_t)i, &err));
    assert_int_equal(buffer.length, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(buffer.data[i], (uint8_t)i);
    assert_true(buffer.length <= buffer.capacity && buffer.capacity <= buffer.limit);
    buffer_release(&buffer);
    buffer_release(&buffer);
    assert_int_equal(buffer.length, 0);
    assert_int_equal(buffer.limit, 1 << 20);
}

static void test_limit_is_reached_but_not_passed(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer buffer = BUFFER_INIT(10);
    lake_ok(buffer_append(&buffer, "0123456789", 10, &err));
    lake_fails(buffer_append_byte(&buffer, 'x', &err), LAKE_NO_MEMORY, "limit of 10");
    assert_int_equal(buffer.length, 10);
    assert_memory_equal(buffer.data, "0123456789", 10);
    assert_true(buffer.capacity <= 10);
    buffer_clear(&buffer);
    lake_fails(buffer_append(&buffer, "0123456789a", 11, &err), LAKE_NO_MEMORY, "limit");
    assert_int_equal(buffer.length, 0);
    buffer_release(&buffer);
}

static void test_sizes_that_would_wrap_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer buffer = BUFFER_INIT(SIZE_MAX);
    lake_ok(buffer_append(&buffer, "abc", 3, &err));
    lake_fails(buffer_reserve(&buffer, SIZE_MAX, &err), LAKE_NO_MEMORY, "");
    lake_fails(buffer_reserve(&buffer, SIZE_MAX - 2, &err), LAKE_NO_MEMORY, "");
    assert_memory_equal(buffer.data, "abc", 3);
    buffer_release(&buffer);
}

static void test_reserve_makes_room_only(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer buffer;
    buffer_init(&buffer, 1000);
    lake_ok(buffer_reserve(&buffer, 1000, &err));
    assert_int_equal(buffer.length, 0);
    assert_int_equal(buffer.capacity, 1000);
    const uint8_t *data = buffer.data;
    memset(buffer.data, 7, 1000);
    buffer.length = 1000;
    buffer_clear(&buffer);
    lake_ok(buffer_append(&buffer, "", 0, &err));
    assert_ptr_equal(buffer.data, data);
    buffer_release(&buffer);
}

static void test_text(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct buffer buffer = BUFFER_INIT(1 << 16);
    const char *text = NULL;
    lake_ok(buffer_string(&buffer, &text, &err));
    assert_string_equal(text, "");
    lake_ok(buffer_append_text(&buffer, "row ", &err));
    lake_ok(buffer_printf(&buffer, &err, "%d of %s", 12, "many"));
    lake_ok(buffer_string(&buffer, &text, &err));
    assert_string_equal(text, "row 12 of many");
    assert_int_equal(buffer.length, 14);
    for (int i = 0; i < 500; i++)
        lake_ok(buffer_printf(&buffer, &err, "%05d", i));
    lake_ok(buffer_string(&buffer, &text, &err));
    assert_string_equal(text + strlen(text) - 10, "0049800499");
    buffer_release(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_keeps_everything),
        cmocka_unit_test(test_limit_is_reached_but_not_passed),
        cmocka_unit_test(test_sizes_that_would_wrap_are_refused),
        cmocka_unit_test(test_reserve_makes_room_only),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
