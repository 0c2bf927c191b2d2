/* The rows of several symbols, each read by itself, some of them at a time in parallel: for what does not lie in files as it is asked for, and for what is too much
 * to be resolved at once.
 *
 * All are resolved at the start, as of one snapshot; of many, those that are not read yet are then closed and opened again when their turn comes. Rows come symbol
 * by symbol; those of short reads are put together into one batch. Memory is bounded by the window: so many symbols, of each about one batch (I10).
 *
 *     struct read_window *window = NULL;
 *     TRY(read_window_open(lake, &request, &window, err));
 *     while ((status = read_window_next(window, &batch, &runs, err)) == LAKE_OK && batch.release != NULL) …
 *     read_window_close(window); */
#ifndef OPS_READ_WINDOW_H
#define OPS_READ_WINDOW_H

#include "ops/read_one.h"
#include "ops/symbol_column.h"

struct read_window;

struct window_request {
    const struct lake_scan_options *options; /* checked; their symbol is not looked at */
    const char *const *symbols;              /* canonical, each once; they outlive the window */
    size_t n;
};

/* What is known of one of the symbols. */
struct read_told {
    struct manifest_dataset dataset;
    const char *note;
    bool was_chosen;
    int64_t n_rows; /* -1: not known */
};

/* Symbols that are not there are LAKE_NOT_FOUND in one message, with near matches. */
LAKE_MUST_CHECK lake_status read_window_open(struct lake *lake, const struct window_request *request,
                                             struct read_window **out, struct lake_error *err);
void read_window_close(struct read_window *window);
/* Both live as long as the window. */
const struct schema *read_window_schema(const struct read_window *window);
const struct read_told *read_window_told(const struct read_window *window, size_t symbol);
/* Bars among the rows given so far, and those of them that lack source bars. */
struct completeness read_window_known(const struct read_window *window);
/* The next rows, and of which symbols they are; without `release` it is the end. After a failure it goes on where it was. */
LAKE_MUST_CHECK lake_status read_window_next(struct read_window *window, struct batch *out, struct symbol_runs *runs,
                                             struct lake_error *err);

#endif
