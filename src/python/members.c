#include "members.h"

#include <string.h>

PyObject *members_selection(struct lake_selection selection)
{
    return Py_BuildValue("(sssss)", selection.exchange, selection.market, selection.symbol, selection.type,
                         selection.period);
}

static PyObject *list_of(const struct member *member, const char *result)
{
    const char *items = result + member->at;
    size_t n = 0;
    memcpy(&n, result + member->at_count, sizeof n);
    if (!member->is_inside)
        memcpy(&items, result + member->at, sizeof items);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; i < n && list != NULL; i++) {
        PyObject *item = members_dict(member->members, items + i * member->bytes);
        if (item == NULL || PyList_Append(list, item) != 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

static PyObject *text_of(const char *place)
{
    const char *text = NULL;
    memcpy(&text, place, sizeof text);
    return python_path(text);
}

static PyObject *value_of(const struct member *member, const char *result)
{
    const char *place = result + member->at;
    int64_t number = 0;
    bool flag = false;
    struct lake_selection selection;
    switch (member->kind) {
    case MEMBER_INT64: memcpy(&number, place, sizeof number); return PyLong_FromLongLong(number);
    case MEMBER_BOOL: memcpy(&flag, place, sizeof flag); return PyBool_FromLong(flag);
    case MEMBER_TEXT: return text_of(place);
    case MEMBER_PATH_TEXT: return python_path(place);
    case MEMBER_SELECTION: memcpy(&selection, place, sizeof selection); return members_selection(selection);
    case MEMBER_LIST: return list_of(member, result);
    }
    return PyErr_Format(PyExc_SystemError, "member %s is of no kind", member->name);
}

PyObject *members_dict(const struct member *members, const void *result)
{
    PyObject *dict = PyDict_New();
    for (const struct member *member = members; member->name != NULL && dict != NULL; member++)
        if (!python_set(dict, member->name, value_of(member, result)))
            Py_CLEAR(dict);
    return dict;
}
