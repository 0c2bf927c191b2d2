#include "ingest/put.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/memory.h"
#include "column/builder.h"
#include "column/time_unit.h"
#include "ingest/put_check.h"
#include "ingest/put_columns.h"
#include "ingest/put_values.h"
#include "ingest/row_stage.h"
#include "lake/lake.h"
#include "lake/scan.h"

#define DEFAULT_SOURCE "a table"

/* Rows on their way from a stream into a write. */
struct putting {
    const struct put_job *job;
    const char *source;
    struct ArrowArrayStream stream;
    struct schema *stored; /* columns that the dataset has; NULL: none */
    struct arrow_adapter *adapter;
    struct put_columns columns;
    struct put_check check;
    struct arena arena;   /* of values that are laid out anew, slice by slice */
    struct column *slice; /* the dataset's columns of it */
    int64_t slice_rows;   /* at most */
    struct batch_builder *kept;
};

/* ---- options ---- */

lake_status put_check_options(const struct lake_put_options *options, const struct lake_put_result *result,
                              struct lake_error *err)
{
    if (options->size != sizeof *options || result->size != sizeof *result)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "options or result of put are of an unknown size: %zu, %zu",
                         options->size, result->size);
    if ((unsigned)options->checks > LAKE_CHECK_REJECT)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "checks are %d, which is no such action", (int)options->checks);
    if (options->has_start && options->has_end && options->start_ms >= options->end_ms) {
        char start[CALENDAR_TEXT_BYTES], end[CALENDAR_TEXT_BYTES];
        (void)calendar_format_ms(options->start_ms, start);
        (void)calendar_format_ms(options->end_ms, end);
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "start %s is not before end %s", start, end);
    }
    return LAKE_OK;
}

/* ---- the stream ---- */

static lake_status status_of(int error_number)
{
    switch (error_number) {
    case ENOMEM: return LAKE_NO_MEMORY;
    case ECANCELED:
    case EINTR: return LAKE_CANCELLED;
    case EINVAL: return LAKE_INVALID_DATA;
    case EBADMSG: return LAKE_CORRUPT;
    case ENOSYS: return LAKE_UNSUPPORTED;
    case ENOSPC: return LAKE_NO_SPACE;
    case EACCES: return LAKE_PERMISSION;
    default: return LAKE_IO;
    }
}

static lake_status fail_stream(struct putting *putting, int error_number, struct lake_error *err)
{
    struct ArrowArrayStream *stream = &putting->stream;
    char reason[128];
    const char *message = stream->get_last_error == NULL ? NULL : stream->get_last_error(stream);
    if ((message == NULL || *message == '\0') && strerror_r(error_number, reason, sizeof reason) == 0)
        message = reason;
    return lake_fail(err, status_of(error_number), "the stream of rows failed: %.800s",
                     message == NULL ? "it does not say why" : message);
}

static lake_status take_stream(struct putting *putting, struct ArrowArrayStream *rows, struct lake_error *err)
{
    if (rows->release == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "the stream of rows has been released");
    putting->stream = *rows;
    rows->release = NULL;
    return LAKE_OK;
}

/* ---- columns ---- */

static lake_status read_stored(struct putting *putting, struct lake_error *err)
{
    const struct scan_options options = {.query.selection = lake_write_dataset(putting->job->write)};
    struct lake_error own = {LAKE_OK, ""};
    struct scan *scan = NULL;
    lake_status status = scan_open(putting->job->lake, &options, &scan, &own);
    if (status == LAKE_NOT_FOUND)
        return LAKE_OK;
    if (status != LAKE_OK)
        return lake_fail(err, status, "%s", own.message);
    const struct schema *stored = scan_get_schema(scan);
    status = schema_new(stored->fields, stored->n_fields, &putting->stored, err);
    scan_close(scan);
    return status;
}

static lake_status plan_columns(struct putting *putting, struct lake_error *err)
{
    const struct put_wishes wishes = {
        .type = lake_write_type(putting->job->write),
        .stored = putting->stored,
        .is_partial = putting->job->options->is_partial,
    };
    TRY(put_columns_plan(&wishes, putting->adapter, &putting->columns, err));
    return memory_new(putting->columns.n, sizeof *putting->slice, &putting->slice, err);
}

static lake_status read_schema(struct putting *putting, struct lake_error *err)
{
    struct ArrowSchema schema = {0};
    lake_status status = LAKE_OK;
    int error_number = putting->stream.get_schema(&putting->stream, &schema);
    if (error_number != 0)
        return fail_stream(putting, error_number, err);
    TRY_OUT(arrow_adapter_new(&schema, &putting->adapter, err));
    TRY_OUT(read_stored(putting, err));
    TRY_OUT(plan_columns(putting, err));
    put_check_begin(&putting->check, putting->columns.schema);
out:
    if (schema.release != NULL)
        schema.release(&schema);
    return status;
}

/* ---- slices ---- */

static lake_status fail_null(const struct putting *putting, const struct column *column, size_t index, int64_t n_rows,
                             struct lake_error *err)
{
    int64_t row = 0;
    while (row + 1 < n_rows && column_is_valid(column, row))
        row++;
    return lake_fail(err, LAKE_INVALID_DATA, "row %" PRId64 ": %s is null", putting->check.n_rows + row,
                     putting->columns.schema->fields[index].name);
}

static lake_status convert_column(struct putting *putting, const struct batch *batch, size_t index,
                                  struct lake_error *err)
{
    const struct put_column *how = &putting->columns.items[index];
    const struct put_values values = {
        .from = &batch->schema->fields[how->source],
        .to = &putting->columns.schema->fields[index],
        .column = &batch->columns[how->source],
        .n_rows = batch->n_rows,
        .first_row = putting->check.n_rows,
        .is_nan_null = how->is_nan_null,
        .arena = &putting->arena,
    };
    struct column *to = &putting->slice[index];
    TRY(how->is_null ? put_values_null(&values, to, err) : put_values(&values, to, err));
    if (how->is_never_null && to->null_count > 0)
        return fail_null(putting, to, index, batch->n_rows, err);
    return LAKE_OK;
}

/* What came before a slice. */
struct before {
    int64_t n_rows;
    int64_t ts; /* of the last of them */
};

/* Rows from *next on that are of one day, of which none is left out; *next is then behind them. */
static lake_status note_stretch(const struct putting *putting, const struct batch *batch, const struct before *before,
                                int64_t *next, struct lake_error *err)
{
    const int64_t per_ms = putting->check.per_ms, *ts = batch_values(batch, 0);
    const uint8_t *drops = row_marks_drops(&putting->check.marks);
    int64_t first = *next, end = first, last = first > 0 ? ts[first - 1] : before->ts;
    int64_t day = calendar_day_of_ms(time_unit_to_ms(ts[first], per_ms)), least = ts[first], greatest = ts[first];
    int64_t from = time_unit_from_ms(day * MS_PER_DAY, per_ms), to = time_unit_from_ms((day + 1) * MS_PER_DAY, per_ms);
    struct lake_write_origin stretch = {.day = day, .line_from = before->n_rows + first + 1};
    if (before->n_rows + first == 0 || last < from || last >= to)
        last = ts[first]; /* not of the day: no step within it */
    for (; end < batch->n_rows && ts[end] >= from && ts[end] < to && (drops == NULL || drops[end] == 0); end++) {
        stretch.n_rises += ts[end] > last;
        stretch.n_falls += ts[end] < last;
        least = ts[end] < least ? ts[end] : least;
        greatest = ts[end] > greatest ? ts[end] : greatest;
        last = ts[end];
    }
    stretch.n_rows = end - first;
    stretch.line_to = before->n_rows + end;
    stretch.key_from_ms = time_unit_to_ms(least, per_ms);
    stretch.key_to_ms = time_unit_to_ms(greatest, per_ms);
    *next = end;
    return lake_write_note_origin(putting->job->write, &stretch, err);
}

/* A bar that is left out is missed for as long as it lasts. */
static lake_status note_left_out(const struct putting *putting, const struct batch *batch, const struct before *before,
                                 int64_t row, struct lake_error *err)
{
    struct lake_write_absence absence = {.kind = WRITE_STILL_OPEN};
    struct buffer answer = BUFFER_INIT(LIMIT_INGEST_TEXTS_BYTES);
    lake_status status = LAKE_OK;
    absence.start_ms = time_unit_to_ms(((const int64_t *)batch_values(batch, 0))[row], putting->check.per_ms);
    absence.end_ms = put_check_bar_end_ms(&putting->check, absence.start_ms);
    TRY_OUT(buffer_printf(&answer, err, "%s:%" PRId64 ": still-open", putting->source, before->n_rows + row + 1));
    TRY_OUT(buffer_string(&answer, &absence.answer, err));
    status = lake_write_note_absence(putting->job->write, &absence, err);
out:
    buffer_release(&answer);
    return status;
}

static lake_status note_origins(const struct putting *putting, const struct batch *batch, const struct before *before,
                                struct lake_error *err)
{
    const uint8_t *drops = row_marks_drops(&putting->check.marks);
    for (int64_t row = 0; row < batch->n_rows;) {
        if (drops != NULL && drops[row] != 0)
            TRY(note_left_out(putting, batch, before, row++, err));
        else
            TRY(note_stretch(putting, batch, before, &row, err));
    }
    return LAKE_OK;
}

/* What came is not ours to change: rows that stay are copied where others are left out. */
static lake_status append_kept(struct putting *putting, const struct batch *batch, struct lake_error *err)
{
    const uint8_t *drops = row_marks_drops(&putting->check.marks);
    struct batch kept = {0};
    if (putting->kept == NULL)
        TRY(batch_builder_new(putting->columns.schema, &putting->kept, err));
    for (int64_t row = 0, end = 0; row < batch->n_rows; row = end) {
        for (end = row; end < batch->n_rows && drops[end] == 0; end++)
            continue;
        if (end > row)
            TRY(batch_builder_append(putting->kept, batch, row, end - row, err));
        end += end < batch->n_rows;
    }
    TRY(batch_builder_take(putting->kept, &kept, err));
    lake_status status = lake_write_append(putting->job->write, &kept, err);
    batch_release(&kept);
    return status;
}

static lake_status put_slice(struct putting *putting, int64_t n_rows, struct lake_error *err)
{
    const struct batch batch = {.schema = putting->columns.schema, .n_rows = n_rows, .columns = putting->slice};
    const struct before before = {putting->check.n_rows, putting->check.last_ts};
    TRY(put_check_rows(&putting->check, &batch, err));
    TRY(row_marks_drops(&putting->check.marks) != NULL ? append_kept(putting, &batch, err)
                                                       : lake_write_append(putting->job->write, &batch, err));
    return note_origins(putting, &batch, &before, err);
}

static lake_status report(const struct putting *putting, struct lake_error *err)
{
    const struct lake_progress *progress = &putting->job->options->progress;
    if (progress->report != NULL && progress->report(progress->context, putting->check.n_rows, 0, 0) != 0)
        return lake_fail(err, LAKE_CANCELLED, "stopped on request after %" PRId64 " rows; nothing is committed",
                         putting->check.n_rows);
    return LAKE_OK;
}

/* Rows of an array, from one on. */
struct stretch {
    const struct ArrowArray *array;
    int64_t first, n;
};

/* The dataset's columns are then in putting->slice, as long as the batch is there. */
static lake_status convert_rows(struct putting *putting, const struct stretch *rows, struct batch *out,
                                struct lake_error *err)
{
    lake_status status = LAKE_OK;
    TRY(arrow_adapter_slice(putting->adapter, rows->array, rows->first, rows->n, out, err));
    arena_reset(&putting->arena);
    for (size_t i = 0; i < putting->columns.n && status == LAKE_OK; i++)
        status = convert_column(putting, out, i, err);
    if (status != LAKE_OK)
        batch_release(out);
    return status;
}

/* Where rows are so wide, or texts so long, that there is no memory for a slice, slices are smaller from there on. */
static lake_status convert_slice(struct putting *putting, const struct ArrowArray *array, int64_t first,
                                 struct batch *out, struct lake_error *err)
{
    for (;;) {
        struct lake_error own = {LAKE_OK, ""};
        struct stretch rows = {array, first, array->length - first};
        rows.n = rows.n < putting->slice_rows ? rows.n : putting->slice_rows;
        lake_status status = convert_rows(putting, &rows, out, &own);
        if (status == LAKE_OK)
            return LAKE_OK;
        if (status != LAKE_NO_MEMORY || rows.n <= 1)
            return lake_fail(err, status, "%s", own.message);
        putting->slice_rows = rows.n / 2;
    }
}

static lake_status put_array(struct putting *putting, const struct ArrowArray *array, struct lake_error *err)
{
    struct batch batch = {0};
    int64_t first = 0;
    do { /* an array without rows is looked at, too */
        TRY(convert_slice(putting, array, first, &batch, err));
        lake_status status = put_slice(putting, batch.n_rows, err);
        first += batch.n_rows;
        batch_release(&batch);
        TRY(status);
        TRY(report(putting, err));
    } while (first < array->length);
    return LAKE_OK;
}

static lake_status put_arrays(struct putting *putting, struct lake_error *err)
{
    for (;;) {
        struct ArrowArray array = {0};
        int error_number = putting->stream.get_next(&putting->stream, &array);
        if (error_number != 0)
            return fail_stream(putting, error_number, err);
        if (array.release == NULL)
            return LAKE_OK;
        lake_status status = put_array(putting, &array, err);
        array.release(&array);
        TRY(status);
    }
}

/* ---- what is noted of it ---- */

static lake_status note_detail(struct putting *putting, struct lake_error *err)
{
    struct buffer text = BUFFER_INIT(LIMIT_INGEST_TEXTS_BYTES);
    const char *detail = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(row_tally_text(&putting->check.tally, &text, err));
    if (text.length == 0)
        return LAKE_OK;
    TRY_OUT(buffer_string(&text, &detail, err));
    TRY_OUT(lake_write_set_detail(putting->job->write, detail, putting->check.n_left_out, err));
out:
    buffer_release(&text);
    return status;
}

static lake_status note_findings(struct putting *putting, struct lake_error *err)
{
    const struct row_tally *tally = &putting->check.tally;
    for (size_t i = 0; i < tally->n; i++) {
        const struct row_count *count = &tally->counts[i];
        const struct lake_write_finding finding = {
            .rule = count->rule,
            .n_rows = count->n_warned + count->n_rejected,
            .first_ms = count->from_ms,
            .last_ms = count->to_ms,
            .place = count->first_place,
            .detail = count->n_rejected > 0 ? "left out" : "kept as they are",
        };
        TRY(lake_write_add_finding(putting->job->write, &finding, err));
    }
    return LAKE_OK;
}

static lake_status note_all(struct putting *putting, struct lake_error *err)
{
    TRY(lake_write_add_source(putting->job->write, putting->source, 0, NULL, err));
    TRY(note_detail(putting, err));
    return note_findings(putting, err);
}

/* ---- all of it ---- */

static void begin(struct putting *putting, const struct put_job *job)
{
    struct io io = lake_io(job->lake);
    const struct data_type *type = lake_write_type(job->write);
    bool has_source = job->options->source != NULL && job->options->source[0] != '\0';
    *putting = (struct putting){
        .job = job, .source = has_source ? job->options->source : DEFAULT_SOURCE, .slice_rows = ARROW_SLICE_ROWS};
    arena_init(&putting->arena, LIMIT_ENGINE_BYTES);
    const struct put_check_setup setup = {
        .type = type,
        .period = type->has_period ? lake_write_period(job->write) : NULL,
        .options = job->options,
        .is_crypto = row_stage_is_crypto(lake_write_dataset(job->write).exchange),
        .now_ms = io.ops->now_ms(io.context),
        .place = putting->source,
    };
    put_check_init(&putting->check, &setup);
}

static void end(struct putting *putting)
{
    if (putting->stream.release != NULL)
        putting->stream.release(&putting->stream);
    arrow_adapter_free(putting->adapter);
    put_columns_release(&putting->columns);
    put_check_release(&putting->check);
    batch_builder_free(putting->kept);
    schema_free(putting->stored);
    memory_free(putting->slice);
    arena_release(&putting->arena);
}

lake_status put_rows(const struct put_job *job, struct ArrowArrayStream *rows, struct put_outcome *outcome,
                     struct lake_error *err)
{
    struct putting putting;
    lake_status status = LAKE_OK;
    begin(&putting, job);
    TRY_OUT(take_stream(&putting, rows, err));
    TRY_OUT(lake_write_begin_member(job->write, "", err));
    TRY_OUT(read_schema(&putting, err));
    TRY_OUT(put_arrays(&putting, err));
    TRY_OUT(note_all(&putting, err));
    *outcome = (struct put_outcome){putting.check.n_rows, putting.check.n_warned, putting.check.n_left_out};
out:
    end(&putting);
    return status;
}

/* ---- the end ---- */

static lake_status keep_dataset(const struct put_job *job, struct lake_put_result *result, struct lake_error *err)
{
    struct lake_selection dataset = lake_write_dataset(job->write);
    TRY(lake_keep_text(job->lake, dataset.exchange, &result->dataset.exchange, err));
    TRY(lake_keep_text(job->lake, dataset.market, &result->dataset.market, err));
    TRY(lake_keep_text(job->lake, dataset.symbol, &result->dataset.symbol, err));
    TRY(lake_keep_text(job->lake, dataset.type, &result->dataset.type, err));
    return lake_keep_text(job->lake, dataset.period, &result->dataset.period, err);
}

static void take_numbers(const struct lake_write_result *written, struct lake_put_result *result)
{
    result->rows_new = written->rows_new;
    result->rows_changed = written->rows_changed;
    result->rows_equal = written->rows_equal;
    result->first_ms = written->first_ms;
    result->last_ms = written->last_ms;
    result->days_changed = written->days_changed;
    result->files_written = written->files_written;
    result->bytes_written = written->bytes_written;
    result->snapshot = written->snapshot;
}

lake_status put_stage(const struct put_job *job, const struct put_outcome *outcome, struct lake_put_result *result,
                      struct lake_error *err)
{
    const struct data_type *type = lake_write_type(job->write);
    struct lake_write_result written = {0};
    TRY(lake_write_stage(job->write, &written, err));
    if (written.rows_repeated > 0 && !job->options->is_unsorted)
        return lake_fail(err, LAKE_INVALID_DATA, "%" PRId64 " rows have the %s%s%s of a row before them",
                         written.rows_repeated, type->key[0], type->n_key > 1 ? " and " : "",
                         type->n_key > 1 ? type->key[1] : "");
    *result = (struct lake_put_result){.size = sizeof *result,
                                       .rows_read = outcome->rows_read,
                                       .rows_warned = outcome->rows_warned,
                                       .rows_left_out = outcome->rows_left_out};
    take_numbers(&written, result);
    return keep_dataset(job, result, err);
}

lake_status put_commit(const struct put_job *job, struct lake_put_result *result, struct lake_error *err)
{
    struct lake_write_result written = {0};
    TRY(lake_write_commit(job->write, &written, err));
    take_numbers(&written, result);
    return LAKE_OK;
}
