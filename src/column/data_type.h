/* Descriptors of data types, and the table of those that every lake has. Nothing else switches on the type.
 *
 * To add one: add its columns and its row in data_type.c; tests/unit/column/test_data_type.c fails while a key
 * column is missing or a name is taken twice. Those that a lake's users registered are in lake/types.h: where a lake is at hand, a type is
 * looked up there. docs/howto/new-data-type.md tells when to do which. */
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
    bool has_period; /* rows stand on a grid of times, so one can be missing; else the period is fixed_period */
    const char *fixed_period; /* "tick", "event" or NULL */
    bool is_bars;             /* open, high, low, close, volume: what checks, fills and derives bars knows them */
    bool is_registered;       /* by the lake's users: nothing is known of its columns but what the descriptor says */
    bool is_provisional;      /* found in a data tree without its manifest: how rows are told apart is not known */
    bool is_versioned;        /* the period is "set@version", and what was committed under it never changes */
};

enum { DATA_TYPE_NAME_BYTES = 33 }; /* of a registered one, terminated */
/* Whether it can be a registered type's name: 2 to 32 of a-z, 0-9 and '_', beginning with a letter. */
bool data_type_is_name(const char *text);

/* One of the table, by name or alias, case-insensitive; LAKE_INVALID_ARGUMENT naming the choices. */
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
