/* What the name of a file tells of its rows: "Binance_BTCUSDT_1h.csv", "BTCUSDT-1m-2023-04.csv",
 * "bybit/BTCUSDT2024-01-01.csv.gz", "lean_bybit_btcusdt_20221213_trade.zip", "BINANCE_BTCUSDT, 60.csv",
 * "kraken_XBTUSD_60.csv", "btc_usdt-5m-futures".
 *
 * The path's last parts are cut into words at what is neither letter nor digit; a word is an exchange, a market, a
 * period, a type, a date or a symbol where a table says so (or its form: symbols end in a known quote currency). Told
 * is only what just one word says: where two words could be the symbol nothing is told, and the caller asks.
 * Pure functions on the caller's bytes. */
#ifndef INGEST_FILE_NAME_H
#define INGEST_FILE_NAME_H

#include <stdbool.h>

#include "base/limits.h"
#include "column/period.h"

struct file_name_facts {
    char exchange[LIMIT_NAME_BYTES + 1]; /* "" where it is not told; as SURFACE writes it: "BINANCE" */
    char market[LIMIT_NAME_BYTES + 1];   /* "SPOT", "FUTURES", "INVERSE" */
    char symbol[LIMIT_NAME_BYTES + 1];   /* "BTCUSDT" */
    const char *type;                    /* "raw", "trades", "aggtrades", "funding" or NULL */
    const struct period *period;         /* or NULL */
    bool has_day;                        /* one whole date: "20221213", "2022-12-13" */
    int64_t day_ms;                      /* its start, UTC */
};

void file_name_read(const char *name, struct file_name_facts *out);

#endif
