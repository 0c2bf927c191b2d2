/* The view `manifest`, which people and other programs read: its columns are a promise. */
#include "unit/manifest/fixture.h"

#include <string.h>

#include "manifest/knowledge.h"

static void test_the_columns_of_the_view(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        query_int64(f, "SELECT group_concat(name, ' ') = 'id exchange market symbol path type time_from time_to"
                       " version checksum created_at metadata period rows bytes first_key last_key"
                       " operation_id' FROM pragma_table_info('manifest')"),
        1);
}

/* Three files: one superseded, its successor, and one before 1970 over two days. */
static void add_files(struct fixture *f)
{
    struct write write = fixture_begin(f, 5000);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    struct manifest_file old = fixture_file(dataset, write, 20, 1, "old");
    struct manifest_content content = fixture_content(dataset, write, 20, 1);
    must(f, manifest_add_file(f->manifest, &old, NULL, &f->err));
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    fixture_commit(f);

    write = fixture_begin(f, 6000);
    struct manifest_file live = fixture_file(dataset, write, 20, 1, "BINANCE/live.parquet");
    struct manifest_file early = fixture_file(dataset, write, -5, 2, "BINANCE/early.parquet");
    must(f, retire(f, old.id, write.snapshot, NULL));
    must(f, manifest_add_file(f->manifest, &live, NULL, &f->err));
    must(f, manifest_add_file(f->manifest, &early, NULL, &f->err));
    content = fixture_content(dataset, write, 20, 2);
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    fixture_commit(f);

    for (int seed = 1; seed < 6; seed++) { /* days outside of the early file have higher versions */
        write = fixture_begin(f, 7000);
        static const int64_t days[] = {-6, -5, -4, -3};
        static const int most[] = {5, 1, 3, 4};
        for (int i = 0; i < 4; i++) {
            content = fixture_content(dataset, write, days[i], seed < most[i] ? seed : most[i]);
            must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
        }
        fixture_commit(f);
    }
}

static void test_the_values_of_the_view(void **state)
{
    struct fixture *f = *state;
    add_files(f);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM manifest"), 2);
    assert_int_equal(
        query_int64(
            f,
            "SELECT count(*) FROM manifest WHERE path = 'BINANCE/live.parquet' AND id = 2 AND exchange = 'BINANCE' AND"
            " market = 'SPOT' AND symbol = 'BTCUSDT' AND type = 'raw' AND period = '1m' AND version = 2 AND"
            " time_from = 20 * 86400000 + 60000 AND time_to = 21 * 86400000 - 60000 AND created_at = 6000 AND"
            " metadata IS NULL AND rows = 1440 AND bytes = 48000 AND operation_id = 2 AND"
            " first_key = time_from AND last_key = time_to"),
        1);
    /* lower case, 64 digits: what sha256sum prints */
    assert_int_equal(
        query_int64(f, "SELECT checksum = replace(hex(zeroblob(32)), '00', '14') FROM manifest WHERE id = 2"), 1);
    assert_int_equal(query_int64(f, "SELECT version FROM manifest WHERE path = 'BINANCE/early.parquet'"), 3);
}

static void test_metadata_tells_what_derived_files_were_derived_from(void **state)
{
    struct fixture *f = *state;
    add_files(f);
    struct write write = fixture_begin(f, 9000);
    struct manifest_dataset bars = {0, "BINANCE", "SPOT", "BTCUSDT", "agg", "1h"};
    must(f, manifest_add_dataset(f->manifest, &bars, &f->err));
    struct manifest_file file = fixture_file(bars.id, write, 20, 3, "BINANCE/derived.parquet");
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    const struct manifest_derivation derivation = {bars.id, 1, "from \"1m\" \\", 1, 1};
    must(f, manifest_put_derivation(f->manifest, &derivation, &f->err));
    static const int64_t days[][3] = {{19, 19, 7}, {20, 20, 3}, {21, 20, 3}, {21, 21, 1}, {23, 23, 9}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        const struct manifest_lineage lineage = {bars.id, days[i][0], 1, days[i][1], days[i][2]};
        must(f, manifest_add_lineage(f->manifest, &lineage, &f->err));
    }
    fixture_commit(f);
    assert_int_equal(query_int64(f,
                                 "SELECT metadata = '{\"derived_from\": \"BINANCE SPOT BTCUSDT raw 1m\", \"recipe\":"
                                 " \"from \\\"1m\\\" \\\\\", \"contents\": [{\"day\": \"1970-01-21\", \"version\": 3},"
                                 " {\"day\": \"1970-01-22\", \"version\": 1}]}' FROM manifest WHERE type = 'agg'"),
                     1);
    assert_int_equal(query_int64(f, "SELECT json_valid(metadata) FROM manifest WHERE type = 'agg'"), 1);
    assert_int_equal(query_int64(f, "SELECT count(metadata) FROM manifest"), 1);
}

static void test_a_file_without_contents_has_no_version(void **state)
{
    struct fixture *f = *state;
    struct write write = fixture_begin(f, 1);
    struct manifest_file file = fixture_file(fixture_dataset(f, "BTCUSDT", "1m"), write, 1, 1, "a");
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    fixture_commit(f);
    assert_int_equal(query_int64(f, "SELECT version IS NULL FROM manifest"), 1);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_the_columns_of_the_view),
        T(test_the_values_of_the_view),
        T(test_metadata_tells_what_derived_files_were_derived_from),
        T(test_a_file_without_contents_has_no_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
