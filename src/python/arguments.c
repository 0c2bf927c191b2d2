#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "argument_values.h"
#include "errors.h"

struct argument_block {
    struct argument_block *next;
    max_align_t bytes[];
};

void *arguments_memory(struct arguments *arguments, size_t n, size_t size)
{
    struct argument_block *block = NULL;
    if (n == 0 || size <= (SIZE_MAX - sizeof *block) / n)
        block = calloc(1, sizeof *block + n * size);
    if (block == NULL)
        return PyErr_NoMemory();
    block->next = arguments->blocks;
    arguments->blocks = block;
    return block->bytes;
}

void arguments_release(struct arguments *arguments)
{
    while (arguments->blocks != NULL) {
        struct argument_block *next = arguments->blocks->next;
        free(arguments->blocks);
        arguments->blocks = next;
    }
    Py_CLEAR(arguments->kept);
}

/* ---- which value is whose ---- */

static bool is_positional(const struct argument *argument)
{
    return argument->need == ARGUMENT_ANYWHERE || argument->need == ARGUMENT_NEEDED_ANYWHERE;
}

static bool is_needed(const struct argument *argument)
{
    return argument->need == ARGUMENT_NEEDED || argument->need == ARGUMENT_NEEDED_ANYWHERE;
}

static Py_ssize_t count_positional(const struct argument *table)
{
    Py_ssize_t n = 0;
    while (table[n].name != NULL && is_positional(&table[n]))
        n++;
    return n;
}

static const struct argument *find(const struct argument *table, PyObject *name)
{
    for (const struct argument *argument = table; argument->name != NULL; argument++)
        if (PyUnicode_CompareWithASCIIString(name, argument->name) == 0)
            return argument;
    return NULL;
}

/* Every name is known, and none is given twice. */
static bool check_names(const struct arguments *arguments, Py_ssize_t n_positional, PyObject *named)
{
    PyObject *name = NULL, *value = NULL;
    Py_ssize_t at = 0;
    while (named != NULL && PyDict_Next(named, &at, &name, &value)) {
        const struct argument *argument = find(arguments->table, name);
        if (argument == NULL) {
            PyErr_Format(PyExc_TypeError, "%s() has no argument '%U'", arguments->function, name);
            return false;
        }
        if (argument - arguments->table < n_positional) {
            PyErr_Format(PyExc_TypeError, "%s() was given '%U' twice", arguments->function, name);
            return false;
        }
    }
    return true;
}

static bool check_count(const struct arguments *arguments, Py_ssize_t n_positional)
{
    Py_ssize_t n_most = count_positional(arguments->table);
    if (n_positional <= n_most)
        return true;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments by position, not %zd: name the others", arguments->function,
                 n_most, n_positional);
    return false;
}

/* Borrowed; NULL where it is not given. */
static PyObject *value_of(const struct arguments *arguments, const struct argument *argument, PyObject *positional,
                          PyObject *named)
{
    Py_ssize_t index = argument - arguments->table;
    if (index < PyTuple_Size(positional))
        return PyTuple_GetItem(positional, index);
    return named != NULL ? PyDict_GetItemString(named, argument->name) : NULL;
}

/* One pass over the table: first the rows of tables are left out, then they alone are taken. */
static bool read_pass(struct arguments *arguments, PyObject *positional, PyObject *named, char *options, bool rows)
{
    for (const struct argument *argument = arguments->table; argument->name != NULL; argument++) {
        if ((argument->kind == ARGUMENT_ROWS) != rows)
            continue;
        PyObject *value = value_of(arguments, argument, positional, named);
        if (value == Py_None && argument->kind != ARGUMENT_BOOL && !is_needed(argument))
            value = NULL;
        if (value == NULL && is_needed(argument)) {
            PyErr_Format(PyExc_TypeError, "%s() needs '%s'", arguments->function, argument->name);
            return false;
        }
        if (!argument_store(arguments, argument, value, options))
            return false;
    }
    return true;
}

bool arguments_read(struct arguments *arguments, PyObject *positional, PyObject *named, void *options)
{
    Py_ssize_t n_positional = PyTuple_Size(positional);
    arguments->kept = PyList_New(0);
    return arguments->kept != NULL && check_count(arguments, n_positional) &&
           check_names(arguments, n_positional, named) && read_pass(arguments, positional, named, options, false) &&
           read_pass(arguments, positional, named, options, true);
}
