#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "values.h"

struct table {
    PyObject_HEAD struct rows *rows;
};

/* ---- capsules ---- */

static const char SCHEMA[] = "arrow_schema", STREAM[] = "arrow_array_stream";

static void free_schema(PyObject *capsule)
{
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, SCHEMA);
    if (schema->release != NULL)
        schema->release(schema);
    free(schema);
}

static void free_stream(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, STREAM);
    if (stream->release != NULL)
        stream->release(stream);
    free(stream);
}

PyObject *table_schema_capsule(struct rows *rows)
{
    struct ArrowSchema *schema = calloc(1, sizeof *schema);
    if (schema == NULL || !rows_export_schema(rows, schema)) {
        free(schema);
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(schema, SCHEMA, free_schema);
    if (capsule == NULL) {
        schema->release(schema);
        free(schema);
    }
    return capsule;
}

PyObject *table_stream_capsule(struct ArrowArrayStream *stream)
{
    struct ArrowArrayStream *kept = malloc(sizeof *kept);
    if (kept != NULL)
        *kept = *stream;
    else
        PyErr_NoMemory();
    PyObject *capsule = kept != NULL ? PyCapsule_New(kept, STREAM, free_stream) : NULL;
    if (capsule == NULL) {
        stream->release(stream);
        free(kept);
    }
    return capsule;
}

/* ---- a Table ---- */

static struct rows *rows_of(PyObject *self)
{
    struct table *table = (struct table *)self;
    return table->rows;
}

PyObject *table_of(const struct native_state *state, struct rows *rows)
{
    struct table *self = PyObject_New(struct table, state->table);
    if (self == NULL) {
        rows_drop(rows);
        return NULL;
    }
    self->rows = rows;
    return (PyObject *)self;
}

static void table_free(PyObject *self)
{
    struct rows *rows = rows_of(self);
    Py_BEGIN_ALLOW_THREADS rows_drop(rows);
    Py_END_ALLOW_THREADS python_free_object(self);
}

static PyObject *export_stream(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char requested_schema_name[] = "requested_schema";
    static char *names[] = {requested_schema_name, NULL};
    PyObject *ignored = NULL;
    struct ArrowArrayStream stream;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|O:__arrow_c_stream__", names, &ignored))
        return NULL;
    return rows_export_stream(rows_of(self), &stream) ? table_stream_capsule(&stream) : PyErr_NoMemory();
}

static PyObject *export_schema(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    return table_schema_capsule(rows_of(self));
}

static Py_ssize_t table_length(PyObject *self)
{
    return (Py_ssize_t)rows_length(rows_of(self));
}

/* A text of each column, as a list. */
static PyObject *texts_of(struct rows *rows, const char *(*text)(const struct ArrowSchema *))
{
    const struct ArrowSchema *schema = rows_schema(rows);
    PyObject *list = PyList_New(0);
    for (int64_t i = 0; i < schema->n_children && list != NULL; i++) {
        PyObject *name = python_text(text(schema->children[i]));
        if (name == NULL || PyList_Append(list, name) != 0)
            Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

static const char *name_of(const struct ArrowSchema *column)
{
    return column->name != NULL ? column->name : "";
}

static const char *format_of(const struct ArrowSchema *column)
{
    return column->format;
}

PyObject *table_names(struct rows *rows)
{
    return texts_of(rows, name_of);
}

static PyObject *get_names(PyObject *self, void *context)
{
    (void)context;
    return table_names(rows_of(self));
}

static PyObject *get_formats(PyObject *self, void *context)
{
    (void)context;
    return texts_of(rows_of(self), format_of);
}

static PyObject *get_n_chunks(PyObject *self, void *context)
{
    (void)context;
    return PyLong_FromSize_t(rows_n_chunks(rows_of(self)));
}

static PyObject *get_n_bytes(PyObject *self, void *context)
{
    (void)context;
    struct rows *rows = rows_of(self);
    int64_t n_bytes = 0;
    for (size_t i = 0; i < rows_n_chunks(rows); i++)
        for (size_t j = 0; j < rows_n_columns(rows); j++)
            n_bytes += value_bytes(rows_schema(rows)->children[j], rows_chunk(rows, i)->children[j]);
    return PyLong_FromLongLong(n_bytes);
}

/* ---- columns and values ---- */

/* The index of a column; -1 with a KeyError. */
static int64_t find_column(struct rows *rows, const char *name)
{
    const struct ArrowSchema *schema = rows_schema(rows);
    for (int64_t i = 0; i < schema->n_children; i++)
        if (strcmp(name_of(schema->children[i]), name) == 0)
            return i;
    PyErr_Format(PyExc_KeyError, "there is no column '%s'", name);
    return -1;
}

static PyObject *table_column(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char name_name[] = "name";
    static char chunk_name[] = "chunk";
    static char *names[] = {name_name, chunk_name, NULL};
    const char *name = NULL;
    Py_ssize_t chunk = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "s|n:column", names, &name, &chunk))
        return NULL;
    struct rows *rows = rows_of(self);
    int64_t column = find_column(rows, name);
    if (column < 0)
        return NULL;
    if (chunk < 0 || (size_t)chunk >= rows_n_chunks(rows))
        return PyErr_Format(PyExc_IndexError, "there is no chunk %zd of %zu", chunk, rows_n_chunks(rows));
    return column_of(self, rows, (size_t)column, (size_t)chunk);
}

static PyObject *value_at(const struct ArrowSchema *schema, const struct ArrowArray *chunk, int64_t column, int64_t row)
{
    return value_get(schema->children[column], chunk->children[column], chunk->offset + row);
}

static PyObject *table_value(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    static char name_name[] = "name";
    static char row_name[] = "row";
    static char *names[] = {name_name, row_name, NULL};
    const char *name = NULL;
    Py_ssize_t row = 0;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "sn:value", names, &name, &row))
        return NULL;
    struct rows *rows = rows_of(self);
    int64_t column = find_column(rows, name);
    if (column < 0)
        return NULL;
    int64_t at = row;
    for (size_t i = 0; i < rows_n_chunks(rows) && at >= 0; i++) {
        if (at < rows_chunk(rows, i)->length)
            return value_at(rows_schema(rows), rows_chunk(rows, i), column, at);
        at -= rows_chunk(rows, i)->length;
    }
    return PyErr_Format(PyExc_IndexError, "there is no row %zd of %zd", row, table_length(self));
}

static PyObject *row_dict(const struct ArrowSchema *schema, const struct ArrowArray *chunk, int64_t row,
                          PyObject *names)
{
    PyObject *dict = PyDict_New();
    for (int64_t i = 0; i < schema->n_children && dict != NULL; i++) {
        PyObject *value = value_at(schema, chunk, i, row);
        if (value == NULL || PyDict_SetItem(dict, PyList_GetItem(names, (Py_ssize_t)i), value) != 0)
            Py_CLEAR(dict);
        Py_XDECREF(value);
    }
    return dict;
}

static bool add_chunk(PyObject *list, struct rows *rows, size_t index, PyObject *names)
{
    const struct ArrowArray *chunk = rows_chunk(rows, index);
    for (int64_t i = 0; i < chunk->length; i++) {
        PyObject *row = row_dict(rows_schema(rows), chunk, i, names);
        bool is_added = row != NULL && PyList_Append(list, row) == 0;
        Py_XDECREF(row);
        if (!is_added)
            return false;
    }
    return true;
}

static PyObject *table_to_pylist(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    struct rows *rows = rows_of(self);
    PyObject *names = table_names(rows);
    PyObject *list = names != NULL ? PyList_New(0) : NULL;
    for (size_t i = 0; i < rows_n_chunks(rows) && list != NULL; i++)
        if (!add_chunk(list, rows, i, names))
            Py_CLEAR(list);
    Py_XDECREF(names);
    return list;
}

static PyObject *table_repr(PyObject *self)
{
    struct rows *rows = rows_of(self);
    return PyUnicode_FromFormat("<Table of %zd rows and %zu columns>", table_length(self), rows_n_columns(rows));
}

static PyMethodDef METHODS[] = {
    {"__arrow_c_stream__", PYTHON_METHOD(export_stream), METH_VARARGS | METH_KEYWORDS, NULL},
    {"__arrow_c_schema__", export_schema, METH_NOARGS, NULL},
    {"column", PYTHON_METHOD(table_column), METH_VARARGS | METH_KEYWORDS, "A chunk of a column."},
    {"value", PYTHON_METHOD(table_value), METH_VARARGS | METH_KEYWORDS, "One value; times in the column's unit."},
    {"to_pylist", table_to_pylist, METH_NOARGS, "A dict a row."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef PROPERTIES[] = {
    {"names", get_names, NULL, "The names of the columns.", NULL},
    {"formats", get_formats, NULL, "The Arrow format string of each column.", NULL},
    {"n_chunks", get_n_chunks, NULL, "Chunks of each column.", NULL},
    {"n_bytes", get_n_bytes, NULL, "Bytes of all columns.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot SLOTS[] = {
    PYTHON_SLOT(Py_tp_dealloc, table_free),
    PYTHON_SLOT(Py_tp_repr, table_repr),
    PYTHON_SLOT(Py_mp_length, table_length),
    {Py_tp_methods, METHODS},
    {Py_tp_getset, PROPERTIES},
    {Py_tp_doc, (void *)(uintptr_t) "Rows in memory, as Arrow arrays; exports any number of times, without a copy."},
    {0, NULL},
};

PyType_Spec table_spec = {
    .name = "dl_datalake._native.Table",
    .basicsize = sizeof(struct table),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = SLOTS,
};
