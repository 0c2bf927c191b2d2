/* The rules of one bar: what its values say about each other.
 *
 * Nulls break no rule but that of missing prices. What venues round is allowed for: a volume in two decimals, a quote volume in
 * whole units, a thousandth of either. */
#ifndef OPS_CHECK_BAR_H
#define OPS_CHECK_BAR_H

#include "ops/check_report.h"
#include "ops/check_window.h"

LAKE_MUST_CHECK lake_status check_bars_alone(const struct check_window *window, struct check_report *report,
                                             struct lake_error *err);

#endif
