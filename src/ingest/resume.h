/* Where an ingest stands, so that a later process can go on: which source, which member, which record, and the digest of the source up to
 * there.
 *
 * The job is known by a digest of what was asked for: the dataset as given, every option that changes which rows come out, and the real
 * paths of the sources. Not their sizes: a file that grew since is gone on with, and one whose beginning differs is refused by its
 * mark (source.h). Sources before the current one are in the write's own record. How many rejects are allowed may change from one call
 * to the next.
 *
 *     TRY(resume_job(io, &options, paths, n, job, err));
 *     TRY(resume_load(lake, job, &write, &point, err));                    // write NULL: from the beginning
 *     TRY(resume_save(write, job, &point, err));                           // at safe points */
#ifndef INGEST_RESUME_H
#define INGEST_RESUME_H

#include <datalake/lake.h>

#include "ingest/row_source.h"
#include "ingest/source.h"
#include "lake/write_save.h"

/* Counters of the job, in the job's own order; of its texts, at most so many bytes. */
enum { RESUME_COUNTERS = 64, RESUME_TEXT_BYTES = 1 << 20 };

struct resume_point {
    size_t source; /* index of the one being read */
    size_t member; /* of it */
    struct row_position position;
    struct source_mark mark;
    int64_t counters[RESUME_COUNTERS];
    struct buffer
        texts; /* of the job's own: names of columns left out, …; initialised by resume_load, released by the caller */
};

LAKE_MUST_CHECK lake_status resume_job(struct io io, const struct lake_ingest_options *options,
                                       const char *const *paths, size_t n_paths, uint8_t job[SHA256_BYTES],
                                       struct lake_error *err);
LAKE_MUST_CHECK lake_status resume_save(struct lake_write *write, const uint8_t job[SHA256_BYTES],
                                        const struct resume_point *point, struct lake_error *err);
/* Where *write is NULL, the point is the beginning, and its texts are empty or a sentence for people: why what was saved of this job could
 * not be gone on with. */
LAKE_MUST_CHECK lake_status resume_load(struct lake *lake, const uint8_t job[SHA256_BYTES], struct lake_write **write,
                                        struct resume_point *point, struct lake_error *err);

#endif
