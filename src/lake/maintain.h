/* What the tasks of maintenance share: the plan they write, the counts they add to, and how they are cancelled.
 *
 * Each task goes in steps that take the lake's lock one by one and give it back in between, so that writers never wait for more
 * than a step; what a step did stays done when a later one fails. In a dry run the same rows of the plan are written and nothing
 * is changed. The tasks are compact.h and gc.h, and expiry and SQLite's upkeep in maintain.c. */
#ifndef LAKE_MAINTAIN_H
#define LAKE_MAINTAIN_H

#include <datalake/maintenance.h>

#include "column/builder.h"
#include "lake/handle.h"

struct maintenance {
    struct lake *lake;
    const struct lake_maintain_options *options;
    struct lake_maintain_result *result;
    struct batch_builder *plan;
};

enum { BYTES_NOT_KNOWN = -1 };

/* A row of the plan. */
struct maintain_step {
    const char *task, *what;
    int64_t n_files, n_bytes;
    int64_t bytes_after; /* or BYTES_NOT_KNOWN */
};
LAKE_MUST_CHECK lake_status maintain_add_step(struct maintenance *maintenance, const struct maintain_step *step,
                                              struct lake_error *err);
/* Finishes the moves of former commits and clears them: files whose move is outstanding are not expired, and their directories
 * not removed. Also in a dry run, which must find the same; nothing that anybody sees changes by it. */
LAKE_MUST_CHECK lake_status maintain_settle(struct lake *lake, struct lake_error *err);
/* Tells the caller's progress how far it is; LAKE_CANCELLED where that asks for an end. Between steps. */
LAKE_MUST_CHECK lake_status maintain_report(const struct maintenance *maintenance, struct lake_error *err);

#endif
