#include "ingest/csv_scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "unit/base/check.h"

enum { MAX_RUNS = 8, FUZZ_ROUNDS = 20000, FUZZ_BYTES = 24 };

/* Bytes of the first record, 0 where it is not whole. */
static size_t record_bytes(const char *text)
{
    const char *end = csv_record_end(text, text + strlen(text), ',');
    return end == NULL ? 0 : (size_t)(end - text);
}

static void test_records_end_outside_of_quotes(void **state)
{
    (void)state;
    assert_int_equal(record_bytes("a,b\nc"), 4);
    assert_int_equal(record_bytes("\nc"), 1);
    assert_int_equal(record_bytes("a,b\r\nc"), 5);
    assert_int_equal(record_bytes("a,b"), 0);
    assert_int_equal(record_bytes(""), 0);
    assert_int_equal(record_bytes("\"a\nb\",c\nd"), 8);
    assert_int_equal(record_bytes("x,\"a\n\"\"\nb\"\nd"), 11);
    assert_int_equal(record_bytes("\"a\nb,c\nd"), 0);
    assert_int_equal(record_bytes("x,\"a\nb\" \r\nd"), 10);
    assert_int_equal(record_bytes("x,\"a\nb\" ,c\nd"), 11);
    assert_int_equal(record_bytes("\"a\"\"\nb"), 0);
    assert_int_equal(record_bytes("5\" pipe,b\nc"), 10);
    assert_int_equal(record_bytes("a,5\"\n6\"\n"), 5);
}

static void test_a_stray_mark_spoils_one_line(void **state)
{
    (void)state;
    assert_int_equal(record_bytes("1,\"a\nb\"c,d\ne\n"), 5);
    assert_int_equal(record_bytes("\"a\"b\nc\n"), 5);
    assert_int_equal(record_bytes("1,\"a\n\"b\",2\n"), 5);
    const char *open = "1,\"a\nb\nc\n";
    assert_int_equal(csv_last_record_end(open, open + strlen(open), ',') - open, 5);
    assert_null(csv_record_end(open, open + strlen(open), ','));
}

/* A mark is not closed where it is not closed within the limit of a line. */
static void test_open_marks_are_looked_for_within_limits(void **state)
{
    (void)state;
    size_t n = 2 * LIMIT_CSV_LINE_BYTES;
    char *text = malloc(n);
    memset(text, 'x', n);
    memcpy(text, "1,\"a\n", 5);
    text[LIMIT_CSV_LINE_BYTES - 2] = '"';
    text[LIMIT_CSV_LINE_BYTES - 1] = '\n';
    assert_int_equal(csv_record_end(text, text + n, ',') - text, LIMIT_CSV_LINE_BYTES);
    text[LIMIT_CSV_LINE_BYTES - 2] = 'x';
    assert_int_equal(csv_record_end(text, text + n, ',') - text, 5);
    assert_null(csv_record_end(text, text + LIMIT_CSV_LINE_BYTES, ','));
    assert_int_equal(csv_record_end(text, text + LIMIT_CSV_LINE_BYTES + 1, ',') - text, 5);
    free(text);
}

static void check_field(const char *text, const char *want, size_t next, enum csv_field_state state)
{
    struct csv_field_text field;
    assert_int_equal(csv_field_read(text, text + strlen(text), ',', &field), state);
    assert_int_equal(field.next - text, next);
    assert_int_equal(field.span.length, strlen(want));
    assert_memory_equal(field.span.data, want, strlen(want));
}

static void test_fields(void **state)
{
    (void)state;
    check_field("abc,d\n", "abc", 3, CSV_FIELD_OK);
    check_field(" abc\t,d\n", "abc", 5, CSV_FIELD_OK);
    check_field(",d\n", "", 0, CSV_FIELD_OK);
    check_field("\n", "", 0, CSV_FIELD_OK);
    check_field("d\r\n", "d", 2, CSV_FIELD_OK);
    check_field("\r\n", "", 1, CSV_FIELD_OK);
    check_field("d\re\n", "d\re", 3, CSV_FIELD_OK);
    check_field("\"a,b\",c\n", "a,b", 5, CSV_FIELD_OK);
    check_field("\"a\"\"b\"\n", "a\"\"b", 6, CSV_FIELD_OK);
    check_field("\"\"\"\"\n", "\"\"", 4, CSV_FIELD_OK);
    check_field("\"\",c\n", "", 2, CSV_FIELD_OK);
    check_field("\" a\nb \" \r\n", "a\nb", 9, CSV_FIELD_OK);
    check_field("\"a\"x,c\n", "a", 4, CSV_FIELD_TRAILED);
    check_field("\"a,b\n", "a,b", 4, CSV_FIELD_OPEN);
    check_field("\"\n", "", 1, CSV_FIELD_OPEN);
    check_field("\"a\"\"\n", "a\"\"", 4, CSV_FIELD_OPEN);
    check_field("a\"b\",c\n", "a\"b\"", 4, CSV_FIELD_OK);
}

/* The runs follow one another, begin at the text's begin, and each ends where a record ends. */
static void check_runs(const char *text, size_t length, size_t n)
{
    const char *ends[MAX_RUNS] = {NULL};
    struct csv_cut cut = {{text, length}, ',', false};
    size_t n_runs = csv_cut(&cut, ends, n);
    const char *record = text, *last = text;
    size_t at = 0;
    for (const char *next; (next = csv_record_end(record, text + length, ',')) != NULL; record = next) {
        last = next;
        if (at < n_runs && ends[at] == next)
            at++;
    }
    assert_true(n_runs <= n);
    assert_int_equal(at, n_runs);
    assert_int_equal(n_runs > 0, last > text);
    if (n_runs > 0)
        assert_ptr_equal(ends[n_runs - 1], last);
}

static void test_runs_are_whole_records(void **state)
{
    (void)state;
    static const char letters[] = "a,\n\"";
    unsigned int seed = 1;
    for (int round = 0; round < FUZZ_ROUNDS; round++) {
        char text[FUZZ_BYTES + 1] = "";
        size_t n_letters = round % 2 == 0 ? 3 : 4;
        size_t length = (size_t)round % FUZZ_BYTES;
        for (size_t i = 0; i < length; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = letters[(seed >> 16) % n_letters];
        }
        check_runs(text, length, 1 + (size_t)round % MAX_RUNS);
    }
}

static void test_runs_are_about_equal(void **state)
{
    (void)state;
    char text[8000];
    const char *ends[MAX_RUNS];
    for (int quotes = 0; quotes < 2; quotes++) {
        for (size_t i = 0; i < sizeof text; i += 8)
            memcpy(text + i, quotes ? "1,\"2\",3\n" : "1,200,3\n", 8);
        struct csv_cut cut = {{text, sizeof text}, ',', false};
        assert_int_equal(csv_cut(&cut, ends, MAX_RUNS), MAX_RUNS);
        for (size_t i = 0; i < MAX_RUNS; i++)
            assert_in_range(ends[i] - text, 1000 * (i + 1), 1000 * (i + 1) + 8);
    }
}

static void test_lines_are_counted(void **state)
{
    (void)state;
    const char *text = "a\n\nb\nc";
    assert_int_equal(csv_count_lines(text, text), 0);
    assert_int_equal(csv_count_lines(text, text + 6), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_end_outside_of_quotes),
        cmocka_unit_test(test_a_stray_mark_spoils_one_line),
        cmocka_unit_test(test_open_marks_are_looked_for_within_limits),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_runs_are_whole_records),
        cmocka_unit_test(test_runs_are_about_equal),
        cmocka_unit_test(test_lines_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
