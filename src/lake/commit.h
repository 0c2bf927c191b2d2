/* The commit of staged partitions: steps 1 to 3 of the commit protocol.
 *
 * commit_run makes what is staged durable, takes the lake's lock, checks that what was merged with is still what is live (I6),
 * and records and publishes. Where it is not, the owner stages again: without the lock, but for the last attempts, so
 * that a busy lake cannot starve it. */
#ifndef LAKE_COMMIT_H
#define LAKE_COMMIT_H

#include "lake/partition_set.h"

/* One dataset that a commit writes to. */
struct commit_target {
    struct manifest_dataset *dataset; /* its id is filled in */
    const struct schema *schema;      /* columns that its rows may bring; NULL: none */
};

struct commit {
    struct partition_set *set;
    const struct commit_target *targets;
    size_t n_targets;
    struct manifest_operation *operation; /* its id is filled in */
    const struct manifest_source *sources;
    size_t n_sources;
    int64_t snapshot; /* filled in; 0: nothing was committed */
};

/* What the owner of a commit adds to it. Functions may be NULL, but restage. */
struct commit_owner {
    /* Stages again what is marked stale; under the lake's lock or not. */
    lake_status (*restage)(void *context, struct lake_error *err);
    /* Under the lock, before anything is recorded: whether anything else is stale; marks it. */
    lake_status (*check)(void *context, bool *is_stale, struct lake_error *err);
    /* Under the lock, when nothing is stale: fills in the operation's counts; may refuse. */
    lake_status (*prepare)(void *context, struct lake_error *err);
    /* Within the manifest's transaction, when the operation, files and contents are recorded: adds what the manifest is to know
     * besides (manifest/knowledge.h). A failure undoes all of it. */
    lake_status (*record)(void *context, const struct commit *commit, struct lake_error *err);
    bool
        records_always; /* also where no row changes: then commit->snapshot is 0, and nothing else is in the transaction */
    void *context;
};

/* Commits and publishes, or does nothing where no partition is changed (but for an owner that records_always). When it fails after the manifest's commit (LAKE_OK
 * is not returned but commit->snapshot is set), the rows are safe and the next open finishes the moves. */
LAKE_MUST_CHECK lake_status commit_run(struct commit *commit, const struct commit_owner *owner, struct lake_error *err);

#endif
