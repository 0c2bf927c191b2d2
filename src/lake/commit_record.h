/* The write transaction of a commit, and the moves that follow it. */
#ifndef LAKE_COMMIT_RECORD_H
#define LAKE_COMMIT_RECORD_H

#include "lake/commit.h"

/* Records the operation with all it changed, and what its owner adds, in one transaction, and puts files in place. Under the lake's
 * lock, when everything is durable and checked. */
LAKE_MUST_CHECK lake_status commit_record(struct commit *commit, const struct commit_owner *owner,
                                          struct lake_error *err);
/* Only what its owner adds: no snapshot is made. Under the lake's lock. */
LAKE_MUST_CHECK lake_status commit_record_knowledge(struct commit *commit, const struct commit_owner *owner,
                                                    struct lake_error *err);

#endif
