#include "ingest/source.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "ingest/source_hash.h"
#include "ingest/source_unpack.h"
#include "ingest/source_zip.h"
#include "io/file.h"

enum { HEAD_BYTES = 8, PACKED_BYTES = 256 << 10 };

/* How a source is told and read. */
struct format {
    const char *magic;
    size_t n_magic;
    uint8_t first_mask; /* of the first byte, where it varies; 0: none */
    enum source_kind kind;
    bool is_zip;
    lake_status (*open_unpacker)(struct unpacker **out,
                                 struct lake_error *err); /* NULL: bytes are as they lie, or is_zip */
    const char *what;                                     /* for messages */
    const char *suffixes[3];                              /* of names, with the dot */
};

static const struct format formats[] = {
    {"\x1f\x8b", 2, 0, SOURCE_TEXT, false, source_gzip_open, "gzip", {".gz", ".gzip", NULL}},
    {"\x28\xb5\x2f\xfd", 4, 0, SOURCE_TEXT, false, source_zstd_open, "zstd", {".zst", ".zstd", NULL}},
    {"\x50\x2a\x4d\x18",
     4,
     0xf0,
     SOURCE_TEXT,
     false,
     source_zstd_open,
     "zstd",
     {".zst", ".zstd", NULL}}, /* skippable */
    {"PK\x03\x04", 4, 0, SOURCE_TEXT, true, NULL, "a zip archive", {NULL}},
    {"PK\x05\x06", 4, 0, SOURCE_TEXT, true, NULL, "a zip archive", {NULL}}, /* an empty one */
    {"PK\x07\x08", 4, 0, SOURCE_TEXT, true, NULL, "a zip archive", {NULL}}, /* a part of one */
    {"PAR1", 4, 0, SOURCE_PARQUET, false, NULL, "a Parquet file", {NULL}},
    {"PARE", 4, 0, SOURCE_PARQUET, false, NULL, "a Parquet file", {NULL}}, /* an encrypted one */
};
static const struct format plain = {"", 0, 0, SOURCE_TEXT, false, NULL, "text", {NULL}};

struct source {
    struct io io;
    char *path;
    const char *shown; /* of the whole source, for messages */
    int file;
    bool is_open, is_input; /* standard input */
    int64_t size_bytes;     /* 0: not known */
    const struct format *format;
    struct source_hash hash;
    bool is_hashed_whole; /* of what is read by offsets */

    /* Its own bytes, from front to back: */
    uint8_t head[HEAD_BYTES]; /* read to tell the format, given out first */
    size_t n_head, n_head_used;
    bool is_at_end;
    bool is_finished;
    int64_t n_bytes_read;

    /* Unpacking: */
    struct unpacker *unpacker;
    uint8_t *packed;
    size_t packed_from, packed_to;
    int64_t n_unpacked;
    struct source_zip *zip;

    size_t n_members_begun;
    struct buffer place, name; /* of the member */
};

static bool is_random_access(const struct source *source)
{
    return source->format->is_zip || source->format->kind == SOURCE_PARQUET;
}

/* ---- its own bytes ---- */

static lake_status read_file(struct source *source, uint8_t *to, size_t n, size_t *n_read, struct lake_error *err)
{
    struct io io = source->io;
    *n_read = 0;
    while (!source->is_at_end && *n_read < n) {
        int64_t got = io.ops->read(io.context, source->file, to + *n_read, n - *n_read);
        if (got < 0)
            return lake_fail_errno(err, (int)-got, "cannot read", source->shown);
        source->is_at_end = got == 0;
        *n_read += (size_t)got;
    }
    return LAKE_OK;
}

/* From front to back: up to n bytes, fewer only at the end. */
static lake_status read_own(struct source *source, uint8_t *to, size_t n, size_t *n_read, struct lake_error *err)
{
    size_t n_left = source->n_head - source->n_head_used;
    size_t n_first = n < n_left ? n : n_left;
    memcpy(to, source->head + source->n_head_used, n_first);
    source->n_head_used += n_first;
    TRY(read_file(source, to + n_first, n - n_first, n_read, err));
    *n_read += n_first;
    source->n_bytes_read += (int64_t)*n_read;
    return LAKE_OK;
}

lake_status source_read_at(const struct source *source, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    return file_read_at(source->io, source->file, source->shown, offset, bytes, n, err);
}

static lake_status read_at_of(void *context, int64_t offset, void *bytes, size_t n, struct lake_error *err)
{
    return source_read_at(context, offset, bytes, n, err);
}

/* What is read by offsets is hashed in one go, for its first mark or at its end. */
static lake_status hash_whole(struct source *source, struct lake_error *err)
{
    uint8_t *bytes = NULL;
    lake_status status = LAKE_OK;
    if (source->is_hashed_whole)
        return LAKE_OK;
    TRY(memory_new(PACKED_BYTES, 1, &bytes, err));
    for (int64_t at = 0; at < source->size_bytes;) {
        int64_t left = source->size_bytes - at;
        size_t n = left < PACKED_BYTES ? (size_t)left : PACKED_BYTES;
        TRY_OUT(source_read_at(source, at, bytes, n, err));
        TRY_OUT(source_hash_update(&source->hash, bytes, n, err));
        at += (int64_t)n;
    }
    source->is_hashed_whole = true;
out:
    memory_free(bytes);
    return status;
}

/* ---- opening ---- */

static bool is_format(const struct format *format, const uint8_t *head, size_t n)
{
    if (n < format->n_magic)
        return false;
    if (format->first_mask == 0)
        return memcmp(head, format->magic, format->n_magic) == 0;
    return (head[0] & format->first_mask) == ((uint8_t)format->magic[0] & format->first_mask) &&
           memcmp(head + 1, format->magic + 1, format->n_magic - 1) == 0;
}

static lake_status tell_format(struct source *source, struct lake_error *err)
{
    TRY(read_file(source, source->head, HEAD_BYTES, &source->n_head, err));
    source->format = &plain;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (is_format(&formats[i], source->head, source->n_head))
            source->format = &formats[i];
    return LAKE_OK;
}

static lake_status fail_directory(const char *path, struct lake_error *err)
{
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: is a directory; name the files in it (%s/*.csv)", path, path);
}

lake_status source_check(struct io io, const char *path, int64_t *size_bytes, struct lake_error *err)
{
    struct io_status status;
    *size_bytes = 0;
    if (strcmp(path, SOURCE_STANDARD_INPUT) == 0)
        return LAKE_OK;
    int result = io.ops->status(io.context, path, &status);
    if (result < 0)
        return lake_fail_errno(err, -result, "cannot open", path);
    if (status.kind == IO_KIND_DIRECTORY)
        return fail_directory(path, err);
    *size_bytes = status.kind == IO_KIND_FILE ? status.size_bytes : 0;
    return LAKE_OK;
}

static lake_status open_file(struct source *source, struct lake_error *err)
{
    struct io io = source->io;
    struct io_status status;
    source->file = IO_STANDARD_INPUT;
    if (!source->is_input) {
        source->file = io.ops->open(io.context, source->path, IO_READ);
        if (source->file < 0)
            return lake_fail_errno(err, -source->file, "cannot open", source->path);
    }
    source->is_open = true;
    int result = io.ops->file_status(io.context, source->file, &status);
    if (result < 0)
        return lake_fail_errno(err, -result, "cannot examine", source->shown);
    if (status.kind == IO_KIND_DIRECTORY)
        return fail_directory(source->path, err);
    source->size_bytes = status.kind == IO_KIND_FILE ? status.size_bytes : 0;
    return LAKE_OK;
}

static lake_status open_zip(struct source *source, struct lake_error *err)
{
    struct zip_bytes bytes = {source->shown, source->size_bytes, read_at_of, source};
    return source_zip_open(&bytes, &source->zip, err);
}

static lake_status open_format(struct source *source, struct lake_error *err)
{
    TRY(tell_format(source, err));
    if (is_random_access(source) && (source->is_input || source->size_bytes == 0))
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: is %s, which is read from its end; save it to a file first",
                         source->shown, source->format->what);
    if (source->format->is_zip)
        return open_zip(source, err);
    if (source->format->open_unpacker == NULL)
        return LAKE_OK;
    TRY(memory_new(PACKED_BYTES, 1, &source->packed, err));
    return source->format->open_unpacker(&source->unpacker, err);
}

/* The path without what packs it. */
static lake_status set_name(struct source *source, struct lake_error *err)
{
    size_t n = source->is_input ? 0 : strlen(source->path);
    for (const char *const *suffix = source->format->suffixes; *suffix != NULL; suffix++) {
        size_t n_suffix = strlen(*suffix);
        if (n > n_suffix && memcmp(source->path + n - n_suffix, *suffix, n_suffix) == 0) {
            n -= n_suffix;
            break;
        }
    }
    return buffer_append(&source->name, source->path, n, err);
}

static lake_status terminate(struct buffer *text, struct lake_error *err)
{
    const char *unused;
    return buffer_string(text, &unused, err);
}

static lake_status begin_text(struct source *source, struct lake_error *err)
{
    TRY(buffer_append_text(&source->place, source->shown, err));
    TRY(terminate(&source->place, err));
    TRY(set_name(source, err));
    return terminate(&source->name, err);
}

lake_status source_open(struct io io, const char *path, struct source **out, struct lake_error *err)
{
    struct source *source = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *source, &source, err));
    source->io = io;
    source->is_input = strcmp(path, SOURCE_STANDARD_INPUT) == 0;
    buffer_init(&source->place, LIMIT_SOURCE_LISTING_BYTES);
    buffer_init(&source->name, LIMIT_SOURCE_LISTING_BYTES);
    TRY_OUT(memory_copy_string(path, &source->path, err));
    source->shown = source->is_input ? "standard input" : source->path;
    TRY_OUT(source_hash_open(&source->hash, source->shown, err));
    TRY_OUT(open_file(source, err));
    TRY_OUT(open_format(source, err));
    TRY_OUT(begin_text(source, err));
out:
    if (status == LAKE_OK)
        *out = source;
    else
        source_close(source);
    return status;
}

void source_close(struct source *source)
{
    if (source == NULL)
        return;
    source_zip_close(source->zip);
    if (source->unpacker != NULL)
        source->unpacker->ops->close(source->unpacker);
    if (source->is_open && !source->is_input)
        (void)source->io.ops->close(source->io.context, source->file); /* nothing was written */
    source_hash_release(&source->hash);
    buffer_release(&source->place);
    buffer_release(&source->name);
    memory_free(source->packed);
    memory_free(source->path);
    memory_free(source);
}

/* ---- members ---- */

enum source_kind source_kind(const struct source *source)
{
    return source->format->kind;
}

const char *source_place(const struct source *source)
{
    return (const char *)source->place.data;
}

const char *source_member(const struct source *source)
{
    bool has_begun = source->zip != NULL && source->n_members_begun > 0;
    return has_begun ? source_zip_name(source->zip, source->n_members_begun - 1) : "";
}

const char *source_name(const struct source *source)
{
    return (const char *)source->name.data;
}

static lake_status set_member_text(struct buffer *text, const char *archive, const char *between, const char *member,
                                   struct lake_error *err)
{
    buffer_clear(text);
    TRY(buffer_append_text(text, archive, err));
    TRY(buffer_append_text(text, between, err));
    TRY(buffer_append_text(text, member, err));
    return terminate(text, err);
}

static lake_status begin_zip_member(struct source *source, size_t member, struct lake_error *err)
{
    const char *name = source_zip_name(source->zip, member);
    TRY(set_member_text(&source->place, source->shown, ":", name, err));
    TRY(set_member_text(&source->name, source->path, "/", name, err));
    return source_zip_begin(source->zip, member, err);
}

lake_status source_next_member(struct source *source, bool *has_member, struct lake_error *err)
{
    size_t member = source->n_members_begun;
    *has_member = member < (source->zip != NULL ? source_zip_members(source->zip) : 1);
    if (!*has_member)
        return LAKE_OK;
    if (is_random_access(source) && source->hash.is_expecting) {
        TRY(hash_whole(source, err));
        uint8_t digest[SHA256_BYTES];
        TRY(source_hash_end(&source->hash, digest, err));
    }
    if (source->zip != NULL)
        TRY(begin_zip_member(source, member, err));
    source->n_members_begun++;
    return LAKE_OK;
}

/* ---- reading ---- */

static lake_status refill_packed(struct source *source, struct lake_error *err)
{
    size_t n = 0;
    TRY(read_own(source, source->packed, PACKED_BYTES, &n, err));
    TRY(source_hash_update(&source->hash, source->packed, n, err));
    source->packed_from = 0;
    source->packed_to = n;
    return LAKE_OK;
}

static int64_t packed_position(const struct source *source)
{
    return source->n_bytes_read - (int64_t)(source->packed_to - source->packed_from);
}

static lake_status step_unpacker(struct source *source, struct unpack_step *step, struct lake_error *err)
{
    step->in = source->packed + source->packed_from;
    step->n_in = source->packed_to - source->packed_from;
    lake_status status = source->unpacker->ops->step(source->unpacker, step, err);
    if (status != LAKE_OK)
        return lake_fail_prefix(err, status, "%s: behind byte %" PRId64, source->shown, packed_position(source));
    source->packed_from = source->packed_to - step->n_in;
    return LAKE_OK;
}

/* Until there is no room, or no more comes: a step that neither takes nor gives at the end of the source is the end. */
static lake_status read_unpacked(struct source *source, uint8_t *to, size_t n, size_t *n_read, struct lake_error *err)
{
    struct unpack_step step = {NULL, 0, to, n};
    while (step.n_out > 0) {
        if (source->packed_from == source->packed_to && !source->is_at_end)
            TRY(refill_packed(source, err));
        size_t n_in = source->packed_to - source->packed_from, n_out = step.n_out;
        TRY(step_unpacker(source, &step, err));
        source->n_unpacked += (int64_t)(n_out - step.n_out);
        TRY(source_check_ratio(source->shown, packed_position(source), source->n_unpacked, err));
        if (step.n_in < n_in || step.n_out < n_out)
            continue;
        if (source->packed_from < source->packed_to || !source->is_at_end)
            continue;
        if (!source->unpacker->is_between)
            return lake_fail(err, LAKE_INVALID_DATA,
                             "%s: ends at byte %" PRId64 ", in the middle of its %s data; is it whole?", source->shown,
                             packed_position(source), source->unpacker->ops->name);
        break;
    }
    *n_read = n - step.n_out;
    return LAKE_OK;
}

lake_status source_read(struct source *source, void *to, size_t n, size_t *n_read, struct lake_error *err)
{
    *n_read = 0;
    if (source->zip != NULL)
        return source_zip_read(source->zip, to, n, n_read, err);
    if (source->unpacker != NULL)
        return read_unpacked(source, to, n, n_read, err);
    TRY(read_own(source, to, n, n_read, err));
    return source_hash_note(&source->hash, to, *n_read, err);
}

lake_status source_hash(struct source *source, struct lake_error *err)
{
    return source_hash_noted(&source->hash, err);
}

int64_t source_bytes_read(const struct source *source)
{
    if (source->is_finished)
        return is_random_access(source) ? source->size_bytes : source->n_bytes_read;
    return source->zip != NULL ? source_zip_bytes_read(source->zip) : source->n_bytes_read;
}

void source_set_bytes_read(struct source *source, int64_t n_bytes)
{
    source->n_bytes_read = n_bytes;
}

int64_t source_size_bytes(const struct source *source)
{
    return source->size_bytes;
}

/* ---- marks ---- */

lake_status source_get_mark(struct source *source, struct source_mark *out, struct lake_error *err)
{
    if (is_random_access(source))
        TRY(hash_whole(source, err));
    return source_hash_mark(&source->hash, out, err);
}

void source_expect(struct source *source, const struct source_mark *mark)
{
    source_hash_expect(&source->hash, mark);
}

static lake_status hash_rest(struct source *source, struct lake_error *err)
{
    uint8_t *bytes = NULL;
    size_t n = 1;
    lake_status status = LAKE_OK;
    if (source->hash.n_notes > 0) /* source_hash_end says so */
        return LAKE_OK;
    TRY(memory_new(PACKED_BYTES, 1, &bytes, err));
    while (n > 0) {
        TRY_OUT(read_own(source, bytes, PACKED_BYTES, &n, err));
        TRY_OUT(source_hash_update(&source->hash, bytes, n, err));
    }
out:
    memory_free(bytes);
    return status;
}

lake_status source_finish(struct source *source, uint8_t digest[SHA256_BYTES], struct lake_error *err)
{
    TRY(is_random_access(source) ? hash_whole(source, err) : hash_rest(source, err));
    source->is_finished = true;
    return source_hash_end(&source->hash, digest, err);
}
