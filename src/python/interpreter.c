#include "interpreter.h"

#include <stdio.h>
#include <string.h>

struct native_state *native_state_of(PyObject *self)
{
    return PyType_GetModuleState(Py_TYPE(self));
}

PyObject *python_text(const char *text)
{
    if (text == NULL)
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *python_path(const char *path)
{
    if (path == NULL)
        Py_RETURN_NONE;
    return PyUnicode_DecodeFSDefault(path);
}

struct python_name python_type_name(PyObject *object)
{
    struct python_name name = {"object"};
    PyObject *text = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
    const char *utf8 = text != NULL ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
    if (utf8 != NULL)
        snprintf(name.text, sizeof name.text, "%s", utf8);
    else
        PyErr_Clear();
    Py_XDECREF(text);
    return name;
}

bool python_set(PyObject *dict, const char *name, PyObject *value)
{
    bool is_set = value != NULL && PyDict_SetItemString(dict, name, value) == 0;
    Py_XDECREF(value);
    return is_set;
}

void python_free_object(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_Free(self);
    Py_DECREF(type);
}
