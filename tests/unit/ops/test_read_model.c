/* Reading with any options together, against all rows read at once on which a model does the same one after the other: leaves out,
 * fills, takes the range, the last, the first rows. On bars that are stored as on bars that are derived on the way, which are the
 * same to the reader. */
#include "read_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "column/period.h"

enum { N_DAYS = 4, N_MINUTES = N_DAYS * 1440, N_ROUNDS = 250, MOST_ROWS = N_MINUTES + 100 };

static const char symbol[] = "BTCUSDT";

static uint32_t random_state;
static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

struct lakes {
    struct fixture *stored, *derived; /* the same raw bars; one holds 15m and 1h too */
};

/* Four days with holes of a minute to half a day, some nulls, and a first and last bar within buckets. */
static size_t make_history(struct bar *out)
{
    size_t n = 0;
    random_state = 7;
    for (int64_t minute = 7; minute < N_MINUTES - 11; minute++) {
        if (random_below(60) == 0)
            minute += (int64_t)random_below(random_below(6) == 0 ? 600 : 8);
        out[n] = bar_of(DAY_2024 + minute * MS_PER_MINUTE);
        if (random_below(40) == 0)
            out[n].volume = (double)NAN;
        n++;
    }
    return n;
}

static int set_up(void **state)
{
    static struct lakes lakes;
    struct bar *bars = calloc(MOST_ROWS, sizeof *bars);
    assert_non_null(bars);
    size_t n = make_history(bars);
    lakes = (struct lakes){fixture_new(), fixture_new()};
    (void)write_bars(lakes.stored->lake, symbol, bars, n);
    (void)write_bars(lakes.derived->lake, symbol, bars, n);
    (void)derive_usual(lakes.stored->lake, symbol);
    free(bars);
    *state = &lakes;
    return 0;
}

static int tear_down(void **state)
{
    struct lakes *lakes = *state;
    fixture_free(lakes->stored);
    fixture_free(lakes->derived);
    return 0;
}

/* ---- the model ---- */

static size_t model_complete(struct given_row *rows, size_t n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].bars == rows[i].bars_expected)
            rows[n_kept++] = rows[i];
    return n_kept;
}

static struct given_row model_missing(const struct given_row *before, enum lake_fill fill, int64_t ts)
{
    struct given_row row = {ts, (double)NAN, (double)NAN, -1, -1};
    if (fill == LAKE_FILL_NULL)
        return row;
    row.close = before->close;
    row.volume = fill == LAKE_FILL_PREVIOUS ? before->volume : 0;
    row.bars = before->bars < 0 ? -1 : 0;
    return row;
}

static size_t model_fill(const struct given_row *rows, size_t n, enum lake_fill fill, int64_t period_ms,
                         struct given_row *out)
{
    size_t n_out = 0;
    for (size_t i = 0; i < n; i++) {
        for (int64_t ts = i == 0 ? INT64_MAX : rows[i - 1].ts + period_ms; ts < rows[i].ts && fill != LAKE_FILL_NONE;
             ts += period_ms)
            out[n_out++] = model_missing(&rows[i - 1], fill, ts);
        out[n_out++] = rows[i];
    }
    assert_true(n_out <= MOST_ROWS);
    return n_out;
}

static size_t model_cut(const struct lake_scan_options *options, struct given_row *rows, size_t n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if ((!options->has_start || rows[i].ts >= options->start_ms) &&
            (!options->has_end || rows[i].ts < options->end_ms))
            rows[n_kept++] = rows[i];
    if (options->tail > 0 && (size_t)options->tail < n_kept) {
        memmove(rows, rows + n_kept - (size_t)options->tail, (size_t)options->tail * sizeof *rows);
        n_kept = (size_t)options->tail;
    }
    return options->limit > 0 && (size_t)options->limit < n_kept ? (size_t)options->limit : n_kept;
}

static void count_told(const struct given_row *rows, size_t n, int64_t *n_bars, int64_t *n_incomplete)
{
    *n_bars = *n_incomplete = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_told = rows[i].bars >= 0 && rows[i].bars_expected >= 0;
        *n_bars += is_told;
        *n_incomplete += is_told && rows[i].bars < rows[i].bars_expected;
    }
}

/* ---- random options ---- */

static int64_t random_time(void)
{
    int64_t minute = (int64_t)random_below(N_MINUTES + 200) - 100;
    return DAY_2024 + minute * MS_PER_MINUTE + (random_below(4) == 0 ? 1234 : 0);
}

static void random_cut(struct lake_scan_options *options)
{
    options->has_start = random_below(3) > 0;
    options->has_end = random_below(3) > 0;
    options->start_ms = random_time();
    options->end_ms = random_time();
    if (options->has_start && options->has_end && options->start_ms > options->end_ms) {
        int64_t swapped = options->start_ms;
        options->start_ms = options->end_ms;
        options->end_ms = swapped;
    }
    options->limit = random_below(3) == 0 ? 1 + random_below(200) : 0;
    options->tail = random_below(3) == 0 ? 1 + random_below(random_below(2) == 0 ? 9 : 400) : 0;
    options->batch_rows = random_below(2) == 0 ? 1 + random_below(90) : 0;
}

static struct lake_scan_options random_options(bool is_raw, const char *period)
{
    static const char *const close[] = {"close"}, *const volume[] = {"volume"}, *const both[] = {"bars", "close"};
    struct lake_scan_options options = ask(NULL, period);
    random_cut(&options);
    options.fill = (enum lake_fill)random_below(4);
    options.complete = !is_raw && random_below(3) == 0;
    switch (random_below(5)) {
    case 0: options.columns = close; break;
    case 1: options.columns = volume; break;
    case 2: options.columns = is_raw ? close : both; break;
    default: return options;
    }
    options.n_columns = options.columns == both ? 2 : 1;
    return options;
}

static void check(struct lake *lake, const struct lake_scan_options *options, const struct given *all,
                  int64_t period_ms)
{
    struct given_row *rows = calloc(MOST_ROWS, sizeof *rows), *filled = calloc(MOST_ROWS, sizeof *filled);
    int64_t n_bars = 0, n_incomplete = 0;
    assert_true(rows != NULL && filled != NULL);
    memcpy(rows, all->rows, all->n * sizeof *rows);
    size_t n = options->complete ? model_complete(rows, all->n) : all->n;
    n = model_fill(rows, n, options->fill, period_ms, filled);
    n = model_cut(options, filled, n);
    struct given given = give(lake, *options);
    assert_given(&given, filled, n);
    count_told(filled, n, &n_bars, &n_incomplete);
    assert_int_equal(given.n_bars, n_bars);
    assert_int_equal(given.n_incomplete, n_incomplete);
    assert_true(given.n_told == -1 || given.n_told == (int64_t)n);
    if (options->columns != NULL)
        assert_int_equal(given.n_columns, options->n_columns + 1);
    free(given.rows);
    free(rows);
    free(filled);
}

static void test_any_options_together(void **state)
{
    static const char *const periods[] = {"1m", "15m", "1h", "4h"};
    const struct lakes *lakes = *state;
    for (size_t i = 0; i < 4; i++) {
        const struct period *period = NULL;
        bool is_raw = i == 0;
        struct given all = give(lakes->derived->lake, ask(NULL, periods[i]));
        struct given same = give(lakes->stored->lake, ask(NULL, periods[i]));
        assert_true(all.n > 10);
        assert_given(&same, all.rows, all.n);
        assert_int_equal(period_find(periods[i], &period, NULL), LAKE_OK);
        for (uint32_t round = 0; round < N_ROUNDS; round++) {
            random_state = round;
            const struct lake_scan_options options = random_options(is_raw, periods[i]);
            check(round % 2 == 0 ? lakes->stored->lake : lakes->derived->lake, &options, &all, period->length_ms);
        }
        free(all.rows);
        free(same.rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_options_together)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
