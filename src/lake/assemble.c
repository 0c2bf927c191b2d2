#include "lake/assemble.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "column/time_unit.h"

/* The bytes of one slice's texts, until all lengths are known. */
struct text_piece {
    uint8_t *bytes;
    size_t n_bytes;
};

/* One column while it is being put together. */
struct part {
    uint8_t *is_valid; /* a byte a row; NULL: no nulls so far. Bytes, so that slices in other threads do not meet */
    uint8_t *booleans; /* a byte a row, of COLUMN_BOOL */
    struct text_piece *texts; /* of each slice, of types with offsets */
};

struct assembler {
    struct lake *lake;
    size_t n_threads;
    struct stored_file **files; /* one a thread, made when first used */
    struct mutex *mutex;        /* guards the making of part.is_valid */
};

struct job {
    struct assembler *assembler;
    const struct slice *slices;
    size_t n_slices;
    int64_t *starts; /* first row of each slice in the result */
    struct batch *batch;
    struct part *parts;
    bool past_cache; /* the result is larger than what a core's own cache holds */
};

/* About two of the larger caches that cores have to themselves. */
enum { PAST_CACHE_BYTES = 4 << 20 };

lake_status assembler_new(struct lake *lake, size_t n_threads, struct assembler **out, struct lake_error *err)
{
    struct assembler *assembler = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *assembler, &assembler, err));
    assembler->lake = lake;
    assembler->n_threads = n_threads;
    TRY_OUT(memory_new(n_threads, sizeof(struct stored_file *), &assembler->files, err));
    TRY_OUT(mutex_new(&assembler->mutex, err));
    *out = assembler;
    assembler = NULL;
out:
    assembler_free(assembler);
    return status;
}

void assembler_free(struct assembler *assembler)
{
    if (assembler == NULL)
        return;
    for (size_t i = 0; assembler->files != NULL && i < assembler->n_threads; i++)
        stored_file_free(assembler->files[i]);
    memory_free(assembler->files);
    mutex_free(assembler->mutex);
    memory_free(assembler);
}

static lake_status get_file(struct assembler *assembler, size_t worker, struct stored_file **out,
                            struct lake_error *err)
{
    if (assembler->files[worker] == NULL)
        TRY(stored_file_new(assembler->lake, &assembler->files[worker], err));
    *out = assembler->files[worker];
    return LAKE_OK;
}

lake_status assembler_get_file(struct assembler *assembler, struct stored_file **out, struct lake_error *err)
{
    return get_file(assembler, 0, out, err);
}

static lake_status open_slice(struct assembler *assembler, const struct slice *slice, size_t worker,
                              struct stored_file **out, struct lake_error *err)
{
    TRY(get_file(assembler, worker, out, err));
    if (slice->state_path != NULL)
        return stored_file_open_staged(*out, slice->state_path, err);
    return slice->n_rows == 0 ? stored_file_open(*out, slice->file, err)
                              : stored_file_open_rows(*out, slice->file, slice->n_rows, err);
}

/* ---- one column of one slice ---- */

static lake_status get_validity(struct job *job, size_t column, uint8_t **out, struct lake_error *err)
{
    struct part *part = &job->parts[column];
    lake_status status = LAKE_OK;
    mutex_lock(job->assembler->mutex);
    if (part->is_valid == NULL) {
        status = memory_new((size_t)job->batch->n_rows, 1, &part->is_valid, err);
        if (status == LAKE_OK)
            memset(part->is_valid, 1, (size_t)job->batch->n_rows);
    }
    *out = part->is_valid;
    mutex_unlock(job->assembler->mutex);
    return status;
}

static lake_status fill_missing(struct job *job, size_t slice, size_t column, struct lake_error *err)
{
    const struct column_field *field = &job->batch->schema->fields[column];
    size_t n = (size_t)job->slices[slice].n_rows;
    size_t start = (size_t)job->starts[slice];
    size_t width = column_type_width(field);
    uint8_t *is_valid = NULL;
    TRY(get_validity(job, column, &is_valid, err));
    memset(is_valid + start, 0, n);
    if (width > 0)
        memset((uint8_t *)job->batch->columns[column].values + start * width, 0, n * width);
    return LAKE_OK; /* booleans, offsets and texts begin as zeros */
}

/* The piece's offsets stand in the result's, from 0, until join_texts moves them to their place. */
static lake_status keep_text(struct job *job, size_t slice, size_t column, struct buffer *text, struct lake_error *err)
{
    struct text_piece *piece = &job->parts[column].texts[slice];
    TRY(memory_new(text->length, 1, &piece->bytes, err));
    if (text->length > 0)
        memcpy(piece->bytes, text->data, text->length);
    piece->n_bytes = text->length;
    return LAKE_OK;
}

static lake_status check_type(const struct parquet_file_column *found, const struct column_field *field,
                              struct lake_error *err)
{
    if (found->unsupported != NULL)
        return lake_fail(err, LAKE_UNSUPPORTED, "column %s has %s", field->name, found->unsupported);
    if (found->field.type != field->type || found->field.width != field->width)
        return lake_fail(err, LAKE_CORRUPT, "column %s is %s in the file and %s in the dataset", field->name,
                         column_type_name(found->field.type), column_type_name(field->type));
    return LAKE_OK;
}

static lake_status read_column(struct job *job, size_t slice, size_t column, struct stored_file *file,
                               struct lake_error *err)
{
    struct parquet_reader *reader = stored_file_parquet(file);
    const struct column_field *field = &job->batch->schema->fields[column];
    const struct column *result = &job->batch->columns[column];
    size_t start = (size_t)job->starts[slice];
    size_t n = (size_t)job->slices[slice].n_rows;
    struct parquet_target target = {.past_cache = job->past_cache};
    uint8_t *is_valid = NULL;
    int32_t *own_offsets = NULL;
    lake_status status = LAKE_OK;
    int found = parquet_reader_find(reader, field->name);
    if (found < 0)
        return fill_missing(job, slice, column, err);
    TRY(check_type(&parquet_reader_file(reader)->columns[found], field, err));
    if (column_type_has_offsets(field->type)) {
        /* n + 1 offsets from 0: the first would fall on the last of the slice before. */
        TRY(memory_new(n + 1, sizeof *own_offsets, &own_offsets, err));
        target.offsets = own_offsets;
        target.bytes = stored_file_text(file);
    } else {
        target.values = field->type == COLUMN_BOOL ? job->parts[column].booleans + start
                                                   : (uint8_t *)result->values + start * column_type_width(field);
    }
    TRY_OUT(parquet_reader_read(reader, (size_t)found, job->slices[slice].first_row, (int64_t)n, &target, err));
    if (own_offsets != NULL) {
        memcpy(result->offsets + start + 1, own_offsets + 1, n * sizeof *own_offsets);
        TRY_OUT(keep_text(job, slice, column, target.bytes, err));
    }
    if (target.null_count > 0) {
        TRY_OUT(get_validity(job, column, &is_valid, err));
        memcpy(is_valid + start, target.valid, n);
    }
out:
    memory_free(own_offsets);
    return status;
}

static lake_status read_slice(void *context, size_t slice, size_t worker, struct lake_error *err)
{
    struct job *job = context;
    struct stored_file *file = NULL;
    lake_status status = LAKE_OK;
    TRY(open_slice(job->assembler, &job->slices[slice], worker, &file, err));
    for (size_t i = 0; status == LAKE_OK && i < job->batch->schema->n_fields; i++)
        status = read_column(job, slice, i, file, err);
    if (status != LAKE_OK || job->slices[slice].state_path != NULL)
        stored_file_close(file); /* asked again, it is opened anew; what is staged is moved or removed */
    return status;
}

/* ---- all slices together ---- */

static lake_status join_texts(struct job *job, size_t column, struct lake_error *err)
{
    struct column *result = &job->batch->columns[column];
    const struct text_piece *texts = job->parts[column].texts;
    size_t total = 0;
    for (size_t i = 0; i < job->n_slices; i++)
        if (!size_add(total, texts[i].n_bytes, &total) || total > INT32_MAX)
            return lake_fail(err, LAKE_NO_MEMORY,
                             "column %s holds more than 2 GiB of text in one batch: ask for fewer rows",
                             job->batch->schema->fields[column].name);
    TRY(batch_add_bytes(job->batch, column, total, err));
    uint8_t *to = result->values;
    int32_t base = 0;
    for (size_t i = 0; i < job->n_slices; i++) {
        for (int64_t row = 0; row < job->slices[i].n_rows; row++)
            result->offsets[job->starts[i] + row + 1] += base;
        if (texts[i].n_bytes > 0)
            memcpy(to + base, texts[i].bytes, texts[i].n_bytes);
        base += (int32_t)texts[i].n_bytes;
    }
    return LAKE_OK;
}

static lake_status pack_validity(struct job *job, size_t column, struct lake_error *err)
{
    struct column *result = &job->batch->columns[column];
    const uint8_t *is_valid = job->parts[column].is_valid;
    TRY(batch_add_validity(job->batch, column, err));
    for (int64_t row = 0; row < job->batch->n_rows; row++) {
        if (is_valid[row])
            continue;
        bit_set(result->validity, row, false);
        result->null_count++;
    }
    return LAKE_OK;
}

static lake_status finish_column(struct job *job, size_t column, struct lake_error *err)
{
    const struct part *part = &job->parts[column];
    if (part->texts != NULL)
        TRY(join_texts(job, column, err));
    for (int64_t row = 0; part->booleans != NULL && row < job->batch->n_rows; row++)
        bit_set(job->batch->columns[column].values, row, part->booleans[row] != 0);
    return part->is_valid == NULL ? LAKE_OK : pack_validity(job, column, err);
}

static lake_status prepare(struct job *job, struct lake_error *err)
{
    const struct schema *schema = job->batch->schema;
    TRY(memory_new(schema->n_fields, sizeof *job->parts, &job->parts, err));
    for (size_t i = 0; i < schema->n_fields; i++) {
        if (schema->fields[i].type == COLUMN_BOOL)
            TRY(memory_new((size_t)job->batch->n_rows, 1, &job->parts[i].booleans, err));
        if (column_type_has_offsets(schema->fields[i].type))
            TRY(memory_new(job->n_slices, sizeof *job->parts[i].texts, &job->parts[i].texts, err));
    }
    return LAKE_OK;
}

static void release_parts(struct job *job, size_t n_columns)
{
    for (size_t i = 0; job->parts != NULL && i < n_columns; i++) {
        memory_free(job->parts[i].is_valid);
        memory_free(job->parts[i].booleans);
        for (size_t k = 0; job->parts[i].texts != NULL && k < job->n_slices; k++)
            memory_free(job->parts[i].texts[k].bytes);
        memory_free(job->parts[i].texts);
    }
    memory_free(job->parts);
    memory_free(job->starts);
}

static lake_status run(struct job *job, struct lake_error *err)
{
    if (job->assembler->n_threads > 1)
        return pool_run(job->assembler->lake->pool, job->n_slices, read_slice, job, err);
    for (size_t i = 0; i < job->n_slices; i++)
        TRY(read_slice(job, i, 0, err));
    return LAKE_OK;
}

lake_status assemble_batch(struct assembler *assembler, const struct schema *schema, const struct slice *slices,
                           size_t n_slices, struct batch *out, struct lake_error *err)
{
    struct batch batch = {0};
    struct job job = {.assembler = assembler, .slices = slices, .n_slices = n_slices, .batch = &batch};
    int64_t n_rows = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(memory_new(n_slices, sizeof *job.starts, &job.starts, err));
    for (size_t i = 0; i < n_slices; i++) {
        job.starts[i] = n_rows;
        n_rows += slices[i].n_rows;
    }
    TRY_OUT(batch_new_cached(&batch, schema, n_rows, assembler->lake->blocks, err));
    job.past_cache = (size_t)n_rows * schema->n_fields > PAST_CACHE_BYTES / sizeof(int64_t);
    TRY_OUT(prepare(&job, err));
    TRY_OUT(run(&job, err));
    for (size_t i = 0; i < schema->n_fields; i++)
        TRY_OUT(finish_column(&job, i, err));
    batch_move(out, &batch);
out:
    release_parts(&job, schema->n_fields);
    batch_release(&batch);
    return status;
}

/* About how many of a file's rows lie in [start, end), if they were spread evenly. */
static int64_t guess_rows(const struct manifest_file *file, int64_t start_ms, int64_t end_ms)
{
    double first = (double)(file->time_from_ms > start_ms ? file->time_from_ms : start_ms);
    double last = (double)(file->time_to_ms < end_ms ? file->time_to_ms : end_ms);
    double span = (double)file->time_to_ms - (double)file->time_from_ms;
    if (last < first)
        return 0;
    return span <= 0 ? file->n_rows : (int64_t)((double)file->n_rows * (last - first) / span);
}

lake_status assembler_narrow(struct assembler *assembler, struct slice *slice, int64_t start_ms, int64_t end_ms,
                             struct lake_error *err)
{
    struct stored_file *file = NULL;
    TRY(get_file(assembler, 0, &file, err));
    TRY(stored_file_open_rows(file, slice->file, guess_rows(slice->file, start_ms, end_ms), err));
    struct parquet_reader *reader = stored_file_parquet(file);
    int found = parquet_reader_find(reader, "ts");
    if (found < 0)
        return lake_fail(err, LAKE_CORRUPT, "%s: has no column ts", slice->file->path);
    const struct parquet_file_column *ts = &parquet_reader_file(reader)->columns[found];
    int64_t per_ms = time_unit_per_ms(ts->field.type);
    if (per_ms == 0 || ts->unsupported != NULL)
        return lake_fail(err, LAKE_CORRUPT, "%s: column ts is %s, not a timestamp", slice->file->path,
                         ts->unsupported != NULL ? ts->unsupported : column_type_name(ts->field.type));
    int64_t start = time_unit_from_ms(start_ms, per_ms), end = time_unit_from_ms(end_ms, per_ms);
    int64_t last = end == INT64_MIN ? end : end - 1;
    return parquet_reader_find_rows(reader, (size_t)found, start, last, &slice->first_row, &slice->n_rows, err);
}

static lake_status schema_of_file(const struct parquet_file *file, struct schema **out, struct lake_error *err)
{
    struct column_field *fields = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(file->n_columns, sizeof *fields, &fields, err));
    for (size_t i = 0; i < file->n_columns; i++)
        fields[i] = file->columns[i].field;
    status = schema_new(fields, file->n_columns, out, err);
    memory_free(fields);
    return status;
}

lake_status assemble_file(struct assembler *assembler, const struct slice *file, struct batch *out,
                          struct lake_error *err)
{
    struct stored_file *opened = NULL;
    struct schema *schema = NULL;
    struct slice whole = *file;
    lake_status status = LAKE_OK;
    TRY(open_slice(assembler, file, 0, &opened, err));
    const struct parquet_file *parquet = parquet_reader_file(stored_file_parquet(opened));
    whole.n_rows = parquet->n_rows;
    TRY_OUT(schema_of_file(parquet, &schema, err));
    TRY_OUT(assemble_batch(assembler, schema, &whole, 1, out, err));
    out->owns_schema = true;
    schema = NULL;
out:
    schema_free(schema);
    return status;
}
