#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"
#include "json.h"

static struct captured captured;
static char directory[] = "/tmp/dl-test-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory); /* fails where a test left a file behind */
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_holds(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    found[n] = '\0';
    assert_string_equal(found, text);
}

static void a_file_appears_at_the_end(void **state)
{
    (void)state;
    static struct output out;
    struct lake_error err = {0};
    const char *path = path_of("a.csv");
    write_file(path, "old");
    assert_int_equal(output_begin_file(&out, path, &err), LAKE_OK);
    output_text(&out, "new");
    assert_holds(path, "old");
    assert_int_equal(output_finish(&out, &err), LAKE_OK);
    output_abandon(&out);
    assert_holds(path, "new");
    unlink(path);
}

static void an_abandoned_file_leaves_the_old_one(void **state)
{
    (void)state;
    static struct output out;
    struct lake_error err = {0};
    const char *path = path_of("a.csv");
    write_file(path, "old");
    assert_int_equal(output_begin_file(&out, path, &err), LAKE_OK);
    output_text(&out, "new");
    output_abandon(&out);
    assert_holds(path, "old");
    unlink(path);
}

static void places_that_cannot_be_written(void **state)
{
    (void)state;
    static struct output out;
    struct lake_error err = {0};
    assert_int_equal(output_begin_file(&out, directory, &err), LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "is a directory"));
    output_abandon(&out);
    assert_int_equal(output_begin_file(&out, "/nonexistent/a.csv", &err), LAKE_NOT_FOUND);
    assert_string_equal(err.message, "cannot write /nonexistent/a.csv: No such file or directory");
    output_abandon(&out);
}

static void a_full_disk_is_reported_once_at_the_end(void **state)
{
    (void)state;
    static struct output out;
    struct lake_error err = {0};
    static char large[2 * OUTPUT_BYTES];
    assert_int_equal(output_begin_file(&out, "/dev/full", &err), LAKE_OK);
    assert_int_equal(output_write(&out, large, sizeof large), -1);
    assert_int_equal(output_finish(&out, &err), LAKE_NO_SPACE);
    assert_string_equal(err.message, "cannot write /dev/full: No space left on device");
    output_abandon(&out);
}

static void a_closed_pipe_is_no_error(void **state)
{
    (void)state;
    static struct output out;
    struct lake_error err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    output_begin_standard(&out);
    out.file = ends[1];
    output_text(&out, "x");
    assert_int_equal(output_finish(&out, &err), LAKE_OK);
    assert_true(out.broken_pipe);
    close(ends[1]);
}

static void pieces_of_any_size_keep_their_order(void **state)
{
    (void)state;
    captured_begin(&captured);
    static char expected[sizeof captured.text];
    size_t used = 0;
    for (size_t n = 1; used + n < sizeof expected; n = n * 3 + 1) {
        memset(expected + used, (int)('a' + n % 26), n);
        output_write(&captured.out, expected + used, n);
        used += n;
    }
    assert_string_equal(captured_text(&captured), expected);
    captured_end(&captured);
}

static void what_would_drive_a_terminal_is_shown_as_a_question_mark(void **state)
{
    (void)state;
    captured_begin(&captured);
    output_shown(&captured.out, "a\x1b[31mb\n\x7f\xC2\x9B"
                                "2J \xC2\xA0\xC3\xA9\xC2");
    assert_string_equal(captured_text(&captured), "a?[31mb???2J \xC2\xA0\xC3\xA9\xC2");
    captured_end(&captured);
}

static void json_objects(void **state)
{
    (void)state;
    captured_begin(&captured);
    struct json json = {.out = &captured.out};
    json_open(&json, NULL, '{');
    json_text(&json, "text", "a\"b\\c\n\t\x01 \xC3\xA9 \xFF");
    json_int64(&json, "n", INT64_MIN);
    json_open(&json, "list", '[');
    json_bool(&json, NULL, true);
    json_null(&json, NULL);
    json_close(&json, ']');
    json_open(&json, "empty", '{');
    json_close(&json, '}');
    json_seconds(&json, "s", 1.5);
    json_close(&json, '}');
    assert_string_equal(captured_text(&captured),
                        "{\"text\":\"a\\\"b\\\\c\\n\\u0009\\u0001 \xC3\xA9 \xEF\xBF\xBD\",\"n\":-9223372036854775808,"
                        "\"list\":[true,null],\"empty\":{},\"s\":1.500}\n");
    captured_end(&captured);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_appears_at_the_end),
        cmocka_unit_test(an_abandoned_file_leaves_the_old_one),
        cmocka_unit_test(places_that_cannot_be_written),
        cmocka_unit_test(a_full_disk_is_reported_once_at_the_end),
        cmocka_unit_test(a_closed_pipe_is_no_error),
        cmocka_unit_test(pieces_of_any_size_keep_their_order),
        cmocka_unit_test(what_would_drive_a_terminal_is_shown_as_a_question_mark),
        cmocka_unit_test(json_objects),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
