/* Snapshots, names, the log, pages of lists, sizes and expiry, one promise of history.h at a time. test_history_model.c has the
 * random histories. */
#include "manifest/history.h"

#include <stdio.h>
#include <string.h>

#include "unit/manifest/fixture.h"

/* A day's file of a dataset, with its content. */
static int64_t add_day(struct fixture *f, struct write write, int64_t dataset, int64_t day, const char *path)
{
    struct manifest_file file = fixture_file(dataset, write, day, 1, path);
    struct manifest_content content = fixture_content(dataset, write, day, (int)write.snapshot);
    must(f, manifest_add_file(f->manifest, &file, NULL, &f->err));
    must(f, manifest_put_content(f->manifest, &content, write.snapshot, &f->err));
    return file.id;
}

static void retire_lost(struct fixture *f, struct write write, int64_t file_id, int64_t retired_ms, int64_t rows_lost)
{
    char state_path[40];
    snprintf(state_path, sizeof state_path, "history/%d", (int)file_id);
    const struct manifest_retirement retirement = {file_id, write.snapshot, retired_ms, rows_lost, state_path};
    must(f, manifest_retire_file(f->manifest, &retirement, &f->err));
    must(f, manifest_clear_outstanding(f->manifest, file_id, &f->err));
}

/* A dataset whose one day is written anew at each time, losing `rows_lost` rows each time; snapshot i at times[i - 1]. */
static int64_t write_over(struct fixture *f, const int64_t *times, size_t n, int64_t rows_lost)
{
    int64_t dataset = 0, before = 0;
    for (size_t i = 0; i < n; i++) {
        char path[24];
        snprintf(path, sizeof path, "file-%d", (int)i + 1);
        struct write write = fixture_begin(f, times[i]);
        dataset = fixture_dataset(f, "BTCUSDT", "1m");
        if (before != 0)
            retire_lost(f, write, before, times[i], rows_lost);
        before = add_day(f, write, dataset, 3, path);
        fixture_commit(f);
    }
    return dataset;
}

/* ---- snapshots ---- */

static void expect_at(struct fixture *f, int64_t ms, int64_t expected)
{
    int64_t snapshot = -1;
    must(f, manifest_find_snapshot_at(f->manifest, ms, &snapshot, &f->err));
    assert_int_equal(snapshot, expected);
}

static void test_a_snapshot_is_found_by_its_time(void **state)
{
    struct fixture *f = *state;
    static const int64_t times[] = {1000, 2000, 2000, 5000};
    struct manifest_snapshots known;
    expect_at(f, 1000, 0);
    must(f, manifest_find_snapshots(f->manifest, &known, &f->err));
    assert_true(known.first == 0 && known.last == 0);
    write_over(f, times, 4, 1);
    expect_at(f, 999, 0);
    expect_at(f, 1000, 1);
    expect_at(f, 1999, 1);
    expect_at(f, 2000, 3); /* of two at one time, the last */
    expect_at(f, 4999, 3);
    expect_at(f, 5000, 4);
    expect_at(f, INT64_MAX, 4);
    expect_at(f, INT64_MIN, 0);
    must(f, manifest_find_snapshots(f->manifest, &known, &f->err));
    assert_true(known.first == 1 && known.last == 4 && known.first_ms == 1000 && known.last_ms == 5000);
}

static void test_time_never_falls(void **state)
{
    struct fixture *f = *state;
    struct manifest_operation operation = {.kind = "ingest", .source = "", .finished_ms = 400, .software = ""};
    int64_t snapshot = 0;
    fixture_begin(f, 1000);
    fixture_commit(f);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_add_operation(f->manifest, &operation, &snapshot, &f->err));
    fixture_commit(f);
    assert_int_equal(operation.finished_ms, 1000);
    expect_at(f, 999, 0);
    expect_at(f, 1000, 2);
    assert_int_equal(query_int64(f, "SELECT min(finished_ms) FROM operations"), 1000);
}

/* ---- names ---- */

static void test_names(void **state)
{
    struct fixture *f = *state;
    static const int64_t times[] = {1000, 2000};
    struct manifest_name *names = NULL;
    int64_t snapshot = 0;
    size_t n = 0;
    write_over(f, times, 2, 1);
    expect_status(f, LAKE_INVALID_STATE, manifest_put_name(f->manifest, "a", 1, 3000, &f->err));
    expect_status(f, LAKE_INVALID_STATE, manifest_remove_name(f->manifest, "a", &f->err));
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_put_name(f->manifest, "q1", 1, 3000, &f->err));
    must(f, manifest_put_name(f->manifest, "also-q1", 1, 3001, &f->err));
    must(f, manifest_put_name(f->manifest, "q1", 1, 9999, &f->err)); /* again: nothing changes */
    expect_status(f, LAKE_EXISTS, manifest_put_name(f->manifest, "q1", 2, 3000, &f->err));
    assert_non_null(strstr(f->err.message, "'q1' is the name of snapshot 1"));
    expect_status(f, LAKE_NOT_FOUND, manifest_put_name(f->manifest, "x", 3, 3000, &f->err));
    expect_status(f, LAKE_NOT_FOUND, manifest_put_name(f->manifest, "x", 0, 3000, &f->err));
    expect_status(f, LAKE_NOT_FOUND, manifest_remove_name(f->manifest, "x", &f->err));
    fixture_commit(f);
    must(f, manifest_list_names(f->manifest, &f->arena, &names, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(names[0].name, "also-q1");
    assert_string_equal(names[1].name, "q1");
    assert_true(names[1].snapshot == 1 && names[1].committed_ms == 1000 && names[1].named_ms == 3000);
    must(f, manifest_find_name(f->manifest, "q1", &snapshot, &f->err));
    assert_int_equal(snapshot, 1);
    must(f, manifest_find_name(f->manifest, "Q1", &snapshot, &f->err));
    assert_int_equal(snapshot, 0);
}

/* ---- pages ---- */

static void test_pages_of_totals_are_the_whole_list(void **state)
{
    static const char *const symbols[] = {"B", "A", "C", "E", "D"};
    static const struct manifest_filter everything = {NULL, NULL, NULL, NULL, NULL};
    struct fixture *f = *state;
    struct manifest_totals *all = NULL, *page = NULL;
    size_t n_all = 0, n = 0, seen = 0;
    struct manifest_page next = {NULL, 2};
    fixture_begin(f, 1);
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        fixture_dataset(f, symbols[i], "1m");
        fixture_dataset(f, symbols[i], "15m");
    }
    fixture_commit(f);
    must(f, manifest_list_totals(f->manifest, &everything, NULL, &f->arena, &all, &n_all, &f->err));
    assert_int_equal(n_all, 10);
    for (;;) {
        must(f, manifest_list_totals(f->manifest, &everything, &next, &f->arena, &page, &n, &f->err));
        for (size_t i = 0; i < n; i++, seen++) {
            assert_string_equal(page[i].dataset.symbol, all[seen].dataset.symbol);
            assert_string_equal(page[i].dataset.period, all[seen].dataset.period);
        }
        if (n == 0)
            break;
        assert_int_equal(n, 2);
        next.after = &page[n - 1].dataset;
    }
    assert_int_equal(seen, 10);
    /* one that is not there has its place all the same, and a filter keeps */
    const struct manifest_dataset between = {0, "BINANCE", "SPOT", "BB", "raw", "1m"};
    const struct manifest_filter minutes = {NULL, NULL, NULL, NULL, "1m"};
    const struct manifest_filter of_symbol = {"BINANCE", NULL, "C", NULL, NULL};
    next = (struct manifest_page){&between, 1};
    must(f, manifest_list_totals(f->manifest, &minutes, &next, &f->arena, &page, &n, &f->err));
    assert_true(n == 1 && strcmp(page[0].dataset.symbol, "C") == 0 && strcmp(page[0].dataset.period, "1m") == 0);
    must(f, manifest_list_totals(f->manifest, &of_symbol, &next, &f->arena, &page, &n, &f->err));
    assert_true(n == 1 && strcmp(page[0].dataset.period, "15m") == 0);
}

static void test_files_are_walked_through_in_steps(void **state)
{
    struct fixture *f = *state;
    struct manifest_file *files = NULL;
    size_t n = 0;
    struct write write = fixture_begin(f, 1);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m"), other = fixture_dataset(f, "BTCUSDT", "5m");
    int64_t retired = add_day(f, write, dataset, -1, "a");
    for (int64_t day = 0; day < 5; day++)
        add_day(f, write, dataset, day, "b");
    add_day(f, write, other, 2, "c");
    retire_lost(f, write, retired, 1, 1);
    fixture_commit(f);
    must(f, manifest_next_files(f->manifest, dataset, INT64_MIN, 3, &f->arena, &files, &n, &f->err));
    assert_int_equal(n, 3);
    assert_int_equal(files[0].partition_start_ms, 0);
    must(f, manifest_next_files(f->manifest, dataset, files[2].partition_start_ms, 3, &f->arena, &files, &n, &f->err));
    assert_int_equal(n, 2);
    assert_int_equal(files[1].partition_start_ms, 4 * DAY_MS);
    must(f, manifest_next_files(f->manifest, dataset, files[1].partition_start_ms, 3, &f->arena, &files, &n, &f->err));
    assert_int_equal(n, 0);
}

/* ---- as of ---- */

static void test_columns_and_totals_as_of(void **state)
{
    static const struct manifest_filter everything = {NULL, NULL, NULL, NULL, NULL};
    struct fixture *f = *state;
    struct manifest_column *columns = NULL;
    struct manifest_totals *totals = NULL;
    struct manifest_column ts = {"ts", 6, 0}, extra = {"extra", 5, 0};
    size_t n = 0;
    struct write one = fixture_begin(f, 1000);
    int64_t dataset = fixture_dataset(f, "BTCUSDT", "1m");
    must(f, manifest_add_column(f->manifest, dataset, &ts, one.snapshot, &f->err));
    int64_t first = add_day(f, one, dataset, 1, "a");
    fixture_commit(f);
    struct write two = fixture_begin(f, 2000);
    must(f, manifest_add_column(f->manifest, dataset, &extra, two.snapshot, &f->err));
    retire_lost(f, two, first, 2000, 0);
    add_day(f, two, dataset, 1, "b");
    add_day(f, two, dataset, 5, "c");
    add_day(f, two, fixture_dataset(f, "ETHUSDT", "1m"), 1, "d");
    fixture_commit(f);
    must(f, manifest_find_columns_at(f->manifest, dataset, 1, &f->arena, &columns, &n, &f->err));
    assert_true(n == 1 && strcmp(columns[0].name, "ts") == 0);
    must(f, manifest_find_columns_at(f->manifest, dataset, 2, &f->arena, &columns, &n, &f->err));
    assert_int_equal(n, 2);
    must(f, manifest_list_totals_at(f->manifest, &everything, 1, &f->arena, &totals, &n, &f->err));
    assert_int_equal(n, 1);
    assert_string_equal(totals[0].dataset.symbol, "BTCUSDT");
    assert_true(totals[0].n_files == 1 && totals[0].n_rows == 1440 && totals[0].size_bytes == 48000);
    assert_true(totals[0].n_days == 1 && totals[0].last_change_ms == 1000 && totals[0].history_files == 0);
    assert_int_equal(totals[0].time_from_ms, DAY_MS + 60000);
    must(f, manifest_list_totals_at(f->manifest, &everything, 2, &f->arena, &totals, &n, &f->err));
    assert_int_equal(n, 2);
    assert_true(totals[0].n_files == 2 && totals[0].n_days == 2 && totals[0].last_change_ms == 2000);
    assert_int_equal(totals[0].time_to_ms, 6 * DAY_MS - 60000);
    must(f, manifest_list_totals(f->manifest, &everything, NULL, &f->arena, &totals, &n, &f->err));
    assert_true(totals[0].history_files == 1 && totals[0].history_bytes == 48000);
}

/* Finds all that may go and lets it go; the number of files. */
static size_t expire(struct fixture *f, const struct manifest_expiry *expiry)
{
    struct manifest_file *files = NULL;
    char state_path[40];
    size_t n = 0;
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_find_expired(f->manifest, expiry, &f->arena, &files, &n, &f->err));
    for (size_t i = 0; i < n; i++) {
        snprintf(state_path, sizeof state_path, "history/%d", (int)files[i].id);
        must(f, manifest_expire_file(f->manifest, &files[i], state_path, &f->err));
    }
    fixture_commit(f);
    return n;
}

static void test_what_has_expired_is_refused_by_day_and_snapshot(void **state)
{
    static const int64_t times[] = {1000, 2000, 3000, 4000};
    static const struct manifest_filter everything = {NULL, NULL, NULL, NULL, NULL};
    const struct manifest_expiry expiry = {.changed_before_ms = 3001, .needed_snapshot = 4, .limit = 10};
    struct fixture *f = *state;
    struct manifest_file *files = NULL;
    struct manifest_totals *totals = NULL;
    size_t n = 0;
    int64_t dataset = write_over(f, times, 4, 5);
    assert_int_equal(expire(f, &expiry), 2);
    for (int64_t s = 1; s <= 2; s++) {
        expect_status(f, LAKE_NOT_FOUND,
                      manifest_find_files_at(f->manifest, dataset, 0, INT64_MAX, s, &f->arena, &files, &n, &f->err));
        assert_non_null(strstr(f->err.message, "on 1970-01-04 has expired; the first that can be read there is 3"));
        expect_status(f, LAKE_NOT_FOUND,
                      manifest_list_totals_at(f->manifest, &everything, s, &f->arena, &totals, &n, &f->err));
        assert_non_null(strstr(f->err.message, "BINANCE SPOT BTCUSDT raw 1m: "));
        /* beside it, all can be read */
        must(f, manifest_find_files_at(f->manifest, dataset, 0, 3 * DAY_MS, s, &f->arena, &files, &n, &f->err));
        assert_int_equal(n, 0);
    }
    must(f, manifest_find_files_at(f->manifest, dataset, 0, INT64_MAX, 3, &f->arena, &files, &n, &f->err));
    assert_true(n == 1 && files[0].rows_lost == 5 && files[0].retired_ms == 4000);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM expired"), 1); /* one mark for both */
    assert_int_equal(query_int64(f, "SELECT count(*) FROM contents WHERE retired <> 0"), 1);
}

/* ---- expiry ---- */

static size_t n_expirable(struct fixture *f, const struct manifest_expiry *expiry)
{
    struct manifest_file *files = NULL;
    size_t n = 0;
    must(f, manifest_find_expired(f->manifest, expiry, &f->arena, &files, &n, &f->err));
    for (size_t i = 1; i < n; i++)
        assert_true(files[i - 1].retired <= files[i].retired);
    return n;
}

static void test_age_is_past_its_time_not_at_it(void **state)
{
    static const int64_t times[] = {1000, 2000, 3000};
    struct fixture *f = *state;
    struct manifest_expiry expiry = {.changed_before_ms = 2000, .needed_snapshot = 3, .limit = 10};
    write_over(f, times, 3, 1);
    assert_int_equal(n_expirable(f, &expiry), 0);
    expiry.changed_before_ms = 2001;
    assert_int_equal(n_expirable(f, &expiry), 1);
    expiry.unchanged_before_ms = INT64_MAX; /* of the other class there is none */
    assert_int_equal(n_expirable(f, &expiry), 1);
    expiry.changed_before_ms = INT64_MAX;
    assert_int_equal(n_expirable(f, &expiry), 2);
    expiry.limit = 1;
    assert_int_equal(n_expirable(f, &expiry), 1);
    expiry.limit = 10;
    expiry.needed_snapshot = 2; /* a scan of it needs what was retired in 3 */
    assert_int_equal(n_expirable(f, &expiry), 1);
    expiry.needed_snapshot = 1;
    assert_int_equal(n_expirable(f, &expiry), 0);
}

static void test_unchanged_history_beyond_its_bytes_goes_oldest_first(void **state)
{
    static const int64_t times[] = {1000, 2000, 3000, 4000, 5000};
    struct fixture *f = *state;
    struct manifest_expiry expiry = {.unchanged_bytes = 4 * 48000, .needed_snapshot = 5, .limit = 10};
    struct manifest_sizes sizes;
    write_over(f, times, 5, 0);
    must(f, manifest_find_sizes(f->manifest, &sizes, &f->err));
    assert_true(sizes.live_files == 1 && sizes.live_bytes == 48000 && sizes.changed_files == 0);
    assert_true(sizes.unchanged_files == 4 && sizes.unchanged_bytes == 4 * 48000);
    assert_int_equal(n_expirable(f, &expiry), 0);
    expiry.unchanged_bytes = 4 * 48000 - 1;
    assert_int_equal(n_expirable(f, &expiry), 1);
    expiry.unchanged_bytes = 2 * 48000;
    assert_int_equal(n_expirable(f, &expiry), 2);
    expiry.unchanged_before_ms = 4001; /* age and bytes together: three are old */
    assert_int_equal(n_expirable(f, &expiry), 3);
    assert_int_equal(expire(f, &expiry), 3);
    must(f, manifest_find_sizes(f->manifest, &sizes, &f->err));
    assert_true(sizes.unchanged_files == 1 && sizes.unchanged_bytes == 48000);
}

static void test_a_name_keeps_what_it_needs_and_that_counts_against_nobody(void **state)
{
    static const int64_t times[] = {1000, 2000, 3000, 4000};
    const struct manifest_expiry all = {
        .changed_before_ms = INT64_MAX, .unchanged_before_ms = INT64_MAX, .needed_snapshot = INT64_MAX, .limit = 10};
    const struct manifest_expiry by_bytes = {.unchanged_bytes = 2 * 48000, .needed_snapshot = 9, .limit = 10};
    struct fixture *f = *state;
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t dataset = write_over(f, times, 4, 0);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_put_name(f->manifest, "kept", 2, 5000, &f->err));
    must(f, manifest_put_name(f->manifest, "live", 4, 5000, &f->err));
    fixture_commit(f);
    assert_int_equal(n_expirable(f, &by_bytes), 0); /* three superseded, one of them named */
    /* what is live in a named snapshot stays when it is superseded later */
    struct write write = fixture_begin(f, 6000);
    retire_lost(f, write, 4, 6000, 3);
    add_day(f, write, dataset, 3, "later");
    fixture_commit(f);
    assert_int_equal(expire(f, &all), 2);
    must(f, manifest_find_files_at(f->manifest, dataset, 0, INT64_MAX, 2, &f->arena, &files, &n, &f->err));
    assert_int_equal(n, 1);
    must(f, manifest_begin(f->manifest, &f->err));
    expect_status(f, LAKE_CONFLICT, manifest_expire_file(f->manifest, &files[0], NULL, &f->err));
    must(f, manifest_remove_name(f->manifest, "kept", &f->err));
    fixture_commit(f);
    assert_int_equal(n_expirable(f, &all), 1);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_remove_name(f->manifest, "live", &f->err));
    fixture_commit(f);
    assert_int_equal(expire(f, &all), 2);
}

static void test_live_and_outstanding_files_never_expire(void **state)
{
    static const int64_t times[] = {1000};
    const struct manifest_expiry all = {
        .changed_before_ms = INT64_MAX, .unchanged_before_ms = INT64_MAX, .needed_snapshot = INT64_MAX, .limit = 10};
    struct fixture *f = *state;
    struct manifest_file *files = NULL;
    size_t n = 0;
    int64_t dataset = write_over(f, times, 1, 1);
    must(f, manifest_next_files(f->manifest, dataset, INT64_MIN, 10, &f->arena, &files, &n, &f->err));
    assert_int_equal(n, 1);
    must(f, manifest_begin(f->manifest, &f->err));
    expect_status(f, LAKE_CONFLICT, manifest_expire_file(f->manifest, &files[0], NULL, &f->err));
    fixture_commit(f);
    struct write write = fixture_begin(f, 2000);
    must(f, retire(f, files[0].id, write.snapshot, "history/1"));
    fixture_commit(f);
    assert_int_equal(n_expirable(f, &all), 0);
    must(f, manifest_begin(f->manifest, &f->err));
    expect_status(f, LAKE_CONFLICT, manifest_expire_file(f->manifest, &files[0], NULL, &f->err));
    must(f, manifest_clear_outstanding(f->manifest, files[0].id, &f->err));
    fixture_commit(f);
    assert_int_equal(n_expirable(f, &all), 1);
}

static void test_removals_stand_until_they_are_cleared(void **state)
{
    static const int64_t times[] = {1000, 2000, 3000};
    const struct manifest_expiry first = {.changed_before_ms = 2001, .needed_snapshot = 3, .limit = 10};
    struct fixture *f = *state;
    const char **removals = NULL;
    size_t n = 0;
    bool known = false;
    write_over(f, times, 3, 1);
    must(f, manifest_knows_state_path(f->manifest, "history/1", &known, &f->err));
    assert_true(known); /* of a superseded file */
    assert_int_equal(expire(f, &first), 1);
    must(f, manifest_find_removals(f->manifest, &f->arena, &removals, &n, &f->err));
    assert_true(n == 1 && strcmp(removals[0], "history/1") == 0);
    must(f, manifest_knows_state_path(f->manifest, "history/1", &known, &f->err));
    assert_true(known); /* of a removal */
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_clear_removal(f->manifest, "history/1", &f->err));
    fixture_commit(f);
    must(f, manifest_find_removals(f->manifest, &f->arena, &removals, &n, &f->err));
    assert_int_equal(n, 0);
    must(f, manifest_knows_state_path(f->manifest, "history/1", &known, &f->err));
    assert_false(known);
    must(f, manifest_knows_state_path(f->manifest, "history/2", &known, &f->err));
    assert_true(known);
    must(f, manifest_begin(f->manifest, &f->err));
    struct manifest_file stray = {.id = 2};
    expect_status(f, LAKE_INVALID_ARGUMENT, manifest_expire_file(f->manifest, &stray, "../x", &f->err));
    fixture_commit(f);
}

/* ---- the log ---- */

static void add_operation(struct fixture *f, struct manifest_operation *operation, int64_t *snapshot)
{
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_add_operation(f->manifest, operation, snapshot, &f->err));
}

static void make_log(struct fixture *f)
{
    const uint8_t sha256[SHA256_BYTES] = {7};
    const struct manifest_source second = {"b.csv", 9, sha256};
    struct manifest_operation ingest = {.kind = "ingest",
                                        .source = "a.csv",
                                        .source_bytes = 5,
                                        .rows_read = 10,
                                        .rows_written = 8,
                                        .rows_rejected = 2,
                                        .started_ms = 900,
                                        .finished_ms = 1000,
                                        .software = "dl 1"};
    struct manifest_operation delete = {.kind = "delete",
                                        .rows_removed = 1440,
                                        .started_ms = 1900,
                                        .finished_ms = 2000,
                                        .software = "dl 1",
                                        .detail = "BTCUSDT, 1970-01-04"};
    struct manifest_operation undo = {
        .kind = "undo", .started_ms = 2900, .finished_ms = 3000, .software = "dl 1", .undoes = 2};
    struct manifest_content none = {.day = 3};
    int64_t snapshot = 0;
    add_operation(f, &ingest, &snapshot);
    must(f, manifest_add_source(f->manifest, ingest.id, &second, &f->err));
    struct write write = {ingest.id, snapshot};
    none.dataset_id = fixture_dataset(f, "BTCUSDT", "1m");
    add_day(f, write, none.dataset_id, 3, "a");
    add_day(f, write, none.dataset_id, 4, "a");
    add_day(f, write, fixture_dataset(f, "ETHUSDT", "1m"), 3, "b");
    must(f, manifest_put_name(f->manifest, "z", 1, 1, &f->err));
    must(f, manifest_put_name(f->manifest, "a", 1, 1, &f->err));
    fixture_commit(f);
    add_operation(f, &delete, &snapshot);
    write = (struct write){delete.id, snapshot};
    retire_lost(f, write, 1, 2000, 1440);
    none.operation_id = delete.id;
    must(f, manifest_put_content(f->manifest, &none, snapshot, &f->err));
    fixture_commit(f);
    add_operation(f, &undo, &snapshot);
    write = (struct write){undo.id, snapshot};
    add_day(f, write, none.dataset_id, 3, "c");
    fixture_commit(f);
}

static void test_the_log_tells_what_was_done(void **state)
{
    struct fixture *f = *state;
    struct manifest_log_query all = {{NULL, NULL, NULL, NULL, NULL}, 0, 0};
    struct manifest_log_entry *log = NULL, one;
    size_t n = 0;
    make_log(f);
    must(f, manifest_list_log(f->manifest, &all, &f->arena, &log, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(log[0].snapshot == 3 && log[0].operation.undoes == 2 && log[0].undone_by == 0);
    assert_true(log[1].snapshot == 2 && log[1].undone_by == 3 && log[1].operation.rows_removed == 1440);
    assert_string_equal(log[1].operation.detail, "BTCUSDT, 1970-01-04");
    assert_string_equal(log[1].operation.source, "");
    assert_string_equal(log[1].names, "");
    assert_int_equal(log[1].n_sources, 0);
    must(f, manifest_find_log_entry(f->manifest, 1, &f->arena, &one, &f->err));
    assert_string_equal(one.operation.kind, "ingest");
    assert_string_equal(one.operation.source, "a.csv");
    assert_true(one.operation.source_bytes == 5 && !one.operation.has_source_sha256 && one.n_sources == 2);
    assert_true(one.operation.rows_read == 10 && one.operation.rows_written == 8 && one.operation.rows_rejected == 2);
    assert_true(one.operation.started_ms == 900 && one.operation.finished_ms == 1000 && one.operation.n_days == 3);
    assert_string_equal(one.operation.software, "dl 1");
    assert_string_equal(one.operation.detail, "");
    assert_string_equal(one.names, "a, z");
    assert_int_equal(one.n_datasets, 2);
    assert_string_equal(one.dataset.symbol, "BTCUSDT");
    expect_status(f, LAKE_NOT_FOUND, manifest_find_log_entry(f->manifest, 4, &f->arena, &one, &f->err));
}

static void test_the_log_of_a_dataset_and_its_pages(void **state)
{
    struct fixture *f = *state;
    struct manifest_log_query query = {{NULL, NULL, "ETHUSDT", NULL, NULL}, 0, 0};
    struct manifest_log_entry *log = NULL;
    size_t n = 0;
    make_log(f);
    must(f, manifest_list_log(f->manifest, &query, &f->arena, &log, &n, &f->err));
    assert_true(n == 1 && log[0].snapshot == 1);
    query = (struct manifest_log_query){{"BINANCE", NULL, "BTCUSDT", NULL, NULL}, 0, 1};
    must(f, manifest_list_log(f->manifest, &query, &f->arena, &log, &n, &f->err));
    assert_true(n == 1 && log[0].snapshot == 3);
    query.before = 3;
    must(f, manifest_list_log(f->manifest, &query, &f->arena, &log, &n, &f->err));
    assert_true(n == 1 && log[0].snapshot == 2);
    query.filter.symbol = "NONE";
    must(f, manifest_list_log(f->manifest, &query, &f->arena, &log, &n, &f->err));
    assert_int_equal(n, 0);
}

static void test_contents_of_a_snapshot(void **state)
{
    struct fixture *f = *state;
    struct manifest_content *contents = NULL;
    struct manifest_dataset dataset;
    size_t n = 0;
    make_log(f);
    must(f, manifest_find_contents_of(f->manifest, 1, &f->arena, &contents, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(contents[0].dataset_id == 1 && contents[0].day == 3 && contents[0].added == 1);
    assert_int_equal(contents[0].retired, 2); /* superseded, and still told of */
    assert_true(contents[1].day == 4 && contents[1].retired == 0 && contents[2].dataset_id == 2);
    must(f, manifest_find_contents_of(f->manifest, 2, &f->arena, &contents, &n, &f->err));
    assert_true(n == 1 && contents[0].n_rows == 0 && contents[0].retired == 3);
    must(f, manifest_get_dataset(f->manifest, 2, &f->arena, &dataset, &f->err));
    assert_string_equal(dataset.symbol, "ETHUSDT");
    expect_status(f, LAKE_NOT_FOUND, manifest_get_dataset(f->manifest, 3, &f->arena, &dataset, &f->err));
}

static void test_the_log_is_pruned_of_what_has_no_effect_left(void **state)
{
    static const int64_t times[] = {1000, 2000, 3000, 4000, 5000, 6000};
    const struct manifest_expiry most = {.changed_before_ms = 5001, .needed_snapshot = 6, .limit = 10};
    struct fixture *f = *state;
    struct manifest_log_query all = {{NULL, NULL, NULL, NULL, NULL}, 0, 0};
    struct manifest_log_entry *log = NULL;
    int64_t n_pruned = -1;
    size_t n = 0;
    write_over(f, times, 6, 1);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_prune_log(f->manifest, 0, 100, &n_pruned, &f->err));
    fixture_commit(f);
    assert_int_equal(n_pruned, 0); /* all have history */
    assert_int_equal(expire(f, &most), 4);
    must(f, manifest_begin(f->manifest, &f->err));
    must(f, manifest_prune_log(f->manifest, 4, 100, &n_pruned, &f->err));
    assert_int_equal(n_pruned, 0); /* 1 to 4: as many as are kept */
    must(f, manifest_prune_log(f->manifest, 2, 1, &n_pruned, &f->err));
    assert_int_equal(n_pruned, 1);
    must(f, manifest_prune_log(f->manifest, 0, 100, &n_pruned, &f->err));
    assert_int_equal(n_pruned, 2);
    fixture_commit(f);
    must(f, manifest_list_log(f->manifest, &all, &f->arena, &log, &n, &f->err));
    assert_int_equal(n, 3);
    assert_true(log[0].snapshot == 6 && log[1].snapshot == 5 && log[2].snapshot == 1); /* the first one stays */
    assert_int_equal(query_int64(f, "SELECT count(*) FROM operations"), 3);
    assert_int_equal(query_int64(f, "SELECT count(*) FROM operation_datasets"), 3);
    expect_at(f, 3500, 4); /* between 1 and 5, of which nobody knows more */
    struct manifest_file *files = NULL;
    expect_status(f, LAKE_NOT_FOUND,
                  manifest_find_files_at(f->manifest, 1, 0, INT64_MAX, 4, &f->arena, &files, &n, &f->err));
    assert_non_null(strstr(f->err.message, "the first that can be read there is 5"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_a_snapshot_is_found_by_its_time),
        T(test_time_never_falls),
        T(test_names),
        T(test_pages_of_totals_are_the_whole_list),
        T(test_files_are_walked_through_in_steps),
        T(test_columns_and_totals_as_of),
        T(test_what_has_expired_is_refused_by_day_and_snapshot),
        T(test_age_is_past_its_time_not_at_it),
        T(test_unchanged_history_beyond_its_bytes_goes_oldest_first),
        T(test_a_name_keeps_what_it_needs_and_that_counts_against_nobody),
        T(test_live_and_outstanding_files_never_expire),
        T(test_removals_stand_until_they_are_cleared),
        T(test_the_log_tells_what_was_done),
        T(test_the_log_of_a_dataset_and_its_pages),
        T(test_contents_of_a_snapshot),
        T(test_the_log_is_pruned_of_what_has_no_effect_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
