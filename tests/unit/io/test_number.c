#include "io/number.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/base/check.h"

/* xorshift64: the same numbers in every run. */
static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The C library reads decimals exactly too, in another way. */
static void check_parse(const char *text)
{
    double ours = 0, theirs = strtod(text, NULL);
    bool ok = number_parse_double(text, strlen(text), &ours);
    if (isinf(theirs) && ok)
        fail_msg("'%.60s…' does not overflow", text);
    if (!isinf(theirs) && (!ok || bits_of(ours) != bits_of(theirs)))
        fail_msg("'%.60s…' is read as %.17g, not %.17g", text, ours, theirs);
}

static void test_parse_what_is_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0.0},
        {"-0", -0.0},
        {"1", 1.0},
        {"+2e-3", 0.002},
        {"-1.5", -1.5},
        {".5", 0.5},
        {"5.", 5.0},
        {"16537.50", 16537.5},
        {"000123.4500", 123.45},
        {"1E5", 1e5},
        {"1e+5", 1e5},
        {"0.00000000", 0.0},
        {"0e999999999", 0.0},
        {"1e-400", 0.0},
        {"-1e-99999999999999999999", -0.0},
        {"5e-324", 5e-324},
        {"2.4703282292062327e-324", 0.0},
        {"2.4703282292062328e-324", 5e-324},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.0000000000000000001", 9007199254740994.0},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"1.7976931348623158e308", 1.7976931348623157e308},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"100000000000000000000000", 1e23},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"0.000000000000000000000000000000000000000000001", 1e-45},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 7;
        if (!number_parse_double(cases[i].text, strlen(cases[i].text), &value))
            fail_msg("'%s' is refused", cases[i].text);
        if (bits_of(value) != bits_of(cases[i].value))
            fail_msg("'%s' is read as %.17g", cases[i].text, value);
    }
}

static void test_parse_refuses_the_rest(void **state)
{
    (void)state;
    static const char *const cases[] = {"",        " ",
                                        "-",       "+",
                                        ".",       "-.",
                                        "e5",      "1e",
                                        "1e+",     "1e-",
                                        "1.2.3",   "1,000",
                                        "1 ",      " 1",
                                        "0x10",    "inf",
                                        "nan",     "NaN",
                                        "1e5.5",   "--1",
                                        "+-1",     "1_000",
                                        "1d5",     "abc",
                                        "1.5f",    "1e309",
                                        "-1e309",  "1e99999999999999999999",
                                        "1.8e308", "1.7976931348623159e308",
                                        "NULL",    "1e5 ",
                                        "1\n"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 0;
        if (number_parse_double(cases[i], strlen(cases[i]), &value))
            fail_msg("'%s' is taken for %.17g", cases[i], value);
    }
}

static void test_parse_stays_within_its_length(void **state)
{
    (void)state;
    double value = 0;
    assert_true(number_parse_double("12.5e3", 4, &value) && bits_of(value) == bits_of(12.5));
    assert_true(number_parse_double("12.5e3", 3, &value) && bits_of(value) == bits_of(12.0));
    assert_true(number_parse_double("12.5e3", 2, &value) && bits_of(value) == bits_of(12.0));
    assert_false(number_parse_double("12.5e3", 5, &value));
}

static void test_parse_agrees_with_the_c_library(void **state)
{
    (void)state;
    char text[128];
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        double value = 0;
        uint64_t bits = next_random(&seed);
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            snprintf(text, sizeof text, "%.*e", 14 + i % 8, value);
            check_parse(text);
        }
        snprintf(text, sizeof text, "%" PRIu64 ".%0*" PRIu64, next_random(&seed) % 100000, 1 + i % 9,
                 next_random(&seed) % 1000);
        check_parse(text);
        snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64 "e%d", next_random(&seed) >> i % 64, next_random(&seed),
                 i % 720 - 370);
        check_parse(text);
    }
}

/* Between two neighbours, decided by the last of a thousand digits. */
static void test_parse_a_thousand_digits(void **state)
{
    (void)state;
    enum { DIGITS = 1200 };
    char text[DIGITS + 64];
    uint64_t seed = 1;
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = next_random(&seed) % (UINT64_C(0x7fe) << 52);
        double value = 0;
        memcpy(&value, &bits, sizeof value);
        double above = nextafter(value, HUGE_VAL);
        long double halfway = ((long double)value + (long double)above) / 2; /* exact in the 64 bits of x86 */
        int length = snprintf(text, sizeof text, "%.*Le", DIGITS, halfway);
        assert_true(length > DIGITS);
        check_parse(text);
        char *exponent = strchr(text, 'e');
        exponent[-1] = '1'; /* just above the tie */
        check_parse(text);
        memmove(exponent - 1, exponent, strlen(exponent) + 1);
        check_parse(text);
    }
    memset(text, '9', 1100);
    text[0] = '.';
    text[1100] = '\0';
    check_parse(text);
    memset(text, '0', 1100);
    text[1099] = '7';
    check_parse(text);
}

static void check_format(double value, const char *wanted)
{
    char text[NUMBER_TEXT_BYTES];
    size_t length = number_format_double(value, text);
    assert_string_equal(text, wanted);
    assert_int_equal(length, strlen(wanted));
}

/* Where notation is alike, what Python's repr prints. */
static void test_format_what_is_known(void **state)
{
    (void)state;
    check_format(0.0, "0");
    check_format(-0.0, "-0");
    check_format(5.685, "5.685");
    check_format(16537.5, "16537.5");
    check_format(-0.1, "-0.1");
    check_format(0.1 + 0.2, "0.30000000000000004");
    check_format(1.15, "1.15");
    check_format(100.0, "100");
    check_format(1e15, "1000000000000000");
    check_format(1e16, "10000000000000000");
    check_format(99999999999999984.0, "99999999999999980");
    check_format(1e17, "1e+17");
    check_format(1e22, "1e+22");
    check_format(123456789012345680.0, "1.2345678901234568e+17");
    check_format(0.00001, "0.00001");
    check_format(0.00001234, "0.00001234");
    check_format(0.000009, "9e-06");
    check_format(1.5e-7, "1.5e-07");
    check_format(5e-324, "5e-324");
    check_format(2.2250738585072014e-308, "2.2250738585072014e-308");
    check_format(1.7976931348623157e308, "1.7976931348623157e+308");
    check_format(5.684341886080802e-14, "5.684341886080802e-14"); /* 2^-44: the nearest 16 digits do not read back */
    check_format(0x1.bcaaa95455e5ap+49, "977832296098763.2");     /* a tie between two of 16 digits: the even one */
    check_format(0x1.dc5aa6f7987ap+43, "16367402597571.812");
    check_format(1734829.283903001, "1734829.283903001");
    check_format(9007199254740993.0, "9007199254740992");
    check_format((double)NAN, "nan");
    check_format(-(double)NAN, "nan");
    check_format((double)INFINITY, "inf");
    check_format(-(double)INFINITY, "-inf");
}

static int significant_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text == '0')
            zeros += n > 0;
        else if (*text >= '1' && *text <= '9') {
            n += zeros + 1;
            zeros = 0;
        }
    }
    return n;
}

/* Reads back to the same bits, and no shorter text of printf does. */
static void check_shortest(double value)
{
    char text[NUMBER_TEXT_BYTES], other[64];
    double back = 0;
    size_t length = number_format_double(value, text);
    if (length != strlen(text) || !number_parse_double(text, length, &back) || bits_of(back) != bits_of(value))
        fail_msg("%.17g is written as '%s'", value, text);
    int n = significant_digits(text);
    if (n > 1) {
        snprintf(other, sizeof other, "%.*e", n - 2, value);
        if (bits_of(strtod(other, NULL)) == bits_of(value))
            fail_msg("'%s' could be '%s'", text, other);
    }
}

static void test_format_is_shortest(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int i = 0; i < 100000; i++) {
        double value = 0;
        uint64_t bits = next_random(&seed);
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value) && i % 4 == 0)
            check_shortest(value);
        check_shortest((double)(next_random(&seed) % 100000000) / 1000.0);
        check_shortest((double)(next_random(&seed) % 10000000000000) / 1e8);
        if (i % 4 == 0)
            check_shortest((double)(next_random(&seed) % 100000000) / 7.0);
    }
    for (int exponent = -1074; exponent < 1024; exponent++) {
        check_shortest(ldexp(1, exponent));
        check_shortest(nextafter(ldexp(1, exponent), HUGE_VAL));
        if (exponent > -1074)
            check_shortest(nextafter(ldexp(1, exponent), 0));
    }
}

/* Under a locale whose decimal point is a comma (where one is installed) nothing changes. */
static void test_locale_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "de_DE"};
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && setlocale(LC_NUMERIC, names[i]) == NULL)
        i++;
    if (i == sizeof names / sizeof names[0]) {
        print_message("skipped: no locale with a decimal comma is installed\n");
        skip();
    }
    double value = 0;
    check_format(0.1 + 0.2, "0.30000000000000004");
    assert_true(number_parse_double("0.300000000000000041234567890123456789", 38, &value));
    assert_true(bits_of(value) == bits_of(0.1 + 0.2));
    assert_false(number_parse_double("0,5", 3, &value));
    setlocale(LC_NUMERIC, "C");
}

static void test_int64(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+17", 17},
                {"0000000000000000000000001", 1},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+",
                                      "1.0",
                                      " 1",
                                      "1 ",
                                      "1e3",
                                      "0x1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999",
                                      "18446744073709551617",
                                      "--1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 7;
        assert_true(number_parse_int64(good[i].text, strlen(good[i].text), &value));
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 0;
        if (number_parse_int64(bad[i], strlen(bad[i]), &value))
            fail_msg("'%s' is taken for %" PRId64, bad[i], value);
    }
}

static void test_int64_is_written_like_printf(void **state)
{
    (void)state;
    static const int64_t edges[] = {0, 1, -1, 9, 10, 99, 100, 101, -100, INT64_MAX, INT64_MIN};
    uint64_t seed = 5;
    for (size_t i = 0; i < 20000; i++) {
        char text[NUMBER_TEXT_BYTES], wanted[32];
        int64_t value = (int64_t)next_random(&seed) >> i % 64;
        value = i < sizeof edges / sizeof edges[0] ? edges[i] : value;
        snprintf(wanted, sizeof wanted, "%" PRId64, value);
        assert_int_equal(number_format_int64(value, text), strlen(wanted));
        assert_string_equal(text, wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_what_is_a_number),
        cmocka_unit_test(test_parse_refuses_the_rest),
        cmocka_unit_test(test_parse_stays_within_its_length),
        cmocka_unit_test(test_parse_agrees_with_the_c_library),
        cmocka_unit_test(test_parse_a_thousand_digits),
        cmocka_unit_test(test_format_what_is_known),
        cmocka_unit_test(test_format_is_shortest),
        cmocka_unit_test(test_locale_does_not_matter),
        cmocka_unit_test(test_int64),
        cmocka_unit_test(test_int64_is_written_like_printf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
