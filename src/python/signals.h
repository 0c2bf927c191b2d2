/* Ctrl-C, and any other signal that a program handles in Python, while C code works.
 *
 * Python runs handlers in its main thread only, and only when somebody asks: long work does, every SIGNALS_MS. What a handler raises stops
 * the work. Never asked by other threads: they would wait for the GIL, which their caller may hold while it waits for them. */
#ifndef PYTHON_SIGNALS_H
#define PYTHON_SIGNALS_H

#include "interpreter.h"

enum { SIGNALS_MS = 50 };

/* Learns which thread is the main one, and when the interpreter is about to end. */
bool signals_begin(PyObject *module);

/* Whether SIGNALS_MS have gone by since the last time that this said so; *looked_ns is 0 at first. */
bool signals_are_due(int64_t *looked_ns);

/* Without the GIL, in any thread. NULL, or the exception that a handler raised, a reference of the caller's (who needs the GIL for it). */
PyObject *signals_look(void);

/* With the GIL: takes the exception out of the thread and puts it back; takes the reference over. */
PyObject *signals_take_raised(void);
void signals_raise(PyObject *raised);

#endif
