/* Queries whose rows become an array of items in an arena, and the values that several files of this folder read and bind.
 *
 *     const struct sql_value values[] = {sql_int(dataset_id)};
 *     const struct query query = {STATEMENT_COLUMNS, values, 1, sizeof **out, read_column, NULL, NULL};
 *     return query_collect(manifest, &query, arena, out, n, err); */
#ifndef MANIFEST_QUERY_H
#define MANIFEST_QUERY_H

#include "manifest/handle.h"

struct query {
    enum statement_id statement;
    const struct sql_value *values;
    size_t n_values;
    size_t item_bytes;
    void (*read)(struct statement *statement, struct arena *arena, void *item);
    bool (*keep)(void *context, const void *item); /* false: neither this row nor those after it; NULL: all */
    void *context;
};

/* `out` is a pointer to a pointer to items. */
LAKE_MUST_CHECK lake_status query_collect(struct manifest *manifest, const struct query *query, struct arena *arena,
                                          void *out, size_t *n, struct lake_error *err);

/* A path that must be safe: the row is rejected where it is not. */
const char *query_take_path(struct statement *statement, struct arena *arena);
/* A day of the calendar, so that nobody behind has to fear its arithmetic: the row is rejected where it is none. */
int64_t query_take_day(struct statement *statement);
void query_read_path(struct statement *statement, struct arena *arena, void *item); /* const char * */
void query_read_dataset(struct statement *statement, struct arena *arena, void *item);
void query_read_column(struct statement *statement, struct arena *arena, void *item);
void query_read_file(struct statement *statement, struct arena *arena, void *item);
void query_read_content(struct statement *statement, struct arena *arena, void *item);

enum { QUERY_NAMES = 5 };
/* ?1 … ?5 of a statement that filters datasets. */
void query_filter_values(const struct manifest_filter *filter, struct sql_value values[QUERY_NAMES]);

/* What writing checks first. Outside a transaction each statement would commit by itself; so would those after a failure that
 * made SQLite roll back. */
LAKE_MUST_CHECK lake_status query_check_begun(const struct manifest *manifest, struct lake_error *err);
/* LAKE_INVALID_ARGUMENT for a path that is not safe; NULL is fine. */
LAKE_MUST_CHECK lake_status query_check_path(const char *path, struct lake_error *err);
/* Runs an INSERT and says which id it made. */
LAKE_MUST_CHECK lake_status query_insert(struct manifest *manifest, enum statement_id id,
                                         const struct sql_value *values, size_t n, int64_t *row_id,
                                         struct lake_error *err);
/* Remembers that an operation wrote to a dataset. */
LAKE_MUST_CHECK lake_status query_note_dataset(struct manifest *manifest, int64_t operation_id, int64_t dataset_id,
                                               struct lake_error *err);

#endif
