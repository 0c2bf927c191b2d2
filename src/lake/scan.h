/* Scan, the waist through which everything is read, as the other files of this folder see it. */
#ifndef LAKE_SCAN_H
#define LAKE_SCAN_H

#include "lake/assemble.h"

/* The columns of a dataset in the order in which they are shown: the type's, then the source's by name. */
LAKE_MUST_CHECK lake_status scan_schema_of(struct lake *lake, const struct manifest_dataset *dataset,
                                           struct schema **out, struct lake_error *err);

#endif
