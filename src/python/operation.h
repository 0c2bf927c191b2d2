/* One method of Lake that calls the library: what it takes, calls and gives, as a table.
 *
 * operation_call reads the arguments, calls `run` without the GIL, and makes of what comes back a dict (the result struct), a Stream or a Table
 * (the rows), or a tuple of both. */
#ifndef PYTHON_OPERATION_H
#define PYTHON_OPERATION_H

#include "arguments.h"
#include "members.h"

/* What `run` works on: zeroed, then filled from the arguments. It sets the sizes of the structs. */
struct operands {
    struct lake *lake;
    void *options, *result;
    struct ArrowArrayStream rows;
};

enum operation_rows { OPERATION_NO_ROWS, OPERATION_STREAM, OPERATION_TABLE };

struct operation {
    const char *name; /* "Lake.delete" */
    const struct argument *arguments;
    size_t options_bytes, result_bytes;
    const struct member *members; /* of the result; NULL: none is given */
    enum operation_rows rows;
    lake_status (*run)(struct operands *operands, struct lake_error *err); /* without the GIL */
    /* May be NULL. With the GIL: checks what the tables cannot say; false with an exception. */
    bool (*prepare)(struct arguments *arguments, void *options);
    /* May be NULL. Without the GIL: what was moved into the options and not taken over by `run`. */
    void (*release)(void *options);
    size_t at_sample; /* of a stream in the result that becomes a Table "sample"; 0: none */
};

PyObject *operation_call(PyObject *lake, PyObject *positional, PyObject *named, const struct operation *operation);

#endif
