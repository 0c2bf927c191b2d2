/* What the implementation of backups shares with its tests and with restore. */
#ifndef LAKE_BACKUP_H
#define LAKE_BACKUP_H

#include "lake/handle.h"

/* A backup's parts, below its directory. */
#define BACKUP_MANIFEST "manifest.db"
#define BACKUP_DATA "data"

/* Checks the sizes of the structs and that there is a directory; clears the result. */
LAKE_MUST_CHECK lake_status backup_check_options(const struct lake_backup_options *options,
                                                 struct lake_backup_result *result, struct lake_error *err);

/* A checked copy of a manifest at a path where there is none, opened. Damage in the original is LAKE_CORRUPT, to its last page. */
LAKE_MUST_CHECK lake_status backup_copy_manifest(const char *original_path, const char *path, struct manifest **out,
                                                 struct lake_error *err);
/* The copy without history and unfinished moves, whole in the one file at `path`; closes it, also on failure. */
LAKE_MUST_CHECK lake_status backup_finish_manifest(struct manifest *copy, struct io io, const char *path,
                                                   struct lake_error *err);

/* lake_restore over another table of file operations. */
LAKE_MUST_CHECK lake_status lake_restore_with(const struct lake_options *lake_options,
                                              const struct lake_backup_options *options, struct io io,
                                              struct lake_backup_result *result, struct lake_error *err);

#endif
