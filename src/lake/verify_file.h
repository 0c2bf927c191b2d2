/* Checks one file against its entry in the manifest.
 *
 * Fast: there, its size, a footer that can be read and that agrees (rows, columns, first and last key where the statistics tell). Full: and
 * its SHA-256, every page with its checksum, strict order of the keys, and the content of each of its days. Of a superseded file
 * in history: there, size and SHA-256. */
#ifndef LAKE_VERIFY_FILE_H
#define LAKE_VERIFY_FILE_H

#include <datalake/maintenance.h>

#include "lake/examine.h"
#include "lake/handle.h"
#include "manifest/manifest.h"

enum { VERIFY_DETAIL_BYTES = 512 };

/* What a finding means for the bytes. */
enum verify_kind {
    VERIFY_SOUND,
    VERIFY_DAMAGED,    /* gone, or not those that were committed */
    VERIFY_ELSEWHERE,  /* not under their name */
    VERIFY_UNREADABLE, /* the disk would not give them, which says nothing about them */
    VERIFY_AT_ODDS     /* read, and not what the manifest says of them, though their hash may be right */
};

/* What is wrong with a file; problem NULL: nothing. */
struct verify_finding {
    enum verify_kind kind;
    const char *problem; /* one word, for programs */
    char detail[VERIFY_DETAIL_BYTES];
};

/* What one thread needs, reused for file after file. */
struct verify_tools;

struct verify_subject {
    const struct manifest_file *file;
    const struct manifest_dataset *dataset;
    const struct manifest_column *columns; /* of its dataset, by name */
    size_t n_columns;
};

LAKE_MUST_CHECK lake_status verify_tools_new(struct lake *lake, struct verify_tools **out, struct lake_error *err);
void verify_tools_free(struct verify_tools *tools);
struct examiner *verify_examiner(struct verify_tools *tools);
/* Damage is a finding; an error is a failure of the machine (memory, permission). */
LAKE_MUST_CHECK lake_status verify_file(struct verify_tools *tools, const struct verify_subject *subject,
                                        enum lake_verify_depth depth, struct verify_finding *finding,
                                        struct lake_error *err);
LAKE_MUST_CHECK lake_status verify_history_file(struct verify_tools *tools, const struct manifest_file *file,
                                                struct verify_finding *finding, struct lake_error *err);

#endif
