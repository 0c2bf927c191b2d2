#include "reader.h"

PyObject *stream_of(const struct native_state *state, struct feed *feed)
{
    struct reader *self = PyObject_New(struct reader, state->stream);
    if (self == NULL) {
        feed_disown(feed);
        return NULL;
    }
    self->feed = feed;
    self->is_given = false;
    return (PyObject *)self;
}

static void stream_free(PyObject *self)
{
    reader_release(self);
    python_free_object(self);
}

static PyMethodDef METHODS[] = {READER_METHODS, {NULL, NULL, 0, NULL}};
static PyGetSetDef PROPERTIES[] = {READER_PROPERTIES, {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot SLOTS[] = {
    PYTHON_SLOT(Py_tp_dealloc, stream_free),
    {Py_tp_methods, METHODS},
    {Py_tp_getset, PROPERTIES},
    {Py_tp_doc, (void *)(uintptr_t) "Rows of one kind, in batches, read once."},
    {0, NULL},
};

PyType_Spec stream_spec = {
    .name = "dl_datalake._native.Stream",
    .basicsize = sizeof(struct reader),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = SLOTS,
};
