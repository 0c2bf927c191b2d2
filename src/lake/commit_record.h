/* The write transaction of a commit, and the moves that follow it. */
#ifndef LAKE_COMMIT_RECORD_H
#define LAKE_COMMIT_RECORD_H

#include "lake/commit.h"

/* Records the operation with all it changed in one transaction, and puts files in place. Under the lake's lock, when
 * everything is durable and checked. */
LAKE_MUST_CHECK lake_status commit_record(struct commit *commit, struct lake_error *err);

#endif
