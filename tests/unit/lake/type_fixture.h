/* Registered data types to try things with.
 *
 * Every function fails the running test where the library reports an error, unless it says otherwise. */
#ifndef TESTS_TYPE_FIXTURE_H
#define TESTS_TYPE_FIXTURE_H

#include <datalake/types.h>

#include "lake_fixture.h"

/* "liquidations": the columns of trades (trade_fixture.h), keyed by ts in µs and id, without a period. */
struct lake_type_options liquidations(void);
/* "interest": ts in ms and close, keyed by ts, with a period. */
struct lake_type_options interest(void);
void register_type(struct lake *lake, struct lake_type_options type);

/* Another handle of the lake in a directory below the fixture's root ("": its own); the caller closes it. */
struct lake *type_fixture_open(const struct fixture *fixture, const char *below);

/* "<name>|<aliases>|<what>|<key>|<columns>|period|builtin\n" a row of lake_list_types, the last two where they are so. The text lives until the next call. */
const char *types_text(struct lake *lake);
/* The row of one type in it, without its end; "" where there is none. */
const char *type_text(struct lake *lake, const char *name);

#endif
