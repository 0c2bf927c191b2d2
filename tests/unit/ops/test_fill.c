/* Filling gaps against a model that fills the whole history at once, one bar after the other, and then takes the range out of it: rows
 * cut into batches anywhere, gaps longer than batches, ranges that begin and end in gaps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "column/builder.h"
#include "ops/fill.h"

enum { MOST_ROWS = 4000, N_ROUNDS = 400 };

#define FIRST_MS INT64_C(1704067200000) /* 2024-01-01 */

/* What a row holds; a NaN close and a NULL note are null. */
struct row {
    int64_t ts;
    bool is_null; /* but for ts */
    double close, high, volume, vwap, own;
    int64_t bars, bars_expected; /* -1: null */
    char note[8];
    bool has_close, has_vwap, has_own, has_note, flag, has_flag;
};

static const struct column_field fields[] = {
    {"ts", COLUMN_TIMESTAMP_MS, 0, false},    {"high", COLUMN_DOUBLE, 0, true}, {"close", COLUMN_DOUBLE, 0, true},
    {"volume", COLUMN_DOUBLE, 0, true},       {"vwap", COLUMN_DOUBLE, 0, true}, {"bars", COLUMN_INT64, 0, false},
    {"bars_expected", COLUMN_INT64, 0, true}, {"own", COLUMN_DOUBLE, 0, true},  {"note", COLUMN_UTF8, 0, true},
    {"flag", COLUMN_BOOL, 0, true},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static struct schema *schema;

static uint32_t random_state;
static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

static int make_schema(void **state)
{
    (void)state;
    return schema_new(fields, N_FIELDS, &schema, NULL) == LAKE_OK ? 0 : -1;
}

static int free_schema(void **state)
{
    (void)state;
    schema_free(schema);
    return 0;
}

/* ---- rows and batches ---- */

static struct row row_at(int64_t ts, uint32_t k)
{
    struct row row = {.ts = ts,
                      .close = k + 0.5,
                      .high = k + 2,
                      .volume = k % 7,
                      .vwap = k + 0.25,
                      .own = k * 3.0,
                      .bars = k % 15 + 1,
                      .bars_expected = 15,
                      .has_close = k % 5 != 4,
                      .has_vwap = k % 4 != 0,
                      .has_own = k % 3 != 0,
                      .has_note = k % 6 != 5,
                      .flag = k % 2 == 0,
                      .has_flag = k % 7 != 0};
    snprintf(row.note, sizeof row.note, "n%u", k % 1000);
    return row;
}

static struct cell number(bool is_there, double value)
{
    return (struct cell){.kind = is_there ? CELL_DOUBLE : CELL_NULL, .number = value};
}

static struct cell count(int64_t value)
{
    return (struct cell){.kind = value < 0 ? CELL_NULL : CELL_INT64, .int64 = value};
}

static void make_rows(const struct row *rows, size_t n, struct batch *out)
{
    struct batch_builder *builder = NULL;
    assert_int_equal(batch_builder_new(schema, &builder, NULL), LAKE_OK);
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &rows[i];
        const struct cell cells[N_FIELDS] = {
            {.kind = CELL_INT64, .int64 = row->ts},
            number(true, row->high),
            number(row->has_close, row->close),
            number(true, row->volume),
            number(row->has_vwap, row->vwap),
            count(row->bars),
            count(row->bars_expected),
            number(row->has_own, row->own),
            {.kind = row->has_note ? CELL_TEXT : CELL_NULL, .text = row->note},
            {.kind = row->has_flag ? CELL_BOOL : CELL_NULL, .int64 = row->flag},
        };
        assert_int_equal(batch_builder_append_cells(builder, cells, NULL), LAKE_OK);
    }
    assert_int_equal(batch_builder_take(builder, out, NULL), LAKE_OK);
    batch_builder_free(builder);
}

static void assert_number(const struct batch *batch, size_t column, int64_t row, bool is_there, double value)
{
    assert_int_equal(column_is_valid(&batch->columns[column], row), is_there);
    if (is_there)
        assert_true(((const double *)batch_values(batch, column))[row] == value);
}

static void assert_count(const struct batch *batch, size_t column, int64_t row, int64_t value)
{
    assert_int_equal(column_is_valid(&batch->columns[column], row), value >= 0);
    if (value >= 0)
        assert_int_equal(((const int64_t *)batch_values(batch, column))[row], value);
}

static void assert_row(const struct batch *batch, int64_t i, const struct row *row)
{
    const struct column *note = &batch->columns[8], *flag = &batch->columns[9];
    bool is_there = !row->is_null;
    assert_int_equal(((const int64_t *)batch_values(batch, 0))[i], row->ts);
    assert_true(column_is_valid(&batch->columns[0], i));
    assert_number(batch, 1, i, is_there && (row->high == row->high), row->high);
    assert_number(batch, 2, i, is_there && row->has_close, row->close);
    assert_number(batch, 3, i, is_there, row->volume);
    assert_number(batch, 4, i, is_there && row->has_vwap, row->vwap);
    assert_count(batch, 5, i, is_there ? row->bars : -1);
    assert_count(batch, 6, i, is_there ? row->bars_expected : -1);
    assert_number(batch, 7, i, is_there && row->has_own, row->own);
    assert_int_equal(column_is_valid(note, i), is_there && row->has_note);
    if (is_there && row->has_note) {
        size_t length = (size_t)(note->offsets[i + 1] - note->offsets[i]);
        assert_int_equal(length, strlen(row->note));
        assert_memory_equal((const char *)note->values + note->offsets[i], row->note, length);
    }
    assert_int_equal(column_is_valid(flag, i), is_there && row->has_flag);
    if (is_there && row->has_flag)
        assert_int_equal(bit_get(flag->values, i), row->flag);
}

/* Nulls are counted, values of null rows are zero, and bits past the last row too: what a batch promises. */
static void assert_sound(const struct batch *batch)
{
    for (size_t c = 0; c < N_FIELDS; c++) {
        const struct column *column = &batch->columns[c];
        int64_t n_null = 0;
        for (int64_t i = 0; i < batch->n_rows; i++) {
            n_null += !column_is_valid(column, i);
            if (!column_is_valid(column, i) && column_type_width(&fields[c]) == 8)
                assert_int_equal(((const int64_t *)column->values)[i], 0);
        }
        assert_int_equal(column->null_count, n_null);
        assert_true(n_null > 0 || column->validity == NULL);
    }
}

/* ---- the model ---- */

static struct row missing_row(enum lake_fill policy, const struct row *before, int64_t ts)
{
    struct row row = *before;
    row.ts = ts;
    row.is_null = policy == LAKE_FILL_NULL;
    row.bars = 0;
    row.bars_expected = -1;
    if (policy != LAKE_FILL_ZERO_VOLUME)
        return row;
    row.high = before->has_close ? before->close : (double)NAN;
    row.volume = 0;
    row.has_vwap = row.has_own = row.has_note = row.has_flag = false;
    return row;
}

static int64_t model_next(const struct period *period, int64_t ts)
{
    if (period->length_ms > 0)
        return ts + period->length_ms;
    struct calendar_date date = calendar_date_from_day(calendar_day_of_ms(ts));
    int64_t behind = ts - calendar_day_from_date((struct calendar_date){date.year, date.month, 1}) * MS_PER_DAY;
    date = (struct calendar_date){date.year + (date.month == 12), date.month % 12 + 1, 1};
    return calendar_day_from_date(date) * MS_PER_DAY + behind;
}

static size_t model_fill(const struct fill_options *options, const struct row *rows, size_t n, struct row *out)
{
    size_t n_out = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t slot = i == 0 ? 0 : model_next(options->period, rows[i - 1].ts);
        for (; i > 0 && model_next(options->period, slot) <= rows[i].ts; slot = model_next(options->period, slot)) {
            if (slot < options->range.start_ms || slot >= options->range.end_ms)
                continue;
            assert_true(n_out < MOST_ROWS);
            out[n_out++] = missing_row(options->policy, &rows[i - 1], slot);
        }
        if (rows[i].ts >= options->range.start_ms && rows[i].ts < options->range.end_ms)
            out[n_out++] = rows[i];
    }
    return n_out;
}

/* ---- running it ---- */

struct history {
    struct row rows[MOST_ROWS];
    size_t n;
    struct row wanted[MOST_ROWS];
};

static void tell_neighbours(struct filler *filler, const struct history *history, struct time_range range)
{
    struct batch batch = {0};
    size_t n_before = 0, first_behind = 0;
    for (size_t i = 0; i < history->n; i++) {
        n_before += history->rows[i].ts < range.start_ms;
        first_behind += history->rows[i].ts < range.end_ms;
    }
    if (n_before > 0) {
        make_rows(history->rows, n_before, &batch);
        assert_int_equal(filler_set_before(filler, &batch, (int64_t)n_before - 1, NULL), LAKE_OK);
        batch_release(&batch);
    }
    if (first_behind < history->n)
        filler_set_after(filler, history->rows[first_behind].ts);
}

static size_t take_all(struct filler *filler, const struct fill_options *options, const struct row *wanted, size_t done,
                       size_t n_wanted)
{
    struct batch batch = {0};
    assert_int_equal(filler_next(filler, &batch, NULL), LAKE_OK);
    while (batch.release != NULL) {
        assert_in_range(batch.n_rows, 1, options->most_rows);
        assert_true(done + (size_t)batch.n_rows <= n_wanted);
        assert_sound(&batch);
        for (int64_t i = 0; i < batch.n_rows; i++)
            assert_row(&batch, i, &wanted[done++]);
        batch_release(&batch);
        assert_int_equal(filler_next(filler, &batch, NULL), LAKE_OK);
    }
    return done;
}

/* Rows of the range go in cut anywhere. */
static void check_fill(struct history *history, const struct fill_options *options)
{
    struct filler *filler = NULL;
    size_t n_wanted = model_fill(options, history->rows, history->n, history->wanted), done = 0;
    assert_int_equal(filler_new(options, schema, &filler, NULL), LAKE_OK);
    assert_true(filler_schema(filler)->fields[5].nullable && !filler_schema(filler)->fields[0].nullable);
    tell_neighbours(filler, history, options->range);
    for (size_t i = 0; i < history->n;) {
        const struct row *row = &history->rows[i];
        size_t n = 0, most = 1 + random_below(random_below(3) == 0 ? 200 : 5);
        struct batch batch = {0};
        while (i + n < history->n && n < most && row[n].ts >= options->range.start_ms &&
               row[n].ts < options->range.end_ms)
            n++;
        i += n == 0 ? 1 : n;
        if (n == 0)
            continue;
        done = take_all(filler, options, history->wanted, done, n_wanted);
        make_rows(row, n, &batch);
        assert_int_equal(filler_add(filler, &batch, NULL), LAKE_OK);
        assert_null(batch.release);
    }
    done = take_all(filler, options, history->wanted, done, n_wanted);
    filler_end(filler);
    assert_int_equal(take_all(filler, options, history->wanted, done, n_wanted), n_wanted);
    filler_free(filler);
}

static const struct period *period_of(const char *name)
{
    const struct period *period = NULL;
    assert_int_equal(period_find(name, &period, NULL), LAKE_OK);
    return period;
}

static void random_history(struct history *history, const struct period *period)
{
    int64_t ts = FIRST_MS + (int64_t)random_below(3) * MS_PER_HOUR;
    history->n = 1 + random_below(120);
    for (size_t i = 0; i < history->n; i++) {
        history->rows[i] = row_at(ts, random_below(10000));
        uint32_t n_steps = random_below(5) > 0 ? 1 : 1 + random_below(random_below(8) == 0 ? 200 : 4);
        while (n_steps-- > 0)
            ts = model_next(period, ts);
        if (random_below(30) == 0 && period->length_ms > 0)
            ts += period->length_ms / 3; /* a venue that moved its grid */
    }
}

static struct time_range random_range(const struct history *history, const struct period *period)
{
    int64_t bar = period->length_ms > 0 ? period->length_ms : 30 * MS_PER_DAY;
    int64_t span = (history->rows[history->n - 1].ts - FIRST_MS) / bar + 6;
    int64_t a = FIRST_MS + ((int64_t)random_below((uint32_t)span) - 3) * bar + (int64_t)random_below(2) * bar / 2;
    int64_t b = a + (int64_t)random_below((uint32_t)span) * bar;
    struct time_range range = {a, b};
    if (random_below(4) == 0)
        range.start_ms = INT64_MIN;
    if (random_below(4) == 0)
        range.end_ms = INT64_MAX;
    return range;
}

static void test_random_histories(void **state)
{
    static const char *const periods[] = {"1m", "15m", "1h", "1d", "1w", "1mo"};
    struct history *history = calloc(1, sizeof *history);
    (void)state;
    assert_non_null(history);
    for (uint32_t round = 0; round < N_ROUNDS; round++) {
        random_state = round;
        const struct period *period = period_of(periods[random_below(6)]);
        struct fill_options options = {.policy = (enum lake_fill)(LAKE_FILL_NULL + (int)random_below(3)),
                                       .period = period,
                                       .most_rows = 1 + random_below(random_below(2) == 0 ? 7 : 3000)};
        random_history(history, period);
        options.range = random_range(history, period);
        check_fill(history, &options);
    }
    free(history);
}

/* ---- single things ---- */

static struct filler *new_filler(enum lake_fill policy, const char *period, int64_t most_rows)
{
    struct fill_options options = {policy, period_of(period), {INT64_MIN, INT64_MAX}, most_rows};
    struct filler *filler = NULL;
    assert_int_equal(filler_new(&options, schema, &filler, NULL), LAKE_OK);
    return filler;
}

/* Eight million missing minutes come in batches as small as was asked for, and are not made all at once. */
static void test_a_gap_of_sixteen_years_passes_in_small_batches(void **state)
{
    const struct row rows[] = {row_at(FIRST_MS, 1), row_at(FIRST_MS + 16 * 365 * MS_PER_DAY, 2)};
    struct filler *filler = new_filler(LAKE_FILL_ZERO_VOLUME, "1m", 50000);
    struct batch batch = {0};
    int64_t n = 0;
    (void)state;
    make_rows(rows, 2, &batch);
    assert_int_equal(filler_add(filler, &batch, NULL), LAKE_OK);
    filler_end(filler);
    for (;;) {
        assert_int_equal(filler_next(filler, &batch, NULL), LAKE_OK);
        if (batch.release == NULL)
            break;
        assert_in_range(batch.n_rows, 1, 50000);
        assert_int_equal(((const int64_t *)batch_values(&batch, 0))[0], FIRST_MS + n * MS_PER_MINUTE);
        n += batch.n_rows;
        batch_release(&batch);
    }
    assert_int_equal(n, 16 * 365 * INT64_C(1440) + 1);
    filler_free(filler);
}

static void test_rows_without_a_gap_are_not_copied(void **state)
{
    struct row rows[100];
    struct filler *filler = new_filler(LAKE_FILL_PREVIOUS, "1m", 1000);
    struct batch batch = {0};
    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        rows[i] = row_at(FIRST_MS + i * MS_PER_MINUTE, i);
    make_rows(rows, 100, &batch);
    const void *values = batch_values(&batch, 2);
    assert_int_equal(filler_add(filler, &batch, NULL), LAKE_OK);
    assert_int_equal(filler_next(filler, &batch, NULL), LAKE_OK);
    assert_ptr_equal(batch_values(&batch, 2), values);
    assert_int_equal(batch.n_rows, 100);
    batch_release(&batch);
    filler_free(filler);
}

/* Times at the ends of what an int64 holds neither wrap nor loop. */
static void test_times_at_the_ends_of_what_there_is(void **state)
{
    static const char *const periods[] = {"1m", "1mo"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct row rows[] = {row_at(INT64_MAX - 30000, 1), row_at(INT64_MAX, 2)};
        struct filler *filler = new_filler(LAKE_FILL_NULL, periods[i], 100);
        struct batch batch = {0};
        make_rows(rows, 2, &batch);
        assert_int_equal(filler_add(filler, &batch, NULL), LAKE_OK);
        filler_set_after(filler, INT64_MAX);
        filler_end(filler);
        assert_int_equal(filler_next(filler, &batch, NULL), LAKE_OK);
        assert_int_equal(batch.n_rows, 2);
        batch_release(&batch);
        assert_int_equal(filler_next(filler, &batch, NULL), LAKE_OK);
        assert_null(batch.release);
        filler_free(filler);
    }
}

static void test_what_cannot_be_filled_is_said(void **state)
{
    static const struct column_field no_close[] = {{"ts", COLUMN_TIMESTAMP_MS, 0, false},
                                                   {"open", COLUMN_DOUBLE, 0, true}};
    struct fill_options options = {LAKE_FILL_PREVIOUS, period_of("tick"), {INT64_MIN, INT64_MAX}, 10};
    struct filler *filler = NULL;
    struct schema *other = NULL;
    struct lake_error err = {LAKE_OK, ""};
    (void)state;
    assert_int_equal(filler_new(&options, schema, &filler, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "only gaps between bars can be filled, and 'tick' is no period of bars");
    assert_int_equal(schema_new(no_close, 2, &other, NULL), LAKE_OK);
    options = (struct fill_options){LAKE_FILL_ZERO_VOLUME, period_of("1m"), {INT64_MIN, INT64_MAX}, 10};
    assert_int_equal(filler_new(&options, other, &filler, &err), LAKE_INVALID_ARGUMENT);
    assert_string_equal(err.message, "there is no column 'close', which filling needs");
    schema_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_histories),
        cmocka_unit_test(test_a_gap_of_sixteen_years_passes_in_small_batches),
        cmocka_unit_test(test_rows_without_a_gap_are_not_copied),
        cmocka_unit_test(test_times_at_the_ends_of_what_there_is),
        cmocka_unit_test(test_what_cannot_be_filled_is_said),
    };
    return cmocka_run_group_tests(tests, make_schema, free_schema);
}
