#include "table.h"
#include "values.h"

struct column {
    PyObject_HEAD PyObject *table; /* keeps what follows alive */
    const struct ArrowSchema *schema;
    const struct ArrowArray *array;
    int64_t offset, length; /* of the rows in the array; those of the struct array that it stands in */
};

PyObject *column_of(PyObject *table, struct rows *rows, size_t column, size_t chunk)
{
    struct column *self = PyObject_New(struct column, native_state_of(table)->column);
    if (self == NULL)
        return NULL;
    const struct ArrowArray *whole = rows_chunk(rows, chunk);
    Py_INCREF(table);
    self->table = table;
    self->schema = rows_schema(rows)->children[column];
    self->array = whole->children[column];
    self->offset = whole->offset;
    self->length = whole->length;
    return (PyObject *)self;
}

static void column_free(PyObject *object)
{
    struct column *self = (struct column *)object;
    Py_DECREF(self->table);
    python_free_object(object);
}

static Py_ssize_t column_length(PyObject *object)
{
    const struct column *self = (const struct column *)object;
    return (Py_ssize_t)self->length;
}

static PyObject *get_null_count(PyObject *object, void *context)
{
    (void)context;
    const struct column *self = (const struct column *)object;
    return PyLong_FromLongLong(value_nulls(self->array));
}

/* NumPy wants an address even where there is nothing at it. */
static const char *address_of(const struct column *self, const struct value_kind *kind)
{
    static const int64_t nothing;
    const char *data = self->array->buffers[1];
    if (data == NULL || self->length == 0)
        return (const char *)&nothing;
    return data + (size_t)(self->array->offset + self->offset) * kind->n_bytes;
}

static PyObject *get_array_interface(PyObject *object, void *context)
{
    (void)context;
    const struct column *self = (const struct column *)object;
    const struct value_kind *kind = value_kind_of(self->schema->format);
    if (kind == NULL || kind->typestr == NULL)
        return PyErr_Format(PyExc_AttributeError, "column %s of Arrow format '%s' is no array of numbers or times",
                            self->schema->name, self->schema->format);
    int64_t n_nulls = value_nulls(self->array);
    if (n_nulls != 0)
        return PyErr_Format(PyExc_AttributeError, "column %s has %lld nulls, which an array of %s cannot say",
                            self->schema->name, (long long)n_nulls, kind->typestr);
    return Py_BuildValue("{s:(n), s:s, s:(NO), s:i}", "shape", column_length(object), "typestr", kind->typestr, "data",
                         PyLong_FromVoidPtr((void *)(uintptr_t)address_of(self, kind)), Py_True, "version", 3);
}

static PyObject *column_to_pylist(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    const struct column *self = (const struct column *)object;
    PyObject *list = PyList_New((Py_ssize_t)self->length);
    for (int64_t i = 0; i < self->length && list != NULL; i++) {
        PyObject *value = value_get(self->schema, self->array, self->offset + i);
        if (value == NULL || PyList_SetItem(list, (Py_ssize_t)i, value) != 0)
            Py_CLEAR(list);
    }
    return list;
}

static PyMethodDef METHODS[] = {
    {"to_pylist", column_to_pylist, METH_NOARGS, "The values; times in the column's unit."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef PROPERTIES[] = {
    {"__array_interface__", get_array_interface, NULL, "The memory, for NumPy: read only.", NULL},
    {"null_count", get_null_count, NULL, "How many values are null.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot SLOTS[] = {
    PYTHON_SLOT(Py_tp_dealloc, column_free),
    PYTHON_SLOT(Py_mp_length, column_length),
    {Py_tp_methods, METHODS},
    {Py_tp_getset, PROPERTIES},
    {Py_tp_doc, (void *)(uintptr_t) "One chunk of a column."},
    {0, NULL},
};

PyType_Spec column_spec = {
    .name = "dl_datalake._native.Column",
    .basicsize = sizeof(struct column),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = SLOTS,
};
