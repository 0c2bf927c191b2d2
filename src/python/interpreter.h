/* The interpreter: the one file that includes Python.h (the limited API of 3.10, so that one binary serves every later Python), what the
 * module keeps, and small things that all of this folder needs.
 *
 * Invariants: 1. Nothing that Python knows is touched without the GIL; nothing of the lake is called with it. 2. The types are final, so the
 * type of an object leads to its module and to the module's state. 3. The module lives in the main interpreter alone. */
#ifndef PYTHON_INTERPRETER_H
#define PYTHON_INTERPRETER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

#include <datalake/error.h>

/* LAKE_ERROR_TABLE has fewer rows than this; statuses are its indices. */
enum { NATIVE_ERRORS = 32 };

struct native_state {
    PyTypeObject *lake, *scan, *stream, *table, *column;
    PyObject *lake_error;            /* the base class of the family */
    PyObject *errors[NATIVE_ERRORS]; /* by status; NULL where there is none */
    PyObject *error_rows;            /* the module's ERRORS */
};

/* Of an object of one of the types above. */
struct native_state *native_state_of(PyObject *self);

/* Functions in the shapes that tables of the C API want. */
#define PYTHON_SLOT(id, function)                                                                                      \
    {                                                                                                                  \
        (id), (void *)(uintptr_t)(function)                                                                            \
    }
#define PYTHON_METHOD(function) ((PyCFunction)(void (*)(void))(function))

/* A C string as str; NULL and bytes that are not UTF-8 are fine. */
PyObject *python_text(const char *text);
/* The same for what may be a path: it can be given back to the system. */
PyObject *python_path(const char *path);
/* The name of an object's type, for messages; valid as long as the object is. Never fails. */
struct python_name {
    char text[80];
};
struct python_name python_type_name(PyObject *object);
/* Sets dict[name] and takes the value over. False with an exception, also where value is NULL. */
bool python_set(PyObject *dict, const char *name, PyObject *value);
/* tp_dealloc of types whose objects own nothing but what the caller has just released. */
void python_free_object(PyObject *self);

#endif
