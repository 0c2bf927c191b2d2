#include "manifest/sqlite.h"

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "base/memory.h"
#include "io/file.h"
#include "manifest/page_checksum.h"

struct database {
    sqlite3 *handle;
    char *path;
    int64_t wal_pages;
};

struct statement {
    struct database *database;
    sqlite3_stmt *handle;
    int column;         /* the next one to take */
    lake_status status; /* of the row: the first thing wrong with it */
    const char *wrong;
};

enum { BUSY_TIMEOUT_MS = 5000 };
/* A row of the manifest is short; more is damage, or an attempt on our memory. */
#define LIMIT_MANIFEST_VALUE_BYTES (1 * MIB)

/* ---- errors ---- */

static lake_status status_of_errno(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR: return LAKE_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS: return LAKE_PERMISSION;
    default: return LAKE_IO;
    }
}

static lake_status status_of_constraint(int extended_code)
{
    bool is_key = extended_code == SQLITE_CONSTRAINT_UNIQUE || extended_code == SQLITE_CONSTRAINT_PRIMARYKEY;
    return is_key ? LAKE_CONFLICT : LAKE_INTERNAL;
}

static lake_status status_of_code(int extended_code, int error_number)
{
    if (extended_code == SQLITE_IOERR_NOMEM)
        return LAKE_NO_MEMORY;
    switch (extended_code & 0xff) {
    case SQLITE_FULL: return LAKE_NO_SPACE;
    case SQLITE_NOMEM: return LAKE_NO_MEMORY;
    case SQLITE_IOERR: return LAKE_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT: return LAKE_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return LAKE_BUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return LAKE_PERMISSION;
    case SQLITE_CANTOPEN: return status_of_errno(error_number);
    case SQLITE_CONSTRAINT: return status_of_constraint(extended_code);
    case SQLITE_TOOBIG: return LAKE_INVALID_ARGUMENT;
    default: return LAKE_INTERNAL;
    }
}

static lake_status fail_database(const struct database *database, struct lake_error *err)
{
    int code = sqlite3_extended_errcode(database->handle);
    lake_status status = status_of_code(code, sqlite3_system_errno(database->handle));
    if (status == LAKE_BUSY)
        return lake_fail(err, status, "%s: another process has kept it for %d s; try again when it is done",
                         database->path, BUSY_TIMEOUT_MS / 1000);
    return lake_fail(err, status, "%s: %s (sqlite error %d)", database->path, sqlite3_errmsg(database->handle), code);
}

/* ---- pages with checksums ---- */

/* SQLite's own file of a main database, between it and us: pages get their checksums as they are written. Reading does not
 * look at them; database_find_damaged_page does. Whether a database has room for them is decided when it is made. */
struct checked_file {
    sqlite3_file file; /* first: SQLite knows this one */
    bool has_checksums;
    uint8_t page[CHECKED_PAGE_BYTES];
};

static const char vfs_name[] = "lake-checksum";

static sqlite3_file *real_file(sqlite3_file *file)
{
    return (sqlite3_file *)(void *)((struct checked_file *)(void *)file + 1);
}

#define FORWARD(file, method, ...) (real_file(file)->pMethods->method(real_file(file), __VA_ARGS__))

static int checked_close(sqlite3_file *file)
{
    return real_file(file)->pMethods->xClose(real_file(file));
}

static void learn_header(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
    if (offset == 0 && n > PAGE_CHECKSUM_BYTES * 3)
        ((struct checked_file *)(void *)file)->has_checksums = page_header_has_checksum(bytes);
}

static int checked_read(sqlite3_file *file, void *bytes, int n, sqlite3_int64 offset)
{
    int code = FORWARD(file, xRead, bytes, n, offset);
    if (code == SQLITE_OK)
        learn_header(file, bytes, n, offset);
    return code;
}

static int checked_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
    struct checked_file *checked = (struct checked_file *)(void *)file;
    learn_header(file, bytes, n, offset);
    if (!checked->has_checksums || n != CHECKED_PAGE_BYTES || offset % CHECKED_PAGE_BYTES != 0)
        return FORWARD(file, xWrite, bytes, n, offset);
    memcpy(checked->page, bytes, CHECKED_PAGE_BYTES);
    page_checksum_put(checked->page, (uint64_t)offset / CHECKED_PAGE_BYTES);
    return FORWARD(file, xWrite, checked->page, n, offset);
}

static int checked_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return FORWARD(file, xTruncate, size);
}

static int checked_sync(sqlite3_file *file, int flags)
{
    return FORWARD(file, xSync, flags);
}

static int checked_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return FORWARD(file, xFileSize, size);
}

static int checked_lock(sqlite3_file *file, int lock)
{
    return FORWARD(file, xLock, lock);
}

static int checked_unlock(sqlite3_file *file, int lock)
{
    return FORWARD(file, xUnlock, lock);
}

static int checked_check_lock(sqlite3_file *file, int *is_reserved)
{
    return FORWARD(file, xCheckReservedLock, is_reserved);
}

static int checked_control(sqlite3_file *file, int op, void *argument)
{
    return FORWARD(file, xFileControl, op, argument);
}

static int checked_sector_size(sqlite3_file *file)
{
    return real_file(file)->pMethods->xSectorSize(real_file(file));
}

static int checked_characteristics(sqlite3_file *file)
{
    return real_file(file)->pMethods->xDeviceCharacteristics(real_file(file));
}

static int checked_shm_map(sqlite3_file *file, int region, int n, int extend, void volatile **out)
{
    return FORWARD(file, xShmMap, region, n, extend, out);
}

static int checked_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return FORWARD(file, xShmLock, offset, n, flags);
}

static void checked_shm_barrier(sqlite3_file *file)
{
    real_file(file)->pMethods->xShmBarrier(real_file(file));
}

static int checked_shm_unmap(sqlite3_file *file, int is_delete)
{
    return FORWARD(file, xShmUnmap, is_delete);
}

/* Version 2: with shared memory for WAL, without memory maps, which would write past us. */
static const sqlite3_io_methods checked_methods = {
    .iVersion = 2,
    .xClose = checked_close,
    .xRead = checked_read,
    .xWrite = checked_write,
    .xTruncate = checked_truncate,
    .xSync = checked_sync,
    .xFileSize = checked_size,
    .xLock = checked_lock,
    .xUnlock = checked_unlock,
    .xCheckReservedLock = checked_check_lock,
    .xFileControl = checked_control,
    .xSectorSize = checked_sector_size,
    .xDeviceCharacteristics = checked_characteristics,
    .xShmMap = checked_shm_map,
    .xShmLock = checked_shm_lock,
    .xShmBarrier = checked_shm_barrier,
    .xShmUnmap = checked_shm_unmap,
};

static int checked_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    (void)vfs;
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0)
        return real->xOpen(real, name, file, flags, out_flags);
    memset(file, 0, sizeof(struct checked_file));
    int code = real->xOpen(real, name, real_file(file), flags, out_flags);
    if (code == SQLITE_OK)
        file->pMethods = &checked_methods;
    return code;
}

/* SQLite keeps the list of its file systems in the process, and writes into the struct. */
static int register_vfs(void)
{
    static sqlite3_vfs checked;
    int code = sqlite3_initialize();
    if (code != SQLITE_OK)
        return code;
    sqlite3_mutex *mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
    sqlite3_mutex_enter(mutex);
    if (sqlite3_vfs_find(vfs_name) == NULL) {
        checked = *sqlite3_vfs_find(NULL);
        checked.zName = vfs_name;
        checked.szOsFile += (int)sizeof(struct checked_file);
        checked.xOpen = checked_open;
        checked.pNext = NULL;
        code = sqlite3_vfs_register(&checked, 0);
    }
    sqlite3_mutex_leave(mutex);
    return code;
}

static struct checked_file *checked_file_of(const struct database *database)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file == NULL ||
        file->pMethods != &checked_methods)
        return NULL;
    return (struct checked_file *)(void *)file;
}

/* Room for checksums in a database that has no page yet. */
static void reserve_checksums(struct database *database)
{
    int n = PAGE_CHECKSUM_BYTES;
    (void)sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &n); /* else it has none */
}

/* Reads the page again where its checksum is wrong: another connection may be writing it at this moment. */
static lake_status page_is_right(struct database *database, struct checked_file *file, int64_t page, bool *is_right,
                                 struct lake_error *err)
{
    enum { ATTEMPTS = 5, PAUSE_MS = 10 };
    uint8_t bytes[CHECKED_PAGE_BYTES];
    *is_right = false;
    for (int i = 0; i < ATTEMPTS && !*is_right; i++) {
        if (i > 0)
            sqlite3_sleep(PAUSE_MS);
        int code = FORWARD(&file->file, xRead, bytes, CHECKED_PAGE_BYTES, page * CHECKED_PAGE_BYTES);
        if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
            return lake_fail(err, LAKE_IO, "%s: cannot read page %lld (sqlite error %d)", database->path,
                             (long long)page + 1, code);
        *is_right = page_checksum_is_right(bytes, (uint64_t)page);
    }
    return LAKE_OK;
}

lake_status database_find_damaged_page(struct database *database, int64_t *page, struct lake_error *err)
{
    /* The page with this byte is SQLite's for locks and is never written. */
    const int64_t lock_page = INT64_C(0x40000000) / CHECKED_PAGE_BYTES;
    struct checked_file *file = checked_file_of(database);
    sqlite3_int64 size = 0;
    bool is_right = true;
    if (file == NULL || !file->has_checksums || FORWARD(&file->file, xFileSize, &size) != SQLITE_OK)
        *page = -1;
    for (; *page >= 0; (*page)++) {
        if (*page * CHECKED_PAGE_BYTES >= size) {
            *page = -1;
            return LAKE_OK;
        }
        if (*page == lock_page)
            continue;
        TRY(page_is_right(database, file, *page, &is_right, err));
        if (!is_right)
            return LAKE_OK;
    }
    return LAKE_OK;
}

/* ---- connections ---- */

static int remember_wal_pages(void *context, sqlite3 *handle, const char *name, int n_pages)
{
    struct database *database = context;
    (void)handle;
    (void)name;
    database->wal_pages = n_pages;
    return SQLITE_OK;
}

/* The path as a URI, so that "immutable" can be asked for; what has a meaning in a URI is escaped. */
static lake_status immutable_uri(const char *path, struct buffer *uri, struct lake_error *err)
{
    TRY(buffer_append_text(uri, path[0] == '/' ? "file://" : "file:", err));
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '%' || *p == '?' || *p == '#')
            TRY(buffer_printf(uri, err, "%%%02x", (unsigned)*p));
        else
            TRY(buffer_append_byte(uri, (uint8_t)*p, err));
    }
    return buffer_append_text(uri, "?immutable=1", err);
}

static lake_status open_handle(struct database *database, const char *name, int flags, struct lake_error *err)
{
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    if (register_vfs() == SQLITE_OK && sqlite3_open_v2(name, &database->handle, flags, vfs_name) == SQLITE_OK)
        return LAKE_OK;
    if (database->handle == NULL)
        return lake_fail(err, LAKE_NO_MEMORY, "%s: no memory for a database connection", database->path);
    return fail_database(database, err);
}

static lake_status open_immutable(struct database *database, struct lake_error *err)
{
    struct buffer uri = BUFFER_INIT((size_t)4 * LIMIT_PATH_BYTES);
    const char *text = NULL;
    lake_status status = LAKE_OK;
    TRY_OUT(immutable_uri(database->path, &uri, err));
    TRY_OUT(buffer_string(&uri, &text, err));
    TRY_OUT(open_handle(database, text, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err));
out:
    buffer_release(&uri);
    return status;
}

static lake_status open_access(struct database *database, enum database_access access, struct lake_error *err)
{
    switch (access) {
    case DATABASE_CREATE: return open_handle(database, database->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    case DATABASE_READ_WRITE: return open_handle(database, database->path, SQLITE_OPEN_READWRITE, err);
    case DATABASE_READ_ONLY: return open_handle(database, database->path, SQLITE_OPEN_READONLY, err);
    default: return open_immutable(database, err);
    }
}

/* Settings that belong to a connection, not to the file; some of them read it. The page cache is small: a process that reads one day shall stay
 * small. The schema of a manifest from elsewhere is not trusted. */
static lake_status configure(struct database *database, struct lake_error *err)
{
    sqlite3 *handle = database->handle;
    sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, (int)LIMIT_MANIFEST_VALUE_BYTES);
    if (sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK)
        return fail_database(database, err);
    TRY(database_run(database,
                     "PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF;"
                     "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
                     "PRAGMA cache_size=-1024; PRAGMA wal_autocheckpoint=0",
                     err));
    sqlite3_wal_hook(handle, remember_wal_pages, database);
    return LAKE_OK;
}

/* The first read shows whether this is a database, and whether its -shm and -wal can be used. That they cannot be opened or
 * made is, with the database itself open, a matter of permission, whatever errno the last attempt left. */
static lake_status read_header(struct database *database, struct lake_error *err)
{
    int64_t version = 0;
    lake_status status = LAKE_OK;
    TRY_OUT(configure(database, err));
    TRY_OUT(database_get_int64(database, "PRAGMA schema_version", &version, err));
out:
    if (status != LAKE_OK && (sqlite3_errcode(database->handle) & 0xff) == SQLITE_CANTOPEN)
        status =
            lake_fail(err, LAKE_PERMISSION, "%s: its -wal and -shm files cannot be opened or made", database->path);
    return status;
}

lake_status database_open(const char *path, enum database_access access, struct database **out, struct lake_error *err)
{
    struct database *database = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *database, &database, err));
    TRY_OUT(memory_copy_string(path, &database->path, err));
    TRY_OUT(open_access(database, access, err));
    if (access == DATABASE_CREATE)
        reserve_checksums(database);
    TRY_OUT(read_header(database, err));
    *out = database;
    database = NULL;
out:
    database_close(database);
    return status;
}

void database_close(struct database *database)
{
    if (database == NULL)
        return;
    sqlite3_close(database->handle);
    memory_free(database->path);
    memory_free(database);
}

const char *database_path(const struct database *database)
{
    return database->path;
}

bool database_is_read_only(const struct database *database)
{
    return sqlite3_db_readonly(database->handle, "main") == 1;
}

bool database_in_transaction(const struct database *database)
{
    return sqlite3_get_autocommit(database->handle) == 0;
}

void database_rollback(struct database *database)
{
    if (database_in_transaction(database))
        sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
}

lake_status database_run(struct database *database, const char *sql, struct lake_error *err)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail_database(database, err);
    return LAKE_OK;
}

static int compare_mode(void *is_wal, int n_columns, char **values, char **names)
{
    (void)names;
    *(bool *)is_wal = n_columns == 1 && values[0] != NULL && strcmp(values[0], "wal") == 0;
    return 0;
}

lake_status database_use_wal(struct database *database, struct lake_error *err)
{
    bool is_wal = false;
    if (sqlite3_exec(database->handle, "PRAGMA journal_mode=WAL", compare_mode, &is_wal, NULL) != SQLITE_OK)
        return fail_database(database, err);
    if (!is_wal)
        return lake_fail(err, LAKE_UNSUPPORTED, "%s: its filesystem cannot hold a write-ahead log", database->path);
    return LAKE_OK;
}

lake_status database_get_int64(struct database *database, const char *sql, int64_t *out, struct lake_error *err)
{
    struct statement *statement = NULL;
    bool has_row = false;
    lake_status status = LAKE_OK;
    TRY_OUT(statement_new(database, sql, &statement, err));
    TRY_OUT(statement_step(statement, &has_row, err));
    if (!has_row) {
        status = lake_fail(err, LAKE_CORRUPT, "%s: no answer to %s", database->path, sql);
        goto out;
    }
    *out = statement_take_int64(statement);
    TRY_OUT(statement_check(statement, err));
out:
    statement_free(statement);
    return status;
}

int64_t database_changes(const struct database *database)
{
    return sqlite3_changes64(database->handle);
}

int64_t database_last_id(const struct database *database)
{
    return sqlite3_last_insert_rowid(database->handle);
}

int64_t database_wal_pages(const struct database *database)
{
    return database->wal_pages;
}

static lake_status back_up(struct database *to, struct database *from, struct lake_error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (backup == NULL)
        return fail_database(to, err);
    (void)sqlite3_backup_step(backup, -1); /* in one read transaction of the source */
    /* What a step failed with is told by the end, and kept by the copy. */
    return sqlite3_backup_finish(backup) == SQLITE_OK ? LAKE_OK : fail_database(to, err);
}

/* Pages of a copy may be written before its first one, which would tell. */
static void give_checksums(struct database *to, const struct database *from)
{
    struct checked_file *target = checked_file_of(to);
    const struct checked_file *source = checked_file_of(from);
    if (target != NULL && source != NULL)
        target->has_checksums = source->has_checksums;
}

lake_status database_copy(struct database *database, const char *path, struct lake_error *err)
{
    struct database *copy = NULL;
    bool exists = false;
    lake_status status = LAKE_OK;
    TRY(file_exists(io_system(), path, &exists, err));
    if (exists)
        return lake_fail(err, LAKE_EXISTS, "%s: there is something already", path);
    TRY(database_open(path, DATABASE_CREATE, &copy, err));
    give_checksums(copy, database);
    status = back_up(copy, database, err);
    database_close(copy);
    if (status != LAKE_OK && file_remove(io_system(), path, NULL) != LAKE_OK)
        return status; /* the first error is the one that counts */
    return status;
}

void database_checkpoint(struct database *database)
{
    sqlite3_busy_timeout(database->handle, 0);
    if (sqlite3_wal_checkpoint_v2(database->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
        database->wal_pages = 0;
    sqlite3_busy_timeout(database->handle, BUSY_TIMEOUT_MS);
}

/* ---- statements ---- */

lake_status statement_new(struct database *database, const char *sql, struct statement **out, struct lake_error *err)
{
    struct statement *statement = NULL;
    lake_status status = LAKE_OK;
    *out = NULL;
    TRY(memory_new(1, sizeof *statement, &statement, err));
    statement->database = database;
    if (sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL) !=
        SQLITE_OK) {
        status = fail_database(database, err);
        goto out;
    }
    *out = statement;
    statement = NULL;
out:
    statement_free(statement);
    return status;
}

void statement_free(struct statement *statement)
{
    if (statement == NULL)
        return;
    sqlite3_finalize(statement->handle);
    memory_free(statement);
}

static int bind_value(sqlite3_stmt *handle, int index, const struct sql_value *value)
{
    switch (value->kind) {
    case SQL_INT: return sqlite3_bind_int64(handle, index, value->integer);
    case SQL_TEXT: return sqlite3_bind_text(handle, index, value->bytes, -1, SQLITE_STATIC);
    case SQL_BYTES: return sqlite3_bind_blob64(handle, index, value->bytes, value->n_bytes, SQLITE_STATIC);
    default: return sqlite3_bind_null(handle, index);
    }
}

lake_status statement_bind(struct statement *statement, const struct sql_value *values, size_t n,
                           struct lake_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (bind_value(statement->handle, (int)i + 1, &values[i]) != SQLITE_OK)
            return fail_database(statement->database, err);
    }
    return LAKE_OK;
}

lake_status statement_step(struct statement *statement, bool *has_row, struct lake_error *err)
{
    int code = sqlite3_step(statement->handle);
    statement->column = 0;
    statement->status = LAKE_OK;
    *has_row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail_database(statement->database, err);
    return LAKE_OK;
}

void statement_reset(struct statement *statement)
{
    if (statement == NULL)
        return;
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
}

lake_status statement_run(struct statement *statement, const struct sql_value *values, size_t n, struct lake_error *err)
{
    bool has_row = true;
    lake_status status = LAKE_OK;
    TRY_OUT(statement_bind(statement, values, n, err));
    while (has_row)
        TRY_OUT(statement_step(statement, &has_row, err));
out:
    statement_reset(statement);
    return status;
}

/* ---- columns ---- */

static void reject(struct statement *statement, lake_status status, const char *what)
{
    if (statement->status != LAKE_OK)
        return;
    statement->status = status;
    statement->wrong = what;
}

void statement_reject(struct statement *statement, const char *what)
{
    reject(statement, LAKE_CORRUPT, what);
}

int64_t statement_take_int64_or(struct statement *statement, int64_t fallback)
{
    if (sqlite3_column_type(statement->handle, statement->column) != SQLITE_NULL)
        return statement_take_int64(statement);
    statement->column++;
    return fallback;
}

int64_t statement_take_int64(struct statement *statement)
{
    int column = statement->column++;
    if (sqlite3_column_type(statement->handle, column) != SQLITE_INTEGER)
        reject(statement, LAKE_CORRUPT, "not an integer");
    return sqlite3_column_int64(statement->handle, column);
}

const char *statement_take_text(struct statement *statement, struct arena *arena)
{
    int column = statement->column++;
    const char *copy = "";
    if (sqlite3_column_type(statement->handle, column) != SQLITE_TEXT) {
        reject(statement, LAKE_CORRUPT, "not a text");
        return "";
    }
    const unsigned char *text = sqlite3_column_text(statement->handle, column);
    size_t length = (size_t)sqlite3_column_bytes(statement->handle, column);
    if (text == NULL)
        reject(statement, LAKE_NO_MEMORY, "no memory for a text");
    else if (memchr(text, 0, length) != NULL)
        reject(statement, LAKE_CORRUPT, "a text with a zero byte");
    else if (arena_copy_text(arena, text, length, &copy, NULL) != LAKE_OK)
        reject(statement, LAKE_NO_MEMORY, "no memory for a text");
    return copy;
}

void statement_take_bytes(struct statement *statement, uint8_t *out, size_t n)
{
    int column = statement->column++;
    const void *bytes = sqlite3_column_blob(statement->handle, column);
    bool fits = bytes != NULL && sqlite3_column_type(statement->handle, column) == SQLITE_BLOB &&
                (size_t)sqlite3_column_bytes(statement->handle, column) == n;
    if (fits)
        memcpy(out, bytes, n);
    else
        reject(statement, LAKE_CORRUPT, "not bytes of the right length");
}

const uint8_t *statement_take_blob(struct statement *statement, struct arena *arena, size_t *n)
{
    static const uint8_t nothing[1] = {0};
    int column = statement->column++;
    void *copy = NULL;
    *n = 0;
    if (sqlite3_column_type(statement->handle, column) == SQLITE_NULL)
        return NULL;
    const void *bytes = sqlite3_column_blob(statement->handle, column);
    size_t n_bytes = (size_t)sqlite3_column_bytes(statement->handle, column);
    if (sqlite3_column_type(statement->handle, column) != SQLITE_BLOB)
        reject(statement, LAKE_CORRUPT, "not bytes");
    else if (n_bytes > 0 && (bytes == NULL || arena_new(arena, n_bytes, 1, &copy, NULL) != LAKE_OK))
        reject(statement, LAKE_NO_MEMORY, "no memory for bytes");
    if (copy == NULL) /* SQLite gives no pointer where there are none */
        return nothing;
    memcpy(copy, bytes, n_bytes);
    *n = n_bytes;
    return copy;
}

lake_status statement_check(struct statement *statement, struct lake_error *err)
{
    if (statement->status == LAKE_OK)
        return LAKE_OK;
    return lake_fail(err, statement->status, "%s: %s, in the answer to: %s", statement->database->path,
                     statement->wrong, sqlite3_sql(statement->handle));
}
