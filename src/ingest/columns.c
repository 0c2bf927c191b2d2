#include "ingest/columns.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "ingest/columns_work.h"

#define COLUMNS_EXAMPLE "--columns ts,open,high,low,close,volume"

void columns_decide(struct columns_field *field, enum field_use use, const char *column, const struct data_type *type)
{
    const struct data_type_column *described = column != NULL ? data_type_column(type, column) : NULL;
    field->is_decided = true;
    field->field.use = use;
    field->field.name = column;
    field->field.is_extra = column != NULL && described == NULL;
    field->field.is_nullable = described == NULL || described->nullable;
    if (described != NULL)
        field->field.type = described->type;
    bool is_number = described != NULL && (described->type == COLUMN_DOUBLE || described->type == COLUMN_INT64);
    field->field.is_percent = is_number && field->profile.n_percent > 0;
    field->field.has_suffix = is_number && field->profile.n_suffix > 0;
    field->field.has_currency = is_number && field->profile.n_currency > 0;
}

int columns_find(const struct columns_work *work, const char *column)
{
    for (size_t i = 0; i < work->input->n_fields; i++) {
        const struct columns_field *f = &work->fields[i];
        if (f->is_decided && f->field.name != NULL && strcmp(f->field.name, column) == 0)
            return (int)i;
    }
    return -1;
}

void columns_list(char list[FIELD_LIST_BYTES], const char *name)
{
    size_t used = strlen(list);
    (void)snprintf(list + used, FIELD_LIST_BYTES - used, "%s%s", used > 0 ? ", " : "", name);
}

lake_status columns_note(struct columns_work *work, const char *what, const char *value, const char *origin,
                         struct lake_error *err)
{
    const char *option = strcmp(what, "type") == 0 ? "--type" : strcmp(what, "symbol") == 0 ? "--symbol" : "--columns";
    struct finding finding = {what, value, origin, option};
    return findings_add(work->findings, finding, err);
}

static lake_status start_field(struct columns_work *work, size_t i, struct lake_error *err)
{
    const struct columns_input *input = work->input;
    struct columns_field *f = &work->fields[i];
    if (input->names != NULL)
        f->name = input->names[i];
    const struct csv_span *samples = input->n_samples > 0 ? input->samples + i : NULL;
    return column_profile_make(samples, input->n_samples, input->n_fields, work->arena, &f->profile, err);
}

static lake_status show_field(struct columns_work *work, size_t i, struct lake_error *err)
{
    struct columns_field *f = &work->fields[i];
    struct csv_span name = work->input->names != NULL ? work->input->names[i] : f->name;
    char shown[CSV_SHOWN_TEXT_BYTES];
    (void)csv_show(name, shown);
    if (name.length == 0)
        (void)snprintf(shown, sizeof shown, "column %zu", i + 1);
    return arena_copy_text(work->arena, shown, strlen(shown), &f->shown, err);
}

static lake_status start(struct columns_work *work, struct lake_error *err)
{
    const struct columns_input *input = work->input;
    TRY(arena_new(work->arena, input->n_fields, sizeof *work->fields, &work->fields, err));
    for (size_t i = 0; i < input->n_fields; i++)
        TRY(start_field(work, i, err));
    if (input->choices->symbol != NULL)
        work->symbol = (struct csv_span){input->choices->symbol, strlen(input->choices->symbol)};
    TRY(columns_apply_choices(work, err));
    if (input->names == NULL && strcmp(work->origin, "option") != 0)
        TRY(columns_take_positions(work, err));
    for (size_t i = 0; i < input->n_fields; i++)
        TRY(show_field(work, i, err));
    return LAKE_OK;
}

static bool has_same_values(const struct columns_work *work, size_t a, size_t b)
{
    size_t n = work->input->n_fields;
    for (size_t row = 0; row < work->input->n_samples; row++) {
        struct csv_span x = work->input->samples[row * n + a], y = work->input->samples[row * n + b];
        if (x.length != y.length || (x.length > 0 && memcmp(x.data, y.data, x.length) != 0))
            return false;
    }
    return work->input->n_samples > 0;
}

static bool is_free(const struct columns_field *f, const char *column)
{
    return !f->is_decided && f->chosen == 0 && columns_means(f, column);
}

/* A chosen name before a better spelling before a worse one. */
static bool is_better(const struct columns_field *a, const struct columns_field *b)
{
    if (a->is_chosen != b->is_chosen)
        return a->is_chosen;
    return a->meaning.rank < b->meaning.rank;
}

/* The field with the best name for the column, which must stand once or hold the same values. *out is -1 where there
 * is none. */
static lake_status find_named(const struct columns_work *work, const char *column, int *out, struct lake_error *err)
{
    *out = -1;
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (is_free(&work->fields[i], column) && (*out < 0 || is_better(&work->fields[i], &work->fields[*out])))
            *out = (int)i;
    for (size_t i = 0; *out >= 0 && i < work->input->n_fields; i++) {
        const struct columns_field *f = &work->fields[i], *best = &work->fields[*out];
        bool is_equal = i != (size_t)*out && is_free(f, column) && !is_better(best, f);
        if (is_equal && !has_same_values(work, i, (size_t)*out))
            return lake_fail(err, LAKE_INVALID_DATA,
                             "%s: two columns are called '%s'; rename one of them, or choose with --columns '%s=#%d'",
                             work->input->place, f->shown, column, *out + 1);
    }
    return LAKE_OK;
}

lake_status columns_take_named(struct columns_work *work, const char *column, struct lake_error *err)
{
    int field = -1;
    char text[FIELD_LIST_BYTES];
    if (data_type_column(work->type, column) == NULL || columns_find(work, column) >= 0)
        return LAKE_OK;
    TRY(find_named(work, column, &field, err));
    if (field < 0)
        return LAKE_OK;
    columns_decide(&work->fields[field], FIELD_VALUE, column, work->type);
    (void)snprintf(text, sizeof text, "column '%s'", work->fields[field].shown);
    return columns_note(work, column, text, work->origin, err);
}

/* The field that says the most of it, of equals the one of the better-known name. */
static struct columns_field *find_side(struct columns_work *work, const char *meaning, enum field_use use)
{
    struct columns_field *best = NULL;
    for (size_t i = 0; i < work->input->n_fields; i++) {
        struct columns_field *f = &work->fields[i];
        size_t n_words = use == FIELD_SIDE ? f->profile.n_sides : f->profile.n_bools;
        if (!is_free(f, meaning) || n_words < f->profile.n_values)
            continue;
        if (best == NULL || f->profile.n_values > best->profile.n_values ||
            (f->profile.n_values == best->profile.n_values && f->meaning.rank < best->meaning.rank))
            best = f;
    }
    return best;
}

/* As Databento and Hyperliquid write sides. One letter without the other is not certain: "A" alone may say anything. */
static bool is_ask_bid(const struct columns_work *work, size_t field)
{
    bool has_ask = false, has_bid = false;
    if (!is_free(&work->fields[field], NAME_SIDE) ||
        !csv_is_same_name(work->fields[field].name, (struct csv_span){"side", 4}))
        return false;
    for (size_t row = 0; row < work->input->n_samples; row++) {
        struct csv_span value = work->input->samples[row * work->input->n_fields + field];
        const char *side = csv_is_null(value) ? "" : csv_read_ask_bid(value);
        if (side == NULL)
            return false;
        has_ask = has_ask || side[0] == 's';
        has_bid = has_bid || side[0] == 'b';
    }
    return has_ask && has_bid;
}

static struct columns_field *find_ask_bid(struct columns_work *work)
{
    for (size_t i = 0; i < work->input->n_fields; i++)
        if (is_ask_bid(work, i))
            return &work->fields[i];
    return NULL;
}

/* The taker's side by its own column, else by who made the market. */
static lake_status take_side(struct columns_work *work, struct lake_error *err)
{
    char text[FIELD_LIST_BYTES];
    enum field_use use = FIELD_SIDE;
    struct columns_field *f = find_side(work, NAME_SIDE, use);
    if (f == NULL) {
        use = FIELD_ASK_BID;
        f = find_ask_bid(work);
    }
    if (f == NULL) {
        use = FIELD_MAKER;
        f = find_side(work, NAME_MAKER, use);
    }
    if (f == NULL)
        return LAKE_OK;
    columns_decide(f, use, "side", work->type);
    (void)snprintf(text, sizeof text, "column '%s'%s", f->shown,
                   use == FIELD_MAKER     ? ", whether the buyer was the maker"
                   : use == FIELD_ASK_BID ? ", A is sell, B is buy"
                                          : "");
    return columns_note(work, "side", text, work->origin, err);
}

static lake_status take_close_time(struct columns_work *work, struct lake_error *err)
{
    char text[FIELD_LIST_BYTES];
    for (size_t i = 0; i < work->input->n_fields; i++) {
        struct columns_field *f = &work->fields[i];
        const size_t *n = f->profile.n_kind;
        size_t n_times = n[CSV_TIME_NUMBER] + n[CSV_TIME_INSTANT] + n[CSV_TIME_DATE];
        if (!is_free(f, NAME_CLOSE_TIME) || n_times < f->profile.n_values)
            continue;
        columns_decide(f, FIELD_CLOSE_TIME, NULL, NULL);
        (void)snprintf(text, sizeof text, "column '%s', not stored", f->shown);
        return columns_note(work, "close time", text, work->origin, err);
    }
    return LAKE_OK;
}

/* Of funding: the unit is told by the name or the size. 8 is hours, 480 minutes, 28800 seconds. */
static void scale_interval(struct columns_work *work)
{
    int field = columns_find(work, "interval");
    if (field < 0 || data_type_column(work->type, "interval") == NULL)
        return;
    struct columns_field *f = &work->fields[field];
    double largest = 0;
    for (size_t row = 0; row < work->input->n_samples; row++)
        largest = f->profile.numbers[row] > largest ? f->profile.numbers[row] : largest;
    if (!column_profile_is_whole(&f->profile) && f->profile.n_values > 0) {
        f->is_decided = false; /* "8h" is text: it is kept as the source has it */
        f->meaning.column = NULL;
        f->field = (struct field_meaning){0};
        return;
    }
    f->field.multiplier = largest <= 24      ? MS_PER_HOUR
                          : largest <= 1440  ? MS_PER_MINUTE
                          : largest <= 86400 ? MS_PER_SECOND
                                             : 1;
}

static bool is_needed(const struct data_type_column *column)
{
    return column->required && strcmp(column->name, "volume") != 0;
}

static lake_status fail_missing(const struct columns_work *work, struct lake_error *err)
{
    char missing[FIELD_LIST_BYTES] = "", present[FIELD_LIST_BYTES] = "";
    for (size_t c = 0; c < work->type->n_columns; c++)
        if (work->type->columns[c].required && columns_find(work, work->type->columns[c].name) < 0)
            columns_list(missing, work->type->columns[c].name);
    for (size_t i = 0; i < work->input->n_fields; i++)
        columns_list(present, work->fields[i].shown);
    return lake_fail(err, LAKE_INVALID_DATA, "%s: no column for %s; the header names %s", work->input->place, missing,
                     present);
}

/* A source of bars may have no volume; where something else is missing as well it is named too. */
static lake_status check_complete(struct columns_work *work, struct lake_error *err)
{
    bool is_complete = true;
    for (size_t c = 0; c < work->type->n_columns; c++)
        is_complete = is_complete &&
                      (!is_needed(&work->type->columns[c]) || columns_find(work, work->type->columns[c].name) >= 0);
    if (!is_complete)
        return fail_missing(work, err);
    if (data_type_column(work->type, "volume") != NULL && columns_find(work, "volume") < 0)
        return columns_note(work, "volume", "none", work->origin, err);
    return LAKE_OK;
}

static lake_status build_schema(const struct columns_work *work, struct columns_found *out, struct lake_error *err)
{
    size_t n_fields = work->input->n_fields, n = 0;
    struct column_field *columns = NULL;
    TRY(arena_new(work->arena, n_fields + work->type->n_columns, sizeof *columns, &columns, err));
    for (size_t c = 0; c < work->type->n_columns; c++) {
        const struct data_type_column *described = &work->type->columns[c];
        if (columns_find(work, described->name) >= 0)
            columns[n++] = (struct column_field){described->name, described->type, 0, described->nullable};
    }
    for (size_t i = 0; i < n_fields; i++)
        if (work->fields[i].field.is_extra)
            columns[n++] = (struct column_field){work->fields[i].field.name, work->fields[i].field.type, 0, true};
    TRY(schema_new(columns, n, &out->schema, err));
    for (size_t i = 0; i < n_fields; i++) {
        const char *name = work->fields[i].field.name;
        out->columns[i] = name != NULL ? (size_t)schema_find(out->schema, name) : 0;
    }
    return LAKE_OK;
}

static lake_status build(const struct columns_work *work, struct columns_found *out, struct lake_error *err)
{
    size_t n_fields = work->input->n_fields;
    *out = (struct columns_found){.type = work->type};
    TRY(arena_new(work->arena, n_fields, sizeof *out->fields, &out->fields, err));
    TRY(arena_new(work->arena, n_fields, sizeof *out->columns, &out->columns, err));
    for (size_t i = 0; i < n_fields; i++) {
        out->fields[i] = work->fields[i].field;
        out->fields[i].source = work->fields[i].shown;
    }
    return build_schema(work, out, err);
}

/* The type's columns but for its time and volumes, which are told apart by more than names. */
static lake_status take_values(struct columns_work *work, struct lake_error *err)
{
    for (size_t c = 0; c < work->type->n_columns; c++) {
        const char *name = work->type->columns[c].name;
        bool is_volume = strstr(name, "volume") != NULL;
        if (!is_volume && strcmp(name, "ts") != 0 && strcmp(name, "side") != 0 && strcmp(name, "amount") != 0)
            TRY(columns_take_named(work, name, err));
    }
    TRY(columns_take_amount(work, err));
    TRY(columns_take_volumes(work, err));
    TRY(columns_take_named(work, "taker_buy_volume", err));
    return columns_take_named(work, "taker_buy_quote_volume", err);
}

lake_status columns_assign(const struct columns_input *input, struct arena *arena, struct findings *findings,
                           struct columns_found *out, struct lake_error *err)
{
    struct columns_work work = {.input = input, .type = input->type, .arena = arena, .findings = findings};
    *out = (struct columns_found){0};
    work.origin = "header";
    TRY(columns_check_choices(input->choices, err));
    TRY(start(&work, err));
    TRY(columns_tell_type(&work, err));
    TRY(columns_take_constants(&work, err));
    TRY(columns_take_time(&work, err));
    TRY(take_close_time(&work, err));
    TRY(take_side(&work, err));
    TRY(take_values(&work, err));
    scale_interval(&work);
    TRY(check_complete(&work, err));
    TRY(columns_take_rest(&work, err));
    return build(&work, out, err);
}
