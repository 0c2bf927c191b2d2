/* Symbols as sources write them: "BTC/USDT", "btc-usdt", "XBTUSD", "BTC/USDT:USDT", "BTC-USDT-SWAP",
 * "BINANCE:BTCUSDT".
 *
 * Compared without case and marks, with Kraken's and BitMEX' XBT as BTC, and without what says only which kind of
 * contract it is.
 * Pure functions on the caller's bytes. */
#ifndef INGEST_SYMBOL_TEXT_H
#define INGEST_SYMBOL_TEXT_H

#include "ingest/csv_text.h"

enum { SYMBOL_TEXT_BYTES = 32 };

/* Letters and digits in upper case, as compared; terminated, cut where it is too long. Returns out. */
const char *symbol_text_plain(struct csv_span symbol, char out[SYMBOL_TEXT_BYTES]);

bool symbol_text_is_same(struct csv_span a, struct csv_span b);

/* Whether plain upper-case text is a currency that others are priced in: "USDT", "EUR", "BTC". */
bool symbol_text_is_quote(const char *plain);

/* Where the quote currency of a plain symbol begins; 0 where it ends in none. */
size_t symbol_text_split(const char *plain);

#endif
