#include "ops/aggregate_operand.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "ops/bucket_cut.h"

enum { FIRST_OPERANDS = 16, VALUE_BYTES = 8 };

/* ---- making them ---- */

void operand_set_release(struct operand_set *set)
{
    for (size_t i = 0; i < set->n; i++) {
        memory_free(set->items[i].made_values);
        memory_free(set->items[i].made_present);
    }
    memory_free(set->items);
    *set = (struct operand_set){.items = NULL};
}

static lake_status reserve(struct operand_set *set, struct lake_error *err)
{
    size_t capacity = set->capacity > 0 ? set->capacity * 2 : FIRST_OPERANDS;
    if (set->n < set->capacity)
        return LAKE_OK;
    TRY(memory_resize(&set->items, capacity, sizeof *set->items, err));
    set->capacity = capacity;
    return LAKE_OK;
}

static bool is_narrow(enum column_type type)
{
    return type == COLUMN_INT32 || type == COLUMN_FLOAT;
}

static bool makes_values(const struct operand *operand)
{
    switch (operand->kind) {
    case OPERAND_IS_COLUMN: return is_narrow(operand->type);
    case OPERAND_IS_NUMBER:
    case OPERAND_IS_PRODUCT:
    case OPERAND_IS_SIDE:
    case OPERAND_IS_BOUGHT: return true;
    default: return false;
    }
}

static bool makes_present(const struct operand *operand)
{
    return operand->kind != OPERAND_IS_NUMBER && operand->kind != OPERAND_IS_ROW;
}

static bool is_same(const struct operand *x, const struct operand *y)
{
    return x->kind == y->kind && x->a == y->a && x->b == y->b;
}

static lake_status add(struct operand_set *set, struct operand operand, int *out, struct lake_error *err)
{
    lake_status status = LAKE_OK;
    for (size_t i = 0; i < set->n; i++)
        if (is_same(&set->items[i], &operand)) {
            *out = (int)i;
            return LAKE_OK;
        }
    TRY(reserve(set, err));
    if (makes_values(&operand))
        TRY_OUT(memory_new_aligned(TILE_ROWS * VALUE_BYTES, &operand.made_values, err));
    if (makes_present(&operand))
        TRY_OUT(memory_new_aligned(TILE_ROWS, &operand.made_present, err));
    *out = (int)set->n;
    set->items[set->n++] = operand;
    return LAKE_OK;
out:
    memory_free(operand.made_values);
    return status;
}

lake_status operand_column(struct operand_set *set, const struct schema *source, int column, int *out,
                           struct lake_error *err)
{
    enum column_type type = source->fields[column].type;
    struct operand operand = {.kind = OPERAND_IS_COLUMN,
                              .a = column,
                              .b = -1,
                              .type = type,
                              .is_double = type == COLUMN_DOUBLE || type == COLUMN_FLOAT};
    return add(set, operand, out, err);
}

lake_status operand_add(struct operand_set *set, enum operand_kind kind, int a, int b, int *out, struct lake_error *err)
{
    if (kind == OPERAND_IS_NUMBER && set->items[a].is_double) {
        *out = a;
        return LAKE_OK;
    }
    bool is_double = kind == OPERAND_IS_NUMBER || kind == OPERAND_IS_PRODUCT || kind == OPERAND_IS_BOUGHT ||
                     (kind == OPERAND_IS_PAIRED && set->items[a].is_double);
    return add(set, (struct operand){.kind = kind, .a = a, .b = b, .is_double = is_double}, out, err);
}

/* ---- preparing a tile ---- */

struct tile_rows {
    const struct batch *batch;
    int64_t first, n;
};

static void expand_validity(struct operand *operand, const struct column *column, const struct tile_rows *rows)
{
    uint8_t any = 0;
    operand->present = NULL;
    if (column->null_count == 0 || column->validity == NULL)
        return;
    for (int64_t i = 0; i < rows->n; i++) {
        operand->made_present[i] = bit_get(column->validity, rows->first + i);
        any |= operand->made_present[i];
    }
    operand->present = operand->made_present;
    operand->is_none = !any;
}

static void prepare_column(struct operand *operand, const struct tile_rows *rows)
{
    const struct column *column = &rows->batch->columns[operand->a];
    double *doubles = operand->made_values;
    int64_t *integers = operand->made_values;
    if (operand->type == COLUMN_FLOAT) {
        const float *from = (const float *)column->values + rows->first;
        for (int64_t i = 0; i < rows->n; i++)
            doubles[i] = (double)from[i];
        operand->values = doubles;
    } else if (operand->type == COLUMN_INT32) {
        const int32_t *from = (const int32_t *)column->values + rows->first;
        for (int64_t i = 0; i < rows->n; i++)
            integers[i] = from[i];
        operand->values = integers;
    } else {
        operand->values = column_type_width(&rows->batch->schema->fields[operand->a]) == VALUE_BYTES
                              ? (const uint8_t *)column->values + rows->first * VALUE_BYTES
                              : NULL;
    }
    expand_validity(operand, column, rows);
}

static void prepare_number(struct operand *operand, const struct operand *a, const struct tile_rows *rows)
{
    const int64_t *from = a->values;
    double *made = operand->made_values;
    for (int64_t i = 0; i < rows->n; i++)
        made[i] = (double)from[i];
    operand->values = made;
    operand->present = a->present;
}

/* Both there. */
static void join_present(struct operand *operand, const struct operand *a, const struct operand *b,
                         const struct tile_rows *rows)
{
    operand->present = a->present != NULL ? a->present : b->present;
    if (a->present == NULL || b->present == NULL)
        return;
    for (int64_t i = 0; i < rows->n; i++)
        operand->made_present[i] = a->present[i] & b->present[i];
    operand->present = operand->made_present;
}

static void prepare_product(struct operand *operand, const struct operand *a, const struct operand *b,
                            const struct tile_rows *rows)
{
    const double *x = a->values, *y = b->values;
    double *made = operand->made_values;
    for (int64_t i = 0; i < rows->n; i++)
        made[i] = x[i] * y[i];
    operand->values = made;
    join_present(operand, a, b, rows);
}

/* The text of a side, as four bytes are loaded. */
enum { BUY_WORD = 'b' | 'u' << 8 | 'y' << 16, SELL_WORD = 's' | 'e' << 8 | 'l' << 16 | 'l' << 24 };

/* The first four bytes of a row's text, of those there are. */
static uint32_t first_word(const uint8_t *text, int32_t n_bytes)
{
    uint8_t bytes[4] = {0};
    memcpy(bytes, text, n_bytes < 4 ? (size_t)n_bytes : 4);
    return load_u32(bytes);
}

/* Sides follow one another at random, so there is no branch on them: a row becomes a mask, and whether it is one of both. The last rows,
 * where four bytes would reach past the text, are loaded with care. */
static void prepare_side(struct operand *operand, const struct tile_rows *rows)
{
    const struct column *column = &rows->batch->columns[operand->a];
    const int32_t *offsets = column->offsets + rows->first;
    const uint8_t *text = column->values;
    int32_t end = column->offsets[rows->batch->n_rows];
    uint64_t *masks = operand->made_values;
    uint8_t is_any_unknown = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        int32_t length = offsets[i + 1] - offsets[i];
        uint32_t word = 0;
        if (offsets[i] <= end - 4)
            word = load_u32(text + offsets[i]);
        else if (length > 0)
            word = first_word(text + offsets[i], length);
        uint8_t is_buy = (uint8_t)((length == 3) & ((word & 0xffffff) == BUY_WORD));
        uint8_t is_sell = (uint8_t)((length == 4) & (word == SELL_WORD));
        masks[i] = 0 - (uint64_t)is_buy;
        operand->made_present[i] = is_buy | is_sell;
        is_any_unknown |= (uint8_t) !(is_buy | is_sell);
    }
    operand->values = masks;
    operand->present = is_any_unknown ? operand->made_present : NULL;
}

static void prepare_bought(struct operand *operand, const struct operand *a, const struct operand *side,
                           const struct tile_rows *rows)
{
    const double *x = a->values;
    const uint64_t *masks = side->values;
    double *made = operand->made_values;
    for (int64_t i = 0; i < rows->n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= masks[i];
        memcpy(&made[i], &bits, sizeof bits);
    }
    operand->values = made;
    join_present(operand, a, side, rows);
}

static void prepare_lacking(struct operand *operand, const struct operand *a, const struct operand *b,
                            const struct tile_rows *rows)
{
    const double *x = a->values, *y = b->values;
    operand->present = operand->made_present;
    operand->is_none = a->present == NULL && b->present == NULL;
    for (int64_t i = 0; i < rows->n && !operand->is_none; i++) {
        bool has_x = a->present == NULL || a->present[i], has_y = b->present == NULL || b->present[i];
        operand->made_present[i] = has_x != has_y && (has_x ? x[i] : y[i]) != 0;
    }
}

static void prepare_whole(struct operand *operand, const struct operand *a, const struct operand *b,
                          const struct tile_rows *rows)
{
    const int64_t *x = a->values, *y = b->values;
    operand->present = operand->made_present;
    for (int64_t i = 0; i < rows->n; i++) {
        bool has_both = (a->present == NULL || a->present[i]) && (b->present == NULL || b->present[i]);
        operand->made_present[i] = has_both && x[i] == y[i];
    }
}

static void prepare(struct operand *operand, const struct operand *items, const struct tile_rows *rows)
{
    operand->is_none = false;
    switch (operand->kind) {
    case OPERAND_IS_COLUMN: prepare_column(operand, rows); break;
    case OPERAND_IS_NUMBER: prepare_number(operand, &items[operand->a], rows); break;
    case OPERAND_IS_PRODUCT: prepare_product(operand, &items[operand->a], &items[operand->b], rows); break;
    case OPERAND_IS_SIDE: prepare_side(operand, rows); break;
    case OPERAND_IS_BOUGHT: prepare_bought(operand, &items[operand->a], &items[operand->b], rows); break;
    case OPERAND_IS_PAIRED:
        operand->values = items[operand->a].values;
        join_present(operand, &items[operand->a], &items[operand->b], rows);
        break;
    case OPERAND_IS_LACKING: prepare_lacking(operand, &items[operand->a], &items[operand->b], rows); break;
    case OPERAND_IS_WHOLE: prepare_whole(operand, &items[operand->a], &items[operand->b], rows); break;
    case OPERAND_IS_ROW: break;
    }
}

void operand_set_prepare(struct operand_set *set, const struct batch *batch, int64_t first, int64_t n_rows)
{
    const struct tile_rows rows = {batch, first, n_rows};
    for (size_t i = 0; i < set->n; i++)
        prepare(&set->items[i], set->items, &rows);
}

struct gather_rows operand_rows(const struct operand_set *set, int operand, int64_t row)
{
    const struct operand *of = &set->items[operand];
    return (struct gather_rows){
        .values = of->values != NULL ? (const uint8_t *)of->values + row * VALUE_BYTES : NULL,
        .present = of->present != NULL ? of->present + row : NULL,
        .is_double = of->is_double,
    };
}
