/* Data types: what the columns of a dataset are called and mean, and which of them are its key. Those that the lake comes with, and those that its
 * users register, without touching C. Conventions are those of lake.h.
 *
 *     const struct lake_type_column columns[] = {{"ts", "timestamp[us]", "", true, false}, {"id", "utf8", "", true, false}, {"price", "double", "quote", true, true}};
 *     const char *key[] = {"ts", "id"};
 *     struct lake_type_options type = {.size = sizeof type, .name = "liquidations", .what = "forced orders", .columns = columns, .n_columns = 3, .key = key, .n_key = 2};
 *     if (lake_register_type(lake, &type, &err) == LAKE_OK) … rows of it can be put, read, listed, verified, compacted as any others
 *
 * A registered type belongs to the lake: every program that opens it knows it. It cannot be changed or taken back. Where the manifest was made
 * anew (lake_rebuild), it is known by name and can be read; registering it again, as it was, lets it be written to. */
#ifndef DATALAKE_TYPES_H
#define DATALAKE_TYPES_H

#include <datalake/lake.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lake_type_column {
    const char *
        name; /* 1 to 64 bytes of UTF-8 without commas and control characters; another name than every other column of the type, capitals aside */
    const char
        *kind; /* "timestamp[ms]", "timestamp[us]", "double", "float", "int64", "int32", "bool", "utf8", "binary" */
    const char *unit; /* "quote", "base", "count" …, at most 32 bytes without parentheses, or NULL */
    bool is_required; /* a source must have it; always of a key column */
    bool is_nullable; /* false: a null is refused; never true of a key column */
};

struct lake_type_options {
    size_t size;
    const char *
        name; /* 2 to 32 of a-z, 0-9 and '_', beginning with a letter; not one of the lake's own, nor of their aliases, nor a period */
    const char *what; /* one line for people, of at most 200 bytes, or NULL */
    const struct lake_type_column *
        columns; /* the first is ts, a timestamp[ms] or timestamp[us]; at most 1000; other columns of sources are kept as well */
    size_t n_columns;
    const char *const *key; /* ts, and perhaps one more (utf8): rows of one ts are told apart by it */
    size_t n_key;
    bool
        has_period; /* rows stand on the grid of a period, as bars do, one a time: the key is ts alone, in ms; else the period is "event" */
};

/* The same once more changes nothing, and takes no lock; another definition of the name is LAKE_EXISTS (`what` may differ: the first stays). What cannot be a type is
 * LAKE_INVALID_ARGUMENT, naming the column and the value; one that does not fit rows that are there already, LAKE_INVALID_DATA. */
LAKE_API LAKE_MUST_CHECK lake_status lake_register_type(struct lake *lake, const struct lake_type_options *options,
                                                        struct lake_error *err);
/* Whether lake_register_type would take it in a lake that does not know the name: LAKE_INVALID_ARGUMENT as there. Needs no lake. */
LAKE_API LAKE_MUST_CHECK lake_status lake_check_type(const struct lake_type_options *options, struct lake_error *err);
/* Rows: name, aliases, what, key (text, "ts id"), columns (text, "ts timestamp[ms], open double (quote), …"), has_period, is_builtin; first those of
 * every lake, then those registered by name. key is empty of one whose key went with its manifest. */
LAKE_API LAKE_MUST_CHECK lake_status lake_list_types(struct lake *lake, struct ArrowArrayStream *out,
                                                     struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
