/* The options that choose datasets, which many commands share: rows for a table of options (options.h).
 *
 *     static const struct option options_table[] = {
 *         SELECTION_OPTIONS(offsetof(struct list_options, selection)),
 *         …
 *     }; */
#ifndef CLI_SELECTION_OPTIONS_H
#define CLI_SELECTION_OPTIONS_H

#include <stddef.h>

#include <datalake/lake.h>

#include "options.h"

/* The options that fill in a struct lake_selection at `base` of a command's struct of options. */
#define SELECTION_OPTIONS(base)                                                                                        \
    SELECTION_OPTION("exchange", NULL, "NAME", "only this exchange", (base), exchange),                                \
        SELECTION_OPTION("market", NULL, "NAME", "only this market: SPOT, FUTURES, …", (base), market),                \
        SELECTION_OPTION("symbol", NULL, "NAME", "only this symbol", (base), symbol),                                  \
        SELECTION_OPTION("data-type", "type", "TYPE", "only this type: raw, agg, …", (base), type),                    \
        SELECTION_OPTION("period", NULL, "PERIOD", "only this period: 1m, 1h, …", (base), period)

#define SELECTION_OPTION(name, alias, argument, help, base, member)                                                    \
    {                                                                                                                  \
        name, alias, OPTION_TEXT, false, argument, help, (base) + offsetof(struct lake_selection, member)              \
    }

static inline bool selection_is_empty(const struct lake_selection *selection)
{
    return selection->exchange == NULL && selection->market == NULL && selection->symbol == NULL &&
           selection->type == NULL && selection->period == NULL;
}

#endif
