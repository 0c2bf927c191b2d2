#include "lake/staging_save.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "lake/layout.h"
#include "lake/orphans.h"

static const char directory[] = "staging";
static const char record_name[] = "save";
static const char staged_ending[] = ".parquet.staged";
enum { TOKEN_LENGTH = STAGING_TOKEN_BYTES - 1, RANDOM_LENGTH = 16, NAME_ROOM = STAGING_PATH_BYTES };

void saved_files_free(struct saved_files *files)
{
    if (files == NULL)
        return;
    arena_release(&files->arena);
    memory_free(files);
}

/* ---- names ---- */

static bool is_hex(const char *text, size_t n)
{
    return strspn(text, "0123456789abcdef") >= n;
}

bool staging_is_save(const char *name, char token[STAGING_TOKEN_BYTES])
{
    size_t n = strlen(name), n_record = sizeof record_name - 1;
    size_t n_plain = TOKEN_LENGTH + 1 + n_record;
    if (n < n_plain || !is_hex(name, TOKEN_LENGTH) || name[TOKEN_LENGTH] != '-' ||
        strncmp(name + TOKEN_LENGTH + 1, record_name, n_record) != 0)
        return false;
    bool is_sealed =
        n == n_plain + 1 + RANDOM_LENGTH && name[n_plain] == '-' && is_hex(name + n_plain + 1, RANDOM_LENGTH);
    if (n != n_plain && !is_sealed)
        return false;
    memcpy(token, name, TOKEN_LENGTH);
    token[TOKEN_LENGTH] = '\0';
    return true;
}

/* The full path of a file in staging. */
static lake_status path_of(struct lake *lake, const char *name, char **out, struct lake_error *err)
{
    char *below = NULL;
    TRY(path_join(directory, name, &below, err));
    lake_status status = layout_state_path(lake, below, out, err);
    memory_free(below);
    return status;
}

static lake_status path_of_token(struct lake *lake, const char *token, const char *name, char **out,
                                 struct lake_error *err)
{
    struct buffer full = BUFFER_INIT(LIMIT_PATH_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(buffer_printf(&full, err, "%s-%s", token, name));
    TRY_OUT(buffer_string(&full, &text, err));
    status = path_of(lake, text, out, err);
out:
    buffer_release(&full);
    return status;
}

static lake_status rename_token(struct lake *lake, const char *token, const char *from, const char *to,
                                struct lake_error *err)
{
    char *from_path = NULL, *to_path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(path_of_token(lake, token, from, &from_path, err));
    TRY_OUT(path_of_token(lake, token, to, &to_path, err));
    status = file_rename(lake->io, from_path, to_path, err);
out:
    memory_free(from_path);
    memory_free(to_path);
    return status;
}

static lake_status remove_of_token(struct lake *lake, const char *token, const char *name, struct lake_error *err)
{
    char *path = NULL;
    TRY(path_of_token(lake, token, name, &path, err));
    lake_status status = file_remove(lake->io, path, err);
    memory_free(path);
    return status;
}

/* ---- of a live writer ---- */

static lake_status write_new(const struct staging *staging, const char *name, const struct buffer *record,
                             struct lake_error *err)
{
    struct file_writer writer = {.file = -1};
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(path_of_token(staging->lake, staging->token, name, &path, err));
    TRY_OUT(file_writer_open(&writer, staging->lake->io, path, err));
    TRY_OUT(file_writer_append(&writer, record->data, record->length, err));
    status = file_writer_close(&writer, true, err);
out:
    file_writer_release(&writer);
    memory_free(path);
    return status;
}

lake_status staging_save(const struct staging *staging, const struct buffer *record, struct lake_error *err)
{
    static const char new_name[] = "save.new";
    TRY(write_new(staging, new_name, record, err));
    TRY(rename_token(staging->lake, staging->token, new_name, record_name, err));
    return staging_sync_names(staging, err);
}

lake_status staging_seal(const struct staging *staging, const char *state_path, struct lake_error *err)
{
    char sealed[NAME_ROOM];
    size_t n = strlen(state_path), n_ending = sizeof staged_ending - 1;
    if (staging->saved == NULL)
        return LAKE_OK;
    if (n < n_ending + RANDOM_LENGTH)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "%s: not the name of a staged file", state_path);
    (void)snprintf(sealed, sizeof sealed, "%s-%.*s", record_name, RANDOM_LENGTH,
                   state_path + n - n_ending - RANDOM_LENGTH);
    TRY(rename_token(staging->lake, staging->token, record_name, sealed, err));
    return staging_sync_names(staging, err);
}

void staging_remove_unnamed(const struct staging *staging, const struct saved_files *before,
                            const struct saved_files *now)
{
    for (size_t i = 0; i < before->n; i++) {
        const char *name = before->items[i].name;
        if (saved_write_find_file(now->items, now->n, name) == NULL &&
            remove_of_token(staging->lake, staging->token, name, NULL) != LAKE_OK)
            return;
    }
}

/* ---- of any writer ---- */

lake_status staging_find_saves(struct lake *lake, struct buffer *names, struct lake_error *err)
{
    size_t n_kept = 0;
    TRY(list_state_files(lake, directory, names, err));
    for (size_t at = 0, n = 0; at < names->length; at += n) {
        const char *name = (const char *)names->data + at;
        char token[STAGING_TOKEN_BYTES];
        n = strlen(name) + 1;
        if (!staging_is_save(name, token))
            continue;
        memmove(names->data + n_kept, name, n);
        n_kept += n;
    }
    names->length = n_kept;
    return LAKE_OK;
}

lake_status staging_read_save(struct lake *lake, const char *name, struct arena *arena, struct saved_write *out,
                              struct lake_error *err)
{
    struct buffer bytes = BUFFER_INIT(SAVED_WRITE_BYTES);
    char *path = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(path_of(lake, name, &path, err));
    TRY_OUT(file_read_all(lake->io, path, SAVED_WRITE_BYTES, &bytes, err));
    status = saved_write_decode(bytes.data, bytes.length, arena, out, err);
out:
    memory_free(path);
    buffer_release(&bytes);
    return status;
}

/* ---- parking ---- */

/* What lies in staging of one token. */
struct remains {
    struct lake *lake;
    const char *token;
    struct buffer names; /* of all files in staging, each terminated */
    const char *record;  /* the one of the safe point */
    size_t n_records;
    struct arena arena;
    struct saved_write saved;
};

/* The name behind the token, or NULL where the file is another's. */
static const char *own_name(const struct remains *remains, const char *name)
{
    bool is_own = strncmp(name, remains->token, TOKEN_LENGTH) == 0 && name[TOKEN_LENGTH] == '-';
    return is_own ? name + TOKEN_LENGTH + 1 : NULL;
}

static void find_record(struct remains *remains)
{
    char token[STAGING_TOKEN_BYTES];
    for (size_t at = 0; at < remains->names.length;) {
        const char *name = (const char *)remains->names.data + at;
        at += strlen(name) + 1;
        if (!staging_is_save(name, token) || strcmp(token, remains->token) != 0)
            continue;
        remains->record = name;
        remains->n_records++;
    }
}

static bool is_sealed(const struct remains *remains)
{
    return strcmp(own_name(remains, remains->record), record_name) != 0;
}

/* The file whose random part is in the record's name is still here: it was not published. */
static bool has_sealed_file(const struct remains *remains)
{
    const char *random = remains->record + strlen(remains->record) - RANDOM_LENGTH;
    for (size_t at = 0; at < remains->names.length;) {
        const char *name = (const char *)remains->names.data + at;
        size_t n = strlen(name), n_end = RANDOM_LENGTH + sizeof staged_ending - 1;
        at += n + 1;
        if (own_name(remains, name) != NULL && n > n_end && strncmp(name + n - n_end, random, RANDOM_LENGTH) == 0 &&
            strcmp(name + n - n_end + RANDOM_LENGTH, staged_ending) == 0)
            return true;
    }
    return false;
}

/* Whether every file that the record names is there in its size. */
static lake_status has_all_files(const struct remains *remains, bool *has, struct lake_error *err)
{
    const struct saved_write *saved = &remains->saved;
    struct io io = remains->lake->io;
    *has = true;
    for (size_t i = 0; i < saved->n_files && *has; i++) {
        struct io_status found = {.size_bytes = -1};
        char *path = NULL;
        TRY(path_of_token(remains->lake, remains->token, saved->files[i].name, &path, err));
        int result = io.ops->status(io.context, path, &found);
        lake_status status =
            result == 0 || result == -ENOENT ? LAKE_OK : lake_fail_errno(err, -result, "cannot examine", path);
        memory_free(path);
        TRY(status);
        *has = result == 0 && found.kind == IO_KIND_FILE && found.size_bytes == saved->files[i].size_bytes;
    }
    return LAKE_OK;
}

/* A record that cannot be understood is as good as none. */
static lake_status judge(struct remains *remains, bool *is_usable, struct lake_error *err)
{
    struct lake_error failure = {LAKE_OK, ""};
    *is_usable = false;
    find_record(remains);
    if (remains->n_records != 1 || (is_sealed(remains) && !has_sealed_file(remains)))
        return LAKE_OK;
    lake_status status = staging_read_save(remains->lake, remains->record, &remains->arena, &remains->saved, &failure);
    if (status == LAKE_CORRUPT || status == LAKE_UNSUPPORTED || status == LAKE_NOT_FOUND)
        return LAKE_OK;
    if (status != LAKE_OK)
        return lake_fail(err, status, "%s", failure.message);
    return has_all_files(remains, is_usable, err);
}

/* Durable before anything is removed that the seal speaks of. */
static lake_status break_seal(const struct remains *remains, struct lake_error *err)
{
    char *root = NULL;
    TRY(rename_token(remains->lake, remains->token, own_name(remains, remains->record), record_name, err));
    TRY(layout_state_path(remains->lake, directory, &root, err));
    lake_status status = file_sync_directory(remains->lake->io, root, err);
    memory_free(root);
    return status;
}

static lake_status remove_unnamed(const struct remains *remains, struct lake_error *err)
{
    const struct saved_write *saved = &remains->saved;
    for (size_t at = 0; at < remains->names.length;) {
        const char *name = (const char *)remains->names.data + at;
        const char *own = own_name(remains, name);
        at += strlen(name) + 1;
        if (own == NULL || name == remains->record || saved_write_find_file(saved->files, saved->n_files, own) != NULL)
            continue;
        TRY(remove_of_token(remains->lake, remains->token, own, err));
    }
    return LAKE_OK;
}

lake_status staging_park(struct lake *lake, const char *token, bool *is_parked, struct lake_error *err)
{
    struct remains remains = {
        .lake = lake, .token = token, .names = BUFFER_INIT(LIMIT_ENGINE_BYTES), .arena = ARENA_INIT(SAVED_WRITE_BYTES)};
    lake_status status = LAKE_OK;
    *is_parked = false;
    TRY_OUT(list_state_files(lake, directory, &remains.names, err));
    TRY_OUT(judge(&remains, is_parked, err));
    if (!*is_parked)
        goto out;
    if (is_sealed(&remains))
        TRY_OUT(break_seal(&remains, err));
    status = remove_unnamed(&remains, err);
out:
    *is_parked = *is_parked && status == LAKE_OK;
    buffer_release(&remains.names);
    arena_release(&remains.arena);
    return status;
}
