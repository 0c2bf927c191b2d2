/* Registering data types: once and for ever, for every program that has the lake open; what cannot be a type is refused, and named. */
#include "type_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "lake/types.h"
#include "manifest/history.h"

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

static const char liquidations_text[] = "liquidations||forced orders|ts id|"
                                        "ts timestamp[us], id utf8, price double (quote), amount double (base)";

/* ---- registering ---- */

static void test_a_type_is_there_once_it_is_registered(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type *type = NULL;
    assert_string_equal(type_text(fixture->lake, "liquidations"), "");
    assert_int_equal(lake_type_find(fixture->lake, "liquidations", &type, NULL), LAKE_INVALID_ARGUMENT);
    register_type(fixture->lake, liquidations());
    assert_string_equal(type_text(fixture->lake, "liquidations"), liquidations_text);
    assert_int_equal(lake_type_find(fixture->lake, "Liquidations", &type, NULL), LAKE_OK);
    assert_string_equal(type->name, "liquidations");
    assert_true(type->is_registered && !type->is_provisional && !type->is_bars && !type->has_period);
    assert_string_equal(type->fixed_period, "event");
    assert_int_equal(type->n_key, 2);
    assert_string_equal(type->key[1], "id");
    assert_false(data_type_counts_rows(type));
    assert_true(data_type_column(type, "id")->required && !data_type_column(type, "id")->nullable);
    assert_false(data_type_column(type, "amount")->required);
}

static void test_a_type_with_a_period(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type *type = NULL;
    register_type(fixture->lake, interest());
    assert_string_equal(type_text(fixture->lake, "interest"),
                        "interest||rows of a registered type|ts|ts timestamp[ms], close double (contracts)|period");
    assert_int_equal(lake_type_find(fixture->lake, "interest", &type, NULL), LAKE_OK);
    assert_true(type->has_period && type->fixed_period == NULL && !type->is_bars);
}

/* A program registers its types each time it starts. */
static void test_the_same_again_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct lake_type_options again = liquidations();
    const struct data_type *first = NULL, *second = NULL;
    int64_t before = 0, after = 0;
    register_type(fixture->lake, again);
    assert_int_equal(lake_type_find(fixture->lake, "liquidations", &first, NULL), LAKE_OK);
    assert_int_equal(manifest_snapshot(fixture->lake->manifest, &before, NULL), LAKE_OK);
    again.what = "in other words";
    register_type(fixture->lake, again);
    assert_int_equal(manifest_snapshot(fixture->lake->manifest, &after, NULL), LAKE_OK);
    assert_int_equal(before, after);
    assert_string_equal(type_text(fixture->lake, "liquidations"), liquidations_text);
    assert_int_equal(lake_type_find(fixture->lake, "liquidations", &second, NULL), LAKE_OK);
    assert_ptr_equal(first, second);
}

static void test_another_definition_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct lake_type_column columns[4];
    register_type(fixture->lake, liquidations());
    for (int change = 0; change < 6; change++) {
        struct lake_type_options other = liquidations();
        memcpy(columns, other.columns, sizeof columns);
        other.columns = columns;
        if (change == 0)
            other.n_columns = 3;
        else if (change == 1)
            other.n_key = 1;
        else if (change == 2)
            columns[2].kind = "float";
        else if (change == 3)
            columns[2].unit = "base";
        else if (change == 4)
            columns[2].is_nullable = false;
        else
            columns[3].is_required = true;
        assert_int_equal(lake_register_type(fixture->lake, &other, &err), LAKE_EXISTS);
        assert_non_null(strstr(err.message, "with the key ts id and the columns ts timestamp[us], id utf8, price"));
    }
    assert_string_equal(type_text(fixture->lake, "liquidations"), liquidations_text);
}

static void test_other_handles_know_it(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type *type = NULL;
    struct lake *other = type_fixture_open(fixture, "");
    assert_int_equal(lake_type_find(other, "liquidations", &type, NULL), LAKE_INVALID_ARGUMENT);
    register_type(fixture->lake, liquidations());
    assert_int_equal(lake_type_find(other, "liquidations", &type, NULL), LAKE_OK);
    assert_string_equal(type_text(other, "liquidations"), liquidations_text);
    register_type(other, interest());
    assert_int_equal(lake_type_find(fixture->lake, "interest", &type, NULL), LAKE_OK);
    struct lake_type_options wrong = interest();
    wrong.n_columns = 1;
    assert_int_equal(lake_register_type(fixture->lake, &wrong, NULL), LAKE_EXISTS);
    lake_close(other);
    fixture_reopen(fixture);
    assert_string_equal(type_text(fixture->lake, "liquidations"), liquidations_text);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_the_list_has_every_type(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type *type = NULL;
    size_t n_lines = 0;
    register_type(fixture->lake, liquidations());
    register_type(fixture->lake, interest());
    const char *text = types_text(fixture->lake);
    for (const char *at = text; *at != '\0'; at++)
        n_lines += *at == '\n';
    size_t n_builtin = 0;
    for (; (type = data_type_at(n_builtin)) != NULL; n_builtin++)
        if (strstr(text, type->name) == NULL)
            fail_msg("%s is not in the list", type->name);
    assert_int_equal(n_lines, n_builtin + 2);
    assert_true(strstr(text, "interest|") < strstr(text, "liquidations|")); /* by name */
    assert_string_equal(type_text(fixture->lake, "funding"),
                        "funding||funding rates|ts|ts timestamp[ms], rate double (rate), mark_price double (quote), "
                        "interval int64 (ms)|builtin");
    assert_non_null(strstr(type_text(fixture->lake, "trades"), "trades|ticks|single trades|ts id|ts timestamp[us], "));
}

/* ---- what is not known ---- */

static void test_an_unknown_type_names_what_there_is(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type *type = NULL;
    struct lake_error err = {LAKE_OK, ""};
    register_type(fixture->lake, liquidations());
    assert_int_equal(lake_type_find(fixture->lake, "liquidation", &type, &err), LAKE_INVALID_ARGUMENT);
    assert_null(type);
    assert_non_null(strstr(err.message, "data type 'liquidation' is none of raw agg trades (ticks) aggtrades funding"));
    assert_non_null(strstr(err.message, " liquidations; did you mean liquidations?"));
    assert_int_equal(lake_type_find(fixture->lake, "fundin", &type, &err), LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "; did you mean funding?"));
    assert_int_equal(lake_type_find(fixture->lake, "quotes", &type, &err), LAKE_INVALID_ARGUMENT);
    assert_null(strstr(err.message, "did you mean"));
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(lake_type_find(fixture->lake, longest, &type, &err), LAKE_INVALID_ARGUMENT);
    assert_int_equal(lake_type_find(fixture->lake, "", &type, &err), LAKE_INVALID_ARGUMENT);
}

/* ---- what cannot be a type ---- */

static void expect_refused(struct fixture *fixture, const struct lake_type_options *type, const char *message)
{
    struct lake_error err = {LAKE_OK, ""};
    char before[1 << 15];
    (void)snprintf(before, sizeof before, "%s", types_text(fixture->lake));
    if (lake_register_type(fixture->lake, type, &err) != LAKE_INVALID_ARGUMENT || strstr(err.message, message) == NULL)
        fail_msg("'%s' is not in: %s", message, err.message);
    struct lake_error checked = {LAKE_OK, ""};
    assert_int_equal(lake_check_type(type, &checked), LAKE_INVALID_ARGUMENT);
    assert_string_equal(checked.message, err.message);
    assert_string_equal(types_text(fixture->lake), before);
}

static void test_names_that_cannot_be(void **state)
{
    static const struct {
        const char *name, *message;
    } cases[] = {
        {"", "it is 2 to 32 of a-z, 0-9 and '_'"},
        {"a", "it is 2 to 32 of a-z, 0-9 and '_'"},
        {"Liquidations", "begins with a letter"},
        {"2liquidations", "begins with a letter"},
        {"_a", "begins with a letter"},
        {"a-b", "'a-b' cannot be"},
        {"a/b", "'a/b' cannot be"},
        {"../a", "'../a' cannot be"},
        {"a b", "'a b' cannot be"},
        {"\xc3\xa9l", "cannot be"},
        {"abcdefghijklmnopqrstuvwxyz0123456", "cannot be"}, /* 33 */
        {"raw", "every lake has a data type 'raw'"},
        {"ticks", "every lake has a data type 'ticks': single trades"},
        {"funding", "every lake has"},
        {"con", "it means something else"},
        {"lpt1", "it means something else"},
        {"tick", "it means something else"},
        {"event", "it means something else"},
        {"minute", "it means something else"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lake_type_options type = liquidations();
        type.name = cases[i].name;
        expect_refused(*state, &type, cases[i].message);
    }
    struct lake_type_options longest = liquidations();
    longest.name = "abcdefghijklmnopqrstuvwxyz012345"; /* 32 */
    register_type(((struct fixture *)*state)->lake, longest);
}

static void expect_column_refused(struct fixture *fixture, size_t index, struct lake_type_column column,
                                  const char *message)
{
    struct lake_type_options type = liquidations();
    struct lake_type_column columns[4];
    memcpy(columns, type.columns, sizeof columns);
    columns[index] = column;
    type.columns = columns;
    expect_refused(fixture, &type, message);
}

static void test_columns_that_cannot_be(void **state)
{
    static const struct lake_type_column ts_ns = {"ts", "timestamp[ns]", NULL, true, false};
    expect_column_refused(*state, 0, ts_ns, "column 'ts': 'timestamp[ns]' is no kind of column, which are");
    expect_column_refused(*state, 0, ts_ns, "did you mean timestamp[");
    expect_column_refused(*state, 0, (struct lake_type_column){"time", "timestamp[us]", NULL, true, false},
                          "key column 'ts' is none of its columns");
    expect_column_refused(*state, 0, (struct lake_type_column){"ts", "int64", NULL, true, false},
                          "the first column must be ts, a timestamp[ms] or timestamp[us]");
    expect_column_refused(*state, 0, (struct lake_type_column){"ts", "timestamp[us]", NULL, true, true},
                          "ts cannot be null");
    expect_column_refused(*state, 2, (struct lake_type_column){"price", "decimal", NULL, true, true},
                          "column 'price': 'decimal' is no kind of column");
    expect_column_refused(*state, 2, (struct lake_type_column){"price", NULL, NULL, true, true},
                          "column 'price': '' is no kind of column");
    expect_column_refused(*state, 2, (struct lake_type_column){"amount", "double", NULL, true, true},
                          "column 'amount' is named twice");
    expect_column_refused(*state, 2, (struct lake_type_column){"Amount", "double", NULL, true, true},
                          " is named twice; SQL does not tell capitals from small letters");
    expect_column_refused(*state, 2, (struct lake_type_column){"", "double", NULL, true, true}, "cannot be a column's");
    expect_column_refused(*state, 2, (struct lake_type_column){NULL, "double", NULL, true, true},
                          "cannot be a column's");
    expect_column_refused(*state, 2, (struct lake_type_column){"a,b", "double", NULL, true, true},
                          "'a,b' cannot be a column's");
    expect_column_refused(*state, 2, (struct lake_type_column){"\x01source", "int32", NULL, true, true},
                          "cannot be a column's");
    expect_column_refused(*state, 2, (struct lake_type_column){"price", "double", "(quote)", true, true},
                          "column 'price': its unit");
    expect_column_refused(*state, 1, (struct lake_type_column){"id", "int64", NULL, true, false},
                          "key column 'id' is int64; rows of one time are told apart by a utf8 column");
    expect_column_refused(*state, 1, (struct lake_type_column){"id", "utf8", NULL, true, true},
                          "key column 'id' cannot be null");
    char longest[LIMIT_NAME_BYTES + 2];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    expect_column_refused(*state, 2, (struct lake_type_column){longest, "double", NULL, true, true},
                          "cannot be a column's");
    longest[LIMIT_NAME_BYTES] = '\0';
    struct lake_type_column named[2] = {{"ts", "timestamp[us]", NULL, true, false},
                                        {longest, "double", NULL, true, true}};
    struct lake_type_options type = liquidations();
    type.columns = named;
    type.n_columns = 2;
    type.n_key = 1;
    register_type(((struct fixture *)*state)->lake, type);
}

static void test_keys_that_cannot_be(void **state)
{
    static const char *const other[] = {"ts", "size"}, *const twice[] = {"ts", "ts"}, *const turned[] = {"id", "ts"},
                             *const three[] = {"ts", "id", "price"}, *const nothing[] = {"ts", NULL};
    struct lake_type_options type = liquidations();
    type.key = other;
    expect_refused(*state, &type, "key column 'size' is none of its columns");
    type.key = nothing;
    expect_refused(*state, &type, "key column '' is none of its columns");
    type.key = twice;
    expect_refused(*state, &type, "the key is ts, or ts and one column more");
    type.key = turned;
    expect_refused(*state, &type, "the key is ts, or ts and one column more");
    type.key = three;
    type.n_key = 3;
    expect_refused(*state, &type, "the key is ts, or ts and one column more, not 3 columns");
    type.n_key = 0;
    expect_refused(*state, &type, "not 0 columns");
}

static void test_a_period_needs_one_row_a_time(void **state)
{
    struct lake_type_options type = liquidations();
    type.has_period = true;
    expect_refused(*state, &type, "rows of a period have one row a time");
    type.n_key = 1;
    expect_refused(*state, &type, "rows of a period have one row a time"); /* µs */
}

static void test_what_is_not_filled_in(void **state)
{
    struct fixture *fixture = *state;
    struct lake_type_options type = liquidations();
    type.size = 4;
    expect_refused(fixture, &type, "unknown size");
    expect_refused(fixture, NULL, "unknown size");
    type = liquidations();
    type.name = NULL;
    expect_refused(fixture, &type, "needs a name, columns and a key");
    type = liquidations();
    type.columns = NULL;
    expect_refused(fixture, &type, "needs a name, columns and a key");
    type = liquidations();
    type.n_columns = 0;
    expect_refused(fixture, &type, "key column 'ts' is none");
    type = liquidations();
    type.what = "two\nlines";
    expect_refused(fixture, &type, "in one line");
}

/* ---- limits ---- */

static void test_a_type_has_so_many_columns_at_most(void **state)
{
    struct fixture *fixture = *state;
    static char names[LIMIT_TYPE_COLUMNS + 1][8];
    static struct lake_type_column columns[LIMIT_TYPE_COLUMNS + 1];
    struct lake_type_options type = interest();
    columns[0] = type.columns[0];
    for (int i = 1; i <= LIMIT_TYPE_COLUMNS; i++) {
        (void)snprintf(names[i], sizeof names[i], "c%d", i);
        columns[i] = (struct lake_type_column){names[i], "double", NULL, false, true};
    }
    type.columns = columns;
    type.n_columns = LIMIT_TYPE_COLUMNS + 1;
    expect_refused(fixture, &type, "has 1001 columns, at most 1000 are possible");
    type.n_columns = LIMIT_TYPE_COLUMNS;
    register_type(fixture->lake, type);
    fixture_reopen(fixture);
    register_type(fixture->lake, type);
    assert_non_null(strstr(type_text(fixture->lake, "interest"), ", c999 double|period"));
}

/* ---- a manifest that is damaged ---- */

static void test_a_damaged_type_is_told(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type *type = NULL;
    struct lake_error err = {LAKE_OK, ""};
    struct manifest_type_column column = {.name = "ts", .type = COLUMN_DOUBLE, .unit = "", .key = 1};
    const struct manifest_type wrong = {.name = "wrong", .what = "", .columns = &column, .n_columns = 1};
    assert_int_equal(manifest_begin(fixture->lake->manifest, NULL), LAKE_OK);
    assert_int_equal(manifest_put_type(fixture->lake->manifest, &wrong, NULL), LAKE_OK);
    assert_int_equal(manifest_commit(fixture->lake->manifest, NULL), LAKE_OK);
    assert_int_equal(lake_type_find(fixture->lake, "wrong", &type, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, "manifest.db: data type 'wrong': the first column must be ts"));
    assert_int_equal(count_problems(fixture->lake), 1);
    assert_int_equal(lake_type_find(fixture->lake, "raw", &type, &err), LAKE_OK);
}

/* Software that knows more types than that which registered one. */
static void test_a_type_that_every_lake_has_by_now(void **state)
{
    struct fixture *fixture = *state;
    const struct data_type *type = NULL;
    struct manifest_type_column column = {.name = "ts", .type = COLUMN_TIMESTAMP_US, .unit = "", .key = 1};
    const struct manifest_type former = {.name = "funding", .what = "mine", .columns = &column, .n_columns = 1};
    assert_int_equal(manifest_begin(fixture->lake->manifest, NULL), LAKE_OK);
    assert_int_equal(manifest_put_type(fixture->lake->manifest, &former, NULL), LAKE_OK);
    assert_int_equal(manifest_commit(fixture->lake->manifest, NULL), LAKE_OK);
    register_type(fixture->lake, interest());
    assert_int_equal(lake_type_find(fixture->lake, "interest", &type, NULL), LAKE_OK);
    assert_int_equal(lake_type_find(fixture->lake, "funding", &type, NULL), LAKE_OK);
    assert_false(type->is_registered);
    assert_null(strstr(types_text(fixture->lake), "mine"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_a_type_is_there_once_it_is_registered),
        T(test_a_type_with_a_period),
        T(test_the_same_again_changes_nothing),
        T(test_another_definition_is_refused),
        T(test_other_handles_know_it),
        T(test_the_list_has_every_type),
        T(test_an_unknown_type_names_what_there_is),
        T(test_names_that_cannot_be),
        T(test_columns_that_cannot_be),
        T(test_keys_that_cannot_be),
        T(test_a_period_needs_one_row_a_time),
        T(test_what_is_not_filled_in),
        T(test_a_type_has_so_many_columns_at_most),
        T(test_a_damaged_type_is_told),
        T(test_a_type_that_every_lake_has_by_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
