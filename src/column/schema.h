/* Types of columns and the schema of a batch: what the columns of a table are called and hold.
 *
 * A schema owns its strings. Two fields are the same column when their names are equal, byte for byte. Immutable once
 * built, so threads may share it. */
#ifndef COLUMN_SCHEMA_H
#define COLUMN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The numbers are part of the canonical form of content (docs/FORMAT.md): never renumber. */
enum column_type {
    COLUMN_BOOL = 1, /* bit-packed, least significant bit first, as in Arrow */
    COLUMN_INT32 = 2,
    COLUMN_INT64 = 3,
    COLUMN_FLOAT = 4,
    COLUMN_DOUBLE = 5,
    COLUMN_TIMESTAMP_MS = 6, /* int64, UTC */
    COLUMN_TIMESTAMP_US = 7, /* int64, UTC */
    COLUMN_TIMESTAMP_NS = 8, /* int64, UTC */
    COLUMN_UTF8 = 9,         /* int32 offsets and bytes */
    COLUMN_BINARY = 10,      /* int32 offsets and bytes */
    COLUMN_FIXED = 11        /* `width` bytes a value */
};

struct column_field {
    const char *name;
    enum column_type type;
    int32_t width; /* bytes of a value of COLUMN_FIXED, else 0 */
    bool nullable;
};

struct schema {
    size_t n_fields;
    struct column_field *fields;
};

/* Bytes of one value: 4, 8, …; 0 for COLUMN_BOOL (bits) and the types with offsets. */
size_t column_type_width(const struct column_field *field);
/* "double", "timestamp[ms]" … for messages. */
const char *column_type_name(enum column_type type);
bool column_type_has_offsets(enum column_type type);

/* Copies the fields and their names. */
LAKE_MUST_CHECK lake_status schema_new(const struct column_field *fields, size_t n_fields, struct schema **out,
                                       struct lake_error *err);
void schema_free(const struct schema *schema);
/* Index of the field, or -1. */
int schema_find(const struct schema *schema, const char *name);
bool schema_equal(const struct schema *a, const struct schema *b);

#endif
