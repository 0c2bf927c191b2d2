/* A write between its begin and its commit: what write.c, write_rows.c, write_record.c and write_save.c share. Nobody else looks inside.
 *
 * A row that was appended is in one of three places, and arrived in this order wherever two of them hold rows of one partition:
 *   1. staged: in the files of a partition of `partitions` (its staged file, or its `incoming` ones);
 *   2. spilled: in the runs of `spill`, in the order of the runs; there are none unless the rows came in no order;
 *   3. collected: in memory, in the `rows` of the partitions in `open` or, once the write spills, in spill.rows.
 * Partitions may be staged by the pool's threads while more rows are collected: until write_settle has returned, only the thread
 * that appends may look, and not at what is being staged.
 *
 * write_settle is the safe point: it leaves nothing collected and nothing under way, so that partitions, spill.runs, columns,
 * sources, notes and the counters say all there is to know about the rows so far. A partition whose is_saved is set keeps its files when
 * it is staged again (as new ones): whoever set it removes those no longer named. The same holds for runs. */
#ifndef LAKE_WRITE_STATE_H
#define LAKE_WRITE_STATE_H

#include "lake/names.h"
#include "lake/partition_set.h"
#include "lake/spill.h"
#include "lake/write.h"
#include "lake/write_notes.h"

/* Rows collected take so much of the memory configured, and as much again while they are staged or spilled. */
enum { WRITE_MEMORY_SHARE = 16 };

struct write_source {
    char *path;
    int64_t size_bytes;
    uint8_t sha256[SHA256_BYTES];
    bool has_sha256;
};

struct lake_write {
    struct lake *lake;
    char exchange[NAME_BYTES], market[NAME_BYTES], symbol[NAME_BYTES], period_name[PERIOD_BYTES];
    const char *kind;
    const struct data_type *type;
    const struct period *period;
    struct manifest_dataset dataset;

    struct partition_set partitions;
    struct spill spill;
    struct schema *columns; /* of all rows so far; NULL: none */
    struct write_source *sources;
    size_t n_sources;
    int32_t source;                       /* number of the one that rows come from now, from 0 */
    char *detail;                         /* of the operation; NULL: none */
    int64_t rows_rejected;                /* of the operation, as its caller counted them */
    int64_t rows_read, first_ms, last_ms; /* ms also where the type's times are finer */
    int64_t started_ms;
    struct write_notes notes;
    bool has_failed; /* rows may be lost: it cannot be committed any more */
    bool is_staged;  /* all of it: nothing may be appended */

    /* Nothing of this outlives write_settle. */
    struct schema *
        schema; /* of the rows being collected, with the column of their source where the type needs it; NULL: none yet */
    struct partition **open; /* those with collected rows, in order of first use */
    size_t n_open, open_capacity;
    struct partition *current;        /* the one of the last row */
    int64_t current_from, current_to; /* its range in the unit of the rows' times */
    size_t collected_bytes;           /* by the partitions in `open` */
    int64_t n_collected, n_switches;  /* since rows were staged last: rows, changes of partition */
    int32_t *source_values;           /* n_source_values times `source` */
    int64_t n_source_values;
    struct column *source_columns; /* of a batch with such a column */

    int64_t n_restaged; /* rows that were staged more than once, each time */
};

/* Whether rows have the columns of those being collected. */
bool write_has_schema(const struct lake_write *write, const struct schema *schema);
/* Rows of a checked batch: to their partitions, or to the spill. */
LAKE_MUST_CHECK lake_status write_add_rows(struct lake_write *write, const struct batch *batch, struct lake_error *err);
/* Stages or spills all that was collected and waits until that is done. */
LAKE_MUST_CHECK lake_status write_settle(struct lake_write *write, struct lake_error *err);
/* Stages everything, spilled or not. Nothing may be added afterwards. */
LAKE_MUST_CHECK lake_status write_stage_all(struct lake_write *write, struct lake_error *err);
/* Within the manifest's transaction: what was noted of the days that the commit changed, and what is known of the rest. */
struct commit;
LAKE_MUST_CHECK lake_status write_record_notes(const struct lake_write *write, const struct commit *commit,
                                               struct lake_error *err);
/* Frees what rows are collected in. */
void write_release_rows(struct lake_write *write);

#endif
