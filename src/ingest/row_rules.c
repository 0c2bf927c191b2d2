#include "ingest/row_rules.h"

enum rule_kind {
    KIND_ALWAYS, /* such a row cannot be stored, whatever is configured */
    KIND_OPEN,   /* a bar still open is never stored, and is no mistake either */
    KIND_GRID,   /* rejected unless configured otherwise */
    KIND_VALUE,  /* a warning unless configured otherwise */
    KIND_HINT    /* a warning at most: real rows do this as well */
};

static const struct {
    const char *name;
    enum rule_kind kind;
} rules[N_ROW_RULES] = {
    [RULE_NONE] = {"", KIND_HINT},
    [RULE_SKIPPED_TIME] = {"skipped-time", KIND_ALWAYS},
    [RULE_OFF_GRID] = {"off-grid", KIND_GRID},
    [RULE_FUTURE] = {"time-future", KIND_VALUE},
    [RULE_STILL_OPEN] = {"still-open", KIND_OPEN},
    [RULE_EARLY] = {"time-early", KIND_HINT},
    [RULE_VALUE_MISSING] = {"value-missing", KIND_GRID},
    [RULE_PRICE_MISSING] = {"price-missing", KIND_VALUE},
    [RULE_HIGH_BELOW_LOW] = {"high-below-low", KIND_VALUE},
    [RULE_OPEN_OUTSIDE] = {"open-outside", KIND_VALUE},
    [RULE_CLOSE_OUTSIDE] = {"close-outside", KIND_VALUE},
    [RULE_PRICE_NOT_POSITIVE] = {"price-not-positive", KIND_VALUE},
    [RULE_VOLUME_NEGATIVE] = {"volume-negative", KIND_VALUE},
    [RULE_TRADES_NEGATIVE] = {"trades-negative", KIND_VALUE},
    [RULE_AMOUNT_NEGATIVE] = {"amount-negative", KIND_VALUE},
    [RULE_RATE_TOO_LARGE] = {"rate-too-large", KIND_VALUE},
    [RULE_TAKER_ABOVE_VOLUME] = {"taker-above-volume", KIND_HINT},
    [RULE_QUOTE_VOLUME_OUTSIDE] = {"quote-volume-outside", KIND_HINT},
};

const char *row_rule_name(enum row_rule rule)
{
    return rules[rule].name;
}

enum row_action row_rule_action(enum row_rule rule, enum lake_check_action checks)
{
    enum rule_kind kind = rules[rule].kind;
    if (rule == RULE_NONE)
        return ROW_KEEP;
    if (kind == KIND_ALWAYS)
        return ROW_REJECT;
    if (kind == KIND_OPEN)
        return ROW_LEAVE_OUT;
    if (checks == LAKE_CHECK_OFF)
        return ROW_KEEP;
    if (kind == KIND_HINT || checks == LAKE_CHECK_WARN)
        return ROW_WARN;
    return checks == LAKE_CHECK_REJECT || kind == KIND_GRID ? ROW_REJECT : ROW_WARN;
}
