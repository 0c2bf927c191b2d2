/* The rows of several symbols, symbol by symbol, of one snapshot.
 *
 * Where all of them are stored as they are asked for, they are one scan: resolved in one read transaction, every file decoded in parallel straight into its place
 * in few large batches. Otherwise each is read by itself (read_window.h).
 *
 *     struct read_many *many = NULL;
 *     TRY(read_many_open(lake, options, &symbols, &many, err));
 *     while ((status = read_many_next(many, &batch, err)) == LAKE_OK && batch.release != NULL)
 *         … read_many_runs(many) tells whose rows they are …
 *     read_many_close(many); */
#ifndef OPS_READ_MANY_H
#define OPS_READ_MANY_H

#include "ops/read_window.h"

struct read_many;

/* Options have been checked. */
LAKE_MUST_CHECK lake_status read_many_open(struct lake *lake, const struct lake_scan_options *options,
                                           const struct scan_symbols *symbols, struct read_many **out,
                                           struct lake_error *err);
void read_many_close(struct read_many *many);
/* Without the column of symbols. Lives as long as it is open. */
const struct schema *read_many_schema(const struct read_many *many);
/* Without `release` it is the end. */
LAKE_MUST_CHECK lake_status read_many_next(struct read_many *many, struct batch *out, struct lake_error *err);
/* Of the batch given last; until the next. */
const struct symbol_runs *read_many_runs(const struct read_many *many);
/* In all; -1: not known. */
int64_t read_many_rows(const struct read_many *many);
/* The first symbol's, and whether something not named was chosen for any. */
const struct manifest_dataset *read_many_dataset(const struct read_many *many, bool *was_chosen);
/* The first symbol's, and what is otherwise with others. */
const char *read_many_note(const struct read_many *many);
struct completeness read_many_known(const struct read_many *many);

#endif
