/* lake_put: the rows of one table as one operation. */
#include <datalake/write.h>

#include <string.h>

#include "ingest/put.h"

/* Bars that are derived follow from others, and a version of features never changes: both have ways of their own. */
static lake_status check_type(const struct data_type *type, struct lake_error *err)
{
    if (strcmp(type->name, "agg") == 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "agg bars are derived from raw ones and not put; put them as raw");
    if (type->is_versioned)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s are put by set and version (lake_put_features)", type->what);
    return LAKE_OK;
}

static lake_status put(struct lake *lake, const struct lake_put_options *options, struct ArrowArrayStream *rows,
                       struct lake_put_result *result, struct lake_error *err)
{
    struct put_job job = {.lake = lake, .options = options};
    struct put_outcome outcome = {0};
    lake_status status = LAKE_OK;
    TRY(put_check_options(options, result, err));
    TRY(lake_write_begin(lake, &options->dataset, "put", &job.write, err));
    TRY_OUT(check_type(lake_write_type(job.write), err));
    TRY_OUT(put_rows(&job, rows, &outcome, err));
    TRY_OUT(put_stage(&job, &outcome, result, err));
    if (!options->dry_run)
        TRY_OUT(put_commit(&job, result, err));
out:
    lake_write_free(job.write);
    return status;
}

lake_status lake_put(struct lake *lake, const struct lake_put_options *options, struct ArrowArrayStream *rows,
                     struct lake_put_result *result, struct lake_error *err)
{
    lake_status status = put(lake, options, rows, result, err);
    if (rows->release != NULL)
        rows->release(rows);
    return status;
}
