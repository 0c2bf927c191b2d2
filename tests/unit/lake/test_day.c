/* A lake whose symbols are updated every minute for a day stays near the size of what lives in it.
 *
 *     test_day [SYMBOLS [DAYS_BEFORE [MINUTES]]]
 *
 * Every simulated minute one bar of each symbol is committed by itself. Every ten minutes, from the first hour on, the bytes on
 * the disk below data/ and .lake/ are held against those of the live files. The clock is the test's. What it measured is printed. */
#include "history_fixture.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/history.h"

enum { MINUTES_A_DAY = 1440, LOOK_EVERY = 10, PERCENT = 100, MOST_PERCENT = 120, SYMBOL_BYTES = 16 };

static int64_t n_symbols = 6, n_days_before = 60, n_minutes = MINUTES_A_DAY;

struct day {
    struct fixture *fixture;
    struct clock clock;
    int64_t worst_percent, worst_minute; /* of data/ and .lake/ */
    int64_t worst_whole_percent;         /* of the whole lake, the manifest included */
};

static void name_symbol_of(int64_t index, char out[SYMBOL_BYTES])
{
    (void)snprintf(out, SYMBOL_BYTES, "S%04dUSDT", (int)index);
}

/* Prices that walk about, so that files are of a natural size. */
static struct bar walking_bar(int64_t ts, int64_t symbol)
{
    double t = (double)(ts / MS_PER_MINUTE % 100000) + (double)symbol * 977.0;
    double base = floor(1e6 + 1e4 * sin(t / 300.0) + 1e3 * sin(t * 1.7)) / 100.0;
    struct bar bar = {ts,
                      base,
                      base + floor(fabs(sin(t * 3.1)) * 100.0) / 100.0,
                      base - floor(fabs(sin(t * 5.3)) * 100.0) / 100.0,
                      base + floor(sin(t * 7.7) * 50.0) / 100.0,
                      floor(fabs(sin(t * 11.9)) * 1e7) / 1000.0};
    return bar;
}

static void write_range(struct day *day, int64_t symbol, int64_t from_ms, int64_t n)
{
    char name[SYMBOL_BYTES];
    struct bar bars[MINUTES_A_DAY];
    name_symbol_of(symbol, name);
    struct lake_write *write = begin_write(day->fixture->lake, name, "1m");
    for (int64_t at = 0; at < n; at += MINUTES_A_DAY) {
        int64_t n_bars = n - at < MINUTES_A_DAY ? n - at : MINUTES_A_DAY;
        for (int64_t i = 0; i < n_bars; i++)
            bars[i] = walking_bar(from_ms + (at + i) * MS_PER_MINUTE, symbol);
        append_bars(write, bars, (size_t)n_bars);
    }
    (void)commit_write(write);
}

static struct manifest_sizes find_sizes(struct lake *lake)
{
    struct lake_error err = {LAKE_OK, ""};
    struct manifest_sizes sizes = {0};
    if (manifest_find_sizes(lake->manifest, &sizes, &err) != LAKE_OK)
        fail_msg("%s", err.message);
    return sizes;
}

static void look(struct day *day, int64_t minute)
{
    struct manifest_sizes sizes = find_sizes(day->fixture->lake);
    int64_t whole = count_bytes(day->fixture, "");
    int64_t bytes = count_bytes(day->fixture, "data") + count_bytes(day->fixture, ".lake");
    int64_t percent = bytes * PERCENT / sizes.live_bytes;
    if (percent > MOST_PERCENT)
        fail_msg("after %d minutes %" PRId64 " bytes for %" PRId64 " live ones (%" PRId64 " files, %" PRId64
                 " unchanged and %" PRId64 " changed ones in history)",
                 (int)minute, bytes, sizes.live_bytes, sizes.live_files, sizes.unchanged_files, sizes.changed_files);
    if (percent > day->worst_percent) {
        day->worst_percent = percent;
        day->worst_minute = minute;
    }
    if (whole * PERCENT / sizes.live_bytes > day->worst_whole_percent)
        day->worst_whole_percent = whole * PERCENT / sizes.live_bytes;
}

static void assert_rows(struct day *day, int64_t symbol)
{
    char name[SYMBOL_BYTES];
    size_t n = 0;
    int64_t first = DAY_2024 - n_days_before * MS_PER_DAY;
    name_symbol_of(symbol, name);
    struct bar *bars = read_bars(day->fixture->lake, name, first, DAY_2024 + MS_PER_DAY, &n);
    assert_int_equal(n, n_days_before * MINUTES_A_DAY + n_minutes);
    for (size_t i = 0; i < n; i++) {
        struct bar expected = walking_bar(first + (int64_t)i * MS_PER_MINUTE, symbol);
        assert_bars_equal(&bars[i], &expected, 1);
    }
    free(bars);
}

static void report(const struct day *day)
{
    struct manifest_sizes sizes = find_sizes(day->fixture->lake);
    print_message("%" PRId64 " symbols, %" PRId64 " days before, %" PRId64 " minutes: data and state at most %" PRId64
                  " %% of the live bytes (minute %" PRId64 "), the whole lake %" PRId64 " %%; at the end %" PRId64
                  " live bytes, %" PRId64 " in history, manifest %" PRId64 ", its log %" PRId64 "\n",
                  n_symbols, n_days_before, n_minutes, day->worst_percent, day->worst_minute, day->worst_whole_percent,
                  sizes.live_bytes, sizes.unchanged_bytes + sizes.changed_bytes,
                  count_bytes(day->fixture, "manifest.db"), count_bytes(day->fixture, "manifest.db-wal"));
}

static void test_a_day_of_updates(void **state)
{
    struct day *day = *state;
    for (int64_t symbol = 0; n_days_before > 0 && symbol < n_symbols; symbol++)
        write_range(day, symbol, DAY_2024 - n_days_before * MS_PER_DAY, n_days_before * MINUTES_A_DAY);
    for (int64_t minute = 0; minute < n_minutes; minute++) {
        for (int64_t symbol = 0; symbol < n_symbols; symbol++) {
            day->clock.now_ms = DAY_2024 + (minute + 1) * MS_PER_MINUTE + symbol * MS_PER_MINUTE / n_symbols;
            write_range(day, symbol, DAY_2024 + minute * MS_PER_MINUTE, 1);
        }
        if (minute >= 60 && minute % LOOK_EVERY == 0)
            look(day, minute);
    }
    report(day);
    assert_true(day->worst_percent >= PERCENT); /* it did look */
    for (int64_t symbol = 0; symbol < n_symbols; symbol += 1 + n_symbols / 8)
        assert_rows(day, symbol);
    assert_int_equal(count_paths(day->fixture, "data", ".parquet"), find_sizes(day->fixture->lake).live_files);
}

static int set_up(void **state)
{
    struct day *day = calloc(1, sizeof *day);
    assert_non_null(day);
    day->clock.now_ms = DAY_2024;
    day->fixture = fixture_new_at(&day->clock);
    *state = day;
    return 0;
}

static int tear_down(void **state)
{
    struct day *day = *state;
    fixture_free(day->fixture);
    free(day);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_a_day_of_updates, set_up, tear_down)};
    n_symbols = argc > 1 ? atoi(argv[1]) : n_symbols;
    n_days_before = argc > 2 ? atoi(argv[2]) : n_days_before;
    n_minutes = argc > 3 ? atoi(argv[3]) : n_minutes;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
