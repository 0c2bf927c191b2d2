/* Tables from Python put into a lake, and read back. */
#include "bridge.h"

#include <datalake/write.h>

#include <stdio.h>

#include "base/limits.h"
#include "base/memory.h"
#include "column/arrow.h"
#include "lake/scan.h"

static lake_status open_lake(const char *directory, struct lake **out, struct lake_error *err)
{
    char data_root[LIMIT_PATH_BYTES], db_path[LIMIT_PATH_BYTES];
    (void)snprintf(data_root, sizeof data_root, "%s/data", directory);
    (void)snprintf(db_path, sizeof db_path, "%s/manifest.db", directory);
    const struct lake_options options = {
        .size = sizeof options, .data_root = data_root, .db_path = db_path, .create = true, .config_path = ""};
    return lake_open(&options, out, err);
}

int bridge_lake_put(const char *directory, const char *type, struct ArrowArrayStream *in, int64_t *rows, char *error,
                    size_t n)
{
    struct lake_error err = {0};
    struct lake *lake = NULL;
    struct lake_put_result result = {.size = sizeof result};
    const struct lake_put_options options = {.size = sizeof options, .dataset = {"x", "SPOT", "y", type, "1m"}};
    lake_status status = open_lake(directory, &lake, &err);
    if (status == LAKE_OK)
        status = lake_put(lake, &options, in, &result, &err);
    else
        in->release(in);
    *rows = result.rows_new;
    lake_close(lake);
    return bridge_answer(status, &err, error, n);
}

/* ---- reading ---- */

struct reading {
    struct lake *lake;
    struct scan *scan;
};

static lake_status next(void *context, struct batch *out, struct lake_error *err)
{
    return scan_next(((struct reading *)context)->scan, out, err);
}

static void release(void *context)
{
    struct reading *reading = context;
    scan_close(reading->scan);
    lake_close(reading->lake);
    memory_free(reading);
}

static lake_status read_lake(const char *directory, const char *type, struct ArrowArrayStream *out,
                             struct lake_error *err)
{
    struct reading *reading = NULL;
    const struct scan_options options = {
        .query = {.selection = {"x", "SPOT", "y", type, NULL}, .start_ms = INT64_MIN, .end_ms = INT64_MAX}};
    lake_status status = LAKE_OK;
    TRY(memory_new(1, sizeof *reading, &reading, err));
    TRY_OUT(open_lake(directory, &reading->lake, err));
    TRY_OUT(scan_open(reading->lake, &options, &reading->scan, err));
    const struct batch_source source = {scan_get_schema(reading->scan), next, release, reading};
    reading = NULL;
    status = arrow_export_stream(source, out, err);
out:
    if (reading != NULL)
        release(reading);
    return status;
}

int bridge_lake_read(const char *directory, const char *type, struct ArrowArrayStream *out, char *error, size_t n)
{
    struct lake_error err = {0};
    return bridge_answer(read_lake(directory, type, out, &err), &err, error, n);
}
