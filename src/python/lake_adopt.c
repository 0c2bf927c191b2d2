/* Files that lie below the data root, and are not the lake's yet. */
#include <datalake/write.h>

#include "lake_object.h"
#include "operation.h"

static const struct argument ADOPT[] = {
    ARGUMENT_AS("path", struct lake_adopt_options, path, PATH, NEEDED_ANYWHERE),
    ARGUMENT_SELECTION(struct lake_adopt_options, dataset),
    ARGUMENT(struct lake_adopt_options, sha256, TEXT),
    ARGUMENTS_END,
};

static const struct member ADOPT_RESULT[] = {
    MEMBER(struct lake_adopt_result, file_id, INT64),
    MEMBER(struct lake_adopt_result, rows_new, INT64),
    MEMBER(struct lake_adopt_result, rows_changed, INT64),
    MEMBER(struct lake_adopt_result, rows_equal, INT64),
    MEMBER(struct lake_adopt_result, snapshot, INT64),
    MEMBER(struct lake_adopt_result, moved_to, PATH_TEXT),
    MEMBERS_END,
};

static lake_status run_adopt(struct operands *operands, struct lake_error *err)
{
    struct lake_adopt_options *options = operands->options;
    struct lake_adopt_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_adopt_file(operands->lake, options, result, err);
}

PyObject *lake_object_adopt(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.adopt",
        .arguments = ADOPT,
        .options_bytes = sizeof(struct lake_adopt_options),
        .result_bytes = sizeof(struct lake_adopt_result),
        .members = ADOPT_RESULT,
        .run = run_adopt,
    };
    return operation_call(self, positional, named, &OPERATION);
}
