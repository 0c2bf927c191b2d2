/* Looks through the data tree for Parquet files that the manifest does not list: other tools would read their rows (I3).
 *
 * Bounded in memory: what a path says leads to the few live files it could be (layout_parse_path). A file that comes or goes with a
 * commit meanwhile is no stranger. */
#ifndef LAKE_VERIFY_TREE_H
#define LAKE_VERIFY_TREE_H

#include "lake/handle.h"

/* Called for each stranger with its path below the data root. */
typedef lake_status (*verify_stranger)(void *context, const char *path, struct lake_error *err);

LAKE_MUST_CHECK lake_status verify_tree(struct lake *lake, verify_stranger found, void *context,
                                        struct lake_error *err);

#endif
