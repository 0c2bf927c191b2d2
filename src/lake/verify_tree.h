/* Looks through the data tree for Parquet files that the manifest does not list: other tools would read their rows (I3). */
#ifndef LAKE_VERIFY_TREE_H
#define LAKE_VERIFY_TREE_H

#include "base/buffer.h"
#include "lake/handle.h"

/* The strangers' paths below the data root, each terminated, one after another. */
LAKE_MUST_CHECK lake_status verify_tree(struct lake *lake, struct buffer *strangers, struct lake_error *err);

#endif
