/* Values of tables in other types and formats than those of the dataset. */
#include <datalake/types.h>

#include "put_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N = 3 };

static const int64_t ts_ms[N] = {DAY_2024, DAY_2024 + 60000, DAY_2024 + 120000};
static const double price[N] = {1.5, 2.5, 3.5};

/* Three bars whose columns are those given in place of ts, close and volume. */
static struct put_table bars_with(const struct put_field *ts, const struct put_field *volume)
{
    static struct put_field fields[BAR_FIELDS];
    static const char *const names[BAR_FIELDS] = {"ts", "open", "high", "low", "close", "volume"};
    for (size_t i = 0; i < BAR_FIELDS; i++)
        fields[i] = (struct put_field){.name = names[i], .format = "g", .values = price};
    fields[0] = (struct put_field){.name = "ts", .format = "tsm:UTC", .values = ts_ms};
    if (ts != NULL)
        fields[0] = *ts;
    if (volume != NULL)
        fields[5] = *volume;
    return (struct put_table){.fields = fields, .n_fields = BAR_FIELDS, .n_rows = N};
}

static void assert_volumes(double a, double b, double c)
{
    const double wanted[N] = {a, b, c};
    size_t n = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(found[i].ts, ts_ms[i]);
        assert_true(found[i].volume == wanted[i] || (isnan(wanted[i]) && isnan(found[i].volume)));
    }
    free(found);
}

static void put_ts(const char *format, const void *values, const void *bytes)
{
    struct put_field ts = {.name = "ts", .format = format, .values = values, .bytes = bytes};
    struct put_table table = bars_with(&ts, NULL);
    struct lake_put_options options = put_options();
    (void)put_well(&table, &options);
    assert_volumes(1.5, 2.5, 3.5);
    ingest_tear_down(NULL);
    ingest_set_up(NULL);
}

static void refuse_ts(const char *format, const void *values, const void *bytes, const char *message)
{
    struct put_field ts = {.name = "ts", .format = format, .values = values, .bytes = bytes};
    struct put_table table = bars_with(&ts, NULL);
    struct lake_put_options options = put_options();
    put_badly(&table, &options, LAKE_INVALID_DATA, message);
}

static void test_times_of_any_unit(void **state)
{
    (void)state;
    int64_t s[N], us[N], ns[N];
    int32_t s32[N];
    for (int i = 0; i < N; i++) {
        s[i] = ts_ms[i] / 1000;
        s32[i] = (int32_t)s[i];
        us[i] = ts_ms[i] * 1000;
        ns[i] = us[i] * 1000;
    }
    put_ts("tsm:", ts_ms, NULL);
    put_ts("tss:UTC", s, NULL);
    put_ts("tsu:Europe/Berlin", us, NULL);
    put_ts("tsn:", ns, NULL);
    put_ts("tdm", ts_ms, NULL);
    put_ts("l", s, NULL);
    put_ts("i", s32, NULL);
    put_ts("I", s32, NULL);
    put_ts("l", ts_ms, NULL);
    put_ts("L", us, NULL);
    put_ts("l", ns, NULL);
    us[1]++;
    refuse_ts("tsu:", us, NULL, "row 1: ts is 1704067260000001, which is not a whole millisecond");
    refuse_ts("l", us, NULL, "row 1: ts is not a whole millisecond");
    s[2] = 7;
    refuse_ts("l", s, NULL, "row 2: ts is 7, not a time between 1990 and 2100");
    s[2] = INT64_MAX;
    refuse_ts("tss:", s, NULL, "column 'ts' holds 9223372036854775807, which is no time");
    us[1] = ns[1] = INT64_MIN; /* what NumPy has in place of no time */
    refuse_ts("tsu:", us, NULL, "row 1: ts is -9223372036854775808, which is not a whole millisecond");
    refuse_ts("tsn:", ns, NULL, "row 1: ts is -9223372036854775808, which is not a whole millisecond");
}

static void test_times_in_text(void **state)
{
    (void)state;
    const char text[] = "2024-01-01T00:00:00Z2024-01-01 00:012024-01-01T01:02:00.000+01:00";
    const int32_t offsets[N + 1] = {0, 20, 36, sizeof text - 1};
    const int64_t wide[N + 1] = {0, 20, 36, sizeof text - 1};
    put_ts("u", offsets, text);
    put_ts("U", wide, text);
    const char bad[] = "2024-01-01T00:00:00Z01/02/2024";
    const int32_t bad_offsets[N + 1] = {0, 20, 30, 30};
    refuse_ts("u", bad_offsets, bad, "row 1: ts is '01/02/2024', not a time in ISO 8601");
    refuse_ts("g", price, NULL, "column 'ts' is double, and must be timestamp[ms], whole numbers or ISO 8601 text");
}

static void test_dates_are_midnights(void **state)
{
    (void)state;
    const int32_t days[N] = {19723, 19724, 19725};
    struct put_field ts = {.name = "ts", .format = "tdD", .values = days};
    struct put_table table = bars_with(&ts, NULL);
    struct lake_put_options options = put_options();
    options.dataset.period = "1d";
    struct lake_put_result result = put_well(&table, &options);
    assert_int_equal(result.first_ms, DAY_2024);
    assert_int_equal(result.last_ms, DAY_2024 + 2 * MS_PER_DAY);
}

static void put_volume(const char *format, const void *values, double a, double b, double c)
{
    struct put_field volume = {.name = "volume", .format = format, .values = values};
    struct put_table table = bars_with(NULL, &volume);
    struct lake_put_options options = put_options();
    (void)put_well(&table, &options);
    assert_volumes(a, b, c);
    ingest_tear_down(NULL);
    ingest_set_up(NULL);
}

static void refuse_volume(struct put_field volume, lake_status status, const char *message)
{
    volume.name = "volume";
    struct put_table table = bars_with(NULL, &volume);
    struct lake_put_options options = put_options();
    put_badly(&table, &options, status, message);
}

static void test_numbers_of_any_width(void **state)
{
    (void)state;
    const uint8_t u8[N] = {0, 200, 255};
    const int8_t i8[N] = {1, 2, 127};
    const uint16_t u16[N] = {1, 2, 65535}, half[N] = {0x3c00, 0x4200, 0x0001};
    const int64_t i64[N] = {1, 2, INT64_C(1) << 60}, odd[N] = {1, 2, (INT64_C(1) << 53) + 1};
    const uint64_t u64[N] = {1, 2, UINT64_MAX};
    const float f32[N] = {0.5F, 1.25F, 3};
    const double nan[N] = {1, NAN, 3};
    put_volume("C", u8, 0, 200, 255);
    put_volume("c", i8, 1, 2, 127);
    put_volume("S", u16, 1, 2, 65535);
    put_volume("e", half, 1, 3, 5.9604644775390625e-8);
    put_volume("f", f32, 0.5, 1.25, 3);
    put_volume("l", i64, 1, 2, 1152921504606846976.0);
    put_volume("g", nan, 1, NAN, 3);
    refuse_volume((struct put_field){.format = "l", .values = odd}, LAKE_INVALID_DATA,
                  "row 2: volume is 9007199254740993, which no double holds exactly");
    refuse_volume((struct put_field){.format = "L", .values = u64}, LAKE_INVALID_DATA, "18446744073709551615");
}

static void test_counts_from_floating_numbers(void **state)
{
    (void)state;
    const double counts[N] = {1, NAN, 3}, parts[N] = {1, 2.5, 3};
    struct put_field fields[BAR_FIELDS + 1];
    struct put_table table = bars_with(NULL, NULL);
    struct lake_put_options options = put_options();
    memcpy(fields, table.fields, BAR_FIELDS * sizeof *fields);
    fields[BAR_FIELDS] = (struct put_field){.name = "trades", .format = "g", .values = parts};
    table.fields = fields;
    table.n_fields++;
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 1: trades is 2.5, which no int64 holds exactly");
    fields[BAR_FIELDS].values = counts;
    (void)put_well(&table, &options);
    char *text = read_text("BTCUSDT", "raw");
    assert_non_null(strstr(text, "00:00:00Z,1.5,1.5,1.5,1.5,1.5,1\n"));
    assert_non_null(strstr(text, "00:01:00Z,2.5,2.5,2.5,2.5,2.5,\n"));
    free(text);
}

static void test_other_kinds_are_refused(void **state)
{
    (void)state;
    const int32_t offsets[N + 1] = {0, 1, 2, 3};
    const uint8_t bits[1] = {7};
    const uint64_t decimals[2 * N] = {0};
    refuse_volume((struct put_field){.format = "u", .values = offsets, .bytes = "123"}, LAKE_INVALID_DATA,
                  "column 'volume' is utf8, and must be double");
    refuse_volume((struct put_field){.format = "b", .values = bits}, LAKE_INVALID_DATA,
                  "column 'volume' is bool, and must be double");
    refuse_volume((struct put_field){.format = "d:20,2", .values = decimals}, LAKE_UNSUPPORTED,
                  "column 'volume' is of type decimal");
    refuse_volume((struct put_field){.format = "+l", .values = offsets}, LAKE_UNSUPPORTED, "list");
    refuse_volume((struct put_field){.format = "?", .values = offsets}, LAKE_UNSUPPORTED, "'?'");
    refuse_volume((struct put_field){.format = "tDs", .values = decimals}, LAKE_UNSUPPORTED, "duration");
}

static void test_nulls(void **state)
{
    (void)state;
    const uint8_t valid[1] = {5};
    struct put_field ts = {.name = "ts", .format = "tsm:UTC", .values = ts_ms, .validity = valid};
    struct put_field volume = {.name = "volume", .format = "g", .values = price, .validity = valid};
    struct put_field none = {.name = "volume", .format = "n", .n_buffers = -1};
    struct put_table table = bars_with(&ts, NULL);
    struct lake_put_options options = put_options();
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 1: ts is null");
    table.batch_rows = 1;
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 1: ts is null");
    options.checks = LAKE_CHECK_WARN;
    table = bars_with(NULL, &volume);
    (void)put_well(&table, &options);
    assert_volumes(1.5, NAN, 3.5);
    table = bars_with(NULL, &none);
    (void)put_well(&table, &options);
    assert_volumes(1.5, NAN, 3.5); /* no value takes the place of none (I8) */
    none.n_buffers = 1;            /* some export a bitmap with it, that may be absent */
    table = bars_with(NULL, &none);
    (void)put_well(&table, &options);
    assert_volumes(1.5, NAN, 3.5);
    table = bars_with(&none, NULL);
    ((struct put_field *)(uintptr_t)table.fields)[0].name = "ts";
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 0: ts is null");
}

/* ---- trades ---- */

static const int64_t trade_us[4] = {DAY_2024 * 1000, DAY_2024 * 1000 + 5, DAY_2024 * 1000 + 5, DAY_2024 * 1000 + 9};
static const double amounts[4] = {1, 2, 2, 4};

static struct put_table trades_with(const struct put_field *id, const char *amount, const struct put_field *more)
{
    static struct put_field fields[5];
    size_t n = 3;
    fields[0] = (struct put_field){.name = "ts", .format = "tsu:UTC", .values = trade_us};
    fields[1] = (struct put_field){.name = "price", .format = "g", .values = amounts};
    fields[2] = (struct put_field){.name = amount, .format = "g", .values = amounts};
    if (id != NULL)
        fields[n++] = *id;
    if (more != NULL)
        fields[n++] = *more;
    return (struct put_table){.fields = fields, .n_fields = n, .n_rows = 4};
}

static struct lake_put_options trade_options(void)
{
    struct lake_put_options options = put_options();
    options.dataset.type = "trades";
    options.dataset.period = NULL;
    return options;
}

static void test_trades_without_ids(void **state)
{
    (void)state;
    struct lake_put_options options = trade_options();
    struct put_table table = trades_with(NULL, "qty", NULL);
    assert_int_equal(put_well(&table, &options).rows_new, 4);
    table = trades_with(NULL, "size", NULL);
    assert_int_equal(put_well(&table, &options).rows_equal, 4);
    struct put_field both = {.name = "qty", .format = "g", .values = amounts};
    table = trades_with(&both, "size", NULL);
    put_badly(&table, &options, LAKE_INVALID_DATA, "the frame has 'qty' and 'size'");
    table = trades_with(NULL, "Amount", NULL);
    put_badly(&table, &options, LAKE_INVALID_DATA, "'amount' column (is 'Amount' meant?)");
}

static void test_ids_are_texts_or_numbers(void **state)
{
    (void)state;
    struct lake_put_options options = trade_options();
    const int64_t ids[4] = {7, 12, 9, 100}, again[4] = {7, 9, 9, 100};
    struct put_field id = {.name = "id", .format = "l", .values = ids};
    struct put_table table = trades_with(&id, "amount", NULL);
    assert_int_equal(put_well(&table, &options).rows_new, 4);
    char *text = read_text("BTCUSDT", "trades");
    assert_non_null(strstr(text, ",9,2,2\n"));
    assert_non_null(strstr(text, ",100,4,4\n"));
    free(text);
    id.values = again;
    table = trades_with(&id, "amount", NULL);
    put_badly(&table, &options, LAKE_INVALID_DATA,
              "row 2: ts 2024-01-01T00:00:00.000005Z with id '9' comes again, first in row 1");
    table.batch_rows = 2; /* found by the merge */
    put_badly(&table, &options, LAKE_INVALID_DATA, "1 rows have the ts and id of a row before them");
}

static void test_dictionaries_and_views(void **state)
{
    (void)state;
    struct lake_put_options options = trade_options();
    const uint8_t indexes[4] = {1, 0, 2, 1}, valid[1] = {7}, index_valid[1] = {15};
    const int32_t offsets[4] = {0, 4, 7, 9};
    struct put_field texts = {.format = "u", .values = offsets, .bytes = "sellbuyno", .validity = valid};
    struct put_field note = {.name = "side",
                             .format = "C",
                             .values = indexes,
                             .validity = index_valid,
                             .dictionary = &texts,
                             .dictionary_length = 3};
    struct put_table table = trades_with(NULL, "amount", &note);
    put_badly(&table, &options, LAKE_INVALID_DATA, "row 2: side is 'no', and must be 'buy' or 'sell'");
    note.name = "note";
    table = trades_with(NULL, "amount", &note);
    (void)put_well(&table, &options);
    char *text = read_text("BTCUSDT", "trades");
    assert_non_null(strstr(text, "00Z,1,1,buy\n"));
    assert_non_null(strstr(text, "05Z,2,2,sell\n"));
    assert_non_null(strstr(text, "05Z,2,2,no\n"));
    free(text);
    const uint8_t beyond[4] = {1, 0, 3, 1};
    note.values = beyond;
    table = trades_with(NULL, "amount", &note);
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "column 'note' names text 3 of a dictionary of 3");
}

/* Of trades alone, a size is an amount. */
static void test_nothing_is_guessed_of_a_registered_type(void **state)
{
    const struct lake_type_column columns[] = {{"ts", "timestamp[ms]", "", true, false},
                                               {"amount", "double", "", false, true}};
    const char *const key[] = {"ts"};
    const struct lake_type_options type = {
        .size = sizeof type, .name = "deposits", .columns = columns, .n_columns = 2, .key = key, .n_key = 1};
    const struct put_field fields[] = {{.name = "timestamp", .format = "tsm:UTC", .values = ts_ms},
                                       {.name = "size", .format = "g", .values = price}};
    struct put_table table = {.fields = fields, .n_fields = 2, .n_rows = N};
    struct lake_put_options options = put_options();
    struct lake_error err;
    (void)state;
    assert_int_equal(lake_register_type(fixture->lake, &type, &err), LAKE_OK);
    options.dataset.type = "deposits";
    options.dataset.period = NULL;
    assert_int_equal(put_well(&table, &options).rows_new, N);
    char *text = read_text("BTCUSDT", "deposits");
    assert_non_null(strstr(text, "ts,size\n"));
    free(text);
}

/* One text, that many rows have: laid out for each of a full slice it is more than the memory there is for one. */
static void test_long_texts_come_in_smaller_slices(void **state)
{
    enum { ROWS = 40000, TEXT_BYTES = 8000 };
    static char bytes[TEXT_BYTES];
    static uint8_t indexes[ROWS];
    const int32_t offsets[2] = {0, TEXT_BYTES};
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    struct put_field text = {.format = "u", .values = offsets, .bytes = bytes};
    struct put_field fields[BAR_FIELDS + 1];
    struct lake_put_options options = put_options();
    memcpy(fields, bar_fields(0, ROWS), BAR_FIELDS * sizeof *fields);
    fields[BAR_FIELDS] = (struct put_field){
        .name = "note", .format = "C", .values = indexes, .dictionary = &text, .dictionary_length = 1};
    struct put_table table = {.fields = fields, .n_fields = BAR_FIELDS + 1, .n_rows = ROWS};
    assert_int_equal(put_well(&table, &options).rows_new, ROWS);
    size_t n = 0;
    free(read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + 100 * MS_PER_DAY, &n));
    assert_int_equal(n, ROWS);
}

/* A view: its length, and its text or the four first bytes, the buffer and the place there. */
static void make_view(const char *text, int32_t at, uint8_t out[16])
{
    int32_t length = (int32_t)strlen(text), buffer = 0;
    memset(out, 0, 16);
    memcpy(out, &length, 4);
    memcpy(out + 4, text, (size_t)(length < 12 ? length : length == 12 ? 12 : 4));
    if (length <= 12)
        return;
    memcpy(out + 8, &buffer, 4);
    memcpy(out + 12, &at, 4);
}

static void test_string_views(void **state)
{
    (void)state;
    struct lake_put_options options = trade_options();
    uint8_t views[4][16];
    const char bytes[] = "a text that is too long for a view itself";
    const int64_t sizes[1] = {sizeof bytes - 1};
    make_view("buy", 0, views[0]);
    make_view(bytes, 0, views[1]);
    make_view("", 0, views[2]);
    make_view("twelve bytes", 0, views[3]);
    struct put_field note = {.name = "note", .format = "vu", .buffers = {NULL, views, bytes, sizes}, .n_buffers = 4};
    struct put_table table = trades_with(NULL, "amount", &note);
    (void)put_well(&table, &options);
    char *text = read_text("BTCUSDT", "trades");
    assert_non_null(strstr(text, ",2,2,a text that is too long for a view itself\n"));
    assert_non_null(strstr(text, ",4,4,twelve bytes\n"));
    free(text);
    int32_t at = 1; /* one byte beyond the buffer */
    memcpy(views[1] + 12, &at, 4);
    table = trades_with(NULL, "amount", &note);
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "column 'note' has a text (1) that lies nowhere");
    at = -5;
    memcpy(views[1], &at, 4);
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "lies nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)
        TEST(test_times_of_any_unit),
        TEST(test_times_in_text),
        TEST(test_dates_are_midnights),
        TEST(test_numbers_of_any_width),
        TEST(test_counts_from_floating_numbers),
        TEST(test_other_kinds_are_refused),
        TEST(test_nulls),
        TEST(test_trades_without_ids),
        TEST(test_ids_are_texts_or_numbers),
        TEST(test_dictionaries_and_views),
        TEST(test_nothing_is_guessed_of_a_registered_type),
        TEST(test_long_texts_come_in_smaller_slices),
        TEST(test_string_views),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
