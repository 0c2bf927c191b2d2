/* One value of Python into its place in an option struct: what arguments.h says, kind by kind. */
#ifndef PYTHON_ARGUMENT_VALUES_H
#define PYTHON_ARGUMENT_VALUES_H

#include "arguments.h"

/* value is NULL where the default is to stay. False with an exception. */
bool argument_store(struct arguments *arguments, const struct argument *argument, PyObject *value, char *options);

#endif
