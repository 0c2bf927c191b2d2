#include "lake_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "lake/lake.h"

enum { DAYS = 5, N_BARS = DAYS * 1440 };

static int set_up(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, N_BARS), N_BARS);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct lake_scan *open_scan(struct fixture *fixture, struct lake_scan_options options)
{
    struct lake_scan *scan = NULL;
    struct lake_error err = {LAKE_OK, ""};
    options.size = sizeof options;
    options.dataset = (struct lake_selection){"test", NULL, "BTCUSDT", NULL, NULL};
    if (lake_scan_open(fixture->lake, &options, &scan, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return scan;
}

/* First and last time and number of rows of all batches; batches may have at most `most` rows. */
static void assert_scan(struct fixture *fixture, struct lake_scan_options options, int64_t first_minute, int64_t n)
{
    struct lake_scan *scan = open_scan(fixture, options);
    struct ArrowArray array;
    int64_t minute = first_minute;
    assert_int_equal(lake_scan_rows(scan), n);
    assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    while (array.release != NULL) {
        const int64_t *ts = array.children[0]->buffers[1];
        if (options.batch_rows > 0)
            assert_true(array.length <= options.batch_rows);
        for (int64_t row = 0; row < array.length; row++)
            assert_int_equal(ts[row], DAY_2024 + minute++ * MS_PER_MINUTE);
        array.release(&array);
        assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    }
    assert_int_equal(minute - first_minute, n);
    lake_scan_close(scan);
}

static void test_ranges_are_half_open(void **state)
{
    static const int64_t edges[] = {-1440, -1, 0, 1, 719, 1439, 1440, 1441, 2880, N_BARS - 1, N_BARS, N_BARS + 1};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        for (size_t j = i; j < sizeof edges / sizeof *edges; j++) {
            int64_t first = edges[i] < 0 ? 0 : edges[i], end = edges[j] > N_BARS ? N_BARS : edges[j];
            struct lake_scan_options options = {.has_start = true,
                                                .has_end = true,
                                                .start_ms = DAY_2024 + edges[i] * MS_PER_MINUTE,
                                                .end_ms = DAY_2024 + edges[j] * MS_PER_MINUTE};
            assert_scan(fixture, options, first, end > first ? end - first : 0);
        }
}

static void test_a_start_within_a_minute_takes_the_next_bar(void **state)
{
    struct lake_scan_options options = {.has_start = true, .start_ms = DAY_2024 + 1};
    assert_scan(*state, options, 1, N_BARS - 1);
}

static void test_limit_and_tail(void **state)
{
    assert_scan(*state, (struct lake_scan_options){.limit = 10}, 0, 10);
    assert_scan(*state, (struct lake_scan_options){.limit = 2000}, 0, 2000);
    assert_scan(*state, (struct lake_scan_options){.limit = N_BARS + 5}, 0, N_BARS);
    assert_scan(*state, (struct lake_scan_options){.tail = 10}, N_BARS - 10, 10);
    assert_scan(*state, (struct lake_scan_options){.tail = 2000}, N_BARS - 2000, 2000);
    assert_scan(*state, (struct lake_scan_options){.tail = 2000, .limit = 5}, N_BARS - 2000, 5);
    assert_scan(*state,
                (struct lake_scan_options){.tail = 10, .has_end = true, .end_ms = DAY_2024 + 2000 * MS_PER_MINUTE},
                1990, 10);
}

static void test_batches_are_bounded(void **state)
{
    static const int64_t sizes[] = {1, 7, 1439, 1440, 1441, 5000, N_BARS, N_BARS * 2};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_scan(*state, (struct lake_scan_options){.batch_rows = sizes[i]}, 0, N_BARS);
}

static void test_columns_are_chosen_and_ts_comes_first(void **state)
{
    static const char *const columns[] = {"close", "ts", "open", "close"};
    struct lake_scan *scan = open_scan(*state, (struct lake_scan_options){.columns = columns, .n_columns = 4});
    struct ArrowSchema schema;
    struct ArrowArray array;
    assert_int_equal(lake_scan_schema(scan, &schema, NULL), LAKE_OK);
    assert_int_equal(schema.n_children, 3);
    assert_string_equal(schema.children[0]->name, "ts");
    assert_string_equal(schema.children[0]->format, "tsm:UTC");
    assert_string_equal(schema.children[1]->name, "close");
    assert_string_equal(schema.children[2]->name, "open");
    schema.release(&schema);
    assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    const double *close = array.children[1]->buffers[1];
    assert_true(close[1] == bar_of(DAY_2024 + MS_PER_MINUTE).close);
    array.release(&array);
    lake_scan_close(scan);
}

static void test_an_unknown_column_is_named_with_the_choices(void **state)
{
    static const char *const columns[] = {"clsoe"};
    struct fixture *fixture = *state;
    struct lake_scan *scan = NULL;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, NULL}, .columns = columns, .n_columns = 1};
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "there is no column 'clsoe'; the columns are ts, open, high, low, close, volume");
    options = (struct lake_scan_options){.size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, NULL}};
    options.has_start = options.has_end = true;
    options.start_ms = 2;
    options.end_ms = 1;
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, &err), LAKE_INVALID_ARGUMENT);
    options.size = 3;
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, &err), LAKE_INVALID_ARGUMENT);
}

/* Files of one dataset may differ in columns: one column comes in only on the last day. */
static void test_files_are_united_by_name(void **state)
{
    static const struct column_field fields[] = {
        {"ts", COLUMN_TIMESTAMP_MS, 0, false}, {"note", COLUMN_UTF8, 0, true}, {"flag", COLUMN_BOOL, 0, true}};
    struct fixture *fixture = *state;
    struct schema *schema = NULL;
    struct batch batch = {0};
    assert_int_equal(schema_new(fields, 3, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(&batch, schema, 1, NULL), LAKE_OK);
    ((int64_t *)batch_values(&batch, 0))[0] = DAY_2024 + (N_BARS - 1) * MS_PER_MINUTE;
    batch.columns[1].offsets[1] = 2;
    assert_int_equal(batch_add_bytes(&batch, 1, 2, NULL), LAKE_OK);
    memcpy(batch_values(&batch, 1), "hi", 2);
    bit_set(batch_values(&batch, 2), 0, true);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1m");
    assert_int_equal(lake_write_append(write, &batch, NULL), LAKE_OK);
    batch_release(&batch);
    schema_free(schema);
    assert_int_equal(commit_write(write).rows_changed, 1);
    struct lake_scan *scan = open_scan(fixture, (struct lake_scan_options){0});
    struct ArrowArray array;
    assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    assert_int_equal(array.n_children, 8);
    const struct ArrowArray *flag = array.children[6], *note = array.children[7];
    const int32_t *offsets = note->buffers[1];
    assert_int_equal(array.length, N_BARS);
    assert_int_equal(flag->null_count, N_BARS - 1);
    assert_int_equal(note->null_count, N_BARS - 1);
    assert_int_equal(offsets[N_BARS - 1], 0);
    assert_int_equal(offsets[N_BARS], 2);
    assert_memory_equal(note->buffers[2], "hi", 2);
    assert_true(bit_get(flag->buffers[1], N_BARS - 1) && bit_get(flag->buffers[0], N_BARS - 1));
    assert_false(bit_get(flag->buffers[0], 0));
    array.release(&array);
    lake_scan_close(scan);
}

/* I2: what a scan resolved at its start it still reads after others have replaced the files. */
static void test_a_scan_sees_one_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan *scan = open_scan(fixture, (struct lake_scan_options){.batch_rows = 1440});
    struct ArrowArray array;
    struct bar changed[N_BARS];
    memcpy(changed, bars_from(DAY_2024, N_BARS), sizeof changed);
    for (size_t i = 0; i < N_BARS; i++)
        changed[i].close = -1.0;
    for (int round = 0; round < DAYS; round++) {
        changed[round * 1440].close =
            (double)round; /* another commit each round, which retires files of the one before */
        (void)write_bars(fixture->lake, "BTCUSDT", changed, N_BARS);
        assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
        const double *close = array.children[4]->buffers[1];
        for (int64_t row = 0; row < array.length; row++)
            assert_true(close[row] == bar_of(DAY_2024 + (round * 1440 + row) * MS_PER_MINUTE).close);
        array.release(&array);
    }
    lake_scan_close(scan);
}

static void test_a_stream_gives_the_same_rows(void **state)
{
    struct lake_scan *scan = open_scan(*state, (struct lake_scan_options){.batch_rows = 2000});
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    int64_t n_rows = 0;
    assert_int_equal(lake_scan_take_stream(scan, &stream, NULL), LAKE_OK);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    while (array.release != NULL) {
        n_rows += array.length;
        array.release(&array);
        assert_int_equal(stream.get_next(&stream, &array), 0);
    }
    stream.release(&stream);
    assert_int_equal(n_rows, N_BARS);
}

static void test_arrays_outlive_the_lake(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan *scan = open_scan(fixture, (struct lake_scan_options){0});
    struct ArrowArray array;
    assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    lake_scan_close(scan);
    fixture_reopen(fixture);
    const double *open = array.children[1]->buffers[1];
    assert_true(open[N_BARS - 1] == bar_of(DAY_2024 + (N_BARS - 1) * MS_PER_MINUTE).open);
    array.release(&array);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ranges_are_half_open),
        TEST(test_a_start_within_a_minute_takes_the_next_bar),
        TEST(test_limit_and_tail),
        TEST(test_batches_are_bounded),
        TEST(test_columns_are_chosen_and_ts_comes_first),
        TEST(test_an_unknown_column_is_named_with_the_choices),
        TEST(test_files_are_united_by_name),
        TEST(test_a_scan_sees_one_snapshot),
        TEST(test_a_stream_gives_the_same_rows),
        TEST(test_arrays_outlive_the_lake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
