/* The files of one dataset, as the data tree has them: read, compared with each other, and entered into a new manifest.
 *
 * Where two hold rows of one day, a writer died between putting the new one in place and taking the old one away: the one modified
 * last is the one that was committed. A file answers for the day, month or year of its path; where that would overlap another, for the
 * days that it has rows of. */
#ifndef LAKE_REBUILD_DATASET_H
#define LAKE_REBUILD_DATASET_H

#include "lake/layout.h"
#include "lake/rebuild.h"

struct rebuild_file {
    const char *path;
    struct layout_path place;
    int64_t modified_ms;
    struct manifest_file entry;
    struct content_day *days; /* memory_free'd */
    size_t n_days;
    struct buffer holes; /* of these days */
    struct schema *schema;
    const char *problem; /* NULL: it is sound */
    bool is_unreadable;
    char detail[512];
};

struct rebuild_dataset {
    struct arena arena;
    struct rebuild_file **files; /* allocated one by one, for they are large and many */
    size_t n, capacity;
};

void rebuild_dataset_init(struct rebuild_dataset *dataset);
/* Forgets the files; can be filled again. */
void rebuild_dataset_clear(struct rebuild_dataset *dataset);
void rebuild_dataset_release(struct rebuild_dataset *dataset);
LAKE_MUST_CHECK lake_status rebuild_dataset_add(struct rebuild_dataset *dataset, const char *path,
                                                const struct layout_path *place, struct lake_error *err);
/* Reads them all, enters the sound ones, sets the others aside. */
LAKE_MUST_CHECK lake_status rebuild_dataset_finish(struct rebuild_dataset *dataset, struct rebuild *rebuild,
                                                   struct lake_error *err);

#endif
