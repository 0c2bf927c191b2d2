/* Data types that users of the lake registered. */
#include "manifest/type.h"

#include "manifest/query.h"

static void read_type(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_type *type = item;
    type->name = statement_take_text(statement, arena);
    type->what = statement_take_text(statement, arena);
    type->has_period = statement_take_int64(statement) != 0;
    type->created_ms = statement_take_int64(statement);
}

static void read_column(struct statement *statement, struct arena *arena, void *item)
{
    struct manifest_type_column *column = item;
    column->name = statement_take_text(statement, arena);
    int64_t type = statement_take_int64(statement);
    column->unit = statement_take_text(statement, arena);
    column->is_required = statement_take_int64(statement) != 0;
    column->is_nullable = statement_take_int64(statement) != 0;
    int64_t key = statement_take_int64(statement);
    if (type < 0 || type > INT32_MAX || key > INT32_MAX)
        statement_reject(statement, "a column of a data type is of no type there is");
    column->type = (int32_t)type;
    column->key = (int32_t)key;
}

static lake_status find_types(struct manifest *manifest, struct arena *arena, struct manifest_type **out, size_t *n,
                              struct lake_error *err)
{
    const struct query types = {STATEMENT_TYPES, NULL, 0, sizeof **out, read_type, NULL, NULL};
    TRY(query_collect(manifest, &types, arena, out, n, err));
    for (size_t i = 0; i < *n; i++) {
        struct manifest_type *type = &(*out)[i];
        const struct sql_value values[] = {sql_text(type->name)};
        const struct query columns = {
            STATEMENT_TYPE_COLUMNS, values, 1, sizeof *type->columns, read_column, NULL, NULL};
        TRY(query_collect(manifest, &columns, arena, &type->columns, &type->n_columns, err));
    }
    return LAKE_OK;
}

lake_status manifest_find_types(struct manifest *manifest, struct arena *arena, struct manifest_type **out, size_t *n,
                                struct lake_error *err)
{
    bool begun = false;
    *out = NULL;
    *n = 0;
    TRY(manifest_read_begin(manifest, &begun, err));
    return manifest_read_end(manifest, begun, find_types(manifest, arena, out, n, err), err);
}

lake_status manifest_put_type(struct manifest *manifest, const struct manifest_type *type, struct lake_error *err)
{
    const struct sql_value values[] = {sql_text(type->name), sql_text(type->what), sql_int(type->has_period),
                                       sql_int(type->created_ms)};
    TRY(query_check_begun(manifest, err));
    TRY(statement_execute(manifest, STATEMENT_CLEAR_TYPE_COLUMNS, values, 1, err));
    TRY(statement_execute(manifest, STATEMENT_PUT_TYPE, values, 4, err));
    for (size_t i = 0; i < type->n_columns; i++) {
        const struct manifest_type_column *column = &type->columns[i];
        const struct sql_value cells[] = {
            sql_text(type->name),   sql_int((int64_t)i + 1),      sql_text(column->name),       sql_int(column->type),
            sql_text(column->unit), sql_int(column->is_required), sql_int(column->is_nullable), sql_int(column->key)};
        TRY(statement_execute(manifest, STATEMENT_ADD_TYPE_COLUMN, cells, 8, err));
    }
    return LAKE_OK;
}
