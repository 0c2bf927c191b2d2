#include "base/memory.h"

#include "unit/base/check.h"

static void test_new_is_zeroed(void **state)
{
    (void)state;
    struct lake_error err = {0};
    uint8_t *block = NULL;
    lake_ok(memory_new(100, 10, &block, &err));
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(block[i], 0);
    memory_free(block);
    lake_ok(memory_new(0, 8, &block, &err));
    assert_non_null(block);
    memory_free(block);
    memory_free(NULL);
}

static void test_products_that_wrap_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    void *block = &err;
    lake_fails(memory_new(SIZE_MAX / 2, 3, &block, &err), LAKE_NO_MEMORY, "memory");
    assert_null(block);
    lake_ok(memory_new(1, 8, &block, &err));
    void *before = block;
    lake_fails(memory_resize(&block, SIZE_MAX / 4, 8, &err), LAKE_NO_MEMORY, "memory");
    assert_ptr_equal(block, before);
    memory_free(block);
}

static void test_resize_keeps_the_bytes(void **state)
{
    (void)state;
    struct lake_error err = {0};
    char *block = NULL;
    lake_ok(memory_new(8, 1, &block, &err));
    memcpy(block, "1234567", 8);
    lake_ok(memory_resize(&block, 100000, 1, &err));
    assert_string_equal(block, "1234567");
    memory_free(block);
}

static void test_aligned_blocks_are(void **state)
{
    (void)state;
    struct lake_error err = {0};
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, (size_t)1 << 20, (size_t)5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *block = NULL;
        lake_ok(memory_new_aligned(sizes[i], &block, &err));
        assert_int_equal((uintptr_t)block % 64, 0);
        if (sizes[i] > 0)
            block[sizes[i] - 1] = 1;
        memory_free(block);
    }
}

static void test_checked_sizes(void **state)
{
    (void)state;
    size_t out = 0;
    assert_true(size_multiply(3, 4, &out) && out == 12);
    assert_true(size_multiply(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    assert_true(size_multiply(0, SIZE_MAX, &out) && out == 0);
    assert_true(size_multiply(SIZE_MAX, 0, &out) && out == 0);
    assert_false(size_multiply(SIZE_MAX / 2 + 1, 2, &out));
    assert_true(size_add(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
    assert_false(size_add(SIZE_MAX, 1, &out));
}

static void test_copy_string(void **state)
{
    (void)state;
    struct lake_error err = {0};
    char *copy = NULL;
    lake_ok(memory_copy_string("BTCUSDT", &copy, &err));
    assert_string_equal(copy, "BTCUSDT");
    memory_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_is_zeroed),          cmocka_unit_test(test_products_that_wrap_are_refused),
        cmocka_unit_test(test_resize_keeps_the_bytes), cmocka_unit_test(test_aligned_blocks_are),
        cmocka_unit_test(test_checked_sizes),          cmocka_unit_test(test_copy_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
