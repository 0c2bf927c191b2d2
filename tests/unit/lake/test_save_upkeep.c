/* Safe points that nobody went on from, or that were damaged, or that were left while the rest of the lake went its way. */
#include "maintain_fixture.h"
#include "saved_fixture.h"
#include "verify_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "lake/staging_save.h"

static const struct lake_maintain_options gc = {.gc = true};
static const struct script in_order = {SCRIPT_IN_ORDER, 6, 2}, scattered = {SCRIPT_SCATTERED, 9, 3};
enum { PLAYED = 4, SCATTERED_PLAYED = 6 };

static size_t count_staging(const struct fixture *fixture, const char *ending)
{
    return count_paths(fixture, ".lake/staging", ending);
}

static void check(lake_status status, const struct lake_error *err)
{
    if (status != LAKE_OK)
        fail_msg("%s", err->message);
}

/* A safe point of a write that was cancelled. */
static void leave(struct fixture *fixture, const struct script *script, int n_steps)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write *write = NULL;
    check(begin_script(fixture->lake, &write, &err), &err);
    check(play(write, script, 0, n_steps, &err), &err);
    lake_write_keep(write);
    lake_write_free(write);
    assert_int_equal(count_staging(fixture, "-save"), 1);
    assert_int_equal(count_staging(fixture, ".lock"), 0);
}

static void finish(struct fixture *fixture, const struct script *script, int expected_step)
{
    struct lake_error err = {LAKE_OK, ""};
    int resumed = 0;
    check(finish_script(fixture->lake, script, &resumed, &err), &err);
    assert_int_equal(resumed, expected_step);
    assert_digests_equal(digest_of(fixture->lake), digest_of_script(script));
    assert_int_equal(count_staging(fixture, NULL), 0);
}

/* ---- age ---- */

static void test_one_goes_after_a_week(void **state)
{
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct io_status found;
    (void)state;
    leave(fixture, &in_order, PLAYED);
    size_t n_files = count_staging(fixture, NULL);
    assert_int_equal(io_system().ops->status(NULL, find_path(fixture, ".lake/staging", "-save"), &found), 0);
    now_ms = found.modified_ms + SAVED_WRITES_MS - 1;
    assert_int_equal(maintain_twice(fixture->lake, gc)->n, 0);
    assert_int_equal(count_staging(fixture, NULL), n_files);
    now_ms++;
    const struct plan *plan = maintain_twice(fixture->lake, gc);
    assert_int_equal(plan->n, 1);
    assert_string_equal(plan->rows[0].task, "gc");
    assert_memory_equal(plan->rows[0].what, "staging/", 8);
    assert_int_equal(plan->rows[0].n_files, n_files);
    assert_true(plan->rows[0].n_bytes > 10000);
    assert_int_equal(plan->result.orphans_removed, n_files);
    assert_int_equal(plan->result.orphan_bytes, plan->rows[0].n_bytes);
    assert_int_equal(count_staging(fixture, NULL), 0);
    fixture_free(fixture);
}

static void test_one_that_is_gone_on_with_stays(void **state)
{
    int64_t now_ms = DAY_2024;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write *write = NULL;
    int from = 0;
    (void)state;
    leave(fixture, &in_order, PLAYED);
    check(resume_script(fixture->lake, &write, &from, &err), &err);
    assert_int_equal(from, PLAYED);
    now_ms = INT64_MAX / 2;
    assert_int_equal(maintain_twice(fixture->lake, gc)->n, 0);
    now_ms = DAY_2024;
    check(play(write, &in_order, from, in_order.n_steps, &err), &err);
    (void)commit_write(write);
    assert_digests_equal(digest_of(fixture->lake), digest_of_script(&in_order));
    fixture_free(fixture);
}

/* ---- beside it ---- */

static void test_verify_and_backup_do_not_mind(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_error err = {LAKE_OK, ""};
    char directory[FIXTURE_PATH_BYTES + 16];
    struct lake_backup_result result = {.size = sizeof result};
    (void)state;
    (void)write_bars(fixture->lake, "ETHUSDT", bars_from(DAY_2024, 10), 10);
    leave(fixture, &in_order, PLAYED);
    assert_int_equal(count_problems(fixture->lake), 0);
    (void)snprintf(directory, sizeof directory, "%s/backup", fixture->root);
    const struct lake_backup_options options = {.size = sizeof options, .directory = directory};
    check(lake_backup(fixture->lake, &options, &result, &err), &err);
    assert_int_equal(result.n_files, 1);
    assert_int_equal(count_paths(fixture, "backup", ".staged"), 0);
    assert_int_equal(count_paths(fixture, "backup", "-save"), 0);
    finish(fixture, &in_order, PLAYED);
    fixture_free(fixture);
}

/* Ids begin anew in a new manifest; what was staged on a file of the former one is staged again. */
static void test_it_goes_on_after_a_rebuild(void **state)
{
    struct fixture *fixture = fixture_new();
    struct bar other = bar_of(DAY_2024 + 1439 * MS_PER_MINUTE);
    size_t n = 0;
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 100), 100);
    leave(fixture, &in_order, PLAYED);
    const struct found *found = run_rebuild(fixture);
    assert_int_equal(found->rebuilt.n_set_aside, 0);
    (void)write_bars(fixture->lake, "BTCUSDT", &other, 1);
    assert_int_equal(finish_script(fixture->lake, &in_order, NULL, NULL), LAKE_OK);
    free(read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n));
    assert_int_equal(n, 1201);
    assert_int_equal(count_staging(fixture, NULL), 0);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

/* A new lake in the place of one whose manifest and data were removed. */
static void test_it_goes_on_in_another_lake(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;
    leave(fixture, &in_order, PLAYED);
    remove_manifest(fixture);
    fixture_reopen(fixture);
    assert_true(lake_was_created(fixture->lake));
    finish(fixture, &in_order, PLAYED);
    fixture_free(fixture);
}

/* ---- damage ---- */

/* Nothing of it is used, it says so, it is gone, and the work can be done from the beginning. */
static void assert_given_up(struct fixture *fixture, const struct script *script)
{
    struct lake_error err = {LAKE_OK, ""};
    struct buffer note = BUFFER_INIT(4 * KIB);
    struct lake_write *write = NULL;
    const char *text = NULL;
    check(lake_write_resume(fixture->lake, job_one, &write, &note, &err), &err);
    assert_null(write);
    check(buffer_string(&note, &text, &err), &err);
    assert_non_null(strstr(text, "what was saved of it cannot be gone on with ("));
    assert_int_equal(count_staging(fixture, NULL), 0);
    buffer_release(&note);
    finish(fixture, script, 0);
}

static void damage(const char *part, int64_t at, const struct script *script, int n_steps)
{
    struct fixture *fixture = fixture_new();
    struct lake_error err = {LAKE_OK, ""};
    check(open_small(fixture, io_system(), &err), &err);
    if (strcmp(part, ".incoming") == 0) /* rows are kept by themselves where they came over others */
        (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 1), 1);
    leave(fixture, script, n_steps);
    const char *path = find_path(fixture, ".lake/staging", part);
    int64_t size = size_of(path);
    flip_bit(path, at < 0 ? size + at : size * at / 100, 3);
    assert_given_up(fixture, script);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

static void test_a_damaged_record_is_given_up(void **state)
{
    (void)state;
    for (int64_t percent = 0; percent < 100; percent += 7)
        if (percent != 0)
            damage("-save", percent, &in_order, PLAYED);
    damage("-save", -1, &in_order, PLAYED);
}

static void test_a_damaged_staged_file_is_given_up(void **state)
{
    (void)state;
    for (int64_t percent = 0; percent < 100; percent += 19)
        damage("2024-01-02-", percent, &in_order, PLAYED);
    damage("2024-01-02-", -1, &in_order, PLAYED);
}

static void test_damaged_kept_rows_are_given_up(void **state)
{
    (void)state;
    for (int64_t percent = 0; percent < 100; percent += 19)
        damage(".incoming", percent, &in_order, PLAYED);
}

static void test_a_damaged_run_is_given_up(void **state)
{
    (void)state;
    for (int64_t percent = 0; percent < 100; percent += 19)
        damage("-0.run", percent, &scattered, SCATTERED_PLAYED);
}

static void test_a_missing_file_is_given_up(void **state)
{
    static const char *const parts[] = {"2024-01-02-", "-0.run"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct script *script = i == 0 ? &in_order : &scattered;
        for (int is_cut = 0; is_cut < 2; is_cut++) {
            struct fixture *fixture = fixture_new();
            struct lake_error err = {LAKE_OK, ""};
            check(open_small(fixture, io_system(), &err), &err);
            leave(fixture, script, i == 0 ? PLAYED : SCATTERED_PLAYED);
            const char *path = find_path(fixture, ".lake/staging", parts[i]);
            assert_int_equal(is_cut ? truncate(path, size_of(path) - 1) : remove(path), 0);
            assert_given_up(fixture, script);
            fixture_free(fixture);
        }
    }
}

/* A record of another version is left to it. */
static void test_another_version_is_left_alone(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write *write = NULL;
    int from = 0;
    (void)state;
    leave(fixture, &in_order, PLAYED);
    flip_bit(find_path(fixture, ".lake/staging", "-save"), 8, 5);
    check(resume_script(fixture->lake, &write, &from, &err), &err);
    assert_int_equal(from, 0);
    lake_write_free(write);
    assert_int_equal(count_staging(fixture, "-save"), 1);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_goes_after_a_week),
        cmocka_unit_test(test_one_that_is_gone_on_with_stays),
        cmocka_unit_test(test_verify_and_backup_do_not_mind),
        cmocka_unit_test(test_it_goes_on_after_a_rebuild),
        cmocka_unit_test(test_it_goes_on_in_another_lake),
        cmocka_unit_test(test_a_damaged_record_is_given_up),
        cmocka_unit_test(test_a_damaged_staged_file_is_given_up),
        cmocka_unit_test(test_damaged_kept_rows_are_given_up),
        cmocka_unit_test(test_a_damaged_run_is_given_up),
        cmocka_unit_test(test_a_missing_file_is_given_up),
        cmocka_unit_test(test_another_version_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
