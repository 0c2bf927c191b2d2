/* Checks one live file against its entry in the manifest: there, size, SHA-256, structure with page checksums, strict order of
 * the keys, first and last key, number of rows, and the content of each of its days. */
#ifndef LAKE_VERIFY_FILE_H
#define LAKE_VERIFY_FILE_H

#include "lake/handle.h"
#include "manifest/manifest.h"

enum { VERIFY_DETAIL_BYTES = 512 };

/* What is wrong with a file; problem NULL: nothing. */
struct verify_finding {
    const char *problem; /* one word, for programs */
    char detail[VERIFY_DETAIL_BYTES];
};

/* What one thread needs, reused for file after file. */
struct verify_tools;

LAKE_MUST_CHECK lake_status verify_tools_new(struct lake *lake, struct verify_tools **out, struct lake_error *err);
void verify_tools_free(struct verify_tools *tools);
/* Damage is a finding; an error is a failure of the machine (memory, permission, I/O). */
LAKE_MUST_CHECK lake_status verify_file(const struct manifest_file *file, struct verify_tools *tools,
                                        struct verify_finding *finding, struct lake_error *err);

#endif
