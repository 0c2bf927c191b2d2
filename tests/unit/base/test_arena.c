#include "base/arena.h"

#include "unit/base/check.h"

static void test_blocks_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct arena arena = ARENA_INIT(1 << 20);
    uint8_t *blocks[500] = {NULL};
    for (size_t i = 0; i < 500; i++) {
        lake_ok(arena_new(&arena, i, 3, &blocks[i], &err));
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        for (size_t k = 0; k < i * 3; k++)
            assert_int_equal(blocks[i][k], 0);
        memset(blocks[i], (int)(i % 251) + 1, i * 3);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < i * 3; k++)
            assert_int_equal(blocks[i][k], i % 251 + 1);
    assert_int_equal(arena.used_bytes, 499 * 500 / 2 * 3);
    arena_release(&arena);
    arena_release(&arena);
}

static void test_limit_counts_what_was_handed_out(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct arena arena;
    uint8_t *block = NULL;
    arena_init(&arena, 1000);
    lake_ok(arena_new(&arena, 600, 1, &block, &err));
    lake_fails(arena_new(&arena, 401, 1, &block, &err), LAKE_NO_MEMORY, "1000");
    assert_null(block);
    lake_ok(arena_new(&arena, 400, 1, &block, &err));
    lake_fails(arena_new(&arena, 1, 1, &block, &err), LAKE_NO_MEMORY, "1000");
    arena_release(&arena);
    lake_ok(arena_new(&arena, 1000, 1, &block, &err));
    arena_release(&arena);
}

static void test_products_that_wrap_are_refused(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct arena arena = ARENA_INIT(SIZE_MAX);
    void *block = NULL;
    lake_fails(arena_new(&arena, SIZE_MAX / 2, 3, &block, &err), LAKE_NO_MEMORY, "");
    lake_fails(arena_new(&arena, SIZE_MAX, 1, &block, &err), LAKE_NO_MEMORY, "");
    assert_int_equal(arena.used_bytes, 0);
    arena_release(&arena);
}

static void test_text_is_copied_and_terminated(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct arena arena = ARENA_INIT(100);
    const char *text = NULL;
    lake_ok(arena_copy_text(&arena, "close and more", 5, &text, &err));
    assert_string_equal(text, "close");
    lake_ok(arena_copy_text(&arena, NULL, 0, &text, &err));
    assert_string_equal(text, "");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_limit_counts_what_was_handed_out),
        cmocka_unit_test(test_products_that_wrap_are_refused),
        cmocka_unit_test(test_text_is_copied_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
