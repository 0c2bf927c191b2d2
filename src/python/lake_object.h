/* Lake: an open lake as Python sees it, and the methods that read, write and look after it. */
#ifndef PYTHON_LAKE_OBJECT_H
#define PYTHON_LAKE_OBJECT_H

#include "handle.h"
#include "interpreter.h"
#include "members.h"

extern PyType_Spec lake_spec;

/* A use of its handle (handle_drop it); NULL with InvalidStateError where it is closed, or was opened by another process. */
struct handle *lake_object_use(PyObject *self);

/* Of struct lake_put_result. */
extern const struct member lake_put_members[];

/* Methods; each is of operation.h's shape: rows out, rows in, and everything else. */
PyObject *lake_object_scan(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_list_datasets(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_list_files(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_list_types(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_list_features(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_gaps(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_coverage(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_explain(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_log(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_put(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_adopt(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_put_features(PyObject *self, PyObject *positional, PyObject *named);
PyObject *types_check(PyObject *module, PyObject *positional,
                      PyObject *named); /* a function of the module: it needs no lake */
PyObject *lake_object_register_type(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_ingest(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_delete(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_undo(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_aggregate(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_verify(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_check_bars(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_maintain(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_backup(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_find_snapshot(PyObject *self, PyObject *positional, PyObject *named);
PyObject *lake_object_name_snapshot(PyObject *self, PyObject *positional, PyObject *named);

#endif
