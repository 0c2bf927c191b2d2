/* Repair: what verify found is put right where that can be done for certain, and set aside where it cannot.
 *
 * A damaged or missing live file becomes a new one with the rows that are found again (salvage.h), in one commit of the kind
 * "repair"; days that are nowhere are empty from then on, and the damaged bytes go to quarantine. A file is touched only on evidence:
 * bytes that were read and are wrong, or a name under which there is nothing. What the disk would not give, and bytes that are as they
 * were committed though the manifest disagrees, stay as they are. Nothing is deleted. Each repair is a commit of its own; its moves are
 * intents of the manifest, so that a crash leaves nothing half done. One thread at a time. */
#ifndef LAKE_REPAIR_H
#define LAKE_REPAIR_H

#include "lake/verify_file.h"

enum repair_action { REPAIR_NOTHING, REPAIR_REPAIRED, REPAIR_QUARANTINED };

struct repair_outcome {
    enum repair_action action;
    char note[VERIFY_DETAIL_BYTES]; /* for people: what was done, or why nothing */
};

struct repair_job {
    struct lake *lake;
    struct verify_tools *tools;
    const struct manifest_dataset *dataset;
    const struct manifest_column *columns;
    size_t n_columns;
};

/* A live file; nothing is done where somebody replaced it meanwhile. */
LAKE_MUST_CHECK lake_status repair_file(const struct repair_job *job, const struct manifest_file *file,
                                        struct repair_outcome *outcome, struct lake_error *err);
/* A superseded one: set aside, and marked as no longer to be read. */
LAKE_MUST_CHECK lake_status repair_history_file(const struct repair_job *job, const struct manifest_file *file,
                                                struct repair_outcome *outcome, struct lake_error *err);
/* A Parquet file that the manifest does not list, by its path below the data root. */
LAKE_MUST_CHECK lake_status repair_stranger(struct lake *lake, const char *path, struct repair_outcome *outcome,
                                            struct lake_error *err);

/* "repaired", "quarantined", "none". */
const char *repair_action_name(enum repair_action action);

#endif
