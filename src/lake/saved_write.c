#include "lake/saved_write.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "lake/saved_bytes.h"
#include "lake/saved_notes.h"

/* Head: magic, version, length of the body, its SHA-256. */
static const uint8_t magic[8] = {'d', 'l', 's', 'a', 'v', 'e', '\n', 0};
enum { VERSION = 2, HEAD_BYTES = 8 + 4 + 8 + SHA256_BYTES };

/* ---- writing ---- */

static lake_status put_columns(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    TRY(saved_put_u32(out, saved->n_columns, err));
    for (size_t i = 0; i < saved->n_columns; i++) {
        const struct column_field *field = &saved->columns[i];
        TRY(saved_put_text(out, field->name, err));
        TRY(buffer_append_byte(out, (uint8_t)field->type, err));
        TRY(saved_put_u32(out, (size_t)field->width, err));
        TRY(buffer_append_byte(out, field->nullable, err));
    }
    return LAKE_OK;
}

static lake_status put_sources(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    TRY(saved_put_u32(out, saved->n_sources, err));
    for (size_t i = 0; i < saved->n_sources; i++) {
        const struct saved_source *source = &saved->sources[i];
        TRY(saved_put_text(out, source->path, err));
        TRY(saved_put_i64(out, source->size_bytes, err));
        TRY(saved_put_digest(out, source->has_sha256, source->sha256, err));
    }
    return LAKE_OK;
}

static lake_status put_files(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    TRY(saved_put_u32(out, saved->n_files, err));
    for (size_t i = 0; i < saved->n_files; i++) {
        const struct saved_file *file = &saved->files[i];
        TRY(saved_put_text(out, file->name, err));
        TRY(saved_put_i64(out, file->size_bytes, err));
        TRY(saved_put_digest(out, file->has_sha256, file->sha256, err));
    }
    return LAKE_OK;
}

static lake_status put_counts(const struct partition_counts *counts, struct buffer *out, struct lake_error *err)
{
    const int64_t *const values[] = {&counts->rows.n_new, &counts->rows.n_changed, &counts->rows.n_equal,
                                     &counts->n_settled, &counts->n_lost};
    return saved_put_i64s(out, values, sizeof values / sizeof *values, err);
}

static lake_status put_day(const struct content_day *day, struct buffer *out, struct lake_error *err)
{
    const int64_t *const values[] = {&day->day, &day->first_row, &day->n_rows, &day->first_ms, &day->last_ms};
    TRY(saved_put_i64s(out, values, sizeof values / sizeof *values, err));
    TRY(buffer_append(out, day->sha256, SHA256_BYTES, err));
    TRY(buffer_append_byte(out, day->has_holes, err));
    if (!day->has_holes)
        return LAKE_OK;
    TRY(saved_put_u32(out, day->holes_at, err));
    return saved_put_u32(out, day->n_holes_bytes, err);
}

static lake_status put_lists(const struct saved_partition *partition, struct buffer *out, struct lake_error *err)
{
    TRY(saved_put_u32(out, partition->n_incoming, err));
    for (size_t i = 0; i < partition->n_incoming; i++) {
        TRY(saved_put_u32(out, partition->incoming[i].file, err));
        TRY(saved_put_i64(out, partition->incoming[i].source, err));
    }
    TRY(saved_put_u32(out, partition->n_base, err));
    for (size_t i = 0; i < partition->n_base; i++) {
        TRY(saved_put_i64(out, partition->base[i].id, err));
        TRY(saved_put_text(out, partition->base[i].path, err));
    }
    TRY(saved_put_u32(out, partition->n_holes_bytes, err));
    TRY(buffer_append(out, partition->holes, partition->n_holes_bytes, err));
    TRY(saved_put_u32(out, partition->n_days, err));
    for (size_t i = 0; i < partition->n_days; i++)
        TRY(put_day(&partition->days[i], out, err));
    return LAKE_OK;
}

static lake_status put_partition(const struct saved_partition *partition, struct buffer *out, struct lake_error *err)
{
    const int64_t *const values[] = {&partition->start_ms, &partition->end_ms};
    const int64_t *const of_file[] = {&partition->time_from_ms, &partition->time_to_ms, &partition->n_rows};
    TRY(saved_put_i64s(out, values, sizeof values / sizeof *values, err));
    TRY(buffer_append_byte(out, partition->is_changed, err));
    TRY(buffer_append_byte(out, partition->has_file, err));
    TRY(put_counts(&partition->counts, out, err));
    if (partition->has_file) {
        TRY(saved_put_u32(out, partition->file, err));
        TRY(saved_put_text(out, partition->path, err));
        TRY(saved_put_i64s(out, of_file, sizeof of_file / sizeof *of_file, err));
    }
    return put_lists(partition, out, err);
}

static lake_status put_runs(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    TRY(buffer_append_byte(out, saved->is_spilling, err));
    TRY(saved_put_u32(out, saved->n_runs, err));
    for (size_t i = 0; i < saved->n_runs; i++) {
        TRY(saved_put_u32(out, saved->runs[i].file, err));
        TRY(saved_put_i64(out, saved->runs[i].n_rows, err));
    }
    return LAKE_OK;
}

static lake_status put_body(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    const char *const texts[] = {saved->kind, saved->exchange, saved->market, saved->symbol,
                                 saved->type, saved->period,   saved->detail};
    const int64_t source = saved->source;
    const int64_t *const values[] = {&saved->saved_ms, &saved->started_ms, &saved->rows_read,
                                     &saved->first_ms, &saved->last_ms,    &saved->rows_rejected,
                                     &source};
    TRY(buffer_append(out, saved->job, SHA256_BYTES, err));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        TRY(saved_put_text(out, texts[i], err));
    TRY(saved_put_i64s(out, values, sizeof values / sizeof *values, err));
    TRY(saved_put_u32(out, saved->n_note, err));
    TRY(buffer_append(out, saved->note, saved->n_note, err));
    TRY(put_columns(saved, out, err));
    TRY(put_sources(saved, out, err));
    TRY(put_files(saved, out, err));
    TRY(saved_put_u32(out, saved->n_partitions, err));
    for (size_t i = 0; i < saved->n_partitions; i++)
        TRY(put_partition(&saved->partitions[i], out, err));
    TRY(put_runs(saved, out, err));
    return saved_notes_put(saved, out, err);
}

/* The head of the body that follows it. */
static lake_status make_head(const uint8_t *body, size_t n, uint8_t head[HEAD_BYTES], struct lake_error *err)
{
    struct sha256 *hash = NULL;
    lake_status status = LAKE_OK;
    memcpy(head, magic, sizeof magic);
    store_u32(head + 8, VERSION);
    store_u64(head + 12, n);
    TRY(sha256_new(&hash, err));
    TRY_OUT(sha256_begin(hash, err));
    TRY_OUT(sha256_update(hash, body, n, err));
    status = sha256_end(hash, head + 20, err);
out:
    sha256_free(hash);
    return status;
}

lake_status saved_write_frame(const uint8_t *body, size_t n, struct buffer *out, struct lake_error *err)
{
    uint8_t head[HEAD_BYTES];
    buffer_clear(out);
    TRY(make_head(body, n, head, err));
    TRY(buffer_append(out, head, sizeof head, err));
    return buffer_append(out, body, n, err);
}

lake_status saved_write_encode(const struct saved_write *saved, struct buffer *out, struct lake_error *err)
{
    static const uint8_t room[HEAD_BYTES];
    buffer_clear(out);
    TRY(buffer_append(out, room, sizeof room, err));
    TRY(put_body(saved, out, err));
    return make_head(out->data + HEAD_BYTES, out->length - HEAD_BYTES, out->data, err);
}

/* ---- reading ---- */

static lake_status take_file_index(struct saved_reader *reader, const struct saved_write *saved, size_t *out)
{
    uint32_t index = 0;
    TRY(saved_take_u32(reader, &index));
    *out = index;
    return index < saved->n_files ? LAKE_OK : saved_fail(reader, "a file has no name");
}

static lake_status take_column(struct saved_reader *reader, struct column_field *field)
{
    const uint8_t *type = NULL;
    uint32_t width = 0;
    TRY(saved_take_text(reader, &field->name));
    TRY(saved_take_bytes(reader, 1, &type));
    TRY(saved_take_u32(reader, &width));
    TRY(saved_take_bool(reader, &field->nullable));
    bool is_type = *type >= COLUMN_BOOL && *type <= COLUMN_FIXED;
    if (!is_type || width > INT32_MAX || (width > 0) != (*type == COLUMN_FIXED))
        return saved_fail(reader, "a column has no type");
    field->type = (enum column_type) * type;
    field->width = (int32_t)width;
    return LAKE_OK;
}

static lake_status take_columns(struct saved_reader *reader, struct saved_write *saved)
{
    TRY(saved_take_list(reader, 10, sizeof *saved->columns, &saved->n_columns, &saved->columns));
    if (saved->n_columns > LIMIT_PARQUET_COLUMNS)
        return saved_fail(reader, "too many columns");
    for (size_t i = 0; i < saved->n_columns; i++)
        TRY(take_column(reader, &saved->columns[i]));
    return LAKE_OK;
}

static lake_status take_sources(struct saved_reader *reader, struct saved_write *saved)
{
    TRY(saved_take_list(reader, 13, sizeof *saved->sources, &saved->n_sources, &saved->sources));
    for (size_t i = 0; i < saved->n_sources; i++) {
        struct saved_source *source = &saved->sources[i];
        int64_t *const size = &source->size_bytes;
        TRY(saved_take_text(reader, &source->path));
        TRY(saved_take_counts(reader, &size, 1));
        TRY(saved_take_digest(reader, &source->has_sha256, source->sha256));
    }
    return LAKE_OK;
}

/* What a file of the write may be called; never its lock or its safe point. */
static bool is_file_name(const char *name)
{
    static const char *const endings[] = {".staged", ".incoming", ".run"};
    size_t n = strlen(name);
    bool has_ending = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n_ending = strlen(endings[i]);
        has_ending = has_ending || (n > n_ending && strcmp(name + n - n_ending, endings[i]) == 0);
    }
    return has_ending && n < LIMIT_PATH_BYTES / 2 && strchr(name, '/') == NULL;
}

static lake_status take_files(struct saved_reader *reader, struct saved_write *saved)
{
    TRY(saved_take_list(reader, 13, sizeof *saved->files, &saved->n_files, &saved->files));
    for (size_t i = 0; i < saved->n_files; i++) {
        struct saved_file *file = &saved->files[i];
        int64_t *const size = &file->size_bytes;
        TRY(saved_take_text(reader, &file->name));
        if (!is_file_name(file->name) || (i > 0 && strcmp(saved->files[i - 1].name, file->name) >= 0))
            return saved_fail(reader, "that is no name of a staged file");
        TRY(saved_take_counts(reader, &size, 1));
        TRY(saved_take_digest(reader, &file->has_sha256, file->sha256));
    }
    return LAKE_OK;
}

static lake_status take_kept(struct saved_reader *reader, const struct saved_write *saved, struct saved_kept *kept)
{
    int64_t source = 0;
    TRY(take_file_index(reader, saved, &kept->file));
    TRY(saved_take_i64(reader, &source));
    if (source < KEPT_SOURCE_IN_ROWS || source > INT32_MAX)
        return saved_fail(reader, "there is no such source");
    kept->source = (int32_t)source;
    return LAKE_OK;
}

static lake_status take_day_holes(struct saved_reader *reader, const struct saved_partition *partition,
                                  struct content_day *day)
{
    uint32_t at = 0, n = 0;
    TRY(saved_take_bool(reader, &day->has_holes));
    if (!day->has_holes)
        return LAKE_OK;
    TRY(saved_take_u32(reader, &at));
    TRY(saved_take_u32(reader, &n));
    day->holes_at = at;
    day->n_holes_bytes = n;
    if (at > partition->n_holes_bytes || n > partition->n_holes_bytes - at)
        return saved_fail(reader, "the holes of a day are not there");
    return LAKE_OK;
}

static lake_status take_day(struct saved_reader *reader, const struct saved_partition *partition,
                            struct content_day *day)
{
    int64_t *const counts[] = {&day->first_row, &day->n_rows};
    int64_t *const times[] = {&day->first_ms, &day->last_ms};
    const uint8_t *digest = NULL;
    TRY(saved_take_i64(reader, &day->day));
    TRY(saved_take_counts(reader, counts, 2));
    TRY(saved_take_i64s(reader, times, 2));
    TRY(saved_take_bytes(reader, SHA256_BYTES, &digest));
    memcpy(day->sha256, digest, SHA256_BYTES);
    return take_day_holes(reader, partition, day);
}

static lake_status take_days(struct saved_reader *reader, struct saved_partition *partition)
{
    const uint8_t *bytes = NULL;
    uint8_t *holes = NULL;
    uint32_t n = 0;
    TRY(saved_take_u32(reader, &n));
    TRY(saved_take_bytes(reader, n, &bytes));
    TRY(arena_new(reader->arena, n, 1, &holes, reader->err));
    memcpy(holes, bytes, n);
    partition->holes = holes;
    partition->n_holes_bytes = n;
    TRY(saved_take_list(reader, 5 * 8 + SHA256_BYTES + 1, sizeof *partition->days, &partition->n_days,
                        &partition->days));
    for (size_t i = 0; i < partition->n_days; i++)
        TRY(take_day(reader, partition, &partition->days[i]));
    return LAKE_OK;
}

static lake_status take_lists(struct saved_reader *reader, const struct saved_write *saved,
                              struct saved_partition *partition)
{
    TRY(saved_take_list(reader, 12, sizeof *partition->incoming, &partition->n_incoming, &partition->incoming));
    for (size_t i = 0; i < partition->n_incoming; i++)
        TRY(take_kept(reader, saved, &partition->incoming[i]));
    TRY(saved_take_list(reader, 12, sizeof *partition->base, &partition->n_base, &partition->base));
    for (size_t i = 0; i < partition->n_base; i++) {
        TRY(saved_take_i64(reader, &partition->base[i].id));
        TRY(saved_take_text(reader, &partition->base[i].path));
    }
    return take_days(reader, partition);
}

static lake_status take_staged(struct saved_reader *reader, const struct saved_write *saved,
                               struct saved_partition *partition)
{
    int64_t *const times[] = {&partition->time_from_ms, &partition->time_to_ms};
    int64_t *const rows = &partition->n_rows;
    partition->path = "";
    if (!partition->has_file)
        return LAKE_OK;
    TRY(take_file_index(reader, saved, &partition->file));
    TRY(saved_take_text(reader, &partition->path));
    TRY(saved_take_i64s(reader, times, 2));
    TRY(saved_take_counts(reader, &rows, 1));
    if (partition->time_from_ms < partition->start_ms || partition->time_to_ms >= partition->end_ms ||
        partition->time_from_ms > partition->time_to_ms)
        return saved_fail(reader, "a file has other times than its partition");
    return LAKE_OK;
}

static lake_status take_partition(struct saved_reader *reader, const struct saved_write *saved,
                                  struct saved_partition *partition)
{
    int64_t *const times[] = {&partition->start_ms, &partition->end_ms};
    struct partition_counts *counts = &partition->counts;
    int64_t *const values[] = {&counts->rows.n_new, &counts->rows.n_changed, &counts->rows.n_equal, &counts->n_settled,
                               &counts->n_lost};
    TRY(saved_take_i64s(reader, times, 2));
    if (partition->start_ms >= partition->end_ms)
        return saved_fail(reader, "a partition is empty");
    TRY(saved_take_bool(reader, &partition->is_changed));
    TRY(saved_take_bool(reader, &partition->has_file));
    TRY(saved_take_counts(reader, values, sizeof values / sizeof *values));
    TRY(take_staged(reader, saved, partition));
    return take_lists(reader, saved, partition);
}

static lake_status take_partitions(struct saved_reader *reader, struct saved_write *saved)
{
    TRY(saved_take_list(reader, 74, sizeof *saved->partitions, &saved->n_partitions, &saved->partitions));
    for (size_t i = 0; i < saved->n_partitions; i++) {
        TRY(take_partition(reader, saved, &saved->partitions[i]));
        if (i > 0 && saved->partitions[i - 1].end_ms > saved->partitions[i].start_ms)
            return saved_fail(reader, "partitions overlap");
    }
    return LAKE_OK;
}

static lake_status take_runs(struct saved_reader *reader, struct saved_write *saved)
{
    TRY(saved_take_bool(reader, &saved->is_spilling));
    TRY(saved_take_list(reader, 12, sizeof *saved->runs, &saved->n_runs, &saved->runs));
    for (size_t i = 0; i < saved->n_runs; i++) {
        int64_t *const rows = &saved->runs[i].n_rows;
        TRY(take_file_index(reader, saved, &saved->runs[i].file));
        TRY(saved_take_counts(reader, &rows, 1));
    }
    return LAKE_OK;
}

static lake_status take_counters(struct saved_reader *reader, struct saved_write *saved)
{
    int64_t *const times[] = {&saved->saved_ms, &saved->started_ms};
    int64_t *const counts[] = {&saved->rows_read};
    int64_t *const range[] = {&saved->first_ms, &saved->last_ms};
    int64_t source = 0;
    int64_t *const others[] = {&saved->rows_rejected, &source};
    TRY(saved_take_i64s(reader, times, 2));
    TRY(saved_take_counts(reader, counts, 1));
    TRY(saved_take_i64s(reader, range, 2));
    TRY(saved_take_counts(reader, others, 2));
    if (source > INT32_MAX)
        return saved_fail(reader, "there is no such source");
    saved->source = (int32_t)source;
    return LAKE_OK;
}

static lake_status take_beginning(struct saved_reader *reader, struct saved_write *saved)
{
    const char **const texts[] = {&saved->kind, &saved->exchange, &saved->market, &saved->symbol,
                                  &saved->type, &saved->period,   &saved->detail};
    const uint8_t *bytes = NULL;
    uint8_t *note = NULL;
    uint32_t n = 0;
    TRY(saved_take_bytes(reader, SHA256_BYTES, &bytes));
    memcpy(saved->job, bytes, SHA256_BYTES);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        TRY(saved_take_text(reader, texts[i]));
    TRY(take_counters(reader, saved));
    TRY(saved_take_u32(reader, &n));
    TRY(saved_take_bytes(reader, n, &bytes));
    TRY(arena_new(reader->arena, n, 1, &note, reader->err));
    memcpy(note, bytes, n);
    saved->note = note;
    saved->n_note = n;
    return LAKE_OK;
}

static lake_status check_head(const uint8_t *bytes, size_t n, struct lake_error *err)
{
    uint8_t head[HEAD_BYTES];
    if (n < HEAD_BYTES || memcmp(bytes, magic, sizeof magic) != 0)
        return lake_fail(err, LAKE_CORRUPT, "the record of the safe point is damaged: it has not its head");
    if (load_u32(bytes + 8) != VERSION)
        return lake_fail(err, LAKE_UNSUPPORTED, "the safe point is of version %" PRIu32 " of this software's records",
                         load_u32(bytes + 8));
    TRY(make_head(bytes + HEAD_BYTES, n - HEAD_BYTES, head, err));
    if (memcmp(bytes, head, HEAD_BYTES) != 0)
        return lake_fail(err, LAKE_CORRUPT, "the record of the safe point is damaged: its SHA-256 does not fit");
    return LAKE_OK;
}

lake_status saved_write_decode(const uint8_t *bytes, size_t n, struct arena *arena, struct saved_write *out,
                               struct lake_error *err)
{
    struct saved_reader reader = {bytes, bytes + HEAD_BYTES, bytes + n, arena, err};
    *out = (struct saved_write){.n_note = 0};
    TRY(check_head(bytes, n, err));
    TRY(take_beginning(&reader, out));
    TRY(take_columns(&reader, out));
    TRY(take_sources(&reader, out));
    TRY(take_files(&reader, out));
    TRY(take_partitions(&reader, out));
    TRY(take_runs(&reader, out));
    TRY(saved_notes_take(&reader, out));
    return reader.at == reader.end ? LAKE_OK : saved_fail(&reader, "there is more than there should be");
}

const struct saved_file *saved_write_find_file(const struct saved_file *files, size_t n, const char *name)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(files[middle].name, name);
        if (order == 0)
            return &files[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
