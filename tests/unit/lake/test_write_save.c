/* A write that is interrupted goes on in another process from its last safe point, and gives what an uninterrupted one gives. */
#include "saved_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <datalake/history.h>

#include "base/limits.h"

enum { DEATH = 77 };

static const struct script scripts[] = {{SCRIPT_IN_ORDER, 12, 4}, {SCRIPT_OVERLAPS, 12, 4}, {SCRIPT_SCATTERED, 40, 12}};
enum { N_SCRIPTS = sizeof scripts / sizeof *scripts };

static void check(lake_status status, const struct lake_error *err)
{
    if (status != LAKE_OK)
        fail_msg("%s", err->message);
}

#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        struct lake_error error_ = {LAKE_OK, ""};                                                                      \
        struct lake_error *err = &error_;                                                                              \
        check(call, err);                                                                                              \
    } while (0)

/* In a process that dies without a word after some steps. */
static void die_after(struct fixture *fixture, const struct script *script, int n_steps)
{
    int status = 0;
    lake_close(fixture->lake);
    fixture->lake = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lake_write *write = NULL;
        int from = 0;
        bool is_done = open_small(fixture, io_system(), NULL) == LAKE_OK &&
                       resume_script(fixture->lake, &write, &from, NULL) == LAKE_OK &&
                       play(write, script, from, n_steps, NULL) == LAKE_OK;
        _exit(is_done ? DEATH : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DEATH);
    CHECK(open_small(fixture, io_system(), err));
}

static size_t count_staging(const struct fixture *fixture, const char *ending)
{
    return count_paths(fixture, ".lake/staging", ending);
}

static void test_it_goes_on_after_a_crash(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        const struct script *script = &scripts[i];
        struct content_digest expected = digest_of_script(script);
        for (int n_steps = script->save_every; n_steps <= script->n_steps; n_steps += script->n_steps / 4) {
            struct fixture *fixture = fixture_new();
            int resumed = 0;
            die_after(fixture, script, n_steps);
            assert_non_null(strstr(lake_recovery_report(fixture->lake), "kept what 1 interrupted write had saved"));
            assert_int_equal(count_staging(fixture, ".lock"), 0);
            assert_int_equal(count_staging(fixture, "-save"), 1);
            assert_int_equal(digest_of(fixture->lake).n_days, 0);
            CHECK(finish_script(fixture->lake, script, &resumed, err));
            assert_int_equal(resumed, n_steps / script->save_every * script->save_every);
            assert_digests_equal(digest_of(fixture->lake), expected);
            assert_int_equal(count_staging(fixture, NULL), 0);
            assert_int_equal(count_problems(fixture->lake), 0);
            fixture_free(fixture);
        }
    }
}

/* One process after another dies a few steps further on. */
static void test_it_goes_on_again_and_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        const struct script script = {scripts[i].order, scripts[i].n_steps, 2};
        struct fixture *fixture = fixture_new();
        int resumed = 0;
        for (int n_steps = 3; n_steps < script.n_steps; n_steps += 5)
            die_after(fixture, &script, n_steps);
        CHECK(finish_script(fixture->lake, &script, &resumed, err));
        assert_true(resumed >= script.n_steps - 6);
        assert_digests_equal(digest_of(fixture->lake), digest_of_script(&script));
        assert_int_equal(count_staging(fixture, NULL), 0);
        fixture_free(fixture);
    }
}

/* Scattered rows were spilled: else the test above says nothing of runs. */
static void test_spilled_rows_are_saved(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)state;
    die_after(fixture, &scripts[SCRIPT_SCATTERED], 36);
    assert_true(count_staging(fixture, ".run") > 1);
    fixture_free(fixture);
}

static void test_it_goes_on_over_what_is_stored(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        const struct script *script = &scripts[i];
        struct fixture *fixtures[] = {fixture_new(), fixture_new()};
        for (int k = 0; k < 2; k++)
            (void)write_bars(fixtures[k]->lake, "BTCUSDT", bars_from(DAY_2024, 2 * 1440), 2 * 1440);
        die_after(fixtures[0], script, script->n_steps / 2 + 1);
        if (script->order != SCRIPT_SCATTERED)
            assert_true(count_staging(fixtures[0], ".incoming") > 0);
        int resumed = 0;
        CHECK(finish_script(fixtures[0]->lake, script, &resumed, err));
        assert_true(resumed > 0);
        CHECK(finish_script(fixtures[1]->lake, script, NULL, err));
        assert_digests_equal(digest_of(fixtures[0]->lake), digest_of(fixtures[1]->lake));
        fixture_free(fixtures[0]);
        fixture_free(fixtures[1]);
    }
}

/* Others commit to the same days in between: what was staged on former files is staged again (I6), and it is later than theirs. */
static void test_what_others_committed_meanwhile_is_kept(void **state)
{
    struct bar other[] = {bar_of(DAY_2024 + 7 * MS_PER_MINUTE), bar_of(DAY_2024 + 1435 * MS_PER_MINUTE)};
    const struct script *script = &scripts[SCRIPT_IN_ORDER];
    (void)state;
    other[0].close = other[1].close = 1e6;
    for (int is_stored = 0; is_stored < 2; is_stored++) {
        struct fixture *fixture = fixture_new();
        size_t n = 0;
        int resumed = 0;
        if (is_stored)
            (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 100), 100);
        die_after(fixture, script, 8);
        (void)write_bars(fixture->lake, "BTCUSDT", other, 2);
        CHECK(finish_script(fixture->lake, script, &resumed, err));
        assert_int_equal(resumed, 8);
        struct bar *bars = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
        assert_int_equal(n, 1201);
        assert_true(bars[7].close < 1e6);
        assert_true(bars[1200].close == 1e6);
        free(bars);
        assert_int_equal(count_problems(fixture->lake), 0);
        assert_int_equal(count_staging(fixture, NULL), 0);
        fixture_free(fixture);
    }
}

/* What was merged with is gone, and nothing took its place: its rows do not come back. */
static void test_what_was_deleted_meanwhile_stays_deleted(void **state)
{
    const struct script *script = &scripts[SCRIPT_IN_ORDER];
    struct bar late = bar_of(DAY_2024 + 1439 * MS_PER_MINUTE);
    struct fixture *fixture = fixture_new();
    struct lake_delete_options options = {.size = sizeof options, .selection = {.symbol = "BTCUSDT"}};
    struct lake_change_result result = {.size = sizeof result};
    (void)state;
    (void)write_bars(fixture->lake, "BTCUSDT", &late, 1);
    die_after(fixture, script, 8);
    CHECK(lake_delete(fixture->lake, &options, &result, err));
    assert_int_equal(result.rows_removed, 1);
    CHECK(finish_script(fixture->lake, script, NULL, err));
    assert_digests_equal(digest_of(fixture->lake), digest_of_script(script));
    fixture_free(fixture);
}

/* ---- keeping and letting go ---- */

static struct lake_write *play_some(struct fixture *fixture, int n_steps)
{
    struct lake_write *write = NULL;
    CHECK(begin_script(fixture->lake, &write, err));
    CHECK(play(write, &scripts[SCRIPT_IN_ORDER], 0, n_steps, err));
    return write;
}

static void test_a_write_that_was_kept_can_be_gone_on_with(void **state)
{
    const struct script *script = &scripts[SCRIPT_IN_ORDER];
    struct fixture *fixture = fixture_new();
    int resumed = 0;
    (void)state;
    struct lake_write *write = play_some(fixture, 7);
    assert_true(lake_write_is_saved(write));
    lake_write_keep(write);
    lake_write_free(write);
    assert_int_equal(count_staging(fixture, ".lock"), 0);
    assert_int_equal(count_staging(fixture, NULL), 4 + 1); /* a day each, and the record */
    fixture_reopen(fixture);
    assert_string_equal(lake_recovery_report(fixture->lake), "");
    CHECK(finish_script(fixture->lake, script, &resumed, err));
    assert_int_equal(resumed, 4);
    assert_digests_equal(digest_of(fixture->lake), digest_of_script(script));
    assert_int_equal(count_staging(fixture, NULL), 0);
    fixture_free(fixture);
}

static void test_a_write_that_was_not_kept_leaves_nothing(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_write *write = NULL;
    int from = 0;
    (void)state;
    lake_write_free(play_some(fixture, 7));
    assert_int_equal(count_staging(fixture, NULL), 0);
    write = play_some(fixture, 2); /* no safe point yet */
    assert_false(lake_write_is_saved(write));
    lake_write_keep(write);
    lake_write_free(write);
    assert_int_equal(count_staging(fixture, NULL), 0);
    write = play_some(fixture, 4);
    lake_write_keep(write);
    lake_write_free(write);
    CHECK(resume_script(fixture->lake, &write, &from, err));
    assert_int_equal(from, 4);
    lake_write_free(write); /* it was taken up, and not kept again */
    assert_int_equal(count_staging(fixture, NULL), 0);
    fixture_free(fixture);
}

static void test_another_job_has_none_of_it(void **state)
{
    struct fixture *fixture = fixture_new();
    struct buffer note = BUFFER_INIT(KIB);
    struct lake_write *write = play_some(fixture, 4);
    int64_t n_removed = 0;
    (void)state;
    lake_write_keep(write);
    lake_write_free(write);
    CHECK(lake_write_resume(fixture->lake, job_two, &write, &note, err));
    assert_null(write);
    assert_int_equal(note.length, 0);
    CHECK(lake_write_discard(fixture->lake, job_two, &n_removed, err));
    assert_int_equal(n_removed, 0);
    CHECK(lake_write_discard(fixture->lake, job_one, &n_removed, err));
    assert_int_equal(n_removed, 1);
    assert_int_equal(count_staging(fixture, NULL), 0);
    buffer_release(&note);
    fixture_free(fixture);
}

static void test_the_newest_is_taken_and_older_ones_go(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_write *writes[] = {play_some(fixture, 4), play_some(fixture, 8)};
    int resumed = 0;
    (void)state;
    for (int i = 1; i >= 0; i--) {
        lake_write_keep(writes[i]);
        lake_write_free(writes[i]);
    }
    assert_int_equal(count_staging(fixture, "-save"), 2);
    CHECK(finish_script(fixture->lake, &scripts[SCRIPT_IN_ORDER], &resumed, err));
    assert_int_equal(resumed, 8);
    assert_int_equal(count_staging(fixture, NULL), 0);
    fixture_free(fixture);
}

static void test_one_that_is_running_is_not_taken(void **state)
{
    struct fixture *fixture = fixture_new();
    struct buffer note = BUFFER_INIT(KIB);
    struct lake_error refusal = {LAKE_OK, ""};
    struct lake_write *write = play_some(fixture, 4), *other = NULL;
    int64_t n_removed = 0;
    (void)state;
    assert_int_equal(lake_write_resume(fixture->lake, job_one, &other, &note, &refusal), LAKE_BUSY);
    assert_null(other);
    assert_non_null(strstr(refusal.message, "the same is being done by another process"));
    CHECK(lake_write_discard(fixture->lake, job_one, &n_removed, err));
    assert_int_equal(n_removed, 0);
    (void)commit_write(write);
    assert_int_equal(digest_of(fixture->lake).n_days, 4);
    buffer_release(&note);
    fixture_free(fixture);
}

static void test_a_write_without_rows_can_be_saved(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_write *write = NULL;
    int from = 0;
    (void)state;
    CHECK(begin_script(fixture->lake, &write, err));
    CHECK(save_at(write, 3, err));
    lake_write_keep(write);
    lake_write_free(write);
    CHECK(resume_script(fixture->lake, &write, &from, err));
    assert_int_equal(from, 3);
    assert_int_equal(commit_write(write).rows_read, 0);
    fixture_free(fixture);
}

/* What its record says besides rows comes back, too. */
static void test_sources_and_detail_are_kept(void **state)
{
    struct fixture *fixture = fixture_new();
    struct lake_write *write = play_some(fixture, 3);
    const uint8_t digest[SHA256_BYTES] = {7};
    struct arena arena = ARENA_INIT(MIB);
    (void)state;
    CHECK(lake_write_add_source(write, "/somewhere/a.csv", 99, digest, err));
    CHECK(lake_write_set_detail(write, "two put aside", 2, err));
    CHECK(save_at(write, 3, err));
    lake_write_keep(write);
    lake_write_free(write);
    CHECK(finish_script(fixture->lake, &scripts[SCRIPT_IN_ORDER], NULL, err));
    struct ArrowArrayStream log;
    struct ArrowArray array;
    struct lake_log_options options = {.size = sizeof options};
    CHECK(lake_log(fixture->lake, &options, &log, err));
    assert_int_equal(log.get_next(&log, &array), 0);
    bool has_source = false, has_detail = false;
    for (int64_t i = 0; i < array.n_children; i++) {
        const char *bytes = array.children[i]->n_buffers == 3 ? array.children[i]->buffers[2] : NULL;
        const int32_t *offsets = array.children[i]->n_buffers == 3 ? array.children[i]->buffers[1] : NULL;
        for (int64_t row = 0; bytes != NULL && row < array.length; row++) {
            size_t n = (size_t)(offsets[row + 1] - offsets[row]);
            has_source = has_source || (n == 16 && memcmp(bytes + offsets[row], "/somewhere/a.csv", 16) == 0);
            has_detail = has_detail || (n == 13 && memcmp(bytes + offsets[row], "two put aside", 13) == 0);
        }
    }
    assert_true(has_source && has_detail);
    array.release(&array);
    log.release(&log);
    arena_release(&arena);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_goes_on_after_a_crash),
        cmocka_unit_test(test_it_goes_on_again_and_again),
        cmocka_unit_test(test_spilled_rows_are_saved),
        cmocka_unit_test(test_it_goes_on_over_what_is_stored),
        cmocka_unit_test(test_what_others_committed_meanwhile_is_kept),
        cmocka_unit_test(test_what_was_deleted_meanwhile_stays_deleted),
        cmocka_unit_test(test_a_write_that_was_kept_can_be_gone_on_with),
        cmocka_unit_test(test_a_write_that_was_not_kept_leaves_nothing),
        cmocka_unit_test(test_another_job_has_none_of_it),
        cmocka_unit_test(test_the_newest_is_taken_and_older_ones_go),
        cmocka_unit_test(test_one_that_is_running_is_not_taken),
        cmocka_unit_test(test_a_write_without_rows_can_be_saved),
        cmocka_unit_test(test_sources_and_detail_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
