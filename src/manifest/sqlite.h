/* A thin layer over SQLite: connections, prepared statements, errors as lake_status. sqlite.c is the only file that includes
 * sqlite3.h.
 *
 * Invariants: every connection is WAL with synchronous=FULL; no connection checkpoints by itself, not even when it closes
 * (the defect of SQLite before 3.51.3: checkpoints belong under the lake's lock). Columns of a row are taken in the order of
 * the SELECT; one of another type than asked for is remembered and reported by statement_check. A connection and its
 * statements are used by one thread at a time.
 *
 *     TRY_OUT(statement_bind(statement, (struct sql_value[]){sql_int(id), sql_text(name)}, 2, err));
 *     TRY_OUT(statement_step(statement, &has_row, err));
 *     … statement_take_int64(statement) …
 *     TRY_OUT(statement_check(statement, err));
 *     out: statement_reset(statement); */
#ifndef MANIFEST_SQLITE_H
#define MANIFEST_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct database;
struct statement;

/* IMMUTABLE reads without locks, -wal and -shm: only right while nobody writes. */
enum database_access { DATABASE_CREATE, DATABASE_READ_WRITE, DATABASE_READ_ONLY, DATABASE_IMMUTABLE };

/* Opens and reads the header. What is there but no SQLite database is LAKE_CORRUPT. */
LAKE_MUST_CHECK lake_status database_open(const char *path, enum database_access access, struct database **out,
                                          struct lake_error *err);
/* Its statements must have been freed. NULL is fine. */
void database_close(struct database *database);
const char *database_path(const struct database *database);
bool database_is_read_only(const struct database *database);
bool database_in_transaction(const struct database *database);
/* Ends a transaction without its changes; harmless where none is open. What fails here, the next open rolls back. */
void database_rollback(struct database *database);
/* Runs one or more statements whose results, if any, do not matter. */
LAKE_MUST_CHECK lake_status database_run(struct database *database, const char *sql, struct lake_error *err);
/* Makes the write-ahead log the database's journal, which it then stays; nothing happens where it is. */
LAKE_MUST_CHECK lake_status database_use_wal(struct database *database, struct lake_error *err);
/* The first column of the first row, an integer. */
LAKE_MUST_CHECK lake_status database_get_int64(struct database *database, const char *sql, int64_t *out,
                                               struct lake_error *err);
/* Rows changed by the last INSERT, UPDATE or DELETE; the id of the last INSERT. */
int64_t database_changes(const struct database *database);
int64_t database_last_id(const struct database *database);
/* Pages in the WAL as of this connection's last commit. */
int64_t database_wal_pages(const struct database *database);
/* A copy of what is committed now at a path where there is nothing yet, durable, without a write-ahead log. What others commit meanwhile
 * is not in it. Nothing is left there after a failure. */
LAKE_MUST_CHECK lake_status database_copy(struct database *database, const char *path, struct lake_error *err);
/* The next page, from *page on (counted from 0), whose checksum is wrong; -1 where there is none or the database has no
 * checksums. What stands in the WAL is not looked at. */
LAKE_MUST_CHECK lake_status database_find_damaged_page(struct database *database, int64_t *page,
                                                       struct lake_error *err);
/* Moves the WAL into the database and empties it, as far as running readers allow, without waiting for them. */
void database_checkpoint(struct database *database);

struct sql_value {
    enum { SQL_NULL, SQL_INT, SQL_TEXT, SQL_BYTES } kind;
    int64_t integer;
    const void *bytes;
    size_t n_bytes;
};

static inline struct sql_value sql_int(int64_t value)
{
    return (struct sql_value){SQL_INT, value, NULL, 0};
}

/* NULL is SQL's NULL. */
static inline struct sql_value sql_text(const char *text)
{
    return (struct sql_value){text == NULL ? SQL_NULL : SQL_TEXT, 0, text, 0};
}

static inline struct sql_value sql_bytes(const void *bytes, size_t n)
{
    return (struct sql_value){bytes == NULL ? SQL_NULL : SQL_BYTES, 0, bytes, n};
}

LAKE_MUST_CHECK lake_status statement_new(struct database *database, const char *sql, struct statement **out,
                                          struct lake_error *err);
void statement_free(struct statement *statement);
/* Values for ?1 … ?n, borrowed until the statement is reset. */
LAKE_MUST_CHECK lake_status statement_bind(struct statement *statement, const struct sql_value *values, size_t n,
                                           struct lake_error *err);
LAKE_MUST_CHECK lake_status statement_step(struct statement *statement, bool *has_row, struct lake_error *err);
/* Ends the query and its hold on the database; the statement can be bound again. NULL is fine. */
void statement_reset(struct statement *statement);
/* bind, step to the end, reset: for statements without results. */
LAKE_MUST_CHECK lake_status statement_run(struct statement *statement, const struct sql_value *values, size_t n,
                                          struct lake_error *err);

int64_t statement_take_int64(struct statement *statement);
/* `fallback` where it is NULL. */
int64_t statement_take_int64_or(struct statement *statement, int64_t fallback);
/* Copied into the arena; "" after a failure. */
const char *statement_take_text(struct statement *statement, struct arena *arena);
void statement_take_bytes(struct statement *statement, uint8_t *out, size_t n);
/* Bytes of any number, copied into the arena; never NULL but where the column is NULL. */
const uint8_t *statement_take_blob(struct statement *statement, struct arena *arena, size_t *n);
/* Marks the row as damaged: `what` is a constant, such as "a path leaves the data root". */
void statement_reject(struct statement *statement, const char *what);
LAKE_MUST_CHECK lake_status statement_check(struct statement *statement, struct lake_error *err);

#endif
