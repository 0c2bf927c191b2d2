#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "captured.h"
#include "table.h"
#include "utf8.h"

static struct captured captured;
static struct lake_error err;

static const struct table_column columns[] = {{"name", false}, {"n", true}, {"note", false}};

static void begin(struct table *table, bool has_colour, size_t width)
{
    captured_begin(&captured);
    struct table_layout layout = {
        .out = &captured.out,
        .columns = columns,
        .n_columns = 3,
        .has_colour = has_colour,
        .width = width,
    };
    assert_int_equal(table_init(table, layout, &err), LAKE_OK);
}

static void add(struct table *table, const char *name, const char *n, const char *note)
{
    assert_int_equal(table_add_cell(table, name, &err), LAKE_OK);
    assert_int_equal(table_add_cell(table, n, &err), LAKE_OK);
    assert_int_equal(table_add_cell(table, note, &err), LAKE_OK);
}

static void finish(struct table *table, const char *expected)
{
    table_finish(table);
    assert_string_equal(captured_text(&captured), expected);
    table_release(table);
    captured_end(&captured);
}

static void alignment(void **state)
{
    (void)state;
    struct table table;
    begin(&table, false, 0);
    add(&table, "a", "1", "x");
    add(&table, "bbbbb", "1,000", "");
    finish(&table, "name       n  note\n"
                   "a          1  x\n"
                   "bbbbb  1,000  \n");
}

static void width_is_what_is_seen(void **state)
{
    (void)state;
    struct table table;
    begin(&table, false, 0);
    add(&table, "\xE6\xAF\x94\xE7\x89\xB9\xE5\xB8\x81", "1", "-"); /* three wide characters */
    add(&table, "e\xCC\x81t\xC3\xA9", "2", "-");                   /* five bytes more than columns */
    add(&table, "\x1B[31m", "3", "-");
    finish(&table, "name    n  note\n"
                   "\xE6\xAF\x94\xE7\x89\xB9\xE5\xB8\x81  1  -\n"
                   "e\xCC\x81t\xC3\xA9     2  -\n"
                   "?[31m   3  -\n");
}

static void colour_is_only_in_the_header(void **state)
{
    (void)state;
    struct table table;
    begin(&table, true, 0);
    add(&table, "a", "1", "x");
    finish(&table, "\033[1mname  n  note\033[0m\na     1  x\n");
}

static void columns_that_do_not_fit_are_left_out(void **state)
{
    (void)state;
    struct table table;
    begin(&table, false, 8);
    add(&table, "a", "1", "x");
    assert_int_equal(table.n_shown, 3);
    finish(&table, "name  n\na     1\n");

    begin(&table, false, 1);
    add(&table, "a", "1", "x");
    finish(&table, "name\na\n");
}

static void no_rows(void **state)
{
    (void)state;
    struct table table;
    begin(&table, false, 0);
    finish(&table, "name  n  note\n");
}

static void many_rows_have_one_header(void **state)
{
    (void)state;
    struct table table;
    begin(&table, false, 0);
    for (int i = 0; i < 2500; i++) {
        char n[16];
        snprintf(n, sizeof n, "%d", i);
        add(&table, "a", n, "x");
    }
    table_finish(&table);
    const char *text = captured_text(&captured);
    size_t n_lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        n_lines++;
    assert_int_equal(n_lines, 2501);
    assert_ptr_equal(strstr(text + 1, "name"), NULL);
    assert_non_null(strstr(text, "\na     1000  x\n"));
    assert_true(table.text_capacity < 100000);
    table_release(&table);
    captured_end(&captured);
}

static void utf8_is_decoded_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",     "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                      "\xE6\xAF", "\xFF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t at = 0;
        assert_int_equal(utf8_next(bad[i], strlen(bad[i]), &at), UTF8_REPLACEMENT);
        assert_int_equal(at, 1);
    }
    size_t at = 0;
    assert_int_equal(utf8_next("\xF0\x9F\x98\x80", 4, &at), 0x1F600);
    assert_int_equal(at, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alignment),
        cmocka_unit_test(width_is_what_is_seen),
        cmocka_unit_test(colour_is_only_in_the_header),
        cmocka_unit_test(columns_that_do_not_fit_are_left_out),
        cmocka_unit_test(no_rows),
        cmocka_unit_test(many_rows_have_one_header),
        cmocka_unit_test(utf8_is_decoded_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
