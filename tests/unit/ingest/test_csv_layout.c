#include "ingest/csv_layout.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "unit/base/check.h"

static const struct data_type *raw;

static int find_raw(void **state)
{
    (void)state;
    return data_type_find("raw", &raw, NULL) == LAKE_OK ? 0 : -1;
}

static lake_status detect(struct csv_layout *layout, const char *text, struct lake_error *err)
{
    return csv_layout_detect(layout, "x.csv", raw, (struct csv_span){text, strlen(text)}, err);
}

static void assert_refused(const char *text, lake_status wanted, const char *message)
{
    struct lake_error err = {0};
    struct csv_layout layout;
    lake_fails(detect(&layout, text, &err), wanted, message);
    csv_layout_release(&layout);
}

static void test_columns_in_any_order(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    lake_ok(detect(&layout, "\xef\xbb\xbf\n \r\nVolume,note,\"Close\" ,low,HIGH,Open,Count,Open Time\r\n1\n", &err));
    const char *const columns[] = {"ts", "open", "high", "low", "close", "volume", "trades"};
    const size_t fields[] = {7, 5, 4, 3, 2, 0, 6};
    assert_int_equal(layout.schema->n_fields, 7);
    for (size_t c = 0; c < 7; c++) {
        assert_string_equal(layout.schema->fields[c].name, columns[c]);
        assert_int_equal(layout.fields[fields[c]].column, c);
        assert_int_equal(layout.fields[fields[c]].kind, c == 0 ? CSV_TIME : c == 6 ? CSV_INT64 : CSV_DOUBLE);
    }
    assert_int_equal(layout.fields[1].kind, CSV_SKIP);
    assert_int_equal(layout.ignored.length, 5);
    assert_memory_equal(layout.ignored.data, "note\n", 5);
    assert_int_equal(layout.body_line, 4);
    assert_int_equal(layout.body, 3 + 1 + 3 + 52);
    assert_string_equal(layout.fields[2].name, "Close");
    csv_layout_release(&layout);
    csv_layout_release(&layout);
}

static void test_separators(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    lake_ok(detect(&layout, "t;o;h;l;c;\"v,,,,,,,,\";volume\n", &err));
    assert_int_equal(layout.separator, ';');
    csv_layout_release(&layout);
    lake_ok(detect(&layout, "t\to\th\tl\tc\tv\n", &err));
    assert_int_equal(layout.separator, '\t');
    csv_layout_release(&layout);
}

static void test_binance_archives(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    const char *row =
        "1735689600000000,93576.0,93610.9,93537.5,93610.9,8.2,1735689659999999,768978.5,2631,4.0,377.8,0\n";
    lake_ok(detect(&layout, row, &err));
    assert_null(layout.header.data);
    assert_int_equal(layout.body, 0);
    assert_int_equal(layout.body_line, 1);
    assert_int_equal(layout.schema->n_fields, 10);
    assert_int_equal(layout.ignored.length, 0);
    assert_int_equal(layout.close_field, 6);
    assert_string_equal(layout.fields[0].name, "open_time");
    assert_true(csv_layout_bar_ms(&layout, row) == 60000);
    csv_layout_release(&layout);
}

static void test_the_length_of_a_bar(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    lake_ok(detect(&layout, "close_time,o,h,l,c,v,t\n", &err));
    assert_true(csv_layout_bar_ms(&layout, "1680307259999,1,1,1,1,1,1680307200000\n") == 60000);
    assert_true(csv_layout_bar_ms(&layout, "1680307260000,1,1,1,1,1,1680307200000\n") == 60000);
    assert_true(csv_layout_bar_ms(&layout, "1680310799,1,1,1,1,1,1680307200\n") == 3600000);
    assert_true(csv_layout_bar_ms(&layout, "2023-04-01 00:04:59.999999,1,1,1,1,1,2023-04-01\n") == 300000);
    assert_true(csv_layout_bar_ms(&layout, "1680307260500,1,1,1,1,1,1680307200000\n") == 0);
    assert_true(csv_layout_bar_ms(&layout, "1680307200000,1,1,1,1,1,1680307200000\n") == 0);
    assert_true(csv_layout_bar_ms(&layout, "1680307140000,1,1,1,1,1,1680307200000\n") == 0);
    assert_true(csv_layout_bar_ms(&layout, ",1,1,1,1,1,1680307200000\n") == 0);
    assert_true(csv_layout_bar_ms(&layout, "1680307260000,1\n") == 0);
    csv_layout_release(&layout);
    lake_ok(detect(&layout, "o,h,l,c,v,t\n", &err));
    assert_true(csv_layout_bar_ms(&layout, "1,1,1,1,1,1680307200000\n") == 0);
    csv_layout_release(&layout);
}

static void test_one_column_of_each_kind(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    lake_ok(detect(&layout, "date,open,high,low,close,vol,volume,unix\n", &err));
    assert_int_equal(layout.fields[7].kind, CSV_TIME);
    assert_int_equal(layout.fields[6].kind, CSV_DOUBLE);
    assert_int_equal(layout.ignored.length, 9);
    assert_memory_equal(layout.ignored.data, "date\nvol\n", 9);
    csv_layout_release(&layout);
    assert_refused("ts,open,high,low,close,volume,Close\n", LAKE_INVALID_DATA, "x.csv: two columns are called 'Close'");
    assert_refused("Date,Time,Open,High,Low,Close,Volume\n", LAKE_UNSUPPORTED, "two columns, 'Date' and 'Time'");
}

static void test_what_is_skipped(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    lake_ok(detect(&layout, "ts,open,high,low,close,volume\n", &err));
    const struct {
        const char *text;
        int64_t skipped; /* -1: it is a row */
    } cases[] = {{"\n1", 1},
                 {"\r\n1", 2},
                 {" \t \n1", 4},
                 {"ts,open,high,low,close,volume\n1", 30},
                 {"1,2\n", -1},
                 {",\n", -1},
                 {" 1\n", -1},
                 {"ts,open,high,low,close,volume\r\n1", 31},
                 {"ts,open\n", -1},
                 {"ts,open,high,low,close,volume,x\n", -1},
                 {"ts,open,high,low,close,volumex\n", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        /* A block of its own size, so that a sanitizer sees what is read behind it. */
        size_t length = strlen(cases[i].text);
        char *text = malloc(length);
        const char *next = NULL;
        memcpy(text, cases[i].text, length);
        bool skips = csv_layout_skips(&layout, text, text + length, &next);
        assert_int_equal(skips, cases[i].skipped >= 0);
        if (skips)
            assert_int_equal(next - text, cases[i].skipped);
        free(text);
    }
    csv_layout_release(&layout);
}

static void test_files_that_are_not_csv_are_named(void **state)
{
    (void)state;
    assert_refused("PAR1\x15\x04\n", LAKE_UNSUPPORTED, "x.csv: is a Parquet file, not CSV text; convert it");
    assert_refused("PK\x03\x04\n", LAKE_UNSUPPORTED, "zip archive");
    assert_refused("\x1f\x8b\x08\n", LAKE_UNSUPPORTED, "gzip");
    assert_refused("\x28\xb5\x2f\xfd\n", LAKE_UNSUPPORTED, "zstd");
    assert_refused("\xff\xfet\n", LAKE_UNSUPPORTED, "UTF-16");
    assert_refused("SQLite format 3\n", LAKE_UNSUPPORTED, "SQLite");
    assert_refused("ts,open\xff\n", LAKE_INVALID_DATA, "x.csv: byte 0xff at offset 7 is not UTF-8 text");
    assert_refused("\n\x7f"
                   "ELF\x02\n",
                   LAKE_INVALID_DATA, "byte 0x7f at offset 1");
    assert_refused("ts,open\r1,2\r\n", LAKE_INVALID_DATA, "carriage return alone");
}

static void test_a_null_byte_is_no_text(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    struct csv_span block = {"ts\0,open\n", 9};
    lake_fails(csv_layout_detect(&layout, "x.csv", raw, block, &err), LAKE_INVALID_DATA, "byte 0x00 at offset 2");
    csv_layout_release(&layout);
}

static void test_what_is_missing_is_named(void **state)
{
    (void)state;
    assert_refused("", LAKE_INVALID_DATA, "x.csv: the file is empty");
    assert_refused("\xef\xbb\xbf\r\n \n", LAKE_INVALID_DATA, "x.csv: the file is empty");
    assert_refused("time,price,Open\n", LAKE_INVALID_DATA,
                   "x.csv: no column for high, low, close, volume; the header names time, price, Open");
    assert_refused("1680307200,1,2,0.5,1.5,10,3\n", LAKE_INVALID_DATA,
                   "x.csv: there is no header line, and the 7 columns");
    assert_refused("1,2,3,4,5,6,7,8,9,10,11,12\n", LAKE_INVALID_DATA, "there is no header line");
    assert_refused("1680307200000,2,3,4,5,6,1680307200000,8,9,10,11,12\n", LAKE_INVALID_DATA,
                   "there is no header line");
    assert_refused("ts,\"open\n", LAKE_INVALID_DATA, "x.csv:1: a quotation mark is not closed");
    assert_refused("\nts,\"open\"x\n", LAKE_INVALID_DATA,
                   "x.csv:2: field 2 has text behind its closing quotation mark");
}

static void test_limits(void **state)
{
    (void)state;
    struct lake_error err = {0};
    size_t n = LIMIT_CSV_LINE_BYTES + 2;
    char *text = malloc(n + 1);
    struct csv_layout layout;
    memset(text, 'a', n);
    text[n - 1] = '\n';
    text[n] = '\0';
    lake_fails(detect(&layout, text, &err), LAKE_INVALID_DATA, "x.csv:1: the line is longer than 1048576 bytes");
    csv_layout_release(&layout);
    memset(text, ',', n - 1);
    text[LIMIT_CSV_COLUMNS] = '\n';
    text[LIMIT_CSV_COLUMNS + 1] = '\0';
    lake_fails(detect(&layout, text, &err), LAKE_INVALID_DATA, "more than 1024 fields");
    csv_layout_release(&layout);
    memset(text, ',', n - 1);
    memcpy(text, "ts,open,high,low,close,volume", 29);
    text[29 + LIMIT_CSV_COLUMNS - 6] = '\n';
    text[29 + LIMIT_CSV_COLUMNS - 6 + 1] = '\0';
    lake_ok(detect(&layout, text, &err));
    assert_int_equal(layout.n_fields, LIMIT_CSV_COLUMNS);
    csv_layout_release(&layout);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_in_any_order),
        cmocka_unit_test(test_separators),
        cmocka_unit_test(test_binance_archives),
        cmocka_unit_test(test_the_length_of_a_bar),
        cmocka_unit_test(test_one_column_of_each_kind),
        cmocka_unit_test(test_what_is_skipped),
        cmocka_unit_test(test_files_that_are_not_csv_are_named),
        cmocka_unit_test(test_a_null_byte_is_no_text),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, find_raw, NULL);
}
