/* Data types that users of the lake registered (schema 4). What every lake has stands in column/data_type.h, of which the manifest knows
 * nothing. Rules of manifest.h hold; texts are borrowed as in records.h. */
#ifndef MANIFEST_TYPE_H
#define MANIFEST_TYPE_H

#include "manifest/manifest.h"

struct manifest_type_column {
    const char *name;
    int32_t type;     /* column/schema.h's enum column_type */
    const char *unit; /* or "" */
    bool is_required, is_nullable;
    int32_t key; /* its place in the key, from 1; 0: not of the key */
};

struct manifest_type {
    const char *name;
    const char *what; /* for people, or "" */
    bool has_period;
    int64_t created_ms;
    struct manifest_type_column *columns; /* the first is the time */
    size_t n_columns;
};

/* All of them, by name. */
LAKE_MUST_CHECK lake_status manifest_find_types(struct manifest *manifest, struct arena *arena,
                                                struct manifest_type **out, size_t *n, struct lake_error *err);
/* Writing: takes the place of one of that name. */
LAKE_MUST_CHECK lake_status manifest_put_type(struct manifest *manifest, const struct manifest_type *type,
                                              struct lake_error *err);

#endif
