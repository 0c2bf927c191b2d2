/* Notes of a write: runs of rows stay apart or are joined, and their number follows that of days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lake/write_notes.h"
#include "unit/base/check.h"

static struct lake_write_origin stretch_of(int64_t day, int64_t line, int64_t n)
{
    return (struct lake_write_origin){.day = day,
                                      .n_rows = n,
                                      .key_from_ms = day * 1000 + line,
                                      .key_to_ms = day * 1000 + line + n - 1,
                                      .line_from = line,
                                      .line_to = line + n - 1,
                                      .n_rises = n - 1};
}

static void add(struct write_notes *notes, int64_t day, int64_t line, int64_t n)
{
    struct lake_error err;
    struct lake_write_origin stretch = stretch_of(day, line, n);
    lake_ok(write_notes_add_origin(notes, &stretch, &err));
}

static void begin(struct write_notes *notes, int64_t source, const char *name)
{
    struct lake_error err;
    lake_ok(write_notes_begin_member(notes, source, name, &err));
}

static void test_what_follows_goes_on_with_the_run(void **state)
{
    struct write_notes notes;
    (void)state;
    write_notes_init(&notes);
    begin(&notes, 1, "");
    add(&notes, 5, 2, 10);
    add(&notes, 5, 12, 10);
    add(&notes, 6, 22, 1);
    begin(&notes, 1, ""); /* the same once more */
    add(&notes, 6, 23, 1);
    assert_int_equal(notes.n_origins, 2);
    assert_int_equal(notes.origins[0].run.n_rows, 20);
    assert_int_equal(notes.origins[0].run.line_to, 21);
    assert_int_equal(notes.origins[0].run.key_to_ms, 5021);
    assert_int_equal(notes.origins[0].run.n_rises, 18);
    assert_int_equal(notes.origins[1].run.n_rows, 2);
    write_notes_release(&notes);
}

static void test_a_day_has_few_runs(void **state)
{
    struct write_notes notes;
    (void)state;
    write_notes_init(&notes);
    begin(&notes, 1, "");
    for (int64_t line = 2; line < 102; line++)
        add(&notes, line % 2, line, 1);
    assert_int_equal(notes.n_origins, 2 * WRITE_DAY_RUNS);
    int64_t n_rows = 0;
    for (size_t i = 0; i < notes.n_origins; i++)
        n_rows += notes.origins[i].run.n_rows;
    assert_int_equal(n_rows, 100);
    assert_int_equal(notes.origins[2].run.n_rows, 1);
    assert_int_equal(notes.origins[7].run.line_from, 9); /* lines 3, 5, 7 are runs of their own */
    assert_int_equal(notes.origins[7].run.line_to, 101);
    write_notes_release(&notes);
}

static void test_members_are_kept_apart(void **state)
{
    struct write_notes notes;
    (void)state;
    write_notes_init(&notes);
    begin(&notes, 1, "a.csv");
    add(&notes, 5, 2, 1);
    begin(&notes, 1, "b.csv");
    add(&notes, 5, 2, 1);
    begin(&notes, 2, "b.csv");
    for (int64_t day = 0; day < 1000; day++)
        add(&notes, day, 2 + day, 1);
    for (int64_t day = 999; day >= 0; day--)
        add(&notes, day, 2001 - day, 1);
    assert_int_equal(notes.n_members, 3);
    assert_int_equal(notes.n_origins, 2 + 1000 + 999);
    assert_int_equal(notes.origins[0].run.n_rows, 1);
    assert_int_equal(notes.origins[1].run.n_rows, 1);
    assert_int_equal(notes.origins[1].member, 1);
    assert_int_equal(notes.origins[2 + 999].run.n_rows, 2);
    assert_int_equal(notes.origins[2 + 1000].run.day, 998);
    write_notes_release(&notes);
}

static void test_there_is_a_most_of_everything(void **state)
{
    struct lake_error err;
    struct write_notes notes;
    struct lake_write_absence absence = {WRITE_CORRUPT_SOURCE, 0, 1, "x"};
    (void)state;
    write_notes_init(&notes);
    begin(&notes, 1, "");
    for (int64_t day = 0; day <= (int64_t)WRITE_MOST_ORIGINS; day++)
        add(&notes, day, 2 + day, 1);
    add(&notes, 7, 9000, 1); /* known: still noted no more */
    assert_int_equal(notes.n_origins, WRITE_MOST_ORIGINS);
    for (size_t i = 0; i < WRITE_MOST_ABSENCES + 5; i++)
        lake_ok(write_notes_add_absence(&notes, &absence, &err));
    assert_int_equal(notes.n_absences, WRITE_MOST_ABSENCES);
    write_notes_release(&notes);
}

static void test_long_texts_stop_no_write(void **state)
{
    enum { TEXT_BYTES = 1 << 20 };
    static char text[TEXT_BYTES];
    struct lake_error err;
    struct write_notes notes;
    struct lake_write_absence absence = {WRITE_CORRUPT_SOURCE, 0, 1, text};
    const struct lake_write_finding finding = {"off-grid", 1, 0, 0, "a.csv:1", "kept as they are"};
    (void)state;
    memset(text, 'x', TEXT_BYTES - 1);
    write_notes_init(&notes);
    begin(&notes, 1, "");
    for (int i = 0; i < 40; i++)
        lake_ok(write_notes_add_absence(&notes, &absence, &err));
    assert_in_range(notes.n_absences, 10, 16);
    begin(&notes, 2, text);
    assert_string_equal(notes.members[1].name, "");
    begin(&notes, 2, text);
    assert_int_equal(notes.n_members, 2);
    lake_ok(write_notes_add_finding(&notes, &finding, &err));
    assert_string_equal(notes.findings[0].place, "a.csv:1");
    write_notes_release(&notes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_follows_goes_on_with_the_run),
        cmocka_unit_test(test_a_day_has_few_runs),
        cmocka_unit_test(test_members_are_kept_apart),
        cmocka_unit_test(test_there_is_a_most_of_everything),
        cmocka_unit_test(test_long_texts_stop_no_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
