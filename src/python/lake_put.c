/* Rows in: frames of a program. */
#include <datalake/write.h>

#include "lake_object.h"
#include "operation.h"

struct put_arguments {
    struct lake_put_options options;
    struct ArrowArrayStream rows;
};

static const char *const CHECKS[] = {"off", "warn", "reject", NULL};

static const struct argument PUT[] = {
    ARGUMENT_AS("rows", struct put_arguments, rows, ROWS, NEEDED_ANYWHERE),
    ARGUMENT_AS("exchange", struct put_arguments, options.dataset.exchange, TEXT, NEEDED),
    ARGUMENT_AS("symbol", struct put_arguments, options.dataset.symbol, TEXT, NEEDED),
    ARGUMENT_PLACE(struct put_arguments, options.dataset),
    ARGUMENT(struct lake_put_options, is_partial, BOOL),
    ARGUMENT(struct lake_put_options, is_unsorted, BOOL),
    ARGUMENT_RANGE(struct lake_put_options),
    ARGUMENT_ENUM(struct lake_put_options, checks, LAKE_CHECK_OFF, CHECKS),
    ARGUMENT(struct lake_put_options, source, TEXT),
    ARGUMENT(struct lake_put_options, dry_run, BOOL),
    ARGUMENT(struct lake_put_options, progress, PROGRESS),
    ARGUMENTS_END,
};
_Static_assert(offsetof(struct put_arguments, options) == 0, "places in the options are places in the arguments");

const struct member lake_put_members[] = {
    MEMBER(struct lake_put_result, dataset, SELECTION),
    MEMBER(struct lake_put_result, rows_read, INT64),
    MEMBER(struct lake_put_result, rows_new, INT64),
    MEMBER(struct lake_put_result, rows_changed, INT64),
    MEMBER(struct lake_put_result, rows_equal, INT64),
    MEMBER(struct lake_put_result, first_ms, INT64),
    MEMBER(struct lake_put_result, last_ms, INT64),
    MEMBER(struct lake_put_result, days_changed, INT64),
    MEMBER(struct lake_put_result, files_written, INT64),
    MEMBER(struct lake_put_result, bytes_written, INT64),
    MEMBER(struct lake_put_result, rows_warned, INT64),
    MEMBER(struct lake_put_result, snapshot, INT64),
    MEMBERS_END,
};

/* The library takes the stream over, on failure too. */
static struct ArrowArrayStream take(struct ArrowArrayStream *rows)
{
    struct ArrowArrayStream taken = *rows;
    rows->release = NULL;
    return taken;
}

static lake_status run_put(struct operands *operands, struct lake_error *err)
{
    struct put_arguments *arguments = operands->options;
    struct lake_put_result *result = operands->result;
    struct ArrowArrayStream rows = take(&arguments->rows);
    arguments->options.size = sizeof arguments->options;
    result->size = sizeof *result;
    return lake_put(operands->lake, &arguments->options, &rows, result, err);
}

static void release_put(void *options)
{
    struct put_arguments *arguments = options;
    if (arguments->rows.release != NULL)
        arguments->rows.release(&arguments->rows);
}

PyObject *lake_object_put(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.put",
        .arguments = PUT,
        .options_bytes = sizeof(struct put_arguments),
        .result_bytes = sizeof(struct lake_put_result),
        .members = lake_put_members,
        .run = run_put,
        .release = release_put,
    };
    return operation_call(self, positional, named, &OPERATION);
}
