/* The seal of a backup: a checksum of its manifest, so that not one bit of it can turn unnoticed. (The files' checksums stand in the
 * manifest, and SQLite keeps none of its pages.)
 *
 * It holds until the backup is written to as a lake: from then on there is <backup>/.lake/lake.lock, and the manifest lives on
 * without it. What SQLite counts anew in the header of every copy is left out: bytes 24 to 27, 40 to 43 and 92 to 99
 * (changes of contents and schema, and by which version); see https://www.sqlite.org/fileformat2.html#the_database_header. */
#ifndef LAKE_SEAL_H
#define LAKE_SEAL_H

#include "base/error.h"
#include "io/io.h"

/* Both read a manifest that nobody else has open. */
LAKE_MUST_CHECK lake_status seal_write(struct io io, const char *manifest_path, const char *seal_path,
                                       struct lake_error *err);
/* LAKE_CORRUPT where it is broken. A backup without a seal has none to break. */
LAKE_MUST_CHECK lake_status seal_check(struct io io, const char *manifest_path, const char *seal_path,
                                       struct lake_error *err);

#endif
