/* One partition of a write: rows collected, merged with what is stored, encoded and staged.
 *
 * A partition is first open (rows are collected in memory), then staged: its new file lies in staging, and the rows that came in lie
 * beside it wherever they differ from that file, so that the partition can take more rows or be merged again with another
 * base (I6). What it was merged with stands in `base`. Rows that are all stored already stage nothing: they were there when they were
 * looked for, whatever others commit after that.
 *
 * partition_stage is what costs time; partitions are staged in parallel, each by one thread with its own partition_tools. */
#ifndef LAKE_PARTITION_H
#define LAKE_PARTITION_H

#include "base/buffer.h"
#include "column/builder.h"
#include "column/period.h"
#include "lake/content.h"
#include "lake/merge.h"
#include "lake/staging.h"
#include "manifest/manifest.h"

struct partition {
    int64_t start_ms, end_ms;
    struct batch_builder *rows; /* collected; NULL: none since it was staged */

    /* What is stored, as it was looked up before staging. */
    struct arena base_arena;
    struct manifest_file *base;
    size_t n_base;
    struct manifest_content *base_days;
    size_t n_base_days;

    /* What was staged. */
    bool is_staged;         /* there is a new file, and maybe one of the rows that came in */
    bool has_incoming_file; /* the rows that came in are in a file of their own; else the staged file holds just them */
    char *path;             /* of the new file below the data root; also names what lies in staging */
    bool is_changed;        /* there is a new file, and days below */
    struct manifest_file file;
    struct content_day *days; /* that changed */
    size_t n_days;
    struct merge_counts counts;
};

struct partition_job {
    struct lake *lake;
    const struct staging *staging;
    const struct manifest_dataset *dataset;
    enum partition_grain grain;
};

struct partition_tools;

LAKE_MUST_CHECK lake_status partition_tools_new(struct lake *lake, struct partition_tools **out,
                                                struct lake_error *err);
void partition_tools_free(struct partition_tools *tools);

void partition_release(struct partition *partition);
/* Looks up what is stored for the partition's range. dataset_id 0: a dataset that is not there yet. */
LAKE_MUST_CHECK lake_status partition_find_base(struct partition *partition, struct lake *lake, int64_t dataset_id,
                                                struct lake_error *err);
/* Whether the files in `base` are still exactly those live. Inside the write transaction. */
LAKE_MUST_CHECK lake_status partition_check_base(const struct partition *partition, struct lake *lake,
                                                 int64_t dataset_id, bool *is_current, struct lake_error *err);
/* Merges the collected (or formerly staged) rows with the base and stages the result. */
LAKE_MUST_CHECK lake_status partition_stage(struct partition *partition, const struct partition_job *job,
                                            struct partition_tools *tools, struct lake_error *err);
/* Where the staged file lies below the state directory, as a terminated string in the buffer. */
LAKE_MUST_CHECK lake_status partition_state_path(const struct partition *partition, const struct staging *staging,
                                                 struct buffer *out, struct lake_error *err);

#endif
