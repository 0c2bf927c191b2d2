/* The exceptions: one class for each row of LAKE_ERROR_TABLE, made from it, and all of one family.
 *
 * A class is called after the row's name ("not_found": NotFoundError), derives from LakeError and from the row's built-in, and has the row's
 * `code`, `exit_status` and `http_status`. They belong to dl_datalake.errors, which is where programs import them from. */
#ifndef PYTHON_ERRORS_H
#define PYTHON_ERRORS_H

#include "interpreter.h"

/* Fills lake_error, errors and error_rows. */
bool errors_make(struct native_state *state);

/* Raises the class of a status with a message. Return NULL and false, for the caller to return. */
PyObject *errors_raise(const struct native_state *state, const struct lake_error *err);
bool errors_raise_format(const struct native_state *state, lake_status status, const char *format, ...);
/* An exception object that is not raised; NULL where there is none to be had. */
PyObject *errors_object(const struct native_state *state, const struct lake_error *err);

/* Fills *err in one line, as lake_fail does inside the library. */
lake_status native_fail(struct lake_error *err, lake_status status, const char *format, ...) LAKE_PRINTF(3, 4);
#endif
