/* Types of data: those that a program registers, and the list of all. */
#include <datalake/types.h>

#include "lake_object.h"
#include "operation.h"

struct type_arguments {
    struct lake_type_options options;
    PyObject *columns; /* a sequence of (name, kind, unit, is_required, is_nullable) */
};

static const struct argument REGISTER_TYPE[] = {
    ARGUMENT_AS("name", struct type_arguments, options.name, TEXT, NEEDED_ANYWHERE),
    ARGUMENT_AS("columns", struct type_arguments, columns, OBJECT, NEEDED_ANYWHERE),
    ARGUMENT_LIST("key", struct type_arguments, options.key, options.n_key, TEXTS, NEEDED_ANYWHERE),
    ARGUMENT(struct lake_type_options, what, TEXT),
    ARGUMENT(struct lake_type_options, has_period, BOOL),
    ARGUMENTS_END,
};
_Static_assert(offsetof(struct type_arguments, options) == 0, "places in the options are places in the arguments");

enum { COLUMN_PARTS = 5 };

static bool read_unit(struct arguments *arguments, PyObject *unit, const char **out)
{
    return unit == Py_None || arguments_text(arguments, "the unit of a column", unit, out);
}

static bool read_column(struct arguments *arguments, PyObject *column, struct lake_type_column *out)
{
    if (!PyTuple_Check(column) || PyTuple_Size(column) != COLUMN_PARTS) {
        PyErr_SetString(PyExc_TypeError, "a column must be a tuple of name, kind, unit, is_required and is_nullable");
        return false;
    }
    return arguments_text(arguments, "the name of a column", PyTuple_GetItem(column, 0), &out->name) &&
           arguments_text(arguments, "the kind of a column", PyTuple_GetItem(column, 1), &out->kind) &&
           read_unit(arguments, PyTuple_GetItem(column, 2), &out->unit) &&
           arguments_bool("is_required of a column", PyTuple_GetItem(column, 3), &out->is_required) &&
           arguments_bool("is_nullable of a column", PyTuple_GetItem(column, 4), &out->is_nullable);
}

static bool read_columns(struct arguments *arguments, void *options)
{
    struct type_arguments *type = options;
    PyObject *members = arguments_members(arguments, "columns", type->columns);
    if (members == NULL)
        return false;
    Py_ssize_t n = PyTuple_Size(members);
    struct lake_type_column *columns = arguments_memory(arguments, (size_t)n, sizeof *columns);
    if (columns == NULL)
        return false;
    for (Py_ssize_t i = 0; i < n; i++)
        if (!read_column(arguments, PyTuple_GetItem(members, i), &columns[i]))
            return false;
    type->options.columns = columns;
    type->options.n_columns = (size_t)n;
    return true;
}

static lake_status run_register_type(struct operands *operands, struct lake_error *err)
{
    struct type_arguments *arguments = operands->options;
    arguments->options.size = sizeof arguments->options;
    return lake_register_type(operands->lake, &arguments->options, err);
}

PyObject *lake_object_register_type(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.register_type",
        .arguments = REGISTER_TYPE,
        .options_bytes = sizeof(struct type_arguments),
        .prepare = read_columns,
        .run = run_register_type,
    };
    return operation_call(self, positional, named, &OPERATION);
}

PyObject *types_check(PyObject *module, PyObject *positional, PyObject *named)
{
    struct call call = {.state = PyModule_GetState(module)};
    struct arguments arguments = {.function = "check_type", .table = REGISTER_TYPE, .call = &call};
    struct type_arguments type = {.options = {.size = sizeof type.options}};
    bool is_type = arguments_read(&arguments, positional, named, &type) && read_columns(&arguments, &type) &&
                   call_is_good(&call, lake_check_type(&type.options, &call.error));
    arguments_release(&arguments);
    if (!is_type)
        return NULL;
    Py_RETURN_NONE;
}

static const struct argument NOTHING[] = {ARGUMENTS_END};

static lake_status run_list_types(struct operands *operands, struct lake_error *err)
{
    return lake_list_types(operands->lake, &operands->rows, err);
}

PyObject *lake_object_list_types(PyObject *self, PyObject *positional, PyObject *named)
{
    static const struct operation OPERATION = {
        .name = "Lake.list_types",
        .arguments = NOTHING,
        .rows = OPERATION_STREAM,
        .run = run_list_types,
    };
    return operation_call(self, positional, named, &OPERATION);
}
