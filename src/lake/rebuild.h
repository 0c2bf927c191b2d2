/* Making the manifest anew from the data tree, as the files of this folder see it.
 *
 * The tree is walked dataset by dataset (rebuild_dataset.h): each file is read whole, and goes into a manifest that is made under
 * another name. Only when that is complete and durable are files that cannot be used moved to quarantine, and the manifest gets its
 * name: until then nothing has changed. What is to be moved is remembered in memory: it is named in the report anyway. */
#ifndef LAKE_REBUILD_H
#define LAKE_REBUILD_H

#include <datalake/maintenance.h>

#include "lake/examine.h"

/* What is to be set aside, or named because it could not be read. */
struct rebuild_aside {
    struct rebuild_aside *next;
    const char *path; /* below the data root, or the state directory */
    const char *problem;
    const char *detail;
    bool is_in_state;
    bool stays; /* is named and left where it is */
};

struct rebuild {
    struct lake *lake; /* without a manifest: `manifest` is the one that is being made */
    const struct lake_progress *progress;
    struct lake_rebuild_result *result;
    struct manifest *manifest;
    struct examiner **examiners; /* one a thread */
    struct arena arena;          /* of what is set aside */
    struct rebuild_aside *asides, **last_aside;
    const struct rebuild_type *types; /* that were registered, as far as files tell */
    int64_t operation_id, snapshot;
    int64_t n_uncommitted; /* files since the last transaction began */
};

/* The same as lake_rebuild, for a lake that was just made by lake_new. */
LAKE_MUST_CHECK lake_status lake_rebuild_with(struct lake *lake, const struct lake_progress *progress,
                                              struct lake_rebuild_result *result, struct ArrowArrayStream *report,
                                              struct lake_error *err);

LAKE_MUST_CHECK lake_status rebuild_set_aside(struct rebuild *rebuild, const struct rebuild_aside *aside,
                                              struct lake_error *err);
LAKE_MUST_CHECK lake_status rebuild_report_progress(const struct rebuild *rebuild, struct lake_error *err);
/* What dead writers staged: it may be committed rows that were not published yet. */
LAKE_MUST_CHECK lake_status rebuild_find_staged(struct rebuild *rebuild, struct lake_error *err);

#endif
