/* Where a write puts its files before they are committed, and how leftovers of dead writers are known.
 *
 * Each write has a token and holds a lock on <state>/staging/{token}.lock for as long as it lives; its files lie beside it and begin
 * with the token. The lock goes with the process, however it ends. So files whose lock can be taken belong to nobody: the
 * lock is the record of intent, nothing is guessed from ages. The lock file is made before any other and removed after
 * them. All writes share one directory, which is there for good: one sync of it makes a write's names durable. What a
 * writer that has made a safe point leaves to a later process has no lock (staging_save.h).
 *
 *     struct staging staging = {0};
 *     TRY(staging_open(&staging, lake, "ingest", err));
 *     …  files go to <state>/<staging.prefix>…
 *     staging_close(&staging);        // removes what is left */
#ifndef LAKE_STAGING_H
#define LAKE_STAGING_H

#include "io/lock.h"
#include "lake/handle.h"

enum { STAGING_TOKEN_BYTES = 17, STAGING_PATH_BYTES = 64 };

struct staging {
    struct lake *lake;
    struct file_lock lock;
    char token[STAGING_TOKEN_BYTES];
    char prefix[STAGING_PATH_BYTES]; /* of its files, below the state directory: "staging/{token}-" */
    struct saved_files *saved;       /* what its last safe point names (staging_save.h); NULL: it has none */
    int directory;                   /* open from the start, so that no failed writeback in between goes unnoticed */
    bool is_open;
    bool is_committed; /* the manifest may name files that still lie here: only recovery may remove them */
    bool is_kept;      /* the safe point outlives the writer */
};

LAKE_MUST_CHECK lake_status staging_open(struct staging *staging, struct lake *lake, const char *purpose,
                                         struct lake_error *err);
void staging_close(struct staging *staging);
/* Under the lake's lock: opens the staging of a dead writer whose safe point is parked. LAKE_BUSY where it is not dead. */
LAKE_MUST_CHECK lake_status staging_take_over(struct staging *staging, struct lake *lake, const char *token,
                                              const char *purpose, struct lake_error *err);

/* Makes the names of staged files durable. */
LAKE_MUST_CHECK lake_status staging_sync_names(const struct staging *staging, struct lake_error *err);
/* Makes everything on the filesystem durable: for many files. LAKE_UNSUPPORTED where the system cannot. */
LAKE_MUST_CHECK lake_status staging_sync_filesystem(const struct staging *staging, struct lake_error *err);

/* Whether any write has staged anything: a live one or a dead one. */
LAKE_MUST_CHECK lake_status staging_any(struct lake *lake, bool *any, struct lake_error *err);
/* Whether a token has a lock file: its writer lives, or recovery has yet to look after what it left. */
LAKE_MUST_CHECK lake_status staging_has_lock(struct lake *lake, const char *token, bool *has, struct lake_error *err);
struct staging_dead {
    int64_t n_removed; /* writers whose files are gone */
    int64_t n_parked;  /* writers whose safe points are kept to be gone on with */
};
/* Removes what dead writers left, but for safe points. Under the lake's lock, after every outstanding move is done. */
LAKE_MUST_CHECK lake_status staging_remove_dead(struct lake *lake, struct staging_dead *out, struct lake_error *err);
/* Removes all that a dead writer left, its safe point too. Under the lake's lock. LAKE_BUSY where it is not dead. */
LAKE_MUST_CHECK lake_status staging_discard(struct lake *lake, const char *token, struct lake_error *err);

#endif
