/* Safe points in staging: what of a writer's files outlives its process, so that another can go on (write_save.h).
 *
 * {token}-save is the record of the last safe point (saved_write.h). It replaces the one before atomically, once everything that it names is
 * durable. Just before the manifest's commit it is sealed: renamed to {token}-save-{16 hex}, the random part of the name of one file that the
 * commit publishes. So whoever finds it afterwards, when every outstanding move is done, knows whether that commit counts: then that
 * file is no longer in staging, and the safe point is over.
 *
 * A safe point whose writer is gone is parked: the files that its record names stay, the others of the token go, and then the lock
 * file. A parked one costs those who open the lake nothing; what has no lock file is known not to have been committed. Taking it up,
 * and removing it, begin with making the lock file again, under the lake's lock. */
#ifndef LAKE_STAGING_SAVE_H
#define LAKE_STAGING_SAVE_H

#include "base/calendar.h"
#include "lake/saved_write.h"
#include "lake/staging.h"

/* How long a parked one is kept. */
#define SAVED_WRITES_MS (7 * MS_PER_DAY)

/* The files that a write's last safe point names. */
struct saved_files {
    struct arena arena;
    struct saved_file *items; /* by name */
    size_t n;
};
void saved_files_free(struct saved_files *files);

/* Makes a record the write's safe point, durable with its name. What it names is durable already. */
LAKE_MUST_CHECK lake_status staging_save(const struct staging *staging, const struct buffer *record,
                                         struct lake_error *err);
/* Before the manifest's commit: that will publish the staged file at `state_path`. Nothing where there is no safe point. */
LAKE_MUST_CHECK lake_status staging_seal(const struct staging *staging, const char *state_path, struct lake_error *err);
/* Removes, of the write's files, those that `before` names and `now` does not. What cannot be removed waits for the end. */
void staging_remove_unnamed(const struct staging *staging, const struct saved_files *before,
                            const struct saved_files *now);

/* Names of the records in staging, each terminated; of live writers, too. */
LAKE_MUST_CHECK lake_status staging_find_saves(struct lake *lake, struct buffer *names, struct lake_error *err);
/* Whether a name is that of a record, sealed or not; its token goes to `token`. */
bool staging_is_save(const char *name, char token[STAGING_TOKEN_BYTES]);
/* LAKE_NOT_FOUND where it is gone or was replaced. */
LAKE_MUST_CHECK lake_status staging_read_save(struct lake *lake, const char *name, struct arena *arena,
                                              struct saved_write *out, struct lake_error *err);

/* For who holds the token's lock, where all outstanding moves are done (or it is its own, and was not committed): leaves just what the
 * safe point needs, but for the lock file. *is_parked is false where there is none that could be gone on with. */
LAKE_MUST_CHECK lake_status staging_park(struct lake *lake, const char *token, bool *is_parked, struct lake_error *err);
#endif
