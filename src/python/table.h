/* Table and Column: rows in memory as Python sees them (rows.h). */
#ifndef PYTHON_TABLE_H
#define PYTHON_TABLE_H

#include "interpreter.h"
#include "rows.h"

extern PyType_Spec table_spec, column_spec;

/* A Table that takes the rows over; NULL with an exception, and they are dropped. */
PyObject *table_of(const struct native_state *state, struct rows *rows);

/* Arrow PyCapsules of a schema, and of a stream (taken over, also on failure). */
PyObject *table_schema_capsule(struct rows *rows);
PyObject *table_stream_capsule(struct ArrowArrayStream *stream);
/* The names of columns, as a list. */
PyObject *table_names(struct rows *rows);

/* A chunk of a column of a Table, which stays alive with it. */
PyObject *column_of(PyObject *table, struct rows *rows, size_t column, size_t chunk);

#endif
