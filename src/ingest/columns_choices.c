/* `--columns`: names that the user gives to fields, by position or by the source's own names. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ingest/columns_work.h"
#include "io/number.h"

/* One item, taken apart: "volume=Volume USDT", "trades=#7", "note:text", "close", "-". */
struct choice {
    struct csv_span name;   /* the column it is to be */
    struct csv_span source; /* behind '='; data NULL where there is none */
    enum column_type type;  /* 0: none */
};

static const struct type_word {
    const char *word;
    enum column_type type;
} type_words[] = {{"double", COLUMN_DOUBLE}, {"int64", COLUMN_INT64}, {"text", COLUMN_UTF8}, {"bool", COLUMN_BOOL}};

static bool equals(struct csv_span span, const char *text)
{
    return strlen(text) == span.length && memcmp(span.data, text, span.length) == 0;
}

/* The type behind the last colon, which is cut off; a name may have colons of its own. */
static enum column_type take_type(struct csv_span *name)
{
    for (size_t i = 0; i < sizeof type_words / sizeof type_words[0]; i++) {
        size_t n = strlen(type_words[i].word);
        if (name->length > n + 1 && name->data[name->length - n - 1] == ':' &&
            memcmp(name->data + name->length - n, type_words[i].word, n) == 0) {
            name->length -= n + 1;
            return type_words[i].type;
        }
    }
    return (enum column_type)0;
}

static struct choice take_choice(const char *item)
{
    struct choice choice = {{item, strlen(item)}, {NULL, 0}, (enum column_type)0};
    const char *mark = strchr(item, '=');
    if (mark != NULL) {
        choice.name.length = (size_t)(mark - item);
        choice.source = (struct csv_span){mark + 1, strlen(mark + 1)};
        choice.type = take_type(&choice.source);
    }
    if (choice.type == 0)
        choice.type = take_type(&choice.name);
    choice.name = csv_trim(choice.name, ',');
    if (choice.source.data != NULL)
        choice.source = csv_trim(choice.source, ',');
    return choice;
}

lake_status columns_check_choices(const struct column_choices *choices, struct lake_error *err)
{
    for (size_t i = 0; i < choices->n_items; i++) {
        struct choice choice = take_choice(choices->items[i]);
        if (choice.name.length == 0 || (choice.source.data != NULL && choice.source.length == 0))
            return lake_fail(err, LAKE_INVALID_ARGUMENT,
                             "columns: item %zu, '%.40s', is not 'name', '-', 'name=source', 'name=#7' or 'name:type'",
                             i + 1, choices->items[i]);
        if (choice.name.length > LIMIT_NAME_BYTES)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "columns: the name '%.40s...' is longer than %d bytes",
                             choices->items[i], LIMIT_NAME_BYTES);
        for (size_t k = 0; k < i; k++) {
            struct choice other = take_choice(choices->items[k]);
            if (!equals(choice.name, "-") && other.name.length == choice.name.length &&
                memcmp(other.name.data, choice.name.data, choice.name.length) == 0 &&
                (other.source.data == NULL) == (choice.source.data == NULL) && other.type == choice.type)
                return lake_fail(err, LAKE_INVALID_ARGUMENT, "columns: '%.40s' is named twice", choices->items[i]);
        }
    }
    return LAKE_OK;
}

enum column_type columns_chosen_type(const struct column_choices *choices, const char *name)
{
    for (size_t i = 0; i < choices->n_items; i++) {
        struct choice choice = take_choice(choices->items[i]);
        if (choice.type != 0 && equals(choice.name, name))
            return choice.type;
    }
    return (enum column_type)0;
}

/* Byte for byte, else as the table of names compares; -1: none, -2: several. */
static int find_source(const struct columns_work *work, struct csv_span source)
{
    const struct columns_input *input = work->input;
    int found = -1;
    for (size_t i = 0; input->names != NULL && i < input->n_fields; i++)
        if (input->names[i].length == source.length && memcmp(input->names[i].data, source.data, source.length) == 0)
            found = found == -1 ? (int)i : -2;
    for (size_t i = 0; found == -1 && input->names != NULL && i < input->n_fields; i++)
        if (csv_is_same_name(input->names[i], source)) {
            found = (int)i;
            for (size_t k = i + 1; k < input->n_fields; k++)
                if (csv_is_same_name(input->names[k], source))
                    found = -2;
        }
    return found;
}

/* "#7" is the seventh field. */
static lake_status resolve(const struct columns_work *work, struct csv_span source, const char *item, size_t *out,
                           struct lake_error *err)
{
    int64_t number = 0;
    if (source.length > 1 && source.data[0] == '#' && number_parse_int64(source.data + 1, source.length - 1, &number)) {
        if (number < 1 || number > (int64_t)work->input->n_fields)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: columns: '%.60s' names no column; there are %zu",
                             work->input->place, item, work->input->n_fields);
        *out = (size_t)number - 1;
        return LAKE_OK;
    }
    int found = find_source(work, source);
    if (found < 0)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s: columns: '%.60s' names %s; name it by its number, such as #%zu", work->input->place, item,
                         found == -1 ? "no column of the file" : "several columns", work->input->n_fields);
    *out = (size_t)found;
    return LAKE_OK;
}

static void choose(struct columns_field *field, const struct choice *choice)
{
    field->chosen = choice->type != 0 ? choice->type : field->chosen;
    field->is_chosen = true;
    if (equals(choice->name, "-")) {
        columns_decide(field, FIELD_SKIP, NULL, NULL);
        return;
    }
    field->name = choice->name;
}

/* "note:text" and "note=-": of a name that a field has already. */
static bool refers(const struct columns_work *work, const struct choice *choice, size_t *field)
{
    for (size_t i = 0; i < work->input->n_fields; i++) {
        struct csv_span name = work->fields[i].name;
        if (name.length == choice->name.length && name.length > 0 &&
            memcmp(name.data, choice->name.data, name.length) == 0) {
            *field = i;
            return true;
        }
    }
    return false;
}

static lake_status apply_named(struct columns_work *work, const char *item, struct choice *choice,
                               struct lake_error *err)
{
    size_t field = 0;
    if (choice->source.data != NULL && !equals(choice->source, "-")) {
        TRY(resolve(work, choice->source, item, &field, err));
    } else if (!refers(work, choice, &field)) {
        /* A column of the lake may have another name than the source gave it ("column_7", "Plot_2"): columns_extra.c
         * looks again. */
        if (choice->source.data == NULL)
            return LAKE_OK;
        TRY(resolve(work, choice->name, item, &field, err));
    }
    if (choice->source.data == NULL) {
        work->fields[field].chosen = choice->type;
        return LAKE_OK;
    }
    if (equals(choice->source, "-"))
        choice->name = choice->source;
    choose(&work->fields[field], choice);
    return LAKE_OK;
}

lake_status columns_apply_choices(struct columns_work *work, struct lake_error *err)
{
    const struct column_choices *choices = work->input->choices;
    size_t position = 0, field = 0;
    bool is_positional = false;
    for (size_t i = 0; i < choices->n_items; i++)
        is_positional =
            is_positional || (strchr(choices->items[i], '=') == NULL && take_choice(choices->items[i]).type == 0);
    for (size_t i = 0; i < choices->n_items; i++) {
        struct choice choice = take_choice(choices->items[i]);
        bool is_by_name =
            choice.source.data != NULL || !is_positional || (choice.type != 0 && refers(work, &choice, &field));
        if (is_by_name) {
            TRY(apply_named(work, choices->items[i], &choice, err));
            continue;
        }
        if (position == work->input->n_fields)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: columns: '%.40s' is item %zu, but there are %zu columns",
                             work->input->place, choices->items[i], i + 1, work->input->n_fields);
        choose(&work->fields[position++], &choice);
        work->origin = "option";
    }
    return LAKE_OK;
}
