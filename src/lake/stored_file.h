/* Opening the files of a snapshot for reading.
 *
 * A file is looked for under its name, then where an unfinished move left it (staging, history), twice: a writer may be moving it
 * at this moment. It is read in one piece; where it is very large, or only a part of its rows is wanted, page by page. A
 * stored_file keeps its buffers, its Parquet reader and the file opened last (which opened again costs nothing: files are
 * immutable, I5) until the next file; one thread at a time.
 *
 *     struct stored_file *file = NULL;
 *     TRY(stored_file_new(lake, &file, err));
 *     TRY_OUT(stored_file_open(file, &entry, err));
 *     TRY_OUT(parquet_reader_read(stored_file_parquet(file), …));
 *     out: stored_file_free(file); */
#ifndef LAKE_STORED_FILE_H
#define LAKE_STORED_FILE_H

#include "lake/handle.h"
#include "parquet/reader.h"

struct stored_file;

LAKE_MUST_CHECK lake_status stored_file_new(struct lake *lake, struct stored_file **out, struct lake_error *err);
void stored_file_free(struct stored_file *file);
/* Opens and checks the footer against the entry (rows). Closes the one before. */
LAKE_MUST_CHECK lake_status stored_file_open(struct stored_file *file, const struct manifest_file *entry,
                                             struct lake_error *err);
/* The same for reading n_rows of its rows: where these are few, no more than their pages is read. */
LAKE_MUST_CHECK lake_status stored_file_open_rows(struct stored_file *file, const struct manifest_file *entry,
                                                  int64_t n_rows, struct lake_error *err);
/* A file that is not in the manifest yet, by its path below the state directory (staged rows). */
LAKE_MUST_CHECK lake_status stored_file_open_staged(struct stored_file *file, const char *state_path,
                                                    struct lake_error *err);
void stored_file_close(struct stored_file *file);

struct parquet_reader *stored_file_parquet(struct stored_file *file);
/* Scratch for the bytes of texts. */
struct buffer *stored_file_text(struct stored_file *file);

/* Where the bytes lie now, for those who read them otherwise (verify); LAKE_NOT_FOUND where they are nowhere. The path is borrowed until the next open. */
LAKE_MUST_CHECK lake_status stored_file_find(struct stored_file *file, const struct manifest_file *entry,
                                             const char **path, struct lake_error *err);

#endif
