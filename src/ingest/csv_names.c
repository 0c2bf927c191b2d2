#include "ingest/csv_names.h"

#include <string.h>

const char *const csv_binance_columns[CSV_BINANCE_COLUMNS] = {"open_time",
                                                              "open",
                                                              "high",
                                                              "low",
                                                              "close",
                                                              "volume",
                                                              "close_time",
                                                              "quote_volume",
                                                              "count",
                                                              "taker_buy_volume",
                                                              "taker_buy_quote_volume",
                                                              "ignore"};

struct spelling {
    const char *name;
    const char *column;
};

/* The better of two spellings for one column first: a time of day beats a date, a number beats text. */
static const struct spelling spellings[] = {
    {"ts", "ts"},
    {"timestamp", "ts"},
    {"timestampms", "ts"},
    {"tsms", "ts"},
    {"opentime", "ts"},
    {"opentimestamp", "ts"},
    {"timeopen", "ts"},
    {"starttime", "ts"},
    {"unix", "ts"},
    {"unixtime", "ts"},
    {"unixtimestamp", "ts"},
    {"epoch", "ts"},
    {"epochms", "ts"},
    {"t", "ts"},
    {"datetime", "ts"},
    {"datetimeutc", "ts"},
    {"dateutc", "ts"},
    {"timeutc", "ts"},
    {"date", "ts"},
    {"time", "ts"},
    {"open", "open"},
    {"o", "open"},
    {"openprice", "open"},
    {"priceopen", "open"},
    {"high", "high"},
    {"h", "high"},
    {"highprice", "high"},
    {"pricehigh", "high"},
    {"low", "low"},
    {"l", "low"},
    {"lowprice", "low"},
    {"pricelow", "low"},
    {"close", "close"},
    {"c", "close"},
    {"closeprice", "close"},
    {"priceclose", "close"},
    {"volume", "volume"},
    {"vol", "volume"},
    {"v", "volume"},
    {"basevolume", "volume"},
    {"volumebase", "volume"},
    {"baseassetvolume", "volume"},
    {"quotevolume", "quote_volume"},
    {"volumequote", "quote_volume"},
    {"quoteassetvolume", "quote_volume"},
    {"quotevol", "quote_volume"},
    {"turnover", "quote_volume"},
    {"trades", "trades"},
    {"count", "trades"},
    {"numberoftrades", "trades"},
    {"numtrades", "trades"},
    {"ntrades", "trades"},
    {"tradecount", "trades"},
    {"tradescount", "trades"},
    {"takerbuyvolume", "taker_buy_volume"},
    {"takerbuybaseassetvolume", "taker_buy_volume"},
    {"takerbuybasevolume", "taker_buy_volume"},
    {"takerbuyvolumebase", "taker_buy_volume"},
    {"takerbuyquotevolume", "taker_buy_quote_volume"},
    {"takerbuyquoteassetvolume", "taker_buy_quote_volume"},
    {"takerbuyvolumequote", "taker_buy_quote_volume"},
    {"closetime", CSV_CLOSE_TIME},
    {"ignore", CSV_IGNORE},
};

enum { N_SPELLINGS = sizeof spellings / sizeof spellings[0] };

/* The next byte of a name that makes a difference, in lower case, or 0; *at is behind it. */
static char next_letter(struct csv_span name, size_t *at)
{
    while (*at < name.length) {
        char c = name.data[(*at)++];
        if (strchr(" \t\r\n_-.", c) == NULL)
            return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return '\0';
}

bool csv_is_same_name(struct csv_span a, struct csv_span b)
{
    size_t at_a = 0, at_b = 0;
    for (;;) {
        char c = next_letter(a, &at_a);
        if (c != next_letter(b, &at_b))
            return false;
        if (c == '\0')
            return true;
    }
}

struct csv_meaning csv_meaning_of(struct csv_span name)
{
    for (size_t i = 0; i < N_SPELLINGS; i++) {
        struct csv_span spelling = {spellings[i].name, strlen(spellings[i].name)};
        if (csv_is_same_name(name, spelling))
            return (struct csv_meaning){spellings[i].column, i};
    }
    return (struct csv_meaning){NULL, N_SPELLINGS};
}

const char *csv_spelling_at(size_t index)
{
    return index < N_SPELLINGS ? spellings[index].name : NULL;
}
