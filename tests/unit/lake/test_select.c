#include "lake_fixture.h"

#include <stdio.h>
#include <string.h>

#include "lake/select.h"

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

static void add(struct lake *lake, const char *market, const char *symbol, const char *period)
{
    struct lake_write *write = NULL;
    const struct lake_selection dataset = {"test", market, symbol, "raw", period};
    assert_int_equal(lake_write_begin(lake, &dataset, "ingest", &write, NULL), LAKE_OK);
    append_bars(write, bars_from(DAY_2024, 1), 1);
    (void)commit_write(write);
}

/* As a scan does it. */
static lake_status choose(struct lake *lake, const struct lake_selection *selection, char *name, size_t n,
                          struct lake_error *err)
{
    struct arena arena = ARENA_INIT(1 << 20);
    struct canonical canonical;
    struct selected selected;
    const struct select_scope scope = {.filter = &canonical.filter};
    lake_status status = select_filter(lake, selection, &canonical, err);
    if (status == LAKE_OK) {
        mutex_lock(lake->mutex);
        status = select_dataset(lake, &scope, &arena, &selected, err);
        mutex_unlock(lake->mutex);
    }
    if (status == LAKE_OK && !selected.is_found)
        status = select_fail_not_found(lake, &canonical.filter, err);
    else if (status == LAKE_OK)
        (void)snprintf(name, n, "%s %s %s %s", selected.dataset.market, selected.dataset.symbol,
                       selected.dataset.period, selected.was_chosen ? "chosen" : "only");
    arena_release(&arena);
    return status;
}

static void assert_chosen(struct lake *lake, struct lake_selection selection, const char *expected)
{
    char name[128] = "";
    struct lake_error err = {LAKE_OK, ""};
    if (choose(lake, &selection, name, sizeof name, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_string_equal(name, expected);
}

static void assert_refused(struct lake *lake, struct lake_selection selection, lake_status expected, const char *says)
{
    char name[128] = "";
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(choose(lake, &selection, name, sizeof name, &err), expected);
    if (strstr(err.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void test_the_only_one_is_taken(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->lake, "SPOT", "ETHUSDT", "1h");
    assert_chosen(fixture->lake, (struct lake_selection){"TEST", NULL, "ETH/USDT", NULL, NULL}, "SPOT ETHUSDT 1h only");
}

static void test_defaults_decide_among_several(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->lake, "SPOT", "BTCUSDT", "1m");
    add(fixture->lake, "FUTURES", "BTCUSDT", "1m");
    add(fixture->lake, "FUTURES", "BTCUSDT", "1h");
    assert_chosen(fixture->lake, (struct lake_selection){"test", NULL, "btcusdt", NULL, NULL},
                  "FUTURES BTCUSDT 1m chosen");
    assert_chosen(fixture->lake, (struct lake_selection){"test", "spot", "btcusdt", NULL, NULL},
                  "SPOT BTCUSDT 1m only");
    assert_chosen(fixture->lake, (struct lake_selection){"test", NULL, "btcusdt", NULL, "1h"},
                  "FUTURES BTCUSDT 1h only");
}

static void test_what_no_default_decides_is_refused_with_the_choices(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->lake, "SPOT", "SOLUSDT", "5m");
    add(fixture->lake, "MARGIN", "SOLUSDT", "5m");
    assert_refused(fixture->lake, (struct lake_selection){"test", NULL, "SOLUSDT", NULL, NULL}, LAKE_INVALID_ARGUMENT,
                   "MARGIN raw 5m, SPOT raw 5m");
}

static void test_near_matches_are_named(void **state)
{
    struct fixture *fixture = *state;
    add(fixture->lake, "SPOT", "BTCUSDT", "1m");
    assert_refused(fixture->lake, (struct lake_selection){"test", NULL, "BTCUSDX", NULL, NULL}, LAKE_NOT_FOUND,
                   "there is TEST BTCUSDT");
    assert_refused(fixture->lake, (struct lake_selection){"other", NULL, "BTCUSDT", NULL, NULL}, LAKE_NOT_FOUND,
                   "there is TEST BTCUSDT");
    assert_refused(fixture->lake, (struct lake_selection){"test", "futures", "BTCUSDT", NULL, NULL}, LAKE_NOT_FOUND,
                   "TEST BTCUSDT SPOT raw 1m");
    assert_refused(fixture->lake, (struct lake_selection){"test", NULL, "ZZZ", NULL, NULL}, LAKE_NOT_FOUND,
                   "see dl list");
    assert_refused(fixture->lake, (struct lake_selection){"test", NULL, NULL, NULL, NULL}, LAKE_INVALID_ARGUMENT,
                   "symbol is needed");
    assert_refused(fixture->lake, (struct lake_selection){"test", NULL, "../x", NULL, NULL}, LAKE_INVALID_ARGUMENT,
                   "symbol '../x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_only_one_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_defaults_decide_among_several, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_no_default_decides_is_refused_with_the_choices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_near_matches_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
