/* From changes to partitions: which files they touch now, and what is to become of each. */
#ifndef LAKE_CHANGE_PLAN_H
#define LAKE_CHANGE_PLAN_H

#include "lake/change_set.h"
#include "lake/partition_set.h"

/* A dataset of a change set. */
struct change_target {
    struct manifest_dataset dataset;
    enum partition_grain grain;
    struct change *changes; /* their dataset is the one above */
    size_t n;
    bool is_planned;
};

/* Makes the partitions of a dataset's changes anew, marked to be staged, from what is live now. */
LAKE_MUST_CHECK lake_status change_plan(struct change_target *target, struct partition_set *set,
                                        struct lake_error *err);
/* Whether the files that are live in the ranges are exactly those that the partitions were made from. */
LAKE_MUST_CHECK lake_status change_plan_check(const struct change_target *target, const struct partition_set *set,
                                              bool *is_current, struct lake_error *err);

#endif
