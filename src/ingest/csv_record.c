#include "ingest/csv_record.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "ingest/csv_digits.h"
#include "ingest/csv_scan.h"

static void refuse(struct csv_outcome *outcome, const char *rule)
{
    outcome->verdict = CSV_RECORD_REFUSED;
    outcome->rule = rule;
}

/* "close is 'abc', not a number" */
static void explain_value(struct csv_outcome *outcome, const struct csv_cell *cell, const char *what)
{
    char shown[CSV_SHOWN_TEXT_BYTES], *out = outcome->reason;
    const char *name = cell->field->meaning.source;
    if (cell->text.length == 0)
        (void)snprintf(out, CSV_REASON_BYTES, "%.160s is empty, %s", name, what);
    else
        (void)snprintf(out, CSV_REASON_BYTES, "%.160s is '%s', %s", name, csv_show(cell->text, shown), what);
}

/* Of several things that are to be said of a record the first one counts, among those of the greatest weight. */
static void add_refusal(struct csv_outcome *outcome, const struct csv_refusal *refusal, const struct csv_cell *cell)
{
    enum csv_verdict verdict = refusal->is_other                       ? CSV_RECORD_OTHER
                               : refusal->wider != (enum column_type)0 ? CSV_RECORD_MISFIT
                                                                       : CSV_RECORD_REFUSED;
    if (verdict <= outcome->verdict)
        return;
    outcome->verdict = verdict;
    outcome->rule = refusal->rule;
    outcome->field = cell->field;
    outcome->wider = refusal->wider;
    explain_value(outcome, cell, refusal->what);
}

static void refuse_quotes(struct csv_outcome *outcome, const struct csv_cell *cell, enum csv_field_state state)
{
    refuse(outcome, CSV_RULE_QUOTES);
    if (state == CSV_FIELD_OPEN)
        (void)snprintf(outcome->reason, CSV_REASON_BYTES, "a quotation mark is not closed");
    else if (cell == NULL)
        (void)snprintf(outcome->reason, CSV_REASON_BYTES, "there is text behind the line's closing quotation mark");
    else
        explain_value(outcome, cell, "with text behind the closing quotation mark");
}

static void refuse_count(struct csv_outcome *outcome, const struct csv_layout *layout, size_t n, bool is_cut_off)
{
    refuse(outcome, CSV_RULE_FIELDS);
    (void)snprintf(outcome->reason, CSV_REASON_BYTES, "%sthe line has %zu field%s, but the %s has %zu",
                   is_cut_off ? "the last line may be cut off: " : "", n, n == 1 ? "" : "s",
                   layout->header.data != NULL ? "header" : "first line", layout->n_fields);
}

/* Fields behind those of the layout may be there where they are empty. Counts all fields; false where one says something. */
static bool skip_empty_fields(const struct csv_layout *layout, struct csv_record rest, size_t *n)
{
    struct csv_field_text text = {{NULL, 0}, rest.text, false};
    bool is_empty = true;
    do {
        enum csv_field_state state = csv_field_read(rest.text, rest.end, layout->separator, &text);
        is_empty = is_empty && state == CSV_FIELD_OK && text.span.length == 0;
        rest.text = text.next + 1;
        (*n)++;
    } while (rest.text < rest.end);
    return is_empty;
}

static lake_status lack_fields(struct csv_target *target, const struct csv_record *record, size_t n,
                               struct csv_outcome *outcome, struct lake_error *err)
{
    const struct csv_layout *layout = target->layout;
    struct csv_refusal refusal = {NULL, NULL, (enum column_type)0, false};
    if (n < layout->n_needed_fields || record->is_cut_off) {
        refuse_count(outcome, layout, n, record->is_cut_off);
        return LAKE_OK;
    }
    for (size_t i = n; i < layout->n_fields; i++) {
        struct csv_cell cell = {&layout->fields[i], target->rows->batch.n_rows, {"", 0}, false};
        TRY(csv_value_lack(target, &cell, &refusal, err));
        if (refusal.what != NULL)
            add_refusal(outcome, &refusal, &cell);
    }
    return LAKE_OK;
}

static lake_status take_fields(struct csv_target *target, const struct csv_record *record, struct csv_outcome *outcome,
                               struct lake_error *err)
{
    const struct csv_layout *layout = target->layout;
    struct csv_field_text text = {{NULL, 0}, NULL, false};
    const char *p = record->text;
    size_t n = 0;
    for (; n < layout->n_fields && p < record->end; n++, p = text.next + 1) {
        enum csv_field_state state = csv_field_read(p, record->end, layout->separator, &text);
        struct csv_cell cell = {&layout->fields[n], target->rows->batch.n_rows, text.span, text.is_quoted};
        struct csv_refusal refusal;
        if (state != CSV_FIELD_OK) {
            refuse_quotes(outcome, &cell, state);
            return LAKE_OK;
        }
        TRY(csv_value_take(target, &cell, &refusal, err));
        if (refusal.what != NULL)
            add_refusal(outcome, &refusal, &cell);
    }
    if (p < record->end) {
        if (!skip_empty_fields(layout, (struct csv_record){p, record->end, false}, &n))
            refuse_count(outcome, layout, n, false);
        return LAKE_OK;
    }
    return n < layout->n_fields ? lack_fields(target, record, n, outcome, err) : LAKE_OK;
}

/* Where the whole record is one quoted field: what is in it, as a record. */
static lake_status unwrap(struct csv_target *target, struct csv_record *record, enum csv_field_state *state,
                          struct lake_error *err)
{
    struct csv_field_text text = {{NULL, 0}, NULL, false};
    *state = csv_field_read(record->text, record->end, '\n', &text);
    if (*state != CSV_FIELD_OK)
        return LAKE_OK;
    TRY(csv_unquote(&target->record, &text.span, err));
    TRY(buffer_reserve(&target->record, 1 + CSV_PADDING_BYTES, err));
    char *inner = (char *)target->record.data;
    inner[text.span.length] = '\n';
    memset(inner + text.span.length + 1, 0, CSV_PADDING_BYTES);
    *record = (struct csv_record){inner, inner + text.span.length + 1, record->is_cut_off};
    return LAKE_OK;
}

lake_status csv_record_take(struct csv_target *target, const struct csv_record *record, struct csv_outcome *outcome,
                            struct lake_error *err)
{
    struct csv_record inner = *record;
    enum csv_field_state state = CSV_FIELD_OK;
    outcome->verdict = CSV_RECORD_TAKEN;
    if ((size_t)(record->end - record->text) > LIMIT_CSV_LINE_BYTES) {
        refuse(outcome, CSV_RULE_LENGTH);
        (void)snprintf(outcome->reason, CSV_REASON_BYTES, "the line is longer than %zu bytes", LIMIT_CSV_LINE_BYTES);
        return LAKE_OK;
    }
    if (target->has_date)
        ((int64_t *)batch_values(&target->rows->batch, 0))[target->rows->batch.n_rows] = 0;
    if (target->layout->is_record_quoted && *record->text == '"')
        TRY(unwrap(target, &inner, &state, err));
    if (state == CSV_FIELD_OK)
        return take_fields(target, &inner, outcome, err);
    refuse_quotes(outcome, NULL, state);
    return LAKE_OK;
}
