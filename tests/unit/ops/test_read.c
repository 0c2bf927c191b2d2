/* Which rows a read gives: stored ones, or ones derived on the way, and what it says of them. */
#include "read_fixture.h"

#include "ops/read_recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_BARS = 1440, N_DAYS = 3 };

static const char symbol[] = "BTCUSDT";

static int set_up(void **state)
{
    struct fixture *fixture = fixture_new();
    for (int64_t day = 0; day < N_DAYS; day++)
        (void)write_bars(fixture->lake, symbol, bars_from(DAY_2024 + day * MS_PER_DAY, DAY_BARS), DAY_BARS);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static void change_minute(struct lake *lake, int64_t minute, double close)
{
    struct bar bar = bar_of(DAY_2024 + minute * MS_PER_MINUTE);
    bar.close = close;
    (void)write_bars(lake, symbol, &bar, 1);
}

/* The close of the bar at a minute. */
static double close_at(const struct given *given, int64_t minute)
{
    for (size_t i = 0; i < given->n; i++)
        if (given->rows[i].ts == DAY_2024 + minute * MS_PER_MINUTE)
            return given->rows[i].close;
    fail_msg("there is no bar at minute %d", (int)minute);
    return 0;
}

static int64_t last_snapshot(struct lake *lake)
{
    int64_t snapshot = 0;
    assert_int_equal(manifest_snapshot(lake->manifest, &snapshot, NULL), LAKE_OK);
    return snapshot;
}

static void assert_note(struct lake *lake, struct lake_scan_options options, const char *note, size_t n_rows)
{
    struct given given = give(lake, options);
    assert_string_equal(given.note, note);
    assert_int_equal(given.n, n_rows);
    free(given.rows);
}

/* ---- stored or derived ---- */

static void test_what_is_not_stored_is_derived_and_said(void **state)
{
    struct fixture *fixture = *state;
    struct given given = give(fixture->lake, ask(NULL, "15min"));
    assert_string_equal(given.note, "from raw 1m of FUTURES: none are stored");
    assert_string_equal(given.type, "agg");
    assert_string_equal(given.period, "15m");
    assert_int_equal(given.n, N_DAYS * 96);
    assert_int_equal(given.n_told, -1);
    assert_true(close_at(&given, 15) == bar_of(DAY_2024 + 29 * MS_PER_MINUTE).close);
    free(given.rows);
    assert_note(fixture->lake, ask("agg", "15m"), "from raw 1m of FUTURES: none are stored", N_DAYS * 96);
    assert_note(fixture->lake, ask(NULL, "1m"), "", N_DAYS * DAY_BARS);
    assert_note(fixture->lake, ask(NULL, NULL), "", N_DAYS * DAY_BARS);
}

static void test_stored_bars_that_are_current_are_read(void **state)
{
    struct fixture *fixture = *state;
    (void)derive_usual(fixture->lake, symbol);
    struct given given = give(fixture->lake, ask(NULL, "15m"));
    assert_string_equal(given.note, "");
    assert_string_equal(given.type, "agg");
    assert_int_equal(given.n_told, N_DAYS * 96);
    assert_int_equal(given.n_bars, N_DAYS * 96);
    assert_int_equal(given.n_incomplete, 0);
    free(given.rows);
    assert_note(fixture->lake, ask("agg", "1h"), "", N_DAYS * 24);
    assert_note(fixture->lake, ask(NULL, "4h"), "from raw 1m of FUTURES: none are stored", N_DAYS * 6);
    assert_note(fixture->lake, ask(NULL, NULL), "", N_DAYS * DAY_BARS); /* raw, though there is agg too */
}

static void test_stale_bars_are_never_served(void **state)
{
    static const char stale[] = "from raw 1m of FUTURES: agg 15m is not current";
    struct fixture *fixture = *state;
    struct lake *lake = fixture->lake;
    (void)derive_usual(lake, symbol);
    change_minute(lake, 44, 12345);
    struct given given = give(lake, ask(NULL, "15m"));
    assert_string_equal(given.note, stale);
    assert_true(close_at(&given, 30) == 12345);
    free(given.rows);
    (void)derive_usual(lake, symbol);
    given = give(lake, ask(NULL, "15m"));
    assert_string_equal(given.note, "");
    assert_true(close_at(&given, 30) == 12345);
    free(given.rows);
    (void)delete_bars(lake, symbol, DAY_2024 + MS_PER_DAY, DAY_2024 + 2 * MS_PER_DAY);
    assert_note(lake, ask(NULL, "15m"), stale, (N_DAYS - 1) * 96);
    (void)undo_operation(lake, 0);
    assert_note(lake, ask(NULL, "15m"), stale, N_DAYS * 96);
}

/* Rows of the derived dataset itself that are gone are derived again on the way. */
static void test_derived_bars_that_were_deleted_are_derived(void **state)
{
    struct fixture *fixture = *state;
    (void)derive_usual(fixture->lake, symbol);
    delete_derived(fixture->lake, symbol, "15m", DAY_2024, DAY_2024 + MS_PER_DAY);
    assert_note(fixture->lake, ask("agg", "15m"), "from raw 1m of FUTURES: agg 15m is not current", N_DAYS * 96);
}

/* What is read in place of stale bars is made as they were, not as bars usually are. */
static void test_stale_bars_are_derived_by_the_recipe_that_made_them(void **state)
{
    static const char *const hour[] = {"1h"}, *const own[] = {"most=max(volume)", "price = weighted(close, volume)"};
    static const char *const offsets[] = {"30m", "7m", NULL};
    struct fixture *fixture = *state;
    struct lake *lake = fixture->lake;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        const struct derive_call call = {
            symbol, hour, 1, {.offset = offsets[i], .columns = own, .n_columns = 2}, .anew = true};
        (void)derive(lake, &call);
        struct given stored = give(lake, ask("agg", "1h"));
        assert_string_equal(stored.note, "");
        change_minute(lake, 44, 12345 + (double)i);
        struct given given = give(lake, ask("agg", "1h"));
        assert_string_equal(given.note, "from raw 1m of FUTURES: agg 1h is not current");
        assert_int_equal(given.n_columns, stored.n_columns);
        assert_int_equal(given.n, stored.n);
        assert_int_equal(given.rows[0].ts, stored.rows[0].ts);
        free(stored.rows);
        (void)derive(lake, &call);
        stored = give(lake, ask("agg", "1h"));
        assert_given(&given, stored.rows, stored.n);
        free(stored.rows);
        free(given.rows);
    }
}

static void test_recipes_are_read_from_their_text(void **state)
{
    static const char *const wrong[] = {"", "raw 1m", "from raw", "from raw 1m, offset 1500 ms",
                                        "from raw 1m, offset x ms"};
    struct arena arena = ARENA_INIT(1 << 16);
    struct lake_recipe recipe;
    (void)state;
    assert_int_equal(
        read_recipe_parse("from trades tick, offset 30000 ms, a=weighted(b,c), d=max(e)", &arena, &recipe, NULL),
        LAKE_OK);
    assert_string_equal(recipe.from, "trades");
    assert_string_equal(recipe.offset, "30s");
    assert_int_equal(recipe.n_columns, 2);
    assert_string_equal(recipe.columns[0], "a=weighted(b,c)");
    assert_string_equal(recipe.columns[1], "d=max(e)");
    assert_int_equal(read_recipe_parse("from agg 5m", &arena, &recipe, NULL), LAKE_OK);
    assert_string_equal(recipe.from, "5m");
    assert_string_equal(recipe.offset, "0");
    assert_true(recipe.columns != NULL && recipe.n_columns == 0);
    assert_int_equal(read_recipe_parse("from raw 1m, offset of close=max(close)", &arena, &recipe, NULL), LAKE_OK);
    assert_string_equal(recipe.offset, "0");
    assert_string_equal(recipe.columns[0], "offset of close=max(close)");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(read_recipe_parse(wrong[i], &arena, &recipe, NULL), LAKE_CORRUPT);
    arena_release(&arena);
}

static void test_columns_of_bars_derived_on_the_way(void **state)
{
    static const char *const names[] = {"volume", "bars", "volume"}, *const wrong[] = {"voluem"};
    struct fixture *fixture = *state;
    struct lake_scan_options options = ask(NULL, "15m");
    struct lake_error err = {LAKE_OK, ""};
    options.columns = names;
    options.n_columns = 3;
    struct given given = give(fixture->lake, options);
    assert_int_equal(given.n_columns, 3);
    assert_true(given.has_volume && !given.has_close && given.rows[0].bars == 15);
    assert_int_equal(given.n_bars, N_DAYS * 96); /* counted, though only `bars` was asked for */
    free(given.rows);
    options.columns = wrong;
    options.n_columns = 1;
    assert_int_equal(try_give(fixture->lake, options, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "there is no column 'voluem'; the columns are ts, open, high, low, close, volume, "
                                     "bars, bars_expected");
}

static void test_an_offset_is_derived_whatever_is_stored(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan_options options = ask(NULL, "1h");
    (void)derive_usual(fixture->lake, symbol);
    options.offset = "30m";
    struct given given = give(fixture->lake, options);
    assert_string_equal(given.note, "from raw 1m of FUTURES: an offset was asked for");
    assert_int_equal(given.n, N_DAYS * 24 + 1);
    assert_int_equal(given.rows[0].ts, DAY_2024 - 30 * MS_PER_MINUTE);
    assert_int_equal(given.rows[0].bars, 30);
    assert_int_equal(given.n_incomplete, 2);
    options.offset = NULL;
    options.origin = "2030-06-05T04:30";
    struct given same = give(fixture->lake, options);
    assert_string_equal(same.note, "from raw 1m of FUTURES: an origin was asked for");
    assert_given(&same, given.rows, given.n);
    free(given.rows);
    free(same.rows);
}

/* ---- one snapshot ---- */

static void test_a_read_sees_one_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan_options options = ask(NULL, "15m");
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    int64_t n = 0;
    options.size = sizeof options;
    options.batch_rows = 10;
    options.fill = LAKE_FILL_PREVIOUS;
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, NULL), LAKE_OK);
    (void)delete_bars(fixture->lake, symbol, DAY_2024, DAY_2024 + N_DAYS * MS_PER_DAY);
    assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    while (array.release != NULL) {
        n += array.length;
        array.release(&array);
        assert_int_equal(lake_scan_next(scan, &array, NULL), LAKE_OK);
    }
    assert_int_equal(n, N_DAYS * 96);
    lake_scan_close(scan);
}

static void test_as_of_a_snapshot(void **state)
{
    struct fixture *fixture = *state;
    struct lake *lake = fixture->lake;
    struct lake_scan_options options = ask(NULL, "15m");
    options.as_of = last_snapshot(lake);
    (void)derive_usual(lake, symbol);
    const int64_t derived = last_snapshot(lake);
    change_minute(lake, 44, 12345);
    /* Not stored then: derived from what there was. */
    struct given given = give(lake, options);
    assert_string_equal(given.note, "from raw 1m of FUTURES: none are stored");
    assert_true(close_at(&given, 30) == bar_of(DAY_2024 + 44 * MS_PER_MINUTE).close);
    free(given.rows);
    /* Stored then. */
    options.as_of = derived;
    given = give(lake, options);
    assert_string_equal(given.note, "");
    assert_true(close_at(&given, 30) == bar_of(DAY_2024 + 44 * MS_PER_MINUTE).close);
    free(given.rows);
    /* Nothing changed since: stale as now. */
    options.as_of = last_snapshot(lake);
    given = give(lake, options);
    assert_string_equal(given.note, "from raw 1m of FUTURES: agg 15m is not current");
    assert_true(close_at(&given, 30) == 12345);
    free(given.rows);
    /* That they are derived again later changes nothing of what was read then. */
    (void)derive_usual(lake, symbol);
    given = give(lake, options);
    assert_string_equal(given.note, "from raw 1m of FUTURES: agg 15m is not current");
    assert_true(close_at(&given, 30) == 12345);
    free(given.rows);
    options.as_of = last_snapshot(lake);
    given = give(lake, options);
    assert_string_equal(given.note, "");
    assert_true(close_at(&given, 30) == 12345);
    free(given.rows);
    /* Nor that somebody deleted them in between. */
    delete_derived(lake, symbol, "15m", DAY_2024, DAY_2024 + MS_PER_DAY);
    options.as_of = last_snapshot(lake);
    (void)derive_usual(lake, symbol);
    assert_note(lake, options, "from raw 1m of FUTURES: agg 15m is not current", N_DAYS * 96);
    options.as_of = last_snapshot(lake) + 1;
    assert_int_equal(try_give(lake, options, NULL), LAKE_NOT_FOUND);
}

/* ---- bars of somebody's own ---- */

static void write_own(struct lake *lake, const char *of, double close)
{
    const struct lake_selection dataset = {"test", NULL, of, "agg", "15m"};
    struct bar bar = bar_of(DAY_2024);
    struct lake_write *write = NULL;
    bar.close = close;
    assert_int_equal(lake_write_begin(lake, &dataset, "ingest", &write, NULL), LAKE_OK);
    append_bars(write, &bar, 1);
    (void)commit_write(write);
}

static void test_bars_of_unknown_origin(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan_options options = ask("agg", "15m");
    struct lake_error err = {LAKE_OK, ""};
    write_own(fixture->lake, symbol, -7);
    assert_note(fixture->lake, options, "from raw 1m of FUTURES: what agg 15m was derived from is not known",
                N_DAYS * 96);
    write_own(fixture->lake, "OTHER", -7); /* of which nothing else is there */
    options.dataset.symbol = "OTHER";
    struct given given = give(fixture->lake, options);
    assert_string_equal(given.note, "");
    assert_true(given.n == 1 && given.rows[0].close < 0);
    free(given.rows);
    options.complete = true;
    assert_int_equal(try_give(fixture->lake, options, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "agg 15m does not say of how many source bars its bars should be made; leave out "
                                     "--complete");
}

/* ---- what cannot be ---- */

struct refusal {
    const char *type, *period, *offset;
    enum lake_fill fill;
    bool complete;
    lake_status status;
    const char *part; /* of the message */
};

static void test_what_cannot_be_read_is_said(void **state)
{
    static const struct refusal refusals[] = {
        {NULL, "1m", NULL, LAKE_FILL_NONE, true, LAKE_INVALID_ARGUMENT, "--complete is of derived bars"},
        {NULL, NULL, "30m", LAKE_FILL_NONE, false, LAKE_INVALID_ARGUMENT, "name their period, and no type but agg"},
        {"raw", "1h", "30m", LAKE_FILL_NONE, false, LAKE_INVALID_ARGUMENT, "name their period, and no type but agg"},
        {"raw", "1h", NULL, LAKE_FILL_NONE, false, LAKE_NOT_FOUND, "there is no dataset TEST BTCUSDT raw 1h"},
        {"trades", NULL, NULL, LAKE_FILL_NONE, false, LAKE_NOT_FOUND, "there is no dataset TEST BTCUSDT trades"},
        {"funding", "1h", NULL, LAKE_FILL_NONE, false, LAKE_NOT_FOUND, "there is no dataset"},
        {"agg", "1m", NULL, LAKE_FILL_NONE, false, LAKE_INVALID_ARGUMENT, "raw/1m"},
        {"agg", NULL, NULL, LAKE_FILL_NONE, false, LAKE_NOT_FOUND, "there is no dataset TEST BTCUSDT agg"},
        {NULL, "tick", NULL, LAKE_FILL_NONE, false, LAKE_NOT_FOUND, "there is no dataset TEST BTCUSDT tick"},
        {NULL, "1h", "half", LAKE_FILL_NONE, false, LAKE_INVALID_ARGUMENT, "half"},
        {NULL, "1h", NULL, (enum lake_fill)9, false, LAKE_INVALID_ARGUMENT, "no way to fill"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *refusal = &refusals[i];
        struct lake_scan_options options = ask(refusal->type, refusal->period);
        struct lake_error err = {LAKE_OK, ""};
        options.offset = refusal->offset;
        options.fill = refusal->fill;
        options.complete = refusal->complete;
        lake_status status = try_give(fixture->lake, options, &err);
        if (status != refusal->status || strstr(err.message, refusal->part) == NULL)
            fail_msg("%zu: %s", i, err.message);
    }
}

static void test_nothing_of_that_name(void **state)
{
    struct fixture *fixture = *state;
    struct lake_scan_options options = ask(NULL, "15m");
    struct lake_error err = {LAKE_OK, ""};
    options.dataset.symbol = "BTCUSDX";
    assert_int_equal(try_give(fixture->lake, options, &err), LAKE_NOT_FOUND);
    assert_string_equal(err.message, "there is no dataset TEST BTCUSDX 15m; there is TEST BTCUSDT");
}

/* A file that is lost is said, not derived around. */
static void test_a_lost_file_is_not_taken_for_what_was_never_stored(void **state)
{
    struct fixture *fixture = *state;
    char path[2 * FIXTURE_PATH_BYTES];
    struct lake_write *write = begin_write(fixture->lake, symbol, "15m");
    append_bars(write, bars_from(DAY_2024, 1), 1);
    (void)commit_write(write);
    assert_note(fixture->lake, ask(NULL, "15m"), "", 1);
    const struct lake_scan_options options = ask(NULL, "15m");
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_dataset *found = NULL;
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t snapshot = 0;
    const struct manifest_filter filter = {NULL, NULL, NULL, "raw", "15m"};
    assert_int_equal(manifest_find_datasets(fixture->lake->manifest, &filter, &arena, &found, &n, NULL), LAKE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(manifest_find_files(fixture->lake->manifest, found->id, INT64_MIN, INT64_MAX, &arena, &files, &n,
                                         &snapshot, NULL),
                     LAKE_OK);
    assert_int_equal(n, 1);
    snprintf(path, sizeof path, "%s/data/%s", fixture->root, files->path);
    assert_int_equal(remove(path), 0);
    struct lake_scan *scan = NULL;
    struct ArrowArray array = {0};
    struct lake_scan_options again = options;
    again.size = sizeof again;
    lake_status status = lake_scan_open(fixture->lake, &again, &scan, NULL);
    if (status == LAKE_OK)
        status = lake_scan_next(scan, &array, NULL);
    assert_int_not_equal(status, LAKE_OK);
    lake_scan_close(scan);
    arena_release(&arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_not_stored_is_derived_and_said),
        TEST(test_stored_bars_that_are_current_are_read),
        TEST(test_stale_bars_are_never_served),
        TEST(test_derived_bars_that_were_deleted_are_derived),
        TEST(test_stale_bars_are_derived_by_the_recipe_that_made_them),
        cmocka_unit_test(test_recipes_are_read_from_their_text),
        TEST(test_columns_of_bars_derived_on_the_way),
        TEST(test_an_offset_is_derived_whatever_is_stored),
        TEST(test_a_read_sees_one_snapshot),
        TEST(test_as_of_a_snapshot),
        TEST(test_bars_of_unknown_origin),
        TEST(test_what_cannot_be_read_is_said),
        TEST(test_nothing_of_that_name),
        TEST(test_a_lost_file_is_not_taken_for_what_was_never_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
