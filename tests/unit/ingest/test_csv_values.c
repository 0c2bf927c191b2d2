/* What fields are read as, by their meaning: every use and type, in the quick way and the long one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "unit/base/check.h"
#include "unit/ingest/parsed_text.h"

#define FIRST_MS INT64_C(1680307200000)

static struct parsed parsed;
static struct lake_error err;

static void read_text(const char *text)
{
    lake_ok(parsed_read(&parsed, text, &err));
}

static void wish_type(const char *name)
{
    lake_ok(data_type_find(name, &parse_wishes.csv.type, &err));
}

static void wish_columns(const char *const *items, size_t n)
{
    parse_wishes.csv.columns.items = items;
    parse_wishes.csv.columns.n_items = n;
}

static void assert_refused(const char *text, const char *message)
{
    lake_fails(parsed_read(&parsed, text, &err), LAKE_INVALID_DATA, message);
    parsed_release(&parsed);
}

/* Detection sees what comes before the text. */
static void assert_refused_later(const char *before, const char *text, const char *message)
{
    char whole[1024];
    (void)snprintf(whole, sizeof whole, "%s%s", before, text);
    parse_wishes.sample_bytes = strlen(before);
    assert_refused(whole, message);
    parse_wishes.sample_bytes = 0;
}

#define BARS "ts,open,high,low,close,volume"

static void test_texts_are_kept_as_they_are(void **state)
{
    (void)state;
    static const char *const items[] = {"note:text"};
    wish_columns(items, 1);
    read_text(BARS ",note\n"
                   "1680307200000,1,2,0.5,1.5,10, plain \n"
                   "1680307260000,1,2,0.5,1.5,10,\"a, \"\"b\"\"\"\n"
                   "1680307320000,1,2,0.5,1.5,10,NULL\n"
                   "1680307380000,1,2,0.5,1.5,10,\"\xc3\xa9\nx\"\n"
                   "1680307440000,1,2,0.5,1.5,10,007.50\n");
    assert_true(parsed_is_text(&parsed, "note", 0, "plain"));
    assert_true(parsed_is_text(&parsed, "note", 1, "a, \"b\""));
    assert_true(parsed_is_null(&parsed, "note", 2));
    assert_true(parsed_is_text(&parsed, "note", 3, "\xc3\xa9\nx"));
    assert_true(parsed_is_text(&parsed, "note", 4, "007.50"));
    assert_int_equal(parsed_line(&parsed, 4), 7);
    parsed_release(&parsed);
}

static void test_texts_that_are_none(void **state)
{
    (void)state;
    static const char *const items[] = {"note:text"};
    wish_columns(items, 1);
    char *text = malloc(2 * LIMIT_CSV_TEXT_BYTES);
    for (size_t over = 0; over < 2; over++) {
        size_t n = (size_t)sprintf(text, BARS ",note\n1680307200000,1,2,0.5,1.5,10,x\n1680307260000,1,2,0.5,1.5,10,");
        memset(text + n, 'x', LIMIT_CSV_TEXT_BYTES + over);
        (void)strcpy(text + n + LIMIT_CSV_TEXT_BYTES + over, "\n");
        if (over == 0) {
            read_text(text);
            assert_int_equal(rows_of(&parsed)->n_rows, 2);
            parsed_release(&parsed);
        } else {
            assert_refused(text, "x.csv:3: note is 'xxxxxxxx");
        }
    }
    free(text);
    assert_refused(BARS ",note\n1680307200000,1,2,0.5,1.5,10,x\n1680307260000,1,2,0.5,1.5,10,a\xff\n",
                   "x.csv:3: note is 'a\\xff', not UTF-8 text");
}

static void test_booleans(void **state)
{
    (void)state;
    static const char *const items[] = {"flag:bool"};
    wish_columns(items, 1);
    read_text(BARS ",flag\n"
                   "1680307200000,1,2,0.5,1.5,10,True\n"
                   "1680307260000,1,2,0.5,1.5,10,f\n"
                   "1680307320000,1,2,0.5,1.5,10,\n"
                   "1680307380000,1,2,0.5,1.5,10,yes\n");
    const struct column *flag = &rows_of(&parsed)->columns[parsed_column(&parsed, "flag")];
    const bool want[] = {true, false, false, true};
    for (int64_t row = 0; row < 4; row++) {
        assert_int_equal(bit_get(flag->values, row), want[row]);
        assert_int_equal(column_is_valid(flag, row), row != 2);
    }
    parsed_release(&parsed);
}

/* Which type would hold what the beginning of the text did not promise. */
static void check_misfit(const char *item, const char *value, enum column_type wider)
{
    char text[512];
    const char *const items[] = {item};
    wish_columns(items, 1);
    (void)snprintf(text, sizeof text, BARS ",extra\n1680307200000,1,2,0.5,1.5,10,\n1680307260000,1,2,0.5,1.5,10,%s\n",
                   value);
    for (size_t i = 0; i < 2; i++) {
        parse_wishes.wants_rejects = i == 1;
        lake_fails(parsed_read(&parsed, text, &err), LAKE_INVALID_DATA, "x.csv:3: extra is ");
        assert_non_null(parsed.run.misfit);
        assert_string_equal(parsed.run.misfit->meaning.name, "extra");
        assert_int_equal(parsed.run.wider, wider);
        parsed_release(&parsed);
    }
}

static void test_values_that_a_column_of_its_own_cannot_hold(void **state)
{
    (void)state;
    check_misfit("extra:int64", "1.5", COLUMN_DOUBLE);
    check_misfit("extra:int64", "1e3000", COLUMN_UTF8);
    check_misfit("extra:int64", "99999999999999999999", COLUMN_UTF8);
    check_misfit("extra:int64", "abc", COLUMN_UTF8);
    check_misfit("extra:double", "abc", COLUMN_UTF8);
    check_misfit("extra:bool", "2", COLUMN_UTF8);
}

/* A record that is wrong in other ways says nothing of the column. */
static void test_a_broken_record_is_no_misfit(void **state)
{
    (void)state;
    static const char *const items[] = {"extra:int64"};
    wish_columns(items, 1);
    lake_fails(parsed_read(&parsed, BARS ",extra\n1680307200000,1,2,0.5,1.5,10,\n1680307260000,1,2,0.5,x,10,y\n", &err),
               LAKE_INVALID_DATA, "x.csv:3: close is 'x', not a number");
    assert_null(parsed.run.misfit);
    parsed_release(&parsed);
}

static void test_trades(void **state)
{
    (void)state;
    wish_type("trades");
    read_text("id,price,qty,time,is_buyer_maker\n"
              "7,100.5,0.25,1680307200123,true\n"
              "8,-100.5,1e-8,1680307200123456,False\n"
              "x9,100,3,1680307200123456789,True\n"
              "11,100,3,1680307200.5,false\n");
    const int64_t want_us[] = {INT64_C(1680307200123000), INT64_C(1680307200123456), INT64_C(1680307200123456),
                               INT64_C(1680307200500000)};
    for (int64_t row = 0; row < 4; row++) {
        assert_true(parsed_integer(&parsed, "ts", row) == want_us[row]);
        assert_true(parsed_is_text(&parsed, "side", row, row % 2 == 0 ? "sell" : "buy"));
    }
    assert_true(parsed_is_text(&parsed, "id", 0, "7") && parsed_is_text(&parsed, "id", 2, "x9"));
    assert_true(parsed_double(&parsed, "amount", 1) == 1e-8 && parsed_double(&parsed, "price", 1) == -100.5);
    parsed_release(&parsed);
}

static void test_sides(void **state)
{
    (void)state;
    wish_type("trades");
    read_text("timestamp,side,price,size\n"
              "1680307200,Buy,1,2\n1680307200,SELL,1,2\n1680307200,,1,2\n1680307200,b,1,2\n");
    assert_true(parsed_is_text(&parsed, "side", 0, "buy") && parsed_is_text(&parsed, "side", 1, "sell"));
    assert_true(parsed_is_null(&parsed, "side", 2) && parsed_is_text(&parsed, "side", 3, "buy"));
    parsed_release(&parsed);
    assert_refused_later("timestamp,side,price,size\n1680307200,Buy,1,2\n", "1680307200,up,1,2\n",
                         "x.csv:3: side is 'up', neither buy nor sell");
}

static void test_rows_of_other_symbols(void **state)
{
    (void)state;
    parse_wishes.csv.columns.symbol = "BTCUSDT";
    read_text("symbol," BARS "\n"
              "BTC/USDT,1680307200000,1,2,0.5,1.5,10\n"
              "ETH/USDT,1680307200000,x,2,0.5,1.5,10\n"
              "BTC/USDT,1680307260000,1,2,0.5,1.5,11\n"
              "ETH/USDT,1680307260000,3,2,0.5,1.5,10\n");
    assert_int_equal(rows_of(&parsed)->n_rows, 2);
    assert_int_equal(parsed.run.n_others, 2);
    assert_int_equal(parsed_line(&parsed, 0), 2);
    assert_int_equal(parsed_line(&parsed, 1), 4);
    assert_int_equal(parsed_line(&parsed, 2), -1);
    assert_true(parsed_double(&parsed, "volume", 1) == 11);
    parsed_release(&parsed);
}

static void test_a_constant_is_held_against_every_row(void **state)
{
    (void)state;
    assert_refused("symbol," BARS "\nBTCUSDT,1680307200000,1,2,0.5,1.5,10\nBTC/USDT,1680307260000,1,2,0.5,1.5,10\n"
                   "BTCUSDT,1680307320000,1,2,0.5,1.5,10\nETHUSDT,1680307380000,1,2,0.5,1.5,10\n",
                   "symbol");
}

static void check_rate(const char *value, double want)
{
    char text[256];
    (void)snprintf(text, sizeof text, "time,rate\n1680307200000,0.0100%%\n1680336000000,%s\n", value);
    read_text(text);
    if (parsed_double(&parsed, "rate", 1) != want)
        fail_msg("%s became %.17g", value, parsed_double(&parsed, "rate", 1));
    assert_true(parsed_double(&parsed, "rate", 0) == 0.0001);
    parsed_release(&parsed);
}

/* The hundredth is taken of the decimal: 0.07% is the double nearest to 0.0007. */
static void test_percent(void **state)
{
    (void)state;
    wish_type("funding");
    check_rate("0.07%", 0.0007);
    check_rate("-0.0375 %", -0.000375);
    check_rate("1e-1%", 0.001);
    check_rate("12.5%", 0.125);
    assert_refused("time,rate\n1680307200000,0.01%\n1680336000000,%\n", "not a number");
    assert_refused("time,rate\n1680307200000,0.01%\n1680336000000,1%%\n", "not a number");
}

static void check_volume(const char *value, double want)
{
    char text[256];
    (void)snprintf(text, sizeof text, BARS "\n1680307200000,1,2,0.5,1.5,1.5K\n1680307260000,1,2,0.5,1.5,%s\n", value);
    read_text(text);
    if (parsed_double(&parsed, "volume", 1) != want)
        fail_msg("%s became %.17g", value, parsed_double(&parsed, "volume", 1));
    assert_true(parsed_double(&parsed, "volume", 0) == 1500);
    parsed_release(&parsed);
}

static void test_suffixes(void **state)
{
    (void)state;
    check_volume("0.07M", 70000);
    check_volume("1.1B", 1100000000.0);
    check_volume("2T", 2e12);
    check_volume("3.3k", 3300);
    check_volume("7", 7);
    assert_refused(BARS "\n1680307200000,1,2,0.5,1.5,1.5K\n1680307260000,1,2,0.5,1.5,1.5X\n", "not a number");
    assert_refused(BARS "\n1680307200000,1,2,0.5,1.5,1.5K\n1680307260000,1,2,0.5,1.5,K\n", "not a number");
}

static void test_groups_and_decimal_commas(void **state)
{
    (void)state;
    read_text("ts;open;high;low;close;volume\n"
              "1680307200000;1.234,5;1.234.567,25;0,5;1,5;10\n1680307260000;1234,5;2,25;-0,5;1,75;10\n");
    assert_true(parsed_double(&parsed, "open", 0) == 1234.5 && parsed_double(&parsed, "high", 0) == 1234567.25);
    assert_true(parsed_double(&parsed, "open", 1) == 1234.5 && parsed_double(&parsed, "low", 1) == -0.5);
    assert_true(parsed_double(&parsed, "close", 1) == 1.75);
    parsed_release(&parsed);
    assert_refused("ts;open;high;low;close;volume\n1680307200000;1.234,5;1.234.567,25;0,5;1,5;10\n"
                   "1680307260000;12.34,5;2;1;1;10\n",
                   "x.csv:3: open is '12.34,5', not a number");
    read_text(BARS "\n1680307200000,\"1,234.5\",\"1,234,567.25\",1,1.5,10\n1680307260000,1,2,0.5,1.5,10\n");
    assert_true(parsed_double(&parsed, "open", 0) == 1234.5 && parsed_double(&parsed, "high", 0) == 1234567.25);
    parsed_release(&parsed);
}

static void test_date_and_time_in_two_fields(void **state)
{
    (void)state;
    const char *const texts[] = {"date,time,open,high,low,close,volume\n2023-04-01,00:00:00,1,2,0.5,1.5,10\n"
                                 "2023-04-01,00:01:00,1,2,0.5,1.5,10\n",
                                 "time,open,high,low,close,volume,date\n00:00:00,1,2,0.5,1.5,10,2023-04-01\n"
                                 "00:01:00,1,2,0.5,1.5,10,\"2023-04-01\"\n"};
    for (size_t i = 0; i < 2; i++) {
        read_text(texts[i]);
        assert_int_equal(rows_of(&parsed)->n_rows, 2);
        for (int64_t row = 0; row < 2; row++)
            assert_true(parsed_integer(&parsed, "ts", row) == FIRST_MS + 60000 * row);
        parsed_release(&parsed);
    }
    assert_refused_later("date,time,open,high,low,close,volume\n2023-04-01,00:00:00,1,2,0.5,1.5,10\n",
                         "2023-04-01,25:01:00,1,2,0.5,1.5,10\n", "x.csv:3: time is '25:01:00', not a time of day");
}

static void test_times_that_say_their_zone(void **state)
{
    (void)state;
    parse_wishes.csv.has_zone = true;
    read_text(BARS "\n2023-04-01 00:00:00,1,2,0.5,1.5,10\n2023-04-01T00:01:00,1,2,0.5,1.5,10\n");
    assert_true(parsed.layout.is_time_local && parsed_integer(&parsed, "ts", 1) == FIRST_MS + 60000);
    parsed_release(&parsed);
    const char *const others[] = {"2023-04-01T00:01:00Z", "2023-04-01 00:01:00+00:00", "1680307260000"};
    for (size_t i = 0; i < 3; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s,1,2,0.5,1.5,10\n", others[i]);
        assert_refused_later(BARS "\n2023-04-01 00:00:00,1,2,0.5,1.5,10\n", text,
                             "a time that says its zone itself, though one was named for the file");
    }
}

static void test_a_record_in_quotes(void **state)
{
    (void)state;
    read_text("\"<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\"\r\n"
              "\"2023.04.01\t00:00:00\t1\t2\t0.5\t1.5\t10\"\r\n\"2023.04.01\t00:05:00\t1\t2\t0.5\t1.25\t11\"\r\n");
    assert_true(parsed.layout.is_record_quoted);
    assert_int_equal(rows_of(&parsed)->n_rows, 2);
    assert_true(parsed_double(&parsed, "close", 1) == 1.25);
    assert_true(parsed_integer(&parsed, "ts", 1) == FIRST_MS + 300000);
    parsed_release(&parsed);
}

static void test_fields_may_lack_at_the_end(void **state)
{
    (void)state;
    static const char *const items[] = {"note:text"};
    wish_columns(items, 1);
    read_text(BARS ",note\n1680307200000,1,2,0.5,1.5,10\n1680307260000,1,2,0.5,1.5,11,b\n"
                   "1680307320000,1,2,0.5,1.5,12,c,,\n");
    assert_int_equal(rows_of(&parsed)->n_rows, 3);
    assert_true(parsed_is_null(&parsed, "note", 0));
    assert_true(parsed_is_text(&parsed, "note", 1, "b") && parsed_is_text(&parsed, "note", 2, "c"));
    parsed_release(&parsed);
    assert_refused(BARS
                   ",note\n1680307200000,1,2,0.5,1.5,10\n1680307260000,1,2,0.5,1.5,11,b\n1680307320000,1,2,0.5,1.5,12",
                   "x.csv:4: the last line may be cut off: the line has 6 fields, but the header has 7");
    assert_refused(BARS ",note\n1680307200000,1,2,0.5,1.5,10\n1680307260000,1,2,0.5,1.5,11,b,x\n",
                   "x.csv:3: the line has 8 fields, but the header has 7");
}

struct wanted_reject {
    int64_t line;
    const char *text, *reason, *rule;
};

static void check_rejects(const struct wanted_reject *want, size_t n)
{
    assert_int_equal(parsed.run.n_rejects, n);
    for (size_t i = 0; i < n; i++) {
        const struct row_reject *got = &parsed.run.rejects[i];
        assert_int_equal(parsed.block.first_line + got->line, want[i].line);
        assert_int_equal(got->length, strlen(want[i].text));
        assert_memory_equal(got->text, want[i].text, got->length);
        assert_string_equal(got->reason, want[i].reason);
        assert_string_equal(got->rule, want[i].rule);
    }
}

static void test_records_are_put_aside(void **state)
{
    (void)state;
    parse_wishes.wants_rejects = true;
    parse_wishes.sample_bytes = strlen(BARS "\n1680307200000,1,2,0.5,1.5,10\n");
    read_text(BARS "\n1680307200000,1,2,0.5,1.5,10\n1680307260000,1,2,0.5,x,10\r\n\n1680307320000,1,2,0.5,1.5,\n"
                   "1680307380000,1,2\n16803073800,1,2,1,1,1\n1680307440000,\"1,2,0.5,1.5,10\n"
                   "1680307500000,\"1\"x,2,0.5,1.5,10\n1680307560000,1,2,0.5,1.5,\"10\"");
    static const struct wanted_reject want[] = {
        {3, "1680307260000,1,2,0.5,x,10", "close is 'x', not a number", "value"},
        {6, "1680307380000,1,2", "the line has 3 fields, but the header has 6", "fields"},
        {7, "16803073800,1,2,1,1,1", "ts is '16803073800', not a time between 1990 and 2100 in s, ms, us or ns",
         "time"},
        {8, "1680307440000,\"1,2,0.5,1.5,10", "a quotation mark is not closed", "quotes"},
        {9, "1680307500000,\"1\"x,2,0.5,1.5,10", "open is '1', with text behind the closing quotation mark", "quotes"}};
    const int64_t lines[] = {2, 5, 10};
    check_rejects(want, sizeof want / sizeof want[0]);
    assert_int_equal(rows_of(&parsed)->n_rows, 3);
    assert_true(parsed_is_null(&parsed, "volume", 1));
    assert_int_equal(rows_of(&parsed)->columns[parsed_column(&parsed, "volume")].null_count, 1);
    for (int64_t row = 0; row < 3; row++)
        assert_int_equal(parsed_line(&parsed, row), lines[row]);
    for (int64_t row = 2; row >= 0; row--)
        assert_int_equal(parsed_line(&parsed, row), lines[row]);
    parsed_release(&parsed);
}

/* More than are kept at once: the run is left behind them, and goes on from there. */
static void test_many_rejects_end_a_run_early(void **state)
{
    (void)state;
    enum { N = 2 * LIMIT_CSV_REJECTS + 10 };
    parse_wishes.wants_rejects = true;
    char *text = malloc(N * 64 + 64);
    size_t n = (size_t)sprintf(text, BARS "\n1680307140000,1,2,0.5,1.5,10\n");
    for (int i = 0; i < N; i++)
        n += (size_t)sprintf(text + n, "%" PRId64 ",1,2,0.5,%s,10\n", FIRST_MS + 60000 * i, i % 2 == 0 ? "x" : "1");
    read_text(text);
    assert_int_equal(parsed.run.n_rejects, LIMIT_CSV_REJECTS);
    assert_true(parsed.run.stopped < parsed.run.end);
    int64_t n_rows = rows_of(&parsed)->n_rows;
    assert_int_equal(parsed.run.n_lines, n_rows + LIMIT_CSV_REJECTS);
    parsed.run.text = parsed.run.stopped;
    lake_ok(csv_parse(&parsed.block, &parsed.run, &err));
    assert_ptr_equal(parsed.run.stopped, parsed.run.end);
    assert_int_equal(n_rows + rows_of(&parsed)->n_rows, N / 2 + 1);
    parsed_release(&parsed);
    free(text);
}

#define test_with_wishes(test) cmocka_unit_test_setup(test, parsed_set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_with_wishes(test_texts_are_kept_as_they_are),
        test_with_wishes(test_texts_that_are_none),
        test_with_wishes(test_booleans),
        test_with_wishes(test_values_that_a_column_of_its_own_cannot_hold),
        test_with_wishes(test_a_broken_record_is_no_misfit),
        test_with_wishes(test_trades),
        test_with_wishes(test_sides),
        test_with_wishes(test_rows_of_other_symbols),
        test_with_wishes(test_a_constant_is_held_against_every_row),
        test_with_wishes(test_percent),
        test_with_wishes(test_suffixes),
        test_with_wishes(test_groups_and_decimal_commas),
        test_with_wishes(test_date_and_time_in_two_fields),
        test_with_wishes(test_times_that_say_their_zone),
        test_with_wishes(test_a_record_in_quotes),
        test_with_wishes(test_fields_may_lack_at_the_end),
        test_with_wishes(test_records_are_put_aside),
        test_with_wishes(test_many_rejects_end_a_run_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
