/* Rows in any order of time: the same content as in order, by spilling where staging again and again would be the work; and the
 * work is done in order of arrival where keys meet. */
#include "lake_fixture.h"
#include "maintain_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "lake/write_state.h"
#include "unit/base/check.h"

enum { N_DAYS = 30, DAY_ROWS = 400, N_ROWS = N_DAYS * DAY_ROWS, PIECE_ROWS = 256 };
/* So little memory that 12,000 rows are many: three days are staged at once. */
#define LITTLE_MEMORY (4 * MIB)

static uint64_t random_state;

static size_t draw(size_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((random_state >> 33) % n);
}

static struct bar *new_bars(void)
{
    struct bar *bars = malloc(N_ROWS * sizeof *bars);
    assert_non_null(bars);
    for (int i = 0; i < N_ROWS; i++)
        bars[i] = bar_of(DAY_2024 + i / DAY_ROWS * MS_PER_DAY + i % DAY_ROWS * MS_PER_MINUTE);
    return bars;
}

static void swap(struct bar *a, struct bar *b)
{
    struct bar kept = *a;
    *a = *b;
    *b = kept;
}

/* Shuffles pieces of `run` rows each. */
static void shuffle(struct bar *bars, size_t n, size_t run)
{
    for (size_t i = n / run; i > 1; i--) {
        size_t j = draw(i);
        for (size_t k = 0; k < run; k++)
            swap(&bars[(i - 1) * run + k], &bars[j * run + k]);
    }
}

static void reverse(struct bar *bars, size_t n)
{
    for (size_t i = 0; i < n / 2; i++)
        swap(&bars[i], &bars[n - 1 - i]);
}

/* ---- writing ---- */

static struct lake_write *begin(struct fixture *fixture)
{
    fixture->lake->memory_bytes = LITTLE_MEMORY;
    return begin_write(fixture->lake, "BTCUSDT", "1m");
}

static void append(struct lake_write *write, const struct bar *bars, size_t n)
{
    for (size_t i = 0; i < n; i += PIECE_ROWS)
        append_bars(write, bars + i, n - i < PIECE_ROWS ? n - i : PIECE_ROWS);
}

static struct lake_write_result write_all(struct fixture *fixture, const struct bar *bars, size_t n, bool *has_spilled)
{
    struct lake_write *write = begin(fixture);
    append(write, bars, n);
    *has_spilled = write->spill.is_on;
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.rows_read, n);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    return result;
}

/* The hashes of the days, as a text. */
static char *contents(struct fixture *fixture)
{
    struct lake_error err = {0};
    struct arena arena = ARENA_INIT(MIB);
    struct manifest_content *days = NULL;
    size_t n = 0;
    char *text = calloc(N_DAYS + 1, SHA256_TEXT_BYTES);
    assert_non_null(text);
    lake_ok(manifest_find_contents(fixture->lake->manifest, 1, DAY_2024 / MS_PER_DAY, DAY_2024 / MS_PER_DAY + N_DAYS,
                                   &arena, &days, &n, &err));
    assert_int_equal(n, N_DAYS);
    for (size_t i = 0; i < n; i++)
        sha256_text(days[i].sha256, text + strlen(text));
    arena_release(&arena);
    return text;
}

/* The rows in this order make what they make in order of time; once more, they change nothing. */
static bool assert_same_as_sorted(const struct bar *bars, uint32_t n_threads)
{
    bool has_spilled = false, again = false;
    struct fixture *sorted = fixture_new(), *other = fixture_new();
    struct bar *in_order = new_bars();
    struct lake_write_result result = write_all(sorted, in_order, N_ROWS, &has_spilled);
    assert_false(has_spilled);
    assert_int_equal(result.rows_new, N_ROWS);
    other->n_threads = n_threads;
    fixture_reopen(other);
    result = write_all(other, bars, N_ROWS, &has_spilled);
    assert_int_equal(result.rows_new, N_ROWS);
    assert_int_equal(result.rows_changed + result.rows_equal, 0);
    assert_int_equal(result.days_changed, N_DAYS);
    char *expected = contents(sorted), *found = contents(other);
    assert_string_equal(found, expected);
    result = write_all(other, bars, N_ROWS, &again);
    assert_int_equal(result.rows_equal, N_ROWS);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(count_problems(other->lake), 0);
    free(expected);
    free(found);
    free(in_order);
    fixture_free(sorted);
    fixture_free(other);
    return has_spilled;
}

/* ---- orders ---- */

static void test_rows_in_no_order_are_spilled(void **state)
{
    (void)state;
    struct bar *bars = new_bars();
    for (uint32_t n_threads = 1; n_threads <= 3; n_threads += 2) {
        shuffle(bars, N_ROWS, 1);
        assert_true(assert_same_as_sorted(bars, n_threads));
    }
    free(bars);
}

/* Each piece fills a part of a day: staging them as they come would stage each day many times. */
static void test_pieces_in_no_order_are_spilled_before_they_are_work(void **state)
{
    (void)state;
    struct bar *bars = new_bars();
    shuffle(bars, N_ROWS, DAY_ROWS / 20);
    assert_true(assert_same_as_sorted(bars, 1));
    free(bars);
}

static void test_days_in_no_order_are_staged_as_they_come(void **state)
{
    (void)state;
    struct bar *bars = new_bars();
    shuffle(bars, N_ROWS, DAY_ROWS);
    assert_false(assert_same_as_sorted(bars, 2));
    free(bars);
}

static void test_the_newest_first_is_staged_as_it_comes(void **state)
{
    (void)state;
    struct bar *bars = new_bars();
    reverse(bars, N_ROWS);
    assert_false(assert_same_as_sorted(bars, 2));
    free(bars);
}

/* A little disorder at midnight is no disorder. */
static void test_late_rows_are_no_reason_to_spill(void **state)
{
    (void)state;
    struct bar *bars = new_bars();
    for (int day = 1; day < N_DAYS; day++)
        swap(&bars[day * DAY_ROWS - 1], &bars[day * DAY_ROWS + 2]);
    assert_false(assert_same_as_sorted(bars, 2));
    free(bars);
}

static void test_the_same_again_in_one_write(void **state)
{
    (void)state;
    bool has_spilled = false;
    struct fixture *fixture = fixture_new();
    struct bar *bars = new_bars();
    struct lake_write *write = begin(fixture);
    for (int i = 0; i < 4; i++)
        append(write, bars, N_ROWS);
    has_spilled = write->spill.is_on;
    struct lake_write_result result = commit_write(write);
    assert_int_equal(result.rows_read, 4 * N_ROWS);
    assert_int_equal(result.rows_new, N_ROWS);
    assert_false(has_spilled);
    assert_int_equal(count_problems(fixture->lake), 0);
    free(bars);
    fixture_free(fixture);
}

/* ---- keys that meet ---- */

/* Each row three times, with other values; a NaN volume is a null, which keeps what was there. */
static struct bar *new_conflicts(void)
{
    struct bar *bars = new_bars(), *all = malloc(3 * N_ROWS * sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < 3 * N_ROWS; i++) {
        all[i] = bars[i % N_ROWS];
        all[i].close += (double)(i / N_ROWS);
        all[i].volume = draw(2) == 0 ? (double)NAN : all[i].volume + (double)i;
    }
    free(bars);
    return all;
}

/* What the rows make, one after the other. */
static struct bar *fold(const struct bar *rows, size_t n)
{
    struct bar *bars = new_bars();
    bool *is_there = calloc(N_ROWS, sizeof *is_there);
    assert_non_null(is_there);
    for (size_t i = 0; i < n; i++) {
        int64_t ms = rows[i].ts - DAY_2024;
        size_t at = (size_t)(ms / MS_PER_DAY * DAY_ROWS + ms % MS_PER_DAY / MS_PER_MINUTE);
        double volume = is_there[at] ? bars[at].volume : (double)NAN;
        bars[at] = rows[i];
        bars[at].volume = isnan(rows[i].volume) ? volume : rows[i].volume;
        is_there[at] = true;
    }
    free(is_there);
    return bars;
}

static void assert_conflicts(const struct bar *rows)
{
    bool has_spilled = false;
    size_t n = 0;
    struct fixture *fixture = fixture_new();
    struct bar *expected = fold(rows, 3 * N_ROWS);
    (void)write_all(fixture, rows, 3 * N_ROWS, &has_spilled);
    assert_true(has_spilled);
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + N_DAYS * MS_PER_DAY, &n);
    assert_int_equal(n, N_ROWS);
    assert_bars_equal(found, expected, N_ROWS);
    free(found);
    free(expected);
    fixture_free(fixture);
}

static void test_of_rows_with_one_key_the_later_counts(void **state)
{
    (void)state;
    struct bar *rows = new_conflicts();
    shuffle(rows, 3 * N_ROWS, 1);
    assert_conflicts(rows);
    free(rows);
}

/* The first third is staged by the time that the rest is spilled: it came before. */
static void test_what_was_staged_came_before_what_is_spilled(void **state)
{
    (void)state;
    struct bar *rows = new_conflicts();
    shuffle(rows + N_ROWS, 2 * N_ROWS, 1);
    assert_conflicts(rows);
    free(rows);
}

/* ---- other ends ---- */

static void test_staging_says_what_a_commit_does(void **state)
{
    (void)state;
    struct lake_error err = {0};
    struct fixture *fixture = fixture_new();
    struct bar *bars = new_bars();
    struct lake_write_result seen, done;
    struct batch late = {0};
    bool has_spilled = false;
    (void)write_all(fixture, bars, N_ROWS / 2, &has_spilled);
    bars[0].close = -1;
    shuffle(bars, N_ROWS, 1);
    int64_t n_files = count_files(fixture->lake);
    struct lake_write *write = begin(fixture);
    append(write, bars, N_ROWS);
    lake_ok(lake_write_stage(write, &seen, &err));
    lake_fails(lake_write_stage(write, &done, &err), LAKE_INVALID_STATE, "too late");
    make_batch(bars, 1, &late);
    lake_fails(lake_write_append(write, &late, &err), LAKE_INVALID_STATE, "too late");
    batch_release(&late);
    lake_write_free(write);
    assert_int_equal(count_files(fixture->lake), n_files);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    write = begin(fixture);
    append(write, bars, N_ROWS);
    lake_ok(lake_write_stage(write, &done, &err));
    lake_ok(lake_write_commit(write, &done, &err));
    lake_fails(lake_write_commit(write, &done, &err), LAKE_INVALID_STATE, "begin another");
    lake_write_free(write);
    assert_int_equal(seen.rows_new, N_ROWS / 2);
    assert_int_equal(seen.rows_changed, 1);
    assert_int_equal(seen.rows_equal, N_ROWS / 2 - 1);
    assert_true(seen.bytes_written > 0);
    assert_int_not_equal(done.snapshot, 0);
    done.snapshot = 0;
    assert_memory_equal(&seen, &done, sizeof seen);
    free(bars);
    fixture_free(fixture);
}

static void test_a_spilled_write_that_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new();
    struct bar *bars = new_bars();
    struct lake_write *write = begin(fixture);
    shuffle(bars, N_ROWS, 1);
    append(write, bars, N_ROWS);
    assert_true(write->spill.is_on);
    lake_write_free(write);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    assert_int_equal(count_paths(fixture, "data", NULL), 0);
    free(bars);
    fixture_free(fixture);
}

/* Rows of a day of a rolled-up month belong to the month's file: here to two of them. */
static void test_spilled_rows_find_a_wider_file(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new();
    struct bar *bars = new_bars();
    bool has_spilled = false;
    for (int i = 0; i < N_ROWS; i++)
        bars[i].ts += 20 * MS_PER_DAY;
    (void)write_all(fixture, bars, N_ROWS / 2, &has_spilled);
    fixture_reopen(fixture); /* with as much memory as ever */
    (void)maintain(fixture->lake, (struct lake_maintain_options){.compact = true});
    assert_int_equal(count_files(fixture->lake), 2);
    shuffle(bars, N_ROWS, 1);
    struct lake_write_result result = write_all(fixture, bars, N_ROWS, &has_spilled);
    assert_true(has_spilled);
    assert_int_equal(result.rows_new, N_ROWS / 2);
    assert_int_equal(result.rows_equal, N_ROWS / 2);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_files(fixture->lake), 2);
    free(bars);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_in_no_order_are_spilled),
        cmocka_unit_test(test_pieces_in_no_order_are_spilled_before_they_are_work),
        cmocka_unit_test(test_days_in_no_order_are_staged_as_they_come),
        cmocka_unit_test(test_the_newest_first_is_staged_as_it_comes),
        cmocka_unit_test(test_late_rows_are_no_reason_to_spill),
        cmocka_unit_test(test_the_same_again_in_one_write),
        cmocka_unit_test(test_of_rows_with_one_key_the_later_counts),
        cmocka_unit_test(test_what_was_staged_came_before_what_is_spilled),
        cmocka_unit_test(test_staging_says_what_a_commit_does),
        cmocka_unit_test(test_a_spilled_write_that_is_given_up_leaves_nothing),
        cmocka_unit_test(test_spilled_rows_find_a_wider_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
