/* Where a write puts its files before they are committed, and how leftovers of dead writers are known.
 *
 * Each write has a directory <state>/staging/{token} and holds a lock on <state>/staging/{token}.lock for as long as it lives; the
 * lock goes with the process, however it ends. So a directory whose lock can be taken belongs to nobody: the lock is the
 * record of intent, nothing is guessed from names or ages. The lock file is made before the directory and removed after it.
 *
 *     struct staging staging = {0};
 *     TRY(staging_open(&staging, lake, "ingest", err));
 *     …  files go to <state>/<staging.directory>/…
 *     staging_close(&staging);        // removes what is left in it */
#ifndef LAKE_STAGING_H
#define LAKE_STAGING_H

#include "io/lock.h"
#include "lake/handle.h"

enum { STAGING_PATH_BYTES = 64 };

struct staging {
    struct lake *lake;
    struct file_lock lock;
    char directory[STAGING_PATH_BYTES]; /* below the state directory: "staging/{token}" */
    bool is_open;
    bool is_committed; /* the manifest may name files that still lie here: only recovery may remove them */
};

LAKE_MUST_CHECK lake_status staging_open(struct staging *staging, struct lake *lake, const char *purpose,
                                         struct lake_error *err);
void staging_close(struct staging *staging);

/* Whether there is any staging directory at all: a live writer's or a dead one's. */
LAKE_MUST_CHECK lake_status staging_any(struct lake *lake, bool *any, struct lake_error *err);
/* Removes the directories of dead writers and counts them. Under the lake's lock, after every outstanding move is done. */
LAKE_MUST_CHECK lake_status staging_remove_dead(struct lake *lake, int64_t *n_removed, struct lake_error *err);

#endif
