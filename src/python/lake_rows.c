/* Rows out: the methods of Lake that read. */
#include <datalake/bars.h>
#include <datalake/features.h>
#include <datalake/history.h>
#include <datalake/types.h>

#include "errors.h"
#include "lake_object.h"
#include "operation.h"
#include "reader.h"

/* ---- scan ---- */

struct scan_arguments {
    struct lake_scan_options options;
    struct symbol_list symbols; /* texts is NULL where one symbol was given */
};

static const char *const FILLS[] = {"none", "null", "previous", "zero-volume", NULL};

static const struct argument SCAN[] = {
    ARGUMENT_AS("exchange", struct scan_arguments, options.dataset.exchange, TEXT, NEEDED_ANYWHERE),
    ARGUMENT_LIST("symbol", struct scan_arguments, options.dataset.symbol, symbols, SYMBOLS, NEEDED_ANYWHERE),
    ARGUMENT_PLACE(struct scan_arguments, options.dataset),
    ARGUMENT_RANGE(struct lake_scan_options),
    ARGUMENT_LIST("columns", struct lake_scan_options, columns, n_columns, TEXTS, BY_NAME),
    ARGUMENT(struct lake_scan_options, limit, COUNT),
    ARGUMENT(struct lake_scan_options, tail, COUNT),
    ARGUMENT(struct lake_scan_options, batch_rows, COUNT),
    ARGUMENT(struct lake_scan_options, as_of, COUNT),
    ARGUMENT_ENUM(struct lake_scan_options, fill, LAKE_FILL_NONE, FILLS),
    ARGUMENT(struct lake_scan_options, complete, BOOL),
    ARGUMENT(struct lake_scan_options, offset, TEXT),
    ARGUMENT(struct lake_scan_options, origin, TEXT),
    ARGUMENTS_END,
};
_Static_assert(offsetof(struct scan_arguments, options) == 0, "places in the options are places in the arguments");

/* Takes over a use of the handle. */
static lake_status open_scan(struct handle *handle, struct scan_arguments *scan, struct lake_scan **opened,
                             struct feed **out, struct lake_error *err)
{
    lake_status status;
    struct lake *lake = handle_lake(handle);
    scan->options.size = sizeof scan->options;
    if (scan->symbols.texts == NULL)
        status = lake_scan_open(lake, &scan->options, opened, err);
    else
        status = lake_scan_open_many(lake, &scan->options, scan->symbols.texts, scan->symbols.n, opened, err);
    if (status == LAKE_OK)
        return feed_of_scan(handle, *opened, out, err);
    handle_drop(handle);
    return status;
}

PyObject *lake_object_scan(PyObject *self, PyObject *positional, PyObject *named)
{
    struct call call = {.state = native_state_of(self)};
    struct arguments arguments = {.function = "Lake.scan", .table = SCAN, .call = &call};
    struct scan_arguments scan = {0};
    struct lake_scan *opened = NULL;
    struct feed *feed = NULL;
    PyObject *answer = NULL;
    struct handle *handle = lake_object_use(self);
    if (handle != NULL && arguments_read(&arguments, positional, named, &scan)) {
        call_begin(&call);
        lake_status status = open_scan(handle_take(handle), &scan, &opened, &feed, &call.error);
        call_end(&call);
        if (call_is_good(&call, status))
            answer = scan_of(call.state, feed, opened);
    }
    Py_BEGIN_ALLOW_THREADS;
    handle_drop(handle);
    Py_END_ALLOW_THREADS;
    arguments_release(&arguments);
    return answer;
}

/* ---- lists ---- */

static const struct argument LIST_DATASETS[] = {
    ARGUMENT_SELECTION(struct lake_list_options, selection),
    ARGUMENT(struct lake_list_options, as_of, COUNT),
    ARGUMENT(struct lake_list_options, limit, COUNT),
    ARGUMENT(struct lake_list_options, after, TEXT),
    ARGUMENTS_END,
};

static lake_status run_list_datasets(struct operands *operands, struct lake_error *err)
{
    struct lake_list_options *options = operands->options;
    options->size = sizeof *options;
    return lake_list_datasets(operands->lake, options, &operands->rows, err);
}

PyObject *lake_object_list_datasets(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.list_datasets",
        .arguments = LIST_DATASETS,
        .options_bytes = sizeof(struct lake_list_options),
        .rows = OPERATION_STREAM,
        .run = run_list_datasets,
    };
    return operation_call(self, positional, named, &OPERATION);
}

static const struct argument LIST_FILES[] = {
    ARGUMENT_SELECTION(struct lake_list_options, selection),
    ARGUMENT(struct lake_list_options, as_of, COUNT),
    ARGUMENT(struct lake_list_options, limit, COUNT),
    ARGUMENT(struct lake_list_options, after, PATH),
    ARGUMENT_RANGE(struct lake_list_options),
    ARGUMENTS_END,
};

static lake_status run_list_files(struct operands *operands, struct lake_error *err)
{
    struct lake_list_options *options = operands->options;
    options->size = sizeof *options;
    return lake_list_files(operands->lake, options, &operands->rows, err);
}

PyObject *lake_object_list_files(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.list_files",
        .arguments = LIST_FILES,
        .options_bytes = sizeof(struct lake_list_options),
        .rows = OPERATION_STREAM,
        .run = run_list_files,
    };
    return operation_call(self, positional, named, &OPERATION);
}

static const struct argument LOG[] = {
    ARGUMENT_SELECTION(struct lake_log_options, selection),
    ARGUMENT(struct lake_log_options, limit, COUNT),
    ARGUMENT(struct lake_log_options, before, COUNT),
    ARGUMENTS_END,
};

static lake_status run_log(struct operands *operands, struct lake_error *err)
{
    struct lake_log_options *options = operands->options;
    options->size = sizeof *options;
    return lake_log(operands->lake, options, &operands->rows, err);
}

PyObject *lake_object_log(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.log",
        .arguments = LOG,
        .options_bytes = sizeof(struct lake_log_options),
        .rows = OPERATION_STREAM,
        .run = run_log,
    };
    return operation_call(self, positional, named, &OPERATION);
}

/* ---- gaps ---- */

#define GAPS_ARGUMENTS                                                                                                 \
    ARGUMENT_SELECTION(struct lake_gaps_options, selection), ARGUMENT_RANGE(struct lake_gaps_options),                 \
        ARGUMENT(struct lake_gaps_options, as_of, COUNT)

static const struct argument GAPS[] = {
    GAPS_ARGUMENTS,
    ARGUMENT(struct lake_gaps_options, reason, TEXT),
    ARGUMENT(struct lake_gaps_options, min_bars, COUNT),
    ARGUMENT(struct lake_gaps_options, limit, COUNT),
    ARGUMENTS_END,
};
static const struct argument COVERAGE[] = {GAPS_ARGUMENTS, ARGUMENTS_END};

static const struct member GAPS_SUM[] = {
    MEMBER(struct lake_gaps_sum, reason, TEXT),
    MEMBER(struct lake_gaps_sum, n_gaps, INT64),
    MEMBER(struct lake_gaps_sum, n_missing, INT64),
    MEMBERS_END,
};
static const struct member GAPS_RESULT[] = {
    MEMBER(struct lake_gaps_result, n_datasets, INT64),
    MEMBER(struct lake_gaps_result, n_gaps, INT64),
    MEMBER(struct lake_gaps_result, n_missing, INT64),
    MEMBER(struct lake_gaps_result, n_present, INT64),
    MEMBER(struct lake_gaps_result, n_expected, INT64),
    {"by_reason", MEMBER_LIST, offsetof(struct lake_gaps_result, by_reason),
     offsetof(struct lake_gaps_result, n_reasons), sizeof(struct lake_gaps_sum), true, GAPS_SUM},
    MEMBERS_END,
};

static lake_status run_gaps(struct operands *operands, struct lake_error *err)
{
    struct lake_gaps_options *options = operands->options;
    struct lake_gaps_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_list_gaps(operands->lake, options, result, &operands->rows, err);
}

PyObject *lake_object_gaps(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.gaps",
        .arguments = GAPS,
        .options_bytes = sizeof(struct lake_gaps_options),
        .result_bytes = sizeof(struct lake_gaps_result),
        .members = GAPS_RESULT,
        .rows = OPERATION_STREAM,
        .run = run_gaps,
    };
    return operation_call(self, positional, named, &OPERATION);
}

static lake_status run_coverage(struct operands *operands, struct lake_error *err)
{
    struct lake_gaps_options *options = operands->options;
    options->size = sizeof *options;
    return lake_list_coverage(operands->lake, options, &operands->rows, err);
}

PyObject *lake_object_coverage(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.coverage",
        .arguments = COVERAGE,
        .options_bytes = sizeof(struct lake_gaps_options),
        .rows = OPERATION_STREAM,
        .run = run_coverage,
    };
    return operation_call(self, positional, named, &OPERATION);
}

/* ---- where a row came from ---- */

static const struct argument EXPLAIN[] = {
    ARGUMENT_AS("exchange", struct lake_explain_options, dataset.exchange, TEXT, NEEDED_ANYWHERE),
    ARGUMENT_AS("symbol", struct lake_explain_options, dataset.symbol, TEXT, NEEDED_ANYWHERE),
    ARGUMENT_AS("ts_ms", struct lake_explain_options, ts_ms, INT64, NEEDED_ANYWHERE),
    ARGUMENT_PLACE(struct lake_explain_options, dataset),
    ARGUMENTS_END,
};

static lake_status run_explain(struct operands *operands, struct lake_error *err)
{
    struct lake_explain_options *options = operands->options;
    options->size = sizeof *options;
    return lake_explain(operands->lake, options, &operands->rows, err);
}

PyObject *lake_object_explain(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.explain",
        .arguments = EXPLAIN,
        .options_bytes = sizeof(struct lake_explain_options),
        .rows = OPERATION_STREAM,
        .run = run_explain,
    };
    return operation_call(self, positional, named, &OPERATION);
}
