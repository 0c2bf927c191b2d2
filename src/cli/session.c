#include "session.h"

#include <stdio.h>
#include <stdlib.h>

#include <datalake/history.h>

#include "command.h"
#include "report.h"

static const char *first_given(const char *option, const char *variable, const char *otherwise)
{
    const char *environment = getenv(variable);
    if (option != NULL)
        return option;
    return environment != NULL && *environment != '\0' ? environment : otherwise;
}

/* dl.toml's word, or NULL. */
static const char *configured(const char *path)
{
    return *path != '\0' ? path : NULL;
}

lake_status session_locate(struct cli *cli, struct lake_error *err)
{
    if (cli->location.size != 0)
        return LAKE_OK;
    cli->location.size = sizeof cli->location;
    bool is_settled = first_given(cli->global.data_root, "DL_DATA_ROOT", NULL) != NULL &&
                      first_given(cli->global.db_path, "DL_DB_PATH", NULL) != NULL;
    return is_settled ? LAKE_OK : lake_find_location(".", &cli->location, err);
}

const char *session_data_root(const struct cli *cli)
{
    const char *path = first_given(cli->global.data_root, "DL_DATA_ROOT", configured(cli->location.data_root));
    return path != NULL ? path : "data";
}

const char *session_db_path(const struct cli *cli)
{
    const char *path = first_given(cli->global.db_path, "DL_DB_PATH", configured(cli->location.db_path));
    return path != NULL ? path : "manifest.db";
}

/* The dl.toml that says where the lake is also says how it is kept. */
struct lake_options session_lake_options(const struct cli *cli, struct session_options options)
{
    const struct lake_location *location = &cli->location;
    bool is_placed = session_data_root(cli) == location->data_root || session_db_path(cli) == location->db_path;
    return (struct lake_options){
        .size = sizeof(struct lake_options),
        .data_root = session_data_root(cli),
        .db_path = session_db_path(cli),
        .create = options.kind == SESSION_WRITE,
        .n_threads = options.n_threads,
        .memory_bytes = options.memory_bytes,
        .config_path = is_placed ? location->config_path : NULL,
    };
}

lake_status session_open(struct cli *cli, struct session_options options, struct lake **out, struct lake_error *err)
{
    TRY(session_locate(cli, err));
    struct lake_options lake_options = session_lake_options(cli, options);
    TRY(lake_open(&lake_options, out, err));
    const char *recovered = lake_recovery_report(*out);
    if (*recovered != '\0')
        note(cli, "%s", recovered);
    return LAKE_OK;
}

lake_status session_find_snapshot(struct lake *lake, const char *text, int64_t *snapshot, struct lake_error *err)
{
    *snapshot = 0;
    return text != NULL ? lake_find_snapshot(lake, text, snapshot, err) : LAKE_OK;
}

const char *dataset_name(const struct lake_selection *dataset, char out[DATASET_NAME_BYTES])
{
    snprintf(out, DATASET_NAME_BYTES, "%s %s %s %s %s", dataset->exchange, dataset->market, dataset->symbol,
             dataset->type, dataset->period);
    return out;
}
