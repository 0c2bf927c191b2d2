#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "lake/near.h"

static void test_names_equal_but_for_case(void **state)
{
    (void)state;
    assert_true(near_same_but_for_case("Alpha", "aLPHA"));
    assert_true(near_same_but_for_case("", ""));
    assert_false(near_same_but_for_case("alpha", "alpha1"));
    assert_false(near_same_but_for_case("alpha1", "alpha"));
    assert_false(near_same_but_for_case("alpha", "beta"));
    assert_false(near_same_but_for_case("[", "{")); /* as far apart as a letter from its capital */
    assert_false(near_same_but_for_case("\xc3\x84", "\xc3\xa4"));
}

static void test_distance(void **state)
{
    char longest[LIMIT_NAME_BYTES + 2];
    (void)state;
    assert_int_equal(near_distance("close", "close"), 0);
    assert_int_equal(near_distance("clsoe", "close"), 2);
    assert_int_equal(near_distance("", "abc"), 3);
    assert_int_equal(near_distance("price", "prices"), 1);
    memset(longest, 'a', sizeof longest);
    longest[LIMIT_NAME_BYTES + 1] = '\0';
    assert_int_equal(near_distance(longest, "a"), SIZE_MAX);
    longest[LIMIT_NAME_BYTES] = '\0';
    assert_int_equal(near_distance(longest, "a"), LIMIT_NAME_BYTES - 1);
    assert_true(near_enough("abc", 1));
    assert_false(near_enough("abc", 2));
    assert_true(near_enough("abcd", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_equal_but_for_case),
        cmocka_unit_test(test_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
