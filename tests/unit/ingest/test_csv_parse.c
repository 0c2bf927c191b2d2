#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "ingest/csv_digits.h"
#include "unit/base/check.h"
#include "unit/ingest/parsed_text.h"

enum { TEXT_BYTES = 1 << 20, N_ROWS = 3000 };

static void assert_refused(const char *text, const char *message)
{
    struct lake_error err = {0};
    struct parsed parsed;
    lake_fails(parsed_read(&parsed, text, &err), LAKE_INVALID_DATA, message);
    parsed_release(&parsed);
}

static int64_t time_at(const struct parsed *parsed, int64_t row)
{
    return ((const int64_t *)batch_values(rows_of(parsed), 0))[row];
}

static double number_at(const struct parsed *parsed, size_t column, int64_t row)
{
    return ((const double *)batch_values(rows_of(parsed), column))[row];
}

#define HEADER "ts,open,high,low,close,volume,trades\n"
#define ROW "1680307200000,1,2,0.5,1.5,10,3\n"

static void test_values(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct parsed parsed;
    lake_ok(parsed_read(&parsed,
                        HEADER ROW "\r\n" HEADER "1680307260,1e-3, 2.50 ,\"0.5\",-1.5,119923370570.20744,\"12\"\r\n"
                                   "2023-04-01T00:02:00Z,+1,.5,5.,0.1,null,311.0\n"
                                   "2023-04-01 02:03:00+02:00,NaN,,\"\",None,N/A,\n",
                        &err));
    const double want[4][5] = {
        {1, 2, 0.5, 1.5, 10}, {0.001, 2.5, 0.5, -1.5, 119923370570.20744}, {1, 0.5, 5, 0.1, 0}, {0, 0, 0, 0, 0}};
    const int64_t trades[4] = {3, 12, 311, 0};
    assert_int_equal(rows_of(&parsed)->n_rows, 4);
    for (int64_t row = 0; row < 4; row++) {
        assert_true(time_at(&parsed, row) == INT64_C(1680307200000) + row * 60000);
        assert_true(((const int64_t *)batch_values(rows_of(&parsed), 6))[row] == trades[row]);
        assert_int_equal(column_is_valid(&rows_of(&parsed)->columns[6], row), row < 3);
        for (size_t c = 0; c < 5; c++) {
            assert_true(number_at(&parsed, c + 1, row) == want[row][c]);
            assert_int_equal(column_is_valid(&rows_of(&parsed)->columns[c + 1], row), row < 2 || (row == 2 && c < 4));
        }
    }
    assert_null(rows_of(&parsed)->columns[0].validity);
    assert_int_equal(parsed.run.n_lines, 6);
    parsed_release(&parsed);
}

/* Detection sees what comes before the row. */
static void assert_row_refused(const char *row, const char *message)
{
    char text[256];
    (void)snprintf(text, sizeof text, HEADER ROW "%s", row);
    parse_wishes.sample_bytes = strlen(HEADER ROW);
    assert_refused(text, message);
    parse_wishes.sample_bytes = 0;
}

static void test_what_cannot_be_understood(void **state)
{
    (void)state;
    assert_refused(HEADER ROW ROW "1680307260000,1,2,0.5,abc,10,3\n", "x.csv:4: close is 'abc', not a number");
    assert_refused(HEADER "\n\n" ROW "\n1680307260000,1,2,0.5,1..5,10,3\n", "x.csv:6: close is '1..5', not a number");
    assert_refused("ts,o,h,l, Close ,v\n1680307200000,1,2,0.5,1,10\n1680307260000,1,2,0.5,inf,10\n",
                   "x.csv:3: Close is 'inf', not a number");
    assert_row_refused("1680307200000,1,2,0.5,1e999,10,3\n", "x.csv:3: close is '1e999', not a number");
    assert_row_refused("1680307200000,1,2,0.5,0x10,10,3\n", "close is '0x10', not a number");
    assert_row_refused("1680307200000,1,2,0.5,1 5,10,3\n", "close is '1 5', not a number");
    assert_row_refused("1680307200000,1,2,0.5,\"1,5\",10,3\n", "close is '1,5', not a number");
    assert_row_refused("1680307200000,1,2,0.5,\"1\"5,10,3\n",
                       "close is '1', with text behind the closing quotation mark");
    assert_row_refused("1680307200000,1,2,0.5,1.5,10,3.5\n", "trades is '3.5', not a whole number");
    assert_row_refused("1680307200000,1,2,0.5,1.5,10,1e300\n", "trades is '1e300', not a whole number");
    assert_row_refused(",1,2,0.5,1.5,10,3\n", "x.csv:3: ts is empty, not a time");
    assert_row_refused("NaN,1,2,0.5,1.5,10,3\n", "x.csv:3: ts is 'NaN', not a time");
    assert_row_refused("1.61093E+12,1,2,0.5,1.5,10,3\n", "ts is '1.61093E+12', a time whose last digits are lost");
    assert_row_refused("1580,1,2,0.5,1.5,10,3\n", "ts is '1580', not a time between 1990 and 2100");
    assert_row_refused("2101-01-01,1,2,0.5,1.5,10,3\n", "not a time between 1990 and 2100");
    assert_row_refused("1735689600000001,1,2,0.5,1.5,10,3\n", "ts is '1735689600000001', not a whole millisecond");
}

static void test_fields_are_counted(void **state)
{
    (void)state;
    assert_row_refused("1680307260000,1,2\n", "x.csv:3: the line has 3 fields, but the header has 7");
    assert_row_refused("1680307260000\n", "x.csv:3: the line has 1 field, but the header has 7");
    assert_row_refused("1680307260000,1,2,0.5,1.5,10,3,4\r\n", "the line has 8 fields, but the header has 7");
    assert_row_refused("1680307260000,1,2,0.5,1.5,10,3,,x\n", "the line has 9 fields");
    assert_row_refused("1680307260000,1,2,0.5,1.5,10,\"3\",4\n", "the line has 8 fields");
    struct lake_error err = {0};
    struct parsed parsed;
    lake_ok(parsed_read(&parsed, HEADER ROW "1680307260000,1,2,0.5,1.5,10,3,\n1680307320000,1,2,0.5,1.5,10,3, ,\"\"\n",
                        &err));
    assert_int_equal(rows_of(&parsed)->n_rows, 3);
    parsed_release(&parsed);
}

static void test_lines_within_quotes_count(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct parsed parsed;
    const char *text = "note,ts,o,h,l,c,v\n\"a\n\"\"b\n\",1680307200000,1,1,1,1,1\n,1680307260000,1,1,1,1,1\n";
    lake_ok(parsed_read(&parsed, text, &err));
    assert_int_equal(rows_of(&parsed)->n_rows, 2);
    assert_int_equal(parsed.run.n_lines, 4);
    assert_int_equal(parsed_line(&parsed, 0), 2);
    assert_int_equal(parsed_line(&parsed, 1), 5);
    parsed_release(&parsed);
    assert_refused("note,ts,o,h,l,c,v\n\"a\n\n\",1680307200000,1,1,1,1,1\n,1680307260000,1,1,1,x,1\n",
                   "x.csv:5: c is 'x', not a number");
}

static void test_a_line_of_a_row_is_found_behind_what_is_skipped(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct parsed parsed;
    lake_ok(parsed_read(&parsed, "\n" HEADER "\n" ROW "\n" HEADER ROW, &err));
    assert_int_equal(parsed_line(&parsed, 0), 4);
    assert_int_equal(parsed_line(&parsed, 1), 7);
    parsed_release(&parsed);
}

static void test_a_repeated_header_counts_all_its_lines(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct parsed parsed;
    const char *header = "\"a\nb\",ts,o,h,l,c,v\n", *row = "x,1680307200000,1,1,1,1,1\n";
    char text[256];
    (void)snprintf(text, sizeof text, "%s%s%s%s", header, row, header, row);
    lake_ok(parsed_read(&parsed, text, &err));
    assert_int_equal(parsed.layout.body_line, 3);
    assert_int_equal(rows_of(&parsed)->n_rows, 2);
    assert_int_equal(parsed.run.n_lines, 4);
    parsed_release(&parsed);
}

static void test_a_long_line_is_refused(void **state)
{
    (void)state;
    char *text = malloc(2 * TEXT_BYTES);
    strcpy(text, "note," HEADER "short," ROW "\"");
    size_t n = strlen(text);
    memset(text + n, 'x', TEXT_BYTES);
    strcpy(text + n + TEXT_BYTES, "\"," ROW);
    assert_refused(text, "x.csv:3: the line is longer than 1048576 bytes");
    free(text);
}

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* One row in the common forms; the same, every field quoted, goes the long way. */
static size_t print_row(char *out, const char *quote, int i)
{
    size_t n = 0;
    int64_t ts_ms = INT64_C(1680307200000) + i * INT64_C(60000);
    n += (size_t)sprintf(out + n, "%s%" PRId64 "%s", quote,
                         i % 3 == 0   ? ts_ms
                         : i % 3 == 1 ? ts_ms / 1000
                                      : ts_ms * 1000,
                         quote);
    for (int c = 0; c < 5; c++) {
        uint64_t whole = next_random() >> (30 + next_random() % 34);
        uint64_t fraction = next_random() >> (30 + next_random() % 34);
        if (next_random() % 16 == 0)
            n += (size_t)sprintf(out + n, ",%s%s", quote, quote);
        else
            n += (size_t)sprintf(out + n, ",%s%" PRIu64 ".%" PRIu64 "%s", quote, whole, fraction, quote);
    }
    return n + (size_t)sprintf(out + n, ",%s%" PRIu64 "%s\n", quote, next_random() >> 40, quote);
}

static char *print_rows(const char *quote)
{
    char *text = malloc(TEXT_BYTES);
    size_t n = (size_t)sprintf(text, HEADER);
    random_state = 88172645463325252;
    for (int i = 0; i < N_ROWS; i++)
        n += print_row(text + n, quote, i);
    assert_true(n < TEXT_BYTES);
    return text;
}

static void test_both_ways_agree(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct parsed common, quoted;
    char *texts[2] = {print_rows(""), print_rows("\"")};
    lake_ok(parsed_read(&common, texts[0], &err));
    lake_ok(parsed_read(&quoted, texts[1], &err));
    assert_int_equal(rows_of(&common)->n_rows, N_ROWS);
    assert_int_equal(rows_of(&quoted)->n_rows, N_ROWS);
    for (size_t c = 0; c < 7; c++) {
        const struct column *a = &rows_of(&common)->columns[c], *b = &rows_of(&quoted)->columns[c];
        assert_memory_equal(a->values, b->values, N_ROWS * sizeof(double));
        assert_int_equal(a->null_count, b->null_count);
        assert_int_equal(a->null_count > 0, c > 0 && c < 6);
        for (int64_t row = 0; row < N_ROWS; row++)
            assert_int_equal(column_is_valid(a, row), column_is_valid(b, row));
    }
    parsed_release(&common);
    parsed_release(&quoted);
    free(texts[0]);
    free(texts[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_cannot_be_understood),
        cmocka_unit_test(test_fields_are_counted),
        cmocka_unit_test(test_lines_within_quotes_count),
        cmocka_unit_test(test_a_line_of_a_row_is_found_behind_what_is_skipped),
        cmocka_unit_test(test_a_repeated_header_counts_all_its_lines),
        cmocka_unit_test(test_a_long_line_is_refused),
        cmocka_unit_test(test_both_ways_agree),
    };
    return cmocka_run_group_tests(tests, parsed_set_up, NULL);
}
