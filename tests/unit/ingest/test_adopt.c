/* lake_adopt_file: files that somebody put into the data tree. */
#include "put_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lake/quarantine.h"

static struct lake_adopt_options adopt_options(const char *path)
{
    return (struct lake_adopt_options){.size = sizeof(struct lake_adopt_options), .path = path};
}

static lake_status adopt(const struct lake_adopt_options *options, struct lake_adopt_result *result,
                         struct lake_error *err)
{
    *result = (struct lake_adopt_result){.size = sizeof *result};
    *err = (struct lake_error){LAKE_OK, ""};
    return lake_adopt_file(fixture->lake, options, result, err);
}

static void refuse(const struct lake_adopt_options *options, lake_status wanted, const char *message)
{
    struct lake_adopt_result result;
    struct lake_error err;
    int64_t n_files = count_files(fixture->lake);
    lake_status status = adopt(options, &result, &err);
    if (status != wanted || strstr(err.message, message) == NULL)
        fail_msg("%d '%s' is not %d '%s'", (int)status, err.message, (int)wanted, message);
    assert_int_equal(count_files(fixture->lake), n_files);
}

static void test_a_strangers_rows_are_taken_in(void **state)
{
    (void)state;
    const char *path = stranger_file("TEST/FUTURES/BTCUSDT/raw/1m/2024/01/01", 0, 100);
    struct lake_adopt_options options = adopt_options("TEST/FUTURES/BTCUSDT/raw/1m/2024/01/01/from-elsewhere.parquet");
    struct lake_adopt_result result;
    struct lake_error err;
    char moved[2 * LIMIT_PATH_BYTES];
    if (adopt(&options, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(result.rows_new, 100);
    assert_int_equal(result.rows_changed + result.rows_equal, 0);
    assert_true(result.file_id > 0 && result.snapshot > 0);
    assert_int_equal(access(path, F_OK), -1);
    (void)snprintf(moved, sizeof moved, "%s/.lake/%s", fixture->root, result.moved_to);
    assert_int_equal(access(moved, F_OK), 0);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, "data", ".parquet"), 1);
    size_t n = 0;
    struct bar *found = read_bars(fixture->lake, "BTCUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, 100);
    assert_bars_equal(found, bars_from(DAY_2024, 100), 100);
    free(found);
}

/* Their directories name a set and a version where those of bars name type and period. */
static void test_directories_of_features_name_no_dataset(void **state)
{
    (void)state;
    const char *path = stranger_file("features/TEST/FUTURES/BTCUSDT/alpha/1.0/2024", 0, 100);
    struct lake_adopt_options options = adopt_options(path);
    options.dataset.type = "raw";
    options.dataset.period = "1m";
    refuse(&options, LAKE_INVALID_ARGUMENT, "--exchange");
    assert_int_equal(access(path, F_OK), 0);
}

/* What a crash between commit and move leaves. */
static void test_adopting_again_moves_the_file(void **state)
{
    (void)state;
    struct lake_adopt_result result;
    struct lake_error err;
    struct put_table table = bar_table(0, 100);
    struct lake_put_options put = put_options();
    (void)put_well(&table, &put);
    const char *path = stranger_file("TEST/FUTURES/BTCUSDT/raw/1m/2024/01/01", 0, 100);
    struct lake_adopt_options options = adopt_options(path);
    assert_int_equal(adopt(&options, &result, &err), LAKE_OK);
    assert_int_equal(result.rows_equal, 100);
    assert_int_equal(result.snapshot, 0);
    assert_true(result.file_id > 0);
    assert_string_not_equal(result.moved_to, "");
    assert_int_equal(count_problems(fixture->lake), 0);
}

static void test_a_file_of_the_lake_is_found(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 2000);
    struct lake_put_options put = put_options();
    struct lake_adopt_result result;
    struct lake_error err;
    (void)put_well(&table, &put);
    const char *path = strstr(first_file(fixture), "/data/") + sizeof "/data";
    struct lake_adopt_options options = adopt_options(path);
    assert_int_equal(adopt(&options, &result, &err), LAKE_OK);
    assert_int_equal(result.rows_new, 0);
    assert_true(result.rows_equal == 1440 || result.rows_equal == 560);
    assert_string_equal(result.moved_to, "");
    assert_int_equal(result.snapshot, 0);
    assert_true(result.file_id > 0);
    options.dataset.symbol = "ETHUSDT";
    refuse(&options, LAKE_INVALID_ARGUMENT, "is the lake's, of TEST/FUTURES/BTCUSDT/raw/1m");
    options.dataset.symbol = "btc/usdt";
    options.sha256 = "00000000000000000000000000000000000000000000000000000000000000ff";
    refuse(&options, LAKE_CORRUPT, "sha256 is ");
    options.sha256 = "ff";
    refuse(&options, LAKE_INVALID_ARGUMENT, "is not 64 hexadecimal digits");
}

/* Between a commit and its moves, superseded files are still in the tree: their rows are not news. */
static void test_a_superseded_file_is_no_strangers(void **state)
{
    (void)state;
    struct put_table table = bar_table(0, 100);
    struct lake_put_options put = put_options();
    char path[2 * FIXTURE_PATH_BYTES], command[8 * FIXTURE_PATH_BYTES];
    (void)put_well(&table, &put);
    (void)snprintf(path, sizeof path, "%s", first_file(fixture));
    (void)snprintf(command, sizeof command, "cp '%s' '%s/superseded'", path, fixture->root);
    assert_int_equal(system(command), 0);
    table = bar_table(0, 101);
    (void)put_well(&table, &put);
    (void)snprintf(command, sizeof command, "mv '%s/superseded' '%s'", fixture->root, path);
    assert_int_equal(system(command), 0);
    struct lake_adopt_options options = adopt_options(path);
    refuse(&options, LAKE_BUSY, "is the lake's, and was superseded");
    assert_int_equal(access(path, F_OK), 0);
}

static void test_the_digest_of_a_stranger_is_checked(void **state)
{
    (void)state;
    const char *path = stranger_file("TEST/FUTURES/BTCUSDT/raw/1m/2024/01/01", 0, 10);
    struct lake_adopt_options options = adopt_options(path);
    char command[8 * FIXTURE_PATH_BYTES], digest[65] = "";
    struct lake_adopt_result result;
    struct lake_error err;
    options.sha256 = "00000000000000000000000000000000000000000000000000000000000000ff";
    refuse(&options, LAKE_CORRUPT, "sha256 is ");
    assert_int_equal(access(path, F_OK), 0);
    (void)snprintf(command, sizeof command, "sha256sum '%s'", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(digest, 1, 64, pipe), 64);
    (void)pclose(pipe);
    options.sha256 = digest;
    assert_int_equal(adopt(&options, &result, &err), LAKE_OK);
    assert_int_equal(result.rows_new, 10);
}

static void test_what_is_given_counts_more_than_the_path(void **state)
{
    (void)state;
    const char *path = stranger_file("incoming", 0, 10);
    struct lake_adopt_options options = adopt_options(path);
    struct lake_adopt_result result;
    struct lake_error err;
    refuse(&options, LAKE_INVALID_ARGUMENT, "exchange");
    assert_int_equal(access(path, F_OK), 0);
    options.dataset = (struct lake_selection){.exchange = "test", .symbol = "ETH/USDT", .period = "1m"};
    assert_int_equal(adopt(&options, &result, &err), LAKE_OK);
    size_t n = 0;
    free(read_bars(fixture->lake, "ETHUSDT", DAY_2024, DAY_2024 + MS_PER_DAY, &n));
    assert_int_equal(n, 10);
}

static void test_what_cannot_be_adopted(void **state)
{
    (void)state;
    char outside[2 * FIXTURE_PATH_BYTES], link_path[2 * FIXTURE_PATH_BYTES], text[2 * FIXTURE_PATH_BYTES];
    struct put_table table = bar_table(0, 10);
    struct lake_put_options put = put_options();
    (void)put_well(&table, &put);
    struct lake_adopt_options options = adopt_options("TEST/nothing.parquet");
    refuse(&options, LAKE_NOT_FOUND, "there is no such file");
    options.path = "";
    refuse(&options, LAKE_INVALID_ARGUMENT, "the path of the file is needed");
    options.path = "TEST";
    refuse(&options, LAKE_INVALID_ARGUMENT, "is no file");
    (void)snprintf(outside, sizeof outside, "%s/outside.parquet", fixture->root);
    (void)write_source("outside.parquet", "PAR1");
    options.path = outside;
    refuse(&options, LAKE_INVALID_ARGUMENT, "does not lie below the data root");
    options.path = "../outside.parquet";
    refuse(&options, LAKE_INVALID_ARGUMENT, "does not lie below the data root");
    (void)snprintf(link_path, sizeof link_path, "%s/data/TEST/link.parquet", fixture->root);
    assert_int_equal(symlink(outside, link_path), 0);
    options.path = link_path;
    refuse(&options, LAKE_INVALID_ARGUMENT, "does not lie below the data root");
    (void)write_source("data/TEST/text.parquet", "ts,open\n1,2\n");
    (void)snprintf(text, sizeof text, "%s/data/TEST/text.parquet", fixture->root);
    options.path = text;
    options.dataset = (struct lake_selection){.exchange = "test", .symbol = "X", .period = "1m"};
    refuse(&options, LAKE_INVALID_DATA, "text.parquet");
    assert_int_equal(access(text, F_OK), 0);
    options.size = 1;
    refuse(&options, LAKE_INVALID_ARGUMENT, "unknown size");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, ingest_set_up, ingest_tear_down)
        TEST(test_a_strangers_rows_are_taken_in),           TEST(test_directories_of_features_name_no_dataset),
        TEST(test_adopting_again_moves_the_file),           TEST(test_a_file_of_the_lake_is_found),
        TEST(test_a_superseded_file_is_no_strangers),       TEST(test_the_digest_of_a_stranger_is_checked),
        TEST(test_what_is_given_counts_more_than_the_path), TEST(test_what_cannot_be_adopted),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
