/* Expiry of history: what the policy no longer keeps is forgotten by the manifest and then removed.
 *
 * Every commit expires a little, so that a lake that is written to needs nobody to look after its size; maintenance does
 * the rest. Two steps, like publishing: the rows go in a write transaction together with the intent to remove the bytes, then the
 * bytes go, then, once that is durable, the intent is cleared in a later write transaction. Recovery finishes removals. All
 * of it under the lake's lock; what runs inside a write transaction expects the lake's mutex held, the rest takes it itself.
 *
 *     TRY(expiry_make_durable(lake, false, &is_due, err));
 *     TRY(expiry_find(lake, limit, &arena, &files, &n, err));
 *     …  begin a write transaction
 *     if (is_due)
 *         TRY(expiry_clear_removals(lake, err));
 *     TRY(expiry_record(lake, files, n, &counts, err));
 *     …  commit it
 *     TRY(expiry_remove_files(lake, err)); */
#ifndef LAKE_EXPIRY_H
#define LAKE_EXPIRY_H

#include <datalake/maintenance.h>

#include "lake/handle.h"
#include "manifest/history.h"

struct expiry_counts {
    int64_t n_files, n_bytes;
    int64_t n_operations; /* pruned from the log */
};

/* What may go now, at most `limit` files. A commit gives a few dozen and as many again as it retires itself, so that history
 * cannot grow faster than it goes. */
LAKE_MUST_CHECK lake_status expiry_find(struct lake *lake, int64_t limit, struct arena *arena,
                                        struct manifest_file **out, size_t *n, struct lake_error *err);
/* Inside a write transaction: forgets those files and prunes the log; adds to *counts. */
LAKE_MUST_CHECK lake_status expiry_record(struct lake *lake, const struct manifest_file *files, size_t n,
                                          struct expiry_counts *counts, struct lake_error *err);
/* After its commit, and in recovery: removes the bytes that stand as removals. Idempotent. A failure costs space, not data, and is
 * tried again by later ones: no reason to fail a commit. */
LAKE_MUST_CHECK lake_status expiry_remove_files(struct lake *lake, struct lake_error *err);
/* Before a write transaction: where a few dozen removals stand (with `all`: any), makes them durable, for one wait for the disk;
 * *is_due tells that it did, and that expiry_clear_removals may follow. */
LAKE_MUST_CHECK lake_status expiry_make_durable(struct lake *lake, bool all, bool *is_due, struct lake_error *err);
/* Inside that write transaction, before expiry_record: clears the removals whose bytes are gone. */
LAKE_MUST_CHECK lake_status expiry_clear_removals(struct lake *lake, struct lake_error *err);

#endif
