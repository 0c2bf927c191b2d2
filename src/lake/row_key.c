#include "lake/row_key.h"

#include <string.h>

static struct row_key_column find_column(const struct data_type *type, const struct batch *batch, const char *name)
{
    const struct data_type_column *described = data_type_column(type, name);
    int found = schema_find(batch->schema, name);
    if (found < 0 || described == NULL || batch->schema->fields[found].type != described->type)
        return (struct row_key_column){NULL, COLUMN_UTF8};
    return (struct row_key_column){&batch->columns[found], described->type};
}

void row_key_init(struct row_key *key, const struct data_type *type, const struct batch *batch)
{
    *key = (struct row_key){.ts = batch_values(batch, 0), .n_columns = type->n_key - 1, .n_others = type->n_key_else};
    for (size_t i = 0; i < key->n_columns; i++)
        key->columns[i] = find_column(type, batch, type->key[i + 1]);
    for (size_t i = 0; i < key->n_others; i++)
        key->others[i] = find_column(type, batch, type->key_else[i]);
}

static bool has_value(const struct row_key_column *column, int64_t row)
{
    return column->column != NULL && column_is_valid(column->column, row);
}

bool row_key_is_counted(const struct row_key *key, int64_t row)
{
    if (key->n_others == 0)
        return false;
    for (size_t i = 0; i < key->n_columns; i++)
        if (!has_value(&key->columns[i], row))
            return true;
    return false;
}

/* ---- values ---- */

struct text {
    const uint8_t *bytes;
    size_t n;
};

static struct text text_at(const struct column *column, int64_t row)
{
    const uint8_t *bytes = column->values;
    int32_t first = column->offsets[row], end = column->offsets[row + 1];
    return (struct text){first == end ? NULL : bytes + first, (size_t)(end - first)};
}

static int compare_sizes(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_bytes(struct text a, struct text b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n == 0 ? 0 : memcmp(a.bytes, b.bytes, n);
    return order != 0 ? order : compare_sizes(a.n, b.n);
}

static bool is_number(struct text text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
    return text.n > 0;
}

static struct text without_zeros(struct text text)
{
    while (text.n > 0 && text.bytes[0] == '0') {
        text.bytes++;
        text.n--;
    }
    return text;
}

/* However long: of numbers without leading zeros the one with more digits is greater. */
static int compare_numbers(struct text a, struct text b)
{
    struct text x = without_zeros(a), y = without_zeros(b);
    int order = compare_sizes(x.n, y.n);
    if (order == 0)
        order = compare_bytes(x, y);
    return order != 0 ? order : compare_bytes(a, b);
}

static int compare_texts(struct text a, struct text b)
{
    bool is_a = is_number(a), is_b = is_number(b);
    if (is_a != is_b)
        return is_a ? -1 : 1;
    return is_a ? compare_numbers(a, b) : compare_bytes(a, b);
}

static int compare_int64(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Doubles in totalOrder are their bits as sign and magnitude: turned into two's complement they are integers in that order. */
static int64_t ordered_bits(double value)
{
    int64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? bits ^ INT64_MAX : bits;
}

static int compare_values(const struct row_key_column *a, int64_t i, const struct row_key_column *b, int64_t j)
{
    const void *x = a->column->values, *y = b->column->values;
    switch (a->type) {
    case COLUMN_DOUBLE:
        return compare_int64(ordered_bits(((const double *)x)[i]), ordered_bits(((const double *)y)[j]));
    case COLUMN_INT32: return compare_int64(((const int32_t *)x)[i], ((const int32_t *)y)[j]);
    case COLUMN_UTF8: return compare_texts(text_at(a->column, i), text_at(b->column, j));
    default: return compare_int64(((const int64_t *)x)[i], ((const int64_t *)y)[j]);
    }
}

/* ---- rows ---- */

static int compare_columns(const struct row_key_column *a, int64_t i, const struct row_key_column *b, int64_t j,
                           size_t n)
{
    for (size_t k = 0; k < n; k++) {
        bool has_a = has_value(&a[k], i), has_b = has_value(&b[k], j);
        int order = has_a && has_b ? compare_values(&a[k], i, &b[k], j) : (int)has_a - (int)has_b;
        if (order != 0)
            return order;
    }
    return 0;
}

int row_key_compare(const struct row_key *a, int64_t row_a, const struct row_key *b, int64_t row_b)
{
    int order = compare_int64(a->ts[row_a], b->ts[row_b]);
    if (order != 0 || a->n_columns == 0)
        return order;
    bool is_counted = row_key_is_counted(a, row_a);
    if (is_counted != row_key_is_counted(b, row_b))
        return is_counted ? 1 : -1;
    return is_counted ? compare_columns(a->others, row_a, b->others, row_b, a->n_others)
                      : compare_columns(a->columns, row_a, b->columns, row_b, a->n_columns);
}

bool row_key_follows(const struct row_key *a, int64_t row_a, const struct row_key *b, int64_t row_b)
{
    int order = row_key_compare(a, row_a, b, row_b);
    return order < 0 || (order == 0 && row_key_is_counted(a, row_a));
}
