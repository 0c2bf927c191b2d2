/* Registering data types, and listing all there are. */
#include <datalake/types.h>

#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "lake/table_stream.h"
#include "lake/type_rules.h"
#include "lake/types.h"

/* ---- as text ---- */

/* "ts timestamp[ms], price double (quote)" */
static lake_status write_columns(const struct data_type *type, struct buffer *out, struct lake_error *err)
{
    for (size_t i = 0; i < type->n_columns; i++) {
        const struct data_type_column *column = &type->columns[i];
        bool has_unit = column->unit[0] != '\0';
        TRY(buffer_printf(out, err, "%s%s %s%s%s%s", i == 0 ? "" : ", ", column->name, column_type_name(column->type),
                          has_unit ? " (" : "", column->unit, has_unit ? ")" : ""));
    }
    return buffer_append_byte(out, '\0', err);
}

/* "ts id"; nothing where it is not known. */
static lake_status write_key(const struct data_type *type, struct buffer *out, struct lake_error *err)
{
    for (size_t i = 0; !type->is_provisional && i < type->n_key; i++)
        TRY(buffer_printf(out, err, "%s%s", i == 0 ? "" : " ", type->key[i]));
    return buffer_append_byte(out, '\0', err);
}

/* ---- what is asked for ---- */

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The place of a column in the key; the last where it is named twice, which the rules refuse. */
static int32_t key_place(const struct lake_type_options *options, const char *column)
{
    int32_t place = 0;
    for (size_t i = 0; i < options->n_key; i++)
        if (strcmp(or_empty(options->key[i]), column) == 0)
            place = (int32_t)i + 1;
    return place;
}

static lake_status take_column(const struct lake_type_options *options, size_t index, struct manifest_type_column *out,
                               struct lake_error *err)
{
    const struct lake_type_column *given = &options->columns[index];
    enum column_type type = COLUMN_UTF8;
    struct lake_error wrong = {LAKE_OK, ""};
    if (type_rules_find_kind(or_empty(given->kind), &type, &wrong) != LAKE_OK)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%.40s': column '%.80s': %s", options->name,
                         or_empty(given->name), wrong.message);
    *out = (struct manifest_type_column){.name = or_empty(given->name),
                                         .type = (int32_t)type,
                                         .unit = or_empty(given->unit),
                                         .is_nullable = given->is_nullable,
                                         .key = key_place(options, or_empty(given->name))};
    out->is_required = given->is_required || out->key > 0;
    return LAKE_OK;
}

static lake_status check_key_names(const struct lake_type_options *options, struct lake_error *err)
{
    if (options->n_key == 0 || options->n_key > TYPE_KEY_COLUMNS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%.40s': the key is ts, or ts and one column more, not %zu columns", options->name,
                         options->n_key);
    for (size_t k = 0; k < options->n_key; k++) {
        bool is_there = false;
        for (size_t i = 0; i < options->n_columns; i++)
            is_there = is_there || strcmp(or_empty(options->columns[i].name), or_empty(options->key[k])) == 0;
        if (!is_there)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%.40s': key column '%.80s' is none of its columns",
                             options->name, or_empty(options->key[k]));
    }
    return LAKE_OK;
}

/* Strings are those of the options. */
static lake_status take_type(const struct lake_type_options *options, struct arena *arena, struct manifest_type *out,
                             struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the options of a data type have an unknown size");
    if (options->name == NULL || options->columns == NULL || options->key == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "a data type needs a name, columns and a key");
    if (options->n_columns > LIMIT_TYPE_COLUMNS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%.40s': has %zu columns, at most %d are possible",
                         options->name, options->n_columns, LIMIT_TYPE_COLUMNS);
    *out = (struct manifest_type){.name = options->name,
                                  .what = or_empty(options->what),
                                  .has_period = options->has_period,
                                  .n_columns = options->n_columns};
    TRY(arena_new(arena, options->n_columns, sizeof *out->columns, &out->columns, err));
    for (size_t i = 0; i < options->n_columns; i++)
        TRY(take_column(options, i, &out->columns[i], err));
    TRY(check_key_names(options, err));
    return type_rules_check(out, err);
}

/* ---- against what is there ---- */

static bool is_same_column(const struct manifest_type_column *a, const struct manifest_type_column *b)
{
    return strcmp(a->name, b->name) == 0 && a->type == b->type && strcmp(a->unit, b->unit) == 0 &&
           a->is_required == b->is_required && a->is_nullable == b->is_nullable && a->key == b->key;
}

/* What people are told of it may differ. */
static bool is_same_type(const struct manifest_type *a, const struct manifest_type *b)
{
    if (a->has_period != b->has_period || a->n_columns != b->n_columns)
        return false;
    for (size_t i = 0; i < a->n_columns; i++)
        if (!is_same_column(&a->columns[i], &b->columns[i]))
            return false;
    return true;
}

static lake_status fail_exists(struct lake *lake, const char *name, struct lake_error *err)
{
    const struct data_type *type = NULL;
    struct buffer columns = BUFFER_INIT(LIMIT_TYPE_COLUMNS * KIB), key = BUFFER_INIT(KIB);
    lake_status status = LAKE_OK;
    TRY_OUT(lake_type_find_held(lake, name, &type, err));
    TRY_OUT(write_columns(type, &columns, err));
    TRY_OUT(write_key(type, &key, err));
    status =
        lake_fail(err, LAKE_EXISTS,
                  "data type '%s' is registered already, %s period, with the key %s and the columns %.600s; it "
                  "cannot be changed: take another name",
                  name, type->has_period ? "with a" : "without", (const char *)key.data, (const char *)columns.data);
out:
    buffer_release(&columns);
    buffer_release(&key);
    return status;
}

/* A dataset that the manifest was made anew from must be one of such rows. */
static lake_status check_dataset(struct lake *lake, const struct manifest_dataset *dataset,
                                 const struct manifest_type *type, struct arena *arena, struct lake_error *err)
{
    struct manifest_column *columns = NULL;
    size_t n = 0;
    TRY(manifest_find_columns(lake->manifest, dataset->id, arena, &columns, &n, err));
    for (size_t i = 0; i < type->n_columns; i++) {
        const struct manifest_type_column *wanted = &type->columns[i];
        const struct manifest_column *found = NULL;
        for (size_t k = 0; k < n; k++)
            found = strcmp(columns[k].name, wanted->name) == 0 ? &columns[k] : found;
        if (found == NULL ? wanted->key > 0 : found->type != wanted->type)
            return lake_fail(err, LAKE_INVALID_DATA,
                             "data type '%s': column '%s' is %s, but %s in %s/%s/%s, whose rows are there already",
                             type->name, wanted->name, column_type_name((enum column_type)wanted->type),
                             found == NULL ? "missing" : column_type_name((enum column_type)found->type),
                             dataset->exchange, dataset->market, dataset->symbol);
    }
    return LAKE_OK;
}

static lake_status check_provisional(struct lake *lake, const struct manifest_type *stored,
                                     const struct manifest_type *type, struct arena *arena, struct lake_error *err)
{
    const struct manifest_filter filter = {.type = type->name};
    struct manifest_dataset *datasets = NULL;
    size_t n = 0;
    if (stored->has_period != type->has_period)
        return lake_fail(err, LAKE_INVALID_DATA, "data type '%s': its rows, which are there already, have %s period",
                         type->name, stored->has_period ? "a" : "no");
    TRY(manifest_find_datasets(lake->manifest, &filter, arena, &datasets, &n, err));
    for (size_t i = 0; i < n; i++)
        TRY(check_dataset(lake, &datasets[i], type, arena, err));
    return LAKE_OK;
}

/* *is_there: the same is registered already. Under the mutex. */
static lake_status compare(struct lake *lake, const struct manifest_type *type, bool *is_there, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_type *stored = NULL;
    size_t n = 0, at = 0;
    lake_status status = LAKE_OK;
    *is_there = false;
    TRY_OUT(lake_types_read(lake, &arena, &stored, &n, err));
    while (at < n && strcmp(stored[at].name, type->name) != 0)
        at++;
    if (at == n && n >= LIMIT_TYPES)
        status = lake_fail(err, LAKE_INVALID_STATE, "data type '%s': the lake has %zu registered types, and no more",
                           type->name, n);
    else if (at < n && lake_type_is_provisional(&stored[at]))
        status = check_provisional(lake, &stored[at], type, &arena, err);
    else if (at < n && !is_same_type(&stored[at], type))
        status = fail_exists(lake, type->name, err);
    else
        *is_there = at < n;
out:
    arena_release(&arena);
    return status;
}

/* ---- registering ---- */

static lake_status record(struct lake *lake, const struct manifest_type *type, struct lake_error *err)
{
    bool is_there = false;
    TRY(compare(lake, type, &is_there, err)); /* somebody may have been faster */
    if (is_there)
        return LAKE_OK;
    TRY(manifest_put_type(lake->manifest, type, err));
    TRY(manifest_commit(lake->manifest, err));
    lake->has_committed = true;
    return LAKE_OK;
}

static lake_status transact(struct lake *lake, const struct manifest_type *type, struct lake_error *err)
{
    struct file_lock lock = {0};
    TRY(lake_lock(lake, &lock, LAKE_LOCK_WAIT_MS, "registering a data type", err));
    mutex_lock(lake->mutex);
    lake_status status = manifest_begin(lake->manifest, err);
    if (status == LAKE_OK)
        status = record(lake, type, err);
    manifest_rollback(lake->manifest);
    mutex_unlock(lake->mutex);
    file_lock_release(&lock);
    return status;
}

lake_status lake_register_type(struct lake *lake, const struct lake_type_options *options, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_type type = {.n_columns = 0};
    bool is_there = false;
    lake_status status = LAKE_OK;
    TRY_OUT(take_type(options, &arena, &type, err));
    type.created_ms = lake->io.ops->now_ms(lake->io.context);
    mutex_lock(lake->mutex);
    status = compare(lake, &type, &is_there, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && !is_there)
        status = transact(lake, &type, err);
out:
    arena_release(&arena);
    return status;
}

lake_status lake_check_type(const struct lake_type_options *options, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_type type = {.n_columns = 0};
    lake_status status = take_type(options, &arena, &type, err);
    arena_release(&arena);
    return status;
}

/* ---- listing ---- */

static const struct column_field type_fields[] = {
    {"name", COLUMN_UTF8, 0, false},       {"aliases", COLUMN_UTF8, 0, false}, {"what", COLUMN_UTF8, 0, false},
    {"key", COLUMN_UTF8, 0, false},        {"columns", COLUMN_UTF8, 0, false}, {"has_period", COLUMN_BOOL, 0, false},
    {"is_builtin", COLUMN_BOOL, 0, false},
};

enum { N_TYPE_FIELDS = sizeof type_fields / sizeof *type_fields };

static struct cell cell_bool(bool value)
{
    struct cell cell = {.kind = CELL_BOOL, .int64 = value};
    return cell;
}

static lake_status append_type(struct batch_builder *table, const struct data_type *type, struct lake_error *err)
{
    struct buffer columns = BUFFER_INIT(LIMIT_TYPE_COLUMNS * KIB), key = BUFFER_INIT(KIB);
    lake_status status = LAKE_OK;
    TRY_OUT(write_columns(type, &columns, err));
    TRY_OUT(write_key(type, &key, err));
    const struct cell cells[N_TYPE_FIELDS] = {
        cell_text(type->name),
        cell_text(type->aliases),
        cell_text(type->what),
        cell_text((const char *)key.data),
        cell_text((const char *)columns.data),
        cell_bool(type->has_period),
        cell_bool(!type->is_registered),
    };
    status = batch_builder_append_cells(table, cells, err);
out:
    buffer_release(&columns);
    buffer_release(&key);
    return status;
}

/* Under the mutex. */
static lake_status append_registered(struct lake *lake, struct batch_builder *table, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_type *stored = NULL;
    const struct data_type *type = NULL;
    size_t n = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(lake_types_read(lake, &arena, &stored, &n, err));
    for (size_t i = 0; i < n; i++) {
        TRY_OUT(lake_type_find_held(lake, stored[i].name, &type, err));
        if (type->is_registered)
            TRY_OUT(append_type(table, type, err));
    }
out:
    arena_release(&arena);
    return status;
}

lake_status lake_list_types(struct lake *lake, struct ArrowArrayStream *out, struct lake_error *err)
{
    struct schema *schema = NULL;
    struct batch_builder *table = NULL;
    const struct data_type *type = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(schema_new(type_fields, N_TYPE_FIELDS, &schema, err));
    TRY_OUT(batch_builder_new(schema, &table, err));
    for (size_t i = 0; (type = data_type_at(i)) != NULL; i++)
        TRY_OUT(append_type(table, type, err));
    mutex_lock(lake->mutex);
    status = append_registered(lake, table, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK)
        status = table_stream(table, out, err);
out:
    batch_builder_free(table);
    schema_free(schema);
    return status;
}
