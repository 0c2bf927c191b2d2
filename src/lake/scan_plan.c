#include "lake/scan_plan.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "lake/select.h"
#include "lake/types.h"
#include "manifest/history.h"

/* Of the engine's memory: what the plans of many symbols may take. */
enum { MEMORY_SHARE = 4 };

/* ---- columns ---- */

struct field_list {
    struct column_field *fields;
    size_t n;
};

static const struct column_field *find_field(const struct field_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->fields[i].name, name) == 0)
            return &list->fields[i];
    return NULL;
}

static struct column_field field_of(const struct manifest_column *column, bool nullable)
{
    return (struct column_field){column->name, (enum column_type)column->type, column->width, nullable};
}

static void order_columns(const struct data_type *type, const struct scan_plan *plan, struct field_list *out)
{
    for (size_t i = 0; i < type->n_columns; i++)
        for (size_t j = 0; j < plan->n_columns; j++)
            if (strcmp(type->columns[i].name, plan->columns[j].name) == 0)
                out->fields[out->n++] = field_of(&plan->columns[j], type->columns[i].nullable);
    for (size_t j = 0; j < plan->n_columns; j++)
        if (find_field(out, plan->columns[j].name) == NULL)
            out->fields[out->n++] = field_of(&plan->columns[j], true);
}

static lake_status fail_no_column(const struct field_list *all, const char *name, struct lake_error *err)
{
    struct buffer names = BUFFER_INIT(LAKE_ERROR_MESSAGE_BYTES);
    const char *text = "";
    for (size_t i = 0; i < all->n; i++)
        if (buffer_printf(&names, NULL, "%s%s", i == 0 ? "" : ", ", all->fields[i].name) != LAKE_OK)
            break;
    if (buffer_string(&names, &text, NULL) != LAKE_OK)
        text = "";
    lake_status status =
        lake_fail(err, LAKE_INVALID_ARGUMENT, "there is no column '%s'; the columns are %s", name, text);
    buffer_release(&names);
    return status;
}

/* The key first, then those named. */
static lake_status choose_columns(const struct field_list *all, const char *const *names, size_t n_names,
                                  struct field_list *chosen, struct lake_error *err)
{
    chosen->fields[chosen->n++] = all->fields[0];
    for (size_t i = 0; i < n_names; i++) {
        const struct column_field *found = find_field(all, names[i]);
        if (found == NULL)
            return fail_no_column(all, names[i], err);
        if (find_field(chosen, names[i]) == NULL)
            chosen->fields[chosen->n++] = *found;
    }
    return LAKE_OK;
}

lake_status scan_plan_schema(const struct scan_plan *plan, const char *const *names, size_t n_names,
                             struct schema **out, struct lake_error *err)
{
    struct field_list all = {NULL, 0}, chosen = {NULL, 0};
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(plan->n_columns, sizeof *all.fields, &all.fields, err));
    TRY_OUT(memory_new(plan->n_columns, sizeof *chosen.fields, &chosen.fields, err));
    order_columns(plan->type, plan, &all);
    if (names != NULL && all.n > 0)
        TRY_OUT(choose_columns(&all, names, n_names, &chosen, err));
    const struct field_list *shown = chosen.n > 0 ? &chosen : &all;
    status = schema_new(shown->fields, shown->n, out, err);
out:
    memory_free(all.fields);
    memory_free(chosen.fields);
    return status;
}

/* ---- dataset and files ---- */

static lake_status find_now(struct lake *lake, struct arena *arena, struct scan_plan *plan, struct lake_error *err)
{
    struct manifest *manifest = lake->manifest;
    int64_t id = plan->dataset.id;
    TRY(manifest_find_columns(manifest, id, arena, &plan->columns, &plan->n_columns, err));
    return manifest_find_files(manifest, id, plan->start_ms, plan->end_ms, arena, &plan->files, &plan->n_files,
                               &plan->snapshot, err);
}

static lake_status find_at(struct lake *lake, struct arena *arena, struct scan_plan *plan, struct lake_error *err)
{
    struct manifest *manifest = lake->manifest;
    int64_t id = plan->dataset.id;
    TRY(manifest_find_columns_at(manifest, id, plan->snapshot, arena, &plan->columns, &plan->n_columns, err));
    return manifest_find_files_at(manifest, id, plan->start_ms, plan->end_ms, plan->snapshot, arena, &plan->files,
                                  &plan->n_files, err);
}

/* A snapshot that is still to come would give other rows tomorrow. */
static lake_status check_snapshot(struct lake *lake, int64_t as_of, struct lake_error *err)
{
    int64_t last = 0;
    TRY(manifest_snapshot(lake->manifest, &last, err));
    if (as_of > last)
        return lake_fail(err, LAKE_NOT_FOUND, "there is no snapshot %" PRId64 " yet; the last is %" PRId64, as_of,
                         last);
    return LAKE_OK;
}

static lake_status resolve(struct lake *lake, const struct select_scope *scope, struct arena *arena,
                           struct scan_plan *plan, struct selected *selected, struct lake_error *err)
{
    if (scope->as_of != 0)
        TRY(check_snapshot(lake, scope->as_of, err));
    TRY(select_dataset(lake, scope, arena, selected, err));
    if (!selected->is_found)
        return LAKE_OK;
    plan->dataset = selected->dataset;
    plan->was_chosen = selected->was_chosen;
    plan->snapshot = scope->as_of;
    TRY(lake_type_find_held(lake, plan->dataset.type, &plan->type, err));
    return scope->as_of == 0 ? find_now(lake, arena, plan, err) : find_at(lake, arena, plan, err);
}

static lake_status fail_not_found(struct lake *lake, const struct select_scope *scope, const struct selected *selected,
                                  struct lake_error *err)
{
    struct manifest_filter wanted = *scope->filter;
    if (wanted.period == NULL && scope->feature_set[0] != '\0')
        wanted.period = scope->feature_set;
    if (!selected->is_younger)
        return select_fail_not_found(lake, &wanted, err);
    return lake_fail(err, LAKE_NOT_FOUND,
                     "there was no such dataset of %s %s in snapshot %" PRId64 ": it came into the lake later",
                     scope->filter->exchange, scope->filter->symbol, scope->as_of);
}

lake_status scan_plan_resolve(struct lake *lake, const struct scan_query *query, struct arena *arena,
                              struct scan_plan *plan, struct lake_error *err)
{
    struct canonical canonical;
    struct selected selected = {.is_found = false};
    bool begun = false;
    *plan = (struct scan_plan){.start_ms = query->start_ms, .end_ms = query->end_ms};
    TRY(select_filter_to_read(lake, &query->selection, &canonical, err));
    const struct select_scope scope = {&canonical.filter, query->as_of, canonical.feature_set};
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = resolve(lake, &scope, arena, plan, &selected, err);
    status = manifest_read_end(lake->manifest, begun, status, err);
    mutex_unlock(lake->mutex);
    if (status == LAKE_OK && !selected.is_found)
        return query->is_tried ? lake_fail(err, LAKE_NOT_FOUND, "there is no such dataset")
                               : fail_not_found(lake, &scope, &selected, err);
    return status;
}

static lake_status name_symbols(struct lake *lake, const struct scan_query *query, const struct scan_symbols *symbols,
                                struct canonical *names, struct lake_error *err)
{
    struct lake_selection selection = query->selection;
    for (size_t i = 0; i < symbols->n; i++) {
        selection.symbol = symbols->items[i];
        TRY(select_filter_to_read(lake, &selection, &names[i], err));
    }
    return LAKE_OK;
}

struct named_symbols {
    const struct canonical *names;
    size_t n;
};

static lake_status resolve_symbols(struct lake *lake, const struct scan_query *query,
                                   const struct named_symbols *symbols, struct arena *arena, struct scan_plan *plans,
                                   struct lake_error *err)
{
    for (size_t i = 0; i < symbols->n && arena->used_bytes <= lake->memory_bytes / MEMORY_SHARE; i++) {
        struct selected selected;
        const struct canonical *canonical = &symbols->names[i];
        const struct select_scope scope = {&canonical->filter, query->as_of, canonical->feature_set};
        plans[i] = (struct scan_plan){.start_ms = query->start_ms, .end_ms = query->end_ms};
        TRY(resolve(lake, &scope, arena, &plans[i], &selected, err));
    }
    return LAKE_OK;
}

lake_status scan_plan_resolve_many(struct lake *lake, const struct scan_query *query,
                                   const struct scan_symbols *symbols, struct arena *arena, struct scan_plan *plans,
                                   struct lake_error *err)
{
    struct canonical *names = NULL;
    bool begun = false;
    TRY(arena_new(arena, symbols->n, sizeof *names, &names, err));
    TRY(name_symbols(lake, query, symbols, names, err));
    const struct named_symbols named = {names, symbols->n};
    mutex_lock(lake->mutex);
    lake_status status = manifest_read_begin(lake->manifest, &begun, err);
    if (status == LAKE_OK)
        status = resolve_symbols(lake, query, &named, arena, plans, err);
    status = manifest_read_end(lake->manifest, begun, status, err);
    mutex_unlock(lake->mutex);
    return status;
}

/* ---- files that cannot be read ---- */

/* Says what to do where the message does not. */
static lake_status explain_damage(lake_status status, struct lake_error *err)
{
    if (status != LAKE_CORRUPT || err == NULL || strstr(err->message, "dl verify") != NULL)
        return status;
    const struct lake_error damage = *err;
    return lake_fail(err, status, "%s; see dl verify --repair", damage.message);
}

lake_status scan_plan_explain(struct lake *lake, const struct scan_plan *plan, lake_status status,
                              struct lake_error *err)
{
    struct arena arena = ARENA_INIT(LIMIT_ENGINE_BYTES);
    struct manifest_file *files = NULL;
    size_t n = 0;
    if (status != LAKE_CORRUPT && status != LAKE_NOT_FOUND)
        return status;
    mutex_lock(lake->mutex);
    lake_status found = manifest_find_files_at(lake->manifest, plan->dataset.id, plan->start_ms, plan->end_ms,
                                               plan->snapshot, &arena, &files, &n, NULL);
    mutex_unlock(lake->mutex);
    arena_release(&arena);
    if (found != LAKE_NOT_FOUND)
        return explain_damage(status, err);
    return lake_fail(err, LAKE_NOT_FOUND,
                     "the files of snapshot %" PRId64
                     " expired while they were read, as nothing could be written to hold them; read again",
                     plan->snapshot);
}
