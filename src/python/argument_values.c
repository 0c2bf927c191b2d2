#include "argument_values.h"

#include <string.h>

#include <datalake/arrow.h>

#include "errors.h"

typedef bool (*store_function)(struct arguments *arguments, const struct argument *argument, PyObject *value,
                               char *options);

static bool wrong_type(const char *name, const char *wanted, PyObject *value)
{
    struct python_name type = python_type_name(value);
    PyErr_Format(PyExc_TypeError, "%s must be %s, not %s", name, wanted, type.text);
    return false;
}

/* In place of Python's own TypeError; whatever else a method of the value raised stays. */
static bool told_type(const char *name, const char *wanted, PyObject *value)
{
    if (!PyErr_ExceptionMatches(PyExc_TypeError))
        return false;
    PyErr_Clear();
    return wrong_type(name, wanted, value);
}

static bool wrong_value(struct arguments *arguments, const char *name, const char *what)
{
    return errors_raise_format(arguments->call->state, LAKE_INVALID_ARGUMENT, "%s %s", name, what);
}

static bool keep(struct arguments *arguments, PyObject *object)
{
    return PyList_Append(arguments->kept, object) == 0;
}

/* ---- texts ---- */

bool arguments_text(struct arguments *arguments, const char *name, PyObject *value, const char **out)
{
    Py_ssize_t n = 0;
    if (!PyUnicode_Check(value))
        return wrong_type(name, "a str", value);
    *out = PyUnicode_AsUTF8AndSize(value, &n);
    if (*out == NULL) {
        PyErr_Clear();
        return wrong_value(arguments, name, "has a lone surrogate, which is no character");
    }
    if (strlen(*out) != (size_t)n)
        return wrong_value(arguments, name, "has a NUL character in it");
    return keep(arguments, value);
}

/* A path is what the system takes: any bytes but NUL. */
static bool read_path(struct arguments *arguments, const char *name, PyObject *value, const char **out)
{
    PyObject *path = PyOS_FSPath(value);
    if (path == NULL)
        return told_type(name, "a str or a path", value);
    PyObject *bytes = PyUnicode_Check(path) ? PyUnicode_EncodeFSDefault(path) : Py_NewRef(path);
    Py_DECREF(path);
    if (bytes == NULL) {
        PyErr_Clear();
        return wrong_value(arguments, name, "has a lone surrogate, which is no character");
    }
    char *text = NULL;
    Py_ssize_t n = 0;
    bool is_read = PyBytes_AsStringAndSize(bytes, &text, &n) == 0 && keep(arguments, bytes);
    Py_DECREF(bytes);
    if (is_read && strlen(text) != (size_t)n)
        return wrong_value(arguments, name, "has a NUL character in it");
    *out = text;
    return is_read;
}

/* The members of a sequence that is not a text itself. A tuple of them is kept, and cannot change. */
PyObject *arguments_members(struct arguments *arguments, const char *name, PyObject *value)
{
    bool is_text = PyUnicode_Check(value) || PyBytes_Check(value);
    PyObject *tuple = is_text ? NULL : PySequence_Tuple(value);
    if (tuple == NULL) {
        (void)(is_text ? wrong_type(name, "a sequence", value) : told_type(name, "a sequence", value));
        return NULL;
    }
    bool is_kept = keep(arguments, tuple);
    Py_DECREF(tuple);
    return is_kept ? tuple : NULL;
}

typedef bool (*text_function)(struct arguments *arguments, const char *name, PyObject *value, const char **out);

static bool read_texts(struct arguments *arguments, const struct argument *argument, PyObject *value,
                       struct symbol_list *out)
{
    PyObject *tuple = arguments_members(arguments, argument->name, value);
    if (tuple == NULL)
        return false;
    Py_ssize_t n = PyTuple_Size(tuple);
    text_function read = argument->kind == ARGUMENT_PATHS ? read_path : arguments_text;
    const char **texts = arguments_memory(arguments, (size_t)n, sizeof *texts);
    if (texts == NULL)
        return false;
    for (Py_ssize_t i = 0; i < n; i++)
        if (!read(arguments, argument->name, PyTuple_GetItem(tuple, i), &texts[i]))
            return false;
    *out = (struct symbol_list){texts, (size_t)n};
    return true;
}

static bool store_text(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    const char *text = NULL;
    text_function read = argument->kind == ARGUMENT_PATH ? read_path : arguments_text;
    if (!read(arguments, argument->name, value, &text))
        return false;
    memcpy(options + argument->at, &text, sizeof text);
    return true;
}

static bool store_texts(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    struct symbol_list list;
    if (!read_texts(arguments, argument, value, &list))
        return false;
    memcpy(options + argument->at, &list.texts, sizeof list.texts);
    memcpy(options + argument->other, &list.n, sizeof list.n);
    return true;
}

static bool store_symbols(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    if (PyUnicode_Check(value))
        return store_text(arguments, argument, value, options);
    struct symbol_list list;
    if (!read_texts(arguments, argument, value, &list))
        return false;
    memcpy(options + argument->other, &list, sizeof list);
    return true;
}

static bool store_word(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    const char *text = NULL;
    if (!arguments_text(arguments, argument->name, value, &text))
        return false;
    for (int i = 0; argument->words[i] != NULL; i++) {
        if (strcmp(argument->words[i], text) == 0) {
            int number = (int)argument->other + i;
            memcpy(options + argument->at, &number, sizeof number);
            return true;
        }
    }
    PyObject *words = PyUnicode_FromString(argument->words[0]);
    for (int i = 1; words != NULL && argument->words[i] != NULL; i++) {
        PyObject *longer = PyUnicode_FromFormat("%U, %s", words, argument->words[i]);
        Py_DECREF(words);
        words = longer;
    }
    if (words != NULL)
        errors_raise_format(arguments->call->state, LAKE_INVALID_ARGUMENT, "%s is '%s': it can be %U", argument->name,
                            text, words);
    Py_XDECREF(words);
    return false;
}

/* ---- numbers ---- */

/* int, and what is one by __index__ (NumPy's); never bool. */
static bool read_int64(struct arguments *arguments, const char *name, PyObject *value, int64_t *out)
{
    bool is_int = !PyBool_Check(value) && PyIndex_Check(value);
    PyObject *number = is_int ? PyNumber_Index(value) : NULL;
    if (number == NULL)
        return is_int ? told_type(name, "an int", value) : wrong_type(name, "an int", value);
    int overflow = 0;
    *out = PyLong_AsLongLongAndOverflow(number, &overflow);
    Py_DECREF(number);
    return overflow == 0 || wrong_value(arguments, name, "does not fit in 64 bits");
}

static bool store_int64(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    int64_t number = 0;
    if (!read_int64(arguments, argument->name, value, &number))
        return false;
    if (argument->kind != ARGUMENT_INT64 && number < 0)
        return wrong_value(arguments, argument->name, "is negative");
    memcpy(options + argument->at, &number, sizeof number);
    return true;
}

static bool store_count32(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    int64_t number = 0;
    if (!read_int64(arguments, argument->name, value, &number))
        return false;
    if (number < 0 || number > UINT32_MAX)
        return wrong_value(arguments, argument->name, "is negative or does not fit in 32 bits");
    uint32_t count = (uint32_t)number;
    memcpy(options + argument->at, &count, sizeof count);
    return true;
}

static bool store_time(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    int64_t ms = 0;
    bool is_given = true;
    if (!read_int64(arguments, argument->name, value, &ms))
        return false;
    memcpy(options + argument->at, &ms, sizeof ms);
    memcpy(options + argument->other, &is_given, sizeof is_given);
    return true;
}

bool arguments_bool(const char *name, PyObject *value, bool *out)
{
    if (!PyBool_Check(value))
        return wrong_type(name, "a bool", value);
    *out = value == Py_True;
    return true;
}

static bool store_bool(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    (void)arguments;
    bool flag = false;
    if (!arguments_bool(argument->name, value, &flag))
        return false;
    memcpy(options + argument->at, &flag, sizeof flag);
    return true;
}

/* ---- objects ---- */

static bool store_progress(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    if (value != NULL && !PyCallable_Check(value))
        return wrong_type(argument->name, "callable", value);
    arguments->call->callback = value;
    struct lake_progress progress = call_progress(arguments->call);
    memcpy(options + argument->at, &progress, sizeof progress);
    return true;
}

static bool store_object(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    memcpy(options + argument->at, &value, sizeof value);
    return keep(arguments, value);
}

/* Moves the stream out of its capsule, which may then be released. */
static bool store_rows(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    (void)arguments;
    PyObject *export = PyObject_GetAttrString(value, "__arrow_c_stream__");
    if (export == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_AttributeError))
            return false;
        PyErr_Clear();
        return wrong_type(argument->name, "a table with __arrow_c_stream__ (a Polars, pandas or PyArrow frame …)",
                          value);
    }
    PyObject *capsule = PyObject_CallNoArgs(export);
    Py_DECREF(export);
    struct ArrowArrayStream *stream = capsule != NULL ? PyCapsule_GetPointer(capsule, "arrow_array_stream") : NULL;
    bool is_there = stream != NULL && stream->release != NULL;
    if (is_there) {
        memcpy(options + argument->at, stream, sizeof *stream);
        stream->release = NULL;
    } else if (stream != NULL) {
        PyErr_Format(PyExc_ValueError, "%s gave a stream that was read already", argument->name);
    }
    Py_XDECREF(capsule);
    return is_there;
}

/* ---- the table ---- */

static const store_function STORES[] = {
    [ARGUMENT_TEXT] = store_text,         [ARGUMENT_PATH] = store_text,       [ARGUMENT_TEXTS] = store_texts,
    [ARGUMENT_PATHS] = store_texts,       [ARGUMENT_SYMBOLS] = store_symbols, [ARGUMENT_INT64] = store_int64,
    [ARGUMENT_COUNT] = store_int64,       [ARGUMENT_COUNT32] = store_count32, [ARGUMENT_BYTES] = store_int64,
    [ARGUMENT_BOOL] = store_bool,         [ARGUMENT_TIME] = store_time,       [ARGUMENT_WORD] = store_word,
    [ARGUMENT_PROGRESS] = store_progress, [ARGUMENT_ROWS] = store_rows,       [ARGUMENT_OBJECT] = store_object,
};

bool argument_store(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options)
{
    if (value == NULL && argument->kind != ARGUMENT_PROGRESS)
        return true;
    return STORES[argument->kind](arguments, argument, value, options);
}
