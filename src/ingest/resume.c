#include "ingest/resume.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"

/* Of the note: grows when its form changes. */
enum { VERSION = 1 };
enum {
    N_NUMBERS = 5 + RESUME_COUNTERS, /* source, member, offset, line, bytes of the mark, the counters */
    NOTE_BYTES = 1 + 8 * N_NUMBERS + SHA256_BYTES
};

/* ---- the job ---- */

/* A length before each, so that no two lists look alike; a text that is not given is another than an empty one. */
static lake_status hash_text(struct sha256 *hash, const char *text, struct lake_error *err)
{
    uint8_t length[8];
    size_t n = text == NULL ? 0 : strlen(text);
    store_u64(length, text == NULL ? UINT64_MAX : n);
    TRY(sha256_update(hash, length, sizeof length, err));
    return n == 0 ? LAKE_OK : sha256_update(hash, text, n, err);
}

static lake_status hash_number(struct sha256 *hash, uint64_t number, struct lake_error *err)
{
    uint8_t bytes[8];
    store_u64(bytes, number);
    return sha256_update(hash, bytes, sizeof bytes, err);
}

static lake_status hash_texts(struct sha256 *hash, const char *const *texts, size_t n, struct lake_error *err)
{
    TRY(hash_number(hash, n, err));
    for (size_t i = 0; i < n; i++)
        TRY(hash_text(hash, texts[i], err));
    return LAKE_OK;
}

static lake_status hash_options(struct sha256 *hash, const struct lake_ingest_options *options, struct lake_error *err)
{
    const struct lake_selection *dataset = &options->dataset;
    const char *const texts[] = {dataset->exchange,    dataset->market,    dataset->symbol, dataset->type,
                                 dataset->period,      options->separator, options->header, options->decimal,
                                 options->time_format, options->time_zone, options->stamp,  options->rejects_path};
    TRY(hash_texts(hash, texts, sizeof texts / sizeof *texts, err));
    TRY(hash_texts(hash, options->columns, options->n_columns, err));
    return hash_number(hash, (uint64_t)options->checks, err);
}

/* Whatever way leads to a file, it is the same job. */
static lake_status hash_path(struct io io, struct sha256 *hash, const char *path, struct lake_error *err)
{
    char resolved[LIMIT_PATH_BYTES];
    bool is_stream = strcmp(path, SOURCE_STANDARD_INPUT) == 0;
    bool is_resolved = !is_stream && io.ops->real_path(io.context, path, resolved, sizeof resolved) == 0;
    return hash_text(hash, is_resolved ? resolved : path, err);
}

lake_status resume_job(struct io io, const struct lake_ingest_options *options, const char *const *paths,
                       size_t n_paths, uint8_t job[SHA256_BYTES], struct lake_error *err)
{
    struct sha256 *hash = NULL;
    lake_status status = LAKE_OK;
    TRY(sha256_new(&hash, err));
    TRY_OUT(sha256_begin(hash, err));
    TRY_OUT(hash_options(hash, options, err));
    TRY_OUT(hash_number(hash, n_paths, err));
    for (size_t i = 0; i < n_paths; i++)
        TRY_OUT(hash_path(io, hash, paths[i], err));
    status = sha256_end(hash, job, err);
out:
    sha256_free(hash);
    return status;
}

/* ---- the note ---- */

lake_status resume_save(struct lake_write *write, const uint8_t job[SHA256_BYTES], const struct resume_point *point,
                        struct lake_error *err)
{
    const uint64_t numbers[] = {point->source, point->member, (uint64_t)point->position.offset,
                                (uint64_t)point->position.line, (uint64_t)point->mark.n_bytes};
    enum { N_FIRST = sizeof numbers / sizeof *numbers };
    uint8_t bytes[NOTE_BYTES] = {VERSION};
    struct buffer note = BUFFER_INIT(NOTE_BYTES + RESUME_TEXT_BYTES);
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < N_NUMBERS; i++)
        store_u64(bytes + 1 + 8 * i, i < N_FIRST ? numbers[i] : (uint64_t)point->counters[i - N_FIRST]);
    memcpy(bytes + 1 + 8 * N_NUMBERS, point->mark.digest, SHA256_BYTES);
    TRY_OUT(buffer_append(&note, bytes, sizeof bytes, err));
    TRY_OUT(buffer_append(&note, point->texts.data, point->texts.length, err));
    status = lake_write_save(write, job, &note, err);
out:
    buffer_release(&note);
    return status;
}

static int64_t number_at(const struct buffer *note, size_t i)
{
    return (int64_t)load_u64(note->data + 1 + 8 * i);
}

/* False: the note is of another version of this software. */
static bool read_numbers(const struct buffer *note, struct resume_point *point)
{
    if (note->length < NOTE_BYTES || note->data[0] != VERSION)
        return false;
    for (size_t i = 0; i < 5; i++)
        if (number_at(note, i) < 0)
            return false;
    point->source = (size_t)number_at(note, 0);
    point->member = (size_t)number_at(note, 1);
    point->position = (struct row_position){number_at(note, 2), number_at(note, 3)};
    point->mark.n_bytes = number_at(note, 4);
    for (size_t i = 0; i < RESUME_COUNTERS; i++)
        point->counters[i] = number_at(note, 5 + i);
    memcpy(point->mark.digest, note->data + 1 + 8 * N_NUMBERS, SHA256_BYTES);
    return true;
}

static lake_status take_note(const struct buffer *note, struct lake_write **write, struct resume_point *point,
                             struct lake_error *err)
{
    if (*write == NULL)
        return buffer_append(&point->texts, note->data, note->length, err);
    if (read_numbers(note, point))
        return buffer_append(&point->texts, note->data + NOTE_BYTES, note->length - NOTE_BYTES, err);
    lake_write_free(*write);
    *write = NULL;
    return buffer_append_text(
        &point->texts, "what another version of this software had saved of it is not understood: it begins anew", err);
}

lake_status resume_load(struct lake *lake, const uint8_t job[SHA256_BYTES], struct lake_write **write,
                        struct resume_point *point, struct lake_error *err)
{
    struct buffer note = BUFFER_INIT(NOTE_BYTES + RESUME_TEXT_BYTES);
    lake_status status = LAKE_OK;
    *write = NULL;
    *point = (struct resume_point){.texts = BUFFER_INIT(RESUME_TEXT_BYTES)};
    TRY_OUT(lake_write_resume(lake, job, write, &note, err));
    status = take_note(&note, write, point, err);
out:
    if (status != LAKE_OK && *write != NULL) {
        lake_write_keep(*write); /* for another try */
        lake_write_free(*write);
        *write = NULL;
    }
    buffer_release(&note);
    return status;
}
