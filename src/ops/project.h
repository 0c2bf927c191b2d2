/* Columns chosen out of batches by name, without copying a value.
 *
 *     struct projection *projection = NULL;
 *     TRY(projection_new(schema, names, n_names, &projection, err));
 *     TRY_OUT(projection_apply(projection, &batch, err));
 *     out: projection_free(projection); */
#ifndef OPS_PROJECT_H
#define OPS_PROJECT_H

#include "column/batch.h"

struct projection;

/* The first column, then those named, each once; all of them where names is NULL. LAKE_INVALID_ARGUMENT with the choices where there is no
 * such column. */
LAKE_MUST_CHECK lake_status projection_new(const struct schema *from, const char *const *names, size_t n_names,
                                           struct projection **out, struct lake_error *err);
void projection_free(struct projection *projection);
/* Lives as long as the projection. */
const struct schema *projection_schema(const struct projection *projection);
/* The batch, of the schema it was made for, becomes one of its own schema, which it borrows. On failure it is as it was. */
LAKE_MUST_CHECK lake_status projection_apply(const struct projection *projection, struct batch *batch,
                                             struct lake_error *err);

#endif
