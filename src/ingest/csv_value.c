#include "ingest/csv_value.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "ingest/csv_decimals.h"
#include "ingest/csv_digits.h"
#include "io/number.h"

#define NOT_A_NUMBER "not a number"
#define NOT_WHOLE "not a whole number"
#define NOT_A_TIME "not a time (a number of s, ms, us or ns, or a date with its time)"

void csv_target_init(struct csv_target *target, const struct csv_layout *layout, struct csv_rows *rows, bool has_zone)
{
    *target = (struct csv_target){.layout = layout, .rows = rows, .has_zone = has_zone};
    target->ts_ns = layout->schema->fields[0].type == COLUMN_TIMESTAMP_US ? NS_PER_US : NS_PER_MS;
    for (size_t i = 0; i < layout->n_fields; i++)
        target->has_date = target->has_date || layout->fields[i].meaning.use == FIELD_DATE;
    buffer_init(&target->unquoted, LIMIT_CSV_LINE_BYTES);
    buffer_init(&target->record, LIMIT_CSV_LINE_BYTES + CSV_PADDING_BYTES + 1);
}

void csv_target_release(struct csv_target *target)
{
    buffer_release(&target->unquoted);
    buffer_release(&target->record);
}

static void refuse(struct csv_refusal *refusal, const char *rule, const char *what)
{
    refusal->rule = rule;
    refusal->what = what;
}

/* ---- times ---- */

static const char *why_no_time(enum csv_time_result result, bool is_unit_said)
{
    switch (result) {
    case CSV_TIME_OK: break;
    case CSV_TIME_UNREADABLE: return NOT_A_TIME;
    case CSV_TIME_OUT_OF_RANGE:
        return is_unit_said ? "not a time between 1971 and 2100 in the unit that --time-format says"
                            : "not a time between 1990 and 2100 in s, ms, us or ns";
    case CSV_TIME_LOST_DIGITS: return "a time whose last digits are lost (did a spreadsheet round it?)";
    }
    return NULL;
}

/* Of a date and a time of day in two fields, in whatever order, the row's time is the sum; it begins as zero. */
static void set_time(const struct csv_target *target, int64_t ns, int64_t row, struct csv_refusal *refusal)
{
    int64_t *ts = batch_values(&target->rows->batch, 0);
    int64_t units = 0;
    if (!csv_time_to_unit(ns, target->ts_ns, &units))
        refuse(refusal, CSV_RULE_TIME, "not a whole millisecond");
    ts[row] = target->has_date ? ts[row] + units : units;
}

static void take_time(const struct csv_target *target, struct csv_span text, int64_t row, struct csv_refusal *refusal)
{
    struct csv_time time = {0, false, false};
    const struct csv_time_rules *rules = &target->layout->times;
    const char *why = why_no_time(csv_time_parse(text, rules, &time), rules->unit_ns != 0);
    if (why == NULL && target->has_zone && (time.has_offset || time.is_number))
        why = "a time that says its zone itself, though one was named for the file";
    if (why == NULL)
        set_time(target, time.ns, row, refusal);
    else
        refuse(refusal, CSV_RULE_TIME, why);
}

static void take_clock(const struct csv_target *target, struct csv_span text, int64_t row, struct csv_refusal *refusal)
{
    int64_t ns = 0;
    if (csv_time_parse_clock(text, &target->layout->times, &ns) == CSV_TIME_OK)
        set_time(target, target->has_date ? ns : ns + target->layout->times.day_ns, row, refusal);
    else
        refuse(refusal, CSV_RULE_TIME, "not a time of day");
}

/* ---- numbers ---- */

enum { NUMBER_BYTES = 1024, EXPONENT_BYTES = 24 };

/* A number as the layout has it, on its way to the plain form. */
struct rewriting {
    struct csv_span text;
    char out[NUMBER_BYTES];
    size_t n;
    int64_t exponent; /* that is to be added */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Groups of the whole part that have ended: how many, and the digits of the first and of those after it. */
struct groups {
    size_t n, first, others;
};

/* All of three digits, but for the first; or lakhs ("12,34,567"): of two, but for the last. */
static bool end_group(struct groups *groups, size_t n_digits, char thousands)
{
    bool is_lakh = thousands == ',' && n_digits == 2 && groups->first <= 2;
    if (groups->n++ == 0) {
        groups->first = n_digits;
        return n_digits >= 1 && n_digits <= 3;
    }
    bool is_same = groups->n == 2 || n_digits == groups->others;
    groups->others = n_digits;
    return is_same && (n_digits == 3 || is_lakh);
}

/* "1,234,567": steps over the whole part and its groups. */
static bool rewrite_groups(struct rewriting *r, char thousands)
{
    struct groups groups = {0, 0, 0};
    size_t n_group = 0;
    while (r->text.length > 0 && (is_digit(*r->text.data) || (thousands != '\0' && *r->text.data == thousands))) {
        if (is_digit(*r->text.data)) {
            r->out[r->n++] = *r->text.data;
            n_group++;
        } else if (!end_group(&groups, n_group, thousands)) {
            return false;
        } else {
            n_group = 0;
        }
        r->text.data++;
        r->text.length--;
    }
    return groups.n == 0 || n_group == 3;
}

/* Takes "%", "K" and the like off the text's end. */
static void take_unit(struct rewriting *r, const struct field_meaning *meaning)
{
    static const char suffixes[] = "KMBT";
    char last = r->text.length > 0 ? r->text.data[r->text.length - 1] : '\0';
    const char *suffix = strchr(suffixes, last >= 'a' && last <= 'z' ? last - 'a' + 'A' : last);
    bool is_unit = false;
    if (meaning->has_suffix && last != '\0' && suffix != NULL) {
        r->exponent = 3 * (suffix - suffixes + 1);
        is_unit = true;
    } else if (meaning->is_percent) {
        r->exponent = -2;
        is_unit = last == '%';
    }
    r->text.length -= is_unit;
    r->text = csv_trim(r->text, '\0');
}

/* The exponent that is written, if any, and the one that is to be added, as one. */
static bool rewrite_exponent(struct rewriting *r)
{
    int64_t written = 0;
    if (r->text.length > 0) {
        if (*r->text.data != 'e' && *r->text.data != 'E')
            return false;
        if (!number_parse_int64(r->text.data + 1, r->text.length - 1, &written) || written > INT32_MAX ||
            written < INT32_MIN)
            return false;
    }
    if (written + r->exponent != 0)
        r->n += (size_t)snprintf(r->out + r->n, EXPONENT_BYTES, "e%d", (int)(written + r->exponent));
    return true;
}

/* The number in the form that number_parse_double reads; false where it has none. */
static bool rewrite_number(struct rewriting *r, const struct csv_layout *layout, const struct field_meaning *meaning)
{
    if (r->text.length > NUMBER_BYTES - EXPONENT_BYTES)
        return false;
    take_unit(r, meaning);
    if (r->text.length > 0 && (*r->text.data == '-' || *r->text.data == '+')) {
        r->out[r->n++] = *r->text.data++;
        r->text.length--;
    }
    if (meaning->has_currency && r->text.length > 0 && *r->text.data == '$') {
        r->text.data++;
        r->text.length--;
    }
    if (!rewrite_groups(r, layout->thousands))
        return false;
    if (r->text.length > 0 && *r->text.data == layout->decimal) {
        r->out[r->n++] = '.';
        for (r->text.data++, r->text.length--; r->text.length > 0 && is_digit(*r->text.data); r->text.length--)
            r->out[r->n++] = *r->text.data++;
    }
    return rewrite_exponent(r);
}

static bool is_plain(const struct csv_layout *layout, const struct field_meaning *meaning)
{
    return layout->decimal != ',' && layout->thousands == '\0' && !meaning->is_percent && !meaning->has_suffix &&
           !meaning->has_currency;
}

/* A whole number, though it may be written with decimals ("311.0"). */
static bool parse_whole(struct csv_span text, int64_t *out)
{
    double number;
    if (number_parse_int64(text.data, text.length, out))
        return true;
    if (!number_parse_double(text.data, text.length, &number) || number > (double)CSV_EXACT_INTEGERS ||
        number < -(double)CSV_EXACT_INTEGERS)
        return false;
    *out = (int64_t)number;
    return (double)*out == number;
}

static bool scale_whole(int64_t multiplier, int64_t *value)
{
    if (multiplier <= 1)
        return true;
    if (*value > INT64_MAX / multiplier || *value < INT64_MIN / multiplier)
        return false;
    *value *= multiplier;
    return true;
}

/* A column of the source's own was taken for whole numbers as far as its beginning went. */
static enum column_type wider_than(const struct field_meaning *meaning, struct csv_span plain)
{
    double number;
    if (!meaning->is_extra)
        return (enum column_type)0;
    if (meaning->type == COLUMN_INT64 && number_parse_double(plain.data, plain.length, &number) &&
        number < (double)CSV_EXACT_INTEGERS && number > -(double)CSV_EXACT_INTEGERS)
        return COLUMN_DOUBLE;
    return COLUMN_UTF8;
}

static void take_number(const struct csv_target *target, const struct csv_cell *cell, struct csv_refusal *refusal)
{
    struct rewriting rewriting = {.text = cell->text};
    const struct field_meaning *meaning = &cell->field->meaning;
    struct csv_span text = cell->text;
    void *values = batch_values(&target->rows->batch, cell->field->column);
    int64_t *whole = (int64_t *)values + cell->row;
    bool is_whole = meaning->type == COLUMN_INT64, is_number = true;
    if (!is_plain(target->layout, meaning)) {
        is_number = rewrite_number(&rewriting, target->layout, meaning);
        text = (struct csv_span){rewriting.out, rewriting.n};
    }
    if (is_number && is_whole)
        is_number = parse_whole(text, whole) && scale_whole(meaning->multiplier, whole);
    else if (is_number)
        is_number = number_parse_double(text.data, text.length, (double *)values + cell->row);
    if (is_number)
        return;
    refuse(refusal, CSV_RULE_VALUE, is_whole ? NOT_WHOLE : NOT_A_NUMBER);
    refusal->wider = wider_than(meaning, text);
}

/* ---- words and texts ---- */

lake_status csv_unquote(struct buffer *to, struct csv_span *text, struct lake_error *err)
{
    buffer_clear(to);
    TRY(buffer_reserve(to, text->length, err));
    for (size_t i = 0; i < text->length; i++) {
        to->data[to->length++] = (uint8_t)text->data[i];
        i += text->data[i] == '"';
    }
    *text = (struct csv_span){(const char *)to->data, to->length};
    return LAKE_OK;
}

/* What a text must not hold, or NULL. */
static const char *why_no_text(struct csv_span text)
{
    const char *p = text.data, *end = text.data + text.length;
    if (text.length > LIMIT_CSV_TEXT_BYTES)
        return "a text of more than 64 KiB";
    while (p < end) {
        size_t n = utf8_length(p, end);
        if (n == 0)
            return "not UTF-8 text";
        if (*p == '\0')
            return "a text with a null byte";
        p += n;
    }
    return NULL;
}

static lake_status take_text(struct csv_target *target, const struct csv_cell *cell, struct csv_refusal *refusal,
                             struct lake_error *err)
{
    const char *why = why_no_text(cell->text);
    if (why == NULL)
        return csv_rows_set_text(target->rows, cell->field->column, cell->row, cell->text, err);
    refuse(refusal, CSV_RULE_VALUE, why);
    return LAKE_OK;
}

/* "" where it is said that there is none; NULL where it cannot be read. */
static const char *read_side(struct csv_span text, enum field_use use)
{
    bool is_maker = false;
    if (use == FIELD_SIDE)
        return csv_read_side(text);
    if (use == FIELD_ASK_BID)
        return csv_read_ask_bid(text);
    return !csv_read_bool(text, &is_maker) ? NULL : is_maker ? "sell" : "buy";
}

static lake_status take_side(struct csv_target *target, const struct csv_cell *cell, struct csv_refusal *refusal,
                             struct lake_error *err)
{
    enum field_use use = cell->field->meaning.use;
    const char *side = read_side(cell->text, use);
    if (side == NULL) {
        refuse(refusal, CSV_RULE_VALUE,
               use == FIELD_SIDE      ? "neither buy nor sell"
               : use == FIELD_ASK_BID ? "none of A, B and N"
                                      : "neither true nor false");
        return LAKE_OK;
    }
    if (side[0] == '\0')
        return csv_rows_set_null(target->rows, cell->field->column, cell->row, err);
    return csv_rows_set_text(target->rows, cell->field->column, cell->row, (struct csv_span){side, strlen(side)}, err);
}

static void take_bool(const struct csv_target *target, const struct csv_cell *cell, struct csv_refusal *refusal)
{
    bool value = false;
    if (!csv_read_bool(cell->text, &value)) {
        refuse(refusal, CSV_RULE_VALUE, "neither true nor false");
        refusal->wider = cell->field->meaning.is_extra ? COLUMN_UTF8 : (enum column_type)0;
        return;
    }
    bit_set(batch_values(&target->rows->batch, cell->field->column), cell->row, value);
}

static void check_constant(const struct csv_cell *cell, struct csv_refusal *refusal)
{
    const struct field_meaning *meaning = &cell->field->meaning;
    if (csv_is_same_thing(cell->text, (struct csv_span){meaning->constant, strlen(meaning->constant)}))
        return;
    refusal->is_other = meaning->skips_others;
    refuse(refusal, CSV_RULE_VALUE,
           "not what the other rows have; where it is a symbol, --columns symbol=... takes the rows of --symbol alone");
}

static lake_status take_value(struct csv_target *target, const struct csv_cell *cell, struct csv_refusal *refusal,
                              struct lake_error *err)
{
    switch (cell->field->meaning.type) {
    case COLUMN_INT64:
    case COLUMN_DOUBLE: take_number(target, cell, refusal); return LAKE_OK;
    case COLUMN_BOOL: take_bool(target, cell, refusal); return LAKE_OK;
    default: return take_text(target, cell, refusal, err);
    }
}

lake_status csv_value_take(struct csv_target *target, const struct csv_cell *given, struct csv_refusal *refusal,
                           struct lake_error *err)
{
    struct csv_cell cell = *given;
    const struct field_meaning *meaning = &cell.field->meaning;
    lake_status status = LAKE_OK;
    *refusal = (struct csv_refusal){NULL, NULL, (enum column_type)0, false};
    if (meaning->is_nullable && meaning->name != NULL && csv_is_null(cell.text))
        return csv_rows_set_null(target->rows, cell.field->column, cell.row, err);
    if (cell.is_quoted && memchr(cell.text.data, '"', cell.text.length) != NULL)
        TRY(csv_unquote(&target->unquoted, &cell.text, err));
    switch (meaning->use) {
    case FIELD_SKIP:
    case FIELD_CLOSE_TIME: break;
    case FIELD_TIME:
    case FIELD_DATE: take_time(target, cell.text, cell.row, refusal); break;
    case FIELD_CLOCK: take_clock(target, cell.text, cell.row, refusal); break;
    case FIELD_CONSTANT: check_constant(&cell, refusal); break;
    case FIELD_SIDE:
    case FIELD_ASK_BID:
    case FIELD_MAKER: status = take_side(target, &cell, refusal, err); break;
    case FIELD_VALUE: status = take_value(target, &cell, refusal, err); break;
    }
    return status;
}

lake_status csv_value_lack(struct csv_target *target, const struct csv_cell *cell, struct csv_refusal *refusal,
                           struct lake_error *err)
{
    *refusal = (struct csv_refusal){NULL, NULL, (enum column_type)0, false};
    if (cell->field->meaning.name == NULL)
        return LAKE_OK;
    if (cell->field->meaning.is_nullable)
        return csv_rows_set_null(target->rows, cell->field->column, cell->row, err);
    refuse(refusal, CSV_RULE_FIELDS, "missing");
    return LAKE_OK;
}
