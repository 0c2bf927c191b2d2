#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/block_cache.h"
#include "base/limits.h"
#include "base/memory.h"

enum { LARGE = 4 << 20 };

static void *take(struct block_cache *cache, size_t bytes)
{
    void *block = NULL;
    assert_int_equal(block_cache_take(cache, bytes, &block, NULL), LAKE_OK);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % 64, 0);
    memset(block, 0x5a, bytes); /* the whole block is ours: a sanitizer would tell */
    return block;
}

static void test_a_large_block_is_used_again(void **state)
{
    struct block_cache *cache = NULL;
    (void)state;
    assert_int_equal(block_cache_new(16 * MIB, &cache, NULL), LAKE_OK);
    void *first = take(cache, LARGE);
    void *second = take(cache, LARGE);
    assert_ptr_not_equal(first, second);
    block_cache_give(cache, first, LARGE);
    assert_ptr_equal(take(cache, LARGE - 100), first); /* of the same number of huge pages */
    block_cache_give(cache, first, LARGE - 100);
    block_cache_give(cache, second, LARGE);
    block_cache_release(cache);
}

static void test_blocks_of_other_sizes_are_not(void **state)
{
    struct block_cache *cache = NULL;
    (void)state;
    assert_int_equal(block_cache_new(64 * MIB, &cache, NULL), LAKE_OK);
    void *small = take(cache, LARGE);
    block_cache_give(cache, small, LARGE);
    void *large = take(cache, (size_t)LARGE * 2); /* would be written past its end */
    block_cache_give(cache, large, (size_t)LARGE * 2);
    block_cache_release(cache);
}

static void test_no_more_is_kept_than_the_limit(void **state)
{
    struct block_cache *cache = NULL;
    void *blocks[100];
    (void)state;
    assert_int_equal(block_cache_new((size_t)LARGE * 3, &cache, NULL), LAKE_OK);
    for (size_t i = 0; i < 100; i++)
        blocks[i] = take(cache, LARGE);
    assert_int_equal(block_cache_kept_bytes(cache), 0);
    for (size_t i = 0; i < 100; i++) {
        block_cache_give(cache, blocks[i], LARGE);
        assert_true(block_cache_kept_bytes(cache) <= (size_t)LARGE * 3);
    }
    assert_int_equal(block_cache_kept_bytes(cache), (size_t)LARGE * 3);
    block_cache_release(cache);
}

static void test_small_blocks_and_no_cache_are_the_heap(void **state)
{
    struct block_cache *cache = NULL;
    (void)state;
    assert_int_equal(block_cache_new(16 * MIB, &cache, NULL), LAKE_OK);
    block_cache_give(cache, take(cache, 100), 100);
    assert_int_equal(block_cache_kept_bytes(cache), 0);
    block_cache_release(cache);
    block_cache_give(NULL, take(NULL, LARGE), LARGE);
    block_cache_release(NULL);
}

static void test_blocks_may_come_back_after_the_owner_has_gone(void **state)
{
    struct block_cache *cache = NULL;
    (void)state;
    assert_int_equal(block_cache_new(16 * MIB, &cache, NULL), LAKE_OK);
    void *first = take(cache, LARGE), *second = take(cache, LARGE);
    block_cache_release(cache);
    block_cache_give(cache, first, LARGE);
    block_cache_give(cache, second, LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_large_block_is_used_again),
        cmocka_unit_test(test_blocks_of_other_sizes_are_not),
        cmocka_unit_test(test_no_more_is_kept_than_the_limit),
        cmocka_unit_test(test_small_blocks_and_no_cache_are_the_heap),
        cmocka_unit_test(test_blocks_may_come_back_after_the_owner_has_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
