#include "lake/schema_union.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/scan_plan.h"
#include "lake/types.h"

/* A column of the union. */
struct united {
    struct column_field field;
    const char *place;         /* of the first table that has it */
    size_t n_tables;           /* that have it */
    struct column_field other; /* of another type, */
    const char *other_place;   /* in that table; NULL: there is none */
};

struct schema_union {
    struct arena arena;
    struct lake *lake;
    struct manifest_dataset first;
    struct united *columns;
    size_t n, capacity;
    size_t n_tables;
    bool differs; /* the tables do not all have the same columns in the same order */
};

lake_status schema_union_new(struct lake *lake, struct schema_union **out, struct lake_error *err)
{
    TRY(memory_new(1, sizeof **out, out, err));
    arena_init(&(*out)->arena, LIMIT_ENGINE_BYTES);
    (*out)->lake = lake;
    return LAKE_OK;
}

void schema_union_free(struct schema_union *columns)
{
    if (columns == NULL)
        return;
    memory_free(columns->columns);
    arena_release(&columns->arena);
    memory_free(columns);
}

static lake_status copy_text(struct schema_union *columns, const char *text, const char **out, struct lake_error *err)
{
    return arena_copy_text(&columns->arena, text, strlen(text), out, err);
}

static lake_status make_place(struct schema_union *columns, const struct manifest_dataset *dataset, const char **out,
                              struct lake_error *err)
{
    const char *const names[] = {dataset->exchange, dataset->market, dataset->symbol, dataset->type, dataset->period};
    struct buffer text = BUFFER_INIT(LIMIT_PATH_BYTES);
    lake_status status = LAKE_OK;
    for (size_t i = 0; status == LAKE_OK && i < sizeof names / sizeof *names; i++)
        status = buffer_printf(&text, err, "%s%s", i == 0 ? "" : "/", names[i]);
    if (status == LAKE_OK)
        status = arena_copy_text(&columns->arena, text.data, text.length, out, err);
    buffer_release(&text);
    return status;
}

static lake_status begin(struct schema_union *columns, const struct manifest_dataset *dataset, struct lake_error *err)
{
    struct manifest_dataset *first = &columns->first;
    TRY(copy_text(columns, dataset->exchange, &first->exchange, err));
    TRY(copy_text(columns, dataset->market, &first->market, err));
    TRY(copy_text(columns, dataset->symbol, &first->symbol, err));
    TRY(copy_text(columns, dataset->type, &first->type, err));
    return copy_text(columns, dataset->period, &first->period, err);
}

static struct united *find(const struct schema_union *columns, const char *name)
{
    for (size_t i = 0; i < columns->n; i++)
        if (strcmp(columns->columns[i].field.name, name) == 0)
            return &columns->columns[i];
    return NULL;
}

static lake_status add_new(struct schema_union *columns, const struct column_field *field, const char *place,
                           struct lake_error *err)
{
    struct united united = {.field = *field, .place = place, .n_tables = 1};
    if (columns->n == columns->capacity) {
        size_t capacity = columns->capacity * 2 + 16;
        TRY(memory_resize(&columns->columns, capacity, sizeof *columns->columns, err));
        columns->capacity = capacity;
    }
    TRY(copy_text(columns, field->name, &united.field.name, err));
    columns->columns[columns->n++] = united;
    return LAKE_OK;
}

/* That types disagree matters only where the column is wanted. */
static void unite(struct united *united, const struct column_field *field, const char *place)
{
    if (united->other_place == NULL && (united->field.type != field->type || united->field.width != field->width)) {
        united->other = *field;
        united->other_place = place;
    }
    united->field.nullable = united->field.nullable || field->nullable;
    united->n_tables++;
}

/* Whether a table has just the columns that the union has so far: the usual case, of which nothing is copied. */
static bool adds_nothing(const struct schema_union *columns, const struct schema *schema)
{
    if (schema->n_fields != columns->n)
        return false;
    for (size_t i = 0; i < columns->n; i++) {
        const struct column_field *a = &columns->columns[i].field, *b = &schema->fields[i];
        if (strcmp(a->name, b->name) != 0 || a->type != b->type || a->width != b->width || a->nullable != b->nullable)
            return false;
    }
    return true;
}

lake_status schema_union_add(struct schema_union *columns, const struct manifest_dataset *dataset,
                             const struct schema *schema, struct lake_error *err)
{
    const char *place = NULL;
    if (columns->n_tables++ > 0 && adds_nothing(columns, schema)) {
        for (size_t i = 0; i < columns->n; i++)
            columns->columns[i].n_tables++;
        return LAKE_OK;
    }
    if (columns->n_tables == 1)
        TRY(begin(columns, dataset, err));
    columns->differs = columns->n_tables > 1;
    TRY(make_place(columns, dataset, &place, err));
    for (size_t i = 0; i < schema->n_fields; i++) {
        struct united *united = find(columns, schema->fields[i].name);
        if (united == NULL)
            TRY(add_new(columns, &schema->fields[i], place, err));
        else
            unite(united, &schema->fields[i], place);
    }
    return LAKE_OK;
}

/* ---- order ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct manifest_column *)a)->name, ((const struct manifest_column *)b)->name);
}

/* As the columns of one dataset that has them all. */
static lake_status make_ordered(const struct schema_union *columns, const char *const *names, size_t n_names,
                                struct schema **out, struct lake_error *err)
{
    struct scan_plan plan = {.dataset = columns->first, .n_columns = columns->n};
    lake_status status = LAKE_OK;
    TRY_OUT(lake_type_find(columns->lake, columns->first.type, &plan.type, err));
    TRY_OUT(memory_new(columns->n, sizeof *plan.columns, &plan.columns, err));
    for (size_t i = 0; i < columns->n; i++) {
        const struct column_field *field = &columns->columns[i].field;
        plan.columns[i] = (struct manifest_column){field->name, (int32_t)field->type, field->width};
    }
    qsort(plan.columns, plan.n_columns, sizeof *plan.columns, by_name);
    status = scan_plan_schema(&plan, names, n_names, out, err);
out:
    memory_free(plan.columns);
    return status;
}

static lake_status check_types(const struct schema_union *columns, const struct schema *wanted, struct lake_error *err)
{
    for (size_t i = 0; i < wanted->n_fields; i++) {
        const struct united *united = find(columns, wanted->fields[i].name);
        if (united != NULL && united->other_place != NULL)
            return lake_fail(err, LAKE_INVALID_ARGUMENT,
                             "column %s is %s in %s and %s in %s: read them apart, or name other columns",
                             united->field.name, column_type_name(united->field.type), united->place,
                             column_type_name(united->other.type), united->other_place);
    }
    return LAKE_OK;
}

/* What the first table says of the others' columns does not hold for all. */
static void set_nullable(const struct schema_union *columns, struct schema *schema)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct united *united = find(columns, schema->fields[i].name);
        schema->fields[i].nullable = united == NULL || united->field.nullable || united->n_tables < columns->n_tables;
    }
}

lake_status schema_union_make(const struct schema_union *columns, const char *const *names, size_t n_names,
                              struct schema **out, struct lake_error *err)
{
    struct column_field *fields = NULL;
    *out = NULL;
    if (!columns->differs && names == NULL) {
        TRY(memory_new(columns->n, sizeof *fields, &fields, err));
        for (size_t i = 0; i < columns->n; i++)
            fields[i] = columns->columns[i].field;
        lake_status status = schema_new(fields, columns->n, out, err);
        memory_free(fields);
        return status;
    }
    TRY(make_ordered(columns, names, n_names, out, err));
    set_nullable(columns, *out);
    lake_status status = check_types(columns, *out, err);
    if (status != LAKE_OK) {
        schema_free(*out);
        *out = NULL;
    }
    return status;
}
