/* Where a row came from, as a table that grows from the row to its sources: what the files of lake_explain share.
 *
 * explain.c finds the row, or says why there is none. explain_walk then goes from rows of one dataset (one at first, of derived bars then
 * those of a bucket) to their files, contents and origins, and on to the rows that these were derived from. Each step is one row of the table,
 * told once. The manifest is asked once a dataset (explain_facts.c), in one read transaction. One thread at a time. */
#ifndef OPS_EXPLAIN_H
#define OPS_EXPLAIN_H

#include <datalake/bars.h>

#include "base/arena.h"
#include "column/builder.h"
#include "lake/handle.h"
#include "lake/partition.h"
#include "manifest/history.h"
#include "manifest/knowledge.h"

/* ---- the table (explain_table.c) ---- */

enum { EXPLAIN_MOST_TOLD = 64 };

struct explain {
    struct lake *lake;
    struct arena arena; /* of all texts, as long as the table is made */
    struct batch_builder *table;
    int64_t told[EXPLAIN_MOST_TOLD]; /* snapshots whose operation has its row */
    size_t n_told;
};

/* Members that are NULL or 0 are null in the table (depth is not). */
struct explain_step {
    int64_t depth;
    const char *step, *dataset, *what;
    const int64_t *ts_ms;
    const char *path;
    int64_t version, snapshot;
    const int64_t *committed_ms;
    const uint8_t *sha256;
    int64_t line_from, line_to;
    const char *detail;
};

LAKE_MUST_CHECK lake_status explain_begin(struct explain *explain, struct lake *lake, struct lake_error *err);
void explain_release(struct explain *explain);
LAKE_MUST_CHECK lake_status explain_tell(struct explain *explain, const struct explain_step *step,
                                         struct lake_error *err);
/* A text that lives in the arena. */
LAKE_MUST_CHECK lake_status explain_text(struct explain *explain, const char **out, struct lake_error *err,
                                         const char *format, ...) LAKE_PRINTF(4, 5);
LAKE_MUST_CHECK lake_status explain_name(struct explain *explain, const struct manifest_dataset *dataset,
                                         const char **out, struct lake_error *err);

/* ---- rows whose origin is asked for ---- */

struct explain_rows {
    struct manifest_dataset dataset; /* stored */
    const struct period *period;
    int64_t first_ms, last_ms; /* both included */
    int64_t depth;             /* of the steps that follow */
    bool is_one;               /* the row that was asked for: earlier versions of its day are told, too */
};
/* Files, contents and operations, sources, and what derived bars were derived from (explain_walk.c). */
LAKE_MUST_CHECK lake_status explain_walk(struct explain *explain, const struct explain_rows *rows,
                                         struct lake_error *err);

struct explain_bucket {
    struct manifest_dataset source;
    struct time_range range; /* of the source */
    const char *recipe;
    int64_t n_expected; /* source rows, of bars; 0: of trades */
    int64_t depth;
};
/* The source's rows that one derived bar is made of (explain_derived.c). */
LAKE_MUST_CHECK lake_status explain_bucket_rows(struct explain *explain, const struct explain_bucket *bucket,
                                                struct lake_error *err);

/* ---- what the manifest knows (explain_facts.c) ---- */

struct explain_facts {
    struct manifest_file *files; /* that hold the rows */
    size_t n_files;
    struct manifest_content *contents; /* live, of the days */
    size_t n_contents;
    struct manifest_content *versions; /* of the one day; is_one */
    size_t n_versions;
    struct manifest_origin *origins; /* latest operation first */
    size_t n_origins;
    bool is_derived;
    struct manifest_derivation derivation;
    struct manifest_dataset source;
    struct manifest_lineage *lineage; /* of the days of the rows */
    size_t n_lineage;
    struct manifest_content *source_contents; /* live, of the days in the lineage */
    size_t n_source_contents;
};
LAKE_MUST_CHECK lake_status explain_find_facts(struct explain *explain, const struct explain_rows *rows,
                                               struct explain_facts *out, struct lake_error *err);

struct explain_operation {
    bool is_known; /* it is in the log */
    struct manifest_log_entry entry;
    struct manifest_source *sources;
    size_t n_sources;
    int64_t undone_by; /* snapshot; 0: what it did stands, also where its undoing was undone */
};
/* By its id. */
LAKE_MUST_CHECK lake_status explain_find_operation(struct explain *explain, int64_t operation_id,
                                                   struct explain_operation *out, struct lake_error *err);

#endif
