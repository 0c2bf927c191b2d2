/* lake_check_bars: conservation between datasets, findings of ingests, ranges, what is shown and what is counted, in bounded memory. */
#include "../lake/change_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <datalake/bars.h>

#include "base/memory.h"
#include "column/arrow.h"
#include "manifest/knowledge.h"
#include "unit/base/check.h"

enum { N_MINUTES = 240, N_HOURS = N_MINUTES / 60, TEXT_BYTES = 4096, RULE = 5, SEVERITY, TS, N_BARS, DETAIL };

static int set_up(void **state)
{
    *state = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    fixture_free(*state);
    return 0;
}

/* ---- a lake ---- */

/* Minutes whose volumes are decimals that have no exact sum. */
static void make_minutes(struct bar minutes[N_MINUTES])
{
    for (int i = 0; i < N_MINUTES; i++) {
        double open = 100 + 0.1 * (i % 7), close = 100 + 0.1 * ((i + 1) % 7);
        minutes[i] = (struct bar){DAY_2024 + i * MS_PER_MINUTE, open, 101, 99, close, 0.1 + 0.01 * i};
    }
    for (int h = 0; h < N_HOURS; h++)
        minutes[60 * h].volume += 0.03;
    minutes[70].high = 102;
    minutes[130].low = 98;
}

static void make_hours(const struct bar minutes[N_MINUTES], struct bar hours[N_HOURS])
{
    for (int h = 0; h < N_HOURS; h++) {
        hours[h] = minutes[60 * h];
        for (int i = 60 * h + 1; i < 60 * h + 60; i++) {
            hours[h].high = fmax(hours[h].high, minutes[i].high);
            hours[h].low = fmin(hours[h].low, minutes[i].low);
            hours[h].close = minutes[i].close;
            hours[h].volume += minutes[i].volume;
        }
    }
}

static void add_bars(struct lake *lake, const char *type, const char *period, const struct bar *bars, size_t n)
{
    struct lake_error err;
    struct lake_write *write = NULL;
    const struct lake_selection dataset = {"test", "FUTURES", "X", type, period};
    lake_ok(lake_write_begin(lake, &dataset, "ingest", &write, &err));
    append_bars(write, bars, n);
    (void)commit_write(write);
}

static int64_t id_of(struct lake *lake, const char *type, const char *period)
{
    struct lake_error err;
    struct arena arena = ARENA_INIT(1 << 20);
    struct manifest_dataset *found = NULL;
    size_t n = 0;
    const struct manifest_filter filter = {"TEST", "FUTURES", "X", type, period};
    lake_ok(manifest_find_datasets(lake->manifest, &filter, &arena, &found, &n, &err));
    assert_int_equal(n, 1);
    int64_t id = found[0].id;
    arena_release(&arena);
    return id;
}

/* Says that agg 1h was derived from raw 1m, as both are now. */
static void call_derived(struct lake *lake)
{
    struct lake_error err;
    struct manifest_derivation derivation = {
        .dataset_id = id_of(lake, "agg", "1h"), .source_id = id_of(lake, "raw", "1m"), .recipe = "test"};
    lake_ok(manifest_find_changed(lake->manifest, derivation.source_id, &derivation.source_changed, &err));
    lake_ok(manifest_find_changed(lake->manifest, derivation.dataset_id, &derivation.target_changed, &err));
    lake_ok(manifest_begin(lake->manifest, &err));
    lake_ok(manifest_put_derivation(lake->manifest, &derivation, &err));
    lake_ok(manifest_commit(lake->manifest, &err));
}

/* ---- checking ---- */

struct checked {
    struct lake_check_result result;
    char text[TEXT_BYTES]; /* "type period rule ts detail", a line a row */
};

static const char *text_at(const struct ArrowArray *rows, int column, int64_t row, char *out, size_t n_bytes)
{
    const struct ArrowArray *from = rows->children[column];
    const uint8_t *validity = from->buffers[0];
    const int32_t *offsets = from->buffers[1];
    bool is_null = validity != NULL && !bit_get(validity, row);
    (void)snprintf(out, n_bytes, "%.*s", is_null ? 0 : offsets[row + 1] - offsets[row],
                   (const char *)from->buffers[2] + offsets[row]);
    return out;
}

static void print_rows(const struct ArrowArray *rows, char *out)
{
    size_t used = strlen(out);
    for (int64_t row = 0; row < rows->length; row++) {
        char type[64], period[64], rule[64], detail[512];
        const uint8_t *validity = rows->children[TS]->buffers[0];
        bool has_ts = validity == NULL || bit_get(validity, row);
        int64_t minute = (((const int64_t *)rows->children[TS]->buffers[1])[row] - DAY_2024) / MS_PER_MINUTE;
        used += (size_t)snprintf(out + used, TEXT_BYTES - used, "%s %s %s %s%lld %lld %s\n",
                                 text_at(rows, 3, row, type, sizeof type), text_at(rows, 4, row, period, sizeof period),
                                 text_at(rows, RULE, row, rule, sizeof rule),
                                 has_ts ? "" : "null:", has_ts ? (long long)minute : 0LL,
                                 (long long)((const int64_t *)rows->children[N_BARS]->buffers[1])[row],
                                 text_at(rows, DETAIL, row, detail, sizeof detail));
        assert_true(used < TEXT_BYTES);
    }
}

static void check(struct lake *lake, struct lake_check_options options, struct checked *out)
{
    struct lake_error err;
    struct ArrowArrayStream stream = {0};
    *out = (struct checked){.result = {.size = sizeof out->result}};
    options.size = sizeof options;
    lake_ok(lake_check_bars(lake, &options, &out->result, &stream, &err));
    for (;;) {
        struct ArrowArray rows = {0};
        assert_int_equal(stream.get_next(&stream, &rows), 0);
        if (rows.release == NULL)
            break;
        print_rows(&rows, out->text);
        rows.release(&rows);
    }
    stream.release(&stream);
}

static void assert_found(struct lake *lake, struct lake_check_options options, const char *wanted)
{
    static struct checked checked;
    check(lake, options, &checked);
    assert_string_equal(checked.text, wanted);
}

static const struct lake_check_options everything;

/* ---- conservation ---- */

static struct bar minutes[N_MINUTES], hours[N_HOURS];

static struct lake *lake_with_minutes(void **state)
{
    struct fixture *fixture = *state;
    make_minutes(minutes);
    make_hours(minutes, hours);
    add_bars(fixture->lake, "raw", "1m", minutes, N_MINUTES);
    return fixture->lake;
}

static void test_hours_of_the_venue_that_agree(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    static struct checked checked;
    /* As the venue writes them: decimals, not sums of doubles. */
    for (int h = 0; h < N_HOURS; h++)
        hours[h].volume = round(hours[h].volume * 100) / 100;
    add_bars(lake, "raw", "1h", hours, N_HOURS);
    check(lake, everything, &checked);
    assert_string_equal(checked.text, "");
    assert_int_equal(checked.result.n_datasets, 2);
    assert_int_equal(checked.result.n_rows, N_MINUTES + N_HOURS);
    assert_int_equal(checked.result.n_wrong + checked.result.n_suspect, 0);
}

static void test_hours_of_the_venue_that_do_not(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    static struct checked checked;
    for (int h = 0; h < N_HOURS; h++)
        hours[h].volume = round(hours[h].volume * 100) / 100;
    hours[0].volume = 30.7; /* of 23.73 */
    hours[1].high = 101.5;
    hours[2].close = 100.05;
    add_bars(lake, "raw", "1h", hours, N_HOURS);
    check(lake, everything, &checked);
    assert_string_equal(checked.text,
                        "raw 1h not-conserved 0 1 volume is 30.7, and 23.73 by the 60 bars of raw 1m\n"
                        "raw 1h not-conserved 60 1 high is 101.5, and 102 by the 60 bars of raw 1m\n"
                        "raw 1h not-conserved 120 1 close is 100.05, and 100.5 by the 60 bars of raw 1m\n");
    assert_int_equal(checked.result.n_wrong, 0);
    assert_int_equal(checked.result.n_suspect, 3);
}

/* Rounding that sixty figures of two decimals may have suffered is no difference; more is. */
static void test_rounded_volumes(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    hours[0].volume = 23.99; /* of 23.73 */
    hours[1].volume = 59.35; /* of 59.73 */
    hours[2].volume = 96.17; /* of 95.73 */
    add_bars(lake, "raw", "1h", hours, N_HOURS);
    assert_found(lake, everything,
                 "raw 1h not-conserved 60 1 volume is 59.35, and 59.73 by the 60 bars of raw 1m\n"
                 "raw 1h not-conserved 120 1 volume is 96.17, and 95.73 by the 60 bars of raw 1m\n");
}

static void test_hours_that_lack_minutes_are_not_compared(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    (void)delete_bars(lake, "X", DAY_2024 + 30 * MS_PER_MINUTE, DAY_2024 + 31 * MS_PER_MINUTE);
    hours[0].volume = 1000;
    hours[3].volume = 1000;
    add_bars(lake, "raw", "1h", hours, N_HOURS);
    assert_found(lake, everything, "raw 1h not-conserved 180 1 volume is 1000, and 131.73 by the 60 bars of raw 1m\n");
}

static void test_only_hours_of_the_range_are_compared(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    for (int h = 0; h < N_HOURS; h++)
        hours[h].high = 103 + h;
    add_bars(lake, "raw", "1h", hours, N_HOURS);
    const struct lake_check_options options = {.selection = {.period = "1h"},
                                               .has_start = true,
                                               .start_ms = DAY_2024 + 60 * MS_PER_MINUTE,
                                               .has_end = true,
                                               .end_ms = DAY_2024 + 121 * MS_PER_MINUTE};
    assert_found(lake, options,
                 "raw 1h not-conserved 60 1 high is 104, and 102 by the 60 bars of raw 1m\n"
                 "raw 1h not-conserved 120 1 high is 105, and 101 by the 60 bars of raw 1m\n");
}

static void add_derived(struct lake *lake)
{
    add_bars(lake, "agg", "1h", hours, N_HOURS);
    call_derived(lake);
}

/* They lack the counts of bars that a derivation writes: of all that is found only values are looked at. */
static void test_derived_bars_must_be_what_their_source_gives(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    static struct checked checked;
    hours[1].volume += 1e-9;
    hours[2].low = 97;
    add_derived(lake);
    check(lake, everything, &checked);
    assert_non_null(strstr(checked.text, "agg 1h not-of-source 60 1 volume is 59.73000000"));
    assert_non_null(strstr(checked.text, "agg 1h not-of-source 120 1 low is 97, and 98"));
    assert_int_equal(checked.result.n_wrong, N_HOURS); /* the others lack their counts */
}

static void test_derived_bars_that_are_not_current_are_not_compared(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    hours[2].low = 97;
    add_derived(lake);
    add_bars(lake, "raw", "1m", &(struct bar){DAY_2024 + MS_PER_DAY, 100, 101, 99, 100, 1}, 1);
    assert_found(lake, everything, "");
}

static void test_derived_bars_of_nobody_are_not_compared(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    hours[2].low = 97;
    add_bars(lake, "agg", "1h", hours, N_HOURS);
    assert_found(lake, everything, "");
}

static void test_a_derived_bar_too_few_and_one_too_many(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    static struct checked checked;
    struct bar wrong[] = {hours[0], hours[1], hours[3], hours[3]};
    wrong[3].ts += MS_PER_HOUR;
    add_bars(lake, "agg", "1h", wrong, 4);
    call_derived(lake);
    check(lake, everything, &checked);
    assert_non_null(strstr(checked.text, "agg 1h not-of-source 120 1 raw 1m gives it, and it is not stored\n"));
    assert_non_null(strstr(checked.text, "agg 1h not-of-source 240 1 raw 1m has no bars for it\n"));
}

/* ---- what is shown ---- */

static void add_wrong_bars(struct lake *lake, int n)
{
    for (int i = 0; i < n; i++)
        minutes[i].close = 200;
    add_bars(lake, "raw", "1m", minutes, N_MINUTES);
}

static void test_all_are_counted_and_some_are_shown(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    static struct checked checked;
    add_wrong_bars(lake, 5);
    check(lake, (struct lake_check_options){.most_rows = 2}, &checked);
    assert_string_equal(checked.text, "raw 1m close-outside 0 1 close 200 is not between low 99 and high 101\n"
                                      "raw 1m close-outside 1 1 close 200 is not between low 99 and high 101\n"
                                      "raw 1m close-outside null:0 3 \n");
    assert_int_equal(checked.result.n_wrong, 5);
    assert_int_equal(checked.result.n_suspect, 0);
}

/* However much is wrong, and however much is asked for, only so much is kept. */
static void test_what_is_kept_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    enum { N = 20000 };
    struct lake_error err;
    struct bar *bars = NULL;
    struct ArrowArrayStream stream = {0};
    struct ArrowArray rows = {0};
    struct lake_check_result result = {.size = sizeof result};
    const struct lake_check_options options = {.size = sizeof options, .most_rows = INT64_MAX};
    lake_ok(memory_new(N, sizeof *bars, &bars, &err));
    for (int i = 0; i < N; i++)
        bars[i] = (struct bar){DAY_2024 + i * MS_PER_MINUTE, 100, 101, 99, 200, 1};
    add_bars(fixture->lake, "raw", "1m", bars, N);
    memory_free(bars);
    size_t usual = fixture->lake->memory_bytes;
    fixture->lake->memory_bytes = 4 << 20;
    lake_ok(lake_check_bars(fixture->lake, &options, &result, &stream, &err));
    fixture->lake->memory_bytes = usual;
    assert_int_equal(result.n_wrong, N);
    assert_int_equal(stream.get_next(&stream, &rows), 0);
    assert_in_range(rows.length, 100, N / 2);
    rows.release(&rows);
    stream.release(&stream);
}

static void test_derived_bars_repeat_no_suspicion(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    minutes[100].high = 300;
    make_hours(minutes, hours);
    add_bars(lake, "raw", "1m", minutes, N_MINUTES);
    add_derived(lake);
    static struct checked checked;
    check(lake, everything, &checked);
    assert_non_null(strstr(checked.text, "raw 1m spike 100 1 high 300 is 2.991 times its close"));
    assert_null(strstr(checked.text, "agg 1h spike"));
}

static void test_the_time_it_is(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    const struct lake_check_options options = {.now_ms = DAY_2024 + (N_MINUTES - 1) * MS_PER_MINUTE + 1};
    assert_found(lake, options, "raw 1m time-future 239 1 is still open, and it is 2024-01-01T03:59:00.001Z now\n");
}

/* ---- what ingests met ---- */

static void add_finding(struct lake *lake, const char *rule, int64_t n_rows, int64_t first_minute)
{
    struct lake_error err;
    struct manifest_operation operation = {.kind = "ingest", .source = "x.csv", .software = "test", .detail = ""};
    int64_t snapshot = 0;
    lake_ok(manifest_begin(lake->manifest, &err));
    lake_ok(manifest_add_operation(lake->manifest, &operation, &snapshot, &err));
    const struct manifest_finding finding = {.dataset_id = id_of(lake, "raw", "1m"),
                                             .operation_id = operation.id,
                                             .rule = rule,
                                             .n_rows = n_rows,
                                             .first_ms = DAY_2024 + first_minute * MS_PER_MINUTE,
                                             .last_ms = DAY_2024 + (first_minute + 1) * MS_PER_MINUTE,
                                             .place = "x.csv:7",
                                             .detail = "the last one counts"};
    lake_ok(manifest_add_finding(lake->manifest, &finding, &err));
    lake_ok(manifest_commit(lake->manifest, &err));
}

static void test_findings_of_ingests(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    static struct checked checked;
    add_finding(lake, "repeated", 198, 5);
    add_finding(lake, "backward", 1, 200);
    add_finding(lake, "repeated", 3, 6);
    add_finding(lake, "close-outside", 3, 5); /* the rows tell it, if it is so still */
    check(lake, everything, &checked);
    assert_string_equal(checked.text,
                        "raw 1m repeated 6 3 3 rows; the last one counts; first at x.csv:7 (snapshot 4)\n"
                        "raw 1m repeated 5 198 198 rows; the last one counts; first at x.csv:7 (snapshot 2)\n"
                        "raw 1m backward 200 1 1 row; the last one counts; first at x.csv:7 (snapshot 3)\n");
    assert_int_equal(checked.result.n_suspect, 3);
    const struct lake_check_options range = {.has_start = true, .start_ms = DAY_2024 + 100 * MS_PER_MINUTE};
    assert_found(lake, range, "raw 1m backward 200 1 1 row; the last one counts; first at x.csv:7 (snapshot 3)\n");
    assert_found(lake, (struct lake_check_options){.most_rows = 1},
                 "raw 1m repeated 6 3 3 rows; the last one counts; first at x.csv:7 (snapshot 4)\n"
                 "raw 1m repeated null:0 1 \n"
                 "raw 1m backward 200 1 1 row; the last one counts; first at x.csv:7 (snapshot 3)\n");
}

/* ---- refusals ---- */

static int stop(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    (void)n_bytes;
    (void)n_bytes_total;
    *(int64_t *)context = n_rows;
    return 1;
}

static void test_bad_options(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    struct lake_error err;
    struct ArrowArrayStream stream = {0};
    struct lake_check_result result = {.size = sizeof result};
    struct lake_check_options options = {.size = sizeof options};
    int64_t n_seen = 0;
    lake_fails(lake_check_bars(lake, NULL, &result, &stream, &err), LAKE_INVALID_ARGUMENT, "size");
    options.size--;
    lake_fails(lake_check_bars(lake, &options, &result, &stream, &err), LAKE_INVALID_ARGUMENT, "size");
    options = (struct lake_check_options){.size = sizeof options, .most_rows = -1};
    lake_fails(lake_check_bars(lake, &options, &result, &stream, &err), LAKE_INVALID_ARGUMENT, "negative");
    options = (struct lake_check_options){.size = sizeof options, .has_start = true, .start_ms = 2, .has_end = true};
    lake_fails(lake_check_bars(lake, &options, &result, &stream, &err), LAKE_INVALID_ARGUMENT, "starts after its end");
    options = (struct lake_check_options){.size = sizeof options, .selection = {.symbol = "NONE"}};
    lake_fails(lake_check_bars(lake, &options, &result, &stream, &err), LAKE_NOT_FOUND, "NONE");
    options = (struct lake_check_options){.size = sizeof options, .progress = {stop, &n_seen}};
    lake_fails(lake_check_bars(lake, &options, &result, &stream, &err), LAKE_CANCELLED, "stopped");
    assert_int_equal(n_seen, N_MINUTES);
}

struct stopping {
    int64_t n_calls, stop_at;
};

static int stop_later(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct stopping *stopping = context;
    (void)n_rows;
    (void)n_bytes;
    (void)n_bytes_total;
    return ++stopping->n_calls == stopping->stop_at;
}

/* While rows are checked, and while hours are held against minutes. */
static void test_it_can_be_stopped_at_any_time(void **state)
{
    struct lake *lake = lake_with_minutes(state);
    struct lake_error err;
    struct stopping stopping = {0};
    const struct lake_check_options options = {.size = sizeof options, .progress = {stop_later, &stopping}};
    lake_status status = LAKE_CANCELLED;
    add_bars(lake, "raw", "1h", hours, N_HOURS);
    for (; status == LAKE_CANCELLED; stopping.n_calls = 0) {
        struct ArrowArrayStream stream = {0};
        struct lake_check_result result = {.size = sizeof result};
        stopping.stop_at++;
        status = lake_check_bars(lake, &options, &result, &stream, &err);
        if (status == LAKE_OK)
            stream.release(&stream);
    }
    assert_int_equal(status, LAKE_OK);
    assert_in_range(stopping.stop_at, 6, 20);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hours_of_the_venue_that_agree),
        TEST(test_hours_of_the_venue_that_do_not),
        TEST(test_rounded_volumes),
        TEST(test_hours_that_lack_minutes_are_not_compared),
        TEST(test_only_hours_of_the_range_are_compared),
        TEST(test_derived_bars_must_be_what_their_source_gives),
        TEST(test_derived_bars_that_are_not_current_are_not_compared),
        TEST(test_derived_bars_of_nobody_are_not_compared),
        TEST(test_a_derived_bar_too_few_and_one_too_many),
        TEST(test_all_are_counted_and_some_are_shown),
        TEST(test_what_is_kept_is_bounded),
        TEST(test_derived_bars_repeat_no_suspicion),
        TEST(test_the_time_it_is),
        TEST(test_findings_of_ingests),
        TEST(test_bad_options),
        TEST(test_it_can_be_stopped_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
