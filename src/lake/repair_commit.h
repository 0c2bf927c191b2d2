/* The commit of a repair: a damaged file leaves for quarantine, one with the rows that were found again takes its place, and the days
 * that are nowhere become empty. One transaction; the moves are intents that recovery finishes.
 *
 * The damaged version is then forgotten, so that nobody reads an older snapshot through it: such a read is refused instead. */
#ifndef LAKE_REPAIR_COMMIT_H
#define LAKE_REPAIR_COMMIT_H

#include "lake/salvage.h"

enum { REPAIR_PATH_BYTES = 320 };

struct repair_commit {
    struct lake *lake;
    const struct manifest_dataset *dataset;
    const struct manifest_file *file;
    const struct salvage *salvage;
    /* Filled in: */
    int64_t snapshot;                        /* 0: nothing was committed */
    char quarantine_path[REPAIR_PATH_BYTES]; /* of the damaged file, below the state directory; "": it was gone */
};

/* `rows` without a schema: none were found. LAKE_CONFLICT where the file is not live any more. */
LAKE_MUST_CHECK lake_status repair_commit_run(struct repair_commit *commit, const struct batch *rows,
                                              struct lake_error *err);

/* Under the lake's lock: */
LAKE_MUST_CHECK lake_status repair_is_live(struct lake *lake, const struct manifest_file *file, bool *is_live,
                                           struct lake_error *err);
/* Carries out all outstanding moves and forgets a superseded file whose bytes are no longer in history. One that a named snapshot
 * needs stays. NULL: just the moves. */
LAKE_MUST_CHECK lake_status repair_forget(struct lake *lake, const struct manifest_file *file, struct lake_error *err);

#endif
