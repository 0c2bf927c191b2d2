/* What Scan and Stream have in common: an object that owns a feed (feed.h) and reads it, or hands it over.
 *
 * Once handed over it reads no more itself; what it knows of the feed it keeps telling. */
#ifndef PYTHON_READER_H
#define PYTHON_READER_H

#include "feed.h"
#include "interpreter.h"

extern PyType_Spec scan_spec, stream_spec;

struct reader {
    PyObject_HEAD struct feed *feed;
    bool is_given; /* to a stream */
};

/* Each takes the feed over; NULL with an exception, and it is disowned. */
PyObject *stream_of(const struct native_state *state, struct feed *feed);
/* `scan` is still the feed's: what it says of itself is copied. */
PyObject *scan_of(const struct native_state *state, struct feed *feed, const struct lake_scan *scan);

/* Methods and properties of both. */
PyObject *reader_export(PyObject *self, PyObject *arguments, PyObject *keywords);
PyObject *reader_schema(PyObject *self, PyObject *nothing);
PyObject *reader_read_all(PyObject *self, PyObject *nothing);
PyObject *reader_next(PyObject *self, PyObject *nothing);
PyObject *reader_close(PyObject *self, PyObject *nothing);
PyObject *reader_names(PyObject *self, void *context);
PyObject *reader_interrupted(PyObject *self, void *context);
PyObject *reader_error(PyObject *self, void *context);
void reader_release(PyObject *self);
/* InvalidStateError where it was handed over. */
bool reader_is_ours(PyObject *self);

#define READER_METHODS                                                                                                 \
    {"__arrow_c_stream__", PYTHON_METHOD(reader_export), METH_VARARGS | METH_KEYWORDS, NULL},                          \
        {"__arrow_c_schema__", reader_schema, METH_NOARGS, NULL},                                                      \
        {"read_all", reader_read_all, METH_NOARGS, "All rows that are left, as a Table."},                             \
        {"next", reader_next, METH_NOARGS, "The next batch as a Table, None at the end."},                             \
    {                                                                                                                  \
        "close", reader_close, METH_NOARGS, "Lets go of the lake."                                                     \
    }
#define READER_PROPERTIES                                                                                              \
    {"names", reader_names, NULL, "The names of the columns.", NULL},                                                  \
        {"interrupted", reader_interrupted, NULL, "Whether a signal stopped it while somebody else read it.", NULL},   \
    {                                                                                                                  \
        "error", reader_error, NULL, "What stopped it while somebody else read it, or None.", NULL                     \
    }

#endif
