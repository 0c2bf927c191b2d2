/* lake_put_features: the rows of one table as a version of a feature set. That a version never changes is the write's to see to
 * (lake/write_version.h), whoever writes. */
#include <datalake/features.h>

#include <stdio.h>

#include "column/feature_period.h"
#include "ingest/put.h"

static lake_status check_options(const struct lake_feature_options *options, const struct lake_put_result *result,
                                 struct lake_error *err)
{
    if (options == NULL || options->size != sizeof *options || result == NULL || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "options or result of features are of an unknown size");
    if (options->feature_set == NULL || options->version == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s is needed",
                         options->feature_set == NULL ? "feature set" : "version");
    return LAKE_OK;
}

/* "set@version", of names that are checked. */
static lake_status name_period(const struct lake_feature_options *options, char out[PERIOD_BYTES],
                               struct lake_error *err)
{
    struct feature_period names;
    TRY(feature_set_copy(options->feature_set, names.set, err));
    TRY(feature_version_copy(options->version, names.version, err));
    (void)snprintf(out, PERIOD_BYTES, "%s@%s", names.set, names.version);
    return LAKE_OK;
}

/* A stream that cannot tell says why when its rows are put. */
static lake_status check_columns(struct ArrowArrayStream *rows, struct lake_error *err)
{
    struct ArrowSchema schema = {0};
    if (rows->release == NULL || rows->get_schema(rows, &schema) != 0)
        return LAKE_OK;
    int64_t n = schema.n_children;
    if (schema.release != NULL)
        schema.release(&schema);
    return n != 1 ? LAKE_OK
                  : lake_fail(err, LAKE_INVALID_DATA, "the frame has one column only: features are columns beside ts");
}

static lake_status put(struct lake *lake, const struct lake_feature_options *options, struct ArrowArrayStream *rows,
                       struct lake_put_result *result, struct lake_error *err)
{
    char period[PERIOD_BYTES];
    struct lake_put_options put_options = {.size = sizeof put_options};
    struct put_job job = {.lake = lake, .options = &put_options};
    struct put_outcome outcome = {0};
    lake_status status = LAKE_OK;
    TRY(check_options(options, result, err));
    put_options.dataset = options->instrument;
    put_options.is_unsorted = options->is_unsorted;
    put_options.source = options->source;
    put_options.progress = options->progress;
    TRY(name_period(options, period, err));
    put_options.dataset.type = "feature";
    put_options.dataset.period = period;
    TRY(check_columns(rows, err));
    TRY(lake_write_begin(lake, &put_options.dataset, "upload", &job.write, err));
    TRY_OUT(put_rows(&job, rows, &outcome, err));
    TRY_OUT(put_stage(&job, &outcome, result, err));
    if (!options->dry_run)
        TRY_OUT(put_commit(&job, result, err));
out:
    lake_write_free(job.write);
    return status;
}

lake_status lake_put_features(struct lake *lake, const struct lake_feature_options *options,
                              struct ArrowArrayStream *rows, struct lake_put_result *result, struct lake_error *err)
{
    lake_status status = put(lake, options, rows, result, err);
    if (rows->release != NULL)
        rows->release(rows);
    return status;
}
