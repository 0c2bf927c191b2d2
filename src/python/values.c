#include "values.h"

#include <string.h>

static bool bit_at(const void *bits, int64_t index)
{
    const uint8_t *bytes = bits;
    return (bytes[index / 8] >> (index % 8)) & 1;
}

static PyObject *get_bool(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    return PyBool_FromLong(bit_at(array->buffers[1], index));
}

static PyObject *get_int32(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    const int32_t *values = array->buffers[1];
    return PyLong_FromLong(values[index]);
}

static PyObject *get_int64(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    const int64_t *values = array->buffers[1];
    return PyLong_FromLongLong(values[index]);
}

static PyObject *get_float(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    const float *values = array->buffers[1];
    return PyFloat_FromDouble((double)values[index]);
}

static PyObject *get_double(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    const double *values = array->buffers[1];
    return PyFloat_FromDouble(values[index]);
}

/* The bytes of a text; an array without any may have no data buffer. */
struct span {
    const char *bytes;
    Py_ssize_t n;
};

static struct span span_at(const struct ArrowArray *array, int64_t index)
{
    const int32_t *offsets = array->buffers[1];
    const char *data = array->buffers[2];
    Py_ssize_t n = offsets[index + 1] - offsets[index];
    return (struct span){n > 0 ? data + offsets[index] : "", n};
}

static PyObject *get_text(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    struct span text = span_at(array, index);
    return PyUnicode_DecodeUTF8(text.bytes, text.n, "surrogateescape");
}

static PyObject *get_binary(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    struct span bytes = span_at(array, index);
    return PyBytes_FromStringAndSize(bytes.bytes, bytes.n);
}

/* A view: the length, then the bytes themselves where they fit, else their first four, a buffer and an offset in it. */
enum { VIEW_BYTES = 16, VIEW_INLINE_BYTES = 12, VIEW_FIRST_BUFFER = 2 };

static struct span view_at(const struct ArrowArray *array, int64_t index)
{
    const char *view = (const char *)array->buffers[1] + index * VIEW_BYTES;
    int32_t parts[4];
    memcpy(parts, view, sizeof parts);
    if (parts[0] <= VIEW_INLINE_BYTES)
        return (struct span){view + sizeof parts[0], parts[0]};
    const char *data = array->buffers[VIEW_FIRST_BUFFER + parts[2]];
    return (struct span){data + parts[3], parts[0]};
}

static PyObject *get_text_view(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    (void)schema;
    struct span text = view_at(array, index);
    return PyUnicode_DecodeUTF8(text.bytes, text.n, "surrogateescape");
}

/* "w:16" */
static int64_t width_of(const char *format)
{
    int64_t width = 0;
    for (const char *c = format + 2; *c >= '0' && *c <= '9' && width < INT32_MAX; c++)
        width = width * 10 + (*c - '0');
    return width;
}

static PyObject *get_fixed(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t index)
{
    int64_t width = width_of(schema->format);
    const char *data = array->buffers[1];
    return PyBytes_FromStringAndSize(data + index * width, (Py_ssize_t)width);
}

static const struct value_kind KINDS[] = {
    {"b", 0, NULL, get_bool},          {"i", 4, "<i4", get_int32},
    {"l", 8, "<i8", get_int64},        {"f", 4, "<f4", get_float},
    {"g", 8, "<f8", get_double},       {"tsm:", 8, "<M8[ms]", get_int64},
    {"tsu:", 8, "<M8[us]", get_int64}, {"tsn:", 8, "<M8[ns]", get_int64},
    {"u", 0, NULL, get_text},          {"vu", VIEW_BYTES, NULL, get_text_view},
    {"z", 0, NULL, get_binary},        {"w:", 0, NULL, get_fixed},
};

const struct value_kind *value_kind_of(const char *format)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        size_t n = strlen(KINDS[i].format);
        bool goes_on = KINDS[i].format[n - 1] == ':';
        if (strncmp(format, KINDS[i].format, n) == 0 && (goes_on || format[n] == '\0'))
            return &KINDS[i];
    }
    return NULL;
}

/* Texts lie behind their offsets, or in the buffers that the last one gives the sizes of. */
static int64_t text_bytes(const struct ArrowArray *array)
{
    const int32_t *offsets = array->buffers[1];
    int64_t n_text = offsets[array->offset + array->length] - offsets[array->offset];
    return n_text + (array->length + 1) * (int64_t)sizeof *offsets;
}

static int64_t view_bytes(const struct ArrowArray *array)
{
    int64_t n_bytes = array->length * VIEW_BYTES;
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    for (int64_t i = VIEW_FIRST_BUFFER; i < array->n_buffers - 1; i++)
        n_bytes += sizes[i - VIEW_FIRST_BUFFER];
    return n_bytes;
}

int64_t value_bytes(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    const struct value_kind *kind = value_kind_of(schema->format);
    int64_t n_bits = (array->length + 7) / 8;
    int64_t n_validity = array->buffers[0] != NULL ? n_bits : 0;
    if (kind == NULL || array->length == 0)
        return n_validity;
    if (kind->get == get_text || kind->get == get_binary)
        return n_validity + text_bytes(array);
    if (kind->get == get_text_view)
        return n_validity + view_bytes(array);
    if (kind->get == get_bool)
        return n_validity + n_bits;
    int64_t width = kind->get == get_fixed ? width_of(schema->format) : (int64_t)kind->n_bytes;
    return n_validity + array->length * width;
}

int64_t value_nulls(const struct ArrowArray *array)
{
    if (array->null_count >= 0 || array->buffers[0] == NULL)
        return array->null_count > 0 ? array->null_count : 0;
    int64_t n = 0;
    for (int64_t i = 0; i < array->length; i++)
        n += !bit_at(array->buffers[0], array->offset + i);
    return n;
}

PyObject *value_get(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t row)
{
    const struct value_kind *kind = value_kind_of(schema->format);
    int64_t index = array->offset + row;
    if (array->null_count != 0 && array->buffers[0] != NULL && !bit_at(array->buffers[0], index))
        Py_RETURN_NONE;
    if (kind == NULL)
        return PyErr_Format(PyExc_NotImplementedError, "column %s has the Arrow format '%s', which has no values here",
                            schema->name, schema->format);
    return kind->get(schema, array, index);
}
