#include "ops/check_rule.h"

#include <string.h>

enum severity { WRONG, SUSPECT };

static const struct {
    const char *name;
    enum severity severity;
} rules[N_CHECK_RULES] = {
    [CHECK_NOT_ASCENDING] = {"not-ascending", WRONG},
    [CHECK_OFF_GRID] = {"off-grid", WRONG},
    [CHECK_FUTURE] = {"time-future", WRONG},
    [CHECK_NOT_FINITE] = {"not-finite", WRONG},
    [CHECK_PRICE_MISSING] = {"price-missing", SUSPECT},
    [CHECK_HIGH_BELOW_LOW] = {"high-below-low", WRONG},
    [CHECK_OPEN_OUTSIDE] = {"open-outside", WRONG},
    [CHECK_CLOSE_OUTSIDE] = {"close-outside", WRONG},
    /* Oil was traded below zero on 2020-04-20, spreads and rates often are: no mistake by itself, though nearly always one. */
    [CHECK_PRICE_NOT_POSITIVE] = {"price-not-positive", SUSPECT},
    [CHECK_VOLUME_NEGATIVE] = {"volume-negative", WRONG},
    [CHECK_TRADES_NEGATIVE] = {"trades-negative", WRONG},
    [CHECK_TAKER_ABOVE_VOLUME] = {"taker-above-volume", WRONG},
    [CHECK_QUOTE_VOLUME_OUTSIDE] = {"quote-volume-outside", WRONG},
    [CHECK_TRADES_AND_VOLUME] = {"trades-and-volume", WRONG},
    [CHECK_VWAP_OUTSIDE] = {"vwap-outside", WRONG},
    [CHECK_BARS_ABOVE_EXPECTED] = {"bars-above-expected", WRONG},
    [CHECK_SPIKE] = {"spike", SUSPECT},
    [CHECK_JUMP] = {"jump", SUSPECT},
    [CHECK_FROZEN] = {"frozen", SUSPECT},
    [CHECK_STUCK] = {"stuck", SUSPECT},
    [CHECK_NOT_OF_SOURCE] = {"not-of-source", WRONG},
    /* What a venue says in two ways need not agree: it may round, or have corrected one of them. */
    [CHECK_NOT_CONSERVED] = {"not-conserved", SUSPECT},
};

const char *check_rule_name(enum check_rule rule)
{
    return rules[rule].name;
}

bool check_rule_is_suspect(enum check_rule rule)
{
    return rules[rule].severity == SUSPECT;
}

bool check_rule_is_known(const char *name)
{
    for (int i = 0; i < N_CHECK_RULES; i++)
        if (strcmp(rules[i].name, name) == 0)
            return true;
    return false;
}
