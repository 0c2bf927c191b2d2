#include "ingest/source_zip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/memory.h"
#include "ingest/source_order.h"
#include "ingest/source_unpack.h"

enum { WINDOW_BYTES = 64 << 10 }; /* libzip itself reads a few thousand at a time */

struct member {
    const char *name;
    zip_uint64_t index; /* in the archive */
    int64_t size_bytes;
};

struct source_zip {
    struct zip_bytes bytes;
    zip_t *archive;
    struct arena arena;
    struct member *members;
    size_t n_members;

    /* The member that is being read: */
    zip_file_t *file;
    const struct member *member;
    int64_t n_unpacked;

    /* What libzip reads through: */
    int64_t position;
    uint8_t *window;
    int64_t window_start;
    size_t n_window;
    int64_t n_bytes_read;
    struct lake_error read_error; /* the first failure of read_at */
    zip_error_t error;
};

/* ---- the archive's bytes for libzip ---- */

static bool fill_window(struct source_zip *zip)
{
    int64_t left = zip->bytes.size_bytes - zip->position;
    size_t n = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
    struct lake_error err = {0};
    zip->n_window = 0;
    if (zip->bytes.read_at(zip->bytes.context, zip->position, zip->window, n, &err) != LAKE_OK) {
        if (zip->read_error.status == LAKE_OK)
            zip->read_error = err;
        zip_error_set(&zip->error, ZIP_ER_READ, 0);
        return false;
    }
    zip->window_start = zip->position;
    zip->n_window = n;
    return true;
}

static zip_int64_t read_bytes(struct source_zip *zip, void *to, zip_uint64_t n)
{
    int64_t offset = zip->position - zip->window_start;
    if (zip->position >= zip->bytes.size_bytes || n == 0)
        return 0;
    if (offset < 0 || (uint64_t)offset >= zip->n_window) {
        if (!fill_window(zip))
            return -1;
        offset = 0;
    }
    uint64_t n_left = zip->n_window - (uint64_t)offset;
    uint64_t n_given = n < n_left ? n : n_left;
    memcpy(to, zip->window + offset, n_given);
    zip->position += (int64_t)n_given;
    zip->n_bytes_read += (int64_t)n_given;
    return (zip_int64_t)n_given;
}

static zip_int64_t seek_bytes(struct source_zip *zip, void *data, zip_uint64_t n)
{
    zip_int64_t to = zip_source_seek_compute_offset((zip_uint64_t)zip->position, (zip_uint64_t)zip->bytes.size_bytes,
                                                    data, n, &zip->error);
    if (to < 0)
        return -1;
    zip->position = to;
    return 0;
}

static zip_int64_t tell_status(struct source_zip *zip, void *data, zip_uint64_t n)
{
    zip_stat_t *status = ZIP_SOURCE_GET_ARGS(zip_stat_t, data, n, &zip->error);
    if (status == NULL)
        return -1;
    zip_stat_init(status);
    status->size = (zip_uint64_t)zip->bytes.size_bytes;
    status->valid |= ZIP_STAT_SIZE;
    return sizeof *status;
}

static zip_int64_t source_command(void *context, void *data, zip_uint64_t n, zip_source_cmd_t command)
{
    struct source_zip *zip = context;
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, -1);
    case ZIP_SOURCE_OPEN: zip->position = 0; return 0;
    case ZIP_SOURCE_READ: return read_bytes(zip, data, n);
    case ZIP_SOURCE_SEEK: return seek_bytes(zip, data, n);
    case ZIP_SOURCE_TELL: return zip->position;
    case ZIP_SOURCE_STAT: return tell_status(zip, data, n);
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&zip->error, data, n);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE: return 0;
    default: zip_error_set(&zip->error, ZIP_ER_OPNOTSUPP, 0); return -1;
    }
}

/* ---- errors ---- */

static lake_status fail_zip(const struct source_zip *zip, zip_error_t *error, const char *name, struct lake_error *err)
{
    const char *colon = name[0] != '\0' ? ":" : "";
    const char *place = zip->bytes.place;
    if (zip->read_error.status != LAKE_OK)
        return lake_fail(err, zip->read_error.status, "%s", zip->read_error.message);
    switch (zip_error_code_zip(error)) {
    case ZIP_ER_MEMORY: return lake_fail(err, LAKE_NO_MEMORY, "%s%s%s: no memory to unpack", place, colon, name);
    case ZIP_ER_NOZIP:
        return lake_fail(err, LAKE_INVALID_DATA, "%s: is a zip archive without its end; is it whole?", place);
    case ZIP_ER_CRC:
        return lake_fail(err, LAKE_INVALID_DATA, "%s%s%s: is damaged: its checksum is wrong", place, colon, name);
    default:
        return lake_fail(err, LAKE_INVALID_DATA, "%s%s%s: cannot be unpacked: %s", place, colon, name,
                         zip_error_strerror(error));
    }
}

/* ---- members ---- */

struct left_out {
    const char *text;
    enum { LAST_PART, LAST_PART_BEGINS, ANY_PART, NAME_ENDS } where;
};

/* What archivers add, and what lies beside the data. */
static const struct left_out left_out[] = {
    {"__MACOSX", ANY_PART},     {".DS_Store", LAST_PART}, {"._", LAST_PART_BEGINS}, {"Thumbs.db", LAST_PART},
    {"desktop.ini", LAST_PART}, {".CHECKSUM", NAME_ENDS}, {".md5", NAME_ENDS},      {".sha256", NAME_ENDS},
};

/* Members that say that the archive is something else. */
static const struct {
    const char *name;
    const char *what;
} others[] = {
    {"[Content_Types].xml", "an Excel workbook"},
    {"META-INF/manifest.xml", "an OpenDocument file"},
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

static bool has_part(const char *name, const char *part)
{
    size_t n = strlen(part);
    for (const char *p = name; p != NULL; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, part, n) == 0 && (p[n] == '/' || p[n] == '\0'))
            return true;
    }
    return false;
}

static bool is_left_out(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *last = slash != NULL ? slash + 1 : name;
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        const char *text = left_out[i].text;
        bool is_it = false;
        switch (left_out[i].where) {
        case LAST_PART: is_it = strcmp(last, text) == 0; break;
        case LAST_PART_BEGINS: is_it = strncmp(last, text, strlen(text)) == 0; break;
        case ANY_PART: is_it = has_part(name, text); break;
        case NAME_ENDS: is_it = ends_with(name, text); break;
        }
        if (is_it)
            return true;
    }
    return last[0] == '\0'; /* a directory */
}

static lake_status check_other(const struct source_zip *zip, const char *name, struct lake_error *err)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i].name) == 0)
            return lake_fail(err, LAKE_UNSUPPORTED, "%s: is %s, not CSV text; save it as CSV first", zip->bytes.place,
                             others[i].what);
    return LAKE_OK;
}

static lake_status copy_name(struct source_zip *zip, zip_uint64_t index, const char **out, struct lake_error *err)
{
    const char *name = zip_get_name(zip->archive, index, ZIP_FL_ENC_GUESS);
    if (name == NULL)
        return fail_zip(zip, zip_get_error(zip->archive), "", err);
    size_t n = strlen(name);
    char *copy = NULL;
    if (n > LIMIT_PATH_BYTES)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: member %" PRIu64 " has a name of %zu bytes", zip->bytes.place,
                         (uint64_t)index + 1, n);
    TRY(arena_new(&zip->arena, n + 1, 1, &copy, err));
    for (size_t i = 0; i < n; i++)
        copy[i] = (uint8_t)name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i];
    *out = copy;
    return LAKE_OK;
}

static lake_status check_member(const struct source_zip *zip, const char *name, const zip_stat_t *stat,
                                struct lake_error *err)
{
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    const char *place = zip->bytes.place;
    if ((stat->valid & needed) != needed || stat->size > INT64_MAX)
        return lake_fail(err, LAKE_INVALID_DATA, "%s:%s: its sizes cannot be told", place, name);
    if (stat->encryption_method != ZIP_EM_NONE)
        return lake_fail(err, LAKE_UNSUPPORTED, "%s:%s: is encrypted; unpack it first", place, name);
    if (stat->comp_method != ZIP_CM_STORE && stat->comp_method != ZIP_CM_DEFLATE)
        return lake_fail(err, LAKE_UNSUPPORTED,
                         "%s:%s: is packed by method %u, neither stored nor deflated; unpack it first", place, name,
                         stat->comp_method);
    return LAKE_OK;
}

/* Takes a member, unless it is none of the data. */
static lake_status take_member(struct source_zip *zip, zip_uint64_t index, struct lake_error *err)
{
    zip_stat_t stat;
    const char *name = NULL;
    zip_stat_init(&stat);
    if (zip_stat_index(zip->archive, index, 0, &stat) != 0)
        return fail_zip(zip, zip_get_error(zip->archive), "", err);
    TRY(copy_name(zip, index, &name, err));
    TRY(check_other(zip, name, err));
    bool is_empty = (stat.valid & ZIP_STAT_SIZE) != 0 && stat.size == 0;
    if (is_empty || is_left_out(name))
        return LAKE_OK;
    TRY(check_member(zip, name, &stat, err));
    zip->members[zip->n_members++] = (struct member){name, index, (int64_t)stat.size};
    return LAKE_OK;
}

static int compare_members(const void *a, const void *b)
{
    const struct member *left = a, *right = b;
    int order = source_order_compare(left->name, right->name);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static bool has_member(const struct source_zip *zip, const char *name)
{
    size_t low = 0, high = zip->n_members;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = source_order_compare(zip->members[middle].name, name);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* "X.txt" beside "X.csv" is a report about it (HistData's, of gaps). */
static bool is_report(const struct source_zip *zip, const char *name)
{
    char csv[LIMIT_PATH_BYTES + 1];
    size_t n = strlen(name);
    if (!ends_with(name, ".txt"))
        return false;
    memcpy(csv, name, n - 3);
    memcpy(csv + n - 3, "csv", 4);
    return has_member(zip, csv);
}

/* Reports are found while all members are there, and go at once. */
static lake_status drop_reports(struct source_zip *zip, struct lake_error *err)
{
    bool *is_dropped = NULL;
    size_t n = 0;
    TRY(memory_new(zip->n_members, sizeof *is_dropped, &is_dropped, err));
    for (size_t i = 0; i < zip->n_members; i++)
        is_dropped[i] = is_report(zip, zip->members[i].name);
    for (size_t i = 0; i < zip->n_members; i++)
        if (!is_dropped[i])
            zip->members[n++] = zip->members[i];
    zip->n_members = n;
    memory_free(is_dropped);
    return LAKE_OK;
}

static lake_status check_claims(const struct source_zip *zip, struct lake_error *err)
{
    int64_t sum = 0;
    for (size_t i = 0; i < zip->n_members; i++) {
        int64_t size = zip->members[i].size_bytes;
        sum = size > INT64_MAX - sum ? INT64_MAX : sum + size;
    }
    return source_check_ratio(zip->bytes.place, zip->bytes.size_bytes, sum, err);
}

static lake_status list_members(struct source_zip *zip, struct lake_error *err)
{
    zip_int64_t n = zip_get_num_entries(zip->archive, 0);
    if (n < 0 || (uint64_t)n > LIMIT_SOURCE_MEMBERS)
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: holds %" PRId64 " files, more than %zu; unpack it first",
                         zip->bytes.place, (int64_t)n, LIMIT_SOURCE_MEMBERS);
    TRY(arena_new(&zip->arena, (size_t)n + 1, sizeof *zip->members, &zip->members, err));
    for (zip_int64_t i = 0; i < n; i++)
        TRY(take_member(zip, (zip_uint64_t)i, err));
    qsort(zip->members, zip->n_members, sizeof *zip->members, compare_members);
    TRY(drop_reports(zip, err));
    if (zip->n_members == 0)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: there is no file with anything in it in the archive",
                         zip->bytes.place);
    return check_claims(zip, err);
}

/* ---- lifecycle ---- */

static lake_status open_archive(struct source_zip *zip, struct lake_error *err)
{
    zip_error_t error;
    lake_status status = LAKE_OK;
    zip_error_init(&error);
    zip_source_t *source = zip_source_function_create(source_command, zip, &error);
    if (source != NULL)
        zip->archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (zip->archive == NULL) {
        status = fail_zip(zip, &error, "", err);
        zip_source_free(source);
    }
    zip_error_fini(&error);
    return status;
}

lake_status source_zip_open(const struct zip_bytes *bytes, struct source_zip **out, struct lake_error *err)
{
    struct source_zip *zip = NULL;
    lake_status status = LAKE_OK;
    TRY(memory_new(1, sizeof *zip, &zip, err));
    zip->bytes = *bytes;
    arena_init(&zip->arena, LIMIT_SOURCE_LISTING_BYTES);
    zip_error_init(&zip->error);
    TRY_OUT(memory_new(WINDOW_BYTES, 1, &zip->window, err));
    TRY_OUT(open_archive(zip, err));
    TRY_OUT(list_members(zip, err));
    zip->n_bytes_read = 0;
out:
    if (status == LAKE_OK)
        *out = zip;
    else
        source_zip_close(zip);
    return status;
}

static void close_member(struct source_zip *zip)
{
    if (zip->file != NULL)
        (void)zip_fclose(zip->file); /* its last result came from zip_fread */
    zip->file = NULL;
}

void source_zip_close(struct source_zip *zip)
{
    if (zip == NULL)
        return;
    close_member(zip);
    if (zip->archive != NULL)
        zip_discard(zip->archive);
    zip_error_fini(&zip->error);
    arena_release(&zip->arena);
    memory_free(zip->window);
    memory_free(zip);
}

size_t source_zip_members(const struct source_zip *zip)
{
    return zip->n_members;
}

const char *source_zip_name(const struct source_zip *zip, size_t member)
{
    return zip->members[member].name;
}

int64_t source_zip_bytes_read(const struct source_zip *zip)
{
    return zip->n_bytes_read;
}

/* ---- reading ---- */

lake_status source_zip_begin(struct source_zip *zip, size_t member, struct lake_error *err)
{
    close_member(zip);
    zip->member = &zip->members[member];
    zip->n_unpacked = 0;
    zip->file = zip_fopen_index(zip->archive, zip->member->index, 0);
    if (zip->file == NULL)
        return fail_zip(zip, zip_get_error(zip->archive), zip->member->name, err);
    return LAKE_OK;
}

/* libzip compares length and CRC where the file ends; what would go on beyond its length is stopped here. */
static lake_status count_unpacked(struct source_zip *zip, int64_t n, struct lake_error *err)
{
    const struct member *member = zip->member;
    zip->n_unpacked += n;
    if (zip->n_unpacked > member->size_bytes)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s:%s: is damaged: it unpacks to more than the %" PRId64 " bytes it is said to have",
                         zip->bytes.place, member->name, member->size_bytes);
    return LAKE_OK;
}

lake_status source_zip_read(struct source_zip *zip, void *to, size_t n, size_t *n_read, struct lake_error *err)
{
    uint8_t *out = to;
    *n_read = 0;
    while (*n_read < n) {
        zip_int64_t got = zip_fread(zip->file, out + *n_read, n - *n_read);
        if (got < 0)
            return fail_zip(zip, zip_file_get_error(zip->file), zip->member->name, err);
        if (got == 0)
            break;
        *n_read += (size_t)got;
        TRY(count_unpacked(zip, got, err));
    }
    return LAKE_OK;
}
