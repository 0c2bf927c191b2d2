#include "ingest/file_name.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "ingest/symbol_text.h"

enum { MAX_PARTS = 8, MAX_WORDS = 24, WORD_BYTES = 24, PART_BYTES = 256 };

struct alias {
    const char *word; /* in lower case */
    const char *means;
};

static const struct alias exchanges[] = {
    {"binance", "BINANCE"},
    {"binanceus", "BINANCEUS"},
    {"bybit", "BYBIT"},
    {"okx", "OKX"},
    {"okex", "OKX"},
    {"kraken", "KRAKEN"},
    {"coinbase", "COINBASE"},
    {"coinbasepro", "COINBASE"},
    {"gdax", "COINBASE"},
    {"bitfinex", "BITFINEX"},
    {"bitstamp", "BITSTAMP"},
    {"gemini", "GEMINI"},
    {"kucoin", "KUCOIN"},
    {"gateio", "GATEIO"},
    {"gate", "GATEIO"},
    {"huobi", "HTX"},
    {"htx", "HTX"},
    {"bitget", "BITGET"},
    {"mexc", "MEXC"},
    {"bitmex", "BITMEX"},
    {"deribit", "DERIBIT"},
    {"ftx", "FTX"},
    {"poloniex", "POLONIEX"},
    {"bittrex", "BITTREX"},
    {"hitbtc", "HITBTC"},
    {"cryptocom", "CRYPTOCOM"},
    {"oanda", "OANDA"},
    {"dukascopy", "DUKASCOPY"},
    {"fxcm", "FXCM"},
    {"histdata", "HISTDATA"},
    {"metatrader", "METATRADER"},
    {"upbit", "UPBIT"},
    {"bithumb", "BITHUMB"},
    {"bitflyer", "BITFLYER"},
    {"liquid", "LIQUID"},
    {"exmo", "EXMO"},
    {"cexio", "CEXIO"},
    {"phemex", "PHEMEX"},
    {"bitmart", "BITMART"},
    {"hyperliquid", "HYPERLIQUID"},
    {"dydx", "DYDX"},
    {"whitebit", "WHITEBIT"},
    {"bitso", "BITSO"},
    {"itbit", "ITBIT"},
    {"okcoin", "OKCOIN"},
    {"lbank", "LBANK"},
    {"coinex", "COINEX"},
    {"ascendex", "ASCENDEX"},
    {"bingx", "BINGX"},
    {"moex", "MOEX"},
    {"finam", "FINAM"},
    {"mtgox", "MTGOX"},
};

static const struct alias markets[] = {
    {"spot", "SPOT"},    {"um", "FUTURES"},        {"futures", "FUTURES"}, {"future", "FUTURES"},
    {"perp", "FUTURES"}, {"perpetual", "FUTURES"}, {"swap", "FUTURES"},    {"linear", "FUTURES"},
    {"usdm", "FUTURES"}, {"cm", "INVERSE"},        {"inverse", "INVERSE"}, {"coinm", "INVERSE"},
};

static const struct alias types[] = {
    {"trades", "trades"},
    {"aggtrades", "aggtrades"},
    {"aggtrade", "aggtrades"},
    {"fundingrate", "funding"},
    {"fundingrates", "funding"},
    {"funding", "funding"},
    {"klines", "raw"},
    {"kline", "raw"},
    {"ohlcv", "raw"},
    {"ohlc", "raw"},
    {"candles", "raw"},
    {"candlesticks", "raw"},
    {"ohlcvt", "raw"},
};

#define FIND(table, word) find_alias((table), sizeof(table) / sizeof((table)[0]), (word))

/* One fact that words tell: the first that is told, unless another says something else. */
struct fact {
    char text[LIMIT_NAME_BYTES + 1];
    bool is_contradicted;
};

struct reading {
    struct fact exchange, market, symbol, type, period;
    size_t n_days;
    int64_t day_ms;
};

struct words {
    char items[MAX_WORDS][WORD_BYTES];
    size_t n;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static char to_upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static const char *find_alias(const struct alias *table, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (word[k] != '\0' && to_lower(word[k]) == table[i].word[k])
            k++;
        if (word[k] == '\0' && table[i].word[k] == '\0')
            return table[i].means;
    }
    return NULL;
}

static void tell(struct fact *fact, const char *text)
{
    if (fact->text[0] == '\0')
        (void)snprintf(fact->text, sizeof fact->text, "%s", text);
    else if (strcmp(fact->text, text) != 0)
        fact->is_contradicted = true;
}

static int32_t number_at(const char *p, size_t n)
{
    int32_t value = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(p[i]))
            return -1;
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

/* Bytes of the date at p ("2022-12-13", "20221213", "2023-04"); 0: there is none. *date->day is 0 where it is a
 * month. */
static size_t take_date(const char *p, struct calendar_date *date)
{
    int32_t year = number_at(p, 4), month, day;
    if (year < 1990 || year >= 2100)
        return 0;
    bool has_marks = p[4] == '-' || p[4] == '_' || p[4] == '.';
    size_t at = 4 + has_marks;
    month = number_at(p + at, 2);
    if (month < 1 || month > 12)
        return 0;
    at += 2;
    bool has_day = has_marks ? p[at] == p[4] && number_at(p + at + 1, 2) > 0 : number_at(p + at, 2) > 0;
    if (!has_day) {
        *date = (struct calendar_date){year, month, 0};
        return has_marks && !is_digit(p[at]) ? at : 0;
    }
    at += has_marks;
    day = number_at(p + at, 2);
    *date = (struct calendar_date){year, month, day};
    return calendar_date_is_valid(*date) && !is_digit(p[at + 2]) ? at + 2 : 0;
}

/* Takes the dates out, so that the words beside them stand alone. */
static void take_dates(char *part, struct reading *reading)
{
    for (char *p = part; *p != '\0'; p++) {
        struct calendar_date date;
        bool is_begin = p == part || !is_digit(p[-1]);
        size_t n = is_begin && is_digit(*p) ? take_date(p, &date) : 0;
        if (n == 0)
            continue;
        if (date.day > 0) {
            int64_t day_ms = calendar_day_from_date(date) * MS_PER_DAY;
            reading->n_days += reading->n_days == 0 || day_ms != reading->day_ms;
            reading->day_ms = day_ms;
        } else {
            reading->n_days += 2; /* a month: no whole day */
        }
        memset(p, ' ', n);
    }
}

static void cut_words(const char *part, struct words *words)
{
    words->n = 0;
    for (const char *p = part; *p != '\0' && words->n < MAX_WORDS;) {
        size_t n = 0;
        while (is_digit(p[n]) || (to_lower(p[n]) >= 'a' && to_lower(p[n]) <= 'z'))
            n++;
        if (n > 0 && n < WORD_BYTES) {
            memcpy(words->items[words->n], p, n);
            words->items[words->n++][n] = '\0';
        }
        p += n > 0 ? n : 1;
    }
}

/* Words that are periods by their form; a bare number only as the last of a name, as charts write it, and rarer words
 * only in the file's own. */
static const struct period *period_of(const char *word, bool is_file, bool is_last)
{
    static const char *const units[] = {"min", "minute", "hour",   "day",    "d",
                                        "w",   "daily",  "hourly", "weekly", "monthly"};
    enum {
        N_UNITS = sizeof units / sizeof units[0],
        N_FOLDER_UNITS = 4
    }; /* Binance's folders are called after the grain of its files */
    const struct period *period = NULL;
    size_t n_digits = strspn(word, "0123456789"), n = strlen(word);
    bool is_form = n_digits > 0 && (n_digits < n || (is_last && word[0] != '0')); /* "000001" is a code */
    bool is_metatrader = strchr("MHDW", word[0]) != NULL && n > 1 && strspn(word + 1, "0123456789") == n - 1;
    for (size_t i = 0; i < (is_file ? N_UNITS : N_FOLDER_UNITS) && n_digits == 0; i++)
        is_form = is_form || find_alias(&(struct alias){units[i], ""}, 1, word) != NULL;
    if (!is_form && !is_metatrader && strcmp(word, "MN1") != 0)
        return NULL;
    return period_find(word, &period, NULL) == LAKE_OK ? period : NULL;
}

/* Currencies by which a lone word is a symbol; shorter and rarer ones end too many other words. */
static bool is_major(const char *quote)
{
    static const char *const majors[] = {"USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "BTC",
                                         "ETH",  "BNB",  "TRY",  "KRW",   "AUD",  "BRL", "CHF", "CAD", "NZD"};
    for (size_t i = 0; i < sizeof majors / sizeof majors[0]; i++)
        if (strcmp(majors[i], quote) == 0)
            return true;
    return false;
}

static void upper(const char *word, char out[WORD_BYTES])
{
    size_t n = 0;
    for (; word[n] != '\0'; n++)
        out[n] = to_upper(word[n]);
    out[n] = '\0';
}

static bool is_other_word(const char *word, const struct period *period)
{
    return FIND(exchanges, word) != NULL || FIND(markets, word) != NULL || FIND(types, word) != NULL || period != NULL;
}

/* "BTCUSDT", or "BTC" before "USDT". */
static void read_symbol(const struct words *words, size_t at, struct reading *reading)
{
    enum { MIN_BASE = 2, MAX_BASE = 12 };
    char base[WORD_BYTES], quote[WORD_BYTES], symbol[2 * WORD_BYTES];
    upper(words->items[at], base);
    size_t split = symbol_text_split(base);
    if (split >= MIN_BASE && is_major(base + split)) {
        tell(&reading->symbol, base);
        return;
    }
    if (at + 1 == words->n || strlen(base) < MIN_BASE || strlen(base) > MAX_BASE)
        return;
    upper(words->items[at + 1], quote);
    if (!symbol_text_is_quote(quote) || strcmp(base, quote) == 0 || FIND(markets, quote) != NULL)
        return;
    (void)snprintf(symbol, sizeof symbol, "%s%s", base, quote);
    tell(&reading->symbol, symbol);
}

static void read_word(const struct words *words, size_t at, bool is_file, struct reading *reading)
{
    const char *word = words->items[at];
    bool is_last = is_file && at > 0 && at + 1 == words->n;
    const struct period *period = period_of(word, is_file, is_last);
    const struct {
        struct fact *fact;
        const char *text;
    } told[] = {
        {&reading->exchange, FIND(exchanges, word)},
        {&reading->market, FIND(markets, word)},
        {&reading->type, FIND(types, word)},
        {&reading->period, period != NULL ? period->name : NULL},
    };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (told[i].text != NULL)
            tell(told[i].fact, told[i].text);
    if (!is_other_word(word, period))
        read_symbol(words, at, reading);
}

/* Without what says only how the file is written and packed. */
static void cut_extensions(char *part)
{
    static const struct alias extensions[] = {{"csv", ""}, {"txt", ""}, {"tsv", ""},     {"gz", ""},  {"zst", ""},
                                              {"zip", ""}, {"dat", ""}, {"parquet", ""}, {"prn", ""}, {"asc", ""}};
    char *dot;
    while ((dot = strrchr(part, '.')) != NULL && FIND(extensions, dot + 1) != NULL)
        *dot = '\0';
}

static void read_part(const char *text, size_t n, bool is_file, struct reading *reading)
{
    char part[PART_BYTES];
    struct words words;
    if (n >= sizeof part)
        return;
    memcpy(part, text, n);
    part[n] = '\0';
    if (is_file)
        cut_extensions(part);
    take_dates(part, reading);
    cut_words(part, &words);
    for (size_t i = 0; i < words.n; i++)
        read_word(&words, i, is_file, reading);
}

static const char *told_or_empty(const struct fact *fact)
{
    return fact->is_contradicted ? "" : fact->text;
}

void file_name_read(const char *name, struct file_name_facts *out)
{
    struct reading reading = {.n_days = 0};
    const char *end = name + strlen(name);
    for (int parts = 0; parts < MAX_PARTS && end > name; parts++) {
        const char *begin = end;
        while (begin > name && begin[-1] != '/' && begin[-1] != '\\')
            begin--;
        read_part(begin, (size_t)(end - begin), parts == 0, &reading);
        end = begin > name ? begin - 1 : name;
    }
    *out = (struct file_name_facts){.type = NULL};
    (void)snprintf(out->exchange, sizeof out->exchange, "%s", told_or_empty(&reading.exchange));
    (void)snprintf(out->market, sizeof out->market, "%s", told_or_empty(&reading.market));
    (void)snprintf(out->symbol, sizeof out->symbol, "%s", told_or_empty(&reading.symbol));
    const char *type = told_or_empty(&reading.type);
    for (size_t i = 0; i < sizeof types / sizeof types[0] && type[0] != '\0'; i++)
        if (strcmp(types[i].means, type) == 0)
            out->type = types[i].means;
    if (period_find(told_or_empty(&reading.period), &out->period, NULL) != LAKE_OK)
        out->period = NULL;
    out->has_day = reading.n_days == 1;
    out->day_ms = out->has_day ? reading.day_ms : 0;
}
