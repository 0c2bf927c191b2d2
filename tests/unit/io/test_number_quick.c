#include "io/number_quick.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/base/check.h"

enum { ROUNDS = 300000 };

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static bool check(uint64_t digits, int exponent)
{
    char text[64];
    double got = -1;
    if (!number_quick(digits, exponent, &got))
        return false;
    (void)snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
    double want = strtod(text, NULL);
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg("%s became %.17g", text, got);
    return true;
}

static void test_every_exponent(void **state)
{
    (void)state;
    int n_told = 0;
    for (int i = 0; i < ROUNDS; i++)
        n_told += check(next_random() >> (next_random() % 64) | 1, i % 81 - 40);
    assert_true(n_told > ROUNDS - ROUNDS / 1000);
}

/* Integers around the middle of two doubles, whole and with a power of five that divides them. */
static void test_halfway_between_two_doubles(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t middle = ((next_random() >> 11 | UINT64_C(1) << 52) << 1 | 1) << (next_random() % 10);
        for (uint64_t digits = middle - 1; digits <= middle + 1; digits++)
            (void)check(digits, 0);
        uint64_t small = next_random() >> (12 + next_random() % 50);
        (void)check(small | 1, 1 + (int)(next_random() % 23));
        (void)check(small * 5 | 1, -1 - (int)(next_random() % 4));
    }
}

static void test_what_it_leaves_to_others(void **state)
{
    (void)state;
    assert_false(check(0, 0));
    assert_false(check(1, 41));
    assert_false(check(1, -41));
    assert_true(check(1, 40) && check(1, -40) && check(UINT64_MAX, 40) && check(UINT64_MAX, -40));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_exponent),
        cmocka_unit_test(test_halfway_between_two_doubles),
        cmocka_unit_test(test_what_it_leaves_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
