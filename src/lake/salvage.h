/* The rows of a damaged file, gathered from whatever still has them.
 *
 * Day by day: from what can be read of the file itself, then from superseded versions in history. A day counts only when its rows
 * have the very hash that the manifest has of them, so nothing wrong can come back: a file whose index was hit is whole again, and of
 * a month in which one page was hit the other days are saved. One thread at a time.
 *
 *     struct salvage salvage = {.lake = lake, .dataset = &dataset, .file = file, .own = examiner};
 *     TRY_OUT(salvage_rows(&salvage, &rows, err));
 *     …  salvage.n_lost days are nowhere
 *     out: salvage_release(&salvage); */
#ifndef LAKE_SALVAGE_H
#define LAKE_SALVAGE_H

#include "lake/examine.h"

struct salvage {
    struct lake *lake;
    const struct manifest_dataset *dataset;
    const struct manifest_file *file;
    struct examiner *own; /* borrowed: used for the file itself */

    /* Filled in: */
    const struct data_type *type;
    struct arena arena;
    struct manifest_content *days; /* of the file, those with rows */
    bool *is_lost;                 /* of each */
    size_t n_days, n_lost;
    int64_t rows_lost;
    size_t n_from_history;
    bool is_unreadable;       /* a disk did not give what it was asked for: what is lost may be there */
    bool is_short_of_memory;  /* some of it could not be read for want of memory, or over a limit */
    bool has_own;             /* the file itself could be opened */
    struct examiner *history; /* the superseded file that was opened last */
    int64_t history_id;       /* 0: none */
    struct schema *schema;    /* of the rows */
};

/* Days that are lost are not in `out`, which has no schema where no rows are left. It borrows its schema from the salvage. */
LAKE_MUST_CHECK lake_status salvage_rows(struct salvage *salvage, struct batch *out, struct lake_error *err);
void salvage_release(struct salvage *salvage);

#endif
