/* Coverage drawn: a line a dataset and year, a cell a month with the share of its bars that are there.
 *
 *     BINANCE FUTURES BTCUSDT raw 1m
 *            Jan  Feb  Mar  Apr  May  Jun  Jul  Aug  Sep  Oct  Nov  Dec
 *     2021  █100 ▇ 97 █100    0    ·    ·    ·    ·    ·    ·    ·    ·   74.2 %
 *
 * Shares are rounded down, so that 100 means all and nothing else does. */
#ifndef CLI_COVERAGE_CHART_H
#define CLI_COVERAGE_CHART_H

#include <stdbool.h>

#include <datalake/arrow.h>
#include <datalake/error.h>

#include "output.h"

struct coverage_chart {
    struct output *out;
    bool has_colour;
    bool has_blocks; /* the terminal shows more than ASCII */
};

/* Takes the stream of lake_list_coverage over. */
LAKE_MUST_CHECK lake_status coverage_chart_draw(const struct coverage_chart *chart, struct ArrowArrayStream *stream,
                                                struct lake_error *err);

#endif
