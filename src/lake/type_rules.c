#include "lake/type_rules.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "column/data_type.h"
#include "lake/names.h"
#include "lake/near.h"

enum { WHAT_BYTES = 200, UNIT_BYTES = 32 };

static const enum column_type kinds[] = {COLUMN_TIMESTAMP_MS, COLUMN_TIMESTAMP_US, COLUMN_DOUBLE,
                                         COLUMN_FLOAT,        COLUMN_INT64,        COLUMN_INT32,
                                         COLUMN_BOOL,         COLUMN_UTF8,         COLUMN_BINARY};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

#define KIND_CHOICES "timestamp[ms] timestamp[us] double float int64 int32 bool utf8 binary"

/* ---- texts ---- */

/* UTF-8 on one line, of at most so many bytes; a comma would be taken for the end of a name. */
static bool is_plain(const char *text, size_t most, const char *refused)
{
    const char *end = text + strlen(text);
    if ((size_t)(end - text) > most || strpbrk(text, refused) != NULL)
        return false;
    for (size_t n = 0; text < end; text += n) {
        n = utf8_length(text, end);
        if (n == 0 || (unsigned char)text[0] < ' ' || text[0] == 0x7f)
            return false;
    }
    return true;
}

static bool is_column_name(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && name[0] != ' ' && name[n - 1] != ' ' && is_plain(name, LIMIT_NAME_BYTES, ",");
}

/* ---- the name ---- */

/* Directories that some system has another use for. */
static bool is_reserved(const char *name)
{
    char upper[DATA_TYPE_NAME_BYTES], directory[NAME_BYTES];
    size_t n = strlen(name);
    for (size_t i = 0; i <= n; i++)
        upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
    name_directory(upper, directory);
    return directory[0] == '%';
}

static lake_status check_name(const char *name, struct lake_error *err)
{
    const struct data_type *known = NULL;
    const struct period *period = NULL;
    if (!data_type_is_name(name))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "'%.40s' cannot be a data type's name: it is 2 to %d of a-z, 0-9 and '_', and begins with a "
                         "letter",
                         name, DATA_TYPE_NAME_BYTES - 1);
    if (data_type_find(name, &known, NULL) == LAKE_OK)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "every lake has a data type '%s': %s", name, known->what);
    if (is_reserved(name) || period_find(name, &period, NULL) == LAKE_OK)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%s' cannot be a data type's name: it means something else",
                         name);
    return LAKE_OK;
}

bool type_rules_is_name(const char *name)
{
    return check_name(name, NULL) == LAKE_OK;
}

/* ---- columns ---- */

static bool is_kind(int32_t type)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if ((int32_t)kinds[i] == type)
            return true;
    return false;
}

lake_status type_rules_find_kind(const char *kind, enum column_type *out, struct lake_error *err)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    for (size_t i = 0; i < N_KINDS; i++) {
        const char *name = column_type_name(kinds[i]);
        size_t steps = near_distance(kind, name);
        *out = kinds[i];
        if (steps == 0)
            return LAKE_OK;
        if (steps < distance && near_enough(kind, steps)) {
            nearest = name;
            distance = steps;
        }
    }
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "'%.40s' is no kind of column, which are " KIND_CHOICES "%s%s%s", kind,
                     nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest,
                     nearest == NULL ? "" : "?");
}

static lake_status check_column(const struct manifest_type *type, size_t index, struct lake_error *err)
{
    const struct manifest_type_column *column = &type->columns[index];
    if (!is_column_name(column->name))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%s': '%.80s' cannot be a column's name: it is 1 to %d bytes of UTF-8 without "
                         "commas and control characters, and no blank stands first or last",
                         type->name, column->name, LIMIT_NAME_BYTES);
    if (!is_kind(column->type))
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%s': column '%s' is of no kind there is", type->name,
                         column->name);
    if (!is_plain(column->unit, UNIT_BYTES, "()"))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%s': column '%s': its unit is not a line of at most %d bytes without parentheses",
                         type->name, column->name, UNIT_BYTES);
    for (size_t i = 0; i < index; i++)
        if (near_same_but_for_case(type->columns[i].name, column->name))
            return lake_fail(err, LAKE_INVALID_ARGUMENT,
                             "data type '%s': column '%s' is named twice; SQL does not tell capitals from small "
                             "letters",
                             type->name, column->name);
    return LAKE_OK;
}

static lake_status check_columns(const struct manifest_type *type, struct lake_error *err)
{
    if (type->n_columns > LIMIT_TYPE_COLUMNS)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%s': has %zu columns, at most %d are possible",
                         type->name, type->n_columns, LIMIT_TYPE_COLUMNS);
    for (size_t i = 0; i < type->n_columns; i++)
        TRY(check_column(type, i, err));
    bool has_time = type->n_columns > 0 && strcmp(type->columns[0].name, "ts") == 0 &&
                    (type->columns[0].type == COLUMN_TIMESTAMP_MS || type->columns[0].type == COLUMN_TIMESTAMP_US);
    if (!has_time)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%s': the first column must be ts, a timestamp[ms] or timestamp[us]", type->name);
    if (type->columns[0].is_nullable)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%s': ts cannot be null", type->name);
    return LAKE_OK;
}

/* ---- the key ---- */

static size_t count_key(const struct manifest_type *type)
{
    size_t n = 0;
    for (size_t i = 0; i < type->n_columns; i++)
        n += type->columns[i].key > 0;
    return n;
}

static lake_status check_key_column(const struct manifest_type *type, const struct manifest_type_column *column,
                                    struct lake_error *err)
{
    if (column->type != COLUMN_UTF8)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%s': key column '%s' is %s; rows of one time are told apart by a utf8 column",
                         type->name, column->name, column_type_name((enum column_type)column->type));
    if (column->is_nullable)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%s': key column '%s' cannot be null", type->name,
                         column->name);
    return LAKE_OK;
}

static lake_status check_key(const struct manifest_type *type, struct lake_error *err)
{
    size_t n_key = count_key(type);
    if (n_key > TYPE_KEY_COLUMNS || type->columns[0].key != 1)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%s': the key is ts, or ts and one column more of kind utf8", type->name);
    for (size_t i = 1; i < type->n_columns; i++) {
        if (type->columns[i].key == 0)
            continue;
        if (type->columns[i].key != TYPE_KEY_COLUMNS)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%s': the key names a column twice", type->name);
        TRY(check_key_column(type, &type->columns[i], err));
    }
    if (type->has_period && (n_key > 1 || type->columns[0].type != COLUMN_TIMESTAMP_MS))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%s': rows of a period have one row a time: their key is ts alone, a "
                         "timestamp[ms]; without a period any number of rows may share a time",
                         type->name);
    return LAKE_OK;
}

lake_status type_rules_check(const struct manifest_type *type, struct lake_error *err)
{
    TRY(check_name(type->name, err));
    if (!is_plain(type->what, WHAT_BYTES, ""))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "data type '%s': what it is must be told in one line of at most %d bytes", type->name,
                         WHAT_BYTES);
    TRY(check_columns(type, err));
    return count_key(type) == 0 ? LAKE_OK : check_key(type, err);
}
