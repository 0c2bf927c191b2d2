/* Publishing and retiring: the renames that follow a commit (step 3 of the commit protocol).
 *
 * A commit records each move as outstanding. Carrying a move out is idempotent, so whoever comes next can finish what a dead
 * writer left. A move is cleared from the manifest only inside a later write transaction, after the directories it touched are
 * durable; until then readers know where else to look. */
#ifndef LAKE_MOVES_H
#define LAKE_MOVES_H

#include "lake/handle.h"
#include "manifest/manifest.h"

/* The outstanding moves, in the arena. */
LAKE_MUST_CHECK lake_status moves_find(struct lake *lake, struct arena *arena, struct manifest_outstanding **out,
                                       size_t *n, struct lake_error *err);
/* Carries moves out, or finds them done; is_done says which are, *n_renamed (may be NULL) counts those that were still to do.
 * One that cannot be done stops no other: the first error is returned when all were tried. */
LAKE_MUST_CHECK lake_status moves_carry_out(struct lake *lake, const struct manifest_outstanding *moves, size_t n,
                                            bool *is_done, int64_t *n_renamed, struct lake_error *err);
/* Makes the directories that the moves touched durable. */
LAKE_MUST_CHECK lake_status moves_make_durable(struct lake *lake, const struct manifest_outstanding *moves, size_t n,
                                               struct lake_error *err);

/* From this many files on, one sync of the filesystem is cheaper than one of each file. */
enum { SYNC_FILESYSTEM_FILES = 64 };
/* Makes the whole filesystem of a directory durable; LAKE_UNSUPPORTED where the system cannot. */
LAKE_MUST_CHECK lake_status moves_sync_filesystem(struct lake *lake, const char *directory, struct lake_error *err);

#endif
