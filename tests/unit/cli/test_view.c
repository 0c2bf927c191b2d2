#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "captured.h"
#include "made_rows.h"
#include "view.h"

static struct captured captured;

static const char *show(struct view *view, struct rows_plan *plan, lake_status expected)
{
    struct ArrowArrayStream stream;
    struct lake_error err = {0};
    captured_begin(&captured);
    view->out = &captured.out;
    rows_stream(plan, &stream);
    assert_int_equal(view_stream(view, &stream, &err), expected);
    assert_int_equal(plan->n_released, 1);
    captured_text(&captured);
    captured_end(&captured);
    if (expected != LAKE_OK)
        snprintf(captured.text, sizeof captured.text, "%s", err.message);
    return captured.text;
}

static void exact_values(void **state)
{
    (void)state;
    static const int64_t batches[] = {2};
    struct rows_plan plan = {.batches = batches, .n_batches = 1};
    struct view view = {0};
    assert_string_equal(show(&view, &plan, LAKE_OK), "ts                    n  price  note\n"
                                                     "2026-01-01T00:00:00Z  0      0  note, 0\n"
                                                     "2026-01-01T00:01:00Z  1   0.25  \n"
                                                     "2 rows\n");
}

static void human_values_and_numbers_for_times(void **state)
{
    (void)state;
    static const int64_t batches[] = {1001};
    struct rows_plan plan = {.batches = batches, .n_batches = 1};
    struct view view = {.style = VIEW_HUMAN};
    assert_non_null(strstr(show(&view, &plan, LAKE_OK), "\n2026-01-01 16:40  1,000     250  \n1,001 rows\n"));

    struct rows_plan again = {.batches = batches, .n_batches = 1};
    struct view numbers = {.ts_numbers = true};
    assert_non_null(strstr(show(&numbers, &again, LAKE_OK), "\n1767285600000  1000     250  \n"));
}

/* Whatever the batches are, what is shown is the same. */
static void first_and_last_rows(void **state)
{
    (void)state;
    static const int64_t one[] = {100};
    static const int64_t tiny[] = {1, 1, 1, 0, 50, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                   1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const int64_t odd[] = {19, 21, 7, 33, 1, 19};
    const struct rows_plan plans[] = {{.batches = one, .n_batches = 1},
                                      {.batches = tiny, .n_batches = sizeof tiny / sizeof *tiny},
                                      {.batches = odd, .n_batches = 6}};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        struct rows_plan plan = plans[i];
        struct view view = {.is_cut = true};
        const char *text = show(&view, &plan, LAKE_OK);
        assert_int_equal(view.n_rows, 100);
        const char *at = text;
        for (int n = 0; n < 100; n++) {
            char number[16];
            bool is_shown = n < VIEW_EDGE_ROWS || n >= 100 - VIEW_EDGE_ROWS;
            snprintf(number, sizeof number, "Z  %2d  ", n);
            const char *found = strstr(at, number);
            assert_int_equal(found != NULL, is_shown);
            at = found != NULL ? found : at;
        }
        assert_non_null(strstr(text, "\n\xE2\x80\xA6 "));
        assert_non_null(strstr(text, "\n100 rows, the first and last 20 shown\n"));
    }
}

static void rows_that_just_fit_are_all_shown(void **state)
{
    (void)state;
    for (int64_t n = 0; n <= 41; n++) {
        int64_t batches[] = {n / 2, n - n / 2};
        struct rows_plan plan = {.batches = batches, .n_batches = 2};
        struct view view = {.is_cut = true};
        const char *text = show(&view, &plan, LAKE_OK);
        int64_t n_lines = 0;
        for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
            n_lines++;
        assert_int_equal(n_lines, 2 + n);
        assert_int_equal(strstr(text, "\xE2\x80\xA6") != NULL, n > 2 * VIEW_EDGE_ROWS);
    }
}

static void columns_that_do_not_fit_are_named(void **state)
{
    (void)state;
    static const int64_t batches[] = {1};
    struct rows_plan plan = {.batches = batches, .n_batches = 1};
    struct view view = {.width = 25};
    assert_string_equal(show(&view, &plan, LAKE_OK), "ts                    n\n"
                                                     "2026-01-01T00:00:00Z  0\n"
                                                     "1 row; too narrow for price, note\n");
}

static const struct view_column narrow[] = {{"row", "n note", false}, {"day", "ts", true}, {"n", "n", false}};

static void the_narrow_form_is_shown_where_the_columns_do_not_fit(void **state)
{
    (void)state;
    static const int64_t batches[] = {2};
    struct rows_plan plan = {.batches = batches, .n_batches = 1};
    struct view view = {.width = 30, .narrow = narrow, .n_narrow = 3};
    assert_string_equal(show(&view, &plan, LAKE_OK), "row        day         n\n"
                                                     "0 note, 0  2026-01-01  0\n"
                                                     "1          2026-01-01  1\n"
                                                     "2 rows; too narrow for price\n");
}

static void the_narrow_form_may_be_too_wide_too(void **state)
{
    (void)state;
    static const int64_t batches[] = {1};
    struct rows_plan plan = {.batches = batches, .n_batches = 1};
    struct view view = {.width = 12, .narrow = narrow, .n_narrow = 3};
    assert_string_equal(show(&view, &plan, LAKE_OK), "row\n"
                                                     "0 note, 0\n"
                                                     "1 row; too narrow for ts, price\n");
}

static void the_narrow_form_is_not_shown_where_there_is_room(void **state)
{
    (void)state;
    static const int64_t batches[] = {1};
    static const size_t widths[] = {0, 80};
    for (size_t i = 0; i < 2; i++) {
        struct rows_plan plan = {.batches = batches, .n_batches = 1};
        struct view view = {.width = widths[i], .narrow = narrow, .n_narrow = 3};
        assert_string_equal(show(&view, &plan, LAKE_OK), "ts                    n  price  note\n"
                                                         "2026-01-01T00:00:00Z  0      0  note, 0\n"
                                                         "1 row\n");
    }
}

static void a_stream_that_fails(void **state)
{
    (void)state;
    static const int64_t batches[] = {30, 30};
    struct rows_plan plan = {.batches = batches, .n_batches = 2, .fails = LAKE_CORRUPT};
    struct view view = {.is_cut = true};
    assert_string_equal(show(&view, &plan, LAKE_IO), "the rows are gone");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_values),
        cmocka_unit_test(human_values_and_numbers_for_times),
        cmocka_unit_test(first_and_last_rows),
        cmocka_unit_test(rows_that_just_fit_are_all_shown),
        cmocka_unit_test(columns_that_do_not_fit_are_named),
        cmocka_unit_test(the_narrow_form_is_shown_where_the_columns_do_not_fit),
        cmocka_unit_test(the_narrow_form_may_be_too_wide_too),
        cmocka_unit_test(the_narrow_form_is_not_shown_where_there_is_room),
        cmocka_unit_test(a_stream_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
