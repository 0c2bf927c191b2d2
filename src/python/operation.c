#include "operation.h"

#include <string.h>

#include "lake_object.h"
#include "reader.h"
#include "table.h"

/* What a call left behind besides its result struct. */
struct outcome {
    struct feed *feed, *sample_feed;
    struct rows *table, *sample;
};

static lake_status collect(struct call *call, struct handle *handle, struct ArrowArrayStream *stream,
                           struct feed **feed, struct rows **out)
{
    struct ArrowArrayStream taken = *stream;
    stream->release = NULL;
    lake_status status = feed_of_stream(handle_take(handle), &taken, feed, &call->error);
    if (status == LAKE_OK && out != NULL)
        status = feed_read_all(*feed, call, out);
    return status;
}

static struct ArrowArrayStream *sample_of(const struct operation *operation, const struct operands *operands)
{
    if (operation->at_sample == 0)
        return NULL;
    struct ArrowArrayStream *sample = (void *)((char *)operands->result + operation->at_sample);
    return sample->release != NULL ? sample : NULL;
}

/* Without the GIL. */
static lake_status work(const struct operation *operation, struct operands *operands, struct call *call,
                        struct handle *handle, struct outcome *outcome)
{
    operands->lake = handle_lake(handle);
    lake_status status = operation->run(operands, &call->error);
    bool is_table = operation->rows == OPERATION_TABLE;
    if (status == LAKE_OK && operation->rows != OPERATION_NO_ROWS)
        status = collect(call, handle, &operands->rows, &outcome->feed, is_table ? &outcome->table : NULL);
    struct ArrowArrayStream *sample = sample_of(operation, operands);
    if (status == LAKE_OK && sample != NULL)
        status = collect(call, handle, sample, &outcome->sample_feed, &outcome->sample);
    return status;
}

/* ---- the answer ---- */

static PyObject *table_or_none(const struct native_state *state, struct rows **rows)
{
    struct rows *taken = *rows;
    *rows = NULL;
    if (taken == NULL)
        Py_RETURN_NONE;
    return table_of(state, taken);
}

static PyObject *rows_answer(const struct operation *operation, const struct native_state *state,
                             struct outcome *outcome)
{
    if (operation->rows == OPERATION_TABLE)
        return table_or_none(state, &outcome->table);
    struct feed *feed = outcome->feed;
    outcome->feed = NULL;
    return stream_of(state, feed);
}

static PyObject *dict_answer(const struct operation *operation, const struct native_state *state,
                             const struct operands *operands, struct outcome *outcome)
{
    PyObject *dict = members_dict(operation->members, operands->result);
    if (dict != NULL && operation->at_sample != 0 &&
        !python_set(dict, "sample", table_or_none(state, &outcome->sample)))
        Py_CLEAR(dict);
    return dict;
}

static PyObject *make_answer(const struct operation *operation, const struct native_state *state,
                             const struct operands *operands, struct outcome *outcome)
{
    if (operation->members == NULL && operation->rows == OPERATION_NO_ROWS)
        Py_RETURN_NONE;
    if (operation->members == NULL)
        return rows_answer(operation, state, outcome);
    PyObject *dict = dict_answer(operation, state, operands, outcome);
    if (dict == NULL || operation->rows == OPERATION_NO_ROWS)
        return dict;
    PyObject *rows = rows_answer(operation, state, outcome);
    PyObject *both = rows != NULL ? PyTuple_Pack(2, dict, rows) : NULL;
    Py_XDECREF(rows);
    Py_DECREF(dict);
    return both;
}

/* ---- the call ---- */

static bool read_arguments(const struct operation *operation, struct arguments *arguments, PyObject *positional,
                           PyObject *named, struct operands *operands)
{
    operands->options = arguments_memory(arguments, 1, operation->options_bytes);
    operands->result = arguments_memory(arguments, 1, operation->result_bytes);
    return operands->options != NULL && operands->result != NULL &&
           arguments_read(arguments, positional, named, operands->options) &&
           (operation->prepare == NULL || operation->prepare(arguments, operands->options));
}

static void release(const struct operation *operation, struct operands *operands, struct outcome *outcome,
                    struct handle *handle)
{
    feed_disown(outcome->feed);
    feed_disown(outcome->sample_feed);
    Py_BEGIN_ALLOW_THREADS;
    rows_drop(outcome->table);
    rows_drop(outcome->sample);
    struct ArrowArrayStream *sample = operands->result != NULL ? sample_of(operation, operands) : NULL;
    if (sample != NULL)
        sample->release(sample);
    if (operands->rows.release != NULL)
        operands->rows.release(&operands->rows);
    if (operation->release != NULL && operands->options != NULL)
        operation->release(operands->options);
    handle_drop(handle);
    Py_END_ALLOW_THREADS;
}

PyObject *operation_call(PyObject *lake, PyObject *positional, PyObject *named, const struct operation *operation)
{
    struct call call = {.state = native_state_of(lake)};
    struct arguments arguments = {.function = operation->name, .table = operation->arguments, .call = &call};
    struct operands operands = {0};
    struct outcome outcome = {0};
    PyObject *answer = NULL;
    struct handle *handle = lake_object_use(lake);
    if (handle == NULL)
        return NULL;
    if (read_arguments(operation, &arguments, positional, named, &operands)) {
        call_begin(&call);
        lake_status status = work(operation, &operands, &call, handle, &outcome);
        call_end(&call);
        if (call_is_good(&call, status))
            answer = make_answer(operation, call.state, &operands, &outcome);
    }
    release(operation, &operands, &outcome, handle);
    arguments_release(&arguments);
    return answer;
}
