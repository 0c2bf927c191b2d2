/* Files of a partition in staging: their names, what is written to them, and reading it back.
 *
 * All of this works in the directory of one write (staging.h), with the scratch of one thread. */
#ifndef LAKE_PARTITION_FILE_H
#define LAKE_PARTITION_FILE_H

#include "lake/assemble.h"
#include "lake/partition.h"
#include "parquet/writer.h"

/* Random numbers got from the system at once. */
enum { NAMES_DRAWN = 64 };

/* What one thread needs to stage partitions, kept from one to the next. */
struct partition_tools {
    struct lake *lake;
    struct parquet_writer *writer;
    struct assembler *assembler;
    struct sha256 *hash;
    struct buffer bytes; /* an encoded file */
    struct buffer path;
    uint64_t names[NAMES_DRAWN]; /* random, for names of files to come */
    size_t n_names;
};

/* Gives the partition's new file its name, which nothing else has or will have. */
LAKE_MUST_CHECK lake_status partition_file_name(struct partition *partition, struct partition_tools *tools,
                                                struct lake_error *err);
/* Writes the rows as the partition's new file and describes it in partition->file. Pages end where days (of coarse periods:
 * months) do when the partition is wider than the dataset's grain. Made durable by the commit, all at once. */
LAKE_MUST_CHECK lake_status partition_file_write(struct partition *partition, const struct staging *staging,
                                                 const struct batch *rows, struct partition_tools *tools,
                                                 struct lake_error *err);
/* Reads the new file back, whole. */
LAKE_MUST_CHECK lake_status partition_file_read_back(const struct partition *partition, const struct staging *staging,
                                                     struct partition_tools *tools, struct batch *out,
                                                     struct lake_error *err);
/* Keeps rows that came in: in a file of their own, or, where `rows` is NULL, as the new file, which holds just them. Their source is left
 * to the caller (partition_incoming.h). */
LAKE_MUST_CHECK lake_status partition_file_keep_incoming(struct partition *partition, const struct staging *staging,
                                                         const struct batch *rows, struct partition_tools *tools,
                                                         struct lake_error *err);
/* Removes everything that was staged. */
LAKE_MUST_CHECK lake_status partition_file_forget(struct partition *partition, const struct staging *staging,
                                                  struct partition_tools *tools, struct lake_error *err);

#endif
