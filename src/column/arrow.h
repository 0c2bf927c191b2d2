/* Batches out of and into the Arrow C data and stream interfaces.
 *
 * Formats: b i l f g tsm:UTC tsu:UTC tsn:UTC u z w:n. Timestamps of any zone are taken (they are instants); without a
 * zone they are taken as UTC. Large text (U, Z) is taken where its bytes fit int32 offsets. Everything else is
 * refused by name. Exported arrays own their memory: they outlive the lake, and any thread may release them. */
#ifndef COLUMN_ARROW_H
#define COLUMN_ARROW_H

#include <datalake/arrow.h>

#include "column/batch.h"

LAKE_MUST_CHECK lake_status arrow_export_schema(const struct schema *schema, struct ArrowSchema *out,
                                                struct lake_error *err);
/* Moves the batch into the array; the batch is empty afterwards, also on failure. */
LAKE_MUST_CHECK lake_status arrow_export_batch(struct batch *batch, struct ArrowArray *out, struct lake_error *err);

/* A text column with 64-bit offsets has `width` ARROW_WIDE_OFFSETS in the schema, which tells arrow_import_batch; in
 * the batch the offsets are of 32 bits as always, and nothing but the import looks at the width of a type with
 * offsets. */
enum { ARROW_WIDE_OFFSETS = 8 };
LAKE_MUST_CHECK lake_status arrow_import_schema(const struct ArrowSchema *in, struct schema **out,
                                                struct lake_error *err);
/* Takes the array over (released with the batch, or at once on failure). The schema is borrowed, and must be what
 * arrow_import_schema made of the array's. The structure is checked: counts, buffers, offsets. Columns stay where
 * they are; copied is only what a batch lays out otherwise: slices of bits and offsets, values under nulls that are
 * not zero, what is not aligned. */
LAKE_MUST_CHECK lake_status arrow_import_batch(const struct schema *schema, struct ArrowArray *in, struct batch *out,
                                               struct lake_error *err);

/* Where a stream's batches come from. `next` gives an empty batch (release == NULL) at the end. */
struct batch_source {
    const struct schema *schema; /* lives until release */
    lake_status (*next)(void *context, struct batch *out, struct lake_error *err);
    void (*release)(void *context);
    void *context;
};

/* Takes the source over, also on failure. Errors travel as errno and get_last_error. */
LAKE_MUST_CHECK lake_status arrow_export_stream(struct batch_source source, struct ArrowArrayStream *out,
                                                struct lake_error *err);

#endif
