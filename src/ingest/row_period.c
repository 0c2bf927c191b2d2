#include "ingest/row_period.h"

#include "base/calendar.h"

static lake_status check_given(const struct period_clues *clues, const struct period *closed, struct lake_error *err)
{
    if (closed != NULL && closed != clues->given && clues->giver != NULL)
        return lake_fail(err, LAKE_INVALID_DATA,
                         "%s: the bars are %s long by their close times, but those of %s are %s; "
                         "ingest them one by one",
                         clues->place, closed->name, clues->giver, clues->given->name);
    if (closed != NULL && closed != clues->given)
        return lake_fail(err, LAKE_INVALID_DATA, "%s: the bars are %s long by their close times, but the period is %s",
                         clues->place, closed->name, clues->given->name);
    return bar_evidence_check(&clues->evidence, clues->place, clues->given, clues->giver, err);
}

/* Rows of whole days each are no bars of minutes most of which are missing, whatever the number in a name: "prices (1)". */
static bool is_too_short(const struct period_clues *clues)
{
    const struct bar_evidence *evidence = &clues->evidence;
    int64_t length_ms = clues->named->length_ms;
    return evidence->common_ms > 0 && evidence->common_ms % MS_PER_DAY == 0 && length_ms > 0 && length_ms < MS_PER_DAY;
}

/* Whether the name's period is what the steps leave open: there are none, or too few to rule it out, or they are multiples of it that
 * tell nothing by themselves. */
static bool is_name_needed(const struct period_clues *clues)
{
    const struct period *told = NULL;
    if (clues->named == NULL || !bar_evidence_allows(&clues->evidence, clues->named))
        return false;
    if (bar_evidence_tell(&clues->evidence, clues->place, &told, NULL) != LAKE_OK)
        return true;
    return !bar_evidence_is_certain(&clues->evidence) && !is_too_short(clues);
}

lake_status row_period_tell(const struct period_clues *clues, struct period_told *out, struct lake_error *err)
{
    const struct period *closed = bar_period_of(clues->first_ms, clues->close_length_ms);
    *out = (struct period_told){clues->given, "option"};
    if (clues->given != NULL)
        return check_given(clues, closed, err);
    *out = (struct period_told){closed, "values"};
    if (closed != NULL)
        return LAKE_OK;
    *out = (struct period_told){clues->named, "file name"};
    if (is_name_needed(clues))
        return LAKE_OK;
    out->origin = "values";
    return bar_evidence_tell(&clues->evidence, clues->place, &out->period, err);
}
