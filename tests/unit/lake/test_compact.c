/* Compaction: which files become one, that nothing else changes by it (I11), and that it stands writers, readers and damage. */
#include "maintain_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "unit/base/check.h"

/* Days after 2024-01-01. */
enum { FEBRUARY = 31, MARCH = 60, APRIL = 91, YEAR_2025 = 366 };

static const struct lake_maintain_options compact = {.compact = true};

static int64_t days_after(int n)
{
    return DAY_2024 + n * MS_PER_DAY;
}

/* Two days after the end of January, to the millisecond. */
static void test_a_month_closes_when_the_policy_says(void **state)
{
    (void)state;
    int64_t now_ms = days_after(FEBRUARY + 2) - 1;
    struct fixture *fixture = clock_fixture_new(&now_ms);
    size_t n = 0;
    write_days(fixture->lake, "BTCUSDT", 0, FEBRUARY + 1);
    assert_int_equal(fixture->lake->policy.compact_after_ms, 2 * MS_PER_DAY);
    assert_int_equal(maintain_twice(fixture->lake, compact)->n, 0);
    (void)files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, FEBRUARY + 1);

    now_ms++;
    const struct plan *plan = maintain_twice(fixture->lake, compact);
    assert_int_equal(plan->n, 1);
    assert_string_equal(plan->rows[0].task, "compact");
    assert_string_equal(plan->rows[0].what, "TEST/FUTURES/BTCUSDT/raw/1m 2024-01");
    assert_int_equal(plan->rows[0].n_files, 31);
    assert_int_equal(plan->result.files_compacted, 31);
    assert_int_equal(plan->result.files_made, 1);
    assert_int_equal(plan->result.bytes_compacted, plan->rows[0].n_bytes);
    assert_int_equal(plan->result.bytes_made, plan->rows[0].bytes_after);
    const struct manifest_file *files = files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 2); /* the month, and the first of February */
    assert_int_equal(files[0].partition_start_ms, DAY_2024);
    assert_int_equal(files[0].partition_end_ms, days_after(FEBRUARY));
    assert_int_equal(files[0].n_rows, 31 * DAY_BARS);
    assert_int_equal(files[0].size_bytes, plan->result.bytes_made);
    assert_non_null(strstr(files[0].path, "/1m/2024/01/BTCUSDT-1m-2024-01-"));
    assert_int_equal(files[1].partition_start_ms, days_after(FEBRUARY));
    assert_int_equal(maintain_twice(fixture->lake, compact)->n, 0);
    fixture_free(fixture);
}

static void test_nothing_but_files_changes(void **state)
{
    (void)state;
    int64_t now_ms = days_after(APRIL);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 70);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(days_after(3), DAY_BARS), DAY_BARS); /* nothing new */
    struct bar changed = bar_of(days_after(5));
    changed.volume = NAN;
    changed.close = -1;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
    changed.close = bar_of(days_after(5)).close;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1); /* the third version of that day, which equals its first */
    struct contents before = contents_of(fixture->lake, "BTCUSDT");
    assert_int_equal(before.days[5].version, 3);
    const struct plan *plan = maintain_twice(fixture->lake, compact);
    assert_int_equal(plan->n, 2);
    assert_int_equal(plan->result.files_compacted, 60);
    assert_days(fixture->lake, "BTCUSDT", 0, 70, -1);
    struct contents after = contents_of(fixture->lake, "BTCUSDT");
    assert_same_contents(&before, &after);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 12);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    fixture_reopen(fixture);
    assert_days(fixture->lake, "BTCUSDT", 0, 70, -1);
    free(before.days);
    free(after.days);
    fixture_free(fixture);
}

/* Each day, and ranges that begin and end within one, out of a month's file. */
static void test_a_part_of_a_month(void **state)
{
    (void)state;
    int64_t now_ms = days_after(MARCH);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, FEBRUARY);
    (void)maintain(fixture->lake, compact);
    for (int day = 0; day < FEBRUARY; day++)
        assert_days(fixture->lake, "BTCUSDT", day, 1, -1);
    for (int first = 0; first < FEBRUARY; first += 3) {
        size_t n = 0;
        int64_t start = days_after(first) + 7 * MS_PER_MINUTE;
        struct bar *bars = read_bars(fixture->lake, "BTCUSDT", start, start + 20 * MS_PER_MINUTE, &n);
        assert_int_equal(n, 20);
        assert_bars_equal(bars, bars_from(start, 20), 20);
        free(bars);
        /* between two days */
        bars = read_bars(fixture->lake, "BTCUSDT", days_after(first) + 2 * MS_PER_HOUR, days_after(first + 1), &n);
        assert_int_equal(n, 0);
        free(bars);
    }
    fixture_free(fixture);
}

static void test_months_of_coarse_bars_become_years(void **state)
{
    (void)state;
    int64_t now_ms = days_after(YEAR_2025 + 2);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct lake_write *write = begin_write(fixture->lake, "BTCUSDT", "1h");
    struct lake_write *daily = begin_write(fixture->lake, "ETHUSDT", "1d");
    for (int day = 0; day < YEAR_2025 + 40; day++) {
        struct bar bar = bar_of(days_after(day));
        append_bars(write, &bar, 1);
        append_bars(daily, &bar, 1);
    }
    (void)commit_write(write);
    (void)commit_write(daily);
    const struct plan *plan = maintain_twice(fixture->lake, compact);
    assert_int_equal(plan->n, 1);
    assert_string_equal(plan->rows[0].what, "TEST/FUTURES/BTCUSDT/raw/1h 2024");
    assert_int_equal(plan->rows[0].n_files, 12);
    size_t n = 0;
    const struct manifest_file *files = files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 3);
    assert_int_equal(files[0].n_rows, YEAR_2025);
    assert_non_null(strstr(files[0].path, "/1h/2024/BTCUSDT-1h-2024-"));
    (void)files_of(fixture->lake, "ETHUSDT", &n);
    assert_int_equal(n, 2);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

/* What does not fit into one file becomes several, by whole days; a day that is too large stays by itself. */
static void test_the_size_is_kept(void **state)
{
    (void)state;
    int64_t now_ms = days_after(MARCH);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    size_t n = 0;
    write_days(fixture->lake, "BTCUSDT", 0, 10);
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(days_after(10), 1440), 1440);
    write_days(fixture->lake, "BTCUSDT", 11, 10);
    const struct manifest_file *files = files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 21);
    int64_t most = 0;
    for (size_t i = 0; i < 4; i++)
        most += files[i].size_bytes;
    assert_true(files[10].size_bytes > most);
    fixture->lake->policy.compact_bytes = most;
    const struct plan *plan = maintain_twice(fixture->lake, compact);
    assert_true(plan->n >= 4);
    assert_string_equal(plan->rows[0].what, "TEST/FUTURES/BTCUSDT/raw/1m 2024-01-01 to 2024-01-04");
    for (size_t i = 0; i < plan->n; i++) {
        assert_true(plan->rows[i].n_bytes <= most);
        assert_true(plan->rows[i].n_files >= 2);
    }
    files = files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(files[0].partition_start_ms, DAY_2024);
    assert_int_equal(files[0].partition_end_ms, days_after(4));
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        found = found || (files[i].partition_start_ms == days_after(10) && files[i].n_rows == 1440);
        assert_true(i == 0 || files[i - 1].partition_end_ms <= files[i].partition_start_ms);
    }
    assert_true(found);
    assert_days(fixture->lake, "BTCUSDT", 0, 10, -1);
    assert_days(fixture->lake, "BTCUSDT", 11, 10, -1);
    assert_int_equal(count_problems(fixture->lake), 0);
    /* It comes to an end: what it made is not made again for ever. */
    for (int i = 0; i < 5; i++)
        plan = maintain(fixture->lake, compact);
    assert_int_equal(plan->n, 0);
    fixture_free(fixture);
}

/* Rows are bounded by the memory configured (I10). */
static void test_the_memory_is_kept(void **state)
{
    (void)state;
    int64_t now_ms = days_after(MARCH);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, 20);
    fixture->lake->memory_bytes = (size_t)4 * 64 * 5 * DAY_BARS; /* rows of five days */
    const struct plan *plan = maintain_twice(fixture->lake, compact);
    assert_int_equal(plan->n, 4);
    for (size_t i = 0; i < plan->n; i++)
        assert_int_equal(plan->rows[i].n_files, 5);
    assert_days(fixture->lake, "BTCUSDT", 0, 20, -1);
    fixture_free(fixture);
}

static void test_a_scan_goes_on_beside_it(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t now_ms = days_after(MARCH);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    int64_t n_rows = 0;
    struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}, .batch_rows = 100};
    write_days(fixture->lake, "BTCUSDT", 0, FEBRUARY);
    lake_ok(lake_scan_open(fixture->lake, &options, &scan, &err));
    lake_ok(lake_scan_next(scan, &array, &err));
    n_rows += array.length;
    array.release(&array);
    struct plan *plan = calloc(1, sizeof *plan);
    lake_ok(try_maintain(fixture->lake, (struct lake_maintain_options){.compact = false}, plan, &err)); /* all of it */
    assert_int_equal(plan->result.files_compacted, 31);
    for (;;) {
        lake_ok(lake_scan_next(scan, &array, &err));
        if (array.release == NULL)
            break;
        const int64_t *ts = array.children[0]->buffers[1];
        for (int64_t row = 0; row < array.length; row++, n_rows++)
            assert_int_equal(ts[row], days_after((int)(n_rows / DAY_BARS)) + n_rows % DAY_BARS * MS_PER_MINUTE);
        array.release(&array);
    }
    assert_int_equal(n_rows, FEBRUARY * DAY_BARS);
    lake_scan_close(scan);
    free(plan);
    fixture_free(fixture);
}

static int64_t rows_as_of(struct lake *lake, int64_t snapshot)
{
    struct lake_error err = {0};
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    int64_t n_rows = 0;
    struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, "1m"}, .as_of = snapshot};
    lake_ok(lake_scan_open(lake, &options, &scan, &err));
    for (;;) {
        lake_ok(lake_scan_next(scan, &array, &err));
        if (array.release == NULL)
            break;
        n_rows += array.length;
        array.release(&array);
    }
    lake_scan_close(scan);
    return n_rows;
}

static void test_older_snapshots_can_be_read_across_it(void **state)
{
    (void)state;
    int64_t now_ms = days_after(MARCH);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    write_days(fixture->lake, "BTCUSDT", 0, FEBRUARY);
    (void)maintain(fixture->lake, compact);
    write_days(fixture->lake, "BTCUSDT", FEBRUARY, 2);
    for (int snapshot = 1; snapshot <= FEBRUARY; snapshot++)
        assert_int_equal(rows_as_of(fixture->lake, snapshot), snapshot * DAY_BARS);
    assert_int_equal(rows_as_of(fixture->lake, FEBRUARY + 1), FEBRUARY * DAY_BARS);
    assert_int_equal(rows_as_of(fixture->lake, 0), (FEBRUARY + 2) * DAY_BARS);
    fixture_free(fixture);
}

/* Late rows go into the month's file, and the file stays the month's. */
static void test_writing_into_a_compacted_month(void **state)
{
    (void)state;
    int64_t now_ms = days_after(MARCH);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    size_t n = 0;
    write_days(fixture->lake, "BTCUSDT", 0, 10);
    write_days(fixture->lake, "BTCUSDT", 11, 10);
    (void)maintain(fixture->lake, compact);
    assert_days(fixture->lake, "BTCUSDT", 0, 21, 10);
    write_days(fixture->lake, "BTCUSDT", 10, 1);
    write_days(fixture->lake, "BTCUSDT", 30, 1);
    assert_days(fixture->lake, "BTCUSDT", 0, 21, -1);
    assert_days(fixture->lake, "BTCUSDT", 30, 1, -1);
    const struct manifest_file *files = files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 1);
    assert_int_equal(files[0].partition_end_ms, days_after(FEBRUARY));
    assert_int_equal(files[0].n_rows, 22 * DAY_BARS);
    assert_int_equal(maintain(fixture->lake, compact)->n, 0);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

static void test_only_what_was_selected(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t now_ms = days_after(MARCH);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct lake_maintain_options options = {.compact = true, .selection = {.symbol = "ethusdt"}};
    struct plan *plan = calloc(1, sizeof *plan);
    size_t n = 0;
    write_days(fixture->lake, "BTCUSDT", 0, 4);
    write_days(fixture->lake, "ETHUSDT", 0, 4);
    assert_int_equal(maintain_twice(fixture->lake, options)->n, 1);
    (void)files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 4);
    (void)files_of(fixture->lake, "ETHUSDT", &n);
    assert_int_equal(n, 1);
    options.selection.symbol = "ETHUSD";
    lake_fails(try_maintain(fixture->lake, options, plan, &err), LAKE_NOT_FOUND, "ETHUSDT");
    free(plan);
    fixture_free(fixture);
}

static void damage(const struct fixture *fixture, const char *path)
{
    char full[FIXTURE_PATH_BYTES * 3];
    (void)snprintf(full, sizeof full, "%s/data/%s", fixture->root, path);
    FILE *file = fopen(full, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 60, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, 60, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 0x10, file), byte ^ 0x10);
    assert_int_equal(fclose(file), 0);
}

/* The month with the damaged file stays as it is and is named; the others become one file. */
static void test_damage_is_not_rolled_up(void **state)
{
    (void)state;
    int64_t now_ms = days_after(APRIL);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    size_t n = 0;
    write_days(fixture->lake, "BTCUSDT", 0, MARCH);
    const struct manifest_file *files = files_of(fixture->lake, "BTCUSDT", &n);
    damage(fixture, files[3].path);
    const struct plan *plan = maintain(fixture->lake, compact);
    assert_int_equal(plan->n, 2);
    assert_non_null(strstr(plan->rows[0].what, "2024-01: left as it is: "));
    assert_int_equal(plan->rows[0].n_files, 0);
    assert_int_equal(plan->rows[1].n_files, 29);
    assert_int_equal(plan->result.files_compacted, 29);
    files = files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 32);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    fixture_free(fixture);
}

/* Ends the work after so many reports; writes a day at each before that. */
struct interruption {
    struct lake *lake;
    int left;
    int day; /* to write next; -1: none */
};

static int report(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct interruption *interruption = context;
    (void)n_rows;
    (void)n_bytes;
    (void)n_bytes_total;
    if (interruption->day >= 0)
        write_days(interruption->lake, "BTCUSDT", interruption->day++, 1);
    return --interruption->left <= 0;
}

static void test_what_was_done_before_an_interruption_stays(void **state)
{
    (void)state;
    struct lake_error err = {0};
    int64_t now_ms = days_after(APRIL);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct plan *plan = calloc(1, sizeof *plan);
    struct interruption interruption = {fixture->lake, 1, -1};
    struct lake_maintain_options options = {.compact = true, .progress = {report, &interruption}};
    size_t n = 0;
    write_days(fixture->lake, "BTCUSDT", 0, MARCH);
    lake_fails(try_maintain(fixture->lake, options, plan, &err), LAKE_CANCELLED, "stopped");
    (void)files_of(fixture->lake, "BTCUSDT", &n);
    assert_int_equal(n, 1 + 29);
    assert_days(fixture->lake, "BTCUSDT", 0, MARCH, -1);
    assert_int_equal(maintain(fixture->lake, compact)->result.files_compacted, 29);
    free(plan);
    fixture_free(fixture);
}

/* Days that are written between two steps, ahead of the walk and behind it, are neither lost nor doubled. */
static void test_writers_go_on_beside_it(void **state)
{
    (void)state;
    int64_t now_ms = days_after(APRIL);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    struct interruption interruption = {fixture->lake, 100, 20};
    struct lake_maintain_options options = {.compact = true, .progress = {report, &interruption}};
    write_days(fixture->lake, "BTCUSDT", 0, 20);
    write_days(fixture->lake, "BTCUSDT", FEBRUARY, 20);
    const struct plan *plan = maintain(fixture->lake, options);
    assert_int_equal(plan->n, 2);
    assert_true(interruption.day > 20);
    assert_days(fixture->lake, "BTCUSDT", 0, interruption.day, -1);
    assert_days(fixture->lake, "BTCUSDT", FEBRUARY, 20, -1);
    assert_int_equal(count_problems(fixture->lake), 0);
    fixture_free(fixture);
}

/* ---- random histories ---- */

enum { ROUNDS = 40, MODEL_DAYS = 100 };

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* close of each minute of the model; 0: there is no bar. */
struct model {
    double close[MODEL_DAYS][DAY_BARS];
};

static void write_some(struct lake *lake, struct model *model, uint64_t *seed)
{
    struct lake_write *write = begin_write(lake, "BTCUSDT", "1m");
    for (uint64_t left = 1 + next_random(seed) % 12; left > 0; left--) {
        int day = (int)(next_random(seed) % MODEL_DAYS);
        int first = (int)(next_random(seed) % DAY_BARS);
        for (int i = first; i < DAY_BARS && i < first + 20; i++) {
            struct bar bar = bar_of(days_after(day) + i * MS_PER_MINUTE);
            bar.close = (double)(1 + next_random(seed) % 1000);
            model->close[day][i] = bar.close;
            append_bars(write, &bar, 1);
        }
    }
    (void)commit_write(write);
}

static void assert_model(struct lake *lake, const struct model *model)
{
    size_t n = 0, at = 0;
    struct bar *bars = read_bars(lake, "BTCUSDT", DAY_2024, days_after(MODEL_DAYS), &n);
    for (int day = 0; day < MODEL_DAYS; day++)
        for (int i = 0; i < DAY_BARS; i++) {
            if (model->close[day][i] == 0)
                continue;
            assert_true(at < n);
            assert_int_equal(bars[at].ts, days_after(day) + i * MS_PER_MINUTE);
            assert_true(bars[at].close == model->close[day][i]);
            at++;
        }
    assert_int_equal(at, n);
    free(bars);
}

/* Files do not overlap, and each row is in exactly one of those in the tree (I3, I5). */
static void assert_tree(struct fixture *fixture)
{
    size_t n = 0;
    const struct manifest_file *files = files_of(fixture->lake, "BTCUSDT", &n);
    for (size_t i = 1; i < n; i++)
        assert_true(files[i - 1].partition_end_ms <= files[i].partition_start_ms);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), n);
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_random_histories(void **state)
{
    (void)state;
    uint64_t seed = 5;
    static struct model model;
    int64_t now_ms = days_after(20);
    struct fixture *fixture = clock_fixture_new(&now_ms);
    for (int round = 0; round < ROUNDS; round++) {
        static const int64_t sizes[] = {128 << 20, 40000, 15000, 1};
        write_some(fixture->lake, &model, &seed);
        now_ms += (int64_t)(next_random(&seed) % 6) * MS_PER_DAY;
        fixture->lake->policy.compact_bytes = sizes[next_random(&seed) % 4];
        struct contents before = contents_of(fixture->lake, "BTCUSDT");
        (void)maintain_twice(fixture->lake, compact);
        struct contents after = contents_of(fixture->lake, "BTCUSDT");
        assert_same_contents(&before, &after);
        assert_model(fixture->lake, &model);
        (void)maintain(fixture->lake, (struct lake_maintain_options){.compact = round % 3 == 0});
        assert_model(fixture->lake, &model);
        assert_tree(fixture);
        free(before.days);
        free(after.days);
        if (round % 10 == 9)
            clock_fixture_reopen(fixture, &now_ms);
    }
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_month_closes_when_the_policy_says),
        cmocka_unit_test(test_nothing_but_files_changes),
        cmocka_unit_test(test_a_part_of_a_month),
        cmocka_unit_test(test_months_of_coarse_bars_become_years),
        cmocka_unit_test(test_the_size_is_kept),
        cmocka_unit_test(test_the_memory_is_kept),
        cmocka_unit_test(test_a_scan_goes_on_beside_it),
        cmocka_unit_test(test_older_snapshots_can_be_read_across_it),
        cmocka_unit_test(test_writing_into_a_compacted_month),
        cmocka_unit_test(test_only_what_was_selected),
        cmocka_unit_test(test_damage_is_not_rolled_up),
        cmocka_unit_test(test_what_was_done_before_an_interruption_stays),
        cmocka_unit_test(test_writers_go_on_beside_it),
        cmocka_unit_test(test_random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
