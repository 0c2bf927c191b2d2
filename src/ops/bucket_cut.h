/* Cuts rows, in ascending order of time, into the buckets that they belong to, and refuses bars that do not fit.
 *
 * Rows come in batches of any size, and are cut into tiles: some thousand rows that stay in the cache while all their columns are
 * gathered. A piece is a run of rows of one bucket, or of several whole buckets with equally many rows each. Bars that follow one another
 * without a gap are cut by arithmetic on times; only where a step is not the period is a bar looked at by itself.
 *
 *     bucket_cutter_init(&cutter, &grid, source_period, per_ms, place);
 *     while (row < n_rows) {
 *         TRY(bucket_cut(&cutter, &times, row, &tile, err));
 *         … tile.pieces …
 *         row += tile.n_rows;
 *     } */
#ifndef OPS_BUCKET_CUT_H
#define OPS_BUCKET_CUT_H

#include "column/time_unit.h"
#include "ops/bucket.h"

enum { TILE_ROWS = 4096, TILE_PIECES = 1024 };

struct bucket_piece {
    int64_t row;              /* the first, counted from the tile's */
    int64_t n_rows;           /* of each bucket */
    int64_t n_buckets;        /* several: all whole, and of a fixed length */
    struct time_range bucket; /* the first */
    bool is_new;              /* else the bucket of the piece before */
};

struct bucket_tile {
    int64_t n_rows;
    size_t n_pieces;
    struct bucket_piece pieces[TILE_PIECES];
};

struct bucket_cutter {
    const struct bucket_grid *grid;
    const struct period *source;
    const char *place; /* for messages; borrowed as the others are */
    int64_t per_ms;    /* of the times */
    int64_t step;      /* from bar to bar, in the unit of the times; 0: trades */
    int64_t last;      /* the time of the last row */
    bool has_last;
    struct time_range bucket; /* of the last row */
};

void bucket_cutter_init(struct bucket_cutter *cutter, const struct bucket_grid *grid, const struct period *source,
                        int64_t per_ms, const char *place);
/* The tile that begins with `row`. LAKE_INVALID_DATA naming the bar that is off the grid of its period, overlaps the one before it or
 * does not end in its bucket; the trade that comes before the one before it. */
LAKE_MUST_CHECK lake_status bucket_cut(struct bucket_cutter *cutter, const struct time_values *times, int64_t row,
                                       struct bucket_tile *tile, struct lake_error *err);

#endif
