#include "reader.h"

#include "members.h"

struct scan {
    struct reader reader;
    PyObject *dataset, *note;
    bool is_chosen;
    int64_t n_rows;
};

PyObject *scan_of(const struct native_state *state, struct feed *feed, const struct lake_scan *scan)
{
    struct scan *self = PyObject_New(struct scan, state->scan);
    if (self == NULL) {
        feed_disown(feed);
        return NULL;
    }
    self->reader.feed = feed;
    self->reader.is_given = false;
    self->dataset = members_selection(lake_scan_dataset(scan, &self->is_chosen));
    self->note = python_text(lake_scan_note(scan));
    self->n_rows = lake_scan_rows(scan);
    if (self->dataset == NULL || self->note == NULL) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

static void scan_free(PyObject *object)
{
    struct scan *self = (struct scan *)object;
    Py_XDECREF(self->dataset);
    Py_XDECREF(self->note);
    reader_release(object);
    python_free_object(object);
}

static PyObject *get_dataset(PyObject *object, void *context)
{
    (void)context;
    const struct scan *self = (const struct scan *)object;
    Py_INCREF(self->dataset);
    return self->dataset;
}

static PyObject *get_note(PyObject *object, void *context)
{
    (void)context;
    const struct scan *self = (const struct scan *)object;
    Py_INCREF(self->note);
    return self->note;
}

static PyObject *get_is_chosen(PyObject *object, void *context)
{
    (void)context;
    const struct scan *self = (const struct scan *)object;
    return PyBool_FromLong(self->is_chosen);
}

static PyObject *get_n_rows(PyObject *object, void *context)
{
    (void)context;
    const struct scan *self = (const struct scan *)object;
    return PyLong_FromLongLong(self->n_rows);
}

static PyObject *get_incomplete(PyObject *object, void *context)
{
    (void)context;
    const struct reader *self = (const struct reader *)object;
    int64_t n_incomplete = 0, n_bars = 0;
    feed_incomplete(self->feed, &n_incomplete, &n_bars);
    return Py_BuildValue("(LL)", (long long)n_incomplete, (long long)n_bars);
}

/* The stream reads the same feed, and is the one who may. */
static PyObject *scan_stream(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    struct reader *self = (struct reader *)object;
    if (!reader_is_ours(object))
        return NULL;
    self->is_given = true;
    return stream_of(native_state_of(object), feed_share(self->feed));
}

static PyMethodDef METHODS[] = {
    READER_METHODS,
    {"stream", scan_stream, METH_NOARGS, "Hands the scan over to a Stream."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef PROPERTIES[] = {
    READER_PROPERTIES,
    {"dataset", get_dataset, NULL, "Exchange, market, symbol, type and period.", NULL},
    {"is_chosen", get_is_chosen, NULL, "Whether something of it that was not named had to be chosen.", NULL},
    {"note", get_note, NULL, "From what the rows are derived on the way, or nothing.", NULL},
    {"n_rows", get_n_rows, NULL, "The rows that it gives in all; -1 where that is not known.", NULL},
    {"incomplete", get_incomplete, NULL, "Of the rows given so far: bars that lack source bars, and bars that can say.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot SLOTS[] = {
    PYTHON_SLOT(Py_tp_dealloc, scan_free),
    {Py_tp_methods, METHODS},
    {Py_tp_getset, PROPERTIES},
    {Py_tp_doc, (void *)(uintptr_t) "A resolved read: its files are of one snapshot."},
    {0, NULL},
};

PyType_Spec scan_spec = {
    .name = "dl_datalake._native.Scan",
    .basicsize = sizeof(struct scan),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = SLOTS,
};
