/* Damage of every kind to a stored file is found and named, and never read as data; whatever else is not as it should be is found
 * too. */
#include "verify_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lake/content.h"
#include "manifest/manifest.h"

static int set_up(void **state)
{
    struct fixture *fixture = fixture_new();
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 1440), 1440);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

static const char *the_file(const struct fixture *fixture)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s", first_file(fixture));
    return path;
}

static lake_status try_read(struct fixture *fixture, struct lake_error *err)
{
    struct lake_scan *scan = NULL;
    struct ArrowArray array;
    struct lake_scan_options options = {.size = sizeof options, .dataset = {"test", NULL, "BTCUSDT", NULL, NULL}};
    assert_int_equal(lake_scan_open(fixture->lake, &options, &scan, NULL), LAKE_OK);
    lake_status status = lake_scan_next(scan, &array, err);
    if (status == LAKE_OK)
        array.release(&array);
    lake_scan_close(scan);
    return status;
}

static void test_a_sound_lake_has_no_problems(void **state)
{
    struct fixture *fixture = *state;
    for (int depth = LAKE_VERIFY_FAST; depth <= LAKE_VERIFY_FULL; depth++) {
        const struct found *found = run_verify(fixture, (enum lake_verify_depth)depth);
        assert_int_equal(found->verified.n_problems, 0);
        assert_int_equal(found->verified.n_files, 1);
        assert_int_equal(found->verified.n_rows, 1440);
        assert_int_equal(found->verified.n_bytes, size_of(the_file(fixture)));
    }
}

static void test_a_missing_file_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(unlink(the_file(fixture)), 0);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FAST), "missing");
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FULL), "missing");
    assert_int_equal(try_read(fixture, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, "is missing"));
    assert_non_null(strstr(err.message, "dl verify"));
}

static void test_another_size_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    int64_t size = size_of(the_file(fixture));
    cut_file(the_file(fixture), size + 1);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FAST), "size");
    cut_file(the_file(fixture), 1000);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FAST), "size");
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FULL), "size");
    assert_int_equal(try_read(fixture, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, "BTCUSDT-1m-2024-01-01"));
}

/* Flipped bits in pages are refused when they are read, by their CRC. */
static void test_a_flipped_bit_in_a_page_is_not_read_as_data(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    const char *path = the_file(fixture);
    int64_t size = size_of(path);
    for (int64_t at = size / 10; at < size * 8 / 10; at += size / 41) {
        flip_bit(path, at, 4);
        fixture_reopen(fixture); /* files are immutable, so one that was read may be remembered */
        assert_int_equal(try_read(fixture, &err), LAKE_CORRUPT);
        flip_bit(path, at, 4);
    }
    fixture_reopen(fixture);
    assert_int_equal(try_read(fixture, &err), LAKE_OK);
}

static void test_a_footer_that_cannot_be_read_is_found_at_once(void **state)
{
    struct fixture *fixture = *state;
    const char *path = the_file(fixture);
    for (int64_t back = 1; back <= 8; back++) {
        flip_bit(path, size_of(path) - back, 7);
        assert_one_problem(run_verify(fixture, LAKE_VERIFY_FAST), "structure");
        flip_bit(path, size_of(path) - back, 7);
    }
}

/* What is the whole of another day's file. */
static void test_a_swapped_file_is_found_at_once(void **state)
{
    struct fixture *fixture = *state;
    char other[512];
    (void)write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024 + MS_PER_DAY, 1440), 1440);
    (void)snprintf(other, sizeof other, "%s", find_path(fixture, "data", "2024-01-02"));
    assert_int_equal(rename(find_path(fixture, "data", "2024-01-01"), other), 0);
    const struct found *found = run_verify(fixture, LAKE_VERIFY_FAST);
    assert_int_equal(found->n, 2);
    assert_string_equal(found->rows[0].problem, "missing");
    assert_true(strcmp(found->rows[1].problem, "range") == 0 || strcmp(found->rows[1].problem, "size") == 0);
}

static void test_strangers_are_found(void **state)
{
    struct fixture *fixture = *state;
    char path[512], copy[600];
    (void)snprintf(path, sizeof path, "%s", the_file(fixture));
    (void)snprintf(copy, sizeof copy, "%.*s/stranger.parquet", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(link(path, copy), 0);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FAST), "stranger");
    assert_int_equal(unlink(copy), 0);
    assert_int_equal(symlink("/", copy), 0);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FAST), "stranger");
    assert_int_equal(unlink(copy), 0);
    /* One that is named like a file of the lake, of a day, a dataset and a depth that the lake does not have. */
    static const char *const places[] = {
        "data/x.parquet", "data/TEST/FUTURES/BTCUSDT/x.parquet",
        "data/TEST/FUTURES/BTCUSDT/raw/1m/2024/01/01/BTCUSDT-1m-2024-01-01-00000000000000ff.parquet"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        (void)snprintf(copy, sizeof copy, "%s/%s", fixture->root, places[i]);
        assert_int_equal(link(path, copy), 0);
        const struct found *found = run_verify(fixture, LAKE_VERIFY_FAST);
        assert_one_problem(found, "stranger");
        assert_string_equal(found->rows[0].path, places[i] + strlen("data/"));
        assert_int_equal(unlink(copy), 0);
    }
}

static void test_many_strangers_in_one_directory_are_found(void **state)
{
    enum { N_STRANGERS = 3000 }; /* more paths than are kept at a time */
    struct fixture *fixture = *state;
    char path[512], copy[600];
    (void)snprintf(path, sizeof path, "%s", the_file(fixture));
    for (int i = 0; i < N_STRANGERS; i++) {
        (void)snprintf(copy, sizeof copy, "%.*s/stranger-%d.parquet", (int)(strrchr(path, '/') - path), path, i);
        assert_int_equal(link(path, copy), 0);
    }
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FAST)->verified.n_problems, N_STRANGERS);
}

/* The first version of a day, superseded by a second. */
static void supersede(struct fixture *fixture)
{
    struct bar changed = bar_of(DAY_2024);
    changed.close = 1.0;
    (void)write_bars(fixture->lake, "BTCUSDT", &changed, 1);
}

static void test_damaged_history_is_found_in_full_only(void **state)
{
    struct fixture *fixture = *state;
    supersede(fixture);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FULL)->n, 0);
    flip_bit(find_path(fixture, ".lake/history", "2024"), 100, 0);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FAST)->n, 0);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FULL), "history");
    assert_int_equal(unlink(find_path(fixture, ".lake/history", "2024")), 0);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FULL), "history");
}

static void test_what_nobody_knows_in_history_is_found(void **state)
{
    struct fixture *fixture = *state;
    char copy[600];
    supersede(fixture);
    (void)snprintf(copy, sizeof copy, "%s/.lake/history/x.parquet.retired", fixture->root);
    assert_int_equal(link(the_file(fixture), copy), 0);
    const struct found *found = run_verify(fixture, LAKE_VERIFY_FULL);
    assert_one_problem(found, "leftover");
    assert_string_equal(found->rows[0].path, "history/x.parquet.retired");
}

static void test_a_live_file_in_history_is_misplaced(void **state)
{
    struct fixture *fixture = *state;
    char to[700];
    const char *path = the_file(fixture);
    (void)snprintf(to, sizeof to, "%s/.lake/history/%s.retired", fixture->root, strrchr(path, '/') + 1);
    assert_int_equal(rename(path, to), 0);
    const struct found *found = run_verify(fixture, LAKE_VERIFY_FAST);
    assert_one_problem(found, "misplaced");
}

/* A write transaction of the test's own: what no commit would record. */
struct record {
    struct manifest *manifest;
    struct arena arena;
    struct manifest_file *files;
    struct manifest_content *contents;
    struct manifest_operation operation;
    int64_t snapshot;
};

static void begin_record(struct fixture *fixture, struct record *record)
{
    int64_t last = 0;
    size_t n = 0;
    *record = (struct record){.manifest = fixture->lake->manifest,
                              .operation = {.kind = "test", .source = "", .software = "test", .detail = ""}};
    arena_init(&record->arena, 1 << 20);
    assert_int_equal(
        manifest_find_files(record->manifest, 0, INT64_MIN, INT64_MAX, &record->arena, &record->files, &n, &last, NULL),
        LAKE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(manifest_find_contents(record->manifest, record->files[0].dataset_id, 0, 100000, &record->arena,
                                            &record->contents, &n, NULL),
                     LAKE_OK);
    assert_int_equal(n, 1);
    assert_int_equal(manifest_begin(record->manifest, NULL), LAKE_OK);
    assert_int_equal(manifest_add_operation(record->manifest, &record->operation, &record->snapshot, NULL), LAKE_OK);
    record->contents[0].operation_id = record->operation.id;
}

static void end_record(struct record *record)
{
    assert_int_equal(manifest_put_content(record->manifest, &record->contents[0], record->snapshot, NULL), LAKE_OK);
    assert_int_equal(manifest_commit(record->manifest, NULL), LAKE_OK);
    arena_release(&record->arena);
}

/* Bytes that are as they were committed are not taken away because the manifest says something else of their rows. */
static void test_rows_that_are_not_those_of_the_content_are_found(void **state)
{
    struct fixture *fixture = *state;
    struct record record;
    begin_record(fixture, &record);
    record.contents[0].sha256[7] ^= 1;
    end_record(&record);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FAST)->n, 0);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FULL), "content");
    assert_one_action(run_repair(fixture), "content", "none");
    assert_int_equal(try_read(fixture, NULL), LAKE_OK);
}

/* Rows that are right, with other holes: recorded once more in the same snapshot, for the same rows are not recorded again. */
static void test_holes_that_are_not_those_of_the_rows_are_found(void **state)
{
    static const uint8_t holes[] = {1, 1};
    struct fixture *fixture = *state;
    struct record record;
    begin_record(fixture, &record);
    record.contents[0].sha256[7] ^= 1;
    assert_int_equal(manifest_put_content(record.manifest, &record.contents[0], record.snapshot, NULL), LAKE_OK);
    record.contents[0].sha256[7] ^= 1;
    record.contents[0].holes = holes;
    record.contents[0].n_holes_bytes = sizeof holes;
    end_record(&record);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FAST)->n, 0);
    assert_one_problem(run_verify(fixture, LAKE_VERIFY_FULL), "holes");
    assert_one_action(run_repair(fixture), "holes", "none");
    assert_int_equal(try_read(fixture, NULL), LAKE_OK);
}

/* Between a commit and its last move. */
static void test_a_retired_file_that_was_not_moved_yet_is_no_stranger(void **state)
{
    struct fixture *fixture = *state;
    struct record record;
    struct content_day empty;
    struct sha256 *hash = NULL;
    begin_record(fixture, &record);
    const struct manifest_retirement retirement = {record.files[0].id, record.snapshot, record.operation.finished_ms,
                                                   record.files[0].n_rows, "history/later.retired"};
    assert_int_equal(manifest_retire_file(record.manifest, &retirement, NULL), LAKE_OK);
    assert_int_equal(sha256_new(&hash, NULL), LAKE_OK);
    assert_int_equal(content_empty_day(record.contents[0].day, hash, &empty, NULL), LAKE_OK);
    sha256_free(hash);
    record.contents[0].n_rows = 0;
    record.contents[0].time_from_ms = record.contents[0].time_to_ms = empty.first_ms;
    memcpy(record.contents[0].sha256, empty.sha256, SHA256_BYTES);
    end_record(&record);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 1);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FAST)->n, 0);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FULL)->n, 0);
}

static void test_a_damaged_manifest_is_a_problem(void **state)
{
    struct fixture *fixture = *state;
    char path[FIXTURE_PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/manifest.db", fixture->root);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    for (int64_t at = 3 * 4096; at < size_of(path); at += 4096)
        for (int64_t byte = 8; byte < 100; byte++)
            flip_bit(path, at + byte, 3);
    struct lake_error err = {LAKE_OK, ""};
    if (fixture_try_open(fixture, io_system(), &err) != LAKE_OK) {
        assert_non_null(strstr(err.message, "manifest.db"));
        return;
    }
    const struct found *found = run_verify(fixture, LAKE_VERIFY_FULL);
    assert_true(found->n > 0);
    assert_string_equal(found->rows[0].problem, "manifest");
    assert_string_equal(found->rows[0].path, "manifest.db");
}

static void test_a_selection_of_nothing_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    const struct lake_verify_options options = {.size = sizeof options, .selection = {.symbol = "BTCUSDX"}};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(lake_verify(fixture->lake, &options, &result, &stream, &err), LAKE_NOT_FOUND);
    assert_string_equal(err.message, "there is no dataset BTCUSDX; there is TEST BTCUSDT");
}

static void test_a_selection_is_all_that_is_looked_at(void **state)
{
    struct fixture *fixture = *state;
    struct lake_verify_options options = {.size = sizeof options, .depth = LAKE_VERIFY_FULL};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    (void)write_bars(fixture->lake, "ETHUSDT", bars_from(DAY_2024, 100), 100);
    flip_bit(find_path(fixture, "data", "BTCUSDT"), 500, 1);
    options.selection.symbol = "ETHUSDT";
    assert_int_equal(lake_verify(fixture->lake, &options, &result, &stream, NULL), LAKE_OK);
    stream.release(&stream);
    assert_int_equal(result.n_files, 1);
    assert_int_equal(result.n_problems, 0);
    options.selection.symbol = "BTCUSDT";
    assert_int_equal(lake_verify(fixture->lake, &options, &result, &stream, NULL), LAKE_OK);
    stream.release(&stream);
    assert_int_equal(result.n_problems, 1);
}

static int cancel(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    int64_t *seen = context;
    *seen = n_rows;
    assert_true(n_bytes > 0 && n_bytes <= n_bytes_total);
    return 1;
}

static void test_verify_can_be_cancelled(void **state)
{
    struct fixture *fixture = *state;
    int64_t seen = 0;
    const struct lake_verify_options options = {.size = sizeof options, .progress = {cancel, &seen}};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    assert_int_equal(lake_verify(fixture->lake, &options, &result, &stream, NULL), LAKE_CANCELLED);
    assert_int_equal(seen, 1440);
}

static void test_unknown_sizes_are_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct lake_verify_options options = {.size = 1};
    struct lake_verify_result result = {.size = sizeof result}, wrong = {.size = 1};
    struct ArrowArrayStream stream;
    assert_int_equal(lake_verify(fixture->lake, &options, &result, &stream, NULL), LAKE_INVALID_ARGUMENT);
    assert_int_equal(lake_verify(fixture->lake, NULL, &wrong, &stream, NULL), LAKE_INVALID_ARGUMENT);
    assert_int_equal(lake_verify(fixture->lake, NULL, NULL, &stream, NULL), LAKE_INVALID_ARGUMENT);
    assert_int_equal(lake_verify(fixture->lake, NULL, &result, &stream, NULL), LAKE_OK);
    stream.release(&stream);
}

/* In the child: the same two days, over and over, each time with other rows. */
static void write_on(struct fixture *fixture, int n)
{
    fixture->lake = NULL;   /* the parent's */
    fixture->n_threads = 1; /* a child of threads that makes threads is more than ThreadSanitizer can follow */
    if (fixture_try_open(fixture, io_system(), NULL) != LAKE_OK)
        _exit(1);
    for (int i = 0; i < n; i++) {
        struct bar bars[2] = {bar_of(DAY_2024), bar_of(DAY_2024 + MS_PER_DAY)};
        bars[0].close = bars[1].close = 1000.0 + i;
        (void)write_bars(fixture->lake, "BTCUSDT", bars, 2);
    }
    lake_close(fixture->lake);
    _exit(0);
}

/* What is replaced, published, retired or expired at this moment is no damage; nor does a repair touch it. */
static void test_a_writer_at_work_is_no_damage(void **state)
{
    enum { N_COMMITS = 150 };
    struct fixture *fixture = *state;
    int status = 0, n = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_on(fixture, N_COMMITS);
    while (waitpid(child, &status, WNOHANG) == 0) {
        const struct found *found =
            n % 3 == 0 ? run_repair(fixture) : run_verify(fixture, n % 3 == 1 ? LAKE_VERIFY_FAST : LAKE_VERIFY_FULL);
        for (size_t i = 0; i < found->n; i++)
            fail_msg("%s: %s: %s", found->rows[i].path, found->rows[i].problem, found->rows[i].detail);
        n++;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(n > 0);
    assert_int_equal(run_verify(fixture, LAKE_VERIFY_FULL)->n, 0);
    assert_int_equal(count_paths(fixture, ".lake/quarantine", NULL), 0);
}

/* More files than one page of the manifest's list, more datasets than one too. */
static void test_everything_is_looked_at_however_much_there_is(void **state)
{
    enum { N_SYMBOLS = 300, N_DAYS = 1100 };
    struct fixture *fixture = *state;
    static struct bar bars[N_DAYS];
    for (int i = 0; i < N_DAYS; i++)
        bars[i] = bar_of(DAY_2024 + i * MS_PER_DAY);
    (void)write_bars(fixture->lake, "DAYS", bars, N_DAYS);
    for (int i = 0; i < N_SYMBOLS; i++) {
        char symbol[16];
        (void)snprintf(symbol, sizeof symbol, "S%d", i);
        (void)write_bars(fixture->lake, symbol, bars, 1);
    }
    for (int depth = LAKE_VERIFY_FAST; depth <= LAKE_VERIFY_FULL; depth++) {
        const struct found *found = run_verify(fixture, (enum lake_verify_depth)depth);
        assert_int_equal(found->n, 0);
        assert_int_equal(found->verified.n_files, 1 + N_DAYS + N_SYMBOLS);
        assert_int_equal(found->verified.n_rows, 1440 + N_DAYS + N_SYMBOLS);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_sound_lake_has_no_problems),
        TEST(test_a_missing_file_is_found),
        TEST(test_another_size_is_found),
        TEST(test_a_flipped_bit_in_a_page_is_not_read_as_data),
        TEST(test_a_footer_that_cannot_be_read_is_found_at_once),
        TEST(test_a_swapped_file_is_found_at_once),
        TEST(test_strangers_are_found),
        TEST(test_many_strangers_in_one_directory_are_found),
        TEST(test_damaged_history_is_found_in_full_only),
        TEST(test_what_nobody_knows_in_history_is_found),
        TEST(test_a_live_file_in_history_is_misplaced),
        TEST(test_rows_that_are_not_those_of_the_content_are_found),
        TEST(test_holes_that_are_not_those_of_the_rows_are_found),
        TEST(test_a_retired_file_that_was_not_moved_yet_is_no_stranger),
        TEST(test_a_damaged_manifest_is_a_problem),
        TEST(test_a_selection_of_nothing_is_an_error),
        TEST(test_a_selection_is_all_that_is_looked_at),
        TEST(test_verify_can_be_cancelled),
        TEST(test_unknown_sizes_are_refused),
        TEST(test_a_writer_at_work_is_no_damage),
        TEST(test_everything_is_looked_at_however_much_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
