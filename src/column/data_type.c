#include "column/data_type.h"

#include <string.h>

/* name, type, unit, required of a source, nullable in a row */
#define BAR_COLUMNS                                                                                                    \
    {"ts", COLUMN_TIMESTAMP_MS, "", true, false}, {"open", COLUMN_DOUBLE, "quote", true, true},                        \
        {"high", COLUMN_DOUBLE, "quote", true, true}, {"low", COLUMN_DOUBLE, "quote", true, true},                     \
        {"close", COLUMN_DOUBLE, "quote", true, true}, {"volume", COLUMN_DOUBLE, "base", true, true},                  \
        {"quote_volume", COLUMN_DOUBLE, "quote", false, true}, {"trades", COLUMN_INT64, "count", false, true},         \
        {"taker_buy_volume", COLUMN_DOUBLE, "base", false, true},                                                      \
    {                                                                                                                  \
        "taker_buy_quote_volume", COLUMN_DOUBLE, "quote", false, true                                                  \
    }

static const struct data_type_column raw_columns[] = {BAR_COLUMNS};

static const struct data_type_column agg_columns[] = {
    BAR_COLUMNS,
    {"vwap", COLUMN_DOUBLE, "quote", false, true},
    {"bars", COLUMN_INT64, "count", true, true},           /* source bars present (I12) */
    {"bars_expected", COLUMN_INT64, "count", false, true}, /* where none is missing */
};

static const struct data_type_column trade_columns[] = {
    {"ts", COLUMN_TIMESTAMP_US, "", true, false},  {"id", COLUMN_UTF8, "", false, true},
    {"price", COLUMN_DOUBLE, "quote", true, true}, {"amount", COLUMN_DOUBLE, "base", true, true},
    {"side", COLUMN_UTF8, "", false, true}, /* of the taker: "buy" or "sell" */
};

static const struct data_type_column funding_columns[] = {
    {"ts", COLUMN_TIMESTAMP_MS, "", true, false},
    {"rate", COLUMN_DOUBLE, "rate", true, true},
    {"mark_price", COLUMN_DOUBLE, "quote", false, true},
    {"interval", COLUMN_INT64, "ms", false, true},
};

/* What features are called is their makers' matter. */
static const struct data_type_column feature_columns[] = {{"ts", COLUMN_TIMESTAMP_MS, "", true, false}};

static const char *const time_key[] = {"ts"};
static const char *const trade_key[] = {"ts", "id"};
static const char *const trade_key_else[] = {"side", "price", "amount"};

#define COLUMNS(table) (table), sizeof(table) / sizeof((table)[0])
#define KEYED_BY_TIME COLUMNS(time_key), NULL, 0
#define KEYED_BY_ID COLUMNS(trade_key), COLUMNS(trade_key_else)
#define BARS true, NULL, true, false, false, false
#define EVENTS(period) false, period, false, false, false, false
#define VERSIONS false, NULL, false, false, false, true

static const struct data_type data_types[] = {
    {"raw", "", "bars as the venue published them", COLUMNS(raw_columns), KEYED_BY_TIME, BARS},
    {"agg", "", "bars derived from other bars", COLUMNS(agg_columns), KEYED_BY_TIME, BARS},
    {"trades", "ticks", "single trades", COLUMNS(trade_columns), KEYED_BY_ID, EVENTS("tick")},
    {"aggtrades", "", "trades the venue has joined", COLUMNS(trade_columns), KEYED_BY_ID, EVENTS("tick")},
    {"funding", "", "funding rates", COLUMNS(funding_columns), KEYED_BY_TIME, EVENTS("event")},
    {"feature", "features", "results of computations, by set and version", COLUMNS(feature_columns), KEYED_BY_TIME,
     VERSIONS},
};

enum { N_DATA_TYPES = sizeof data_types / sizeof data_types[0] };

#define DATA_TYPE_CHOICES "raw agg trades (ticks) aggtrades funding feature"

/* Whether `text`, whatever its case, is one of the words, which are in lower case and separated by blanks. */
static bool is_word_of(const char *text, const char *words)
{
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        size_t k = 0;
        for (; k < length && text[k] != '\0'; k++) {
            char lower = (char)(text[k] >= 'A' && text[k] <= 'Z' ? text[k] - 'A' + 'a' : text[k]);
            if (lower != words[k])
                break;
        }
        if (k == length && text[k] == '\0')
            return true;
        words += length + strspn(words + length, " ");
    }
    return false;
}

bool data_type_is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz", others[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t n = strlen(text);
    return n >= 2 && n < DATA_TYPE_NAME_BYTES && strchr(letters, text[0]) != NULL && strspn(text, others) == n;
}

lake_status data_type_find(const char *text, const struct data_type **out, struct lake_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < N_DATA_TYPES; i++)
        if (is_word_of(text, data_types[i].name) || is_word_of(text, data_types[i].aliases))
            *out = &data_types[i];
    if (*out == NULL)
        return lake_fail(err, LAKE_INVALID_ARGUMENT, "data type '%.40s' is none of " DATA_TYPE_CHOICES, text);
    return LAKE_OK;
}

const struct data_type *data_type_at(size_t index)
{
    return index < N_DATA_TYPES ? &data_types[index] : NULL;
}

const struct data_type_column *data_type_column(const struct data_type *type, const char *name)
{
    for (size_t i = 0; i < type->n_columns; i++)
        if (strcmp(type->columns[i].name, name) == 0)
            return &type->columns[i];
    return NULL;
}
