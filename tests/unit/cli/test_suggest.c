#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "suggest.h"

static void distances(void **state)
{
    (void)state;
    assert_int_equal(edit_distance("", ""), 0);
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("symbol", "symbol"), 0);
    assert_int_equal(edit_distance("symbl", "symbol"), 1);
    assert_int_equal(edit_distance("symboll", "symbol"), 1);
    assert_int_equal(edit_distance("simbol", "symbol"), 1);
    assert_int_equal(edit_distance("smybol", "symbol"), 1);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
    assert_int_equal(edit_distance("sitting", "kitten"), 3);
}

static void long_words_are_far(void **state)
{
    (void)state;
    const char *word = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    assert_int_equal(edit_distance(word, "a"), 65);
}

static const char *nearest(const char *typed)
{
    static const char *const names[] = {"init", "ingest", "list", "read", "verify", "version"};
    struct suggestion suggestion = {.typed = typed};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        suggestion_offer(&suggestion, names[i]);
    return suggestion.nearest;
}

static void suggestions(void **state)
{
    (void)state;
    assert_string_equal(nearest("reed"), "read");
    assert_string_equal(nearest("lsit"), "list");
    assert_string_equal(nearest("verfy"), "verify");
    assert_string_equal(nearest("vers"), "version");
    assert_string_equal(nearest("ingst"), "ingest");
    assert_null(nearest("x"));
    assert_null(nearest("download"));
    assert_null(nearest(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(long_words_are_far),
        cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
