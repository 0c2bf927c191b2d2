/* What the files of this folder share of an open manifest. */
#ifndef MANIFEST_HANDLE_H
#define MANIFEST_HANDLE_H

#include "manifest/manifest.h"
#include "manifest/sqlite.h"
#include "manifest/statements.h"

struct manifest {
    struct database *database;
    struct statement *statements[N_STATEMENTS]; /* prepared at first use */
};

/* Begins a read transaction, so that several queries see one snapshot; nothing happens inside a write transaction, which
 * sees its own. *begun tells read_end what to do. */
LAKE_MUST_CHECK lake_status manifest_read_begin(struct manifest *manifest, bool *begun, struct lake_error *err);
/* Keeps the first error: `status` in, `status` or this call's own failure out. */
lake_status manifest_read_end(struct manifest *manifest, bool begun, lake_status status, struct lake_error *err);

/* Paths in a manifest are relative, with '/', without empty, "." and ".." parts: they cannot name what lies outside (I9). */
bool manifest_path_is_safe(const char *path);

#endif
