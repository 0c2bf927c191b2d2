/* Reading as of a snapshot gives what the lake held then: rows, columns and datasets, against a model over random histories. */
#include "history_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Minutes that the model knows: some of each of a few days. */
enum { N_SYMBOLS = 2, N_DAYS = 3, MINUTES_A_DAY = 20, N_MINUTES = N_DAYS * MINUTES_A_DAY, N_WRITES = 40, LONGEST = 25 };

static const char *const symbols[N_SYMBOLS] = {"BTCUSDT", "ETHUSDT"};

/* Volumes by symbol and minute; NaN: no row. */
struct model {
    double volumes[N_SYMBOLS][N_MINUTES];
};

struct subject {
    struct fixture *fixture;
    struct clock clock;
    struct model models[N_WRITES + 1]; /* as of each snapshot */
    size_t n_snapshots;
    uint32_t random;
};

static uint32_t random_below(struct subject *subject, uint32_t n)
{
    subject->random = subject->random * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)subject->random * n) >> 32);
}

static int64_t ts_of(size_t minute)
{
    return DAY_2024 + (int64_t)(minute / MINUTES_A_DAY) * MS_PER_DAY +
           (int64_t)(minute % MINUTES_A_DAY) * MS_PER_MINUTE;
}

static int set_up(void **state)
{
    struct subject *subject = calloc(1, sizeof *subject);
    assert_non_null(subject);
    subject->clock.now_ms = DAY_2024;
    subject->fixture = fixture_new_at(&subject->clock);
    for (size_t i = 0; i < N_SYMBOLS; i++)
        for (size_t j = 0; j < N_MINUTES; j++)
            subject->models[0].volumes[i][j] = (double)NAN;
    *state = subject;
    return 0;
}

static int tear_down(void **state)
{
    struct subject *subject = *state;
    fixture_free(subject->fixture);
    free(subject);
    return 0;
}

/* A run of minutes with new volumes, in the lake and in the model of a new snapshot. */
static void write_some(struct subject *subject)
{
    struct bar bars[LONGEST];
    size_t symbol = random_below(subject, N_SYMBOLS);
    size_t first = random_below(subject, N_MINUTES);
    size_t n = 1 + random_below(subject, LONGEST);
    struct model *model = &subject->models[subject->n_snapshots + 1];
    if (n > N_MINUTES - first)
        n = N_MINUTES - first;
    *model = subject->models[subject->n_snapshots];
    for (size_t i = 0; i < n; i++) {
        bars[i] = bar_of(ts_of(first + i));
        bars[i].volume = 1.0 + random_below(subject, 3); /* often the same as before */
        model->volumes[symbol][first + i] = bars[i].volume;
    }
    subject->clock.now_ms += MS_PER_MINUTE;
    struct lake_write_result result = write_bars(subject->fixture->lake, symbols[symbol], bars, n);
    if (result.snapshot == 0) /* all equal: no snapshot, and the model is as before */
        return;
    subject->n_snapshots++;
    assert_int_equal(result.snapshot, subject->n_snapshots);
}

/* The rows of minutes [first, end) as of a snapshot. A dataset without any in the model is not in the lake then. */
static void assert_as_of(const struct subject *subject, size_t snapshot, size_t symbol, size_t first, size_t end)
{
    struct bar bars[N_MINUTES];
    struct lake_error err = {LAKE_OK, ""};
    size_t n = 0, at = 0;
    bool any = false;
    const double *volumes = subject->models[snapshot].volumes[symbol];
    const struct past past = {symbols[symbol], (int64_t)snapshot, ts_of(first),
                              first == end ? ts_of(first) : ts_of(end - 1) + MS_PER_MINUTE};
    lake_status status = read_past(subject->fixture->lake, &past, bars, N_MINUTES, &n, &err);
    for (size_t i = 0; i < N_MINUTES; i++)
        any = any || !isnan(volumes[i]);
    if (!any) {
        assert_int_equal(status, LAKE_NOT_FOUND);
        return;
    }
    if (status != LAKE_OK)
        fail_msg("snapshot %d: %s", (int)snapshot, err.message);
    for (size_t i = first; i < end; i++) {
        if (isnan(volumes[i]))
            continue;
        assert_true(at < n);
        assert_int_equal(bars[at].ts, ts_of(i));
        assert_true(bars[at].volume == volumes[i]);
        at++;
    }
    assert_int_equal(at, n);
}

static void assert_whole_past(struct subject *subject)
{
    for (size_t snapshot = 1; snapshot <= subject->n_snapshots; snapshot++)
        for (size_t symbol = 0; symbol < N_SYMBOLS; symbol++) {
            size_t first = random_below(subject, N_MINUTES);
            size_t end = first + random_below(subject, (uint32_t)(N_MINUTES - first) + 1);
            assert_as_of(subject, snapshot, symbol, 0, N_MINUTES);
            assert_as_of(subject, snapshot, symbol, first, end);
        }
}

/* The clock moves little enough that nothing expires. */
static void test_random_histories(void **state)
{
    struct subject *subject = *state;
    subject->random = 20240101;
    for (size_t i = 0; i < N_WRITES; i++)
        write_some(subject);
    assert_true(subject->n_snapshots > N_WRITES / 2);
    assert_whole_past(subject);
    struct lake_error err = {LAKE_OK, ""};
    if (fixture_try_open(subject->fixture, clock_io(&subject->clock), &err) != LAKE_OK)
        fail_msg("%s", err.message);
    assert_whole_past(subject);
}

static lake_status open_scan(struct lake *lake, const char *symbol, const char *market, int64_t as_of,
                             struct lake_scan **out, struct lake_error *err)
{
    const struct lake_scan_options options = {
        .size = sizeof options, .dataset = {"test", market, symbol, NULL, NULL}, .as_of = as_of};
    return lake_scan_open(lake, &options, out, err);
}

static void assert_refused(struct lake *lake, const char *symbol, int64_t as_of, lake_status expected, const char *says)
{
    struct lake_error err = {LAKE_OK, ""};
    struct lake_scan *scan = NULL;
    assert_int_equal(open_scan(lake, symbol, NULL, as_of, &scan, &err), expected);
    if (strstr(err.message, says) == NULL)
        fail_msg("'%s' does not say '%s'", err.message, says);
}

static void test_a_dataset_that_came_later(void **state)
{
    struct subject *subject = *state;
    struct lake *lake = subject->fixture->lake;
    (void)write_bars(lake, "BTCUSDT", bars_from(DAY_2024, 1), 1);
    (void)write_bars(lake, "ETHUSDT", bars_from(DAY_2024, 1), 1);
    assert_refused(lake, "ETHUSDT", 1, LAKE_NOT_FOUND, "TEST ETHUSDT in snapshot 1: it came into the lake later");
    assert_refused(lake, "DOGEUSDT", 1, LAKE_NOT_FOUND, "there is no dataset TEST DOGEUSDT");
    assert_refused(lake, "BTCUSDT", 3, LAKE_NOT_FOUND, "there is no snapshot 3 yet; the last is 2");
    assert_refused(lake, "BTCUSDT", -1, LAKE_INVALID_ARGUMENT, "negative");
}

/* What is chosen among several is chosen among those that were there. */
static void test_choices_are_those_of_then(void **state)
{
    struct subject *subject = *state;
    struct lake *lake = subject->fixture->lake;
    static const char *const periods[] = {"5m", "1h", "1m"};
    for (size_t i = 0; i < 3; i++) {
        struct lake_write *write = begin_write(lake, "BTCUSDT", periods[i]);
        append_bars(write, bars_from(DAY_2024, 1), 1);
        (void)commit_write(write);
    }
    struct lake_scan *scan = NULL;
    bool was_chosen = true;
    assert_int_equal(open_scan(lake, "BTCUSDT", NULL, 1, &scan, NULL), LAKE_OK);
    assert_string_equal(lake_scan_dataset(scan, &was_chosen).period, "5m");
    assert_false(was_chosen);
    lake_scan_close(scan);
    assert_refused(lake, "BTCUSDT", 2, LAKE_INVALID_ARGUMENT, "ambiguous");
    assert_int_equal(open_scan(lake, "BTCUSDT", NULL, 3, &scan, NULL), LAKE_OK);
    assert_string_equal(lake_scan_dataset(scan, &was_chosen).period, "1m");
    assert_true(was_chosen);
    lake_scan_close(scan);
}

static void write_column(struct lake *lake, const char *name)
{
    const struct column_field fields[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false}, {name, COLUMN_DOUBLE, 0, true}};
    struct schema *schema = NULL;
    struct batch batch = {0};
    assert_int_equal(schema_new(fields, 2, &schema, NULL), LAKE_OK);
    assert_int_equal(batch_new(&batch, schema, 1, NULL), LAKE_OK);
    batch.owns_schema = true;
    *(int64_t *)batch_values(&batch, 0) = DAY_2024;
    *(double *)batch_values(&batch, 1) = 1.5;
    struct lake_write *write = begin_write(lake, "BTCUSDT", "1m");
    assert_int_equal(lake_write_append(write, &batch, NULL), LAKE_OK);
    (void)commit_write(write);
    batch_release(&batch);
}

static int64_t count_columns(struct lake *lake, int64_t as_of)
{
    struct lake_scan *scan = NULL;
    struct ArrowSchema schema;
    assert_int_equal(open_scan(lake, "BTCUSDT", NULL, as_of, &scan, NULL), LAKE_OK);
    assert_int_equal(lake_scan_schema(scan, &schema, NULL), LAKE_OK);
    int64_t n = schema.n_children;
    schema.release(&schema);
    lake_scan_close(scan);
    return n;
}

static void test_columns_are_those_of_then(void **state)
{
    struct subject *subject = *state;
    struct lake *lake = subject->fixture->lake;
    (void)write_bars(lake, "BTCUSDT", bars_from(DAY_2024, 1), 1);
    write_column(lake, "vwap");
    write_column(lake, "spread");
    assert_int_equal(count_columns(lake, 1), 6);
    assert_int_equal(count_columns(lake, 2), 7);
    assert_int_equal(count_columns(lake, 3), 8);
    assert_int_equal(count_columns(lake, 0), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random_histories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_dataset_that_came_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_choices_are_those_of_then, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_columns_are_those_of_then, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
