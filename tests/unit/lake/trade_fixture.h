/* Trades to put into a lake, and what comes out again as text.
 *
 * Every function fails the running test where the library reports an error, unless it says otherwise. */
#ifndef TESTS_TRADE_FIXTURE_H
#define TESTS_TRADE_FIXTURE_H

#include "lake_fixture.h"

#define TRADE_DAY_US (DAY_2024 * 1000)

/* A trade; NULL is null, and so is a NaN. */
struct trade {
    int64_t ts; /* µs */
    const char *id;
    double price, amount;
    const char *side;
    const char *note; /* a column of the source's own */
};

enum trade_columns { TRADE_ALL, TRADE_WITHOUT_ID, TRADE_WITHOUT_NOTE };
void make_trades(const struct trade *trades, size_t n, enum trade_columns columns, struct batch *out);

/* One source: begin, append, commit. `type` is "trades" or "aggtrades". */
struct lake_write_result write_trades(struct lake *lake, const char *type, const struct trade *trades, size_t n,
                                      enum trade_columns columns);
struct lake_write *begin_trades(struct lake *lake, const char *type);
void append_trades(struct lake_write *write, const struct trade *trades, size_t n, enum trade_columns columns);

/* "<ts since 2024-01-01 in µs> <id> <price> <amount> <side> <note>\n" a row, "-" for null. What a batch holds, or what a scan of
 * a type in [start, end) gives. The text lives until the next call. */
const char *trades_text(const struct batch *batch);
const char *scan_trades(struct lake *lake, const char *type, int64_t start_ms, int64_t end_ms);
const char *scan_trades_at(struct lake *lake, int64_t as_of);
/* SHA-256 in hexadecimal of the only live content of trades. The text lives until the next call. */
const char *trades_content(struct lake *lake);

#endif
