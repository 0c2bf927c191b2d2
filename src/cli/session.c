#include "session.h"

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "report.h"

static const char *first_given(const char *option, const char *variable, const char *otherwise)
{
    const char *environment = getenv(variable);
    if (option != NULL)
        return option;
    return environment != NULL && *environment != '\0' ? environment : otherwise;
}

const char *session_data_root(const struct cli *cli)
{
    return first_given(cli->global.data_root, "DL_DATA_ROOT", "data");
}

const char *session_db_path(const struct cli *cli)
{
    return first_given(cli->global.db_path, "DL_DB_PATH", "manifest.db");
}

lake_status session_open(const struct cli *cli, struct session_options options, struct lake **out,
                         struct lake_error *err)
{
    struct lake_options lake_options = {
        .size = sizeof lake_options,
        .data_root = session_data_root(cli),
        .db_path = session_db_path(cli),
        .create = options.kind == SESSION_WRITE,
        .n_threads = options.n_threads,
        .memory_bytes = options.memory_bytes,
    };
    TRY(lake_open(&lake_options, out, err));
    const char *recovered = lake_recovery_report(*out);
    if (*recovered != '\0')
        note(cli, "%s", recovered);
    return LAKE_OK;
}

const char *dataset_name(const struct lake_selection *dataset, char out[DATASET_NAME_BYTES])
{
    snprintf(out, DATASET_NAME_BYTES, "%s %s %s %s %s", dataset->exchange, dataset->market, dataset->symbol,
             dataset->type, dataset->period);
    return out;
}
