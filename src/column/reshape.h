/* A batch with a column more or less. No value is moved: pointers to those of a column that was dropped stay good as long as the
 * batch. */
#ifndef COLUMN_RESHAPE_H
#define COLUMN_RESHAPE_H

#include "column/batch.h"

/* Both leave the batch as it was when they fail; afterwards it owns its schema. */
LAKE_MUST_CHECK lake_status batch_drop_column(struct batch *batch, size_t column, struct lake_error *err);
/* Behind the others, the same value in each row. No column may have the name. */
LAKE_MUST_CHECK lake_status batch_add_int32(struct batch *batch, const char *name, int32_t value,
                                            struct lake_error *err);

#endif
