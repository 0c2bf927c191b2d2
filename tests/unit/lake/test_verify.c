/* Damage of every kind to a stored file is found and named, and never read as data. */
#include "lake_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* The first problem that verify finds, as "path problem"; fails where there is not exactly one. */
static void only_problem(struct lake *lake, char *problem, size_t n)
{
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    assert_int_equal(lake_verify(lake, NULL, NULL, &result, &stream, NULL), LAKE_OK);
    assert_int_equal(result.n_problems, 1);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    assert_int_equal(array.length, 1);
    const int32_t *offsets = array.children[1]->buffers[1];
    (void)snprintf(problem, n, "%.*s", offsets[1], (const char *)array.children[1]->buffers[2]);
    array.release(&array);
    stream.release(&stream);
}

static void assert_problem(struct fixture *fixture, const char *expected)
{
    char problem[64];
    only_problem(fixture->lake, problem, sizeof problem);
    assert_string_equal(problem, expected);
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
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_files(fixture->lake), 1);
}

static void test_a_missing_file_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(unlink(first_file(fixture)), 0);
    assert_problem(fixture, "missing");
    assert_int_equal(try_read(fixture, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, "is missing"));
}

static void test_a_truncated_file_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    const char *path = first_file(fixture);
    assert_int_equal(truncate(path, 1000), 0);
    assert_problem(fixture, "size");
    assert_int_equal(try_read(fixture, &err), LAKE_CORRUPT);
    assert_non_null(strstr(err.message, "BTCUSDT-1m-2024-01-01"));
}

static void test_a_longer_file_is_found(void **state)
{
    struct fixture *fixture = *state;
    int file = open(first_file(fixture), O_WRONLY | O_APPEND);
    assert_int_equal(write(file, "x", 1), 1);
    assert_int_equal(close(file), 0);
    assert_problem(fixture, "size");
}

static void flip_bit(const char *path, off_t at)
{
    uint8_t byte = 0;
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    assert_int_equal(pread(file, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(file, &byte, 1, at), 1);
    assert_int_equal(close(file), 0);
}

static void test_a_flipped_bit_anywhere_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", first_file(fixture));
    assert_int_equal(stat(path, &status), 0);
    for (off_t at = 0; at < status.st_size; at += status.st_size / 97) {
        flip_bit(path, at);
        assert_problem(fixture, "checksum");
        flip_bit(path, at);
    }
    assert_int_equal(count_problems(fixture->lake), 0);
}

/* Flipped bits in pages are refused when they are read, by their CRC. */
static void test_a_flipped_bit_in_a_page_is_not_read_as_data(void **state)
{
    struct fixture *fixture = *state;
    struct lake_error err = {LAKE_OK, ""};
    struct stat status;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", first_file(fixture));
    assert_int_equal(stat(path, &status), 0);
    for (off_t at = status.st_size / 10; at < status.st_size * 8 / 10; at += status.st_size / 41) {
        flip_bit(path, at);
        assert_int_equal(try_read(fixture, &err), LAKE_CORRUPT);
        flip_bit(path, at);
    }
    assert_int_equal(try_read(fixture, &err), LAKE_OK);
}

static void test_a_stranger_is_found(void **state)
{
    struct fixture *fixture = *state;
    char path[1024], copy[1100];
    (void)snprintf(path, sizeof path, "%s", first_file(fixture));
    (void)snprintf(copy, sizeof copy, "%.*s/stranger.parquet", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(link(path, copy), 0);
    assert_problem(fixture, "stranger");
    assert_int_equal(unlink(copy), 0);
    assert_int_equal(symlink("/", copy), 0);
    assert_problem(fixture, "stranger");
}

static void test_a_selection_of_nothing_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    const struct lake_selection selection = {.symbol = "BTCUSDX"};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    struct lake_error err = {LAKE_OK, ""};
    assert_int_equal(lake_verify(fixture->lake, &selection, NULL, &result, &stream, &err), LAKE_NOT_FOUND);
    assert_string_equal(err.message, "there is no dataset BTCUSDX; there is TEST BTCUSDT");
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
    const struct lake_progress progress = {cancel, &seen};
    struct lake_verify_result result = {.size = sizeof result};
    struct ArrowArrayStream stream;
    assert_int_equal(lake_verify(fixture->lake, NULL, &progress, &result, &stream, NULL), LAKE_CANCELLED);
    assert_int_equal(seen, 1440);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_sound_lake_has_no_problems),
        TEST(test_a_missing_file_is_found),
        TEST(test_a_truncated_file_is_found),
        TEST(test_a_longer_file_is_found),
        TEST(test_a_flipped_bit_anywhere_is_found),
        TEST(test_a_flipped_bit_in_a_page_is_not_read_as_data),
        TEST(test_a_stranger_is_found),
        TEST(test_a_selection_of_nothing_is_an_error),
        TEST(test_verify_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
