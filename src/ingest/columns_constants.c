/* Columns that say the same in every row: symbol, exchange, period. */
#include <stdio.h>
#include <string.h>

#include "ingest/columns_work.h"
#include "ingest/symbol_text.h"

enum { MAX_SHOWN = 8 };

static struct csv_span value_at(const struct columns_work *work, size_t field, size_t row)
{
    return work->input->samples[row * work->input->n_fields + field];
}

static bool is_same(struct csv_span a, struct csv_span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Distinct values, at most MAX_SHOWN of them; nulls are none. */
static size_t list_distinct(const struct columns_work *work, size_t field, struct csv_span out[MAX_SHOWN])
{
    size_t n = 0;
    for (size_t row = 0; row < work->input->n_samples && n < MAX_SHOWN; row++) {
        struct csv_span value = value_at(work, field, row);
        bool is_known = csv_is_null(value);
        for (size_t i = 0; i < n && !is_known; i++)
            is_known = is_same(out[i], value);
        if (!is_known)
            out[n++] = value;
    }
    return n;
}

static lake_status set_constant(struct columns_work *work, struct columns_field *field, struct csv_span value,
                                struct lake_error *err)
{
    columns_decide(field, FIELD_CONSTANT, NULL, NULL);
    return arena_copy_text(work->arena, value.data, value.length, &field->field.constant, err);
}

/* A symbol as --symbol takes it: as the source writes it, or without the marks that no name can have. */
static const char *name_symbol(struct csv_span value, char shown[CSV_SHOWN_TEXT_BYTES])
{
    char plain[SYMBOL_TEXT_BYTES];
    bool is_name = true;
    for (size_t i = 0; i < value.length; i++)
        is_name = is_name && memchr("/:\\|+*'\" ", value.data[i], 10) == NULL;
    (void)csv_show(value, shown);
    if (!is_name && symbol_text_plain(value, plain)[0] != '\0')
        (void)snprintf(shown, CSV_SHOWN_TEXT_BYTES, "%s", plain);
    return shown;
}

static lake_status fail_several(const struct columns_work *work, const struct columns_field *field,
                                const struct csv_span *values, size_t n, struct lake_error *err)
{
    char list[FIELD_LIST_BYTES] = "", shown[CSV_SHOWN_TEXT_BYTES];
    bool is_symbol = columns_means(field, NAME_SYMBOL);
    for (size_t i = 0; i < n; i++)
        columns_list(list, is_symbol ? name_symbol(values[i], shown) : csv_show(values[i], shown));
    const char *asked = work->input->choices->symbol;
    if (is_symbol)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: column '%s' holds several symbols (%s%s)%s%.64s; choose one with --symbol",
                         work->input->place, field->shown, list, n == MAX_SHOWN ? ", ..." : "",
                         asked != NULL ? " and none of them is " : "", asked != NULL ? asked : "");
    return lake_fail(err, LAKE_INVALID_DATA, "%s: column '%s' holds several values (%s%s); they are not one dataset",
                     work->input->place, field->shown, list, n == MAX_SHOWN ? ", ..." : "");
}

/* The value of some row that is the symbol asked for: as it is asked for, else one that no other is too. */
static lake_status find_asked(const struct columns_work *work, size_t field, struct csv_span *out, bool *is_found,
                              struct lake_error *err)
{
    struct csv_span asked = {work->input->choices->symbol, 0}, other = {NULL, 0};
    char shown[CSV_SHOWN_TEXT_BYTES], shown_other[CSV_SHOWN_TEXT_BYTES];
    asked.length = asked.data != NULL ? strlen(asked.data) : 0;
    *is_found = false;
    for (size_t row = 0; asked.length > 0 && row < work->input->n_samples; row++) {
        struct csv_span value = value_at(work, field, row);
        if (!symbol_text_is_same(value, asked))
            continue;
        if (!*is_found || csv_is_same_thing(value, asked))
            *out = value;
        else if (!csv_is_same_thing(value, *out))
            other = value;
        *is_found = true;
    }
    if (other.data == NULL || csv_is_same_thing(*out, asked))
        return LAKE_OK;
    return lake_fail(err, LAKE_INVALID_DATA,
                     "%s: column '%s' holds several symbols that are %.64s (%s, %s); ingest the rows of one of them",
                     work->input->place, work->fields[field].shown, asked.data, csv_show(*out, shown),
                     csv_show(other, shown_other));
}

static lake_status note_symbol(struct columns_work *work, const struct columns_field *field, bool is_asked,
                               struct lake_error *err)
{
    char text[FIELD_LIST_BYTES], shown[CSV_SHOWN_TEXT_BYTES];
    struct csv_span constant = {field->field.constant, strlen(field->field.constant)};
    (void)snprintf(text, sizeof text, "'%s' in column '%s'%s", csv_show(constant, shown), field->shown,
                   is_asked                               ? ""
                   : work->input->choices->symbol != NULL ? ", which is not the symbol asked for"
                                                          : "");
    return columns_note(work, "symbol", text, "values", err);
}

static lake_status take_symbol(struct columns_work *work, size_t at, struct lake_error *err)
{
    struct columns_field *field = &work->fields[at];
    struct csv_span values[MAX_SHOWN], wanted = field->profile.first;
    size_t n = list_distinct(work, at, values);
    bool is_asked = false;
    TRY(find_asked(work, at, &wanted, &is_asked, err));
    if (field->is_chosen && !is_asked && work->input->choices->symbol != NULL) {
        /* Whoever names the column and the symbol wants no other rows, wherever the first of them is. */
        wanted = (struct csv_span){work->input->choices->symbol, strlen(work->input->choices->symbol)};
        is_asked = true;
    }
    if (n > 1 && !is_asked)
        return fail_several(work, field, values, n, err);
    TRY(set_constant(work, field, is_asked ? wanted : values[0], err));
    field->field.skips_others = is_asked;
    work->has_others = n > 1;
    if (work->symbol.length == 0)
        work->symbol = (struct csv_span){field->field.constant, strlen(field->field.constant)};
    return note_symbol(work, field, is_asked, err);
}

static lake_status take_other(struct columns_work *work, size_t at, struct lake_error *err)
{
    struct columns_field *field = &work->fields[at];
    struct csv_span values[MAX_SHOWN] = {{NULL, 0}};
    size_t n = list_distinct(work, at, values);
    if (n > 1)
        return fail_several(work, field, values, n, err);
    return set_constant(work, field, values[0], err);
}

/* "contracts" are a symbol in one venue's funding history, and a count elsewhere; a "name" in numbers is no name. */
static bool is_number_of_something(const struct columns_field *field)
{
    static const struct csv_span names[] = {{"contracts", 9}, {"name", 4}, {"asset", 5}, {"coin", 4}};
    bool is_known = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        is_known = is_known || csv_is_same_name(field->name, names[i]);
    return is_known && column_profile_is_number(&field->profile);
}

/* The column of symbols with the best-known name, or -1; others are kept as they are. */
static int find_symbol(const struct columns_work *work)
{
    int best = -1;
    for (size_t i = 0; i < work->input->n_fields; i++) {
        const struct columns_field *f = &work->fields[i];
        bool is_symbol = !f->is_decided && f->chosen == 0 && columns_means(f, NAME_SYMBOL) && f->profile.n_values > 0 &&
                         !is_number_of_something(f);
        if (is_symbol && (best < 0 || f->meaning.rank < work->fields[best].meaning.rank))
            best = (int)i;
    }
    return best;
}

lake_status columns_take_constants(struct columns_work *work, struct lake_error *err)
{
    int symbol = find_symbol(work);
    if (symbol >= 0)
        TRY(take_symbol(work, (size_t)symbol, err));
    for (size_t i = 0; i < work->input->n_fields; i++) {
        struct columns_field *field = &work->fields[i];
        bool is_other = columns_means(field, NAME_EXCHANGE) || columns_means(field, NAME_PERIOD);
        if (is_other && !field->is_decided && field->chosen == 0 && field->profile.n_values > 0)
            TRY(take_other(work, i, err));
    }
    return LAKE_OK;
}
