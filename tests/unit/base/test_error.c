#include <ctype.h>
#include <errno.h>

#include "unit/base/check.h"

static const lake_status statuses[] = {
#define STATUS(code, value, name, meaning, exit_status, http_status, python) LAKE_##code,
    LAKE_ERROR_TABLE(STATUS)
#undef STATUS
};

enum { N_STATUSES = sizeof statuses / sizeof statuses[0] };

static void test_values_are_numbered_without_holes(void **state)
{
    (void)state;
    for (int i = 0; i < N_STATUSES; i++)
        assert_int_equal(statuses[i], i);
}

static void test_no_column_is_missing(void **state)
{
    (void)state;
    for (int i = 0; i < N_STATUSES; i++) {
        assert_true(strlen(lake_status_name(statuses[i])) > 0);
        assert_true(strlen(lake_status_meaning(statuses[i])) > 0);
        assert_true(lake_status_http(statuses[i]) >= 200 && lake_status_http(statuses[i]) < 600);
        assert_true((strlen(lake_status_python(statuses[i])) > 0) == (statuses[i] != LAKE_OK));
    }
}

static void test_no_name_or_meaning_is_taken_twice(void **state)
{
    (void)state;
    for (int i = 0; i < N_STATUSES; i++)
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(lake_status_name(statuses[i]), lake_status_name(statuses[k]));
            assert_string_not_equal(lake_status_meaning(statuses[i]), lake_status_meaning(statuses[k]));
        }
}

static void test_exit_statuses_are_the_promised_ones(void **state)
{
    (void)state;
    for (int i = 0; i < N_STATUSES; i++) {
        int status = lake_status_exit(statuses[i]);
        assert_true(status == 0 || status == 1 || status == 2 || status == 3 || status == 130);
        assert_true((status == 0) == (statuses[i] == LAKE_OK));
    }
    assert_int_equal(lake_status_exit(LAKE_INVALID_ARGUMENT), 2);
    assert_int_equal(lake_status_exit(LAKE_CANCELLED), 130);
}

static void test_unknown_status_is_internal(void **state)
{
    (void)state;
    assert_string_equal(lake_status_name((lake_status)999), "internal");
    assert_string_equal(lake_status_name((lake_status)N_STATUSES), "internal");
}

static void test_fail_fills_and_returns(void **state)
{
    (void)state;
    struct lake_error err = {0};
    assert_int_equal(lake_fail(&err, LAKE_CORRUPT, "%s: page %d", "a.parquet", 7), LAKE_CORRUPT);
    assert_int_equal(err.status, LAKE_CORRUPT);
    assert_string_equal(err.message, "a.parquet: page 7");
    assert_int_equal(lake_fail(NULL, LAKE_IO, "nobody listens"), LAKE_IO);
}

static void test_message_is_cut_and_one_line(void **state)
{
    (void)state;
    struct lake_error err = {0};
    char longer[2 * LAKE_ERROR_MESSAGE_BYTES];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(lake_fail(&err, LAKE_IO, "%s", longer), LAKE_IO);
    assert_int_equal(strlen(err.message), LAKE_ERROR_MESSAGE_BYTES - 1);
    assert_int_equal(lake_fail(&err, LAKE_IO, "a\nb\033[1mc"), LAKE_IO);
    for (const char *p = err.message; *p != '\0'; p++)
        assert_true(isprint((unsigned char)*p));
}

static void test_errno_picks_the_status_and_names_the_path(void **state)
{
    (void)state;
    static const struct {
        int number;
        lake_status status;
    } cases[] = {{ENOENT, LAKE_NOT_FOUND}, {EACCES, LAKE_PERMISSION}, {ENOSPC, LAKE_NO_SPACE},
                 {EEXIST, LAKE_EXISTS},    {ENOMEM, LAKE_NO_MEMORY},  {EIO, LAKE_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lake_error err = {0};
        lake_fails(lake_fail_errno(&err, cases[i].number, "cannot open", "dir/file"), cases[i].status, "dir/file");
        assert_non_null(strstr(err.message, "cannot open"));
    }
}

static void test_prefix_goes_before_the_message(void **state)
{
    (void)state;
    struct lake_error err = {0};
    assert_int_equal(lake_fail(&err, LAKE_INVALID_DATA, "close is 'abc'"), LAKE_INVALID_DATA);
    assert_int_equal(lake_fail_prefix(&err, err.status, "%s:%d", "f.csv", 12), LAKE_INVALID_DATA);
    assert_string_equal(err.message, "f.csv:12: close is 'abc'");
    assert_int_equal(lake_fail_prefix(NULL, LAKE_IO, "x"), LAKE_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_numbered_without_holes),
        cmocka_unit_test(test_no_column_is_missing),
        cmocka_unit_test(test_no_name_or_meaning_is_taken_twice),
        cmocka_unit_test(test_exit_statuses_are_the_promised_ones),
        cmocka_unit_test(test_unknown_status_is_internal),
        cmocka_unit_test(test_fail_fills_and_returns),
        cmocka_unit_test(test_message_is_cut_and_one_line),
        cmocka_unit_test(test_errno_picks_the_status_and_names_the_path),
        cmocka_unit_test(test_prefix_goes_before_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
