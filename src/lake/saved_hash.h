/* What the staged files of a safe point hold, read in parallel: to record it, and to see later that it is still so. */
#ifndef LAKE_SAVED_HASH_H
#define LAKE_SAVED_HASH_H

#include "lake/saved_write.h"

/* Fills in size and SHA-256 of files of a write, by their names behind its prefix ("staging/{token}-"). */
LAKE_MUST_CHECK lake_status saved_hash_files(struct lake *lake, const char *prefix, struct saved_file *const *files,
                                             size_t n, struct lake_error *err);
/* Reads every file that the record names: LAKE_CORRUPT or LAKE_NOT_FOUND where one is not what it was. */
LAKE_MUST_CHECK lake_status saved_hash_check(struct lake *lake, const char *prefix, const struct saved_write *saved,
                                             struct lake_error *err);

#endif
