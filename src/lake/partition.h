/* One partition of an operation: what is stored, what is to become of it, and the file that was staged for that.
 *
 * A partition answers for a range of time of one dataset: the grain's, or that of a live file that is wider (a rolled-up month). It is
 * told what to do: rows that came in, ranges whose rows are cut, put back as of a snapshot or replaced by others, or the same rows in
 * one file. Staging looks up what is stored (`base`), makes the rows that are to be, and writes them to staging where a day's content
 * changes. A partition can then take more rows, or be staged again on another base (I6): rows that came in are kept in staging too
 * where the staged file holds others. Rows that are all stored already stage nothing. A partition that keeps no rows stages no file.
 *
 * partition_stage is what costs time; partitions are staged in parallel, each by one thread with its own partition_tools. Collections
 * of them, and what happens when one grows over others, are partition_set.h. */
#ifndef LAKE_PARTITION_H
#define LAKE_PARTITION_H

#include "base/buffer.h"
#include "column/builder.h"
#include "column/period.h"
#include "lake/content.h"
#include "lake/merge.h"
#include "lake/staging.h"
#include "manifest/manifest.h"

struct time_range {
    int64_t start_ms, end_ms; /* half open */
};

struct range_list { /* sorted, disjoint, those that touch joined */
    struct time_range *items;
    size_t n;
};

enum partition_kind {
    PARTITION_MERGE,  /* the stored rows, less what is cut, with what is put back and what came in */
    PARTITION_ROLL_UP /* the stored rows in one file; contents stay */
};

struct partition_counts {
    struct merge_counts rows;      /* that came in */
    int64_t n_settled;             /* that came in and were stored already when an earlier staging looked */
    int64_t n_removed, n_restored; /* by cuts and by putting back */
    int64_t n_lost;                /* of the base files that were read: rows changed or left out */
    int64_t n_kept;                /* previews only: rows left */
};

/* Rows that came in and are kept in staging for the next one (partition_incoming.h). */
struct kept_rows {
    char *path;     /* below the state directory */
    int32_t source; /* of all of them; KEPT_SOURCE_IN_ROWS: in their MERGE_SOURCE_COLUMN, if it matters */
};
enum { KEPT_SOURCE_IN_ROWS = -1 };

struct partition {
    struct manifest_dataset *dataset; /* borrowed; id 0 while it is not there yet */
    enum partition_grain grain;       /* the dataset's; the range may be wider */
    int64_t start_ms, end_ms;
    enum partition_kind kind;
    bool is_alone; /* what came in is all there is to be: compared with what is stored, and not merged with it */

    /* What is to be done. */
    struct batch_builder *rows; /* that came in since it was staged; NULL: none */
    struct kept_rows *incoming; /* that came in before that, in that order */
    size_t n_incoming;
    struct range_list cuts, restores;
    int64_t as_of;                   /* of the restores … */
    const struct batch *replacement; /* … or: that hold their rows. Borrowed; NULL: as_of says where they are */

    /* What is stored, as it was looked up before staging. */
    struct arena base_arena;
    struct manifest_file *base;
    size_t n_base;
    struct manifest_content *base_days;
    size_t n_base_days;

    /* What was staged. */
    bool is_changed; /* there is something to commit */
    bool has_file;   /* a new file; without one no rows are left */
    char *path;      /* of the new file below the data root; also names what lies in staging */
    struct manifest_file file;
    struct content_day *days; /* that changed */
    size_t n_days;
    struct buffer holes; /* of these days, where they are bars */
    struct partition_counts counts;

    /* Marks of the set that it belongs to. */
    bool is_stale;          /* was merged with what is no longer live: to be staged again */
    bool is_saved;          /* a safe point names what was staged: its files stay when it is staged again */
    bool is_under_way;      /* is being staged in the background: not to be touched */
    bool was_staged;        /* at least once */
    struct partition *next; /* of those absorbed: empty, kept for who still points to them */
    bool is_absorbed;
};

struct partition_tools;

LAKE_MUST_CHECK lake_status partition_tools_new(struct lake *lake, struct partition_tools **out,
                                                struct lake_error *err);
void partition_tools_free(struct partition_tools *tools);

void partition_release(struct partition *partition);
/* Looks up what is stored for the partition's range, and widens the range where a live file reaches out of it. */
LAKE_MUST_CHECK lake_status partition_find_base(struct partition *partition, struct lake *lake, struct lake_error *err);
/* Whether the files in `base` are still exactly those live. */
LAKE_MUST_CHECK lake_status partition_check_base(const struct partition *partition, struct lake *lake, bool *is_current,
                                                 struct lake_error *err);
/* Whether cuts take all rows of a stored file, which then need not be read. */
bool partition_drops_file(const struct partition *partition, const struct manifest_file *file);
/* Makes the rows that are to be and stages them. A failure before anything was written leaves the partition as it was. */
LAKE_MUST_CHECK lake_status partition_stage(struct partition *partition, const struct staging *staging,
                                            struct partition_tools *tools, struct lake_error *err);
/* The counts that staging would find for cuts, reading only the times of files that a cut divides. */
LAKE_MUST_CHECK lake_status partition_preview_cuts(struct partition *partition, struct partition_tools *tools,
                                                   struct lake_error *err);
/* Where the staged file lies below the state directory, as a terminated string in the buffer. */
LAKE_MUST_CHECK lake_status partition_state_path(const struct partition *partition, const struct staging *staging,
                                                 struct buffer *out, struct lake_error *err);

LAKE_MUST_CHECK lake_status range_list_add(struct range_list *list, struct time_range range, struct lake_error *err);
/* The part of a range that lies in another; empty (end <= start) where they do not meet. */
struct time_range range_intersect(struct time_range a, struct time_range b);

#endif
