/* What the library says, in the words of Python: its messages name options as the command line spells them ("--data-root"), and here they
 * are arguments ("data_root"). */
#ifndef PYTHON_WORDING_H
#define PYTHON_WORDING_H

#include "interpreter.h"

/* A new str; NULL with an exception set where there is no memory. */
PyObject *wording_of_python(const char *message);

#endif
