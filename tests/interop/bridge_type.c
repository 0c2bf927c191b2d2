/* Data types that Python registers in a lake. */
#include "bridge.h"

#include <datalake/types.h>

#include <stdio.h>

#include "base/limits.h"

static lake_status register_in(const char *directory, const struct bridge_type *type, struct lake_error *err)
{
    char data_root[LIMIT_PATH_BYTES], db_path[LIMIT_PATH_BYTES];
    struct lake *lake = NULL;
    (void)snprintf(data_root, sizeof data_root, "%s/data", directory);
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", directory);
    const struct lake_options options = {
        .size = sizeof options, .data_root = data_root, .db_path = db_path, .create = true, .config_path = ""};
    const struct lake_type_column columns[] = {{"ts", type->ts, NULL, true, false},
                                               {"id", "utf8", NULL, true, type->n_key < 2},
                                               {"price", "double", "quote", true, true}};
    static const char *const key[] = {"ts", "id"};
    const struct lake_type_options wanted = {.size = sizeof wanted,
                                             .name = type->name,
                                             .columns = columns,
                                             .n_columns = sizeof columns / sizeof *columns,
                                             .key = key,
                                             .n_key = type->n_key,
                                             .has_period = type->has_period != 0};
    lake_status status = lake_open(&options, &lake, err);
    if (status == LAKE_OK)
        status = lake_register_type(lake, &wanted, err);
    lake_close(lake);
    return status;
}

int bridge_register_type(const char *directory, const struct bridge_type *type, char *error, size_t n)
{
    struct lake_error err = {0};
    return bridge_answer(register_in(directory, type, &err), &err, error, n);
}
