#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "progress.h"

static const int64_t MB = 1000000;

struct line {
    struct progress_mark since, here;
    int64_t n_bytes_total;
    const char *text;
};

static void check(const struct line *line)
{
    char text[PROGRESS_LINE_BYTES];
    struct progress progress = {.doing = "ingesting", .older = line->since, .newer = line->since};
    progress_format(&progress, line->here, line->n_bytes_total, text);
    assert_string_equal(text, line->text);
}

static void rows_bytes_rate_and_time_left(void **state)
{
    (void)state;
    const struct line lines[] = {
        {{0, 0, 0}, {1, 0, 0}, 100 * MB, "ingesting: begun"},
        {{0, 0, 0},
         {2, 1000000, 50 * MB},
         200 * MB,
         "ingesting: 1,000,000 rows, 50 MB (25 %), 500,000 rows/s, 0:06 left"},
        {{0, 0, 0}, {10, 1000, 1 * MB}, 1000 * MB, "ingesting: 1,000 rows, 1.0 MB (0 %), 100 rows/s, 2:46:30 left"},
        {{0, 0, 0}, {1, 1, 100 * MB}, 100 * MB, "ingesting: 1 row, 100 MB (100 %), 1 row/s, 0:00 left"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        check(&lines[i]);
}

static void without_a_total_there_is_no_time_left(void **state)
{
    (void)state;
    check(&(struct line){{0, 0, 0}, {4, 800, 8 * MB}, 0, "ingesting: 800 rows, 8.0 MB, 200 rows/s"});
    check(&(struct line){{0, 0, 0}, {4, 800, 0}, 0, "ingesting: 800 rows, 200 rows/s"});
}

static void work_without_rows(void **state)
{
    (void)state;
    check(&(struct line){{0, 0, 0}, {2, 0, 20 * MB}, 80 * MB, "ingesting: 20 MB (25 %), 10 MB/s, 0:06 left"});
}

/* Reading knows its rows in all. */
static void rows_of_a_known_number(void **state)
{
    (void)state;
    char text[PROGRESS_LINE_BYTES];
    struct progress progress = {.doing = "reading", .bytes_are_rows = true};
    progress_format(&progress, (struct progress_mark){2, 500, 500}, 2000, text);
    assert_string_equal(text, "reading: 500 rows (25 %), 250 rows/s, 0:06 left");
}

/* A source that turned out longer than it was is not done, and has no time left. */
static void more_than_the_total(void **state)
{
    (void)state;
    check(&(struct line){
        {0, 0, 0}, {1, 10, 30 * MB}, 20 * MB, "ingesting: 10 rows, 30 MB (150 %), 10 rows/s, 0:00 left"});
}

/* What an interrupted run had done is gone through in no time, and says nothing of the rest. */
static void the_rate_is_that_of_late(void **state)
{
    (void)state;
    check(&(struct line){{1, 9000000, 900 * MB},
                         {6, 9500000, 950 * MB},
                         1000 * MB,
                         "ingesting: 9,500,000 rows, 950 MB (95 %), 100,000 rows/s, 0:05 left"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_bytes_rate_and_time_left),
        cmocka_unit_test(without_a_total_there_is_no_time_left),
        cmocka_unit_test(work_without_rows),
        cmocka_unit_test(rows_of_a_known_number),
        cmocka_unit_test(more_than_the_total),
        cmocka_unit_test(the_rate_is_that_of_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
