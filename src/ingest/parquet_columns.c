#include "ingest/parquet_columns.h"

#include <string.h>

#include "base/memory.h"
#include "column/time_unit.h"

enum { SAMPLE_ROWS = 200, LAYOUT_BYTES = 64 << 20 };

struct work {
    const char *place;
    struct parquet_piece *piece;
    const struct csv_wishes *wishes;
    struct csv_layout *layout;
};

/* ---- which column is what ---- */

/* By `--columns`, under its name ("note=-") or at its place ("-"). */
static bool is_left_out(const struct work *work, size_t column)
{
    const struct column_choices *choices = &work->wishes->columns;
    const char *name = work->piece->columns[column].described->field.name;
    size_t n = strlen(name);
    for (size_t i = 0; i < choices->n_items; i++) {
        const char *item = choices->items[i];
        if ((i == column && strcmp(item, "-") == 0) || (strncmp(item, name, n) == 0 && strcmp(item + n, "=-") == 0))
            return true;
    }
    return false;
}

static bool has_readable(const struct parquet_piece *piece)
{
    for (size_t i = 0; i < piece->n_columns; i++)
        if (parquet_piece_refusal(piece, i) == NULL)
            return true;
    return false;
}

static lake_status check_readable(const struct work *work, size_t column, struct lake_error *err)
{
    const char *refusal = parquet_piece_refusal(work->piece, column);
    const char *name = work->piece->columns[column].described->field.name;
    if (refusal == NULL)
        return LAKE_OK;
    if (!has_readable(work->piece))
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: not supported: %s", work->place, refusal);
    return lake_fail(err, LAKE_UNSUPPORTED, "%s: column '%s': not supported: %s; leave it out by --columns '%s=-'",
                     work->place, name, refusal, name);
}

static lake_status want_readable(const struct work *work, struct lake_error *err)
{
    for (size_t i = 0; i < work->piece->n_columns; i++) {
        if (is_left_out(work, i))
            continue;
        TRY(check_readable(work, i, err));
        parquet_piece_want(work->piece, i);
    }
    return LAKE_OK;
}

/* The first rows as text, row by row. */
static lake_status copy_samples(const struct work *work, struct arena *arena, struct csv_span *samples,
                                struct lake_error *err)
{
    const struct parquet_piece *piece = work->piece;
    char scratch[PIECE_TEXT_BYTES];
    for (size_t i = 0; i < piece->n_wanted; i++) {
        size_t column = piece->wanted[i];
        for (int64_t row = 0; row < piece->n_rows; row++) {
            struct csv_span text = csv_trim(parquet_piece_text(piece, column, row, scratch), ',');
            struct csv_span *sample = &samples[(size_t)row * piece->n_columns + column];
            sample->length = text.length;
            TRY(arena_copy_text(arena, text.data, text.length, &sample->data, err));
        }
    }
    return LAKE_OK;
}

static lake_status copy_names(const struct parquet_piece *piece, struct arena *arena, struct csv_span **out,
                              struct lake_error *err)
{
    TRY(arena_new(arena, piece->n_columns, sizeof **out, out, err));
    for (size_t i = 0; i < piece->n_columns; i++) {
        const char *name = piece->columns[i].described->field.name;
        (*out)[i] = (struct csv_span){name, strlen(name)};
    }
    return LAKE_OK;
}

static lake_status assign(const struct work *work, struct arena *scratch, struct columns_found *found,
                          struct lake_error *err)
{
    struct parquet_piece *piece = work->piece;
    const struct csv_wishes *wishes = work->wishes;
    struct columns_input input = {.place = work->place, .type = wishes->type, .choices = &wishes->columns};
    struct csv_span *names = NULL, *samples = NULL;
    TRY(want_readable(work, err));
    TRY(parquet_piece_read(piece, 0, SAMPLE_ROWS, err));
    TRY(copy_names(piece, scratch, &names, err));
    TRY(arena_new(scratch, piece->n_columns * (size_t)piece->n_rows, sizeof *samples, &samples, err));
    TRY(copy_samples(work, scratch, samples, err));
    input.names = names;
    input.n_fields = piece->n_columns;
    input.samples = samples;
    input.n_samples = (size_t)piece->n_rows;
    return columns_assign(&input, &work->layout->arena, &work->layout->findings, found, err);
}

/* The type in which the lake has a column of the file's own. */
static enum column_type own_type(const struct parquet_file_column *described)
{
    switch (described->field.type) {
    case COLUMN_BOOL: return COLUMN_BOOL;
    case COLUMN_INT32:
    case COLUMN_INT64:
        if (described->logic == PARQUET_LOGIC_DECIMAL)
            return COLUMN_DOUBLE;
        return described->logic == PARQUET_LOGIC_DATE ? COLUMN_UTF8 : COLUMN_INT64;
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
    case COLUMN_FIXED: return COLUMN_DOUBLE;
    default: return described->logic == PARQUET_LOGIC_DECIMAL ? COLUMN_DOUBLE : COLUMN_UTF8;
    }
}

/* Whether the type of an extra column was chosen ("name:type", "name=source:type"), or is the dataset's already. */
static bool is_type_given(const struct work *work, const char *name)
{
    const struct column_choices *choices = &work->wishes->columns;
    size_t n = strlen(name);
    for (size_t i = 0; i < choices->n_items; i++) {
        const char *item = choices->items[i];
        if (strncmp(item, name, n) == 0 && (item[n] == ':' || item[n] == '=') && strchr(item + n, ':') != NULL)
            return true;
    }
    return choices->stored != NULL && schema_find(choices->stored, name) >= 0;
}

/* What a column of its own holds is no guess from its first values: the file says it. */
static lake_status take_own_types(const struct work *work, const struct columns_found *found, struct lake_error *err)
{
    struct column_field *fields = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(found->schema->n_fields, sizeof *fields, &fields, err));
    memcpy(fields, found->schema->fields, found->schema->n_fields * sizeof *fields);
    for (size_t i = 0; i < work->layout->n_fields; i++) {
        struct csv_field *field = &work->layout->fields[i];
        struct field_meaning *meaning = &field->meaning;
        if (meaning->use != FIELD_VALUE || !meaning->is_extra || is_type_given(work, meaning->name))
            continue;
        meaning->type = own_type(work->piece->columns[i].described);
        fields[field->column].type = meaning->type;
    }
    TRY_OUT(schema_new(fields, found->schema->n_fields, &work->layout->schema, err));
out:
    memory_free(fields);
    return status;
}

static lake_status take_found(const struct work *work, const struct columns_found *found, struct lake_error *err)
{
    struct csv_layout *layout = work->layout;
    TRY(arena_new(&layout->arena, work->piece->n_columns, sizeof *layout->fields, &layout->fields, err));
    layout->n_fields = work->piece->n_columns;
    layout->type = found->type;
    for (size_t i = 0; i < layout->n_fields; i++)
        layout->fields[i] = (struct csv_field){found->fields[i], found->columns[i]};
    return take_own_types(work, found, err);
}

static lake_status detect(const struct work *work, struct lake_error *err)
{
    struct arena scratch = ARENA_INIT(LAYOUT_BYTES);
    struct columns_found found = {.type = NULL};
    lake_status status = LAKE_OK;
    TRY_OUT(assign(work, &scratch, &found, err));
    TRY_OUT(take_found(work, &found, err));
out:
    schema_free(found.schema);
    arena_release(&scratch);
    return status;
}

/* ---- whose the times are ---- */

/* Texts say by themselves whether they have a zone: the first one for all. */
static bool is_text_local(const struct work *work, size_t column)
{
    struct csv_time time = {.has_offset = false};
    char scratch[PIECE_TEXT_BYTES];
    for (int64_t row = 0; row < work->piece->n_rows; row++) {
        struct csv_span text = csv_trim(parquet_piece_text(work->piece, column, row, scratch), ',');
        if (text.length > 0)
            return csv_time_parse(text, &work->layout->times, &time) == CSV_TIME_OK && !time.has_offset &&
                   !time.is_number;
    }
    return false;
}

static bool is_column_local(const struct work *work, size_t column)
{
    const struct parquet_file_column *described = work->piece->columns[column].described;
    if (time_unit_per_ms(described->field.type) > 0)
        return described->logic == PARQUET_LOGIC_LOCAL;
    return is_text_local(work, column);
}

static lake_status tell_times(const struct work *work, struct lake_error *err)
{
    const struct csv_wishes *wishes = work->wishes;
    work->layout->times.order = wishes->date_order;
    work->layout->times.unit_ns = wishes->time_unit_ns;
    for (size_t i = 0; i < work->layout->n_fields; i++) {
        enum field_use use = work->layout->fields[i].meaning.use;
        if (use == FIELD_TIME || use == FIELD_DATE)
            work->layout->is_time_local = use == FIELD_DATE || is_column_local(work, i);
    }
    if (wishes->has_zone && !work->layout->is_time_local)
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "%s: its times say themselves that they are UTC, or of which zone; leave --tz out",
                         work->place);
    return LAKE_OK;
}

lake_status parquet_columns_detect(struct csv_layout *layout, const char *place, struct parquet_piece *piece,
                                   const struct csv_wishes *wishes, struct lake_error *err)
{
    struct work work = {place, piece, wishes, layout};
    layout->decimal = '.';
    arena_init(&layout->arena, LAYOUT_BYTES);
    layout->findings.arena = &layout->arena;
    TRY(detect(&work, err));
    return tell_times(&work, err);
}
