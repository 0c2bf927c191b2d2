/* One kind of column a row: its Arrow format, what a value of it is in Python, and how NumPy calls it. */
#ifndef PYTHON_VALUES_H
#define PYTHON_VALUES_H

#include <datalake/arrow.h>

#include "interpreter.h"

struct value_kind {
    const char *format;  /* up to where it goes on: "tsm:" of any zone, "w:" of any width */
    size_t n_bytes;      /* of a value; 0: bits, texts, or as the format says */
    const char *typestr; /* of NumPy's array interface; NULL: not without a copy */
    PyObject *(*get)(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index);
};

/* NULL where no column of the library has such a format. */
const struct value_kind *value_kind_of(const char *format);
/* The bytes of values, offsets and validity of `length` rows. */
int64_t value_bytes(const struct ArrowSchema *schema, const struct ArrowArray *array);
/* Nulls in a column; counted where the array does not say. */
int64_t value_nulls(const struct ArrowArray *array);
/* A row of a column as int, float, bool, str, bytes or None; times in the column's unit. */
PyObject *value_get(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row);

#endif
