/* The columns of several tables of one kind of rows, by name.
 *
 * Where all have the same, the union is what they have. Else it has the columns of all in the order in which those of one dataset are shown (the type's,
 * then by name), and what not all have may be null. Where a column
 * that is wanted has different types, that is an error that names both places.
 *
 *     struct schema_union *columns = NULL;
 *     TRY(schema_union_new(lake, &columns, err));
 *     TRY_OUT(schema_union_add(columns, &dataset, schema, err));            // of each; the first one's type tells the order
 *     TRY_OUT(schema_union_make(columns, names, n_names, &schema, err));
 *     out: schema_union_free(columns); */
#ifndef LAKE_SCHEMA_UNION_H
#define LAKE_SCHEMA_UNION_H

#include "column/schema.h"
#include "manifest/records.h"

struct lake;
struct schema_union;

LAKE_MUST_CHECK lake_status schema_union_new(struct lake *lake, struct schema_union **out, struct lake_error *err);
void schema_union_free(struct schema_union *columns);
/* Copies what it keeps. */
LAKE_MUST_CHECK lake_status schema_union_add(struct schema_union *columns, const struct manifest_dataset *dataset,
                                             const struct schema *schema, struct lake_error *err);
/* NULL: all columns; else the time and those named, each once. */
LAKE_MUST_CHECK lake_status schema_union_make(const struct schema_union *columns, const char *const *names,
                                              size_t n_names, struct schema **out, struct lake_error *err);

#endif
