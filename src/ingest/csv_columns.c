#include "ingest/csv_columns.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "io/number_quick.h"

enum { WORD = 8 };

/* One field of the records of a window, on its way into a column. */
struct filling {
    struct csv_target *target;
    const struct csv_window *window;
    size_t field;
    int64_t first_row;
    struct csv_refusal refusal;
    struct csv_decimals decimals;
};

static const struct csv_field *field_of(const struct filling *f)
{
    return &f->target->layout->fields[f->field];
}

static void *values_of(const struct filling *f)
{
    return batch_values(&f->target->rows->batch, field_of(f)->column);
}

/* The value of one record, whatever it looks like. */
static lake_status take(struct filling *f, size_t record, struct lake_error *err)
{
    struct csv_cell cell = {field_of(f), f->first_row + (int64_t)record, {NULL, 0}, false};
    cell.text = csv_trim(csv_window_field(f->window, record, f->field), f->target->layout->separator);
    return csv_value_take(f->target, &cell, &f->refusal, err);
}

static lake_status take_all(struct filling *f, struct lake_error *err)
{
    for (size_t i = 0; i < f->window->n_records && f->refusal.what == NULL; i++)
        TRY(take(f, i, err));
    return LAKE_OK;
}

/* False where the decimal has more digits than can be told quickly. */
static inline bool to_double(uint64_t digits, uint8_t form, double *out)
{
    if ((form & CSV_DECIMAL_OTHER) != 0)
        return false;
    if (csv_decimal_to_double(digits, form, out))
        return true;
    bool is_told = number_quick(digits, -(form & CSV_DECIMAL_PLACES), out);
    if (is_told && (form & CSV_DECIMAL_NEGATIVE) != 0)
        *out = -*out;
    return is_told;
}

static lake_status fill_doubles(struct filling *f, struct lake_error *err)
{
    double *values = (double *)values_of(f) + f->first_row;
    const struct csv_decimals *decimals = &f->decimals;
    if (csv_decimals_doubles(f->window, f->field, values))
        return LAKE_OK;
    csv_decimals_read(f->window, f->field, &f->decimals);
    for (size_t i = 0; i < f->window->n_records; i++) {
        if (to_double(decimals->digits[i], decimals->form[i], &values[i]))
            continue;
        TRY(take(f, i, err));
        if (f->refusal.what != NULL)
            return LAKE_OK;
    }
    return LAKE_OK;
}

static lake_status fill_integers(struct filling *f, struct lake_error *err)
{
    int64_t *values = (int64_t *)values_of(f) + f->first_row;
    if (csv_decimals_integers(f->window, f->field, values))
        return LAKE_OK;
    csv_decimals_read(f->window, f->field, &f->decimals);
    for (size_t i = 0; i < f->window->n_records; i++) {
        values[i] = (int64_t)f->decimals.digits[i];
        if (f->decimals.form[i] == 0 && f->decimals.digits[i] <= INT64_MAX)
            continue;
        TRY(take(f, i, err));
        if (f->refusal.what != NULL)
            return LAKE_OK;
    }
    return LAKE_OK;
}

/* A number of seconds, milliseconds or microseconds by its size, in units of unit_ns; false where it is none or must be cut. */
static inline bool scale_time(uint64_t number, int64_t unit_ns, int64_t *out)
{
    int64_t value = (int64_t)number, per_second = NS_PER_SECOND / unit_ns;
    if (value >= CSV_TIME_FIRST_S * 1000 && value < CSV_TIME_END_S * 1000)
        *out = value * (per_second / 1000);
    else if (value >= CSV_TIME_FIRST_S && value < CSV_TIME_END_S)
        *out = value * per_second;
    else if (value >= CSV_TIME_FIRST_S * 1000000 && value < CSV_TIME_END_S * 1000000 && unit_ns == NS_PER_US)
        *out = value;
    else
        return false;
    return true;
}

/* Times that all are written in one unit, the one of the first. */
static bool scale_all_times(int64_t *values, size_t n, int64_t unit_ns)
{
    static const int64_t per_second[] = {1000, 1, 1000000};
    size_t unit = 0;
    while (unit < 3 &&
           (values[0] < CSV_TIME_FIRST_S * per_second[unit] || values[0] >= CSV_TIME_END_S * per_second[unit]))
        unit++;
    if (unit == 3 || (per_second[unit] == 1000000 && unit_ns != NS_PER_US))
        return false;
    int64_t first = CSV_TIME_FIRST_S * per_second[unit], end = CSV_TIME_END_S * per_second[unit];
    int64_t factor = NS_PER_SECOND / unit_ns / per_second[unit];
    bool are_times = true;
    for (size_t i = 0; i < n; i++) {
        are_times &= values[i] >= first && values[i] < end;
        values[i] = (int64_t)((uint64_t)values[i] * (uint64_t)factor); /* wraps where it is none */
    }
    return are_times;
}

static lake_status fill_number_times(struct filling *f, struct lake_error *err)
{
    int64_t *values = (int64_t *)values_of(f) + f->first_row;
    if (csv_decimals_integers(f->window, f->field, values) &&
        scale_all_times(values, f->window->n_records, f->target->ts_ns))
        return LAKE_OK;
    csv_decimals_read(f->window, f->field, &f->decimals);
    for (size_t i = 0; i < f->window->n_records; i++) {
        if (f->decimals.form[i] == 0 && scale_time(f->decimals.digits[i], f->target->ts_ns, &values[i]))
            continue;
        TRY(take(f, i, err));
        if (f->refusal.what != NULL)
            return LAKE_OK;
    }
    return LAKE_OK;
}

static lake_status fill_text_times(struct filling *f, struct lake_error *err)
{
    int64_t *values = (int64_t *)values_of(f) + f->first_row;
    int64_t per_ms = NS_PER_MS / f->target->ts_ns, ms = 0;
    for (size_t i = 0; i < f->window->n_records; i++) {
        struct csv_span text = csv_window_field(f->window, i, f->field);
        if (csv_time_iso(text.data, &f->target->date, &ms) == text.data + text.length) {
            values[i] = ms * per_ms;
            continue;
        }
        TRY(take(f, i, err));
        if (f->refusal.what != NULL)
            return LAKE_OK;
    }
    return LAKE_OK;
}

/* The first record tells which loop is the quick one. */
static lake_status fill_times(struct filling *f, struct lake_error *err)
{
    struct csv_span first = csv_window_field(f->window, 0, f->field);
    if (f->target->has_zone)
        return take_all(f, err);
    if (first.length > 4 && first.data[4] == '-')
        return fill_text_times(f, err);
    return f->target->layout->times.unit_ns == 0 ? fill_number_times(f, err) : take_all(f, err);
}

/* Words for no value begin otherwise. */
static inline bool is_common_start(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z' && c != 'N') || (c >= 'a' && c <= 'z' && c != 'n');
}

/* ASCII without null bytes, without blanks at its ends, and no word for no value. */
static inline bool is_common_text(struct csv_span text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    uint64_t odd = 0;
    size_t i = 0;
    if (text.length == 0 || text.length > LIMIT_CSV_TEXT_BYTES || !is_common_start(text.data[0]) ||
        text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t')
        return false;
    for (; i + WORD <= text.length; i += WORD) {
        uint64_t word = load_u64((const uint8_t *)text.data + i);
        odd |= word | (word - ones);
    }
    for (; i < text.length; i++)
        odd |= (uint8_t)text.data[i] | ((uint64_t)(uint8_t)text.data[i] - 1);
    return (odd & highs) == 0;
}

static lake_status fill_texts(struct filling *f, struct lake_error *err)
{
    for (size_t i = 0; i < f->window->n_records && f->refusal.what == NULL; i++) {
        struct csv_span text = csv_window_field(f->window, i, f->field);
        if (is_common_text(text))
            TRY(csv_rows_set_text(f->target->rows, field_of(f)->column, f->first_row + (int64_t)i, text, err));
        else
            TRY(take(f, i, err));
    }
    return LAKE_OK;
}

/* A word that was read the long way, and what it is in the column. */
struct known_word {
    uint64_t bytes; /* 0: none yet */
    size_t n_bytes;
    char text[WORD];
    size_t length;
};

/* Up to eight bytes as a number; 0 for longer words. */
static inline uint64_t bytes_of_word(struct csv_span text)
{
    if (text.length == 0 || text.length > WORD)
        return 0;
    return load_u64((const uint8_t *)text.data) << (8 * (WORD - text.length)) >> (8 * (WORD - text.length));
}

static void learn_word(const struct filling *f, int64_t row, struct csv_span word, struct known_word *known)
{
    const struct column *column = &f->target->rows->batch.columns[field_of(f)->column];
    size_t length = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    if (!column_is_valid(column, row) || length > WORD)
        return;
    known->bytes = bytes_of_word(word);
    known->n_bytes = word.length;
    known->length = length;
    memcpy(known->text, (const char *)column->values + column->offsets[row], length);
}

/* Columns of very few words: sides. */
static lake_status fill_words(struct filling *f, struct lake_error *err)
{
    struct known_word known[2] = {{.bytes = 0}, {.bytes = 0}};
    for (size_t i = 0; i < f->window->n_records; i++) {
        struct csv_span source = csv_window_field(f->window, i, f->field);
        uint64_t bytes = bytes_of_word(source);
        const struct known_word *word = &known[bytes != known[0].bytes];
        int64_t row = f->first_row + (int64_t)i;
        if (bytes != 0 && bytes == word->bytes && source.length == word->n_bytes) {
            struct csv_span text = {word->text, word->length};
            TRY(csv_rows_set_text(f->target->rows, field_of(f)->column, row, text, err));
            continue;
        }
        TRY(take(f, i, err));
        if (f->refusal.what != NULL)
            return LAKE_OK;
        learn_word(f, row, source, &known[known[0].bytes != 0]);
    }
    return LAKE_OK;
}

static bool is_decimal(const struct filling *f)
{
    const struct field_meaning *meaning = &field_of(f)->meaning;
    return f->target->layout->decimal != ',' && !meaning->is_percent && !meaning->has_suffix &&
           !meaning->has_currency && meaning->multiplier <= 1;
}

static lake_status fill_values(struct filling *f, struct lake_error *err)
{
    enum column_type type = field_of(f)->meaning.type;
    if (type == COLUMN_DOUBLE && is_decimal(f))
        return fill_doubles(f, err);
    if (type == COLUMN_INT64 && is_decimal(f))
        return fill_integers(f, err);
    return type == COLUMN_UTF8 ? fill_texts(f, err) : take_all(f, err);
}

/* Most constants are the same bytes in every record. */
static lake_status check_constants(struct filling *f, struct lake_error *err)
{
    const char *constant = field_of(f)->meaning.constant;
    size_t length = strlen(constant);
    for (size_t i = 0; i < f->window->n_records && f->refusal.what == NULL; i++) {
        struct csv_span text = csv_window_field(f->window, i, f->field);
        if (text.length != length || memcmp(text.data, constant, length) != 0)
            TRY(take(f, i, err));
    }
    return LAKE_OK;
}

static lake_status fill_field(struct filling *f, struct lake_error *err)
{
    switch (field_of(f)->meaning.use) {
    case FIELD_SKIP:
    case FIELD_CLOSE_TIME: return LAKE_OK;
    case FIELD_TIME: return fill_times(f, err);
    case FIELD_VALUE: return fill_values(f, err);
    case FIELD_CONSTANT: return check_constants(f, err);
    case FIELD_SIDE:
    case FIELD_ASK_BID:
    case FIELD_MAKER: return fill_words(f, err);
    case FIELD_DATE:
    case FIELD_CLOCK: return take_all(f, err);
    }
    return LAKE_OK;
}

lake_status csv_columns_fill(struct csv_target *target, const struct csv_window *window, bool *is_refused,
                             struct lake_error *err)
{
    struct filling f;
    f.target = target;
    f.window = window;
    f.first_row = target->rows->batch.n_rows;
    f.refusal.what = NULL;
    *is_refused = false;
    if (target->has_date)
        memset((int64_t *)batch_values(&target->rows->batch, 0) + f.first_row, 0, window->n_records * sizeof(int64_t));
    for (f.field = 0; f.field < window->n_fields && f.refusal.what == NULL; f.field++)
        TRY(fill_field(&f, err));
    *is_refused = f.refusal.what != NULL;
    return LAKE_OK;
}
