#include "reader.h"

#include "errors.h"
#include "table.h"

static struct feed *feed_of(PyObject *self)
{
    const struct reader *reader = (const struct reader *)self;
    return reader->feed;
}

bool reader_is_ours(PyObject *self)
{
    const struct reader *reader = (const struct reader *)self;
    if (!reader->is_given)
        return true;
    return errors_raise_format(native_state_of(self), LAKE_INVALID_STATE,
                               "the rows were handed over already: they can be read once");
}

PyObject *reader_export(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char requested_schema_name[] = "requested_schema";
    static char *names[] = {requested_schema_name, NULL};
    PyObject *ignored = NULL;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:__arrow_c_stream__", names, &ignored))
        return NULL;
    if (!reader_is_ours(self))
        return NULL;
    struct ArrowArrayStream stream;
    feed_export(feed_of(self), &stream);
    ((struct reader *)self)->is_given = true;
    return table_stream_capsule(&stream);
}

PyObject *reader_schema(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    return table_schema_capsule(feed_shape(feed_of(self)));
}

PyObject *reader_read_all(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    if (!reader_is_ours(self))
        return NULL;
    struct call call = {.state = native_state_of(self)};
    struct rows *rows = NULL;
    call_begin(&call);
    lake_status status = feed_read_all(feed_of(self), &call, &rows);
    call_end(&call);
    return call_is_good(&call, status) ? table_of(call.state, rows) : NULL;
}

/* A table of one chunk. */
static lake_status read_one(struct feed *feed, struct rows **out, struct lake_error *err)
{
    struct ArrowArray chunk;
    struct ArrowSchema schema;
    lake_status status = feed_next(feed, &chunk, err);
    if (status != LAKE_OK || chunk.release == NULL)
        return status;
    struct rows *rows = rows_export_schema(feed_shape(feed), &schema) ? rows_new(&schema) : NULL;
    if (rows == NULL)
        chunk.release(&chunk);
    if (rows == NULL || !rows_add(rows, &chunk)) {
        rows_drop(rows);
        return native_fail(err, LAKE_NO_MEMORY, "out of memory while rows are read");
    }
    *out = rows;
    return LAKE_OK;
}

PyObject *reader_next(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    if (!reader_is_ours(self))
        return NULL;
    struct call call = {.state = native_state_of(self)};
    struct rows *rows = NULL;
    call_begin(&call);
    lake_status status = read_one(feed_of(self), &rows, &call.error);
    call_end(&call);
    if (!call_is_good(&call, status))
        return NULL;
    if (rows == NULL)
        Py_RETURN_NONE;
    return table_of(call.state, rows);
}

PyObject *reader_close(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    const struct reader *reader = (const struct reader *)self;
    if (!reader->is_given) {
        struct feed *feed = reader->feed;
        Py_BEGIN_ALLOW_THREADS feed_close(feed);
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

PyObject *reader_names(PyObject *self, void *context)
{
    (void)context;
    return table_names(feed_shape(feed_of(self)));
}

PyObject *reader_interrupted(PyObject *self, void *context)
{
    (void)context;
    return PyBool_FromLong(feed_raised(feed_of(self)) != NULL);
}

PyObject *reader_error(PyObject *self, void *context)
{
    (void)context;
    PyObject *raised = feed_raised(feed_of(self));
    struct lake_error err = {0};
    if (raised != NULL) {
        Py_INCREF(raised);
        return raised;
    }
    if (feed_error(feed_of(self), &err) == LAKE_OK)
        Py_RETURN_NONE;
    return errors_object(native_state_of(self), &err);
}

void reader_release(PyObject *self)
{
    feed_disown(feed_of(self));
}
