/* The module dl_datalake._native: its types, its exceptions, and what needs no lake. */
#include <datalake/maintenance.h>
#include <datalake/text.h>

#include "arguments.h"
#include "errors.h"
#include "lake_object.h"
#include "reader.h"
#include "signals.h"
#include "table.h"

/* ---- functions ---- */

struct time_arguments {
    const char *text;
    bool is_end;
};

static const struct argument PARSE_TIME[] = {
    ARGUMENT_AS("text", struct time_arguments, text, TEXT, NEEDED_ANYWHERE),
    ARGUMENT_AS("is_end", struct time_arguments, is_end, BOOL, ANYWHERE),
    ARGUMENTS_END,
};

static PyObject *parse_time(PyObject *module, PyObject *positional, PyObject *named)
{
    struct call call = {.state = PyModule_GetState(module)};
    struct arguments arguments = {.function = "parse_time", .table = PARSE_TIME, .call = &call};
    struct time_arguments options = {0};
    int64_t ms = 0;
    PyObject *answer = NULL;
    if (arguments_read(&arguments, positional, named, &options) &&
        call_is_good(&call, lake_parse_time(options.text, options.is_end, &ms, &call.error)))
        answer = PyLong_FromLongLong(ms);
    arguments_release(&arguments);
    return answer;
}

struct period_arguments {
    const char *period;
    int64_t ms;
};

static const struct argument PARSE_PERIOD[] = {
    ARGUMENT_AS("period", struct period_arguments, period, TEXT, NEEDED_ANYWHERE),
    ARGUMENT_AS("ms", struct period_arguments, ms, INT64, ANYWHERE),
    ARGUMENTS_END,
};

static PyObject *parse_period(PyObject *module, PyObject *positional, PyObject *named)
{
    struct call call = {.state = PyModule_GetState(module)};
    struct arguments arguments = {.function = "parse_period", .table = PARSE_PERIOD, .call = &call};
    struct period_arguments options = {0};
    struct lake_period period;
    PyObject *answer = NULL;
    if (arguments_read(&arguments, positional, named, &options) &&
        call_is_good(&call, lake_parse_period(options.period, options.ms, &period, &call.error)))
        answer =
            Py_BuildValue("(LLL)", (long long)period.length_ms, (long long)period.start_ms, (long long)period.end_ms);
    arguments_release(&arguments);
    return answer;
}

struct location_arguments {
    const char *directory;
};

static const struct argument FIND_LOCATION[] = {
    ARGUMENT_AS("directory", struct location_arguments, directory, PATH, ANYWHERE),
    ARGUMENTS_END,
};

static PyObject *location_tuple(const struct lake_location *location)
{
    PyObject *data_root = python_path(location->data_root);
    PyObject *db_path = python_path(location->db_path);
    PyObject *config_path = python_path(location->config_path);
    PyObject *tuple = NULL;
    if (data_root != NULL && db_path != NULL && config_path != NULL)
        tuple = PyTuple_Pack(3, data_root, db_path, config_path);
    Py_XDECREF(data_root);
    Py_XDECREF(db_path);
    Py_XDECREF(config_path);
    return tuple;
}

static PyObject *find_location(PyObject *module, PyObject *positional, PyObject *named)
{
    struct call call = {.state = PyModule_GetState(module)};
    struct arguments arguments = {.function = "find_location", .table = FIND_LOCATION, .call = &call};
    struct location_arguments options = {.directory = "."};
    struct lake_location location = {.size = sizeof location};
    PyObject *answer = NULL;
    if (arguments_read(&arguments, positional, named, &options)) {
        call_begin(&call);
        lake_status status = lake_find_location(options.directory, &location, &call.error);
        call_end(&call);
        if (call_is_good(&call, status))
            answer = location_tuple(&location);
    }
    arguments_release(&arguments);
    return answer;
}

static PyMethodDef FUNCTIONS[] = {
    {"parse_time", PYTHON_METHOD(parse_time), METH_VARARGS | METH_KEYWORDS,
     "A date or time as people write it, in epoch ms."},
    {"parse_period", PYTHON_METHOD(parse_period), METH_VARARGS | METH_KEYWORDS,
     "The length of a period, and the partition that holds an instant, in ms."},
    {"check_type", PYTHON_METHOD(types_check), METH_VARARGS | METH_KEYWORDS,
     "Raises where no lake could take the type."},
    {"find_location", PYTHON_METHOD(find_location), METH_VARARGS | METH_KEYWORDS, "Where dl.toml says that a lake is."},
    {NULL, NULL, 0, NULL},
};

/* ---- the module ---- */

/* Threads of another interpreter cannot be told from this one's when a stream looks for signals. */
static bool is_main_interpreter(void)
{
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) == 0)
        return true;
    PyErr_SetString(PyExc_ImportError, "dl_datalake cannot be used in a sub-interpreter");
    return false;
}

static bool add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **out)
{
    PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
    *out = (PyTypeObject *)type;
    return type != NULL && PyModule_AddType(module, *out) == 0;
}

static bool add_types(PyObject *module, struct native_state *state)
{
    return add_type(module, &lake_spec, &state->lake) && add_type(module, &scan_spec, &state->scan) &&
           add_type(module, &stream_spec, &state->stream) && add_type(module, &table_spec, &state->table) &&
           add_type(module, &column_spec, &state->column);
}

static int execute(PyObject *module)
{
    struct native_state *state = PyModule_GetState(module);
    if (!is_main_interpreter() || !errors_make(state) || !add_types(module, state) || !signals_begin(module) ||
        PyModule_AddStringConstant(module, "__version__", lake_version()) != 0 ||
        PyModule_AddObjectRef(module, "LakeError", state->lake_error) != 0)
        return -1;
    return PyModule_AddObjectRef(module, "ERRORS", state->error_rows);
}

static int visit_state(PyObject *module, visitproc visit, void *arg)
{
    struct native_state *state = PyModule_GetState(module);
    Py_VISIT(state->lake);
    Py_VISIT(state->scan);
    Py_VISIT(state->stream);
    Py_VISIT(state->table);
    Py_VISIT(state->column);
    Py_VISIT(state->lake_error);
    Py_VISIT(state->error_rows);
    for (size_t i = 0; i < NATIVE_ERRORS; i++)
        Py_VISIT(state->errors[i]);
    return 0;
}

static int clear_state(PyObject *module)
{
    struct native_state *state = PyModule_GetState(module);
    Py_CLEAR(state->lake);
    Py_CLEAR(state->scan);
    Py_CLEAR(state->stream);
    Py_CLEAR(state->table);
    Py_CLEAR(state->column);
    Py_CLEAR(state->lake_error);
    Py_CLEAR(state->error_rows);
    for (size_t i = 0; i < NATIVE_ERRORS; i++)
        Py_CLEAR(state->errors[i]);
    return 0;
}

static void free_state(void *module)
{
    clear_state(module);
}

static PyModuleDef_Slot SLOTS[] = {PYTHON_SLOT(Py_mod_exec, execute), {0, NULL}};

static struct PyModuleDef DEFINITION = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "dl_datalake._native",
    .m_doc = "The data lake's C library, a method each call. Private.",
    .m_size = sizeof(struct native_state),
    .m_methods = FUNCTIONS,
    .m_slots = SLOTS,
    .m_traverse = visit_state,
    .m_clear = clear_state,
    .m_free = free_state,
};

PyMODINIT_FUNC PyInit__native(void);

PyMODINIT_FUNC PyInit__native(void)
{
    return PyModuleDef_Init(&DEFINITION);
}
