#include "lake/types.h"

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "lake/near.h"
#include "lake/type_rules.h"

enum { SHOWN_CHOICES = LAKE_ERROR_MESSAGE_BYTES / 2 }; /* bytes of them in a message */

/* One that was registered, in the lake's arena. One that takes the place of a provisional type stands before it. */
struct registered_type {
    struct data_type type;
    const struct registered_type *next;
};

/* ---- provisional ones ---- */

/* Rows have no key but their time, and there may be any number of one time: as trades without ids that say the same. */
#define TIME_COLUMN(type)                                                                                              \
    {                                                                                                                  \
        {                                                                                                              \
            "ts", type, "", true, false                                                                                \
        }                                                                                                              \
    }
static const struct data_type_column ms_columns[] = TIME_COLUMN(COLUMN_TIMESTAMP_MS);
static const struct data_type_column us_columns[] = TIME_COLUMN(COLUMN_TIMESTAMP_US);
static const char *const unknown_key[] = {"ts", ""}; /* which no column is called */
static const char *const unknown_key_else[] = {"ts"};

#define PROVISIONAL(of_time)                                                                                           \
    {                                                                                                                  \
        .name = "", .aliases = "", .what = "", .columns = (of_time), .n_columns = 1, .key = unknown_key, .n_key = 2,   \
        .key_else = unknown_key_else, .n_key_else = 1, .fixed_period = "event", .is_registered = true,                 \
        .is_provisional = true                                                                                         \
    }
static const struct data_type provisional_ms = PROVISIONAL(ms_columns), provisional_us = PROVISIONAL(us_columns);

const struct data_type *lake_type_provisional(enum column_type ts_type)
{
    return ts_type == COLUMN_TIMESTAMP_US ? &provisional_us : &provisional_ms;
}

bool lake_type_is_provisional(const struct manifest_type *type)
{
    for (size_t i = 0; i < type->n_columns; i++)
        if (type->columns[i].key > 0)
            return false;
    return true;
}

/* ---- from the manifest ---- */

static lake_status copy_text(struct lake *lake, const char *text, const char **out, struct lake_error *err)
{
    return arena_copy_text(&lake->texts, text, strlen(text), out, err);
}

static lake_status copy_columns(struct lake *lake, const struct manifest_type *from, struct data_type *to,
                                struct lake_error *err)
{
    struct data_type_column *columns = NULL;
    const char **key = NULL;
    TRY(arena_new(&lake->texts, from->n_columns, sizeof *columns, &columns, err));
    TRY(arena_new(&lake->texts, TYPE_KEY_COLUMNS, sizeof *key, &key, err));
    for (size_t i = 0; i < from->n_columns; i++) {
        const struct manifest_type_column *column = &from->columns[i];
        columns[i] = (struct data_type_column){
            .type = (enum column_type)column->type, .required = column->is_required, .nullable = column->is_nullable};
        TRY(copy_text(lake, column->name, &columns[i].name, err));
        TRY(copy_text(lake, column->unit, &columns[i].unit, err));
        if (column->key > 0) {
            key[column->key - 1] = columns[i].name;
            to->n_key++;
        }
    }
    to->columns = columns;
    to->n_columns = from->n_columns;
    to->key = key;
    return LAKE_OK;
}

static lake_status describe(struct lake *lake, const struct manifest_type *from, struct data_type *to,
                            struct lake_error *err)
{
    bool is_provisional = lake_type_is_provisional(from);
    *to = (struct data_type){.aliases = "", .is_registered = true};
    if (is_provisional)
        *to = *lake_type_provisional((enum column_type)from->columns[0].type);
    else
        TRY(copy_columns(lake, from, to, err));
    to->has_period = from->has_period;
    to->fixed_period = from->has_period ? NULL : "event";
    TRY(copy_text(lake, from->name, &to->name, err));
    return copy_text(lake, from->what[0] == '\0' ? "rows of a registered type" : from->what, &to->what, err);
}

static const struct data_type *find_known(const struct lake *lake, const char *name)
{
    const struct registered_type *known = lake->types;
    while (known != NULL && strcmp(known->type.name, name) != 0)
        known = known->next;
    return known == NULL ? NULL : &known->type;
}

static lake_status take(struct lake *lake, const struct manifest_type *type, struct lake_error *err)
{
    const struct data_type *known = find_known(lake, type->name), *builtin = NULL;
    struct registered_type *added = NULL;
    struct lake_error wrong = {LAKE_OK, ""};
    if (data_type_find(type->name, &builtin, NULL) == LAKE_OK) /* which came later, and hides it */
        return LAKE_OK;
    if (known != NULL && (!known->is_provisional || lake_type_is_provisional(type)))
        return LAKE_OK;
    if (type_rules_check(type, &wrong) != LAKE_OK)
        return lake_fail(err, LAKE_CORRUPT, "%s: %s", lake->db_path, wrong.message);
    TRY(arena_new(&lake->texts, 1, sizeof *added, &added, err));
    TRY(describe(lake, type, &added->type, err));
    added->next = lake->types;
    lake->types = added;
    return LAKE_OK;
}

lake_status lake_types_read(struct lake *lake, struct arena *arena, struct manifest_type **out, size_t *n,
                            struct lake_error *err)
{
    *out = NULL;
    *n = 0;
    if (lake->manifest == NULL) /* of a lake whose manifest is being made anew */
        return LAKE_OK;
    TRY(manifest_find_types(lake->manifest, arena, out, n, err));
    for (size_t i = 0; i < *n; i++)
        TRY(take(lake, &(*out)[i], err));
    return LAKE_OK;
}

static lake_status read_again(struct lake *lake, struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_type *types = NULL;
    size_t n = 0;
    lake_status status = lake_types_read(lake, &arena, &types, &n, err);
    arena_release(&arena);
    return status;
}

/* ---- messages ---- */

static lake_status add_choice(struct buffer *text, const char *name, const char *aliases, struct lake_error *err)
{
    bool has_alias = aliases[0] != '\0';
    return buffer_printf(text, err, "%s%s%s%s%s", text->length == 0 ? "" : " ", name, has_alias ? " (" : "", aliases,
                         has_alias ? ")" : "");
}

static void look_nearer(const char *text, const char *name, const char **nearest, size_t *distance)
{
    size_t steps = near_distance(text, name);
    if (steps >= *distance || !near_enough(text, steps))
        return;
    *nearest = name;
    *distance = steps;
}

static lake_status fail_unknown(const struct lake *lake, const char *text, struct lake_error *err)
{
    struct buffer choices = BUFFER_INIT(LIMIT_TYPES * 2 * DATA_TYPE_NAME_BYTES);
    const struct data_type *type = NULL;
    const char *listed = "", *nearest = NULL;
    size_t distance = SIZE_MAX;
    lake_status status = LAKE_OK;
    for (size_t i = 0; (type = data_type_at(i)) != NULL; i++) {
        TRY_OUT(add_choice(&choices, type->name, type->aliases, err));
        look_nearer(text, type->name, &nearest, &distance);
    }
    for (const struct registered_type *known = lake->types; known != NULL; known = known->next) {
        if (find_known(lake, known->type.name) == &known->type)
            TRY_OUT(add_choice(&choices, known->type.name, "", err));
        look_nearer(text, known->type.name, &nearest, &distance);
    }
    TRY_OUT(buffer_string(&choices, &listed, err));
    status = lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%.40s' is none of %.*s%s%s%s%s", text, SHOWN_CHOICES,
                       listed, strlen(listed) > SHOWN_CHOICES ? "…" : "", nearest == NULL ? "" : "; did you mean ",
                       nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
out:
    buffer_release(&choices);
    return status;
}

/* ---- looking up ---- */

/* False where it is too long to be a name. */
static bool lower(const char *text, char out[DATA_TYPE_NAME_BYTES])
{
    size_t n = strlen(text);
    for (size_t i = 0; n < DATA_TYPE_NAME_BYTES && i <= n; i++)
        out[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    return n < DATA_TYPE_NAME_BYTES;
}

lake_status lake_type_find_held(struct lake *lake, const char *text, const struct data_type **out,
                                struct lake_error *err)
{
    char name[DATA_TYPE_NAME_BYTES] = "";
    if (data_type_find(text, out, NULL) == LAKE_OK)
        return LAKE_OK;
    bool may_be = lower(text, name);
    if (may_be)
        *out = find_known(lake, name);
    if (*out != NULL)
        return LAKE_OK;
    TRY(read_again(lake, err));
    if (may_be)
        *out = find_known(lake, name);
    return *out == NULL ? fail_unknown(lake, text, err) : LAKE_OK;
}

lake_status lake_type_find(struct lake *lake, const char *text, const struct data_type **out, struct lake_error *err)
{
    if (data_type_find(text, out, NULL) == LAKE_OK)
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = lake_type_find_held(lake, text, out, err);
    mutex_unlock(lake->mutex);
    return status;
}

lake_status lake_type_find_writable(struct lake *lake, const char *text, const struct data_type **out,
                                    struct lake_error *err)
{
    TRY(lake_type_find(lake, text, out, err));
    if (!(*out)->is_provisional)
        return LAKE_OK;
    mutex_lock(lake->mutex);
    lake_status status = read_again(lake, err);
    *out = find_known(lake, (*out)->name);
    mutex_unlock(lake->mutex);
    TRY(status);
    if ((*out)->is_provisional)
        return lake_fail(err, LAKE_INVALID_STATE,
                         "data type '%s' came from the data tree when the manifest was made anew, so its key is not "
                         "known: register it again before rows are written",
                         (*out)->name);
    return LAKE_OK;
}
