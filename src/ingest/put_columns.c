#include "ingest/put_columns.h"

#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "ingest/put_values.h"
#include "lake/near.h"

/* Names beside the type's own that a column may have. */
static const struct {
    const char *name, *also;
    bool is_of_trades; /* what a registered type calls so may be something else */
} other_names[] = {{"ts", "timestamp", false}, {"amount", "qty", true}, {"amount", "size", true}};

enum { N_OTHER_NAMES = sizeof other_names / sizeof *other_names, MOST_NAMED = 16 };

struct planning {
    const struct put_wishes *wishes;
    const struct arrow_adapter *adapter;
    const struct schema *from;
    struct put_columns *out;
    struct column_field *fields; /* of the schema to be */
    bool *is_used;               /* of each column of the table */
};

/* ---- messages ---- */

/* "open, high, close"; not more than one can read. */
static lake_status list_columns(const struct planning *planning, struct buffer *out, struct lake_error *err)
{
    for (size_t i = 0; i < planning->from->n_fields && i < MOST_NAMED; i++)
        TRY(buffer_printf(out, err, "%s%.64s", i == 0 ? "" : ", ", planning->from->fields[i].name));
    if (planning->from->n_fields == 0)
        return buffer_append_text(out, "no column at all", err);
    return planning->from->n_fields > MOST_NAMED ? buffer_append_text(out, ", …", err) : LAKE_OK;
}

/* The column that was perhaps meant, or NULL. */
static const char *find_near(const struct planning *planning, const char *name)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < planning->from->n_fields; i++) {
        const char *other = planning->from->fields[i].name;
        bool is_known = data_type_column(planning->wishes->type, other) != NULL;
        size_t distance = near_same_but_for_case(name, other) ? 0 : near_distance(other, name);
        if (is_known || distance >= best_distance || !(distance == 0 || near_enough(other, distance)))
            continue;
        best = other;
        best_distance = distance;
    }
    return best;
}

static lake_status name_missing(const struct planning *planning, const char *name, bool is_first, struct buffer *out,
                                struct lake_error *err)
{
    const char *near = find_near(planning, name);
    TRY(buffer_printf(out, err, is_first ? "'%s' column" : "'%s'", name));
    return near == NULL ? LAKE_OK : buffer_printf(out, err, " (is '%.64s' meant?)", near);
}

static lake_status fail_missing(const struct planning *planning, struct lake_error *err)
{
    struct buffer missing = BUFFER_INIT(MIB), there = BUFFER_INIT(MIB);
    const char *names = "", *columns = "";
    lake_status status = LAKE_OK;
    size_t n = 0;
    for (size_t i = 0; i < planning->out->n; i++) {
        if (planning->out->items[i].source != SIZE_MAX)
            continue;
        TRY_OUT(buffer_append_text(&missing, n == 0 ? "" : n == 1 ? ", and " : ", ", err));
        TRY_OUT(name_missing(planning, planning->fields[i].name, n++ == 0, &missing, err));
    }
    TRY_OUT(list_columns(planning, &there, err));
    TRY_OUT(buffer_string(&missing, &names, err));
    TRY_OUT(buffer_string(&there, &columns, err));
    status = lake_fail(err, LAKE_INVALID_DATA, "the frame must have %s; it has %s", names, columns);
out:
    buffer_release(&missing);
    buffer_release(&there);
    return status;
}

/* ---- the type's columns ---- */

/* -1: there is none. */
static lake_status find_source(const struct planning *planning, const char *name, int *found, struct lake_error *err)
{
    const struct data_type *type = planning->wishes->type;
    *found = schema_find(planning->from, name);
    for (size_t i = 0; i < N_OTHER_NAMES && schema_find(planning->from, name) < 0; i++) {
        const char *also = other_names[i].also;
        int at = schema_find(planning->from, also);
        if (at < 0 || strcmp(other_names[i].name, name) != 0 || data_type_column(type, also) != NULL ||
            (other_names[i].is_of_trades && type->is_registered))
            continue;
        if (*found >= 0)
            return lake_fail(err, LAKE_INVALID_DATA, "the frame has '%s' and '%s': name the one that is '%s' so",
                             planning->from->fields[*found].name, also, name);
        *found = at;
    }
    return LAKE_OK;
}

static lake_status add_column(struct planning *planning, size_t source, const struct column_field *field,
                              const struct put_column *how, struct lake_error *err)
{
    struct put_column *item = &planning->out->items[planning->out->n];
    *item = *how;
    item->source = source;
    planning->fields[planning->out->n++] = *field;
    if (source == SIZE_MAX)
        return LAKE_OK;
    planning->is_used[source] = true;
    item->is_null = arrow_adapter_is_null(planning->adapter, source);
    return item->is_null ? LAKE_OK : put_values_check(&planning->from->fields[source], field, how->is_time_key, err);
}

/* Without a source it stands for a column that is missing. */
static lake_status plan_known(struct planning *planning, const struct data_type_column *known, bool *is_missing,
                              struct lake_error *err)
{
    int found = -1;
    bool is_time_key = strcmp(known->name, planning->wishes->type->key[0]) == 0;
    bool is_needed = is_time_key || (known->required && !planning->wishes->is_partial);
    const struct column_field field = {known->name, known->type, 0, known->nullable};
    const struct put_column how = {
        .is_nan_null = known->nullable, .is_never_null = !known->nullable || is_time_key, .is_time_key = is_time_key};
    TRY(find_source(planning, known->name, &found, err));
    if (found < 0 && !is_needed)
        return LAKE_OK;
    *is_missing = *is_missing || found < 0;
    return add_column(planning, found < 0 ? SIZE_MAX : (size_t)found, &field, &how, err);
}

static lake_status check_key(const struct planning *planning, struct lake_error *err)
{
    const struct data_type *type = planning->wishes->type;
    const struct schema planned = {planning->out->n, planning->fields};
    for (size_t i = 1; i < type->n_key; i++)
        if (!data_type_column(type, type->key[i])->nullable && schema_find(&planned, type->key[i]) < 0)
            return lake_fail(err, LAKE_INVALID_DATA, "the frame must have '%s' column: rows are told apart by it",
                             type->key[i]);
    return LAKE_OK;
}

static lake_status plan_type(struct planning *planning, struct lake_error *err)
{
    const struct data_type *type = planning->wishes->type;
    bool is_missing = false;
    for (size_t i = 0; i < type->n_columns; i++)
        TRY(plan_known(planning, &type->columns[i], &is_missing, err));
    if (is_missing)
        return fail_missing(planning, err);
    return check_key(planning, err);
}

/* ---- the table's others ---- */

static bool is_printable(const char *name)
{
    const char *end = name + strlen(name);
    for (const char *p = name; p < end;) {
        size_t length = utf8_length(p, end);
        if (length == 0 || (length == 1 && ((uint8_t)*p < 0x20 || *p == 0x7f)))
            return false;
        p += length;
    }
    return *name != '\0';
}

static lake_status check_name(const struct planning *planning, size_t source, struct lake_error *err)
{
    const char *name = planning->from->fields[source].name;
    if (!is_printable(name) || strlen(name) > LIMIT_NAME_BYTES)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "column %zu is called '%.80s', which is no name for one: 1 to %d bytes", source + 1, name,
                         LIMIT_NAME_BYTES);
    for (size_t i = 0; i < planning->out->n; i++)
        if (near_same_but_for_case(planning->fields[i].name, name))
            return lake_fail(err, LAKE_INVALID_DATA,
                             "the frame has '%s' and '%s', which differ in case only: rename one",
                             planning->from->fields[planning->out->items[i].source].name, name);
    const char *meant = NULL;
    for (size_t i = 0; i < planning->wishes->type->n_columns && meant == NULL; i++)
        if (near_same_but_for_case(planning->wishes->type->columns[i].name, name))
            meant = planning->wishes->type->columns[i].name;
    if (meant != NULL)
        return lake_fail(err, LAKE_INVALID_DATA, "column '%s' must be called '%s'", name, meant);
    return LAKE_OK;
}

static lake_status plan_other(struct planning *planning, size_t source, struct lake_error *err)
{
    const struct schema *stored = planning->wishes->stored;
    const struct put_column how = {.is_nan_null = false};
    struct column_field field = planning->from->fields[source];
    TRY(check_name(planning, source, err));
    int found = stored == NULL ? -1 : schema_find(stored, field.name);
    if (found < 0 && arrow_adapter_is_null(planning->adapter, source))
        return LAKE_OK;
    if (found >= 0)
        field = stored->fields[found];
    if (column_type_has_offsets(field.type))
        field.width = 0;
    field.nullable = true;
    return add_column(planning, source, &field, &how, err);
}

static lake_status plan(struct planning *planning, struct lake_error *err)
{
    TRY(plan_type(planning, err));
    for (size_t i = 0; i < planning->from->n_fields; i++)
        if (!planning->is_used[i])
            TRY(plan_other(planning, i, err));
    return schema_new(planning->fields, planning->out->n, &planning->out->schema, err);
}

lake_status put_columns_plan(const struct put_wishes *wishes, const struct arrow_adapter *adapter,
                             struct put_columns *out, struct lake_error *err)
{
    struct planning planning = {
        .wishes = wishes, .adapter = adapter, .from = arrow_adapter_schema(adapter), .out = out};
    size_t most = wishes->type->n_columns + planning.from->n_fields;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(most, sizeof *out->items, &out->items, err));
    TRY_OUT(memory_new(most, sizeof *planning.fields, &planning.fields, err));
    TRY_OUT(memory_new(planning.from->n_fields, sizeof *planning.is_used, &planning.is_used, err));
    status = plan(&planning, err);
out:
    memory_free(planning.fields);
    memory_free(planning.is_used);
    return status;
}

void put_columns_release(struct put_columns *columns)
{
    schema_free(columns->schema);
    memory_free(columns->items);
    *columns = (struct put_columns){0};
}
