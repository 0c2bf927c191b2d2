/* Canonical names: one instrument, one spelling, one directory.
 *
 * Exchange, market and symbol are upper case (ASCII); "BTC/USDT:USDT" and "BTC/USDT" are BTCUSDT, "BTC/USDT:USDT-261225" is
 * BTCUSDT_261225: a rule over the text, for venues whose instruments are not remembered. Names that could lead out of the lake or
 * that some filesystem cannot hold are refused (I9); reserved ones are escaped by a leading '%', which no name may
 * contain. */
#ifndef LAKE_NAMES_H
#define LAKE_NAMES_H

#include "base/error.h"
#include "base/limits.h"

/* Room for a canonical name and its terminator. */
enum { NAME_BYTES = LIMIT_NAME_BYTES + 2 };

LAKE_MUST_CHECK lake_status name_exchange(const char *text, char out[NAME_BYTES], struct lake_error *err);
/* Also "linear", "swap", "perp", "um" for FUTURES, "cm", "coin-m" for INVERSE. */
LAKE_MUST_CHECK lake_status name_market(const char *text, char out[NAME_BYTES], struct lake_error *err);
LAKE_MUST_CHECK lake_status name_symbol(const char *text, char out[NAME_BYTES], struct lake_error *err);

/* The name (or that of a feature set or version) as a directory: itself, or escaped where it is reserved in any case.
 * `out` has room for NAME_BYTES. */
void name_directory(const char *name, char out[NAME_BYTES]);

#endif
