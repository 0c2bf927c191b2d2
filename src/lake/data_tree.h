/* Walking through the data tree: everything that other tools would take for data.
 *
 * Memory is a path and the open directories on the way to it, however large the tree is. What comes and goes meanwhile may or may
 * not be met. */
#ifndef LAKE_DATA_TREE_H
#define LAKE_DATA_TREE_H

#include "lake/handle.h"

struct data_tree_visitor {
    /* A file that ends in .parquet, or what is neither a file nor a directory, or lies deeper than any file of a lake. */
    lake_status (*visit)(void *context, const char *path, struct lake_error *err);
    /* All that lies below it was visited. "" is the data root. */
    lake_status (*leave)(void *context, const char *directory, struct lake_error *err);
    void *context;
};

/* Paths are below the data root. A failure of the visitor ends the walk. */
LAKE_MUST_CHECK lake_status data_tree_walk(struct lake *lake, const struct data_tree_visitor *visitor,
                                           struct lake_error *err);

#endif
