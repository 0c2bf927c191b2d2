/* The bytes of a TOML file. What keys and values may look like stands in tests/spec/config. */
#include "base/toml.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* All items as text: "[table]" and "table.key=value" lines. The bytes stand in a block of exactly their size. */
static lake_status read_all(const char *bytes, size_t n, char *out, size_t n_out, struct lake_error *err)
{
    struct toml_reader reader;
    struct toml_item item;
    lake_status status = LAKE_OK;
    char *exact = malloc(n > 0 ? n : 1);
    size_t at = 0;
    assert_non_null(exact);
    memcpy(exact, bytes, n);
    out[0] = '\0';
    TRY_OUT(toml_init(&reader, "x.toml", exact, n, err));
    do {
        TRY_OUT(toml_next(&reader, &item, err));
        if (item.kind == TOML_TABLE)
            at += (size_t)snprintf(out + at, n_out - at, "%d[%s]\n", item.line, item.table);
        else if (item.kind == TOML_TEXT)
            at += (size_t)snprintf(out + at, n_out - at, "%d%s.%s='%s'\n", item.line, item.table, item.key, item.text);
        else if (item.kind == TOML_INTEGER)
            at += (size_t)snprintf(out + at, n_out - at, "%d%s.%s=%lld\n", item.line, item.table, item.key,
                                   (long long)item.integer);
        else if (item.kind == TOML_BOOLEAN)
            at += (size_t)snprintf(out + at, n_out - at, "%d%s.%s=%s\n", item.line, item.table, item.key,
                                   item.boolean ? "yes" : "no");
    } while (item.kind != TOML_END);
out:
    toml_release(&reader);
    free(exact);
    return status;
}

#define READS(bytes, wanted)                                                                                           \
    do {                                                                                                               \
        lake_ok(read_all(bytes, sizeof bytes - 1, text, sizeof text, &err));                                           \
        assert_string_equal(text, wanted);                                                                             \
    } while (0)

#define REFUSES(bytes, message)                                                                                        \
    lake_fails(read_all(bytes, sizeof bytes - 1, text, sizeof text, &err), LAKE_INVALID_DATA, message)

static void test_items(void **state)
{
    struct lake_error err;
    char text[1024];
    (void)state;
    READS("", "");
    READS("a=1", "1.a=1\n");
    READS("a = true # b\n\n\n[t]\nb=false\n'c d' = \"\"\n[u-1]\n", "1.a=yes\n4[t]\n5t.b=no\n6t.c d=''\n7[u-1]\n");
    READS("a=9223372036854775807\nb=-9223372036854775808\nc=-0\nd=1_2_3",
          "1.a=9223372036854775807\n2.b=-9223372036854775808\n3.c=0\n4.d=123\n");
    READS("a=\"\\b\\t\\n\\f\\r\\\"\\\\\"\nb='\\n'", "1.a='\b\t\n\f\r\"\\'\n2.b='\\n'\n");
}

static void test_ends_of_lines_and_marks(void **state)
{
    struct lake_error err;
    char text[1024];
    (void)state;
    READS("\xef\xbb\xbf"
          "a=1\r\n# c\r\n[t]\r\nb=2\r\n",
          "1.a=1\n3[t]\n4t.b=2\n");
    READS("\xef\xbb\xbf", "");
    READS("#", "");
    READS("a=1#", "1.a=1\n");
    REFUSES("\xef\xbb\xbf\xef\xbb\xbf"
            "a=1",
            "x.toml:1: a name is missing");
    REFUSES("a=1\rb=2", "x.toml:1: a control character (0x0d)");
    REFUSES("a=1\r", "x.toml:1: a control character (0x0d)");
}

static void test_bytes_that_have_no_place(void **state)
{
    struct lake_error err;
    char text[1024];
    (void)state;
    REFUSES("a='\0'", "x.toml:1: a control character (0x00)");
    REFUSES("a=1\n# \x1b[2J", "x.toml:2: a control character (0x1b)");
    REFUSES("a=1\n\n# \x7f", "x.toml:3: a control character (0x7f)");
    REFUSES("a='\xff'", "x.toml:1: is not UTF-8 (byte 0xff)");
    REFUSES("# cut \xe2\x82", "x.toml:1: is not UTF-8 (byte 0xe2)");
    READS("a='\xe2\x82\xac\t'", "1.a='\xe2\x82\xac\t'\n");
}

/* Cut anywhere, a text is read or refused, within its bounds (the block ends where it does). */
static void test_every_beginning(void **state)
{
    static const char whole[] = "a = \"x\\u00e9\\\\\" # c\n[ 'b c' ]\r\n\"d\" = -1_0\ne=true\n";
    struct lake_error err;
    char text[1024];
    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        lake_status status = read_all(whole, n, text, sizeof text, &err);
        assert_true(status == LAKE_OK || status == LAKE_INVALID_DATA);
    }
    READS(whole, "1.a='x\xc3\xa9\\'\n2[b c]\n3b c.d=-10\n4b c.e=yes\n");
}

static void test_a_long_line_is_shown_in_part(void **state)
{
    static char bytes[5000];
    struct lake_error err;
    char text[1024];
    (void)state;
    memset(bytes, 'a', sizeof bytes);
    lake_fails(read_all(bytes, sizeof bytes, text, sizeof text, &err), LAKE_INVALID_DATA, "x.toml:1: after the key");
    assert_true(strlen(err.message) < 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_ends_of_lines_and_marks),
        cmocka_unit_test(test_bytes_that_have_no_place),
        cmocka_unit_test(test_every_beginning),
        cmocka_unit_test(test_a_long_line_is_shown_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
