/* A call of the library: without the GIL, looking for signals, reporting progress.
 *
 *     struct call call = {.state = state, .callback = progress};    // or NULL
 *     call_begin(&call);                                            // no GIL from here
 *     status = lake_undo(lake, &options, &result, &call.error);     // options.progress = call_progress(&call)
 *     call_end(&call);                                              // and again from here
 *     if (!call_is_good(&call, status)) … the exception is set
 *
 * What a signal's handler or the callback raises cancels the call, and is what the call raises. The callback is called a few times a second. */
#ifndef PYTHON_CALL_H
#define PYTHON_CALL_H

#include <datalake/lake.h>

#include "interpreter.h"

struct call {
    const struct native_state *state;
    PyObject *callback; /* borrowed from the arguments; NULL */
    PyObject *raised;
    int64_t looked_ns;
    PyThreadState *thread;
    struct lake_error error;
};

void call_begin(struct call *call);
void call_end(struct call *call);
/* Between the two, in any thread. */
struct lake_progress call_progress(struct call *call);
/* Between the two, in work of our own: LAKE_CANCELLED where a signal's handler raised. */
lake_status call_look(struct call *call);

/* After the end. False with an exception where something was raised or the status is not good. */
bool call_is_good(struct call *call, lake_status status);

#endif
