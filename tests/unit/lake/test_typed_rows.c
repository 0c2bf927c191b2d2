/* Rows of registered types: written, merged by their key, read, undone, verified, compacted, backed up as those of any type; and what
 * becomes of them where the manifest is lost. */
#include "trade_fixture.h"
#include "type_fixture.h"
#include "verify_fixture.h"

#include <datalake/bars.h>
#include <datalake/history.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lake/types.h"
#include "manifest/history.h"

#define LIQUIDATIONS "liquidations"
#define ALL INT64_MIN, INT64_MAX

static int set_up(void **state)
{
    struct fixture *fixture = fixture_new();
    register_type(fixture->lake, liquidations());
    register_type(fixture->lake, interest());
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct trade order_of(int64_t us, const char *id, double price)
{
    return (struct trade){TRADE_DAY_US + us, id, price, 1.5, NULL, NULL};
}

static struct lake_write_result write_orders(struct lake *lake, const struct trade *orders, size_t n)
{
    return write_trades(lake, LIQUIDATIONS, orders, n, TRADE_ALL);
}

/* Five orders, three of one microsecond; in no order. */
static void write_five(struct lake *lake)
{
    const struct trade orders[] = {order_of(5, "10", 3), order_of(5, "9", 2), order_of(1, "x", 1), order_of(5, "b", 4),
                                   order_of(2 * MS_PER_DAY * US_PER_MS, "9", 5)};
    assert_int_equal(write_orders(lake, orders, 5).rows_new, 5);
}

static const char five[] = "1 x 1 1.5 - -\n5 9 2 1.5 - -\n5 10 3 1.5 - -\n5 b 4 1.5 - -\n172800000000 9 5 1.5 - -\n";

static const char *orders_text(struct lake *lake)
{
    return scan_trades(lake, LIQUIDATIONS, ALL);
}

/* ---- keyed by time and id ---- */

static void test_rows_come_back_in_the_order_of_their_keys(void **state)
{
    struct fixture *fixture = *state;
    write_five(fixture->lake);
    assert_string_equal(orders_text(fixture->lake), five);
    assert_int_equal(count_paths(fixture, "data/TEST/FUTURES/BTCUSDT/liquidations/event/2024/01", ".parquet"), 1);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_the_key_tells_rows_of_one_time_apart(void **state)
{
    struct fixture *fixture = *state;
    write_five(fixture->lake);
    const struct trade again[] = {order_of(5, "9", 7), order_of(5, "11", 8)};
    struct lake_write_result result = write_orders(fixture->lake, again, 2);
    assert_int_equal(result.rows_new, 1);
    assert_int_equal(result.rows_changed, 1);
    assert_string_equal(orders_text(fixture->lake),
                        "1 x 1 1.5 - -\n5 9 7 1.5 - -\n5 10 3 1.5 - -\n5 11 8 1.5 - -\n5 b 4 1.5 - -\n"
                        "172800000000 9 5 1.5 - -\n");
    assert_int_equal(count_problems(fixture->lake), 0);
}

/* Of rows with one key the last counts, and writing them again changes nothing (I7). */
static void test_a_key_that_comes_again(void **state)
{
    struct fixture *fixture = *state;
    const struct trade orders[] = {order_of(5, "9", 1), order_of(5, "9", 2), order_of(4, "9", 3), order_of(5, "9", 4)};
    (void)write_orders(fixture->lake, orders, 4);
    assert_string_equal(orders_text(fixture->lake), "4 9 3 1.5 - -\n5 9 4 1.5 - -\n");
    struct lake_write_result result = write_orders(fixture->lake, orders, 4);
    assert_int_equal(result.rows_new + result.rows_changed, 0);
    assert_int_equal(result.snapshot, 0);
}

static void test_rows_without_their_key_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    const struct trade orders[] = {order_of(1, "1", 1), order_of(2, NULL, 2)};
    struct batch batch = {0};
    struct lake_write *write = begin_trades(fixture->lake, LIQUIDATIONS);
    make_trades(orders, 2, TRADE_ALL, &batch);
    assert_int_equal(lake_write_append(write, &batch, &err), LAKE_INVALID_DATA);
    assert_string_equal(err.message, "id is null in 1 rows");
    batch_release(&batch);
    lake_write_free(write);
    write = begin_trades(fixture->lake, LIQUIDATIONS);
    make_trades(orders, 2, TRADE_WITHOUT_ID, &batch);
    assert_int_equal(lake_write_append(write, &batch, &err), LAKE_INVALID_DATA);
    assert_string_equal(err.message, "id, which tells rows of one time apart, is missing");
    batch_release(&batch);
    lake_write_free(write);
}

/* A column that the type describes as another kind, and one that it does not describe. */
static void test_columns_are_those_of_the_type_and_others(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_type_column columns[4];
    struct lake_type_options other = liquidations();
    memcpy(columns, other.columns, sizeof columns);
    columns[3].kind = "float";
    other.columns = columns;
    other.name = "liquidations2";
    register_type(fixture->lake, other);
    const struct trade order = {TRADE_DAY_US, "1", 1, 1, "sell", "of mine"};
    struct batch batch = {0};
    struct lake_write *write = begin_trades(fixture->lake, "liquidations2");
    make_trades(&order, 1, TRADE_ALL, &batch);
    assert_int_equal(lake_write_append(write, &batch, &err), LAKE_INVALID_DATA);
    assert_string_equal(err.message, "column amount is double, it must be float");
    batch_release(&batch);
    lake_write_free(write);
    (void)write_orders(fixture->lake, &order, 1);
    assert_string_equal(orders_text(fixture->lake), "0 1 1 1 sell of mine\n");
}

static void test_what_was_deleted_can_be_undone(void **state)
{
    struct fixture *fixture = *state;
    struct lake_change_result result = {.size = sizeof result};
    const struct lake_delete_options options = {
        .size = sizeof options, .selection = {.type = LIQUIDATIONS}, .has_end = true, .end_ms = DAY_2024 + MS_PER_DAY};
    const struct lake_undo_options undo = {.size = sizeof undo};
    write_five(fixture->lake);
    assert_int_equal(lake_delete(fixture->lake, &options, &result, NULL), LAKE_OK);
    assert_int_equal(result.rows_removed, 4);
    assert_string_equal(orders_text(fixture->lake), "172800000000 9 5 1.5 - -\n");
    assert_int_equal(lake_undo(fixture->lake, &undo, &result, NULL), LAKE_OK);
    assert_string_equal(orders_text(fixture->lake), five);
    assert_int_equal(count_problems(fixture->lake), 0);
}

/* Bit rot in one day: the others are saved, in the order of their keys. */
static void test_a_damaged_file_is_repaired_as_far_as_it_can_be(void **state)
{
    struct fixture *fixture = *state;
    write_five(fixture->lake);
    const struct trade more = order_of(9, "z", 9);
    (void)write_orders(fixture->lake, &more, 1);
    const char *path = first_file(fixture);
    flip_bit(path, size_of(path) / 3, 3);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FULL), "checksum");
    assert_int_equal(run_repair(fixture)->n, 1);
    assert_non_null(strstr(orders_text(fixture->lake), "172800000000 9 5 1.5 - -\n"));
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FULL)->n, 0);
}

static void test_compaction_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct lake_maintain_options options = {.size = sizeof options, .compact = true};
    struct lake_maintain_result result = {.size = sizeof result};
    struct ArrowArrayStream plan;
    char before[4096];
    for (int day = 0; day < 20; day++) { /* 5m bars are cut by days */
        const struct bar bar = bar_of(DAY_2024 + day * MS_PER_DAY);
        const struct lake_selection dataset = {"test", NULL, "btcusdt", "interest", "5m"};
        struct lake_write *write = NULL;
        assert_int_equal(lake_write_begin(fixture->lake, &dataset, "ingest", &write, NULL), LAKE_OK);
        append_bars(write, &bar, 1);
        (void)commit_write(write);
    }
    write_five(fixture->lake);
    (void)snprintf(before, sizeof before, "%s", orders_text(fixture->lake));
    assert_int_equal(count_files(fixture->lake), 21);
    assert_int_equal(lake_maintain(fixture->lake, &options, &result, &plan, NULL), LAKE_OK);
    plan.release(&plan);
    assert_int_equal(count_files(fixture->lake), 2);
    assert_string_equal(orders_text(fixture->lake), before);
    assert_int_equal(count_problems(fixture->lake), 0);
}

/* ---- keyed by time, on a grid ---- */

static lake_status begin_interest(struct lake *lake, const char *period, struct lake_write **out,
                                  struct lake_error *err)
{
    const struct lake_selection dataset = {"test", NULL, "btcusdt", "interest", period};
    return lake_write_begin(lake, &dataset, "ingest", out, err);
}

static void test_a_period_is_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write *write = NULL;
    assert_int_equal(begin_interest(fixture->lake, NULL, &write, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "period is needed");
    assert_int_equal(begin_interest(fixture->lake, "event", &write, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "'event' is no period with a grid, as interest needs; those are 1m to 1mo");
    assert_int_equal(begin_interest(fixture->lake, "tick", &write, &err), LAKE_INVALID_ARGUMENT);
}

static void write_interest(struct lake *lake, int64_t start_ms, size_t n)
{
    struct lake_write *write = NULL;
    assert_int_equal(begin_interest(lake, "1m", &write, NULL), LAKE_OK);
    append_bars(write, bars_from(start_ms, n), n);
    (void)commit_write(write);
}

static int64_t int64_at(struct ArrowArrayStream *stream, int column)
{
    struct ArrowArray array;
    assert_int_equal(stream->get_next(stream, &array), 0);
    assert_non_null(array.release);
    assert_int_equal(array.length, 1);
    int64_t value = ((const int64_t *)array.children[column]->buffers[1])[0];
    array.release(&array);
    stream->release(stream);
    return value;
}

static void test_missing_rows_of_a_grid_are_counted(void **state)
{
    enum { GAPS = 11 };
    struct fixture *fixture = *state;
    const struct lake_list_options options = {.size = sizeof options, .selection = {.type = "Interest"}};
    struct ArrowArrayStream list;
    write_interest(fixture->lake, DAY_2024, 10);
    write_interest(fixture->lake, DAY_2024 + 15 * MS_PER_MINUTE, 5);
    assert_int_equal(lake_list_datasets(fixture->lake, &options, &list, NULL), LAKE_OK);
    assert_int_equal(int64_at(&list, GAPS), 5);
    assert_int_equal(count_problems(fixture->lake), 0);
}

/* They have all columns of bars, and prices that no bar could have. */
static void test_rows_of_a_grid_are_not_judged_as_bars(void **state)
{
    struct fixture *fixture = *state;
    struct lake_check_options options = {.size = sizeof options, .selection = {.type = "interest"}};
    struct lake_check_result result = {.size = sizeof result};
    struct ArrowArrayStream findings;
    struct lake_write *write = NULL;
    struct bar bars[2] = {bar_of(DAY_2024), bar_of(DAY_2024 + MS_PER_MINUTE)};
    bars[0].high = -5;
    assert_int_equal(begin_interest(fixture->lake, "1m", &write, NULL), LAKE_OK);
    append_bars(write, bars, 2);
    (void)commit_write(write);
    assert_int_equal(lake_check_bars(fixture->lake, &options, &result, &findings, NULL), LAKE_OK);
    findings.release(&findings);
    assert_int_equal(result.n_datasets, 0);
    assert_int_equal(result.n_wrong, 0);
    (void)write_bars(fixture->lake, "BTCUSDT", bars, 2);
    options.selection.type = "raw";
    assert_int_equal(lake_check_bars(fixture->lake, &options, &result, &findings, NULL), LAKE_OK);
    findings.release(&findings);
    assert_true(result.n_wrong > 0);
}

/* ---- other handles ---- */

static void test_a_handle_that_was_open_before_reads_and_writes(void **state)
{
    struct fixture *fixture = *state;
    struct lake *other = type_fixture_open(fixture, "");
    struct lake_type_options type = liquidations();
    type.name = "orders";
    register_type(fixture->lake, type);
    const struct trade order = order_of(1, "a", 1);
    (void)write_trades(fixture->lake, "orders", &order, 1, TRADE_ALL);
    assert_string_equal(scan_trades(other, "orders", ALL), "1 a 1 1.5 - -\n");
    const struct trade more = order_of(1, "b", 1);
    (void)write_trades(other, "orders", &more, 1, TRADE_ALL);
    assert_string_equal(scan_trades(fixture->lake, "orders", ALL), "1 a 1 1.5 - -\n1 b 1 1.5 - -\n");
    lake_close(other);
}

static void back_up(struct fixture *fixture, const char *name)
{
    char path[FIXTURE_PATH_BYTES + 16];
    (void)snprintf(path, sizeof path, "%s%s", fixture->root, name);
    const struct lake_backup_options options = {.size = sizeof options, .directory = path};
    struct lake_backup_result result = {.size = sizeof result};
    assert_int_equal(lake_backup(fixture->lake, &options, &result, NULL), LAKE_OK);
}

static void test_a_backup_has_the_types(void **state)
{
    struct fixture *fixture = *state;
    write_five(fixture->lake);
    back_up(fixture, "/copy");
    struct lake *restored = type_fixture_open(fixture, "/copy");
    assert_string_equal(scan_trades(restored, LIQUIDATIONS, ALL), five);
    const struct trade more = order_of(9, "z", 9);
    (void)write_orders(restored, &more, 1);
    assert_int_equal(count_problems(restored), 0);
    lake_close(restored);
}

/* ---- where the manifest is lost ---- */

static const struct found_row *find_row(const struct found *found, const char *problem, const char *part)
{
    for (size_t i = 0; i < found->n; i++)
        if (strcmp(found->rows[i].problem, problem) == 0 && strstr(found->rows[i].detail, part) != NULL)
            return &found->rows[i];
    fail_msg("no %s with '%s'", problem, part);
    return NULL;
}

/* The rows are there, can be looked after, and be written again once the type is registered again. */
static void test_a_manifest_made_anew_keeps_the_rows(void **state)
{
    struct fixture *fixture = *state;
    write_five(fixture->lake);
    write_interest(fixture->lake, DAY_2024, 10);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->n, 2);
    (void)find_row(found, "type", "is of type 'interest', which is not registered in the new manifest");
    assert_string_equal(find_row(found, "type", "'liquidations'")->action, "");
    assert_int_equal(found->rebuilt.n_rows, 15);
    assert_int_equal(found->rebuilt.n_files, 3 - 1); /* a month of orders, a day of minutes */
    assert_string_equal(orders_text(fixture->lake), five);
    assert_string_equal(type_text(fixture->lake, LIQUIDATIONS),
                        "liquidations||found in the data tree; register it again to write rows of it||"
                        "ts timestamp[us]");
    assert_non_null(strstr(type_text(fixture->lake, "interest"), "||ts timestamp[ms]|period"));
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_a_type_found_is_written_to_once_it_is_registered(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write *write = NULL;
    const struct lake_selection dataset = {"test", NULL, "btcusdt", LIQUIDATIONS, NULL};
    write_five(fixture->lake);
    (void)run_rebuild(fixture);
    assert_int_equal(lake_write_begin(fixture->lake, &dataset, "ingest", &write, &err), LAKE_INVALID_STATE);
    assert_non_null(strstr(err.message, "its key is not known: register it again before rows are written"));
    struct lake *other = type_fixture_open(fixture, "");
    register_type(other, liquidations());
    const struct trade more[] = {order_of(5, "9", 7), order_of(5, "11", 8)};
    assert_int_equal(write_orders(fixture->lake, more, 2).rows_changed, 1); /* which knew it as provisional */
    assert_string_equal(scan_trades(other, LIQUIDATIONS, ALL),
                        "1 x 1 1.5 - -\n5 9 7 1.5 - -\n5 10 3 1.5 - -\n5 11 8 1.5 - -\n5 b 4 1.5 - -\n"
                        "172800000000 9 5 1.5 - -\n");
    assert_int_equal(count_problems(other), 0);
    lake_close(other);
}

static void test_a_type_found_can_be_deleted_from_and_undone(void **state)
{
    struct fixture *fixture = *state;
    struct lake_change_result result = {.size = sizeof result};
    const struct lake_delete_options options = {
        .size = sizeof options, .selection = {.type = LIQUIDATIONS}, .has_end = true, .end_ms = DAY_2024 + 1};
    const struct lake_undo_options undo = {.size = sizeof undo};
    write_five(fixture->lake);
    (void)run_rebuild(fixture);
    assert_int_equal(lake_delete(fixture->lake, &options, &result, NULL), LAKE_OK);
    assert_int_equal(result.rows_removed, 4);
    assert_int_equal(lake_undo(fixture->lake, &undo, &result, NULL), LAKE_OK);
    assert_string_equal(orders_text(fixture->lake), five);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_a_type_found_is_registered_only_as_its_rows_are(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_type_column columns[4];
    struct lake_type_options type = liquidations();
    memcpy(columns, type.columns, sizeof columns);
    type.columns = columns;
    write_five(fixture->lake);
    (void)run_rebuild(fixture);
    columns[0].kind = "timestamp[ms]";
    assert_int_equal(lake_register_type(fixture->lake, &type, &err), LAKE_INVALID_DATA);
    assert_non_null(strstr(err.message, "column 'ts' is timestamp[ms], but timestamp[us] in TEST/FUTURES/BTCUSDT"));
    type.has_period = true;
    type.n_key = 1;
    assert_int_equal(lake_register_type(fixture->lake, &type, &err), LAKE_INVALID_DATA);
    assert_non_null(strstr(err.message, "its rows, which are there already, have no period"));
    type = liquidations();
    memcpy(columns, type.columns, sizeof columns);
    type.columns = columns;
    columns[1].name = "order";
    static const char *const key[] = {"ts", "order"};
    type.key = key;
    assert_int_equal(lake_register_type(fixture->lake, &type, &err), LAKE_INVALID_DATA);
    assert_non_null(strstr(err.message, "column 'order' is utf8, but missing in TEST/FUTURES/BTCUSDT"));
    register_type(fixture->lake, liquidations());
    assert_non_null(strstr(type_text(fixture->lake, LIQUIDATIONS), "|forced orders|ts id|ts timestamp[us], id utf8"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_rows_come_back_in_the_order_of_their_keys),
        T(test_the_key_tells_rows_of_one_time_apart),
        T(test_a_key_that_comes_again),
        T(test_rows_without_their_key_are_refused),
        T(test_columns_are_those_of_the_type_and_others),
        T(test_what_was_deleted_can_be_undone),
        T(test_a_damaged_file_is_repaired_as_far_as_it_can_be),
        T(test_compaction_changes_nothing),
        T(test_a_period_is_asked_for),
        T(test_missing_rows_of_a_grid_are_counted),
        T(test_rows_of_a_grid_are_not_judged_as_bars),
        T(test_a_handle_that_was_open_before_reads_and_writes),
        T(test_a_backup_has_the_types),
        T(test_a_manifest_made_anew_keeps_the_rows),
        T(test_a_type_found_is_written_to_once_it_is_registered),
        T(test_a_type_found_can_be_deleted_from_and_undone),
        T(test_a_type_found_is_registered_only_as_its_rows_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
