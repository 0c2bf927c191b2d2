/* One column of a slice in a format that a batch has (arrow_adapt.h): how each foreign format is read. */
#ifndef COLUMN_ARROW_ADAPT_VALUES_H
#define COLUMN_ARROW_ADAPT_VALUES_H

#include "base/arena.h"
#include "column/arrow.h"

enum { ADAPTED_BUFFERS = 3 };

/* How the values of a format are laid out anew. */
struct adapted_format {
    const char *prefix; /* of the format; all of it where it does not end in ':' */
    const char *as;     /* the format that it becomes */
    int64_t n_buffers;  /* that it has, with that of the nulls; -1: some more than two */
};

/* A column on its way. */
struct adapting {
    const char *name;
    const struct adapted_format *format; /* of the values; NULL: of a dictionary's, that are as they are */
    const char *letters;                 /* the column's format: of a dictionary that of its indexes */
    const struct ArrowArray *array;
    int64_t first, n; /* rows, the array's offset counted in */
    struct arena *arena;
    const void **buffers; /* ADAPTED_BUFFERS of the new column */
    int64_t n_buffers;
};

/* NULL where a batch has the format, or none does. */
const struct adapted_format *adapted_format_find(const char *format);
/* Whether these letters are a dictionary's indexes. */
bool adapted_is_index(const char *format);
/* Fills in the buffers of the new column, which begin with its first row. The array's counts are checked already. */
LAKE_MUST_CHECK lake_status adapted_values(struct adapting *adapting, struct lake_error *err);
/* The same for texts by their numbers in a dictionary, whose format is given. */
LAKE_MUST_CHECK lake_status adapted_dictionary(struct adapting *adapting, const char *format, struct lake_error *err);

#endif
