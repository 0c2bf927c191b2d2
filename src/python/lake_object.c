#include "lake_object.h"

#include "arguments.h"
#include "errors.h"

struct lake_object {
    PyObject_HEAD struct handle *handle; /* NULL: closed, or not opened yet */
    PyObject *report;                    /* of what opening recovered */
    bool was_created;
};

static struct lake_object *object_of(PyObject *self)
{
    return (struct lake_object *)self;
}

struct handle *lake_object_use(PyObject *self)
{
    struct handle *handle = object_of(self)->handle;
    if (handle == NULL) {
        errors_raise_format(native_state_of(self), LAKE_INVALID_STATE, "the lake is closed");
        return NULL;
    }
    if (!handle_is_here(handle)) {
        errors_raise_format(native_state_of(self), LAKE_INVALID_STATE,
                            "the lake was opened before this process was forked: open it anew");
        return NULL;
    }
    return handle_take(handle);
}

/* ---- opening and closing ---- */

static const struct argument OPEN[] = {
    ARGUMENT_AS("data_root", struct lake_options, data_root, PATH, ANYWHERE),
    ARGUMENT_AS("db_path", struct lake_options, db_path, PATH, ANYWHERE),
    ARGUMENT(struct lake_options, create, BOOL),
    ARGUMENT(struct lake_options, n_threads, COUNT32),
    ARGUMENT(struct lake_options, memory_bytes, BYTES),
    ARGUMENT(struct lake_options, config_path, PATH),
    ARGUMENTS_END,
};

/* Takes the lake over. */
static bool keep_lake(struct lake_object *self, struct lake *lake)
{
    self->was_created = lake_was_created(lake);
    self->report = python_path(lake_recovery_report(lake));
    self->handle = handle_new(lake);
    if (self->handle == NULL)
        PyErr_NoMemory();
    return self->handle != NULL && self->report != NULL;
}

static bool open_lake(struct lake_object *self, struct arguments *arguments, PyObject *positional, PyObject *named)
{
    struct lake_options options = {0};
    struct lake *lake = NULL;
    struct call *call = arguments->call;
    if (!arguments_read(arguments, positional, named, &options))
        return false;
    options.size = sizeof options;
    call_begin(call);
    lake_status status = lake_open(&options, &lake, &call->error);
    call_end(call);
    return call_is_good(call, status) && keep_lake(self, lake);
}

static void lake_object_free(PyObject *object)
{
    struct lake_object *self = object_of(object);
    struct handle *handle = self->handle;
    Py_XDECREF(self->report);
    Py_BEGIN_ALLOW_THREADS;
    handle_drop(handle);
    Py_END_ALLOW_THREADS;
    python_free_object(object);
}

static PyObject *lake_object_new(PyTypeObject *type, PyObject *positional, PyObject *named)
{
    struct lake_object *self = PyObject_New(struct lake_object, type);
    if (self == NULL)
        return NULL;
    self->handle = NULL;
    self->report = NULL;
    self->was_created = false;
    struct call call = {.state = native_state_of((PyObject *)self)};
    struct arguments arguments = {.function = "Lake", .table = OPEN, .call = &call};
    bool is_open = open_lake(self, &arguments, positional, named);
    arguments_release(&arguments);
    if (is_open)
        return (PyObject *)self;
    Py_DECREF((PyObject *)self);
    return NULL;
}

/* The arguments were new's. */
static int lake_object_init(PyObject *self, PyObject *positional, PyObject *named)
{
    (void)self, (void)positional, (void)named;
    return 0;
}

static PyObject *lake_object_close(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    struct handle *handle = object_of(object)->handle;
    object_of(object)->handle = NULL;
    Py_BEGIN_ALLOW_THREADS;
    handle_drop(handle);
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

static PyObject *get_was_created(PyObject *object, void *context)
{
    (void)context;
    return PyBool_FromLong(object_of(object)->was_created);
}

static PyObject *get_recovery_report(PyObject *object, void *context)
{
    (void)context;
    return Py_NewRef(object_of(object)->report);
}

/* ---- the type ---- */

#define METHOD(name, doc)                                                                                              \
    {                                                                                                                  \
#name, PYTHON_METHOD(lake_object_##name), METH_VARARGS | METH_KEYWORDS, doc                                    \
    }

static PyMethodDef METHODS[] = {
    {"close", lake_object_close, METH_NOARGS, "What still streams keeps what it needs."},
    METHOD(scan, "Resolves a read; a sequence of symbols reads several."),
    METHOD(list_datasets, "A row a dataset."),
    METHOD(list_files, "A row a live file."),
    METHOD(list_types, "A row a type of data."),
    METHOD(list_features, "A row a version of a feature set."),
    METHOD(gaps, "What is missing, and why."),
    METHOD(coverage, "What is there and missing, by month."),
    METHOD(explain, "Where a row came from."),
    METHOD(log, "The operations, latest first."),
    METHOD(put, "Commits the rows of a table."),
    METHOD(adopt, "Takes in a file below the data root."),
    METHOD(put_features, "Commits the rows of a table as a version of a feature set."),
    METHOD(register_type, "Makes a type of data known to the lake."),
    METHOD(ingest, "Reads files and commits their rows."),
    METHOD(delete, "Deletes rows; they go to history."),
    METHOD(undo, "Puts back what an operation replaced."),
    METHOD(aggregate, "Brings derived bars up to date."),
    METHOD(verify, "Whether the lake is sound."),
    METHOD(check_bars, "Whether its bars can be true."),
    METHOD(maintain, "Compaction, expiry and the like."),
    METHOD(backup, "A whole lake of its own elsewhere."),
    METHOD(find_snapshot, "The snapshot that a text means."),
    METHOD(name_snapshot, "Names a snapshot, which keeps it."),
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef PROPERTIES[] = {
    {"was_created", get_was_created, NULL, "Whether opening it made it.", NULL},
    {"recovery_report", get_recovery_report, NULL, "What opening it finished of an interrupted writer's work.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot SLOTS[] = {
    PYTHON_SLOT(Py_tp_new, lake_object_new),
    PYTHON_SLOT(Py_tp_init, lake_object_init),
    PYTHON_SLOT(Py_tp_dealloc, lake_object_free),
    {Py_tp_methods, METHODS},
    {Py_tp_getset, PROPERTIES},
    {Py_tp_doc, (void *)(uintptr_t) "An open lake."},
    {0, NULL},
};

PyType_Spec lake_spec = {
    .name = "dl_datalake._native.Lake",
    .basicsize = sizeof(struct lake_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = SLOTS,
};
