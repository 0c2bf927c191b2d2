/* Rows from Python committed to a lake. */
#include "bridge.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/arrow.h"
#include "lake/write.h"

struct job {
    struct lake *lake;
    struct lake_write *write;
    struct schema *schema;
};

static lake_status open_lake(const char *directory, struct lake **out, struct lake_error *err)
{
    char data_root[LIMIT_PATH_BYTES], db_path[LIMIT_PATH_BYTES];
    (void)snprintf(data_root, sizeof data_root, "%s/data", directory);
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", directory);
    const struct lake_options options = {
        .size = sizeof options, .data_root = data_root, .db_path = db_path, .create = true, .config_path = ""};
    return lake_open(&options, out, err);
}

static lake_status read_schema(struct ArrowArrayStream *in, struct schema **out, struct lake_error *err)
{
    struct ArrowSchema schema = {0};
    if (in->get_schema(in, &schema) != 0)
        return lake_fail(err, LAKE_REMOTE, "the stream has no schema");
    lake_status status = arrow_import_schema(&schema, out, err);
    schema.release(&schema);
    return status;
}

/* *is_end where there are no more. */
static lake_status append_source(struct job *job, struct ArrowArrayStream *in, bool *is_end, struct lake_error *err)
{
    struct ArrowArray array = {0};
    struct batch batch = {0};
    if (in->get_next(in, &array) != 0)
        return lake_fail(err, LAKE_REMOTE, "the stream failed");
    *is_end = array.release == NULL;
    if (*is_end)
        return LAKE_OK;
    TRY(arrow_import_batch(job->schema, &array, &batch, err));
    lake_status status = lake_write_append(job->write, &batch, err);
    batch_release(&batch);
    return status == LAKE_OK ? lake_write_begin_source(job->write, err) : status;
}

static lake_status run(struct job *job, const char *directory, const char *type, struct ArrowArrayStream *in,
                       struct lake_error *err)
{
    const struct lake_selection dataset = {"x", "SPOT", "y", type, "1m"};
    struct lake_write_result result;
    bool is_end = false;
    TRY(open_lake(directory, &job->lake, err));
    TRY(lake_write_begin(job->lake, &dataset, "ingest", &job->write, err));
    TRY(read_schema(in, &job->schema, err));
    while (!is_end)
        TRY(append_source(job, in, &is_end, err));
    return lake_write_commit(job->write, &result, err);
}

int bridge_lake_write(const char *directory, const char *type, struct ArrowArrayStream *in, char *error, size_t n)
{
    struct lake_error err = {0};
    struct job job = {0};
    lake_status status = run(&job, directory, type, in, &err);
    lake_write_free(job.write);
    lake_close(job.lake);
    schema_free(job.schema);
    in->release(in);
    return bridge_answer(status, &err, error, n);
}
