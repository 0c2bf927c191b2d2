#include "ingest/symbol_text.h"

#include <string.h>

/* The longer before those that they end in. */
static const char *const quotes[] = {
    "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "USDD", "USDE", "GUSD", "PERP", "DAI",  "UST",  "USD",
    "EUR",   "GBP",  "JPY",  "CHF",  "AUD",  "CAD",  "NZD",  "KRW",  "TRY",  "BRL",  "RUB",  "UAH",  "PLN",
    "ZAR",   "MXN",  "IDR",  "INR",  "CNY",  "HKD",  "SGD",  "SEK",  "NOK",  "ARS",  "NGN",  "BIDR", "BVND",
    "VND",   "PAX",  "BTC",  "ETH",  "BNB",  "XRP",  "TRX",  "HUSD", "KCS",  "HT",   "EURS", "EURI"};

enum { N_QUOTES = sizeof quotes / sizeof quotes[0] };

static const char *const kinds[] = {"SWAP", "PERPETUAL", "UMCBL", "SPBL", "PERP"};

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "BTC/USDT:USDT" and "BINANCE:BTCUSDT": the part that names both currencies. */
static struct csv_span cut_colon(struct csv_span symbol)
{
    const char *colon = symbol.length > 0 ? memchr(symbol.data, ':', symbol.length) : NULL;
    if (colon == NULL)
        return symbol;
    struct csv_span before = {symbol.data, (size_t)(colon - symbol.data)};
    struct csv_span after = {colon + 1, symbol.length - before.length - 1};
    return memchr(before.data, '/', before.length) != NULL ? before : after;
}

static void replace_xbt(char *text)
{
    char *at = strstr(text, "XBT");
    if (at == NULL)
        return;
    at[0] = 'B';
    at[1] = 'T';
    at[2] = 'C';
}

const char *symbol_text_plain(struct csv_span symbol, char out[SYMBOL_TEXT_BYTES])
{
    size_t n = 0;
    symbol = cut_colon(symbol);
    for (size_t i = 0; i < symbol.length && n < SYMBOL_TEXT_BYTES - 1; i++) {
        char c = symbol.data[i];
        if (is_plain(c))
            out[n++] = (char)(c >= 'a' ? c - 'a' + 'A' : c);
    }
    out[n] = '\0';
    replace_xbt(out);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i]);
        if (n > length && strcmp(out + n - length, kinds[i]) == 0 && n - length >= 5) {
            out[n - length] = '\0';
            break;
        }
    }
    return out;
}

bool symbol_text_is_same(struct csv_span a, struct csv_span b)
{
    char plain_a[SYMBOL_TEXT_BYTES], plain_b[SYMBOL_TEXT_BYTES];
    return strcmp(symbol_text_plain(a, plain_a), symbol_text_plain(b, plain_b)) == 0;
}

bool symbol_text_is_quote(const char *plain)
{
    for (size_t i = 0; i < N_QUOTES; i++)
        if (strcmp(plain, quotes[i]) == 0)
            return true;
    return false;
}

size_t symbol_text_split(const char *plain)
{
    size_t n = strlen(plain), at = 0;
    for (size_t i = 0; i < N_QUOTES; i++) {
        size_t length = strlen(quotes[i]);
        bool is_longest = at == 0 || n - length < at;
        if (n > length + 1 && is_longest && strcmp(plain + n - length, quotes[i]) == 0)
            at = n - length;
    }
    return at;
}
