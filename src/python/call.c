#include "call.h"

#include "errors.h"
#include "signals.h"

void call_begin(struct call *call)
{
    call->thread = PyEval_SaveThread();
}

void call_end(struct call *call)
{
    PyEval_RestoreThread(call->thread);
    call->thread = NULL;
}

/* In the thread that reports: it may be one that Python has never seen. */
static PyObject *tell(PyObject *callback, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *answer =
        PyObject_CallFunction(callback, "LLL", (long long)n_rows, (long long)n_bytes, (long long)n_bytes_total);
    PyObject *raised = answer == NULL ? signals_take_raised() : NULL;
    Py_XDECREF(answer);
    PyGILState_Release(gil);
    return raised;
}

static int report(void *context, int64_t n_rows, int64_t n_bytes, int64_t n_bytes_total)
{
    struct call *call = context;
    if (call->raised == NULL && signals_are_due(&call->looked_ns)) {
        call->raised = signals_look();
        if (call->raised == NULL && call->callback != NULL)
            call->raised = tell(call->callback, n_rows, n_bytes, n_bytes_total);
    }
    return call->raised != NULL;
}

struct lake_progress call_progress(struct call *call)
{
    return (struct lake_progress){.report = report, .context = call};
}

lake_status call_look(struct call *call)
{
    if (call->raised == NULL && signals_are_due(&call->looked_ns))
        call->raised = signals_look();
    return call->raised == NULL ? LAKE_OK : native_fail(&call->error, LAKE_CANCELLED, "interrupted");
}

bool call_is_good(struct call *call, lake_status status)
{
    if (call->raised != NULL) {
        signals_raise(call->raised);
        call->raised = NULL;
        return false;
    }
    if (status == LAKE_OK)
        return true;
    call->error.status = status;
    errors_raise(call->state, &call->error);
    return false;
}
