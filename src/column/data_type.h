/* The registry of data types: one descriptor each, one table. Nothing else switches on the type.
 *
 * To add a type: add its columns and its row in data_type.c; tests/unit/column/test_data_type.c fails while a key
 * column is missing or a name is taken twice. */
#ifndef COLUMN_DATA_TYPE_H
#define COLUMN_DATA_TYPE_H

#include "column/period.h"
#include "column/schema.h"

struct data_type_column {
    const char *name;
    enum column_type type;
    const char *unit; /* "quote", "base", "count", "rate" … or "" */
    bool required;    /* a source must have it */
    bool nullable;    /* a row may lack it */
};

struct data_type {
    const char *name;    /* directory name */
    const char *aliases; /* separated by blanks, or "" */
    const char *what;    /* one line for people */
    const struct data_type_column *columns;
    size_t n_columns;
    const char *const *key; /* names of the key columns, first the time */
    size_t n_key;
    const char *const
        *key_else; /* in place of those behind the time, in a row that lacks one of them; rows that are equal in
                                    these are counted (I8) */
    size_t n_key_else;
    bool has_period;          /* bars; else the period is fixed_period */
    const char *fixed_period; /* "tick", "event" or NULL */
};

/* By name or alias, case-insensitive; LAKE_INVALID_ARGUMENT naming the choices. */
LAKE_MUST_CHECK lake_status data_type_find(const char *text, const struct data_type **out, struct lake_error *err);
const struct data_type *data_type_at(size_t index); /* NULL past the end */
/* Whether rows may lack their key, so that it matters which source each is of (lake/merge.h). */
static inline bool data_type_counts_rows(const struct data_type *type)
{
    return type->n_key_else > 0;
}
/* The described column, or NULL for one the source added. */
const struct data_type_column *data_type_column(const struct data_type *type, const char *name);

#endif
