/* The partitions of one operation, sorted and never overlapping, and where they are staged.
 *
 * Live files may be wider than the grain at which rows come in, and may become so at any moment: another process rolls a
 * month up. So a partition may grow when what is stored is looked up; it then absorbs its neighbours with all they were told to do.
 * Those absorbed stay allocated, empty and marked, until the set is released. One thread at a time; staging itself
 * runs in parallel, and may go on in the background: until it is ended, partitions marked is_under_way are not to be touched. Whatever
 * changes the set otherwise ends it first where that is needed. */
#ifndef LAKE_PARTITION_SET_H
#define LAKE_PARTITION_SET_H

#include "lake/partition.h"

struct stage_job;

struct partition_set {
    struct lake *lake;
    const char *purpose;      /* borrowed: of the staging lock, for who waits for it */
    struct staging staging;   /* opened by the first staging */
    struct partition **items; /* by dataset, then by start */
    size_t n, capacity;
    struct partition *absorbed;
    struct partition_tools **tools; /* one a thread */
    struct stage_job *background;   /* NULL: nothing is under way */
};

LAKE_MUST_CHECK lake_status partition_set_init(struct partition_set *set, struct lake *lake, const char *purpose,
                                               struct lake_error *err);
/* Without a commit: leaves nothing in staging. */
void partition_set_release(struct partition_set *set);

/* The partition of the dataset that holds an instant, or NULL. */
struct partition *partition_set_find(const struct partition_set *set, const struct manifest_dataset *dataset,
                                     int64_t ts_ms);
/* The partition that holds a range: found, or made by absorbing those that overlap it. */
LAKE_MUST_CHECK lake_status partition_set_get(struct partition_set *set, const struct partition *like,
                                              struct partition **out, struct lake_error *err);
/* The items of a dataset that overlap a range: [*first, *end). */
void partition_set_overlapping(const struct partition_set *set, const struct manifest_dataset *dataset,
                               struct time_range range, size_t *first, size_t *end);
/* Releases the partitions of a dataset. */
void partition_set_remove(struct partition_set *set, const struct manifest_dataset *dataset);

/* Opens `staging`; staging does it anyway. */
LAKE_MUST_CHECK lake_status partition_set_open_staging(struct partition_set *set, struct lake_error *err);
/* Stages the partitions that are marked stale (and unmarks them), each on what is live now; of many, the first `most`. */
LAKE_MUST_CHECK lake_status partition_set_stage(struct partition_set *set, size_t most, struct lake_error *err);
/* Begins to stage those marked stale in the background, when what was begun before is ended. */
LAKE_MUST_CHECK lake_status partition_set_begin_stage(struct partition_set *set, struct lake_error *err);
/* Waits until that is done, and stages again what became stale meanwhile. */
LAKE_MUST_CHECK lake_status partition_set_end_stage(struct partition_set *set, struct lake_error *err);
/* The same without staging, for sets of cuts only. */
LAKE_MUST_CHECK lake_status partition_set_preview(struct partition_set *set, size_t most, struct lake_error *err);

#endif
