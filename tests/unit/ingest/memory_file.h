/* A file in memory behind the table of file operations: reads are short and may fail.
 *
 *     struct memory_file file = memory_file_of("ts,open…\n");
 *     struct csv_reader_options options = {memory_file_io(&file), …}; */
#ifndef TESTS_UNIT_INGEST_MEMORY_FILE_H
#define TESTS_UNIT_INGEST_MEMORY_FILE_H

#include "io/io.h"

struct memory_file {
    const char *bytes; /* NULL: there is no such file */
    size_t length, position;
    size_t most;     /* bytes of one read */
    size_t fails_at; /* a read from this position on fails; 0: none does */
    enum io_kind kind;
    int n_open;
};

struct memory_file memory_file_of(const char *bytes, size_t length);
struct io memory_file_io(struct memory_file *file);

#endif
