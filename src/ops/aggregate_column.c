#include "ops/aggregate_column.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

/* To add a function:
 *   1. Add its row here. What it gathers and of what are words of aggregate_column.h; a new word is a row of the table in
 *      aggregate_gather.c or a case of aggregate_operand.c (test_aggregate_gather.c fails for a gathering without a row).
 *   2. Add its arithmetic to the model in tests/unit/ops/aggregate_model.c; test_aggregate_model.c fails for functions that it lacks.
 *   3. Add a case to tests/spec/aggregate/functions.txt; test_aggregate_spec.c fails for functions that no case uses.
 * To add a column that all derived bars have: add it to agg in column/data_type.c, to the tables below, and to docs/FORMAT.md;
 * test_aggregate_column.c fails for columns of agg that no table makes. */
static const struct aggregate_function functions[] = {
    {.name = "first",
     .form = "first(column)",
     .n_arguments = 1,
     .takes = TAKES_NUMBERS_AND_TIMES,
     .over = GATHER_FIRST},
    {.name = "last", .form = "last(column)", .n_arguments = 1, .takes = TAKES_NUMBERS_AND_TIMES, .over = GATHER_LAST},
    {.name = "min", .form = "min(column)", .n_arguments = 1, .takes = TAKES_NUMBERS_AND_TIMES, .over = GATHER_MIN},
    {.name = "max", .form = "max(column)", .n_arguments = 1, .takes = TAKES_NUMBERS_AND_TIMES, .over = GATHER_MAX},
    {.name = "sum", .form = "sum(column)", .n_arguments = 1, .over = GATHER_SUM},
    {.name = "mean",
     .form = "mean(column)",
     .n_arguments = 1,
     .over = GATHER_SUM,
     .over_form = OPERAND_FIRST_NUMBER,
     .under = GATHER_COUNT},
    {.name = "count", .form = "count(column)", .n_arguments = 1, .takes = TAKES_ANY, .over = GATHER_COUNT},
    {.name = "weighted",
     .form = "weighted(value,weight)",
     .n_arguments = 2,
     .over = GATHER_SUM,
     .over_form = OPERAND_PRODUCT,
     .under = GATHER_SUM,
     .under_form = OPERAND_SECOND_PAIRED},
};

enum { N_FUNCTIONS = sizeof functions / sizeof functions[0] };

#define FIRST &functions[0]
#define LAST &functions[1]
#define MIN &functions[2]
#define MAX &functions[3]
#define SUM &functions[4]

/* What only the columns below need. */
static const struct aggregate_function count_rows = {
    .name = "count of rows", .over = GATHER_COUNT, .over_form = OPERAND_ROWS};
static const struct aggregate_function sum_of_products = {
    .name = "sum of products", .n_arguments = 2, .over = GATHER_SUM, .over_form = OPERAND_PRODUCT};
static const struct aggregate_function sum_bought = {
    .name = "sum bought", .n_arguments = 1, .over = GATHER_SUM, .over_form = OPERAND_BOUGHT};
static const struct aggregate_function sum_of_products_bought = {
    .name = "sum of products bought", .n_arguments = 2, .over = GATHER_SUM, .over_form = OPERAND_BOUGHT_PRODUCT};
static const struct aggregate_function ratio_of_sums = {.name = "ratio of sums",
                                                        .n_arguments = 2,
                                                        .over = GATHER_SUM,
                                                        .over_form = OPERAND_FIRST_NUMBER,
                                                        .under = GATHER_SUM,
                                                        .under_form = OPERAND_SECOND_NUMBER,
                                                        .is_exact = true};
static const struct aggregate_function weighted_exactly = {.name = "weighted exactly",
                                                           .n_arguments = 2,
                                                           .over = GATHER_SUM,
                                                           .over_form = OPERAND_PRODUCT,
                                                           .under = GATHER_SUM,
                                                           .under_form = OPERAND_SECOND_NUMBER,
                                                           .is_exact = true};

#define BAR_COLUMNS                                                                                                    \
    {"open", FIRST, {"open"}}, {"high", MAX, {"high"}}, {"low", MIN, {"low"}}, {"close", LAST, {"close"}},             \
        {"volume", SUM, {"volume"}}, {"quote_volume", SUM, {"quote_volume"}}, {"trades", SUM, {"trades"}},             \
        {"taker_buy_volume", SUM, {"taker_buy_volume"}},                                                               \
    {                                                                                                                  \
        "taker_buy_quote_volume", SUM,                                                                                 \
        {                                                                                                              \
            "taker_buy_quote_volume"                                                                                   \
        }                                                                                                              \
    }

static const struct aggregate_column raw_columns[] = {
    BAR_COLUMNS,
    {"vwap", &ratio_of_sums, {"quote_volume", "volume"}},
};

static const struct aggregate_column agg_columns[] = {
    BAR_COLUMNS,
    {"vwap", &weighted_exactly, {"vwap", "volume"}},
};

static const struct aggregate_column trade_columns[] = {
    {"open", FIRST, {"price"}},
    {"high", MAX, {"price"}},
    {"low", MIN, {"price"}},
    {"close", LAST, {"price"}},
    {"volume", SUM, {"amount"}},
    {"quote_volume", &sum_of_products, {"price", "amount"}},
    {"trades", &count_rows, {NULL}},
    {"taker_buy_volume", &sum_bought, {"amount"}},
    {"taker_buy_quote_volume", &sum_of_products_bought, {"price", "amount"}},
    {"vwap", &weighted_exactly, {"price", "amount"}},
};

/* By type of the source. */
struct column_table {
    const char *type;
    const struct aggregate_column *columns;
    size_t n_columns;
};

#define COLUMNS(table) (table), sizeof(table) / sizeof((table)[0])

static const struct column_table tables[] = {
    {"raw", COLUMNS(raw_columns)},
    {"agg", COLUMNS(agg_columns)},
    {"trades", COLUMNS(trade_columns)},
    {"aggtrades", COLUMNS(trade_columns)},
};

const struct aggregate_column *aggregate_column_at(const struct data_type *source, size_t index)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (strcmp(tables[i].type, source->name) == 0)
            return index < tables[i].n_columns ? &tables[i].columns[index] : NULL;
    return NULL;
}

const struct aggregate_function *aggregate_function_at(size_t index)
{
    return index < N_FUNCTIONS ? &functions[index] : NULL;
}

/* ---- a user's own ---- */

enum { NAMES_BYTES = 128 };

struct span {
    const char *start, *end;
};

static struct span trimmed(struct span span)
{
    while (span.start < span.end && *span.start == ' ')
        span.start++;
    while (span.start < span.end && span.end[-1] == ' ')
        span.end--;
    return span;
}

static bool span_is(struct span span, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(span.end - span.start) == n && memcmp(span.start, text, n) == 0;
}

static int span_length(struct span span)
{
    return span.end - span.start < LIMIT_NAME_BYTES ? (int)(span.end - span.start) : LIMIT_NAME_BYTES;
}

static lake_status find_function(const char *text, struct span name, const struct aggregate_function **out,
                                 struct lake_error *err)
{
    char names[NAMES_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < N_FUNCTIONS; i++) {
        *out = &functions[i];
        if (span_is(name, functions[i].name))
            return LAKE_OK;
        used += (size_t)snprintf(names + used, NAMES_BYTES - used, " %s", functions[i].name);
    }
    return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%.100s': there is no function '%.*s'; there are%s", text,
                     span_length(name), name.start, names);
}

/* Names go into recipes, which part columns by commas and arguments by parentheses, and onto terminals. */
static bool is_plain(struct span name)
{
    bool plain = true;
    for (const char *at = name.start; at < name.end; at++)
        plain = plain && (uint8_t)*at >= 0x20 && *at != 0x7F && *at != '(' && *at != ')' && *at != ',';
    return plain;
}

/* Neither what cannot be written in a recipe nor what derived bars have anyway. */
static lake_status check_name(const char *text, struct span name, struct lake_error *err)
{
    const struct data_type *agg = NULL;
    if (name.start == name.end)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%.100s' has no name before '='", text);
    if (name.end - name.start > LIMIT_NAME_BYTES)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%.100s' has a name of more than %d bytes", text,
                         LIMIT_NAME_BYTES);
    if (!is_plain(name))
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "column '%.100s' has a name with a comma, a parenthesis or a control character", text);
    TRY(data_type_find("agg", &agg, err));
    for (size_t i = 0; i < agg->n_columns; i++)
        if (span_is(name, agg->columns[i].name))
            return lake_fail(err, LAKE_INVALID_ARGUMENT,
                             "column '%.100s': derived bars have a column '%s' already; give it another name", text,
                             agg->columns[i].name);
    return LAKE_OK;
}

/* "price, amount" between the parentheses. */
static lake_status take_arguments(const char *text, struct span inside, struct arena *arena,
                                  struct aggregate_column *out, struct lake_error *err)
{
    const struct aggregate_function *function = out->function;
    size_t n = 0;
    for (const char *at = inside.start; at <= inside.end; n++) {
        const char *comma = memchr(at, ',', (size_t)(inside.end - at));
        struct span argument = trimmed((struct span){at, comma != NULL ? comma : inside.end});
        if (n == function->n_arguments || argument.start == argument.end)
            return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%.100s': it is written %s", text, function->form);
        TRY(arena_copy_text(arena, argument.start, (size_t)(argument.end - argument.start), &out->arguments[n], err));
        at = (comma != NULL ? comma : inside.end) + 1;
    }
    if (n < function->n_arguments)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "column '%.100s': it is written %s", text, function->form);
    return LAKE_OK;
}

lake_status aggregate_column_parse(const char *text, struct arena *arena, struct aggregate_column *out,
                                   struct lake_error *err)
{
    const struct span whole = trimmed((struct span){text, text + strlen(text)});
    const char *equals = strchr(text, '=');
    const char *open = equals != NULL ? strchr(equals, '(') : NULL;
    *out = (struct aggregate_column){.name = NULL};
    if (open == NULL || whole.end[-1] != ')')
        return lake_fail(err, LAKE_INVALID_ARGUMENT,
                         "column '%.100s' is not written name=function(column), as in spread_max=max(spread)", text);
    const struct span name = trimmed((struct span){whole.start, equals});
    TRY(check_name(text, name, err));
    TRY(find_function(text, trimmed((struct span){equals + 1, open}), &out->function, err));
    TRY(arena_copy_text(arena, name.start, (size_t)(name.end - name.start), &out->name, err));
    return take_arguments(text, (struct span){open + 1, whole.end - 1}, arena, out, err);
}
