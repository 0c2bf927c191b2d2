#include "ingest/csv_number.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/base/check.h"

enum { ROUNDS = 200000 };

/* The number is put at the end of a buffer of other bytes: what stands behind it must not matter. */
struct padded {
    char text[64 + CSV_PADDING_BYTES];
};

static struct padded padded(const char *number, char end, char rest)
{
    struct padded p;
    memset(p.text, rest, sizeof p.text);
    size_t n = strlen(number);
    memcpy(p.text, number, n);
    p.text[n] = end;
    return p;
}

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void check_exact(const char *number)
{
    double got = -1;
    struct padded p = padded(number, ',', '7');
    const char *next = csv_read_double(p.text, &got);
    if (next == NULL)
        return;
    double want = strtod(number, NULL);
    if (memcmp(&got, &want, sizeof got) != 0 || next != p.text + strlen(number))
        fail_msg("%s became %.17g", number, got);
}

static void test_every_number_is_the_nearest_double(void **state)
{
    (void)state;
    char number[64];
    for (int i = 0; i < ROUNDS; i++) {
        int n_fraction = (int)(next_random() % 14);
        uint64_t whole = next_random() >> (20 + next_random() % 44);
        uint64_t fraction = next_random() % (uint64_t)pow(10, n_fraction);
        if (n_fraction == 0)
            (void)snprintf(number, sizeof number, "%" PRIu64, whole);
        else
            (void)snprintf(number, sizeof number, "%" PRIu64 ".%0*" PRIu64, whole, n_fraction, fraction);
        check_exact(number);
    }
}

static void test_common_numbers_need_no_other_way(void **state)
{
    (void)state;
    const char *const numbers[] = {"0",
                                   "0.0",
                                   "5.685",
                                   "00.50",
                                   "42000.12",
                                   "0.00002853",
                                   "26547.30000000",
                                   "8388698.6",
                                   "123456789012345",
                                   "99999999.9999999",
                                   "12345678",
                                   "1234567.8",
                                   "9007199254740.991"};
    const char ends[] = {',', '\n', '\r', ';', '\t', '\0', '"', ' ', 'e', '.', '-', (char)0xff, '/', ':'};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        for (size_t k = 0; k < sizeof ends; k++) {
            struct padded p = padded(numbers[i], ends[k], (char)(k % 2 == 0 ? 0xff : '9'));
            double got = -1;
            if (ends[k] == '.' && strchr(numbers[i], '.') == NULL)
                continue;
            assert_ptr_equal(csv_read_double(p.text, &got), p.text + strlen(numbers[i]));
            assert_true(got == strtod(numbers[i], NULL));
        }
}

static void test_other_forms_are_left_to_others(void **state)
{
    (void)state;
    const char *const others[] = {"",
                                  "-1",
                                  "+1",
                                  ".5",
                                  "5.",
                                  "x",
                                  " 1",
                                  "1234567890123456",
                                  "0.1234567890123456",
                                  "12345678901.12345678",
                                  "9007199254740993.0",
                                  "nan"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct padded p = padded(others[i], ',', '1');
        double got;
        assert_null(csv_read_double(p.text, &got));
    }
}

static void test_digits_of_every_length(void **state)
{
    (void)state;
    char number[20] = "";
    for (size_t n = 0; n <= CSV_MAX_DIGITS; n++) {
        struct padded p = padded(number, ',', '5');
        uint64_t value = 99;
        assert_int_equal(csv_digits(p.text, &value), n);
        assert_true(value == strtoull(n == 0 ? "0" : number, NULL, 10));
        number[n] = (char)('1' + n % 9);
    }
    struct padded p = padded("1234567890123456", ',', '5');
    uint64_t value;
    assert_int_equal(csv_digits(p.text, &value), CSV_TOO_MANY_DIGITS);
}

static void test_only_the_ten_digits_are_digits(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        struct padded p = padded("12", (char)byte, '3');
        bool is_digit = byte >= '0' && byte <= '9';
        uint64_t value;
        size_t n = csv_digits(p.text, &value);
        assert_int_equal(n, is_digit ? CSV_TOO_MANY_DIGITS : 2);
    }
}

static void test_integers(void **state)
{
    (void)state;
    int64_t got = -1;
    struct padded p = padded("1680307200000", ',', '7');
    assert_ptr_equal(csv_read_int64(p.text, &got), p.text + 13);
    assert_true(got == INT64_C(1680307200000));
    p = padded("-1", ',', '7');
    assert_null(csv_read_int64(p.text, &got));
    p = padded("1680307200000000", ',', '7');
    assert_null(csv_read_int64(p.text, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_is_the_nearest_double),
        cmocka_unit_test(test_common_numbers_need_no_other_way),
        cmocka_unit_test(test_other_forms_are_left_to_others),
        cmocka_unit_test(test_digits_of_every_length),
        cmocka_unit_test(test_only_the_ten_digits_are_digits),
        cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
