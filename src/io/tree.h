/* A directory with all that is in it. Symbolic links are removed and passed over, never followed; deeper than any tree of a lake
 * is refused. */
#ifndef IO_TREE_H
#define IO_TREE_H

#include <datalake/error.h>

#include "io/io.h"

/* One that is not there is fine. */
LAKE_MUST_CHECK lake_status tree_remove(struct io io, const char *path, struct lake_error *err);
/* Makes all of it durable: by one call for the filesystem where there is such a call, else file by file. */
LAKE_MUST_CHECK lake_status tree_sync(struct io io, const char *path, struct lake_error *err);
/* *is_empty also where there is nothing, but not where there is a file. */
LAKE_MUST_CHECK lake_status tree_is_empty(struct io io, const char *path, bool *is_empty, struct lake_error *err);

#endif
