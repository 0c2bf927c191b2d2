/* What a delete would remove, dataset by dataset. */
#ifndef CLI_DELETE_PLAN_H
#define CLI_DELETE_PLAN_H

#include <datalake/history.h>

#include "json.h"
#include "output.h"

struct delete_plan {
    const struct lake_delete_options *options;
    struct output *out;              /* of the table */
    struct json *json;               /* NULL: a table; else an array goes there */
    int64_t most_datasets;           /* of the table; 0: all */
    struct lake_change_result total; /* set; size by the caller */
};

/* Runs the delete dry for each dataset that matches. Fails as the delete itself would. */
LAKE_MUST_CHECK lake_status delete_plan_write(struct delete_plan *plan, struct lake *lake, struct lake_error *err);

#endif
