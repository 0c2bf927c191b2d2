/* The values that are gathered: columns of the source, and what is made of them, a tile of rows at a time.
 *
 * Operands are made once, before the first row; the same one asked for twice is one. What an operand is made of stands before it, so
 * that one pass over them prepares a tile. Columns whose values are 8 bytes are looked at where they are; everything else lies in
 * scratch memory of a tile's size. Used by one thread at a time.
 *
 *     int price, turnover;
 *     TRY(operand_column(&set, "price", &price, err));
 *     TRY(operand_add(&set, OPERAND_IS_PRODUCT, price, amount, &turnover, err));
 *     operand_set_prepare(&set, &batch, first_row, n_rows);
 *     … operand_rows(&set, turnover) … */
#ifndef OPS_AGGREGATE_OPERAND_H
#define OPS_AGGREGATE_OPERAND_H

#include "column/batch.h"
#include "ops/aggregate_gather.h"

enum operand_kind {
    OPERAND_IS_COLUMN, /* of the source: 8 bytes a value, int32 and float made wider; of other types only whether there is one */
    OPERAND_IS_NUMBER,  /* a as a double */
    OPERAND_IS_PRODUCT, /* a * b */
    OPERAND_IS_SIDE,    /* of a column of text: all bits where the taker bought, none where he sold, else not present */
    OPERAND_IS_BOUGHT,  /* a where b, a side, is bought, and 0 where it is sold */
    OPERAND_IS_PAIRED,  /* a, where b is there */
    OPERAND_IS_LACKING, /* whether one of a and b is there and not 0, and the other is not there */
    OPERAND_IS_WHOLE,   /* whether a and b, integers, are there and equal */
    OPERAND_IS_ROW      /* every row */
};

struct operand {
    enum operand_kind kind;
    int a, b;              /* operands; a of a column: its index in the source's schema */
    enum column_type type; /* of a column */
    bool is_double;
    bool is_none; /* of this tile: no row is present */
    const void *values;
    const uint8_t *present; /* NULL: all */
    void *made_values;      /* scratch, NULL where it needs none */
    uint8_t *made_present;
};

struct operand_set {
    struct operand *items;
    size_t n, capacity;
};

void operand_set_release(struct operand_set *set);
/* A column of the source's schema. */
LAKE_MUST_CHECK lake_status operand_column(struct operand_set *set, const struct schema *source, int column, int *out,
                                           struct lake_error *err);
/* a or b: -1 where the kind has none. Kinds of numbers take operands that have values. */
LAKE_MUST_CHECK lake_status operand_add(struct operand_set *set, enum operand_kind kind, int a, int b, int *out,
                                        struct lake_error *err);
/* At most TILE_ROWS rows. */
void operand_set_prepare(struct operand_set *set, const struct batch *batch, int64_t first, int64_t n_rows);
/* From a row of the tile on. */
struct gather_rows operand_rows(const struct operand_set *set, int operand, int64_t row);

#endif
