/* Trades through the whole lake: written, read, changed, compacted, verified, repaired, rebuilt. */
#include "trade_fixture.h"
#include "verify_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <datalake/history.h>

#include "column/reshape.h"
#include "io/file.h"
#include "lake/layout.h"
#include "parquet/writer.h"

#define AT(us) (TRADE_DAY_US + (us))
#define DAY_US (MS_PER_DAY * 1000)
#define N(array) (sizeof(array) / sizeof *(array))

enum { MANY_DAYS = 100, MOST_TEXT = 1 << 16 };

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct lake *lake_of(void **state)
{
    const struct fixture *fixture = *state;
    return fixture->lake;
}

static const char *scan_all(struct lake *lake)
{
    return scan_trades(lake, "trades", DAY_2024 - 400 * MS_PER_DAY, DAY_2024 + 400 * MS_PER_DAY);
}

static void begin_source(struct lake_write *write)
{
    struct lake_error err = {LAKE_OK, ""};
    if (lake_write_begin_source(write, &err) != LAKE_OK)
        fail_msg("%s", err.message);
}

/* Microseconds on both sides of a millisecond, a second and a day. */
static const struct trade around[] = {{AT(0), "1", 1, 1, "buy", NULL},
                                      {AT(999), "2", 2, 1, "sell", NULL},
                                      {AT(1000), "3", 3, 1, "buy", NULL},
                                      {AT(1000), "4", 4, 1, "buy", NULL},
                                      {AT(1001), "5", 5, 1, NULL, NULL},
                                      {AT(DAY_US - 1), "6", 6, 1, "buy", NULL},
                                      {AT(DAY_US), "7", 7, 1, "sell", NULL},
                                      {AT(DAY_US + 1), "8", 8, 1, "sell", NULL},
                                      {AT(2 * DAY_US - 1), "9", 9, 1, NULL, NULL}};

/* ---- reading ---- */

static void test_ranges_cut_between_milliseconds(void **state)
{
    struct lake *lake = lake_of(state);
    struct lake_write_result written = write_trades(lake, "trades", around, N(around), TRADE_WITHOUT_NOTE);
    assert_int_equal(written.rows_new, N(around));
    assert_int_equal(written.first_ms, DAY_2024);
    assert_int_equal(written.last_ms, DAY_2024 + 2 * MS_PER_DAY - 1);
    assert_int_equal(written.days_changed, 2);
    assert_string_equal(scan_trades(lake, "trades", DAY_2024, DAY_2024 + 1), "0 1 1 1 buy -\n999 2 2 1 sell -\n");
    assert_string_equal(scan_trades(lake, "trades", DAY_2024 + 1, DAY_2024 + 2),
                        "1000 3 3 1 buy -\n1000 4 4 1 buy -\n1001 5 5 1 - -\n");
    assert_string_equal(scan_trades(lake, "trades", DAY_2024 + MS_PER_DAY - 1, DAY_2024 + MS_PER_DAY + 1),
                        "86399999999 6 6 1 buy -\n86400000000 7 7 1 sell -\n86400000001 8 8 1 sell -\n");
    assert_string_equal(scan_trades(lake, "trades", DAY_2024 + 2, DAY_2024 + 2), "");
    assert_int_equal(count_problems(lake), 0);
    assert_int_equal(count_files(lake), 2);
}

static void test_ticks_are_trades_and_aggtrades_are_not(void **state)
{
    struct lake *lake = lake_of(state);
    write_trades(lake, "ticks", around, 1, TRADE_ALL);
    write_trades(lake, "aggtrades", around + 1, 1, TRADE_ALL);
    assert_string_equal(scan_trades(lake, "Trades", DAY_2024, DAY_2024 + 9), "0 1 1 1 buy -\n");
    assert_string_equal(scan_trades(lake, "ticks", DAY_2024, DAY_2024 + 9), "0 1 1 1 buy -\n");
    assert_string_equal(scan_trades(lake, "aggtrades", DAY_2024, DAY_2024 + 9), "999 2 2 1 sell -\n");
}

static void test_times_before_1970_fall_into_their_own_day(void **state)
{
    static const struct trade rows[] = {{-1, "1", 1, 1, NULL, NULL}, {0, "2", 2, 1, NULL, NULL}};
    struct lake *lake = lake_of(state);
    struct lake_write_result written = write_trades(lake, "trades", rows, 2, TRADE_ALL);
    char expected[128];
    assert_int_equal(written.days_changed, 2);
    assert_int_equal(written.first_ms, -1);
    (void)snprintf(expected, sizeof expected, "%lld 1 1 1 - -\n", (long long)(-1 - TRADE_DAY_US));
    assert_string_equal(scan_trades(lake, "trades", -1, 0), expected);
    assert_int_equal(count_problems(lake), 0);
}

/* ---- writing again ---- */

static void test_the_same_trades_again_change_nothing(void **state)
{
    struct lake *lake = lake_of(state);
    struct trade backwards[N(around)];
    write_trades(lake, "trades", around, N(around), TRADE_ALL);
    for (size_t i = 0; i < N(around); i++)
        backwards[i] = around[N(around) - 1 - i];
    struct lake_write_result again = write_trades(lake, "trades", backwards, N(around), TRADE_ALL);
    assert_int_equal(again.snapshot, 0);
    assert_int_equal(again.rows_equal, N(around));
    assert_int_equal(again.rows_new + again.rows_changed, 0);
}

static const struct trade same = {AT(5), NULL, 1, 1, "buy", NULL};

static void assert_count(struct lake *lake, int64_t start_ms, int expected)
{
    const char *text = scan_trades(lake, "trades", start_ms, start_ms + MS_PER_DAY);
    int n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    assert_int_equal(n, expected);
}

static void test_a_source_with_more_equal_trades_adds_what_is_missing(void **state)
{
    struct lake *lake = lake_of(state);
    const struct trade rows[] = {same, same, same};
    write_trades(lake, "trades", rows, 2, TRADE_WITHOUT_ID);
    assert_count(lake, DAY_2024, 2);
    assert_int_equal(write_trades(lake, "trades", rows, 2, TRADE_WITHOUT_ID).snapshot, 0);
    struct lake_write_result third = write_trades(lake, "trades", rows, 3, TRADE_ALL);
    assert_int_equal(third.rows_new, 1);
    assert_int_equal(third.rows_equal, 2);
    assert_int_equal(write_trades(lake, "trades", rows, 1, TRADE_ALL).snapshot, 0);
    assert_count(lake, DAY_2024, 3);
    assert_int_equal(count_problems(lake), 0);
}

static void test_sources_of_one_operation_are_counted_apart(void **state)
{
    struct lake *lake = lake_of(state);
    const struct trade rows[] = {same, same, same};
    struct lake_write *write = begin_trades(lake, "trades");
    append_trades(write, rows, 2, TRADE_WITHOUT_ID);
    begin_source(write);
    append_trades(write, rows, 1, TRADE_WITHOUT_ID);
    append_trades(write, rows, 2, TRADE_WITHOUT_ID); /* the same source goes on */
    begin_source(write);
    append_trades(write, rows, 1, TRADE_WITHOUT_ID);
    struct lake_write_result written = commit_write(write);
    assert_int_equal(written.rows_read, 6);
    assert_int_equal(written.rows_new, 3);
    assert_count(lake, DAY_2024, 3);
}

/* One trade a day, for more days than are collected at a time: each day is staged more than once. */
static void append_each_day(struct lake_write *write, const char *note)
{
    for (int day = 0; day < MANY_DAYS; day++) {
        struct trade row = same;
        row.ts += day * DAY_US;
        row.note = note;
        append_trades(write, &row, 1, note == NULL ? TRADE_WITHOUT_NOTE : TRADE_ALL);
    }
}

static void assert_each_day(struct lake *lake, int expected)
{
    for (int day = 0; day < MANY_DAYS; day++)
        assert_count(lake, DAY_2024 + day * MS_PER_DAY, expected);
}

static void test_counting_goes_on_when_a_day_is_staged_again(void **state)
{
    struct lake *lake = lake_of(state);
    struct lake_write *write = begin_trades(lake, "trades");
    begin_source(write); /* so that it is not the first */
    append_each_day(write, NULL);
    append_each_day(write, "x"); /* other columns: what was collected is staged first */
    append_each_day(write, NULL);
    begin_source(write);
    append_each_day(write, NULL);
    append_each_day(write, NULL);
    assert_int_equal(commit_write(write).rows_new, 3 * MANY_DAYS);
    assert_each_day(lake, 3);
    assert_int_equal(count_problems(lake), 0);
    assert_int_equal(count_paths(*state, "data", ".parquet"), MANY_DAYS);
}

/* What was stored already when a day was first staged counts as well when more of the same source comes. */
static void test_counting_goes_on_over_rows_that_were_stored(void **state)
{
    struct lake *lake = lake_of(state);
    struct lake_write *write = begin_trades(lake, "trades");
    append_each_day(write, NULL);
    append_each_day(write, NULL);
    append_each_day(write, NULL);
    commit_write(write);
    write = begin_trades(lake, "trades");
    append_each_day(write, NULL);
    append_each_day(write, "x");
    append_each_day(write, NULL);
    append_each_day(write, NULL);
    struct lake_write_result written = commit_write(write);
    assert_int_equal(written.rows_new, MANY_DAYS);
    assert_each_day(lake, 4);
}

static void test_writes_at_the_same_time_keep_the_greater_count(void **state)
{
    struct lake *lake = lake_of(state);
    const struct trade rows[] = {same, same, same};
    struct lake_write *one = begin_trades(lake, "trades"), *other = begin_trades(lake, "trades");
    append_trades(one, rows, 3, TRADE_ALL);
    append_trades(other, rows, 2, TRADE_ALL);
    append_trades(other, around, N(around), TRADE_ALL);
    commit_write(one);
    commit_write(other);
    assert_count(lake, DAY_2024, 3 + 6);
    assert_int_equal(count_problems(lake), 0);
}

/* ---- history ---- */

static struct lake_change_result delete_trades(struct lake *lake, int64_t start_ms, int64_t end_ms, bool dry_run)
{
    const struct lake_delete_options options = {.size = sizeof options,
                                                .selection = {.symbol = "btcusdt", .type = "ticks"},
                                                .has_start = true,
                                                .has_end = true,
                                                .start_ms = start_ms,
                                                .end_ms = end_ms,
                                                .dry_run = dry_run};
    struct lake_change_result result = {.size = sizeof result};
    struct lake_error err = {LAKE_OK, ""};
    if (lake_delete(lake, &options, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return result;
}

static void undo(struct lake *lake)
{
    const struct lake_undo_options options = {.size = sizeof options};
    struct lake_change_result result = {.size = sizeof result};
    struct lake_error err = {LAKE_OK, ""};
    if (lake_undo(lake, &options, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
}

static void test_deleting_a_millisecond_and_undoing_it(void **state)
{
    struct lake *lake = lake_of(state);
    char before[4096];
    int64_t snapshot = write_trades(lake, "trades", around, N(around), TRADE_ALL).snapshot;
    (void)snprintf(before, sizeof before, "%s", scan_all(lake));
    for (int dry_run = 1; dry_run >= 0; dry_run--) {
        struct lake_change_result result = delete_trades(lake, DAY_2024 + 1, DAY_2024 + MS_PER_DAY + 1, dry_run != 0);
        assert_int_equal(result.rows_removed, 6); /* 3, 4, 5 in the first millisecond, 6, and 7, 8 of the next day */
        assert_int_equal(result.n_days, 2);
    }
    assert_string_equal(scan_all(lake), "0 1 1 1 buy -\n999 2 2 1 sell -\n172799999999 9 9 1 - -\n");
    assert_string_equal(scan_trades_at(lake, snapshot), before);
    assert_int_equal(count_problems(lake), 0);
    undo(lake);
    assert_string_equal(scan_all(lake), before);
    assert_int_equal(count_problems(lake), 0);
}

static void test_undoing_a_second_source_takes_away_what_it_added(void **state)
{
    struct lake *lake = lake_of(state);
    const struct trade rows[] = {same, same, same};
    write_trades(lake, "trades", rows, 1, TRADE_ALL);
    struct lake_write_result more = write_trades(lake, "trades", rows, 3, TRADE_ALL);
    assert_int_equal(more.rows_new, 2);
    undo(lake);
    assert_count(lake, DAY_2024, 1);
    assert_int_equal(count_problems(lake), 0);
}

/* ---- maintenance ---- */

/* Some trades a day, with and without ids, many in one microsecond. */
static void write_days(struct lake *lake, int n_days)
{
    struct lake_write *write = begin_trades(lake, "trades");
    for (int day = 0; day < n_days; day++) {
        struct trade rows[] = {same, same, around[0], around[3], around[4], around[5]};
        for (size_t i = 0; i < N(rows); i++)
            rows[i].ts += day * DAY_US;
        append_trades(write, rows, N(rows), TRADE_ALL);
    }
    commit_write(write);
}

static void test_a_month_in_one_file_holds_the_same_rows(void **state)
{
    struct fixture *fixture = *state;
    char before[MOST_TEXT], day[MOST_TEXT];
    int64_t tenth = DAY_2024 + 9 * MS_PER_DAY;
    write_days(fixture->lake, 31);
    (void)snprintf(before, sizeof before, "%s", scan_all(fixture->lake));
    (void)snprintf(day, sizeof day, "%s", scan_trades(fixture->lake, "trades", tenth, tenth + MS_PER_DAY));
    assert_int_equal(count_files(fixture->lake), 31);
    roll_up(fixture, "BTCUSDT");
    assert_int_equal(count_files(fixture->lake), 1);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_string_equal(scan_all(fixture->lake), before);
    assert_string_equal(scan_trades(fixture->lake, "trades", tenth, tenth + MS_PER_DAY), day);
    /* Rows that come into the month write its file anew. */
    const struct trade late = {AT(9 * DAY_US + 7), "77", 1, 1, "buy", NULL};
    assert_int_equal(write_trades(fixture->lake, "trades", &late, 1, TRADE_ALL).files_written, 1);
    assert_int_equal(count_files(fixture->lake), 1);
    assert_int_equal(delete_trades(fixture->lake, tenth, tenth + 1, false).rows_removed, 4);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_maintenance_rolls_closed_months_up(void **state)
{
    struct lake *lake = lake_of(state);
    const struct lake_maintain_options options = {.size = sizeof options, .compact = true};
    struct lake_maintain_result result = {.size = sizeof result};
    struct ArrowArrayStream plan;
    struct lake_error err = {LAKE_OK, ""};
    char before[MOST_TEXT];
    write_days(lake, 40);
    (void)snprintf(before, sizeof before, "%s", scan_all(lake));
    if (lake_maintain(lake, &options, &result, &plan, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    plan.release(&plan);
    assert_int_equal(result.files_compacted, 40);
    assert_int_equal(result.files_made, 2);
    assert_string_equal(scan_all(lake), before);
    assert_int_equal(count_problems(lake), 0);
}

/* ---- damage ---- */

static void test_a_damaged_month_is_repaired_from_the_days_before(void **state)
{
    struct fixture *fixture = *state;
    char before[MOST_TEXT];
    write_days(fixture->lake, 31);
    (void)snprintf(before, sizeof before, "%s", scan_all(fixture->lake));
    roll_up(fixture, "BTCUSDT");
    const char *path = find_path(fixture, "data", ".parquet");
    cut_file(path, size_of(path) / 2);
    assert_one_action(run_repair(fixture), "size", "repaired");
    assert_string_equal(scan_all(fixture->lake), before);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_the_manifest_is_made_anew_from_the_files(void **state)
{
    struct fixture *fixture = *state;
    char before[MOST_TEXT];
    write_trades(fixture->lake, "trades", around, 6, TRADE_ALL);
    (void)snprintf(before, sizeof before, "%s", trades_content(fixture->lake));
    assert_int_equal(run_rebuild(fixture)->n, 0);
    assert_string_equal(trades_content(fixture->lake), before);
    assert_int_equal(write_trades(fixture->lake, "trades", around, 6, TRADE_ALL).snapshot, 0);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static lake_status collect(void *context, const void *bytes, size_t n, struct lake_error *err)
{
    return buffer_append(context, bytes, n, err);
}

/* Overwrites the only data file with these rows as they are. */
static void craft_file(const struct fixture *fixture, const struct trade *rows, size_t n, bool with_times)
{
    const struct parquet_writer_options options = {.compression = PARQUET_SNAPPY};
    struct buffer bytes = BUFFER_INIT(MIB);
    struct parquet_writer *writer = NULL;
    struct batch batch = {0};
    make_trades(rows, n, TRADE_ALL, &batch);
    if (!with_times)
        assert_int_equal(batch_drop_column(&batch, 0, NULL), LAKE_OK);
    assert_int_equal(parquet_writer_new(&writer, NULL), LAKE_OK);
    assert_int_equal(parquet_writer_begin(writer, batch.schema, &options, (struct parquet_sink){collect, &bytes}, NULL),
                     LAKE_OK);
    assert_int_equal(parquet_writer_append(writer, &batch, 0, batch.n_rows, NULL), LAKE_OK);
    assert_int_equal(parquet_writer_finish(writer, NULL), LAKE_OK);
    FILE *file = fopen(find_path(fixture, "data", ".parquet"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, file), bytes.length);
    assert_int_equal(fclose(file), 0);
    parquet_writer_free(writer);
    batch_release(&batch);
    buffer_release(&bytes);
}

/* The order of keys is looked at where rows are: a file whose bytes are all right may break it. */
static void assert_order_is_found(struct fixture *fixture, const struct trade *rows, size_t n, bool is_sound)
{
    write_trades(fixture->lake, "trades", around, 1, TRADE_ALL);
    craft_file(fixture, rows, n, true);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, is_sound ? 0 : 1);
    if (is_sound)
        return;
    assert_string_equal(found->rows[0].problem, "structure");
    assert_non_null(strstr(found->rows[0].detail, "row 1 (2024-01-01T00:00:00Z) does not come after the one before"));
}

static void test_one_id_twice_is_found(void **state)
{
    const struct trade rows[] = {around[0], around[0], around[2]};
    assert_order_is_found(*state, rows, N(rows), false);
}

static void test_ids_in_the_order_of_their_letters_are_found(void **state)
{
    const struct trade rows[] = {{AT(0), "10", 1, 1, "buy", NULL}, {AT(0), "9", 1, 1, "buy", NULL}};
    assert_order_is_found(*state, rows, N(rows), false);
}

static void test_equal_rows_without_id_are_sound(void **state)
{
    const struct trade rows[] = {around[0], same, same};
    assert_order_is_found(*state, rows, N(rows), true);
}

/* A file that was changed behind the lake's back is an error when rows come into its day, whatever it holds now. */
static void assert_cannot_be_merged_with(struct fixture *fixture, const struct trade *rows, size_t n, bool with_times)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write_result result;
    write_trades(fixture->lake, "trades", around, n, TRADE_ALL);
    craft_file(fixture, rows, n, with_times);
    struct lake_write *write = begin_trades(fixture->lake, "trades");
    append_trades(write, &same, 1, TRADE_ALL);
    assert_int_equal(lake_write_commit(write, &result, &err), LAKE_CORRUPT);
    assert_true(err.message[0] != '\0');
    lake_write_free(write);
}

static void test_a_file_without_times_is_an_error(void **state)
{
    assert_cannot_be_merged_with(*state, around, 3, false);
}

static void test_a_file_of_days_back_and_forth_is_an_error(void **state)
{
    const struct trade rows[] = {around[7], around[0], around[1]};
    assert_cannot_be_merged_with(*state, rows, N(rows), true);
}

int main(void)
{
#define IN_A_LAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_LAKE(test_ranges_cut_between_milliseconds),
        IN_A_LAKE(test_ticks_are_trades_and_aggtrades_are_not),
        IN_A_LAKE(test_times_before_1970_fall_into_their_own_day),
        IN_A_LAKE(test_the_same_trades_again_change_nothing),
        IN_A_LAKE(test_a_source_with_more_equal_trades_adds_what_is_missing),
        IN_A_LAKE(test_sources_of_one_operation_are_counted_apart),
        IN_A_LAKE(test_counting_goes_on_when_a_day_is_staged_again),
        IN_A_LAKE(test_counting_goes_on_over_rows_that_were_stored),
        IN_A_LAKE(test_writes_at_the_same_time_keep_the_greater_count),
        IN_A_LAKE(test_deleting_a_millisecond_and_undoing_it),
        IN_A_LAKE(test_undoing_a_second_source_takes_away_what_it_added),
        IN_A_LAKE(test_a_month_in_one_file_holds_the_same_rows),
        IN_A_LAKE(test_maintenance_rolls_closed_months_up),
        IN_A_LAKE(test_a_damaged_month_is_repaired_from_the_days_before),
        IN_A_LAKE(test_the_manifest_is_made_anew_from_the_files),
        IN_A_LAKE(test_one_id_twice_is_found),
        IN_A_LAKE(test_ids_in_the_order_of_their_letters_are_found),
        IN_A_LAKE(test_equal_rows_without_id_are_sound),
        IN_A_LAKE(test_a_file_without_times_is_an_error),
        IN_A_LAKE(test_a_file_of_days_back_and_forth_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
