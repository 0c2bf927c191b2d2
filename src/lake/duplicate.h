/* The live files of a manifest, once more in another data tree, each checked against its SHA-256: what backup and restore share.
 *
 * The manifest that lists them is a copy that nobody else knows of, so that it stays as it is while writers go on with
 * theirs. Files are immutable (I5): a reflink shares the disk's blocks until one side is deleted, and a hard link is the same file
 * under two names; neither doubles the bytes, and neither survives the loss of the disk, or bit rot, better than one. */
#ifndef LAKE_DUPLICATE_H
#define LAKE_DUPLICATE_H

#include "lake/handle.h"

struct duplication {
    struct lake *source;       /* where the bytes are; not used through its mutex by the calling thread */
    struct manifest *manifest; /* that lists them */
    const char *data_root;     /* where they go; is there */
    bool may_clone, may_link;  /* before bytes are copied */
    const struct lake_progress *progress;
    struct lake_backup_result *result; /* counts are added up */
};

/* In parallel on the source's pool; not durable yet. LAKE_CORRUPT naming the first file whose bytes are not what they should be. */
LAKE_MUST_CHECK lake_status duplicate_files(const struct duplication *duplication, struct lake_error *err);

#endif
