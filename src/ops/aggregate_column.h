/* What becomes of columns: a table of functions, and for bars and trades a table of the columns of derived bars.
 *
 * A user's own column is a line of text, "spread_max=max(spread)" or "fair=weighted(price,amount)". It says which column of the
 * source goes in; whether the source has that column is seen when an aggregator is made.
 *
 *     struct aggregate_column column;
 *     TRY(aggregate_column_parse("spread_max=max(spread)", &arena, &column, err));
 *
 * The how-to stands at the tables in aggregate_column.c. */
#ifndef OPS_AGGREGATE_COLUMN_H
#define OPS_AGGREGATE_COLUMN_H

#include "base/arena.h"
#include "column/data_type.h"

/* What is gathered of the values of a bucket. */
enum gathering {
    GATHER_NONE,
    GATHER_FIRST,
    GATHER_LAST,
    GATHER_MIN,
    GATHER_MAX,
    GATHER_SUM,
    GATHER_COUNT,
    N_GATHERINGS
};

/* What values it is gathered of: of a function's arguments, first and second. */
enum operand_form {
    OPERAND_FIRST,          /* as it is */
    OPERAND_FIRST_NUMBER,   /* as a double */
    OPERAND_SECOND_NUMBER,  /* as a double */
    OPERAND_SECOND_PAIRED,  /* the same, of rows that have both */
    OPERAND_PRODUCT,        /* first * second */
    OPERAND_BOUGHT,         /* first where the taker bought, 0 where he sold, nothing where that is not known */
    OPERAND_BOUGHT_PRODUCT, /* the same of first * second */
    OPERAND_ROWS            /* every row; of no argument */
};

/* Which columns can be arguments. */
enum argument_class { TAKES_NUMBERS, TAKES_NUMBERS_AND_TIMES, TAKES_ANY };

struct aggregate_function {
    const char *name;
    const char *form; /* how it is written, for messages */
    size_t n_arguments;
    enum argument_class takes;
    /* The value is what is gathered of `over`, divided by what is gathered of `under` if there is that. */
    enum gathering over;
    enum operand_form over_form;
    enum gathering under;
    enum operand_form under_form;
    bool is_exact; /* null where a row has one argument, and not 0, but lacks the other */
};

enum { AGGREGATE_ARGUMENTS = 2 };

struct aggregate_column {
    const char *name;
    const struct aggregate_function *function;
    const char *arguments[AGGREGATE_ARGUMENTS];
};

/* "name=function(column)" or "name=weighted(value,weight)"; names are copied into the arena. LAKE_INVALID_ARGUMENT naming the
 * functions there are, or how one is written; also for names that derived bars have already. */
LAKE_MUST_CHECK lake_status aggregate_column_parse(const char *text, struct arena *arena, struct aggregate_column *out,
                                                   struct lake_error *err);
/* The columns that bars derived from a type have where their arguments are there, in order, but for ts, bars and bars_expected;
 * NULL past the end. */
const struct aggregate_column *aggregate_column_at(const struct data_type *source, size_t index);
/* Functions that users can name, in order; NULL past the end. */
const struct aggregate_function *aggregate_function_at(size_t index);

#endif
