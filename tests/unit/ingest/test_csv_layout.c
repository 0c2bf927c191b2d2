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

static lake_status detect_bytes(struct csv_layout *layout, const char *text, size_t n, struct lake_error *err)
{
    static const struct csv_wishes nothing = {.type = NULL};
    struct csv_input input = {.place = "x.csv", .wishes = &nothing, .block = {text, n}, .is_whole = true};
    file_name_read("x.csv", &input.name);
    return csv_layout_detect(layout, &input, err);
}

static lake_status detect(struct csv_layout *layout, const char *text, struct lake_error *err)
{
    return detect_bytes(layout, text, strlen(text), err);
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
    lake_ok(detect(&layout, "\xef\xbb\xbf\n \r\nVolume,note,\"Close\" ,low,HIGH,Open,Count,Open Time\r\n", &err));
    const char *const columns[] = {"ts", "open", "high", "low", "close", "volume", "trades", "note"};
    const size_t fields[] = {7, 5, 4, 3, 2, 0, 6, 1};
    assert_ptr_equal(layout.type, raw);
    assert_int_equal(layout.schema->n_fields, 8);
    for (size_t c = 0; c < 8; c++) {
        assert_string_equal(layout.schema->fields[c].name, columns[c]);
        assert_int_equal(layout.fields[fields[c]].column, c);
        assert_int_equal(layout.fields[fields[c]].meaning.use, c == 0 ? FIELD_TIME : FIELD_VALUE);
        assert_int_equal(layout.fields[fields[c]].meaning.is_extra, c == 7);
    }
    assert_int_equal(layout.body_line, 4);
    assert_int_equal(layout.body, 3 + 1 + 3 + 52);
    assert_string_equal(layout.fields[2].meaning.source, "Close");
    csv_layout_release(&layout);
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
    assert_int_equal(layout.left_out.length, 0);
    assert_int_equal(layout.close_field, 6);
    assert_string_equal(layout.fields[0].meaning.source, "open_time");
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

static void test_what_is_skipped(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    lake_ok(detect(&layout, "# by hand\nts,open,high,low,close,volume\n", &err));
    const struct {
        const char *text;
        int64_t skipped; /* -1: it is a row */
    } cases[] = {{"\n1", 1},
                 {"\r\n1", 2},
                 {" \t \n1", 4},
                 {"ts,open,high,low,close,volume\n1", 30},
                 {"# 1,2\n1", 6},
                 {"// 1,2\n1", 7},
                 {"1,2\n", -1},
                 {"/ 1,2\n", -1},
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
    layout.has_comments = false;
    const char *next = NULL, *text = "# 1,2\n";
    assert_false(csv_layout_skips(&layout, text, text + 6, &next));
    csv_layout_release(&layout);
}

static void test_files_that_are_not_csv_are_named(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct csv_layout layout;
    assert_refused("PAR1\x15\x04\n", LAKE_UNSUPPORTED, "Parquet");
    assert_refused("\xff\xfet\n", LAKE_UNSUPPORTED, "UTF-16");
    assert_refused("SQLite format 3\n", LAKE_UNSUPPORTED, "SQLite");
    assert_refused("ts,open\xff\n", LAKE_INVALID_DATA, "x.csv: byte 0xff at offset 7 is not UTF-8 text");
    assert_refused("\n\x7f"
                   "ELF\x02\n",
                   LAKE_INVALID_DATA, "byte 0x7f at offset 1");
    assert_refused("ts,open\r1,2\r\n", LAKE_INVALID_DATA, "carriage return alone");
    lake_fails(detect_bytes(&layout, "ts\0,open\n", 9, &err), LAKE_INVALID_DATA, "byte 0x00 at offset 2");
    csv_layout_release(&layout);
}

static void test_what_is_missing_is_named(void **state)
{
    (void)state;
    assert_refused("", LAKE_INVALID_DATA, "x.csv: the file is empty");
    assert_refused("\xef\xbb\xbf\r\n \n", LAKE_INVALID_DATA, "x.csv: the file is empty");
    assert_refused("time,open,high,price\n", LAKE_INVALID_DATA,
                   "x.csv: no column for low, volume; the header names time, open, high, price");
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
    assert_int_equal(layout.schema->n_fields, 6);
    csv_layout_release(&layout);
    free(text);
}

/* The block may end within a record: what is detected does not depend on it, but for the last record of all. */
static void test_a_block_that_ends_anywhere(void **state)
{
    (void)state;
    static const struct csv_wishes nothing = {.type = NULL};
    struct lake_error err = {0};
    const char *text =
        "time,open,high,low,close,volume,\"a note\"\n1680307200,1,2,0.5,1.5,10,\"x,\ny\"\n1680307260,1,2,0.5,1.5,10,z\n";
    size_t header = strcspn(text, "\n") + 1;
    for (size_t n = header; n <= strlen(text); n++) {
        char *block = malloc(n);
        struct csv_layout layout;
        struct csv_input input = {.place = "x.csv", .wishes = &nothing, .block = {block, n}};
        memcpy(block, text, n);
        file_name_read("x.csv", &input.name);
        lake_ok(csv_layout_detect(&layout, &input, &err));
        assert_int_equal(layout.n_fields, 7);
        assert_int_equal(layout.body, header);
        csv_layout_release(&layout);
        free(block);
    }
}

static uint64_t seed = 88172645463325252u;

static size_t random_below(size_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed % n);
}

/* Files with bytes changed, taken out and put in: anything may be found, nothing may crash or read beside the block. */
static void test_mutated_files(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "time,open,high,low,close,volume\n1680307200,1,2,0.5,1.5,10\n1680307260,1,2,0.5,1.5,10\n",
        "\"Date\",\"Price\",\"Open\",\"High\",\"Low\",\"Vol.\",\"Change %\"\n\"Apr 08, 2023\",\"26,557.20\",\"26,389.80\","
        "\"26,622.00\",\"26,338.50\",\"43.83K\",\"0.63%\"\n",
        "2023.04.01,00:00,100.0,100.57,99.66,100.25,0\n2023.04.01,00:01,100.25,101.11,100.14,100.73,0\n",
        "\"Time\tOpen\tHigh\tLow\tClose\"\r\n\"2021-06-24 16:05:00\t1.19328\t1.19337\t1.19324\t1.19332\"\r\n",
        "1680307200000,93.5,93.9,93.1,93.7,8.2,1680307259999,768.5,31,4.0,377.8,0\n",
        "Price,Close,High,Low,Open,Volume\nTicker,A,A,A,A,A\nDate,,,,,\n2023-04-01,1,2,0.5,1.5,10\n",
        "Datum;Schluss;Hoch;Tief;Er\xc3\xb6"
        "ffnung\n01.04.2023;1.234,5;1.300,5;1.200,5;1.250,5\n",
        "id,price,qty,quote_qty,time,is_buyer_maker\n1,100.5,2,201,1680307200123,true\n",
    };
    static const char pieces[] = ",;\t\"\n\r #/.-+eE%$KM0123456789abTZ:\xc3\xff|=";
    for (int round = 0; round < 3000; round++) {
        const char *origin = texts[random_below(sizeof texts / sizeof texts[0])];
        size_t n = strlen(origin);
        char *block = malloc(n + 8);
        memcpy(block, origin, n);
        for (size_t k = random_below(5); k > 0 && n > 1; k--) {
            size_t at = random_below(n);
            if (random_below(3) == 0) {
                memmove(block + at, block + at + 1, n - at - 1);
                n--;
            } else {
                block[at] = pieces[random_below(sizeof pieces - 1)];
            }
        }
        char *exact = malloc(n);
        struct csv_layout layout;
        struct lake_error err;
        block[n - 1] = '\n';
        memcpy(exact, block, n);
        if (detect_bytes(&layout, exact, n, &err) == LAKE_OK) {
            assert_true(layout.schema->n_fields >= 1 && layout.body <= n && layout.n_needed_fields <= layout.n_fields);
            assert_string_equal(layout.schema->fields[0].name, "ts");
        }
        csv_layout_release(&layout);
        free(exact);
        free(block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_in_any_order),
        cmocka_unit_test(test_binance_archives),
        cmocka_unit_test(test_the_length_of_a_bar),
        cmocka_unit_test(test_what_is_skipped),
        cmocka_unit_test(test_files_that_are_not_csv_are_named),
        cmocka_unit_test(test_what_is_missing_is_named),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_a_block_that_ends_anywhere),
        cmocka_unit_test(test_mutated_files),
    };
    return cmocka_run_group_tests(tests, find_raw, NULL);
}
