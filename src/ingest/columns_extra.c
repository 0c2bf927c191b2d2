/* What no column of the type is: indexes and empty columns are left out, all else is kept under its own name. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "ingest/columns_work.h"
#include "lake/near.h"

enum { SUFFIX_BYTES = 16, MAX_SAME_NAMES = 10000 };

static bool says_nothing(const struct columns_field *f)
{
    bool is_index = f->name.length == 0 || columns_means(f, NAME_INDEX);
    return columns_means(f, NAME_IGNORE) || (is_index && f->profile.is_sequence) ||
           (f->name.length == 0 && f->profile.n_values == 0);
}

/* Letters alone are yes and no only where both are there: a column of nothing but "T" may hold any letter further on. */
static bool is_bool(const struct columns_work *work, const struct columns_field *f)
{
    size_t n_letters = 0, n_true = 0, field = (size_t)(f - work->fields);
    for (size_t row = 0; row < work->input->n_samples; row++) {
        struct csv_span value = work->input->samples[row * work->input->n_fields + field];
        bool is_true = false;
        if (!csv_read_bool(value, &is_true))
            continue;
        n_true += is_true;
        n_letters += value.length == 1;
    }
    bool has_both = n_true > 0 && n_true < f->profile.n_bools;
    return f->profile.n_bools == f->profile.n_values && (has_both || n_letters == 0);
}

static enum column_type type_of_values(const struct columns_work *work, const struct columns_field *f)
{
    const struct column_profile *profile = &f->profile;
    if (profile->n_values == 0)
        return COLUMN_DOUBLE;
    if (column_profile_is_number(profile) && profile->n_padded > 0)
        return COLUMN_UTF8; /* "007" is no number */
    if (column_profile_is_whole(profile))
        return COLUMN_INT64;
    if (column_profile_is_number(profile))
        return COLUMN_DOUBLE;
    return is_bool(work, f) ? COLUMN_BOOL : COLUMN_UTF8;
}

static bool is_kept_type(enum column_type type)
{
    return type == COLUMN_INT64 || type == COLUMN_DOUBLE || type == COLUMN_UTF8 || type == COLUMN_BOOL;
}

/* What was chosen, what the dataset has already, what the values are: in this order. */
static enum column_type type_of(const struct columns_work *work, const struct columns_field *f, const char *name)
{
    const struct column_choices *choices = work->input->choices;
    enum column_type chosen = columns_chosen_type(choices, name);
    if (f->chosen != 0)
        return f->chosen;
    if (chosen != 0)
        return chosen;
    int stored = choices->stored != NULL ? schema_find(choices->stored, name) : -1;
    if (stored >= 0 && is_kept_type(choices->stored->fields[stored].type))
        return choices->stored->fields[stored].type;
    return type_of_values(work, f);
}

/* Whatever the case of ASCII letters: tools that do not tell cases apart read the files too. */
static bool is_taken(const struct columns_work *work, const char *name)
{
    for (size_t c = 0; c < work->type->n_columns; c++)
        if (near_same_but_for_case(work->type->columns[c].name, name))
            return true;
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (work->fields[i].is_decided && work->fields[i].field.name != NULL &&
            near_same_but_for_case(work->fields[i].field.name, name))
            return true;
    return false;
}

/* The name as it is, but for what is not printable, cut between characters. */
static void write_name(const struct columns_field *f, size_t limit, char out[LIMIT_NAME_BYTES + 1])
{
    struct csv_span text = f->name.length > 0 ? f->name : (struct csv_span){f->shown, strlen(f->shown)};
    const char *p = text.data, *end = text.data + text.length;
    size_t n = 0;
    while (p < end) {
        size_t length = utf8_length(p, end);
        if (n + (length > 0 ? length : 1) > limit)
            break;
        bool is_plain = length > 1 || (length == 1 && (uint8_t)*p >= 0x20 && *p != 0x7f);
        if (is_plain)
            memcpy(out + n, p, length);
        else
            out[n] = '_';
        n += length > 0 ? length : 1;
        p += length > 0 ? length : 1;
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* "Plot", "Plot_2", "Plot_3". */
static lake_status name_extra(const struct columns_work *work, const struct columns_field *f, const char **out,
                              struct lake_error *err)
{
    char name[LIMIT_NAME_BYTES + SUFFIX_BYTES + 1] = "";
    write_name(f, LIMIT_NAME_BYTES, name);
    for (int k = 2; is_taken(work, name) && k < MAX_SAME_NAMES; k++) {
        write_name(f, LIMIT_NAME_BYTES - SUFFIX_BYTES, name);
        size_t n = strlen(name);
        (void)snprintf(name + n, SUFFIX_BYTES, "_%d", k);
    }
    return arena_copy_text(work->arena, name, strlen(name), out, err);
}

static lake_status take_extra(struct columns_work *work, struct columns_field *f, struct lake_error *err)
{
    const char *name = NULL;
    TRY(name_extra(work, f, &name, err));
    columns_decide(f, FIELD_VALUE, name, work->type);
    f->field.type = type_of(work, f, name);
    f->field.is_nullable = true;
    f->field.is_extra = true;
    bool is_number = f->field.type == COLUMN_DOUBLE;
    f->field.is_percent = is_number && f->profile.n_percent > 0;
    f->field.has_suffix = is_number && f->profile.n_suffix > 0;
    f->field.has_currency = is_number && f->profile.n_currency > 0;
    return LAKE_OK;
}

lake_status columns_take_rest(struct columns_work *work, struct lake_error *err)
{
    char left_out[FIELD_LIST_BYTES] = "", kept[FIELD_LIST_BYTES] = "";
    for (size_t i = 0; i < work->input->n_fields; i++) {
        struct columns_field *f = &work->fields[i];
        if (f->is_decided)
            continue;
        if (f->chosen == 0 && says_nothing(f)) {
            columns_decide(f, FIELD_SKIP, NULL, NULL);
            columns_list(left_out, f->shown);
            continue;
        }
        TRY(take_extra(work, f, err));
        columns_list(kept, f->field.name);
    }
    if (left_out[0] != '\0')
        TRY(columns_note(work, "left out", left_out, "values", err));
    return kept[0] != '\0' ? columns_note(work, "kept as they are", kept, work->origin, err) : LAKE_OK;
}
