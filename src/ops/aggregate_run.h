/* Bringing what is derived from one source up to date: the inside of lake_aggregate.
 *
 * The source is read once for all that is derived from it, in order of time, over the union of what is stale. What comes of it is
 * committed in chunks of whole months that fit into memory, nearly always one. A chunk replaces the bars of its stale days and
 * records what they were made of in the same transaction; so an interrupted run goes on where it stopped. The versions recorded are those that
 * were looked at before reading; a source that changes in between is looked at again, and read again. What is derived changes
 * only under its commit's lock: if somebody else changed it meanwhile, it is not called current, and the next run looks at all of it.
 *
 *     struct aggregate_run run = {.lake = lake, .targets = targets, .n = n};
 *     TRY_OUT(aggregate_run(&run, err));
 *     out: aggregate_run_release(&run); */
#ifndef OPS_AGGREGATE_RUN_H
#define OPS_AGGREGATE_RUN_H

#include "lake/change_set.h"
#include "ops/derive_read.h"
#include "ops/derive_state.h"

struct aggregate_target {
    const struct derive_source *derive; /* all of one source, with the same columns */
    struct manifest_dataset dataset;    /* the derived one; its id is filled in when it is made */
    struct derive_view view;
    bool has_view;
    bool is_behind;  /* somebody else changed it since it was looked at */
    int64_t changed; /* by whom it should have been changed last: the view's, then our own commits */

    /* Of the chunk at hand. */
    struct range_list stale; /* days */
    struct range_list rows;  /* of the source that make them */
    struct aggregator *aggregator;
    struct batch bars; /* n_rows 0: none */

    /* What was done. */
    int64_t n_days, rows_written, rows_removed;
};

struct aggregate_run {
    struct lake *lake;
    struct aggregate_target *targets;
    size_t n;
    bool anew, dry_run;
    struct lake_progress progress;
    int64_t rows_before; /* of earlier runs, for the progress */

    struct arena arena; /* of names */
    struct derive_columns columns;
    const char *place;
    int64_t rows_committed; /* of source_rows: by chunks before */
    bool is_last;           /* the chunk at hand */
    bool is_first;          /* nothing was committed yet */

    /* What was done in all. */
    bool was_current;
    int64_t source_rows, days_changed, files_written, bytes_written, n_commits, snapshot;
};

LAKE_MUST_CHECK lake_status aggregate_run(struct aggregate_run *run, struct lake_error *err);
void aggregate_run_release(struct aggregate_run *run);

/* Between files: reads the source for the chunk that the targets name, to its bars. */
LAKE_MUST_CHECK lake_status aggregate_chunk_read(struct aggregate_run *run, struct lake_error *err);
/* Frees what that made. */
void aggregate_chunk_release(struct aggregate_run *run);
/* Commits its bars, with their lineage. */
LAKE_MUST_CHECK lake_status aggregate_chunk_commit(struct aggregate_run *run, struct lake_error *err);

#endif
