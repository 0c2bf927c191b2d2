/* Snapshots are found by number, name and time; names are given, kept and taken away. */
#include "history_fixture.h"

#include <stdio.h>
#include <string.h>

/* Three snapshots: at ten, at noon and at one. */
#define TEN (DAY_2024 + 10 * MS_PER_HOUR)
#define NOON (DAY_2024 + 12 * MS_PER_HOUR)
#define ONE (DAY_2024 + 13 * MS_PER_HOUR)

static struct clock test_clock;

static int set_up_empty(void **state)
{
    test_clock.now_ms = TEN;
    *state = fixture_new_at(&test_clock);
    return 0;
}

static int set_up(void **state)
{
    static const int64_t times[] = {TEN, NOON, ONE};
    (void)set_up_empty(state);
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 3; i++) {
        test_clock.now_ms = times[i];
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + (int64_t)i * MS_PER_MINUTE, 1), 1);
    }
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static void assert_found(struct lake *lake, const char *text, int64_t expected)
{
    struct lake_error err = {LAKE_OK, ""};
    int64_t snapshot = -1;
    if (lake_find_snapshot(lake, text, &snapshot, &err) != LAKE_OK)
        fail_msg("%s: %s", text, err.message);
    if (snapshot != expected)
        fail_msg("'%s' found %d, not %d", text, (int)snapshot, (int)expected);
}

static void assert_not_found(struct lake *lake, const char *text, lake_status expected, const char *says)
{
    struct lake_error err = {LAKE_OK, ""};
    int64_t snapshot = -1;
    assert_int_equal(lake_find_snapshot(lake, text, &snapshot, &err), expected);
    assert_int_equal(snapshot, 0);
    if (strstr(err.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void test_numbers(void **state)
{
    struct fixture *fixture = *state;
    assert_found(fixture->lake, "1", 1);
    assert_found(fixture->lake, "3", 3);
    assert_found(fixture->lake, "0003", 3);
    assert_not_found(fixture->lake, "0", LAKE_NOT_FOUND, "the first is 1 of 2024-01-01T10:00:00Z");
    assert_not_found(fixture->lake, "4", LAKE_NOT_FOUND, "the last 3 of 2024-01-01T13:00:00Z");
    assert_not_found(fixture->lake, "20240101", LAKE_NOT_FOUND, "the last 3");
}

static void test_times_mean_the_last_at_or_before_them(void **state)
{
    struct fixture *fixture = *state;
    assert_found(fixture->lake, "2024-01-01T10:00:00Z", 1);
    assert_found(fixture->lake, "2024-01-01T11:59:59.999Z", 1);
    assert_found(fixture->lake, "2024-01-01 12:00", 2);
    assert_found(fixture->lake, "2024-01-01T14:00:00+02:00", 2);
    assert_found(fixture->lake, "2030-01-01T00:00:00Z", 3);
    assert_found(fixture->lake, "1704110400000", 2); /* noon in epoch milliseconds, as JSON has it */
    assert_not_found(fixture->lake, "2024-01-01T09:59:59.999Z", LAKE_NOT_FOUND,
                     "the first is 1 of 2024-01-01T10:00:00Z");
}

static void test_a_bare_date_means_its_end(void **state)
{
    struct fixture *fixture = *state;
    assert_found(fixture->lake, "2024-01-01", 3);
    assert_found(fixture->lake, "2024-01", 3);
    assert_not_found(fixture->lake, "2023-12-31", LAKE_NOT_FOUND, "the first is 1");
    test_clock.now_ms = DAY_2024 + MS_PER_DAY; /* the first instant of the next day is not of this one */
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + MS_PER_HOUR, 1), 1);
    assert_found(fixture->lake, "2024-01-01", 3);
    assert_found(fixture->lake, "2024-01-02", 4);
}

static void test_what_is_no_snapshot(void **state)
{
    struct fixture *fixture = *state;
    assert_not_found(fixture->lake, "", LAKE_INVALID_ARGUMENT, "is no snapshot");
    assert_not_found(fixture->lake, "-1", LAKE_INVALID_ARGUMENT, "'-1' is no snapshot");
    assert_not_found(fixture->lake, "2024-13-01", LAKE_INVALID_ARGUMENT, "is no snapshot");
    assert_not_found(fixture->lake, "release", LAKE_NOT_FOUND, "no snapshot is named 'release'; none has a name");
    int64_t snapshot = 0;
    assert_int_equal(lake_find_snapshot(fixture->lake, NULL, &snapshot, NULL), LAKE_INVALID_ARGUMENT);
}

static void test_an_empty_lake_has_none(void **state)
{
    struct fixture *fixture = *state;
    assert_not_found(fixture->lake, "1", LAKE_NOT_FOUND, "the lake has none yet");
    assert_not_found(fixture->lake, "2024-01-01", LAKE_NOT_FOUND, "the lake has none yet");
    assert_int_equal(lake_name_snapshot(fixture->lake, "first", 1, NULL), LAKE_NOT_FOUND);
}

static void assert_names(struct lake *lake, const char *expected)
{
    struct ArrowArrayStream stream;
    char found[512] = "";
    assert_int_equal(lake_list_names(lake, &stream, NULL), LAKE_OK);
    struct table *table = table_read(&stream);
    for (size_t i = 0; i < table->n_rows; i++) {
        size_t n = strlen(found);
        (void)snprintf(found + n, sizeof found - n, "%s%s %s %s %s", i == 0 ? "" : "; ", table_get(table, i, "name"),
                       table_get(table, i, "snapshot"), table_get(table, i, "committed"), table_get(table, i, "named"));
    }
    table_free(table);
    assert_string_equal(found, expected);
}

static void test_names_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    test_clock.now_ms = ONE + MS_PER_MINUTE;
    assert_int_equal(lake_name_snapshot(fixture->lake, "before-fix_1.0", 2, NULL), LAKE_OK);
    assert_int_equal(lake_name_snapshot(fixture->lake, "before-fix_1.0", 2, NULL), LAKE_OK); /* again: the same */
    assert_int_equal(lake_name_snapshot(fixture->lake, "before-fix_1.0", 3, &err), LAKE_EXISTS);
    assert_non_null(strstr(err.message, "before-fix_1.0"));
    assert_int_equal(lake_name_snapshot(fixture->lake, "a", 1, NULL), LAKE_OK);
    if (fixture_try_open(fixture, clock_io(&test_clock), &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_names(fixture->lake, "a 1 2024-01-01T10:00:00Z 2024-01-01T13:01:00Z; "
                                "before-fix_1.0 2 2024-01-01T12:00:00Z 2024-01-01T13:01:00Z");
    assert_found(fixture->lake, "before-fix_1.0", 2);
    assert_not_found(fixture->lake, "after", LAKE_NOT_FOUND, "the names are a, before-fix_1.0");
    assert_int_equal(lake_unname_snapshot(fixture->lake, "a", NULL), LAKE_OK);
    assert_int_equal(lake_unname_snapshot(fixture->lake, "a", NULL), LAKE_NOT_FOUND);
    assert_names(fixture->lake, "before-fix_1.0 2 2024-01-01T12:00:00Z 2024-01-01T13:01:00Z");
}

static void test_what_cannot_be_a_name(void **state)
{
    struct fixture *fixture = *state;
    char longest[66] = "";
    static const char *const wrong[] = {"", "1", "2024-01-01", "-a", "a b", "a/b", "naïve", NULL};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lake_name_snapshot(fixture->lake, wrong[i], 1, NULL), LAKE_INVALID_ARGUMENT);
        assert_int_equal(lake_unname_snapshot(fixture->lake, wrong[i], NULL), LAKE_INVALID_ARGUMENT);
    }
    memset(longest, 'a', 65);
    assert_int_equal(lake_name_snapshot(fixture->lake, longest, 1, NULL), LAKE_INVALID_ARGUMENT);
    longest[64] = '\0';
    assert_int_equal(lake_name_snapshot(fixture->lake, longest, 1, NULL), LAKE_OK);
    assert_found(fixture->lake, longest, 1);
    assert_int_equal(lake_name_snapshot(fixture->lake, "later", 4, NULL), LAKE_NOT_FOUND);
    assert_int_equal(lake_name_snapshot(fixture->lake, "zero", 0, NULL), LAKE_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_times_mean_the_last_at_or_before_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_bare_date_means_its_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_snapshot, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_empty_lake_has_none, set_up_empty, tear_down),
        cmocka_unit_test_setup_teardown(test_names_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_a_name, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
