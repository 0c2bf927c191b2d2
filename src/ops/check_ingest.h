/* What the ingests of a dataset met in their sources, and its rows no longer show: rows that were repeated or out of order, and what was
 * put aside. What rows do show is told by the rules that are held against them, as it is now. */
#ifndef OPS_CHECK_INGEST_H
#define OPS_CHECK_INGEST_H

#include "lake/handle.h"
#include "lake/partition.h"
#include "ops/check_report.h"

/* Findings about the range, and those of which it is not known what they are about. */
LAKE_MUST_CHECK lake_status check_ingests(struct lake *lake, const struct manifest_dataset *dataset,
                                          struct time_range range, struct check_report *report, struct lake_error *err);

#endif
