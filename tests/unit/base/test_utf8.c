#include "base/utf8.h"

#include <stdbool.h>

#include "check.h"

static size_t length_of(const char *text)
{
    return utf8_length(text, text + strlen(text));
}

static void test_characters_of_each_length(void **state)
{
    (void)state;
    assert_int_equal(length_of("a"), 1);
    assert_int_equal(length_of("\x7f"), 1);
    assert_int_equal(length_of("\xc2\x80"), 2);
    assert_int_equal(length_of("\xdf\xbf"), 2);
    assert_int_equal(length_of("\xe0\xa0\x80"), 3);
    assert_int_equal(length_of("\xed\x9f\xbf"), 3);
    assert_int_equal(length_of("\xee\x80\x80"), 3);
    assert_int_equal(length_of("\xef\xbf\xbf"), 3);
    assert_int_equal(length_of("\xf0\x90\x80\x80"), 4);
    assert_int_equal(length_of("\xf4\x8f\xbf\xbf"), 4);
}

static void test_what_is_no_character(void **state)
{
    static const char *const wrong[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2?",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xe1\x80",
        "\xe1\x80?",
        "\xf0\x8f\xbf\xbf",
        "\xf5\x80\x80\x80",
        "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xf0\x9f\x98",
        "\xff",
        "\xfe",
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (length_of(wrong[i]) != 0)
            fail_msg("case %zu was taken for a character", i);
}

static void test_every_character_there_and_back(void **state)
{
    char bytes[UTF8_BYTES];
    (void)state;
    for (uint32_t character = 0; character < 0x110000; character++) {
        size_t n = utf8_encode(character, bytes);
        bool is_surrogate = character >= 0xd800 && character < 0xe000;
        assert_int_equal(n != 0, !is_surrogate);
        assert_true(n == 0 || utf8_length(bytes, bytes + n) == n);
        assert_true(n < 2 || utf8_length(bytes, bytes + n - 1) == 0);
    }
    assert_int_equal(utf8_encode(0x110000, bytes), 0);
    assert_int_equal(utf8_encode(UINT32_MAX, bytes), 0);
}

static void test_known_bytes(void **state)
{
    char bytes[UTF8_BYTES];
    (void)state;
    assert_int_equal(utf8_encode(0x20ac, bytes), 3);
    assert_memory_equal(bytes, "\xe2\x82\xac", 3);
    assert_int_equal(utf8_encode(0x1f600, bytes), 4);
    assert_memory_equal(bytes, "\xf0\x9f\x98\x80", 4);
    assert_int_equal(utf8_encode('A', bytes), 1);
    assert_int_equal(bytes[0], 'A');
}

static void test_utf8_takes_shortest_forms_only(void **state)
{
    (void)state;
    assert_int_equal(length_of("a"), 1);
    assert_int_equal(length_of("\xc3\xa9"), 2);
    assert_int_equal(length_of("\xe2\x82\xac"), 3);
    assert_int_equal(length_of("\xf0\x9f\x98\x80"), 4);
    assert_int_equal(length_of("\xf4\x8f\xbf\xbf"), 4);
    const char *const wrong[] = {"\x80",     "\xc0\xaf",         "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                 "\xf8\x88", "\xf0\x80\x80\x80", "\xc3",         "\xe2\x82",     "\xc3\x28"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(length_of(wrong[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_characters_of_each_length),      cmocka_unit_test(test_what_is_no_character),
        cmocka_unit_test(test_every_character_there_and_back), cmocka_unit_test(test_known_bytes),
        cmocka_unit_test(test_utf8_takes_shortest_forms_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
