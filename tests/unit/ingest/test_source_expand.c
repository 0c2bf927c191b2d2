/* Patterns of paths, in a tree of their own; and the order of names. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "ingest/source.h"
#include "ingest/source_order.h"
#include "io/file.h"
#include "io/tree.h"
#include "unit/base/check.h"

enum { PATH_BYTES = 256, TEXT_BYTES = 2048 };

static char root[PATH_BYTES];

static void at_root(const char *name, char path[PATH_BYTES])
{
    assert_in_range(snprintf(path, PATH_BYTES, "%s/%s", root, name), 1, PATH_BYTES - 1);
}

static int set_up(void **state)
{
    static const char *const files[] = {"a-1.csv",     "a-2.csv",    "a-10.csv",     ".hidden.csv",
                                        "b.txt",       "[x].csv",    "d/a.csv",      "d/e/a-3.csv",
                                        "d/e/f/a.csv", "d/.h/a.csv", "d-2/b.csv.gz", "d/e/dir.csv/a.csv"};
    static const char *const directories[] = {"d/e/f", "d/.h", "d/e/dir.csv", "d-2", "empty"};
    struct lake_error err;
    char path[PATH_BYTES];
    const char *base = getenv("TMPDIR");
    (void)state;
    (void)snprintf(root, sizeof root, "%s/source_expand_%ld", base != NULL ? base : "/tmp", (long)getpid());
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        at_root(directories[i], path);
        lake_ok(file_make_directories(io_system(), path, NULL, &err));
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct file_writer writer = {0};
        at_root(files[i], path);
        lake_ok(file_writer_open(&writer, io_system(), path, &err));
        lake_ok(file_writer_close(&writer, false, &err));
    }
    at_root("d/loop", path);
    assert_int_equal(symlink(root, path), 0);
    at_root("link.csv", path);
    assert_int_equal(symlink("a-1.csv", path), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct lake_error err;
    (void)state;
    lake_ok(tree_remove(io_system(), root, &err));
    return 0;
}

/* The paths behind the root, each followed by a blank. */
static lake_status expand(const char *const *patterns, size_t n, char text[TEXT_BYTES], struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_SOURCE_LISTING_BYTES);
    char paths[4][PATH_BYTES];
    const char *given[4] = {NULL};
    const char *const *out = NULL;
    size_t n_out = 0, length = 0;
    assert_in_range(n, 1, 4);
    for (size_t i = 0; i < n; i++) {
        at_root(patterns[i], paths[i]);
        given[i] = strcmp(patterns[i], "-") == 0 ? "-" : paths[i];
    }
    lake_status status = source_expand(io_system(), given, n, &arena, &out, &n_out, err);
    text[0] = '\0';
    for (size_t i = 0; i < n_out; i++) {
        const char *name = strcmp(out[i], "-") == 0 ? out[i] : out[i] + strlen(root) + 1;
        length += (size_t)snprintf(text + length, TEXT_BYTES - length, "%s ", name);
    }
    arena_release(&arena);
    return status;
}

static void check(const char *pattern, const char *expected)
{
    struct lake_error err;
    char text[TEXT_BYTES];
    lake_ok(expand(&pattern, 1, text, &err));
    assert_string_equal(text, expected);
}

static void check_refused(const char *pattern, lake_status status, const char *message)
{
    struct lake_error err;
    char text[TEXT_BYTES];
    lake_fails(expand(&pattern, 1, text, &err), status, message);
    assert_non_null(strstr(err.message, pattern));
}

static void test_patterns_match_names_of_files(void **state)
{
    (void)state;
    check("*.csv", "[x].csv a-1.csv a-2.csv a-10.csv link.csv ");
    check("a-?.csv", "a-1.csv a-2.csv ");
    check("a-[2-9].csv", "a-2.csv ");
    check("a-[!2]*.csv", "a-1.csv a-10.csv ");
    check("a-[^1]*", "a-2.csv ");
    check("[[]x[]].csv", "[x].csv ");
    check("*x*v", "[x].csv ");
    check(".*.csv", ".hidden.csv ");
    check("*-*", "a-1.csv a-2.csv a-10.csv ");
    check("a*1*0*", "a-10.csv ");
}

static void test_patterns_go_through_directories(void **state)
{
    (void)state;
    check("d*/*", "d-2/b.csv.gz d/a.csv ");
    check("d/e/*/a.csv", "d/e/dir.csv/a.csv d/e/f/a.csv ");
    check("d/**/a*.csv", "d/a.csv d/e/a-3.csv d/e/dir.csv/a.csv d/e/f/a.csv ");
    check("d/**/**/a*.csv", "d/a.csv d/e/a-3.csv d/e/dir.csv/a.csv d/e/f/a.csv ");
    check("**/f/*", "d/e/f/a.csv ");
    check("d/e/**", "d/e/a-3.csv d/e/dir.csv/a.csv d/e/f/a.csv ");
    check("d/loop/a-[12].csv", "d/loop/a-1.csv d/loop/a-2.csv "); /* named, a link is followed */
    check("d//e/*-3.csv", "d/e/a-3.csv ");
}

static void test_paths_stay_as_they_are(void **state)
{
    struct lake_error err;
    char text[TEXT_BYTES];
    const char *paths[] = {"b.txt", "-", "a-*.csv", "a-1.csv"};
    (void)state;
    check("[x].csv", "[x].csv ");
    lake_ok(expand(paths, 4, text, &err));
    assert_string_equal(text, "b.txt - a-1.csv a-2.csv a-10.csv ");
    paths[0] = "a-10.csv";
    lake_ok(expand(paths, 4, text, &err));
    assert_string_equal(text, "a-10.csv - a-1.csv a-2.csv ");
}

static void test_what_matches_nothing_is_named(void **state)
{
    (void)state;
    check_refused("*.nothing", LAKE_NOT_FOUND, "no file matches the pattern");
    check_refused("empty/*", LAKE_NOT_FOUND, "no file matches");
    check_refused("b.txt/*", LAKE_NOT_FOUND, "no file matches");
    check_refused("none/*.csv", LAKE_NOT_FOUND, "no file matches");
    check_refused("a-[1", LAKE_NOT_FOUND, "no file matches");
    check_refused("none.csv", LAKE_NOT_FOUND, "cannot open");
    check_refused("d", LAKE_INVALID_ARGUMENT, "is a directory");
}

static void test_names_are_in_the_order_of_their_numbers(void **state)
{
    static const char *const order[] = {"",     "01",   "1",     "1a",   "2",   "02x",  "10", "a",
                                        "a-00", "a-01", "a-1.9", "a-1b", "a-2", "a-10", "b"};
    enum { N = sizeof order / sizeof order[0] };
    (void)state;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) {
            int compared = source_order_compare(order[i], order[j]);
            assert_int_equal((compared > 0) - (compared < 0), (i > j) - (i < j));
        }
    assert_true(source_order_compare("x-99999999999999999999999", "x-100000000000000000000000") < 0);
    assert_true(source_order_compare("\xc3\xa4", "z") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns_match_names_of_files),
        cmocka_unit_test(test_patterns_go_through_directories),
        cmocka_unit_test(test_paths_stay_as_they_are),
        cmocka_unit_test(test_what_matches_nothing_is_named),
        cmocka_unit_test(test_names_are_in_the_order_of_their_numbers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
