/* Versions of feature sets: uploaded once, read for ever. */
#include <datalake/features.h>
#include <datalake/history.h>
#include <datalake/maintenance.h>
#include <datalake/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "ingest/put.h"
#include "put_fixture.h"

/* ---- tables of features ---- */

enum { MOST_ROWS = 120000 };

/* Hours from 2024 on, with two columns. */
static int64_t ts[MOST_ROWS], ids[MOST_ROWS];
static double rsi[MOST_ROWS];
static struct put_field fields[4];

static struct put_table features_table(int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        ts[i] = DAY_2024 + (first + i) * MS_PER_HOUR;
        rsi[i] = 50 + (double)((first + i) * 7 % 100) / 3;
        ids[i] = first + i;
    }
    fields[0] = (struct put_field){.name = "ts", .format = "tsm:UTC", .values = ts};
    fields[1] = (struct put_field){.name = "rsi", .format = "g", .values = rsi};
    fields[2] = (struct put_field){.name = "id", .format = "l", .values = ids};
    return (struct put_table){.fields = fields, .n_fields = 3, .n_rows = n};
}

static struct lake_feature_options options_for(const char *set, const char *version)
{
    return (struct lake_feature_options){.size = sizeof(struct lake_feature_options),
                                         .instrument = {.exchange = "test", .symbol = "BTC/USDT"},
                                         .feature_set = set,
                                         .version = version};
}

static lake_status upload(struct put_table *table, const struct lake_feature_options *options,
                          struct lake_put_result *result, struct lake_error *err)
{
    struct ArrowArrayStream stream = put_stream(table);
    *result = (struct lake_put_result){.size = sizeof *result};
    lake_status status = lake_put_features(fixture->lake, options, &stream, result, err);
    assert_null(stream.release);
    assert_released(table);
    return status;
}

static struct lake_put_result upload_well(struct put_table table, const char *set, const char *version)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_put_result result;
    struct lake_feature_options options = options_for(set, version);
    if (upload(&table, &options, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    return result;
}

static void upload_badly_with(struct put_table table, const struct lake_feature_options *options, lake_status wanted,
                              const char *message)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_put_result result;
    int64_t n_files = count_files(fixture->lake);
    lake_status status = upload(&table, options, &result, &err);
    if (status != wanted || strstr(err.message, message) == NULL)
        fail_msg("%d '%s' is not %d '%s'", (int)status, err.message, (int)wanted, message);
    assert_int_equal(count_files(fixture->lake), n_files);
    assert_int_equal(count_paths(fixture, "data", NULL), n_files);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
}

static void upload_badly(struct put_table table, const char *set, const char *version, lake_status wanted,
                         const char *message)
{
    struct lake_feature_options options = options_for(set, version);
    upload_badly_with(table, &options, wanted, message);
}

/* ---- what is read ---- */

static int append_text(void *context, const void *bytes, size_t n)
{
    return buffer_append(context, bytes, n, NULL) == LAKE_OK ? 0 : 1;
}

static char *text_of(struct ArrowArrayStream *stream)
{
    struct buffer text = BUFFER_INIT(64 << 20);
    struct lake_error err = {LAKE_OK, ""};
    struct lake_write_options form = {.size = sizeof form, .format = LAKE_FORMAT_CSV};
    const char *string = NULL;
    if (lake_write_stream(stream, &form, (struct lake_sink){append_text, &text}, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(buffer_string(&text, &string, &err), LAKE_OK);
    char *copy = strdup(string);
    buffer_release(&text);
    return copy;
}

static lake_status read_period(const char *period, int64_t as_of, char **out, char chosen[PERIOD_BYTES],
                               struct lake_error *err)
{
    struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"TEST", NULL, "BTCUSDT", "feature", period}, .as_of = as_of};
    struct lake_scan *scan = NULL;
    struct ArrowArrayStream stream;
    bool was_chosen = false;
    lake_status status = lake_scan_open(fixture->lake, &options, &scan, err);
    if (status != LAKE_OK)
        return status;
    (void)snprintf(chosen, PERIOD_BYTES, "%s", lake_scan_dataset(scan, &was_chosen).period);
    assert_int_equal(was_chosen, period == NULL ? was_chosen : strchr(period, '@') == NULL);
    assert_int_equal(lake_scan_take_stream(scan, &stream, err), LAKE_OK);
    *out = text_of(&stream);
    return LAKE_OK;
}

static void assert_latest(const char *period, int64_t as_of, const char *wanted)
{
    struct lake_error err = {LAKE_OK, ""};
    char chosen[PERIOD_BYTES];
    char *text = NULL;
    if (read_period(period, as_of, &text, chosen, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_string_equal(chosen, wanted);
    free(text);
}

/* What is read back are the rows of that table, each and no more. */
static void assert_rows(const char *period, int64_t first, int64_t n)
{
    struct lake_error err = {LAKE_OK, ""};
    char chosen[PERIOD_BYTES];
    char *text = NULL;
    if (read_period(period, 0, &text, chosen, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    (void)features_table(first, n);
    assert_int_equal(strncmp(text, "ts,id,rsi\n", 10), 0);
    char *at = text + 10;
    for (int64_t i = 0; i < n; i++) {
        char time[CALENDAR_TEXT_BYTES];
        calendar_format_ms(ts[i], time);
        assert_int_equal(strncmp(at, time, strlen(time)), 0);
        at += strlen(time) + 1;
        assert_int_equal(strtoll(at, &at, 10), ids[i]);
        assert_true(strtod(at + 1, &at) == rsi[i]);
        at += *at == '\n';
    }
    assert_string_equal(at, "");
    free(text);
}

static struct lake_change_result delete_period(const char *period)
{
    struct lake_delete_options options = {.size = sizeof options,
                                          .selection = {"TEST", NULL, "BTCUSDT", "feature", period}};
    struct lake_change_result result = {.size = sizeof result};
    struct lake_error err = {LAKE_OK, ""};
    if (lake_delete(fixture->lake, &options, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(count_problems(fixture->lake), 0);
    return result;
}

static lake_status undo(int64_t snapshot, struct lake_error *err)
{
    struct lake_undo_options options = {.size = sizeof options, .snapshot = snapshot};
    struct lake_change_result result = {.size = sizeof result};
    return lake_undo(fixture->lake, &options, &result, err);
}

static char *list_text(const struct lake_feature_list_options *options)
{
    struct ArrowArrayStream stream;
    struct lake_error err = {LAKE_OK, ""};
    if (lake_list_features(fixture->lake, options, &stream, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return text_of(&stream);
}

/* ---- uploading ---- */

static void test_a_version_is_stored_and_read(void **state)
{
    char path[512];
    (void)state;
    struct lake_put_result result = upload_well(features_table(0, 1500), "alpha_v1", "1.0.1");
    assert_int_equal(result.rows_read, 1500);
    assert_int_equal(result.rows_new, 1500);
    assert_int_equal(result.files_written, 3); /* a month each */
    assert_true(result.snapshot > 0);
    assert_string_equal(result.dataset.type, "feature");
    assert_string_equal(result.dataset.period, "alpha_v1@1.0.1");
    assert_int_equal(count_paths(fixture, "data/features/TEST/FUTURES/BTCUSDT/alpha_v1/1.0.1/2024/01", ".parquet"), 1);
    assert_int_equal(count_paths(fixture, "data/features/TEST/FUTURES/BTCUSDT/alpha_v1/1.0.1/2024", ".parquet"), 3);
    (void)snprintf(path, sizeof path, "%s/data/features", fixture->root);
    assert_int_equal(access(path, F_OK), 0);
    assert_rows("alpha_v1@1.0.1", 0, 1500);
    assert_rows("alpha_v1", 0, 1500);
    assert_rows(NULL, 0, 1500);
}

static void test_the_same_rows_change_nothing(void **state)
{
    (void)state;
    upload_well(features_table(0, 1500), "alpha", "1");
    int64_t n_history = (int64_t)count_paths(fixture, ".lake/history", NULL);
    struct lake_put_result result = upload_well(features_table(0, 1500), "alpha", "1");
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(result.rows_equal, 1500);
    assert_int_equal(result.rows_new + result.rows_changed + result.days_changed + result.files_written, 0);
    assert_int_equal(count_paths(fixture, ".lake/history", NULL), n_history);
    assert_int_equal(count_files(fixture->lake), 3);
}

static void test_other_rows_are_refused(void **state)
{
    static const char message[] =
        "TEST/FUTURES/BTCUSDT/feature/alpha@1.0 is there with other rows (1500), and a version "
        "never changes: upload these as another; free is 1.2";
    static uint8_t validity[MOST_ROWS / 8 + 1];
    (void)state;
    upload_well(features_table(0, 1500), "alpha", "1.0");
    upload_well(features_table(0, 10), "alpha", "1.1");
    upload_badly(features_table(0, 1501), "alpha", "1.0", LAKE_EXISTS, message);
    upload_badly(features_table(0, 1499), "alpha", "1.0", LAKE_EXISTS, message);
    upload_badly(features_table(1, 1499), "alpha", "1.0", LAKE_EXISTS, message);
    upload_badly(features_table(0, 744), "alpha", "1.0", LAKE_EXISTS, message);    /* the first month */
    upload_badly(features_table(744, 696), "alpha", "1.0", LAKE_EXISTS, message);  /* one in the middle */
    upload_badly(features_table(20000, 10), "alpha", "1.0", LAKE_EXISTS, message); /* elsewhere */
    upload_badly(features_table(0, 20000), "alpha", "1.0", LAKE_EXISTS, message);  /* all of it and more months */
    struct put_table table = features_table(0, 1500);
    rsi[1499] += 1e-9;
    upload_badly(table, "alpha", "1.0", LAKE_EXISTS, message);
    table = features_table(0, 1500);
    table.n_fields = 2; /* a column less */
    upload_badly(table, "alpha", "1.0", LAKE_EXISTS, message);
    table = features_table(0, 1500);
    fields[3] = (struct put_field){.name = "more", .format = "g", .values = rsi};
    table.n_fields = 4;
    upload_badly(table, "alpha", "1.0", LAKE_EXISTS, message);
    table = features_table(0, 1500);
    memset(validity, 0xff, sizeof validity);
    validity[100] = 0xfe; /* a null where there is a value */
    fields[1].validity = validity;
    upload_badly(table, "alpha", "1.0", LAKE_EXISTS, message);
    assert_rows("alpha@1.0", 0, 1500);
    upload_well(features_table(0, 1499), "alpha", "1.2");
    upload_well(features_table(0, 1499), "beta", "1.0"); /* another set is another */
}

static void test_a_month_more_is_another_version(void **state)
{
    (void)state;
    upload_well(features_table(0, 744 + 696), "alpha", "1"); /* two months, whole */
    upload_badly(features_table(0, 744 + 696 + 1), "alpha", "1", LAKE_EXISTS, "free is 2");
    upload_badly(features_table(0, 744 + 696 + 744), "alpha", "1", LAKE_EXISTS, "free is 2");
    assert_rows("alpha@1", 0, 744 + 696);
}

/* What was staged and found the same stays what later rows are put to. */
static void test_rows_that_come_again_after_they_were_staged(void **state)
{
    const struct lake_selection dataset = {"TEST", NULL, "BTCUSDT", "feature", "alpha@1"};
    const struct bar *bars = bars_from(DAY_2024, 2000);
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct lake_write *write = NULL;
        assert_int_equal(lake_write_begin(fixture->lake, &dataset, "upload", &write, NULL), LAKE_OK);
        append_bars(write, bars, 2000);
        settle_write(write);
        append_bars(write, bars + 500, 10);
        settle_write(write);
        append_bars(write, bars, 1);
        struct lake_write_result result = commit_write(write);
        assert_int_equal(result.rows_new, i == 0 ? 2000 : 0);
        assert_int_equal(result.rows_equal, i == 0 ? 0 : 2000);
        assert_int_equal(result.rows_repeated, 11);
        assert_int_equal(result.snapshot, i == 0 ? result.snapshot : 0);
    }
}

static void test_a_dry_run_says_the_same(void **state)
{
    (void)state;
    struct lake_feature_options options = options_for("alpha", "1");
    struct lake_put_result result;
    struct lake_error err = {LAKE_OK, ""};
    struct put_table table = features_table(0, 100);
    options.dry_run = true;
    assert_int_equal(upload(&table, &options, &result, &err), LAKE_OK);
    assert_int_equal(result.rows_new, 100);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(count_files(fixture->lake), 0);
    upload_well(features_table(0, 100), "alpha", "1");
    table = features_table(0, 100);
    assert_int_equal(upload(&table, &options, &result, &err), LAKE_OK);
    assert_int_equal(result.rows_equal, 100);
    upload_badly_with(features_table(0, 99), &options, LAKE_EXISTS, "free is 2");
}

static void test_rows_in_any_order(void **state)
{
    enum { N = 100000 };
    struct lake_feature_options options = options_for("alpha", "1");
    struct lake_put_result result;
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    upload_well(features_table(0, N), "alpha", "1");
    struct put_table table = features_table(0, N);
    for (int64_t i = 0, k = N - 1; i < N; i++, k = (k + 77777) % N) { /* every month again and again */
        ts[i] = DAY_2024 + k * MS_PER_HOUR;
        rsi[i] = 50 + (double)(k * 7 % 100) / 3;
        ids[i] = k;
    }
    table.batch_rows = 1000;
    upload_badly(table, "alpha", "1", LAKE_INVALID_DATA, "ts");
    options.is_unsorted = true;
    if (upload(&table, &options, &result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_int_equal(result.snapshot, 0);
    assert_int_equal(result.rows_equal, N);
    ids[N - 1]++;
    upload_badly_with(table, &options, LAKE_EXISTS, "other rows");
}

static void test_no_rows_change_nothing(void **state)
{
    (void)state;
    struct lake_put_result result = upload_well(features_table(0, 0), "alpha", "1");
    assert_int_equal(result.snapshot, 0);
    upload_well(features_table(0, 5), "alpha", "1");
    assert_int_equal(upload_well(features_table(0, 0), "alpha", "1").snapshot, 0);
    assert_rows("alpha@1", 0, 5);
}

static void test_times_are_exact_milliseconds(void **state)
{
    (void)state;
    struct put_table table = features_table(0, 10);
    for (size_t i = 0; i < 10; i++)
        ts[i] *= US_PER_MS;
    fields[0].format = "tsu:UTC";
    upload_well(table, "alpha", "1");
    assert_rows("alpha@1", 0, 10);
    table = features_table(0, 10);
    for (size_t i = 0; i < 10; i++)
        ts[i] *= US_PER_MS;
    ts[7] += 1;
    fields[0].format = "tsu:UTC";
    upload_badly(table, "alpha", "2", LAKE_INVALID_DATA, "row 7");
}

static void test_what_is_no_table_of_features(void **state)
{
    (void)state;
    struct put_table table = features_table(0, 10);
    table.n_fields = 1;
    upload_badly(table, "alpha", "1", LAKE_INVALID_DATA, "one column only");
    table = features_table(0, 10);
    fields[0].name = "time";
    upload_badly(table, "alpha", "1", LAKE_INVALID_DATA, "ts");
    table = features_table(0, 10);
    ts[4] = ts[3];
    upload_badly(table, "alpha", "1", LAKE_INVALID_DATA, "row 4");
}

/* ---- names ---- */

static void test_names_that_are_refused(void **state)
{
    static const char *const bad[] = {"",   "..", "../x", "a/b",      "a@b",  "a b",
                                      ".a", "a.", "-a",   "\xc3\xa4", "a\nb", "%a"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        upload_badly(features_table(0, 10), bad[i], "1", LAKE_INVALID_ARGUMENT, "feature set");
        upload_badly(features_table(0, 10), "a", bad[i], LAKE_INVALID_ARGUMENT, "version");
    }
    upload_badly(features_table(0, 10), NULL, "1", LAKE_INVALID_ARGUMENT, "feature set is needed");
    upload_badly(features_table(0, 10), "a", NULL, LAKE_INVALID_ARGUMENT, "version is needed");
}

static void test_spellings_that_are_one_directory_somewhere(void **state)
{
    (void)state;
    upload_well(features_table(0, 10), "Alpha", "rc1");
    upload_badly(features_table(0, 10), "alpha", "2", LAKE_EXISTS,
                 "has features 'Alpha@rc1': 'alpha@2' differs in upper");
    upload_badly(features_table(0, 10), "Alpha", "RC1", LAKE_EXISTS, "upper and lower case only");
    upload_well(features_table(0, 10), "Alpha", "rc2");
    upload_well(features_table(0, 10), "Alpha", "con");
    assert_int_equal(count_paths(fixture, "data/features/TEST/FUTURES/BTCUSDT/Alpha/%con", ".parquet"), 1);
    delete_period("Alpha@rc1");
    delete_period("Alpha@rc2");
    delete_period("Alpha@con");
    upload_well(features_table(0, 10), "alpha", "2");
}

static void test_only_features_have_versions(void **state)
{
    struct lake_put_options options = put_options();
    struct lake_write *write = NULL;
    struct lake_error err = {LAKE_OK, ""};
    const struct lake_selection without = {"TEST", NULL, "BTCUSDT", "feature", "1m"};
    const struct lake_selection whole = {"TEST", NULL, "BTCUSDT", "feature", NULL};
    (void)state;
    struct put_table table = bar_table(0, 10);
    options.dataset.period = "alpha@1";
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "no period of raw");
    options.dataset.type = "feature";
    put_badly(&table, &options, LAKE_INVALID_ARGUMENT, "set and version");
    assert_int_equal(lake_write_begin(fixture->lake, &without, "x", &write, &err), LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "set@version"));
    assert_int_equal(lake_write_begin(fixture->lake, &whole, "x", &write, &err), LAKE_INVALID_ARGUMENT);
    const char *source = write_source("a.csv", minutes_text(0, 10));
    struct lake_ingest_options ingest_options = options_of(&source, 1);
    ingest_options.dataset.type = "feature";
    assert_refused(&ingest_options, LAKE_INVALID_ARGUMENT, "features are uploaded");
    ingest_options.dataset.type = NULL;
    ingest_options.dataset.period = "alpha@1";
    assert_refused(&ingest_options, LAKE_INVALID_ARGUMENT, "features are uploaded");
}

/* ---- versions ---- */

static void test_the_latest_version(void **state)
{
    struct lake_error err = {LAKE_OK, ""};
    char chosen[PERIOD_BYTES];
    char *text = NULL;
    (void)state;
    int64_t first = upload_well(features_table(0, 10), "alpha", "1.9").snapshot;
    upload_well(features_table(0, 11), "alpha", "1.10");
    upload_well(features_table(0, 12), "alpha", "beta");
    int64_t third = upload_well(features_table(0, 13), "alpha", "1.2").snapshot;
    assert_latest("alpha", 0, "alpha@1.10");
    assert_latest("alpha", first, "alpha@1.9");
    upload_well(features_table(0, 14), "alpha", "2.0-rc1");
    assert_latest("alpha", 0, "alpha@2.0-rc1");
    upload_well(features_table(0, 15), "alpha", "2.0");
    assert_latest(NULL, 0, "alpha@2.0");
    delete_period("alpha@2.0");
    delete_period("alpha@2.0-rc1");
    assert_latest("alpha", 0, "alpha@1.10");
    assert_latest("alpha", third, "alpha@1.10");
    upload_well(features_table(0, 5), "alphabet", "9");
    assert_latest("alpha", 0, "alpha@1.10");
    assert_int_equal(read_period("alph", 0, &text, chosen, &err), LAKE_NOT_FOUND);
    assert_non_null(strstr(err.message, "TEST BTCUSDT feature alph; there is"));
    assert_int_equal(read_period(NULL, 0, &text, chosen, &err), LAKE_INVALID_ARGUMENT); /* of which set? */
    assert_non_null(strstr(err.message, "ambiguous"));
    assert_int_equal(read_period("alpha@7", 0, &text, chosen, &err), LAKE_NOT_FOUND);
    assert_int_equal(read_period("../x", 0, &text, chosen, &err), LAKE_INVALID_ARGUMENT);
}

static void test_the_list(void **state)
{
    struct lake_feature_list_options options = {.size = sizeof options};
    (void)state;
    char *text = list_text(NULL);
    assert_string_equal(
        text, "exchange,market,symbol,feature_set,version,is_latest,first_ts,last_ts,rows,bytes,columns,created\n");
    free(text);
    upload_well(features_table(0, 10), "alpha", "1.9");
    upload_well(features_table(0, 11), "alpha", "1.10");
    upload_well(features_table(5, 3), "Beta", "x");
    upload_well(features_table(5, 3), "alpha", "7");
    delete_period("alpha@7");
    struct lake_feature_options other = options_for("alpha", "2");
    struct lake_put_result result;
    struct put_table table = features_table(0, 2);
    other.instrument.symbol = "AAA";
    assert_int_equal(upload(&table, &other, &result, NULL), LAKE_OK);
    write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 10), 10);
    text = list_text(NULL);
    static const char *const lines[] = {
        "TEST,FUTURES,AAA,alpha,2,true,2024-01-01T00:00:00Z,2024-01-01T01:00:00Z,2,",
        "TEST,FUTURES,BTCUSDT,Beta,x,true,2024-01-01T05:00:00Z,2024-01-01T07:00:00Z,3,",
        "TEST,FUTURES,BTCUSDT,alpha,1.10,true,2024-01-01T00:00:00Z,2024-01-01T10:00:00Z,11,",
        "TEST,FUTURES,BTCUSDT,alpha,1.9,false,2024-01-01T00:00:00Z,2024-01-01T09:00:00Z,10,"};
    const char *at = strchr(text, '\n') + 1;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[256];
        (void)snprintf(line, sizeof line, "%.*s", (int)strlen(lines[i]), at);
        assert_string_equal(line, lines[i]);
        at = strchr(at, '\n') + 1;
    }
    assert_string_equal(at, "");
    assert_non_null(strstr(text, ",\"ts, id, rsi\","));
    free(text);
    options.feature_set = "Beta";
    text = list_text(&options);
    assert_null(strstr(text, "alpha"));
    assert_non_null(strstr(text, "BTCUSDT,Beta,x,true"));
    free(text);
    options = (struct lake_feature_list_options){.size = sizeof options, .instrument = {.symbol = "AAA"}};
    text = list_text(&options);
    assert_null(strstr(text, "BTCUSDT"));
    assert_non_null(strstr(text, "AAA"));
    free(text);
}

/* Names of versions without rows, which a list leaves out. */
static void add_names(const char *symbol, int n)
{
    struct manifest *manifest = fixture->lake->manifest;
    struct file_lock lock = {0};
    char version[16];
    struct manifest_dataset dataset = {0, "TEST", "FUTURES", symbol, "feature", version};
    assert_int_equal(lake_lock(fixture->lake, &lock, 0, "test", NULL), LAKE_OK);
    assert_int_equal(manifest_begin(manifest, NULL), LAKE_OK);
    for (int i = 0; i < n; i++) {
        (void)snprintf(version, sizeof version, "a@%d", i);
        assert_int_equal(manifest_add_dataset(manifest, &dataset, NULL), LAKE_OK);
    }
    assert_int_equal(manifest_commit(manifest, NULL), LAKE_OK);
    file_lock_release(&lock);
}

static void upload_for(const char *symbol, const char *version)
{
    struct lake_feature_options options = options_for("a", version);
    struct put_table table = features_table(0, 3);
    struct lake_put_result result;
    options.instrument.symbol = symbol;
    assert_int_equal(upload(&table, &options, &result, NULL), LAKE_OK);
}

static void test_a_list_of_many_pages(void **state)
{
    static const char *const wanted[] = {"TEST,FUTURES,AAA,a,4998,true,", "TEST,FUTURES,AAA,a,7,false,",
                                         "TEST,FUTURES,S30,a,5,true,", "TEST,FUTURES,ZZZ,a,1,true,"};
    char symbol[16];
    (void)state;
    add_names("AAA", 5000); /* more than a page of one symbol … */
    upload_for("AAA", "7");
    upload_for("AAA", "4998");
    for (int i = 10; i < 70; i++) {
        (void)snprintf(symbol, sizeof symbol, "S%d", i);
        add_names(symbol, 80); /* … and of several */
    }
    upload_for("S30", "5");
    upload_for("ZZZ", "1");
    char *text = list_text(NULL);
    const char *at = strchr(text, '\n') + 1;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_int_equal(strncmp(at, wanted[i], strlen(wanted[i])), 0);
        at = strchr(at, '\n') + 1;
    }
    assert_string_equal(at, "");
    free(text);
}

/* ---- deleting and undoing ---- */

static void test_deleting_and_undoing(void **state)
{
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    int64_t uploaded = upload_well(features_table(0, 1500), "alpha", "1").snapshot;
    struct lake_change_result deleted = delete_period("alpha@1");
    assert_int_equal(deleted.rows_removed, 1500);
    assert_int_equal(count_paths(fixture, "data", NULL), 0);
    assert_int_equal(undo(deleted.snapshot, &err), LAKE_OK);
    assert_rows("alpha@1", 0, 1500);
    assert_int_equal(upload_well(features_table(0, 1500), "alpha", "1").snapshot, 0);
    upload_badly(features_table(0, 1499), "alpha", "1", LAKE_EXISTS, "free is 2");
    assert_int_equal(undo(uploaded, &err), LAKE_OK);
    char *text = list_text(NULL);
    assert_null(strstr(text, "alpha"));
    free(text);
}

static void test_a_deleted_version_is_free(void **state)
{
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    upload_well(features_table(0, 1500), "alpha", "1");
    struct lake_change_result deleted = delete_period("alpha@1");
    struct lake_put_result again = upload_well(features_table(20000, 10), "alpha", "1"); /* on other days */
    assert_int_equal(again.rows_new, 10);
    assert_int_equal(undo(deleted.snapshot, &err), LAKE_CONFLICT); /* the two would be one */
    assert_rows("alpha@1", 20000, 10);
    assert_int_equal(undo(again.snapshot, &err), LAKE_OK);
    assert_int_equal(undo(deleted.snapshot, &err), LAKE_OK);
    assert_rows("alpha@1", 0, 1500);
}

static void test_a_version_is_not_deleted_in_part(void **state)
{
    struct lake_delete_options options = {.size = sizeof options,
                                          .selection = {"TEST", NULL, "BTCUSDT", "feature", "alpha@1"},
                                          .has_start = true,
                                          .start_ms = DAY_2024 + MS_PER_DAY};
    struct lake_change_result result = {.size = sizeof result};
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    upload_well(features_table(0, 100), "alpha", "1");
    write_bars(fixture->lake, "BTCUSDT", bars_from(DAY_2024, 2880), 2880);
    assert_int_equal(lake_delete(fixture->lake, &options, &result, &err), LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "whole"));
    options.selection.type = options.selection.period = NULL;
    assert_int_equal(lake_delete(fixture->lake, &options, &result, &err), LAKE_OK);
    assert_int_equal(result.rows_removed, 1440);
    assert_rows("alpha@1", 0, 100);
    options.has_start = false;
    options.selection.type = "feature";
    options.selection.period = "alpha"; /* which version? */
    assert_int_equal(lake_delete(fixture->lake, &options, &result, &err), LAKE_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "name a version of 'alpha'"));
}

/* ---- two at once ---- */

struct uploading {
    struct put_job job;
    struct lake_put_options options;
    struct put_outcome outcome;
    struct lake_put_result result;
};

static void begin_upload(struct uploading *uploading, struct put_table table, const char *period)
{
    const struct lake_selection dataset = {"TEST", NULL, "BTCUSDT", "feature", period};
    struct lake_error err = {LAKE_OK, ""};
    struct ArrowArrayStream stream = put_stream(&table);
    *uploading = (struct uploading){.options = {.size = sizeof uploading->options, .dataset = dataset}};
    uploading->job = (struct put_job){.lake = fixture->lake, .options = &uploading->options};
    assert_int_equal(lake_write_begin(fixture->lake, &dataset, "upload", &uploading->job.write, &err), LAKE_OK);
    assert_int_equal(put_rows(&uploading->job, &stream, &uploading->outcome, &err), LAKE_OK);
    if (put_stage(&uploading->job, &uploading->outcome, &uploading->result, &err) != LAKE_OK)
        fail_msg("%s", err.message);
}

static lake_status end_upload(struct uploading *uploading)
{
    lake_status status = put_commit(&uploading->job, &uploading->result, NULL);
    lake_write_free(uploading->job.write);
    return status;
}

/* The second uploads n rows from `first` on, while the first uploads 1,500. */
static void race(int64_t first, int64_t n, const char *second_period, lake_status wanted)
{
    struct uploading one, other;
    begin_upload(&one, features_table(0, 1500), "alpha@1");
    begin_upload(&other, features_table(first, n), second_period);
    assert_int_equal(end_upload(&one), LAKE_OK);
    assert_int_equal(end_upload(&other), wanted);
    if (wanted == LAKE_OK) {
        assert_int_equal(other.result.snapshot, 0);
        assert_int_equal(other.result.rows_equal, other.result.rows_read);
    }
    assert_int_equal(count_files(fixture->lake), 3);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_int_equal(count_paths(fixture, ".lake/staging", NULL), 0);
    assert_rows("alpha@1", 0, 1500);
}

static void test_two_that_upload_the_same(void **state)
{
    (void)state;
    race(0, 1500, "alpha@1", LAKE_OK);
}

static void test_two_that_upload_some_of_it(void **state)
{
    (void)state;
    race(0, 744, "alpha@1", LAKE_EXISTS);
}

static void test_two_that_upload_more(void **state)
{
    (void)state;
    race(0, 1501, "alpha@1", LAKE_EXISTS);
}

static void test_two_that_upload_other_days(void **state)
{
    (void)state;
    race(20000, 5, "alpha@1", LAKE_EXISTS);
}

static void test_two_that_upload_another_spelling(void **state)
{
    (void)state;
    race(0, 1500, "ALPHA@1", LAKE_EXISTS);
}

/* ---- upkeep ---- */

static void test_compaction_changes_no_version(void **state)
{
    struct lake_maintain_options options = {.size = sizeof options, .compact = true, .expire = true, .gc = true};
    struct lake_maintain_result result = {.size = sizeof result};
    struct ArrowArrayStream plan;
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    upload_well(features_table(0, 9000), "alpha-1", "1-2"); /* a year and some days */
    upload_well(features_table(0, 9000), "alpha-1", "1-3");
    if (lake_maintain(fixture->lake, &options, &result, &plan, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    plan.release(&plan);
    assert_true(result.files_made >= 2 && result.files_compacted >= 24);
    assert_int_equal(count_problems(fixture->lake), 0);
    assert_rows("alpha-1@1-2", 0, 9000);
    assert_int_equal(upload_well(features_table(0, 9000), "alpha-1", "1-2").snapshot, 0);
    upload_badly(features_table(0, 744), "alpha-1", "1-2", LAKE_EXISTS, "free is 1-4");
    upload_badly(features_table(0, 9001), "alpha-1", "1-2", LAKE_EXISTS, "free is 1-4");
}

static void test_a_rebuilt_manifest_knows_the_versions(void **state)
{
    char path[512];
    struct lake_rebuild_result result = {.size = sizeof result};
    struct ArrowArrayStream report;
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    upload_well(features_table(0, 1500), "con", "nul");
    upload_well(features_table(0, 10), "alpha-2024", "1-2");
    upload_well(features_table(0, 10), "alpha-2024", "1.3");
    char *before = list_text(NULL);
    lake_close(fixture->lake);
    fixture->lake = NULL;
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/manifest.db%s", fixture->root, endings[i]);
        (void)remove(path);
    }
    char data[512];
    (void)snprintf(data, sizeof data, "%s/data", fixture->root);
    (void)snprintf(path, sizeof path, "%s/manifest.db", fixture->root);
    struct lake_options options = {.size = sizeof options, .data_root = data, .db_path = path};
    if (lake_rebuild(&options, NULL, &result, &report, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    report.release(&report);
    assert_int_equal(result.n_datasets, 3);
    assert_int_equal(result.n_rows, 1520);
    assert_int_equal(result.n_set_aside, 0);
    fixture_reopen(fixture);
    assert_rows("con@nul", 0, 1500);
    assert_int_equal(upload_well(features_table(0, 1500), "con", "nul").snapshot, 0);
    char *after = list_text(NULL);
    assert_int_equal(strlen(before), strlen(after));
    free(before);
    free(after);
}

int main(void)
{
#define FEATURE_TEST(name) cmocka_unit_test_setup_teardown(test_##name, ingest_set_up, ingest_tear_down)
    const struct CMUnitTest tests[] = {
        FEATURE_TEST(a_version_is_stored_and_read),
        FEATURE_TEST(the_same_rows_change_nothing),
        FEATURE_TEST(other_rows_are_refused),
        FEATURE_TEST(a_month_more_is_another_version),
        FEATURE_TEST(rows_that_come_again_after_they_were_staged),
        FEATURE_TEST(a_dry_run_says_the_same),
        FEATURE_TEST(rows_in_any_order),
        FEATURE_TEST(no_rows_change_nothing),
        FEATURE_TEST(times_are_exact_milliseconds),
        FEATURE_TEST(what_is_no_table_of_features),
        FEATURE_TEST(names_that_are_refused),
        FEATURE_TEST(spellings_that_are_one_directory_somewhere),
        FEATURE_TEST(only_features_have_versions),
        FEATURE_TEST(the_latest_version),
        FEATURE_TEST(the_list),
        FEATURE_TEST(a_list_of_many_pages),
        FEATURE_TEST(deleting_and_undoing),
        FEATURE_TEST(a_deleted_version_is_free),
        FEATURE_TEST(a_version_is_not_deleted_in_part),
        FEATURE_TEST(two_that_upload_the_same),
        FEATURE_TEST(two_that_upload_some_of_it),
        FEATURE_TEST(two_that_upload_more),
        FEATURE_TEST(two_that_upload_other_days),
        FEATURE_TEST(two_that_upload_another_spelling),
        FEATURE_TEST(compaction_changes_no_version),
        FEATURE_TEST(a_rebuilt_manifest_knows_the_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
