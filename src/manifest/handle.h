/* What the files of this folder share of an open manifest. */
#ifndef MANIFEST_HANDLE_H
#define MANIFEST_HANDLE_H

#include "manifest/manifest.h"
#include "manifest/sqlite.h"
#include "manifest/statements.h"

struct manifest {
    struct database *database;
    struct statement *statements[N_STATEMENTS]; /* prepared at first use */
    struct {
        int64_t operation_id, dataset_id;
    } noted; /* the last pair in operation_datasets, of this write transaction; 0: none */
};

/* Paths in a manifest are relative, with '/', without empty, "." and ".." parts: they cannot name what lies outside (I9). */
bool manifest_path_is_safe(const char *path);

#endif
