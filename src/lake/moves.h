/* Publishing and retiring: the renames that follow a commit (step 3 of the commit protocol).
 *
 * A commit records each move as outstanding. Carrying a move out is idempotent, so whoever comes next can finish what a dead
 * writer left. A move is cleared from the manifest only inside a later write transaction, after the directories it touched are
 * durable; until then readers know where else to look. That is done for a few dozen at a time, since it waits for the disk.
 * All of it under the lake's lock. */
#ifndef LAKE_MOVES_H
#define LAKE_MOVES_H

#include "lake/handle.h"
#include "manifest/manifest.h"

/* Moves that are done and durable: what a write transaction may clear. */
struct moves_done {
    const struct manifest_outstanding *moves;
    size_t n;
};

/* Carries out one move of the latest commit, or finds it done. */
LAKE_MUST_CHECK lake_status moves_carry_out(struct lake *lake, const struct manifest_outstanding *move,
                                            struct lake_error *err);
/* Makes the directory that a path below the data root lies in. A move does that itself, when it fails without; of files in directories
 * of their own this saves the attempt. */
LAKE_MUST_CHECK lake_status moves_make_place(struct lake *lake, const char *path, struct lake_error *err);
/* Before a write transaction: carries out all outstanding moves (those of dead writers too) and makes them durable. That
 * waits for the disk, so it is left alone until there are a few dozen, unless `all`. One that cannot be done (somebody
 * removed the file, or put another in its way) stays outstanding and stops no other: readers know where else to look.
 * The report (may be NULL) tells how many were still to do, and of the first that could not be done. */
struct moves_report {
    int64_t n_renamed;
    struct lake_error failure; /* status LAKE_OK: none */
};
LAKE_MUST_CHECK lake_status moves_finish(struct lake *lake, bool all, struct arena *arena, struct moves_done *done,
                                         struct moves_report *report, struct lake_error *err);
/* Inside the write transaction. */
LAKE_MUST_CHECK lake_status moves_clear(struct lake *lake, const struct moves_done *done, struct lake_error *err);

/* From this many files on, one sync of the filesystem is cheaper than one of each file. */
enum { SYNC_FILESYSTEM_FILES = 64 };
/* Makes the whole filesystem of an open directory durable; LAKE_UNSUPPORTED where the system cannot. */
LAKE_MUST_CHECK lake_status moves_sync_filesystem(struct lake *lake, int directory, const char *name,
                                                  struct lake_error *err);

#endif
