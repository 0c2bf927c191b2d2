/* The methods of Lake that change what is in it or look after it, but for rows in. */
#include <datalake/bars.h>
#include <datalake/history.h>
#include <datalake/maintenance.h>

#include "lake_object.h"
#include "operation.h"

/* ---- delete and undo ---- */

static const struct member CHANGE_RESULT[] = {
    MEMBER(struct lake_change_result, snapshot, INT64),
    MEMBER(struct lake_change_result, of_snapshot, INT64),
    MEMBER(struct lake_change_result, n_datasets, INT64),
    MEMBER(struct lake_change_result, n_days, INT64),
    MEMBER(struct lake_change_result, rows_removed, INT64),
    MEMBER(struct lake_change_result, rows_restored, INT64),
    MEMBER(struct lake_change_result, files_retired, INT64),
    MEMBER(struct lake_change_result, files_written, INT64),
    MEMBER(struct lake_change_result, bytes_retired, INT64),
    MEMBER(struct lake_change_result, bytes_written, INT64),
    MEMBERS_END,
};

static const struct argument DELETE[] = {
    ARGUMENT_SELECTION(struct lake_delete_options, selection),
    ARGUMENT_RANGE(struct lake_delete_options),
    ARGUMENT(struct lake_delete_options, dry_run, BOOL),
    ARGUMENT(struct lake_delete_options, progress, PROGRESS),
    ARGUMENTS_END,
};

static lake_status run_delete(struct operands *operands, struct lake_error *err)
{
    struct lake_delete_options *options = operands->options;
    struct lake_change_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_delete(operands->lake, options, result, err);
}

PyObject *lake_object_delete(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.delete",
        .arguments = DELETE,
        .options_bytes = sizeof(struct lake_delete_options),
        .result_bytes = sizeof(struct lake_change_result),
        .members = CHANGE_RESULT,
        .run = run_delete,
    };
    return operation_call(self, positional, named, &OPERATION);
}

static const struct argument UNDO[] = {
    ARGUMENT(struct lake_undo_options, snapshot, COUNT),
    ARGUMENT(struct lake_undo_options, dry_run, BOOL),
    ARGUMENT(struct lake_undo_options, progress, PROGRESS),
    ARGUMENTS_END,
};

static lake_status run_undo(struct operands *operands, struct lake_error *err)
{
    struct lake_undo_options *options = operands->options;
    struct lake_change_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_undo(operands->lake, options, result, err);
}

PyObject *lake_object_undo(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.undo",
        .arguments = UNDO,
        .options_bytes = sizeof(struct lake_undo_options),
        .result_bytes = sizeof(struct lake_change_result),
        .members = CHANGE_RESULT,
        .run = run_undo,
    };
    return operation_call(self, positional, named, &OPERATION);
}

/* ---- derived bars ---- */

static const struct argument AGGREGATE[] = {
    ARGUMENT_AS("exchange", struct lake_aggregate_options, dataset.exchange, TEXT, BY_NAME),
    ARGUMENT_AS("market", struct lake_aggregate_options, dataset.market, TEXT, BY_NAME),
    ARGUMENT_AS("symbol", struct lake_aggregate_options, dataset.symbol, TEXT, BY_NAME),
    ARGUMENT_LIST("periods", struct lake_aggregate_options, periods, n_periods, TEXTS, BY_NAME),
    ARGUMENT_AS("source", struct lake_aggregate_options, recipe.from, TEXT, BY_NAME),
    ARGUMENT_AS("offset", struct lake_aggregate_options, recipe.offset, TEXT, BY_NAME),
    ARGUMENT_AS("origin", struct lake_aggregate_options, recipe.origin, TEXT, BY_NAME),
    ARGUMENT_LIST("columns", struct lake_aggregate_options, recipe.columns, recipe.n_columns, TEXTS, BY_NAME),
    ARGUMENT(struct lake_aggregate_options, anew, BOOL),
    ARGUMENT(struct lake_aggregate_options, dry_run, BOOL),
    ARGUMENT(struct lake_aggregate_options, progress, PROGRESS),
    ARGUMENTS_END,
};

static const struct member AGGREGATE_RESULT[] = {
    MEMBER(struct lake_aggregate_result, n_datasets, INT64),
    MEMBER(struct lake_aggregate_result, n_current, INT64),
    MEMBER(struct lake_aggregate_result, source_rows, INT64),
    MEMBER(struct lake_aggregate_result, rows_written, INT64),
    MEMBER(struct lake_aggregate_result, rows_removed, INT64),
    MEMBER(struct lake_aggregate_result, days_changed, INT64),
    MEMBER(struct lake_aggregate_result, files_written, INT64),
    MEMBER(struct lake_aggregate_result, bytes_written, INT64),
    MEMBER(struct lake_aggregate_result, n_commits, INT64),
    MEMBER(struct lake_aggregate_result, snapshot, INT64),
    MEMBERS_END,
};

static lake_status run_aggregate(struct operands *operands, struct lake_error *err)
{
    struct lake_aggregate_options *options = operands->options;
    struct lake_aggregate_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_aggregate(operands->lake, options, result, &operands->rows, err);
}

PyObject *lake_object_aggregate(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.aggregate",
        .arguments = AGGREGATE,
        .options_bytes = sizeof(struct lake_aggregate_options),
        .result_bytes = sizeof(struct lake_aggregate_result),
        .members = AGGREGATE_RESULT,
        .rows = OPERATION_TABLE,
        .run = run_aggregate,
    };
    return operation_call(self, positional, named, &OPERATION);
}

/* ---- verify and check ---- */

struct verify_arguments {
    struct lake_verify_options options;
    bool full;
};

static const struct argument VERIFY[] = {
    ARGUMENT_SELECTION(struct verify_arguments, options.selection),
    ARGUMENT(struct verify_arguments, full, BOOL),
    ARGUMENT_AS("repair", struct verify_arguments, options.repair, BOOL, BY_NAME),
    ARGUMENT_AS("progress", struct verify_arguments, options.progress, PROGRESS, BY_NAME),
    ARGUMENTS_END,
};

static const struct member VERIFY_RESULT[] = {
    MEMBER(struct lake_verify_result, n_files, INT64),
    MEMBER(struct lake_verify_result, n_rows, INT64),
    MEMBER(struct lake_verify_result, n_bytes, INT64),
    MEMBER(struct lake_verify_result, n_problems, INT64),
    MEMBER(struct lake_verify_result, n_repaired, INT64),
    MEMBER(struct lake_verify_result, n_quarantined, INT64),
    MEMBERS_END,
};

static lake_status run_verify(struct operands *operands, struct lake_error *err)
{
    struct verify_arguments *arguments = operands->options;
    struct lake_verify_result *result = operands->result;
    arguments->options.size = sizeof arguments->options;
    arguments->options.depth = arguments->full ? LAKE_VERIFY_FULL : LAKE_VERIFY_FAST;
    result->size = sizeof *result;
    return lake_verify(operands->lake, &arguments->options, result, &operands->rows, err);
}

PyObject *lake_object_verify(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.verify",
        .arguments = VERIFY,
        .options_bytes = sizeof(struct verify_arguments),
        .result_bytes = sizeof(struct lake_verify_result),
        .members = VERIFY_RESULT,
        .rows = OPERATION_TABLE,
        .run = run_verify,
    };
    return operation_call(self, positional, named, &OPERATION);
}

static const struct argument CHECK_BARS[] = {
    ARGUMENT_SELECTION(struct lake_check_options, selection),
    ARGUMENT_RANGE(struct lake_check_options),
    ARGUMENT(struct lake_check_options, most_rows, COUNT),
    ARGUMENT(struct lake_check_options, progress, PROGRESS),
    ARGUMENTS_END,
};

static const struct member CHECK_RESULT[] = {
    MEMBER(struct lake_check_result, n_datasets, INT64),
    MEMBER(struct lake_check_result, n_rows, INT64),
    MEMBER(struct lake_check_result, n_wrong, INT64),
    MEMBER(struct lake_check_result, n_suspect, INT64),
    MEMBERS_END,
};

static lake_status run_check_bars(struct operands *operands, struct lake_error *err)
{
    struct lake_check_options *options = operands->options;
    struct lake_check_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_check_bars(operands->lake, options, result, &operands->rows, err);
}

PyObject *lake_object_check_bars(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.check_bars",
        .arguments = CHECK_BARS,
        .options_bytes = sizeof(struct lake_check_options),
        .result_bytes = sizeof(struct lake_check_result),
        .members = CHECK_RESULT,
        .rows = OPERATION_TABLE,
        .run = run_check_bars,
    };
    return operation_call(self, positional, named, &OPERATION);
}

/* ---- maintenance and backups ---- */

static const struct argument MAINTAIN[] = {
    ARGUMENT(struct lake_maintain_options, compact, BOOL),
    ARGUMENT(struct lake_maintain_options, expire, BOOL),
    ARGUMENT(struct lake_maintain_options, gc, BOOL),
    ARGUMENT(struct lake_maintain_options, optimize, BOOL),
    ARGUMENT(struct lake_maintain_options, dry_run, BOOL),
    ARGUMENT(struct lake_maintain_options, progress, PROGRESS),
    ARGUMENTS_END,
};

static const struct member MAINTAIN_RESULT[] = {
    MEMBER(struct lake_maintain_result, files_compacted, INT64),
    MEMBER(struct lake_maintain_result, files_made, INT64),
    MEMBER(struct lake_maintain_result, bytes_compacted, INT64),
    MEMBER(struct lake_maintain_result, bytes_made, INT64),
    MEMBER(struct lake_maintain_result, files_expired, INT64),
    MEMBER(struct lake_maintain_result, bytes_expired, INT64),
    MEMBER(struct lake_maintain_result, orphans_removed, INT64),
    MEMBER(struct lake_maintain_result, orphan_bytes, INT64),
    MEMBER(struct lake_maintain_result, operations_pruned, INT64),
    MEMBER(struct lake_maintain_result, manifest_bytes_before, INT64),
    MEMBER(struct lake_maintain_result, manifest_bytes_after, INT64),
    MEMBERS_END,
};

static lake_status run_maintain(struct operands *operands, struct lake_error *err)
{
    struct lake_maintain_options *options = operands->options;
    struct lake_maintain_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_maintain(operands->lake, options, result, &operands->rows, err);
}

PyObject *lake_object_maintain(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.maintain",
        .arguments = MAINTAIN,
        .options_bytes = sizeof(struct lake_maintain_options),
        .result_bytes = sizeof(struct lake_maintain_result),
        .members = MAINTAIN_RESULT,
        .rows = OPERATION_TABLE,
        .run = run_maintain,
    };
    return operation_call(self, positional, named, &OPERATION);
}

static const struct argument BACKUP[] = {
    ARGUMENT_AS("directory", struct lake_backup_options, directory, PATH, NEEDED_ANYWHERE),
    ARGUMENT(struct lake_backup_options, progress, PROGRESS),
    ARGUMENTS_END,
};

static const struct member BACKUP_RESULT[] = {
    MEMBER(struct lake_backup_result, snapshot, INT64),
    MEMBER(struct lake_backup_result, n_files, INT64),
    MEMBER(struct lake_backup_result, n_bytes, INT64),
    MEMBER(struct lake_backup_result, n_reflinked, INT64),
    MEMBER(struct lake_backup_result, n_hard_linked, INT64),
    MEMBER(struct lake_backup_result, n_copied, INT64),
    MEMBERS_END,
};

static lake_status run_backup(struct operands *operands, struct lake_error *err)
{
    struct lake_backup_options *options = operands->options;
    struct lake_backup_result *result = operands->result;
    options->size = sizeof *options;
    result->size = sizeof *result;
    return lake_backup(operands->lake, options, result, err);
}

PyObject *lake_object_backup(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.backup",
        .arguments = BACKUP,
        .options_bytes = sizeof(struct lake_backup_options),
        .result_bytes = sizeof(struct lake_backup_result),
        .members = BACKUP_RESULT,
        .run = run_backup,
    };
    return operation_call(self, positional, named, &OPERATION);
}

/* ---- snapshots ---- */

struct snapshot_arguments {
    const char *text;
    int64_t snapshot;
};
struct snapshot_found {
    int64_t snapshot;
};

static const struct argument FIND_SNAPSHOT[] = {
    ARGUMENT_AS("text", struct snapshot_arguments, text, TEXT, NEEDED_ANYWHERE),
    ARGUMENTS_END,
};
static const struct argument NAME_SNAPSHOT[] = {
    ARGUMENT_AS("name", struct snapshot_arguments, text, TEXT, NEEDED_ANYWHERE),
    ARGUMENT_AS("snapshot", struct snapshot_arguments, snapshot, COUNT, NEEDED_ANYWHERE),
    ARGUMENTS_END,
};
static const struct member SNAPSHOT_FOUND[] = {MEMBER(struct snapshot_found, snapshot, INT64), MEMBERS_END};

static lake_status run_find_snapshot(struct operands *operands, struct lake_error *err)
{
    const struct snapshot_arguments *arguments = operands->options;
    struct snapshot_found *found = operands->result;
    return lake_find_snapshot(operands->lake, arguments->text, &found->snapshot, err);
}

PyObject *lake_object_find_snapshot(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.find_snapshot",
        .arguments = FIND_SNAPSHOT,
        .options_bytes = sizeof(struct snapshot_arguments),
        .result_bytes = sizeof(struct snapshot_found),
        .members = SNAPSHOT_FOUND,
        .run = run_find_snapshot,
    };
    PyObject *dict = operation_call(self, positional, named, &OPERATION);
    PyObject *snapshot = dict != NULL ? PyMapping_GetItemString(dict, "snapshot") : NULL;
    Py_XDECREF(dict);
    return snapshot;
}

static lake_status run_name_snapshot(struct operands *operands, struct lake_error *err)
{
    const struct snapshot_arguments *arguments = operands->options;
    return lake_name_snapshot(operands->lake, arguments->text, arguments->snapshot, err);
}

PyObject *lake_object_name_snapshot(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.name_snapshot",
        .arguments = NAME_SNAPSHOT,
        .options_bytes = sizeof(struct snapshot_arguments),
        .run = run_name_snapshot,
    };
    return operation_call(self, positional, named, &OPERATION);
}
