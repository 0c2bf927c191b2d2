#include "ingest/column_profile.h"

#include <math.h>
#include <string.h>

#include "io/number.h"

/* What the letter behind a number multiplies it by; 0 for other bytes. "1m" is a minute rather than a million. */
static double suffix_scale(struct csv_span value)
{
    static const char letters[] = "KMBT";
    static const double scales[] = {1e3, 1e6, 1e9, 1e12};
    char last = value.data[value.length - 1];
    bool is_lower = last >= 'a' && last <= 'z';
    if (is_lower && last != 'k' && memchr(value.data, '.', value.length) == NULL)
        return 0;
    const char *letter = memchr(letters, is_lower ? last - 'a' + 'A' : last, sizeof letters - 1);
    return letter != NULL ? scales[letter - letters] : 0;
}

static bool is_padded(struct csv_span value)
{
    size_t sign = value.length > 0 && (value.data[0] == '-' || value.data[0] == '+');
    return value.length > sign + 1 && value.data[sign] == '0' && value.data[sign + 1] >= '0' &&
           value.data[sign + 1] <= '9';
}

bool column_value_number(struct csv_span value, struct column_number *out)
{
    int64_t whole;
    double scale = 1;
    *out = (struct column_number){.value = 0};
    if (value.length > 1 && value.data[0] == '$') {
        out->has_currency = true;
        value.data++;
        value.length--;
    }
    if (value.length > 1 && value.data[value.length - 1] == '%') {
        out->is_percent = true;
        value.length--;
        scale = 0.01;
    } else if (value.length > 1 && suffix_scale(value) > 0) {
        scale = suffix_scale(value);
        out->has_suffix = true;
        value.length--;
    }
    if (!number_parse_double(value.data, value.length, &out->value))
        return false;
    out->is_padded = is_padded(value);
    out->is_whole = scale == 1 && number_parse_int64(value.data, value.length, &whole);
    out->value *= scale;
    return true;
}

static void count_number(struct column_profile *profile, const struct column_number *number)
{
    profile->n_numbers++;
    profile->n_whole += number->is_whole;
    profile->n_negative += number->value < 0;
    profile->n_zero += number->value == 0;
    profile->n_padded += number->is_padded;
    profile->n_percent += number->is_percent;
    profile->n_suffix += number->has_suffix;
    profile->n_currency += number->has_currency;
}

static void count_value(struct column_profile *profile, struct csv_span value)
{
    struct csv_time_parts parts;
    bool is_true;
    csv_time_look(value, &parts);
    profile->n_values++;
    profile->n_kind[parts.kind]++;
    profile->n_bools += csv_read_bool(value, &is_true);
    profile->n_sides += csv_read_side(value) != NULL;
    if (profile->first.data == NULL)
        profile->first = value;
}

lake_status column_profile_make(const struct csv_span *samples, size_t n, size_t stride, struct arena *arena,
                                struct column_profile *out, struct lake_error *err)
{
    double *numbers = NULL;
    double previous = NAN;
    struct csv_span last = {NULL, 0};
    *out = (struct column_profile){.is_sequence = n > 0};
    TRY(arena_new(arena, n, sizeof *numbers, &numbers, err));
    for (size_t row = 0; row < n; row++) {
        struct csv_span value = samples[row * stride];
        struct column_number number;
        numbers[row] = NAN;
        if (csv_is_null(value)) {
            out->is_sequence = false;
            continue;
        }
        count_value(out, value);
        out->n_repeats +=
            last.data != NULL && last.length == value.length && memcmp(last.data, value.data, value.length) == 0;
        last = value;
        bool is_number = column_value_number(value, &number);
        if (is_number) {
            count_number(out, &number);
            numbers[row] = number.value;
        }
        out->is_sequence =
            out->is_sequence && is_number && number.is_whole && (row == 0 || number.value == previous + 1);
        previous = numbers[row];
    }
    out->numbers = numbers;
    return LAKE_OK;
}
