/* Rows as lake_scan_* gives them, as structs, for tests: they fail the running test where the library reports an error, unless they say
 * otherwise. Bars are those of lake_fixture.h: exchange test, market FUTURES. */
#ifndef TESTS_READ_FIXTURE_H
#define TESTS_READ_FIXTURE_H

#include "derive_fixture.h"

struct given_row {
    int64_t ts;
    double close, volume;        /* NaN: null */
    int64_t bars, bars_expected; /* -1: null */
};

enum { NOTE_BYTES = 256 };

struct given {
    struct given_row *rows; /* free it */
    size_t n;
    int64_t n_told; /* lake_scan_rows */
    int64_t n_bars, n_incomplete;
    char note[NOTE_BYTES];
    char type[16], period[16];
    size_t n_columns;
    bool has_close, has_volume, has_bars;
};

/* options.size is filled in. Checks that no batch is empty or larger than was asked for. */
struct given give(struct lake *lake, struct lake_scan_options options);
lake_status try_give(struct lake *lake, struct lake_scan_options options, struct lake_error *err);
/* Bars of BTCUSDT. */
struct lake_scan_options ask(const char *type, const char *period);
/* Of columns that both have. */
void assert_given(const struct given *given, const struct given_row *wanted, size_t n);

#endif
