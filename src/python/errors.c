#include "errors.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wording.h"

enum { CLASS_NAME_BYTES = 96 };
static const char MODULE[] = "dl_datalake.errors.";

/* "not_found": "dl_datalake.errors.NotFoundError" */
static void class_name(const char *row_name, char out[CLASS_NAME_BYTES])
{
    size_t n = (size_t)snprintf(out, CLASS_NAME_BYTES, "%s", MODULE);
    bool is_first = true;
    for (const char *c = row_name; *c != '\0' && n + sizeof "Error" < CLASS_NAME_BYTES; c++) {
        if (*c != '_')
            out[n++] = is_first ? (char)toupper((unsigned char)*c) : *c;
        is_first = *c == '_';
    }
    snprintf(out + n, CLASS_NAME_BYTES - n, "Error");
}

/* The attributes of a class. */
static PyObject *class_facts(lake_status status)
{
    PyObject *facts = PyDict_New();
    if (facts != NULL && python_set(facts, "code", python_text(lake_status_name(status))) &&
        python_set(facts, "exit_status", PyLong_FromLong(lake_status_exit(status))) &&
        python_set(facts, "http_status", PyLong_FromLong(lake_status_http(status))))
        return facts;
    Py_XDECREF(facts);
    return NULL;
}

static PyObject *bases_of(const struct native_state *state, const char *builtin_name)
{
    PyObject *builtins = PyImport_ImportModule("builtins");
    PyObject *builtin = builtins != NULL ? PyObject_GetAttrString(builtins, builtin_name) : NULL;
    PyObject *bases = builtin != NULL ? PyTuple_Pack(2, state->lake_error, builtin) : NULL;
    Py_XDECREF(builtin);
    Py_XDECREF(builtins);
    return bases;
}

/* "There is no such thing.", of "there is no such thing". */
static void sentence(const char *meaning, char out[CLASS_NAME_BYTES])
{
    snprintf(out, CLASS_NAME_BYTES, "%s.", meaning);
    out[0] = (char)toupper((unsigned char)out[0]);
}

static bool make_class(struct native_state *state, lake_status status)
{
    char name[CLASS_NAME_BYTES], doc[CLASS_NAME_BYTES];
    class_name(lake_status_name(status), name);
    sentence(lake_status_meaning(status), doc);
    PyObject *bases = bases_of(state, lake_status_python(status));
    PyObject *facts = bases != NULL ? class_facts(status) : NULL;
    if (facts != NULL)
        state->errors[status] = PyErr_NewExceptionWithDoc(name, doc, bases, facts);
    Py_XDECREF(facts);
    Py_XDECREF(bases);
    return state->errors[status] != NULL;
}

static bool add_row(PyObject *rows, const struct native_state *state, lake_status status)
{
    PyObject *row = Py_BuildValue("(ssiiO)", lake_status_name(status), lake_status_meaning(status),
                                  lake_status_exit(status), lake_status_http(status), state->errors[status]);
    bool is_added = row != NULL && PyList_Append(rows, row) == 0;
    Py_XDECREF(row);
    return is_added;
}

static const lake_status STATUSES[] = {
#define STATUS(code, value, name, meaning, exit_status, http_status, python) LAKE_##code,
    LAKE_ERROR_TABLE(STATUS)
#undef STATUS
};
enum { N_STATUSES = sizeof STATUSES / sizeof *STATUSES };
_Static_assert((int)N_STATUSES <= (int)NATIVE_ERRORS, "native_state has room for every error");

static bool make_family(struct native_state *state)
{
    PyObject *facts = class_facts(LAKE_INTERNAL);
    if (facts != NULL)
        state->lake_error = PyErr_NewExceptionWithDoc("dl_datalake.errors.LakeError",
                                                      "What the lake reports; the base of all.", NULL, facts);
    Py_XDECREF(facts);
    return state->lake_error != NULL;
}

bool errors_make(struct native_state *state)
{
    PyObject *rows = make_family(state) ? PyList_New(0) : NULL;
    bool is_made = rows != NULL;
    for (size_t i = 0; i < N_STATUSES && is_made; i++)
        if (STATUSES[i] != LAKE_OK)
            is_made = make_class(state, STATUSES[i]) && add_row(rows, state, STATUSES[i]);
    if (is_made)
        state->error_rows = PyList_AsTuple(rows);
    Py_XDECREF(rows);
    return state->error_rows != NULL;
}

static PyObject *class_of(const struct native_state *state, lake_status status)
{
    bool is_known = status > LAKE_OK && (size_t)status < NATIVE_ERRORS && state->errors[status] != NULL;
    return is_known ? state->errors[status] : state->errors[LAKE_INTERNAL];
}

PyObject *errors_raise(const struct native_state *state, const struct lake_error *err)
{
    PyObject *message = wording_of_python(err->message[0] != '\0' ? err->message : lake_status_meaning(err->status));
    if (message != NULL)
        PyErr_SetObject(class_of(state, err->status), message);
    Py_XDECREF(message);
    return NULL;
}

bool errors_raise_format(const struct native_state *state, lake_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PyErr_FormatV(class_of(state, status), format, arguments);
    va_end(arguments);
    return false;
}

PyObject *errors_object(const struct native_state *state, const struct lake_error *err)
{
    PyObject *message = wording_of_python(err->message);
    PyObject *object =
        message != NULL ? PyObject_CallFunctionObjArgs(class_of(state, err->status), message, NULL) : NULL;
    Py_XDECREF(message);
    return object;
}

lake_status native_fail(struct lake_error *err, lake_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    err->status = status;
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return status;
}
