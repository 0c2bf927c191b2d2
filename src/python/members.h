/* Result structs of the library as dicts, by tables of their members.
 *
 *     static const struct member MEMBERS[] = {MEMBER(struct lake_change_result, snapshot, INT64), …, MEMBERS_END};
 *     PyObject *dict = members_dict(MEMBERS, &result);
 *
 * Strings are copied: call it while what they live in is open. */
#ifndef PYTHON_MEMBERS_H
#define PYTHON_MEMBERS_H

#include <stddef.h>

#include <datalake/lake.h>

#include "interpreter.h"

enum member_kind {
    MEMBER_INT64,
    MEMBER_BOOL,
    MEMBER_TEXT,      /* const char * */
    MEMBER_PATH_TEXT, /* char[] */
    MEMBER_SELECTION, /* struct lake_selection: a tuple of five */
    MEMBER_LIST       /* const struct * and its count: a list of dicts */
};

struct member {
    const char *name;
    enum member_kind kind;
    size_t at;
    /* of lists */
    size_t at_count, bytes;
    bool is_inside; /* the array itself is the member, not a pointer to it */
    const struct member *members;
};

#define MEMBER(type, member, kind)                                                                                     \
    {                                                                                                                  \
#member, MEMBER_##kind, offsetof(type, member), 0, 0, false, NULL                                              \
    }
#define MEMBERS_END                                                                                                    \
    {                                                                                                                  \
        NULL, MEMBER_INT64, 0, 0, 0, false, NULL                                                                       \
    }

/* NULL with an exception. */
PyObject *members_dict(const struct member *members, const void *result);
PyObject *members_selection(struct lake_selection selection);

#endif
