/* The rules of conservation: coarser bars are what finer bars make of the same time.
 *
 * Open, high, low, close and counts must be equal. Sums may differ by n times the rounding unit of a double (2^-52) of their size, n
 * being the bars that were summed: the most by which two orders of addition differ, and what n decimals that became doubles do. Between a
 * venue's own bars each of the n + 1 figures may besides be rounded to the last decimal place that either sum shows,
 * to two decimals at most. Venues'
 * own bars are held only against buckets that miss no bar; derived ones against all that their source gives. */
#ifndef OPS_CHECK_SUMS_H
#define OPS_CHECK_SUMS_H

#include "ops/check_reference.h"
#include "ops/check_report.h"

/* Of one dataset, against what check_reference finds for it; nothing where that is nothing. The snapshot is filled in here. */
LAKE_MUST_CHECK lake_status check_sums(const struct check_wanted *wanted, struct check_report *report,
                                       struct lake_error *err);

#endif
