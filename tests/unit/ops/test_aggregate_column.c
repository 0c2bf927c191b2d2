#include "ops/aggregate_column.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "unit/base/check.h"

static void check_parsed(const char *text, const char *name, const char *function, const char *first,
                         const char *second)
{
    struct lake_error err = {0};
    struct arena arena = ARENA_INIT(1 << 16);
    struct aggregate_column column;
    lake_ok(aggregate_column_parse(text, &arena, &column, &err));
    assert_string_equal(column.name, name);
    assert_string_equal(column.function->name, function);
    assert_string_equal(column.arguments[0], first);
    if (second == NULL)
        assert_null(column.arguments[1]);
    else
        assert_string_equal(column.arguments[1], second);
    arena_release(&arena);
}

static void test_own_columns(void **state)
{
    (void)state;
    check_parsed("spread_max=max(spread)", "spread_max", "max", "spread", NULL);
    check_parsed("  a b = mean ( c d )  ", "a b", "mean", "c d", NULL);
    check_parsed("fair=weighted(price,amount)", "fair", "weighted", "price", "amount");
    check_parsed("fair=weighted( price , amount )", "fair", "weighted", "price", "amount");
    check_parsed("x=first(a(b))", "x", "first", "a(b)", NULL);
    check_parsed("x=first(a=b)", "x", "first", "a=b", NULL);
}

static void test_what_is_no_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *complaint;
    } cases[] = {
        {"", "is not written name=function(column)"},
        {"   ", "is not written"},
        {"close", "is not written"},
        {"x=max", "is not written"},
        {"x=max(close", "is not written"},
        {"x=max close)", "is not written"},
        {"max(close)=x", "is not written"},
        {"=max(close)", "has no name"},
        {" =max(close)", "has no name"},
        {"x=max()", "it is written max(column)"},
        {"x=max( )", "it is written max(column)"},
        {"x=max(a,b)", "it is written max(column)"},
        {"x=weighted(a)", "it is written weighted(value,weight)"},
        {"x=weighted(a,)", "it is written weighted(value,weight)"},
        {"x=weighted(,a)", "it is written weighted(value,weight)"},
        {"x=weighted(a,b,c)", "it is written weighted(value,weight)"},
        {"x=(a)", "there is no function ''; there are first last min max sum mean count weighted"},
        {"x=median(a)", "there is no function 'median'"},
        {"x=Max(a)", "there is no function 'Max'"},
        {"x=ratio of sums(a,b)", "there is no function"},
        {"ts=first(a)", "a column 'ts' already"},
        {"bars=sum(bars)", "a column 'bars' already"},
        {"vwap=mean(close)", "a column 'vwap' already"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lake_error err = {0};
        struct arena arena = ARENA_INIT(1 << 16);
        struct aggregate_column column;
        lake_fails(aggregate_column_parse(cases[i].text, &arena, &column, &err), LAKE_INVALID_ARGUMENT,
                   cases[i].complaint);
        arena_release(&arena);
    }
}

static void test_names_have_a_length(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct arena arena = ARENA_INIT(1 << 16);
    struct aggregate_column column;
    char text[LIMIT_NAME_BYTES + 32];
    for (int n = LIMIT_NAME_BYTES; n <= LIMIT_NAME_BYTES + 1; n++) {
        memset(text, 'x', (size_t)n);
        (void)snprintf(text + n, sizeof text - (size_t)n, "=max(a)");
        if (n == LIMIT_NAME_BYTES)
            lake_ok(aggregate_column_parse(text, &arena, &column, &err));
        else
            lake_fails(aggregate_column_parse(text, &arena, &column, &err), LAKE_INVALID_ARGUMENT,
                       "more than 64 bytes");
    }
    arena_release(&arena);
}

/* Whether a table makes a column; and in the order that agg has. */
static void check_makes_agg(const char *source)
{
    struct lake_error err = {0};
    const struct data_type *type = NULL, *agg = NULL;
    const struct aggregate_column *column;
    lake_ok(data_type_find(source, &type, &err));
    lake_ok(data_type_find("agg", &agg, &err));
    size_t n = 0;
    for (size_t i = 0; i < agg->n_columns; i++) {
        const char *name = agg->columns[i].name;
        if (strcmp(name, "ts") == 0 || strncmp(name, "bars", 4) == 0)
            continue; /* every bar has them */
        column = aggregate_column_at(type, n++);
        if (column == NULL || strcmp(column->name, name) != 0)
            fail_msg("from %s, column %zu is '%s', not '%s'", source, n, column != NULL ? column->name : "", name);
        for (size_t k = 0; k < AGGREGATE_ARGUMENTS; k++)
            assert_true((column->arguments[k] != NULL) == (k < column->function->n_arguments));
        for (size_t k = 0; k < column->function->n_arguments; k++)
            assert_non_null(data_type_column(type, column->arguments[k]));
    }
    assert_null(aggregate_column_at(type, n));
}

static void test_tables_make_every_column_of_agg(void **state)
{
    (void)state;
    struct lake_error err = {0};
    const struct data_type *funding = NULL;
    check_makes_agg("raw");
    check_makes_agg("agg");
    check_makes_agg("trades");
    check_makes_agg("aggtrades");
    lake_ok(data_type_find("funding", &funding, &err));
    assert_null(aggregate_column_at(funding, 0));
}

static void test_functions_say_how_they_are_written(void **state)
{
    (void)state;
    const struct aggregate_function *function;
    for (size_t i = 0; (function = aggregate_function_at(i)) != NULL; i++) {
        size_t n = strlen(function->name), n_commas = 0;
        assert_int_equal(strncmp(function->form, function->name, n), 0);
        for (const char *at = function->form; *at != '\0'; at++)
            n_commas += *at == ',';
        assert_int_equal(n_commas + 1, function->n_arguments);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(aggregate_function_at(k)->name, function->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_columns),
        cmocka_unit_test(test_what_is_no_column),
        cmocka_unit_test(test_names_have_a_length),
        cmocka_unit_test(test_tables_make_every_column_of_agg),
        cmocka_unit_test(test_functions_say_how_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
