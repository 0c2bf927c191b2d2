#include "lake/rebuild_type.h"

#include <stdio.h>
#include <string.h>

#include "manifest/type.h"

static const char what[] = "found in the data tree; register it again to write rows of it";

struct rebuild_type {
    const struct rebuild_type *next;
    char name[NAME_BYTES];
    enum column_type ts_type;
    bool has_period;
};

static bool has_period(const struct rebuild_file *file)
{
    return strcmp(file->place.period, "event") != 0;
}

static const struct rebuild_type *find(const struct rebuild *rebuild, const char *name)
{
    const struct rebuild_type *type = rebuild->types;
    while (type != NULL && strcmp(type->name, name) != 0)
        type = type->next;
    return type;
}

static lake_status report(struct rebuild *rebuild, const struct rebuild_file *file, struct lake_error *err)
{
    char detail[256];
    const struct rebuild_aside aside = {.path = file->path, .problem = "type", .detail = detail, .stays = true};
    (void)snprintf(detail, sizeof detail,
                   "is of type '%s', which is not registered in the new manifest: its rows can be read; register it "
                   "again to write more",
                   file->place.type);
    return rebuild_set_aside(rebuild, &aside, err);
}

static lake_status add(struct rebuild *rebuild, const struct rebuild_file *file, struct lake_error *err)
{
    struct io io = rebuild->lake->io;
    struct rebuild_type *type = NULL;
    struct manifest_type_column ts = {
        .name = "ts", .type = (int32_t)file->schema->fields[0].type, .unit = "", .is_required = true};
    const struct manifest_type entry = {.name = file->place.type,
                                        .what = what,
                                        .has_period = has_period(file),
                                        .created_ms = io.ops->now_ms(io.context),
                                        .columns = &ts,
                                        .n_columns = 1};
    TRY(arena_new(&rebuild->arena, 1, sizeof *type, &type, err));
    (void)snprintf(type->name, sizeof type->name, "%s", file->place.type);
    type->ts_type = file->schema->fields[0].type;
    type->has_period = entry.has_period;
    type->next = rebuild->types;
    rebuild->types = type;
    TRY(manifest_put_type(rebuild->manifest, &entry, err));
    return report(rebuild, file, err);
}

lake_status rebuild_note_type(struct rebuild *rebuild, struct rebuild_file *file, struct lake_error *err)
{
    const struct data_type *known = NULL;
    if (data_type_find(file->place.type, &known, NULL) == LAKE_OK)
        return LAKE_OK;
    const struct rebuild_type *type = find(rebuild, file->place.type);
    if (type == NULL)
        return add(rebuild, file, err);
    if (type->ts_type == file->schema->fields[0].type && type->has_period == has_period(file))
        return LAKE_OK;
    file->problem = "columns";
    (void)snprintf(file->detail, sizeof file->detail,
                   "its times are %s %s period, those of other files of type '%s' are %s %s",
                   column_type_name(file->schema->fields[0].type), has_period(file) ? "of a" : "without", type->name,
                   column_type_name(type->ts_type), type->has_period ? "of a period" : "without one");
    return LAKE_OK;
}
