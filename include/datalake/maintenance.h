/* Looking after a lake: policy, maintenance, verification, backup, restoring, making the manifest anew.
 *
 * Nothing here changes what a scan returns (invariant I11), but for verify with repair, which names what it sets aside. All of it
 * is safe beside readers and writers and at any instant of a crash. Conventions are those of lake.h. */
#ifndef DATALAKE_MAINTENANCE_H
#define DATALAKE_MAINTENANCE_H

#include <datalake/lake.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What dl.toml says. Lengths of time in ms. */
struct lake_policy {
    size_t size; /* set by the caller */
    int64_t
        keep_changed_ms; /* [history] keep_changed: superseded files some of whose rows were changed or deleted; 7 days */
    int64_t keep_unchanged_ms; /* [history] keep_unchanged: those whose rows all live on; 1 hour */
    int64_t
        keep_unchanged_percent; /* [history] keep_unchanged_percent: of the live bytes those may take, 256 KiB at least; 5 */
    int64_t keep_log;           /* [history] keep_log: operations without any effect left that the log keeps; 10,000 */
    int64_t compact_after_ms; /* [compaction] after: since the end of the month or year; 2 days */
    int64_t compact_bytes;    /* [compaction] max_bytes: of the file that it would make; 128 MiB */
};
/* The policy of an open lake. */
LAKE_API LAKE_MUST_CHECK lake_status lake_get_policy(const struct lake *lake, struct lake_policy *out,
                                                     struct lake_error *err);

/* Where dl.toml says that a lake is. Paths are as the file says, relative ones made relative to the working directory. */
struct lake_location {
    size_t size;                         /* set by the caller */
    char data_root[4096], db_path[4096]; /* "" where the file says nothing */
    char config_path[4096];              /* the file found, "" where there is none */
};
/* Looks for dl.toml in a directory and upward ("." for the working directory). None is fine. One that cannot be understood is
 * LAKE_INVALID_DATA with file, line and what is wrong. */
LAKE_API LAKE_MUST_CHECK lake_status lake_find_location(const char *directory, struct lake_location *out,
                                                        struct lake_error *err);

struct lake_maintain_options {
    size_t size;
    struct lake_selection selection; /* of compaction */
    bool compact;                    /* roll the small files of closed months and years into one */
    bool expire;                     /* remove history past its time */
    bool gc;                         /* remove what dead writers left and no record knows */
    bool optimize;                   /* SQLite's own upkeep */
    bool
        dry_run; /* say what would be done; of all tasks together it cannot foresee the history that its own compaction would make */
    struct lake_progress progress;
};

struct lake_maintain_result {
    size_t size; /* set by the caller */
    int64_t files_compacted, files_made, bytes_compacted, bytes_made;
    int64_t files_expired, bytes_expired;
    int64_t orphans_removed, orphan_bytes;
    int64_t operations_pruned;
    int64_t manifest_bytes_before, manifest_bytes_after;
};

/* None of the four set means all. Each step of the plan is a row: task (compact, expire, gc, optimize), what (dataset and
 * month, path, …), files, bytes (before), bytes_after (null where not known). A compaction is checked against the hashes of its days
 * before it is committed; each is a commit of its own, so that what was done stays done when it is interrupted. */
LAKE_API LAKE_MUST_CHECK lake_status lake_maintain(struct lake *lake, const struct lake_maintain_options *options,
                                                   struct lake_maintain_result *result, struct ArrowArrayStream *plan,
                                                   struct lake_error *err);

enum lake_verify_depth {
    LAKE_VERIFY_FAST, /* the manifest in itself; that every file is there with its size and a footer that agrees; strangers */
    LAKE_VERIFY_FULL /* and every checksum, every page, contents against rows, history, the manifest's own pages */
};

struct lake_verify_options {
    size_t size;
    struct lake_selection selection;
    enum lake_verify_depth depth;
    bool repair; /* full; what history or equal rows can repair is, the rest is set aside in quarantine and named */
    struct lake_progress progress;
};

struct lake_verify_result {
    size_t size; /* set by the caller */
    int64_t n_files, n_rows, n_bytes, n_problems;
    int64_t n_repaired, n_quarantined;
};

/* Problems come as rows: path, problem, detail, action (null; with repair: repaired, quarantined, none). options may be NULL: fast, everything. */
LAKE_API LAKE_MUST_CHECK lake_status lake_verify(struct lake *lake, const struct lake_verify_options *options,
                                                 struct lake_verify_result *result, struct ArrowArrayStream *problems,
                                                 struct lake_error *err);

struct lake_rebuild_result {
    size_t size; /* set by the caller */
    int64_t n_files, n_datasets, n_rows, n_bytes;
    int64_t n_set_aside; /* files that overlap others or cannot be read: moved to quarantine and named in the report */
};

/* Makes the manifest anew from the files of the data tree, where it is gone. LAKE_EXISTS where there is one. What it set aside comes
 * as rows: path, problem, detail, moved_to. */
LAKE_API LAKE_MUST_CHECK lake_status lake_rebuild(const struct lake_options *options,
                                                  const struct lake_progress *progress,
                                                  struct lake_rebuild_result *result, struct ArrowArrayStream *report,
                                                  struct lake_error *err);

enum lake_copy { LAKE_COPY_AUTO, LAKE_COPY_BYTES }; /* AUTO: reflinks, else hard links, else bytes */

struct lake_backup_options {
    size_t size;
    const char *directory; /* must not be there, or be empty */
    enum lake_copy copy;
    struct lake_progress progress;
};

struct lake_backup_result {
    size_t size; /* set by the caller */
    int64_t snapshot;
    int64_t n_files, n_bytes;
    int64_t n_reflinked, n_hard_linked, n_copied;
};

/* A whole lake of its own in `directory` (manifest.db and data/), as of one snapshot, while readers and writers go on. Every file is checked against its SHA-256 on the way. Not there at all until it is whole. History is
 * not taken along. Reflinks and hard links double no bytes, and share the fate of the disk. */
LAKE_API LAKE_MUST_CHECK lake_status lake_backup(struct lake *lake, const struct lake_backup_options *options,
                                                 struct lake_backup_result *result, struct lake_error *err);
/* Copies a backup to where options say a lake shall be, by reflinks or bytes, never hard links. LAKE_EXISTS, and nothing touched,
 * where there is one or any data; LAKE_CORRUPT, naming it, where a file is not what it was. There is no lake until all of it is
 * there; an interrupted one is begun again, or finished, by the next restore to the same place. */
LAKE_API LAKE_MUST_CHECK lake_status lake_restore(const struct lake_options *lake_options,
                                                  const struct lake_backup_options *options,
                                                  struct lake_backup_result *result, struct lake_error *err);

#ifdef __cplusplus
}
#endif
#endif
