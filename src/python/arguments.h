/* Arguments of Python into option structs of the library, by tables: name, kind, place.
 *
 *     static const struct argument ARGUMENTS[] = {
 *         SELECTION_ARGUMENTS(struct lake_delete_options, selection), ARGUMENT(struct lake_delete_options, dry_run, BOOL), ARGUMENTS_END};
 *     struct lake_delete_options options = {0};
 *     struct arguments arguments = {.function = "Lake.delete", .table = ARGUMENTS, .call = &call};
 *     if (arguments_read(&arguments, tuple, dict, &options)) …
 *     arguments_release(&arguments);                               // after the call: texts in options are borrowed from it
 *
 * All is checked before anything is done: an unknown name, a missing one, or a value of a wrong type is TypeError; a number out of range, a text with NUL or a lone
 * surrogate, a word that is none of those there are is InvalidArgumentError. None takes the default. bool is no number. */
#ifndef PYTHON_ARGUMENTS_H
#define PYTHON_ARGUMENTS_H

#include <stddef.h>

#include "call.h"

enum argument_kind {
    ARGUMENT_TEXT,     /* const char * */
    ARGUMENT_PATH,     /* const char *, in the system's own bytes; also bytes and os.PathLike */
    ARGUMENT_TEXTS,    /* const char *const * and its count */
    ARGUMENT_PATHS,    /* the same, of paths */
    ARGUMENT_SYMBOLS,  /* const char *, or a sequence of them into struct symbol_list at `other` */
    ARGUMENT_INT64,    /* int64_t */
    ARGUMENT_COUNT,    /* int64_t, not negative */
    ARGUMENT_COUNT32,  /* uint32_t */
    ARGUMENT_BYTES,    /* uint64_t */
    ARGUMENT_BOOL,     /* bool */
    ARGUMENT_TIME,     /* int64_t, and the bool that says it was given */
    ARGUMENT_WORD,     /* an enum by its words; `other` is the value of the first */
    ARGUMENT_PROGRESS, /* struct lake_progress: always the call's, with the callback that is given */
    ARGUMENT_ROWS,     /* struct ArrowArrayStream, of what has __arrow_c_stream__; taken when all else is good */
    ARGUMENT_OBJECT    /* PyObject *, borrowed */
};

enum argument_need { ARGUMENT_BY_NAME, ARGUMENT_ANYWHERE, ARGUMENT_NEEDED, ARGUMENT_NEEDED_ANYWHERE };

struct argument {
    const char *name;
    enum argument_kind kind;
    size_t at, other;
    enum argument_need need; /* those that may be given by position come first */
    const char *const *words;
};

struct symbol_list {
    const char *const *texts;
    size_t n;
};

/* A table's row: of an optional member that is called as the argument is; and in full. */
#define ARGUMENT(type, member, kind)                                                                                   \
    {                                                                                                                  \
#member, ARGUMENT_##kind, offsetof(type, member), 0, ARGUMENT_BY_NAME, NULL                                    \
    }
#define ARGUMENT_AS(name, type, member, kind, need)                                                                    \
    {                                                                                                                  \
        name, ARGUMENT_##kind, offsetof(type, member), 0, ARGUMENT_##need, NULL                                        \
    }
#define ARGUMENT_LIST(name, type, member, count, kind, need)                                                           \
    {                                                                                                                  \
        name, ARGUMENT_##kind, offsetof(type, member), offsetof(type, count), ARGUMENT_##need, NULL                    \
    }
#define ARGUMENT_ENUM(type, member, first, words)                                                                      \
    {                                                                                                                  \
#member, ARGUMENT_WORD, offsetof(type, member), (first), ARGUMENT_BY_NAME, words                               \
    }
#define ARGUMENT_IN(name, holder, selection, part)                                                                     \
    {                                                                                                                  \
        name, ARGUMENT_TEXT, offsetof(holder, selection) + offsetof(struct lake_selection, part), 0, ARGUMENT_BY_NAME, \
            NULL                                                                                                       \
    }
#define ARGUMENT_PLACE(holder, selection)                                                                              \
    ARGUMENT_IN("market", holder, selection, market), ARGUMENT_IN("type", holder, selection, type),                    \
        ARGUMENT_IN("period", holder, selection, period)
#define ARGUMENT_SELECTION(holder, selection)                                                                          \
    ARGUMENT_IN("exchange", holder, selection, exchange), ARGUMENT_IN("symbol", holder, selection, symbol),            \
        ARGUMENT_PLACE(holder, selection)
#define ARGUMENT_RANGE(type)                                                                                           \
    ARGUMENT_LIST("start_ms", type, start_ms, has_start, TIME, BY_NAME),                                               \
        ARGUMENT_LIST("end_ms", type, end_ms, has_end, TIME, BY_NAME)
#define ARGUMENTS_END                                                                                                  \
    {                                                                                                                  \
        NULL, ARGUMENT_TEXT, 0, 0, ARGUMENT_BY_NAME, NULL                                                              \
    }

struct argument_block; /* memory that options point into */

struct arguments {
    const char *function; /* "Lake.scan" */
    const struct argument *table;
    struct call *call; /* its state raises; its callback is set */
    struct argument_block *blocks;
    PyObject *kept; /* a list of what texts are borrowed from */
};

/* `options` is zeroed. False with an exception. */
bool arguments_read(struct arguments *arguments, PyObject *positional, PyObject *named, void *options);
void arguments_release(struct arguments *arguments);

/* Values outside of a table, by the same rules; `name` is for messages. Memory for as long as the arguments; NULL with an exception. */
bool arguments_text(struct arguments *arguments, const char *name, PyObject *value, const char **out);
/* The members of a sequence that is no text, as a tuple, borrowed. */
PyObject *arguments_members(struct arguments *arguments, const char *name, PyObject *value);
bool arguments_bool(const char *name, PyObject *value, bool *out);
void *arguments_memory(struct arguments *arguments, size_t n, size_t size);

#endif
