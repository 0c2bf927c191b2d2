/* The open lake as the files of this folder see it.
 *
 * Locking: `mutex` guards the manifest handle and the kept texts; it is never held while files are read or written, nor while
 * waiting for the lake's lock between processes. */
#ifndef LAKE_HANDLE_H
#define LAKE_HANDLE_H

#include <datalake/maintenance.h>

#include "base/arena.h"
#include "io/lock.h"
#include "lake/config.h"
#include "lake/lake.h"
#include "lake/names.h"
#include "manifest/manifest.h"

struct lake {
    struct io io;
    struct pool *pool;
    struct block_cache *blocks; /* of results, used again */
    struct mutex *mutex;
    struct manifest *manifest;
    struct arena texts;
    size_t memory_bytes;
    char *data_root;
    char *db_path;
    char *state_root; /* .lake beside the data root */
    bool was_created;
    bool has_committed; /* through this handle, under the mutex */
    const char *recovery_report;
    struct lake_policy policy;
    char default_market[NAME_BYTES];     /* where a write names none: dl.toml's market, else FUTURES */
    struct config_aggregate aggregate;   /* what dl.toml says of derived bars */
    const struct registered_type *types; /* lake/types.c's own; under the mutex */
    struct readers *readers;             /* lake/readers.c's own; made by the first scan */
};

#define LAKE_VERSION "0.1.0"
#define LAKE_SOFTWARE "dl-datalake " LAKE_VERSION

/* How long a writer waits for another before it gives up with the holder's name. */
enum { LAKE_LOCK_WAIT_MS = 60000 };

/* The lock around every write transaction and checkpoint. */
LAKE_MUST_CHECK lake_status lake_lock(struct lake *lake, struct file_lock *lock, int64_t wait_ms, const char *purpose,
                                      struct lake_error *err);

#endif
