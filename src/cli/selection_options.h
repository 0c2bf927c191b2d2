/* The options that choose datasets, which many commands share: rows for a table of options (options.h).
 *
 *     static const struct option options_table[] = {
 *         SELECTION_OPTIONS(struct list_options, selection),
 *         …
 *     }; */
#ifndef CLI_SELECTION_OPTIONS_H
#define CLI_SELECTION_OPTIONS_H

#include <stddef.h>

#include <datalake/lake.h>

#include "options.h"

#define SELECTION_OPTION(name, alias, argument, help, type, member)                                                    \
    {                                                                                                                  \
        name, alias, OPTION_TEXT, false, argument, help, offsetof(type, member)                                        \
    }

#define SELECTION_OPTIONS(type_, selection_)                                                                           \
    SELECTION_OPTION("exchange", NULL, "NAME", "only this exchange", type_, selection_.exchange),                      \
        SELECTION_OPTION("market", NULL, "NAME", "only this market: SPOT, FUTURES, …", type_, selection_.market),      \
        SELECTION_OPTION("symbol", NULL, "NAME", "only this symbol", type_, selection_.symbol),                        \
        SELECTION_OPTION("data-type", "type", "TYPE", "only this type: raw, agg, …", type_, selection_.type),          \
        SELECTION_OPTION("period", NULL, "PERIOD", "only this period: 1m, 1h, …", type_, selection_.period)

static inline bool selection_is_empty(const struct lake_selection *selection)
{
    return selection->exchange == NULL && selection->market == NULL && selection->symbol == NULL &&
           selection->type == NULL && selection->period == NULL;
}

#endif
