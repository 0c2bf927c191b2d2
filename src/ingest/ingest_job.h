/* One ingest as its files share it: what is asked for, what is known of the dataset, and where it stands.
 *
 * In this order: ingest.c checks what is asked for, takes up what an interrupted ingest left (ingest_save.c), reads source after source
 * (ingest_source.c), each block through row_stage.h into one write, and commits that, or shows what a commit would do
 * (ingest_result.c). What the dataset is, the first source tells where the options do not, and the others must agree
 * (ingest_dataset.h). Nothing is visible before the commit. One thread. */
#ifndef INGEST_INGEST_JOB_H
#define INGEST_INGEST_JOB_H

#include "base/arena.h"
#include "ingest/ingest_dataset.h"
#include "ingest/ingest_request.h"
#include "ingest/member_order.h"
#include "ingest/resume.h"
#include "ingest/row_sample.h"
#include "ingest/row_stage.h"

/* When safe points are made and how much is read at once; tests use small ones. */
struct ingest_tuning {
    int64_t save_from_bytes; /* sources of fewer bytes in all have no safe points */
    int64_t save_every_bytes;
    size_t block_bytes; /* 0: the reader's own */
};

struct job {
    struct lake *lake;
    struct ingest_request request;
    struct ingest_tuning tuning;
    struct arena arena; /* of paths, choices and findings */
    const char *const *paths;
    size_t n_paths;
    int64_t n_bytes_total;    /* of all sources; 0: not known */
    uint8_t id[SHA256_BYTES]; /* what an interrupted ingest is found by */
    const char **choices;     /* columns: those of the request, and types that sources turned out to need */
    size_t n_choices;

    struct ingest_dataset dataset;
    struct findings findings;
    struct lake_write *write; /* begun by the first row */
    struct rejects rejects;
    struct row_stage stage;
    struct member_order order; /* of the member that is being read */
    struct row_sample sample;
    struct buffer left_out; /* names of columns, each followed by a line feed */

    int64_t n_rows;        /* appended */
    int64_t n_bytes;       /* of the sources that are done */
    int64_t rows_resumed;  /* of n_rows */
    int64_t resumed_bytes; /* read before by the interrupted ingest */
    int64_t saved_bytes;   /* that the last safe point covers */
    bool is_resumed;       /* the point is where to go on */
    struct resume_point point;
    bool has_half_a_block; /* some of its rows may be in the write and others not */
    bool can_resume;
    bool wants_again; /* a column needs another type than what was appended has: all begins again */
};

/* A source that is being read. */
struct reading {
    size_t index;
    const char *path;
    struct source *source;
    size_t member;
    struct row_source *rows;
    const struct csv_layout *layout; /* NULL: Parquet */
    struct time_zone *zone;
    struct csv_wishes wishes;
    struct file_name_facts name;
    bool has_rows; /* some member has */
    bool is_told;  /* the member's period is known and agrees */
};

static inline bool ingest_is_dry(const struct job *job)
{
    return job->request.options->dry_run;
}

/* ---- ingest.c ---- */

/* lake_ingest with another tuning. */
LAKE_MUST_CHECK lake_status ingest_run(struct lake *lake, const struct lake_ingest_options *options,
                                       const struct ingest_tuning *tuning, struct lake_ingest_result *result,
                                       struct lake_error *err);

/* ---- ingest_source.c ---- */

LAKE_MUST_CHECK lake_status ingest_source(struct job *job, size_t index, struct lake_error *err);

/* ---- ingest_notes.c ---- */

/* Behind the stage: where in the source the rows of a block stand, what the source lacks and what is odd about it, for the manifest. */
LAKE_MUST_CHECK lake_status ingest_note_rows(struct job *job, const struct reading *reading,
                                             const struct row_runs *runs, struct lake_error *err);
/* The member's rows are all noted. */
LAKE_MUST_CHECK lake_status ingest_note_member(struct job *job, const struct reading *reading, struct lake_error *err);
/* Before the commit: what was found, with the rows that merging found to be repeated. */
LAKE_MUST_CHECK lake_status ingest_note_repeated(struct job *job, int64_t n, struct lake_error *err);
LAKE_MUST_CHECK lake_status ingest_note_findings(struct job *job, struct lake_error *err);

/* ---- ingest_save.c ---- */

/* Takes up what an interrupted ingest of the same job left, or discards it. */
LAKE_MUST_CHECK lake_status ingest_resume(struct job *job, struct lake_error *err);
/* The stage has begun with the member of the safe point: it goes on as if it had not been interrupted. */
void ingest_resume_member(struct job *job);
/* A safe point, where one is due. */
LAKE_MUST_CHECK lake_status ingest_save(struct job *job, const struct reading *reading, struct lake_error *err);
/* Where the work ends early for a reason that may pass: what was done is kept. reading NULL: all sources are read. */
void ingest_keep(struct job *job, const struct reading *reading, lake_status status);

/* ---- ingest_result.c ---- */

LAKE_MUST_CHECK lake_status ingest_finish(struct job *job, struct lake_ingest_result *result, struct lake_error *err);

#endif
