/* Lists come in pages that join without a seam, also as of a snapshot, and in bounded pieces. */
#include "history_fixture.h"

#include <datalake/text.h>

#include <stdio.h>
#include <string.h>

enum { N_DAYS = 5, MANY_DAYS = 4200 };

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

#define ASSERT_OK(call)                                                                                                \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        if ((call) != LAKE_OK)                                                                                         \
            fail_msg("%s", error_.message);                                                                            \
    } while (0)

/* One bar a day. */
static void add_days(struct lake *lake, const char *market, const char *symbol, int64_t first, size_t n_days)
{
    struct lake_write *write = NULL;
    const struct lake_selection dataset = {"test", market, symbol, "raw", "1m"};
    ASSERT_OK(lake_write_begin(lake, &dataset, "ingest", &write, err));
    for (size_t i = 0; i < n_days; i++) {
        struct bar bar = bar_of(first + (int64_t)i * MS_PER_DAY);
        append_bars(write, &bar, 1);
    }
    (void)commit_write(write);
}

static void add_all(struct lake *lake)
{
    static const char *const symbols[] = {"SOLUSDT", "BTCUSDT", "ETHUSDT", "ADAUSDT"};
    for (size_t i = 0; i < 4; i++) {
        add_days(lake, "FUTURES", symbols[i], DAY_2024, N_DAYS);
        add_days(lake, "SPOT", symbols[i], DAY_2024, N_DAYS - i);
    }
}

typedef lake_status (*list_function)(struct lake *lake, const struct lake_list_options *options,
                                     struct ArrowArrayStream *out, struct lake_error *err);

static struct table *list(struct lake *lake, list_function function, struct lake_list_options options)
{
    struct ArrowArrayStream stream;
    options.size = sizeof options;
    ASSERT_OK(function(lake, &options, &stream, err));
    return table_read(&stream);
}

static void assert_refused(struct lake *lake, list_function function, struct lake_list_options options,
                           lake_status expected, const char *says)
{
    struct ArrowArrayStream stream;
    struct lake_error err = {LAKE_OK, ""};
    options.size = sizeof options;
    assert_int_equal(function(lake, &options, &stream, &err), expected);
    if (strstr(err.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, says);
}

/* What `after` takes to begin behind a row. */
static void name_row(const struct table *table, size_t row, bool is_file, char *out, size_t n)
{
    if (is_file)
        (void)snprintf(out, n, "%s", table_get(table, row, "path"));
    else
        (void)snprintf(out, n, "%s/%s/%s/%s/%s", table_get(table, row, "exchange"), table_get(table, row, "market"),
                       table_get(table, row, "symbol"), table_get(table, row, "type"), table_get(table, row, "period"));
}

static void assert_same_row(const struct table *a, size_t row_a, const struct table *b, size_t row_b)
{
    assert_true(row_a < a->n_rows && row_b < b->n_rows);
    for (size_t i = 0; i < a->n_columns; i++)
        assert_string_equal(a->cells[row_a * a->n_columns + i], b->cells[row_b * b->n_columns + i]);
}

/* Pages of `limit` rows are the whole list. */
static void assert_pages_join(struct lake *lake, list_function function, struct lake_list_options options,
                              int64_t limit)
{
    char after[256] = "";
    size_t row = 0;
    bool is_file = function == lake_list_files;
    struct table *whole = list(lake, function, options);
    for (;;) {
        options.limit = limit;
        options.after = row == 0 ? NULL : after;
        struct table *page = list(lake, function, options);
        assert_true(page->n_rows <= (size_t)limit);
        for (size_t i = 0; i < page->n_rows; i++)
            assert_same_row(whole, row + i, page, i);
        row += page->n_rows;
        size_t n = page->n_rows;
        if (n > 0)
            name_row(page, n - 1, is_file, after, sizeof after);
        table_free(page);
        if (n == 0)
            break;
    }
    assert_int_equal(row, whole->n_rows);
    table_free(whole);
}

static void test_pages_of_datasets_join(void **state)
{
    struct fixture *fixture = *state;
    add_all(fixture->lake);
    struct table *whole = list(fixture->lake, lake_list_datasets, (struct lake_list_options){.limit = 0});
    assert_int_equal(whole->n_rows, 8);
    assert_string_equal(table_get(whole, 0, "symbol"), "ADAUSDT");
    assert_string_equal(table_get(whole, 0, "market"), "FUTURES");
    assert_string_equal(table_get(whole, 1, "symbol"), "ADAUSDT");
    assert_string_equal(table_get(whole, 1, "market"), "SPOT");
    assert_string_equal(table_get(whole, 7, "symbol"), "SOLUSDT");
    table_free(whole);
    for (int64_t limit = 1; limit <= 9; limit++)
        assert_pages_join(fixture->lake, lake_list_datasets, (struct lake_list_options){.limit = 0}, limit);
    for (int64_t limit = 1; limit <= 3; limit++)
        assert_pages_join(fixture->lake, lake_list_datasets,
                          (struct lake_list_options){.selection = {.market = "spot"}}, limit);
}

static void test_pages_of_files_join(void **state)
{
    struct fixture *fixture = *state;
    add_all(fixture->lake);
    struct table *whole = list(fixture->lake, lake_list_files, (struct lake_list_options){.limit = 0});
    assert_int_equal(whole->n_rows, 4 * N_DAYS + (4 * N_DAYS - 6));
    assert_string_equal(table_get(whole, 1, "first_ts"), "2024-01-02T00:00:00Z");
    table_free(whole);
    for (int64_t limit = 1; limit <= 12; limit++)
        assert_pages_join(fixture->lake, lake_list_files, (struct lake_list_options){.limit = 0}, limit);
    assert_pages_join(fixture->lake, lake_list_files, (struct lake_list_options){.selection = {.symbol = "btcusdt"}},
                      2);
}

static void assert_days(struct lake *lake, struct lake_list_options options, const char *first, size_t n)
{
    options.selection.symbol = "BTCUSDT";
    struct table *table = list(lake, lake_list_files, options);
    assert_int_equal(table->n_rows, n);
    if (n > 0)
        assert_string_equal(table_get(table, 0, "first_ts"), first);
    table_free(table);
}

/* Files of one row each, at midnight of four days. */
static void test_files_of_a_range(void **state)
{
    struct fixture *fixture = *state;
    struct lake_list_options options = {.has_start = true, .start_ms = DAY_2024 + MS_PER_DAY};
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, 4);
    add_days(fixture->lake, "SPOT", "ETHUSDT", DAY_2024, 4);
    assert_days(fixture->lake, options, "2024-01-02T00:00:00Z", 3);
    options.start_ms++; /* behind the row of that day, though not behind the day */
    assert_days(fixture->lake, options, "2024-01-03T00:00:00Z", 2);
    options.has_end = true;
    options.end_ms = DAY_2024 + 3 * MS_PER_DAY; /* not included */
    assert_days(fixture->lake, options, "2024-01-03T00:00:00Z", 1);
    options.end_ms++;
    assert_days(fixture->lake, options, "2024-01-03T00:00:00Z", 2);
    assert_pages_join(fixture->lake, lake_list_files, options, 1);
    options.as_of = 1;
    assert_days(fixture->lake, options, "2024-01-03T00:00:00Z", 2);
    assert_pages_join(fixture->lake, lake_list_files, options, 1);
    options = (struct lake_list_options){.has_start = true, .start_ms = DAY_2024 + 400 * MS_PER_DAY};
    assert_days(fixture->lake, options, "", 0);
    options = (struct lake_list_options){.has_end = true, .end_ms = DAY_2024};
    assert_days(fixture->lake, options, "", 0);
}

static void test_files_have_ids_and_times(void **state)
{
    struct fixture *fixture = *state;
    int64_t before = fixture->lake->io.ops->now_ms(fixture->lake->io.context), created = 0;
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, 2);
    struct table *table = list(fixture->lake, lake_list_files, (struct lake_list_options){.limit = 0});
    char first[32];
    (void)snprintf(first, sizeof first, "%s", table_get(table, 0, "id"));
    assert_string_not_equal(first, "");
    assert_string_not_equal(table_get(table, 1, "id"), first);
    assert_int_equal(lake_parse_time(table_get(table, 0, "created"), false, &created, NULL), LAKE_OK);
    assert_true(created >= before);
    table_free(table);
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024 + MS_PER_MINUTE, 1); /* the first file anew */
    table = list(fixture->lake, lake_list_files, (struct lake_list_options){.limit = 0});
    assert_string_not_equal(table_get(table, 0, "id"), first);
    table_free(table);
}

/* The page after a file that was rewritten since goes on behind its day. */
static void test_a_page_goes_on_after_a_file_that_was_replaced(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, N_DAYS);
    struct table *page = list(fixture->lake, lake_list_files, (struct lake_list_options){.limit = 2});
    name_row(page, 1, true, path, sizeof path);
    table_free(page);
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024 + MS_PER_MINUTE, N_DAYS);
    page = list(fixture->lake, lake_list_files, (struct lake_list_options){.after = path});
    assert_int_equal(page->n_rows, N_DAYS - 2);
    assert_string_equal(table_get(page, 0, "first_ts"), "2024-01-03T00:00:00Z");
    assert_string_equal(table_get(page, 0, "rows"), "2");
    assert_string_equal(table_get(page, 0, "version"), "2");
    table_free(page);
}

static void test_after_need_not_be_there(void **state)
{
    struct fixture *fixture = *state;
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, 1);
    add_days(fixture->lake, "FUTURES", "ETHUSDT", DAY_2024, 1);
    struct table *page =
        list(fixture->lake, lake_list_datasets, (struct lake_list_options){.after = "test/FUTURES/DOGEUSDT/raw/1m"});
    assert_int_equal(page->n_rows, 1);
    assert_string_equal(table_get(page, 0, "symbol"), "ETHUSDT");
    table_free(page);
    page =
        list(fixture->lake, lake_list_files,
             (struct lake_list_options){
                 .after = "TEST/FUTURES/DOGEUSDT/raw/1m/2024/01/01/DOGEUSDT-1m-2024-01-01-0123456789abcdef.parquet"});
    assert_int_equal(page->n_rows, 1);
    assert_string_equal(table_get(page, 0, "symbol"), "ETHUSDT");
    table_free(page);
}

/* A file of a dataset that is not asked for only says where to begin. */
static void test_after_a_file_that_is_not_selected(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, N_DAYS);
    add_days(fixture->lake, "SPOT", "BTCUSDT", DAY_2024, N_DAYS);
    struct table *page = list(fixture->lake, lake_list_files, (struct lake_list_options){.limit = 1});
    assert_string_equal(table_get(page, 0, "market"), "FUTURES");
    name_row(page, 0, true, path, sizeof path);
    table_free(page);
    page = list(fixture->lake, lake_list_files,
                (struct lake_list_options){.selection = {.market = "SPOT"}, .after = path});
    assert_int_equal(page->n_rows, N_DAYS);
    assert_string_equal(table_get(page, 0, "market"), "SPOT");
    table_free(page);
}

static void test_wrong_questions_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct ArrowArrayStream stream;
    const struct lake_list_options sizeless = {.size = 3};
    static const char *const no_datasets[] = {
        "", "TEST", "TEST/FUTURES/BTCUSDT/raw", "TEST/FUTURES/BTCUSDT/raw/1m/", "TEST//BTCUSDT/raw/1m", "a/b/c/d/e/f"};
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, 1);
    for (size_t i = 0; i < sizeof no_datasets / sizeof *no_datasets; i++)
        assert_refused(fixture->lake, lake_list_datasets, (struct lake_list_options){.after = no_datasets[i]},
                       LAKE_INVALID_ARGUMENT, "EXCHANGE/MARKET/SYMBOL/type/period");
    assert_refused(fixture->lake, lake_list_files, (struct lake_list_options){.after = "../../etc/passwd"},
                   LAKE_INVALID_ARGUMENT, "passwd");
    assert_refused(fixture->lake, lake_list_files, (struct lake_list_options){.limit = -1}, LAKE_INVALID_ARGUMENT,
                   "negative");
    assert_refused(fixture->lake, lake_list_datasets, (struct lake_list_options){.as_of = -1}, LAKE_INVALID_ARGUMENT,
                   "negative");
    assert_refused(fixture->lake, lake_list_datasets, (struct lake_list_options){.as_of = 2}, LAKE_NOT_FOUND,
                   "there is no snapshot 2 yet; the last is 1");
    assert_refused(fixture->lake, lake_list_files,
                   (struct lake_list_options){.has_start = true, .start_ms = 5, .has_end = true, .end_ms = 5},
                   LAKE_INVALID_ARGUMENT, "start 1970-01-01T00:00:00.005Z is not before end 1970-01-01T00:00:00.005Z");
    assert_refused(fixture->lake, lake_list_datasets, (struct lake_list_options){.has_end = true},
                   LAKE_INVALID_ARGUMENT, "a range is of files");
    assert_int_equal(lake_list_files(fixture->lake, &sizeless, &stream, NULL), LAKE_INVALID_ARGUMENT);
}

static void test_lists_of_the_past(void **state)
{
    struct fixture *fixture = *state;
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, 3);                     /* snapshot 1 */
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024 + MS_PER_MINUTE, 2);     /* 2 */
    add_days(fixture->lake, "FUTURES", "ETHUSDT", DAY_2024, 4);                     /* 3 */
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024 + 2 * MS_PER_MINUTE, 1); /* 4 */
    static const struct {
        size_t n_datasets, n_files;
        const char *rows; /* of BTCUSDT */
    } expected[] = {{1, 3, "3"}, {1, 3, "5"}, {2, 7, "5"}, {2, 7, "6"}};
    for (int64_t snapshot = 1; snapshot <= 4; snapshot++) {
        const struct lake_list_options options = {.as_of = snapshot};
        struct table *table = list(fixture->lake, lake_list_datasets, options);
        assert_int_equal(table->n_rows, expected[snapshot - 1].n_datasets);
        assert_string_equal(table_get(table, 0, "rows"), expected[snapshot - 1].rows);
        assert_string_equal(table_get(table, 0, "history_bytes"), "");
        table_free(table);
        table = list(fixture->lake, lake_list_files, options);
        assert_int_equal(table->n_rows, expected[snapshot - 1].n_files);
        table_free(table);
        assert_pages_join(fixture->lake, lake_list_datasets, options, 1);
        assert_pages_join(fixture->lake, lake_list_files, options, 2);
    }
}

static void test_history_is_shown_in_bytes(void **state)
{
    struct fixture *fixture = *state;
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024, 2);
    struct table *table = list(fixture->lake, lake_list_datasets, (struct lake_list_options){.limit = 0});
    assert_string_equal(table_get(table, 0, "history_bytes"), "0");
    char before[32];
    (void)snprintf(before, sizeof before, "%s", table_get(table, 0, "bytes"));
    table_free(table);
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024 + MS_PER_MINUTE, 2);
    table = list(fixture->lake, lake_list_datasets, (struct lake_list_options){.limit = 0});
    assert_string_equal(table_get(table, 0, "history_bytes"), before);
    table_free(table);
}

/* More rows than a page: the stream makes the next as it is pulled. */
static void test_a_long_list_comes_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    add_days(fixture->lake, "FUTURES", "BTCUSDT", DAY_2024 - MANY_DAYS * MS_PER_DAY, MANY_DAYS);
    struct table *table = list(fixture->lake, lake_list_files, (struct lake_list_options){.limit = 0});
    assert_int_equal(table->n_rows, MANY_DAYS);
    assert_int_equal(table->n_batches, 2);
    for (size_t i = 1; i < table->n_rows; i++)
        assert_true(strcmp(table_get(table, i - 1, "first_ts"), table_get(table, i, "first_ts")) < 0);
    table_free(table);
    table = list(fixture->lake, lake_list_files, (struct lake_list_options){.limit = MANY_DAYS - 1});
    assert_int_equal(table->n_rows, MANY_DAYS - 1);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pages_of_datasets_join, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pages_of_files_join, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_of_a_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_have_ids_and_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_page_goes_on_after_a_file_that_was_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_after_need_not_be_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_after_a_file_that_is_not_selected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_questions_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_of_the_past, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_history_is_shown_in_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_list_comes_in_pieces, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
