/* Files in. */
#include "lake_object.h"
#include "operation.h"

static const char *const CHECKS[] = {"off", "warn", "reject", NULL};

static const struct argument INGEST[] = {
    ARGUMENT_LIST("sources", struct lake_ingest_options, sources, n_sources, PATHS, NEEDED_ANYWHERE),
    ARGUMENT_SELECTION(struct lake_ingest_options, dataset),
    ARGUMENT_LIST("columns", struct lake_ingest_options, columns, n_columns, TEXTS, BY_NAME),
    ARGUMENT(struct lake_ingest_options, separator, TEXT),
    ARGUMENT(struct lake_ingest_options, header, TEXT),
    ARGUMENT(struct lake_ingest_options, decimal, TEXT),
    ARGUMENT(struct lake_ingest_options, time_format, TEXT),
    ARGUMENT(struct lake_ingest_options, time_zone, TEXT),
    ARGUMENT(struct lake_ingest_options, stamp, TEXT),
    ARGUMENT(struct lake_ingest_options, rejects_path, PATH),
    ARGUMENT(struct lake_ingest_options, max_rejects, COUNT),
    ARGUMENT_ENUM(struct lake_ingest_options, checks, LAKE_CHECK_OFF, CHECKS),
    ARGUMENT(struct lake_ingest_options, dry_run, BOOL),
    ARGUMENT(struct lake_ingest_options, restart, BOOL),
    ARGUMENT(struct lake_ingest_options, progress, PROGRESS),
    ARGUMENTS_END,
};

static const struct member FINDING[] = {
    MEMBER(struct lake_ingest_finding, what, TEXT),
    MEMBER(struct lake_ingest_finding, value, TEXT),
    MEMBER(struct lake_ingest_finding, origin, TEXT),
    MEMBER(struct lake_ingest_finding, option, TEXT),
    MEMBERS_END,
};
static const struct member CHECK[] = {
    MEMBER(struct lake_ingest_check, rule, TEXT),
    MEMBER(struct lake_ingest_check, n_warned, INT64),
    MEMBER(struct lake_ingest_check, n_rejected, INT64),
    MEMBER(struct lake_ingest_check, first_place, TEXT),
    MEMBERS_END,
};
static const struct member INGEST_RESULT[] = {
    MEMBER(struct lake_ingest_result, dataset, SELECTION),
    MEMBER(struct lake_ingest_result, rows_read, INT64),
    MEMBER(struct lake_ingest_result, rows_new, INT64),
    MEMBER(struct lake_ingest_result, rows_changed, INT64),
    MEMBER(struct lake_ingest_result, rows_equal, INT64),
    MEMBER(struct lake_ingest_result, rows_rejected, INT64),
    MEMBER(struct lake_ingest_result, rows_other, INT64),
    MEMBER(struct lake_ingest_result, first_ms, INT64),
    MEMBER(struct lake_ingest_result, last_ms, INT64),
    MEMBER(struct lake_ingest_result, bars_missing, INT64),
    MEMBER(struct lake_ingest_result, gaps, INT64),
    MEMBER(struct lake_ingest_result, days_changed, INT64),
    MEMBER(struct lake_ingest_result, files_written, INT64),
    MEMBER(struct lake_ingest_result, bytes_written, INT64),
    MEMBER(struct lake_ingest_result, source_bytes, INT64),
    MEMBER(struct lake_ingest_result, snapshot, INT64),
    MEMBER(struct lake_ingest_result, rows_resumed, INT64),
    MEMBER(struct lake_ingest_result, ignored_columns, TEXT),
    {"findings", MEMBER_LIST, offsetof(struct lake_ingest_result, findings),
     offsetof(struct lake_ingest_result, n_findings), sizeof(struct lake_ingest_finding), false, FINDING},
    {"checks", MEMBER_LIST, offsetof(struct lake_ingest_result, checks), offsetof(struct lake_ingest_result, n_checks),
     sizeof(struct lake_ingest_check), false, CHECK},
    MEMBER(struct lake_ingest_result, can_resume, BOOL),
    MEMBERS_END,
};

static lake_status run_ingest(struct operands *operands, struct lake_error *err)
{
    struct lake_ingest_options *options = operands->options;
    struct lake_ingest_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_ingest(operands->lake, options, result, err);
}

PyObject *lake_object_ingest(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.ingest",
        .arguments = INGEST,
        .options_bytes = sizeof(struct lake_ingest_options),
        .result_bytes = sizeof(struct lake_ingest_result),
        .members = INGEST_RESULT,
        .run = run_ingest,
        .at_sample = offsetof(struct lake_ingest_result, sample),
    };
    return operation_call(self, positional, named, &OPERATION);
}
