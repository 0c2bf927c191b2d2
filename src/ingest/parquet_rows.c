#include "ingest/parquet_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/calendar.h"
#include "base/memory.h"
#include "column/time_unit.h"
#include "ingest/csv_record.h"
#include "ingest/parquet_columns.h"

enum { RUN_ROWS = 8 << 10, MOST_RUNS = PIECE_MOST_ROWS / RUN_ROWS, FIRST_REJECTS = 16, REASONS_BYTES = 64 << 20 };

#define TWO_TO_63 9223372036854775808.0

struct parquet_run {
    int64_t first, n; /* rows of the piece */
    struct csv_rows rows;
    struct csv_target target;
    uint32_t kept[RUN_ROWS]; /* of each row that was taken: which of the run's */
    struct row_reject *rejects;
    size_t n_rejects, max_rejects;
    struct arena texts; /* of the rejects */
    struct buffer text; /* scratch: a row as CSV */
    int64_t n_others;
};

struct parquet_rows {
    struct row_source base;
    struct parquet_rows_options options;
    struct parquet_piece piece;
    struct csv_layout layout; /* a field for each column of the file */
    int64_t next_row;
    struct parquet_run *runs;
    struct row_run *given; /* what the caller sees of them */
    size_t n_runs;
};

static struct parquet_rows *of(struct row_source *source)
{
    return (struct parquet_rows *)source;
}

static const struct parquet_rows *of_const(const struct row_source *source)
{
    return (const struct parquet_rows *)source;
}

/* ---- values ---- */

/* A value on its way. */
struct taking {
    const struct parquet_rows *rows;
    struct parquet_run *run;
    size_t column;
    int64_t row; /* of the piece */
    struct csv_cell cell;
    struct csv_refusal refusal;
};

static lake_status refuse(struct taking *taking, const char *rule, const char *what)
{
    taking->refusal.rule = rule;
    taking->refusal.what = what;
    return LAKE_OK;
}

/* Where the value goes, of eight bytes. */
static void *slot(const struct taking *taking)
{
    return (int64_t *)batch_values(&taking->run->rows.batch, taking->cell.field->column) + taking->cell.row;
}

/* So many units since 1970. */
static lake_status take_instant(struct taking *taking, int64_t value, int64_t per_second)
{
    if (value < CSV_TIME_FIRST_S * per_second || value >= CSV_TIME_END_S * per_second)
        return refuse(taking, CSV_RULE_TIME, "not a time between 1990 and 2100");
    if (!csv_time_to_unit(value * (NS_PER_SECOND / per_second), taking->run->target.ts_ns, slot(taking)))
        return refuse(taking, CSV_RULE_TIME, "not a whole millisecond");
    return LAKE_OK;
}

/* Units of numbers per second that are told by their size (csv_time.h): whatever is no instant in one of them goes the long way. */
static int64_t units_per_second(const struct taking *taking, int64_t value)
{
    static const int64_t units[] = {INT64_C(1000), INT64_C(1000000), 1, INT64_C(1000000000)};
    if (taking->rows->layout.times.unit_ns != 0)
        return 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (value >= CSV_TIME_FIRST_S * units[i] && value < CSV_TIME_END_S * units[i])
            return units[i];
    return 0;
}

static lake_status take_double(struct taking *taking, double value, struct lake_error *err)
{
    const struct csv_field *field = taking->cell.field;
    bool is_nan = value != value;
    *(double *)slot(taking) = value;
    if (is_nan && field->meaning.is_nullable)
        return csv_rows_set_null(&taking->run->rows, field->column, taking->cell.row, err);
    return value - value == 0 ? LAKE_OK : refuse(taking, CSV_RULE_VALUE, "not a number");
}

static bool is_exact(int64_t value)
{
    double number = (double)value;
    return number < TWO_TO_63 && (int64_t)number == value;
}

static lake_status take_integer(struct taking *taking, int64_t value)
{
    if (taking->cell.field->meaning.type == COLUMN_INT64) {
        *(int64_t *)slot(taking) = value;
        return LAKE_OK;
    }
    *(double *)slot(taking) = (double)value;
    return is_exact(value) ? LAKE_OK : refuse(taking, CSV_RULE_VALUE, "not a number that a double holds exactly");
}

/* One beyond INT64_MAX, by its bits. */
static lake_status take_unsigned(struct taking *taking, uint64_t value)
{
    double number = (double)value;
    if (taking->cell.field->meaning.type == COLUMN_INT64)
        return refuse(taking, CSV_RULE_VALUE, "more than a signed integer of 64 bits holds");
    *(double *)slot(taking) = number;
    if (number < 2 * TWO_TO_63 && (uint64_t)number == value)
        return LAKE_OK;
    return refuse(taking, CSV_RULE_VALUE, "not a number that a double holds exactly");
}

static lake_status take_text(struct taking *taking, struct lake_error *err)
{
    char scratch[PIECE_TEXT_BYTES];
    struct csv_span text = parquet_piece_text(&taking->rows->piece, taking->column, taking->row, scratch);
    taking->cell.text = csv_trim(text, ',');
    return csv_value_take(&taking->run->target, &taking->cell, &taking->refusal, err);
}

static bool is_plain_number(const struct field_meaning *meaning, const struct parquet_file_column *described)
{
    return meaning->use == FIELD_VALUE && (meaning->type == COLUMN_DOUBLE || meaning->type == COLUMN_INT64) &&
           meaning->multiplier <= 1 && !meaning->is_percent && !meaning->has_suffix &&
           (described->logic == PARQUET_LOGIC_NONE || described->logic == PARQUET_LOGIC_UNSIGNED);
}

static lake_status take_number(struct taking *taking, const struct piece_column *column, struct lake_error *err)
{
    bool is_double = taking->cell.field->meaning.type == COLUMN_DOUBLE;
    enum column_type type = column->described->field.type;
    const void *values = column->values;
    if (type == COLUMN_INT32)
        return take_integer(taking, ((const int32_t *)values)[taking->row]);
    if (type == COLUMN_INT64 && column->described->logic == PARQUET_LOGIC_UNSIGNED &&
        ((const int64_t *)values)[taking->row] < 0)
        return take_unsigned(taking, ((const uint64_t *)values)[taking->row]);
    if (type == COLUMN_INT64)
        return take_integer(taking, ((const int64_t *)values)[taking->row]);
    if (type == COLUMN_DOUBLE && is_double)
        return take_double(taking, ((const double *)values)[taking->row], err);
    if (type == COLUMN_FLOAT && is_double)
        return take_double(taking, (double)((const float *)values)[taking->row], err);
    return take_text(taking, err);
}

static lake_status take_number_time(struct taking *taking, int64_t value, struct lake_error *err)
{
    int64_t per_second = units_per_second(taking, value);
    return per_second > 0 ? take_instant(taking, value, per_second) : take_text(taking, err);
}

/* Numbers and instants as they lie; all else as the text that it would be in a CSV file. */
static lake_status take_value(struct taking *taking, struct lake_error *err)
{
    const struct piece_column *column = &taking->rows->piece.columns[taking->column];
    const struct parquet_file_column *described = column->described;
    const struct field_meaning *meaning = &taking->cell.field->meaning;
    int64_t per_ms = time_unit_per_ms(described->field.type);
    if (piece_is_null(column, taking->row))
        return csv_value_lack(&taking->run->target, &taking->cell, &taking->refusal, err);
    if (meaning->use == FIELD_TIME && per_ms > 0)
        return take_instant(taking, ((const int64_t *)column->values)[taking->row], per_ms * MS_PER_SECOND);
    if (meaning->use == FIELD_TIME && piece_is_date(described))
        return take_instant(taking, ((const int32_t *)column->values)[taking->row] * (MS_PER_DAY / MS_PER_SECOND), 1);
    if (meaning->use == FIELD_TIME && described->field.type == COLUMN_INT64 && described->logic == PARQUET_LOGIC_NONE)
        return take_number_time(taking, ((const int64_t *)column->values)[taking->row], err);
    return is_plain_number(meaning, described) ? take_number(taking, column, err) : take_text(taking, err);
}

/* ---- rows ---- */

static bool needs_quotes(struct csv_span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == ',' || text.data[i] == '"' || text.data[i] == '\r' || text.data[i] == '\n')
            return true;
    return false;
}

static lake_status append_field(struct csv_span text, struct buffer *out, struct lake_error *err)
{
    if (!needs_quotes(text))
        return buffer_append(out, text.data, text.length, err);
    TRY(buffer_append_byte(out, '"', err));
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"')
            TRY(buffer_append_byte(out, '"', err));
        TRY(buffer_append_byte(out, (uint8_t)text.data[i], err));
    }
    return buffer_append_byte(out, '"', err);
}

/* Appends the row as CSV, without its end; columns that are left out are empty. */
static lake_status append_row(const struct parquet_rows *rows, int64_t row, struct buffer *out, struct lake_error *err)
{
    char scratch[PIECE_TEXT_BYTES];
    for (size_t i = 0; i < rows->piece.n_columns; i++) {
        if (i > 0)
            TRY(buffer_append_byte(out, ',', err));
        if (rows->piece.columns[i].is_wanted)
            TRY(append_field(parquet_piece_text(&rows->piece, i, row, scratch), out, err));
    }
    return LAKE_OK;
}

/* "close is 'abc', not a number" */
static void format_reason(const struct taking *taking, char reason[CSV_REASON_BYTES])
{
    char scratch[PIECE_TEXT_BYTES], shown[CSV_SHOWN_TEXT_BYTES];
    const struct parquet_piece *piece = &taking->rows->piece;
    const char *name = taking->cell.field->meaning.source;
    struct csv_span text = parquet_piece_text(piece, taking->column, taking->row, scratch);
    if (piece_is_null(&piece->columns[taking->column], taking->row))
        (void)snprintf(reason, CSV_REASON_BYTES, "%s is null", name);
    else
        (void)snprintf(reason, CSV_REASON_BYTES, "%s is '%s', %s", name, csv_show(text, shown), taking->refusal.what);
}

/* The number of the row in the file, from 1. */
static int64_t line_in_file(const struct parquet_rows *rows, int64_t row)
{
    return rows->piece.first + row + 1;
}

static lake_status add_reject(const struct taking *taking, const char *reason, struct lake_error *err)
{
    struct parquet_run *run = taking->run;
    struct row_reject reject = {.line = line_in_file(taking->rows, taking->row), .rule = taking->refusal.rule};
    if (run->n_rejects == run->max_rejects) {
        size_t n = run->max_rejects * 2 + FIRST_REJECTS;
        TRY(memory_resize(&run->rejects, n, sizeof *run->rejects, err));
        run->max_rejects = n;
    }
    buffer_clear(&run->text);
    TRY(append_row(taking->rows, taking->row, &run->text, err));
    reject.length = run->text.length;
    TRY(arena_copy_text(&run->texts, run->text.data, run->text.length, &reject.text, err));
    TRY(arena_copy_text(&run->texts, reason, strlen(reason), &reject.reason, err));
    run->rejects[run->n_rejects++] = reject;
    return LAKE_OK;
}

static lake_status refuse_row(const struct taking *taking, struct lake_error *err)
{
    char reason[CSV_REASON_BYTES];
    format_reason(taking, reason);
    if (taking->rows->options.wants_rejects)
        return add_reject(taking, reason, err);
    return lake_fail(err, LAKE_INVALID_DATA, "%s: row %" PRId64 ": %s", taking->rows->base.place,
                     line_in_file(taking->rows, taking->row), reason);
}

/* That a row is of another symbol is said before anything else of it. */
static lake_status take_row(const struct parquet_rows *rows, struct parquet_run *run, int64_t row,
                            struct lake_error *err)
{
    struct taking first = {.rows = NULL};
    bool is_other = false;
    ((int64_t *)batch_values(&run->rows.batch, 0))[run->rows.batch.n_rows] = 0; /* date and time of day are added */
    for (size_t i = 0; i < rows->piece.n_wanted; i++) {
        size_t column = rows->piece.wanted[i];
        struct taking taking = {.rows = rows, .run = run, .column = column, .row = row};
        taking.cell.field = &rows->layout.fields[column];
        taking.cell.row = run->rows.batch.n_rows;
        TRY(take_value(&taking, err));
        if (taking.refusal.what != NULL && first.refusal.what == NULL)
            first = taking;
        is_other = is_other || (taking.refusal.what != NULL && taking.refusal.is_other);
    }
    if (first.refusal.what == NULL) {
        run->kept[run->rows.batch.n_rows++] = (uint32_t)(row - run->first);
        return LAKE_OK;
    }
    csv_rows_rewind(&run->rows, 1);
    run->n_others += is_other;
    return is_other ? LAKE_OK : refuse_row(&first, err);
}

static lake_status start_run(const struct parquet_rows *rows, struct parquet_run *run, struct lake_error *err)
{
    run->n_rejects = 0;
    run->n_others = 0;
    arena_reset(&run->texts);
    TRY(csv_rows_start(&run->rows, rows->layout.schema, err));
    return csv_rows_reserve(&run->rows, run->n, err);
}

static lake_status take_run(void *context, size_t index, size_t worker, struct lake_error *err)
{
    const struct parquet_rows *rows = context;
    struct parquet_run *run = &rows->runs[index];
    (void)worker;
    TRY(start_run(rows, run, err));
    for (int64_t row = run->first; row < run->first + run->n; row++)
        TRY(take_row(rows, run, row, err));
    return LAKE_OK;
}

static void cut_piece(struct parquet_rows *rows)
{
    int64_t n_rows = rows->piece.n_rows;
    rows->n_runs = (size_t)((n_rows + RUN_ROWS - 1) / RUN_ROWS);
    for (size_t i = 0; i < rows->n_runs; i++) {
        int64_t first = (int64_t)i * RUN_ROWS;
        rows->runs[i].first = first;
        rows->runs[i].n = n_rows - first < RUN_ROWS ? n_rows - first : RUN_ROWS;
    }
}

static lake_status next_rows(struct row_source *self, struct row_runs *out, struct lake_error *err)
{
    struct parquet_rows *rows = of(self);
    *out = (struct row_runs){NULL, 0};
    if (rows->next_row == rows->piece.n_all_rows)
        return LAKE_OK;
    TRY(parquet_piece_read(&rows->piece, rows->next_row, INT64_MAX, err));
    cut_piece(rows);
    TRY(pool_run(rows->options.pool, rows->n_runs, take_run, rows, err));
    for (size_t i = 0; i < rows->n_runs; i++) {
        struct parquet_run *run = &rows->runs[i];
        rows->given[i] = (struct row_run){&run->rows.batch, run->rejects, run->n_rejects, run->n_others};
    }
    rows->next_row += rows->piece.n_rows;
    double part = (double)rows->next_row / (double)rows->piece.n_all_rows;
    source_set_bytes_read(rows->options.source, (int64_t)(part * (double)source_size_bytes(rows->options.source)));
    *out = (struct row_runs){rows->given, rows->n_runs};
    return LAKE_OK;
}

/* Of the piece. */
static int64_t row_of(const struct parquet_rows *rows, size_t run, int64_t row)
{
    return rows->runs[run].first + (int64_t)rows->runs[run].kept[row];
}

static int64_t line_of(struct row_source *self, size_t run, int64_t row)
{
    const struct parquet_rows *rows = of(self);
    return line_in_file(rows, row_of(rows, run, row));
}

static lake_status text_of(struct row_source *self, size_t run, int64_t row, struct buffer *out, struct lake_error *err)
{
    return append_row(of(self), row_of(of(self), run, row), out, err);
}

static struct row_position position_of(const struct row_source *self)
{
    int64_t next_row = of_const(self)->next_row;
    return (struct row_position){next_row, next_row + 1};
}

/* ---- lifecycle ---- */

static void close_rows(struct row_source *self)
{
    struct parquet_rows *rows = of(self);
    for (size_t i = 0; rows->runs != NULL && i < MOST_RUNS; i++) {
        struct parquet_run *run = &rows->runs[i];
        csv_target_release(&run->target);
        csv_rows_release(&run->rows);
        memory_free(run->rejects);
        arena_release(&run->texts);
        buffer_release(&run->text);
    }
    memory_free(rows->runs);
    memory_free(rows->given);
    parquet_piece_release(&rows->piece);
    csv_layout_release(&rows->layout);
    memory_free(rows);
}

static const struct row_source_ops parquet_ops = {next_rows, line_of, text_of, position_of, close_rows};

static lake_status check_start(const struct parquet_rows *rows, struct lake_error *err)
{
    int64_t n = rows->piece.n_all_rows;
    if (n == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: there is no row in it", rows->base.place);
    if (rows->next_row < 0 || rows->next_row > n)
        return lake_fail(err, LAKE_CONFLICT, "%s: has %" PRId64 " rows, and %" PRId64 " were read before",
                         rows->base.place, n, rows->next_row);
    return LAKE_OK;
}

static lake_status prepare_runs(struct parquet_rows *rows, struct lake_error *err)
{
    TRY(memory_new(MOST_RUNS, sizeof *rows->given, &rows->given, err));
    TRY(memory_new(MOST_RUNS, sizeof *rows->runs, &rows->runs, err));
    for (size_t i = 0; i < MOST_RUNS; i++) {
        struct parquet_run *run = &rows->runs[i];
        csv_rows_init(&run->rows);
        csv_target_init(&run->target, &rows->layout, &run->rows, rows->options.wishes->has_zone);
        arena_init(&run->texts, REASONS_BYTES);
        buffer_init(&run->text, REASONS_BYTES);
    }
    return LAKE_OK;
}

/* From now on only what is used is decoded. */
static void want_used(struct parquet_rows *rows)
{
    parquet_piece_want_none(&rows->piece);
    for (size_t i = 0; i < rows->layout.n_fields; i++) {
        enum field_use use = rows->layout.fields[i].meaning.use;
        if (use != FIELD_SKIP && use != FIELD_CLOSE_TIME)
            parquet_piece_want(&rows->piece, i);
    }
}

lake_status parquet_rows_open(const struct parquet_rows_options *options, struct row_source **out,
                              struct lake_error *err)
{
    struct parquet_rows *rows = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *rows, &rows, err));
    rows->options = *options;
    rows->base = (struct row_source){.ops = &parquet_ops, .place = source_place(options->source)};
    rows->next_row = options->start.offset;
    TRY_OUT(parquet_piece_open(&rows->piece, options->source, options->pool, err));
    TRY_OUT(check_start(rows, err));
    TRY_OUT(parquet_columns_detect(&rows->layout, rows->base.place, &rows->piece, options->wishes, err));
    TRY_OUT(prepare_runs(rows, err));
    want_used(rows);
    rows->base.type = rows->layout.type;
    rows->base.schema = rows->layout.schema;
out:
    if (status == LAKE_OK)
        *out = &rows->base;
    else
        close_rows(&rows->base);
    return status;
}

const struct findings *parquet_rows_findings(const struct row_source *rows)
{
    return &of_const(rows)->layout.findings;
}

bool parquet_rows_is_time_local(const struct row_source *rows)
{
    return of_const(rows)->layout.is_time_local;
}
