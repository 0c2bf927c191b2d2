/* The commit of staged partitions: step 2 and 3 of the commit protocol, under the lake's lock. */
#ifndef LAKE_COMMIT_H
#define LAKE_COMMIT_H

#include "column/schema.h"
#include "lake/partition.h"

struct commit {
    struct lake *lake;
    struct staging *staging;
    struct manifest_dataset *dataset; /* its id is filled in */
    const struct schema *schema;      /* columns that the rows may bring */
    struct partition **partitions;
    size_t n_partitions;
    struct manifest_operation *operation; /* its id is filled in */
    const struct manifest_source *sources;
    size_t n_sources;
    int64_t snapshot; /* filled in */
};

/* Makes what is staged durable. Before the lock is taken: it waits for the disk. */
LAKE_MUST_CHECK lake_status commit_make_durable(const struct commit *commit, struct lake_error *err);

/* Whether every partition was merged with what is live now (I6); marks in is_stale those that were not. Under the lake's lock. */
LAKE_MUST_CHECK lake_status commit_check(struct commit *commit, bool *is_stale, size_t *n_stale,
                                         struct lake_error *err);

/* Commits and publishes. Under the lake's lock, after a check that found none stale. When it fails after the manifest's commit
 * (LAKE_OK is not returned but commit->snapshot is set), the rows are safe and the next open finishes the moves. */
LAKE_MUST_CHECK lake_status commit_run(struct commit *commit, struct lake_error *err);

#endif
