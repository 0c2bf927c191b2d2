#include "signals.h"

#include <stdatomic.h>
#include <time.h>

/* Facts of the process that exported streams need, which outlive the module. */
static atomic_ulong main_thread;
static atomic_bool is_ending;

static PyObject *note_end(PyObject *self, PyObject *nothing)
{
    (void)self, (void)nothing;
    atomic_store(&is_ending, true);
    Py_RETURN_NONE;
}

static PyMethodDef NOTE_END = {"_note_end", note_end, METH_NOARGS, NULL};

static bool register_end(PyObject *module)
{
    PyObject *function = PyCFunction_NewEx(&NOTE_END, module, NULL);
    PyObject *atexit = function != NULL ? PyImport_ImportModule("atexit") : NULL;
    PyObject *answer = atexit != NULL ? PyObject_CallMethod(atexit, "register", "O", function) : NULL;
    Py_XDECREF(answer);
    Py_XDECREF(atexit);
    Py_XDECREF(function);
    return answer != NULL;
}

/* A program without the threading module has one thread, which is this one. */
static bool learn_main_thread(void)
{
    PyObject *modules = PyImport_GetModuleDict();
    PyObject *threading = PyDict_GetItemString(modules, "threading");
    if (threading == NULL) {
        atomic_store(&main_thread, PyThread_get_thread_ident());
        return true;
    }
    PyObject *thread = PyObject_CallMethod(threading, "main_thread", NULL);
    PyObject *ident = thread != NULL ? PyObject_GetAttrString(thread, "ident") : NULL;
    if (ident != NULL)
        atomic_store(&main_thread, PyLong_AsUnsignedLong(ident));
    Py_XDECREF(ident);
    Py_XDECREF(thread);
    return !PyErr_Occurred();
}

bool signals_begin(PyObject *module)
{
    return learn_main_thread() && register_end(module);
}

static int64_t now_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

bool signals_are_due(int64_t *looked_ns)
{
    int64_t now = now_ns();
    bool is_first = *looked_ns == 0;
    if (!is_first && now - *looked_ns < (int64_t)SIGNALS_MS * 1000000)
        return false;
    *looked_ns = now;
    return !is_first;
}

PyObject *signals_look(void)
{
    if (atomic_load(&is_ending) || PyThread_get_thread_ident() != atomic_load(&main_thread))
        return NULL;
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *raised = PyErr_CheckSignals() != 0 ? signals_take_raised() : NULL;
    PyGILState_Release(gil);
    return raised;
}

PyObject *signals_take_raised(void)
{
    PyObject *type = NULL, *value = NULL, *traceback = NULL;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL && value != NULL)
        PyException_SetTraceback(value, traceback);
    Py_XDECREF(traceback);
    Py_XDECREF(type);
    return value;
}

void signals_raise(PyObject *raised)
{
    PyObject *type = (PyObject *)Py_TYPE(raised);
    Py_INCREF(type);
    PyErr_Restore(type, raised, PyException_GetTraceback(raised));
}
