/* Versioned features: rows in, and the list of versions. They are read by scan. */
#include <datalake/features.h>

#include "lake_object.h"
#include "operation.h"

struct feature_arguments {
    struct lake_feature_options options;
    struct ArrowArrayStream rows;
};

static const struct argument PUT_FEATURES[] = {
    ARGUMENT_AS("rows", struct feature_arguments, rows, ROWS, NEEDED_ANYWHERE),
    ARGUMENT_AS("exchange", struct feature_arguments, options.instrument.exchange, TEXT, NEEDED),
    ARGUMENT_AS("symbol", struct feature_arguments, options.instrument.symbol, TEXT, NEEDED),
    ARGUMENT_AS("feature_set", struct feature_arguments, options.feature_set, TEXT, NEEDED),
    ARGUMENT_AS("version", struct feature_arguments, options.version, TEXT, NEEDED),
    ARGUMENT_AS("market", struct feature_arguments, options.instrument.market, TEXT, BY_NAME),
    ARGUMENT(struct lake_feature_options, is_unsorted, BOOL),
    ARGUMENT(struct lake_feature_options, source, TEXT),
    ARGUMENT(struct lake_feature_options, dry_run, BOOL),
    ARGUMENT(struct lake_feature_options, progress, PROGRESS),
    ARGUMENTS_END,
};
_Static_assert(offsetof(struct feature_arguments, options) == 0, "places in the options are places in the arguments");

static lake_status run_put_features(struct operands *operands, struct lake_error *err)
{
    struct feature_arguments *arguments = operands->options;
    struct lake_put_result *result = operands->result;
    struct ArrowArrayStream rows = arguments->rows;
    arguments->rows.release = NULL;
    arguments->options.size = sizeof arguments->options;
    result->size = sizeof *result;
    return lake_put_features(operands->lake, &arguments->options, &rows, result, err);
}

static void release_put_features(void *options)
{
    struct feature_arguments *arguments = options;
    if (arguments->rows.release != NULL)
        arguments->rows.release(&arguments->rows);
}

PyObject *lake_object_put_features(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.put_features",
        .arguments = PUT_FEATURES,
        .options_bytes = sizeof(struct feature_arguments),
        .result_bytes = sizeof(struct lake_put_result),
        .members = lake_put_members,
        .run = run_put_features,
        .release = release_put_features,
    };
    return operation_call(self, positional, named, &OPERATION);
}

static const struct argument LIST_FEATURES[] = {
    ARGUMENT_AS("exchange", struct lake_feature_list_options, instrument.exchange, TEXT, BY_NAME),
    ARGUMENT_AS("market", struct lake_feature_list_options, instrument.market, TEXT, BY_NAME),
    ARGUMENT_AS("symbol", struct lake_feature_list_options, instrument.symbol, TEXT, BY_NAME),
    ARGUMENT(struct lake_feature_list_options, feature_set, TEXT),
    ARGUMENTS_END,
};

static lake_status run_list_features(struct operands *operands, struct lake_error *err)
{
    struct lake_feature_list_options *options = operands->options;
    options->size = sizeof *options;
    return lake_list_features(operands->lake, options, &operands->rows, err);
}

PyObject *lake_object_list_features(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.list_features",
        .arguments = LIST_FEATURES,
        .options_bytes = sizeof(struct lake_feature_list_options),
        .rows = OPERATION_STREAM,
        .run = run_list_features,
    };
    return operation_call(self, positional, named, &OPERATION);
}
