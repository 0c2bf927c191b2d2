#include "column/schema.h"

#include <string.h>

#include "base/memory.h"

struct type_row {
    const char *name;
    size_t width;
    bool has_offsets;
};

static const struct type_row types[] = {
    [COLUMN_BOOL] = {"bool", 0, false},
    [COLUMN_INT32] = {"int32", 4, false},
    [COLUMN_INT64] = {"int64", 8, false},
    [COLUMN_FLOAT] = {"float", 4, false},
    [COLUMN_DOUBLE] = {"double", 8, false},
    [COLUMN_TIMESTAMP_MS] = {"timestamp[ms]", 8, false},
    [COLUMN_TIMESTAMP_US] = {"timestamp[us]", 8, false},
    [COLUMN_TIMESTAMP_NS] = {"timestamp[ns]", 8, false},
    [COLUMN_UTF8] = {"utf8", 0, true},
    [COLUMN_BINARY] = {"binary", 0, true},
    [COLUMN_FIXED] = {"fixed-size binary", 0, false},
};

static bool type_is_known(enum column_type type)
{
    return (int)type >= COLUMN_BOOL && (int)type <= COLUMN_FIXED;
}

size_t column_type_width(const struct column_field *field)
{
    if (field->type == COLUMN_FIXED)
        return (size_t)field->width;
    return type_is_known(field->type) ? types[field->type].width : 0;
}

const char *column_type_name(enum column_type type)
{
    return type_is_known(type) ? types[type].name : "unknown type";
}

bool column_type_has_offsets(enum column_type type)
{
    return type_is_known(type) && types[type].has_offsets;
}

static lake_status field_check(const struct column_field *field, size_t index, struct lake_error *err)
{
    if (field->name == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column %zu has no name", index);
    if (!type_is_known(field->type))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' has the unknown type %d", field->name,
                         (int)field->type);
    if (field->type == COLUMN_FIXED && field->width <= 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%s' has values of %d bytes", field->name,
                         (int)field->width);
    return LAKE_OK;
}

/* Bytes of the one block that holds a schema: itself, its fields, its names. */
static lake_status block_bytes(const struct column_field *fields, size_t n_fields, size_t *bytes,
                               struct lake_error *err)
{
    bool fits = size_multiply(n_fields, sizeof *fields, bytes);
    fits = fits && size_add(*bytes, sizeof(struct schema), bytes);
    for (size_t i = 0; i < n_fields && fits; i++) {
        TRY(field_check(&fields[i], i, err));
        fits = size_add(*bytes, strlen(fields[i].name) + 1, bytes);
    }
    return fits ? LAKE_OK : lake_fail(err, LAKE_NO_MEMORY, "a schema of %zu columns is too large", n_fields);
}

lake_status schema_new(const struct column_field *fields, size_t n_fields, struct schema **out, struct lake_error *err)
{
    size_t bytes = 0;
    TRY(block_bytes(fields, n_fields, &bytes, err));
    struct schema *schema = NULL;
    TRY(memory_new(1, bytes, &schema, err));
    schema->n_fields = n_fields;
    schema->fields = (struct column_field *)(void *)(schema + 1);
    char *text = (char *)(schema->fields + n_fields);
    for (size_t i = 0; i < n_fields; i++) {
        size_t n = strlen(fields[i].name) + 1;
        memcpy(text, fields[i].name, n);
        schema->fields[i] = fields[i];
        schema->fields[i].name = text;
        text += n;
    }
    *out = schema;
    return LAKE_OK;
}

void schema_free(const struct schema *schema)
{
    /* By way of an integer, since free takes no const: whoever frees a schema owns it. */
    memory_free((void *)(uintptr_t)schema);
}

int schema_find(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->n_fields; i++)
        if (strcmp(schema->fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool schema_equal(const struct schema *a, const struct schema *b)
{
    if (a->n_fields != b->n_fields)
        return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        const struct column_field *x = &a->fields[i], *y = &b->fields[i];
        if (strcmp(x->name, y->name) != 0 || x->type != y->type || x->nullable != y->nullable ||
            column_type_width(x) != column_type_width(y))
            return false;
    }
    return true;
}
