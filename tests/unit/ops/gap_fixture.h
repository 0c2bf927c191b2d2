/* The rows of lake_list_gaps and lake_list_coverage as structs, for tests: they fail the running test where the library reports an
 * error, unless it says otherwise. */
#ifndef TESTS_GAP_FIXTURE_H
#define TESTS_GAP_FIXTURE_H

#include "unit/lake/change_fixture.h"

#include <datalake/bars.h>

enum { MOST_TOLD = 70000, TOLD_TEXT_BYTES = 64 };

struct told_gap {
    int64_t start_ms, end_ms, n_bars;
    char reason[TOLD_TEXT_BYTES], answer[TOLD_TEXT_BYTES];
    int64_t operation; /* -1: null */
};
struct told_gaps {
    struct told_gap gaps[MOST_TOLD];
    size_t n;
    struct lake_gaps_result result;
};
/* Of raw bars: the options' size is filled in. The answer lives until the next call. */
const struct told_gaps *list_gaps(struct lake *lake, struct lake_gaps_options options);
lake_status try_list_gaps(struct lake *lake, struct lake_gaps_options options, struct lake_error *err);
void assert_gap(const struct told_gap *gap, int64_t start_ms, int64_t n_bars, const char *reason);

struct told_month {
    int64_t month_ms, expected, present, n_gaps;
    char reasons[TOLD_TEXT_BYTES];
};
struct told_months {
    struct told_month months[MOST_TOLD];
    size_t n;
};
const struct told_months *list_coverage(struct lake *lake, struct lake_gaps_options options);

/* Writes bars of a period at these times. */
void write_times(struct lake *lake, const char *symbol, const char *period, const int64_t *times, size_t n);

#endif
