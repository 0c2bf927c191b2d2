#include "io/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/number_quick.h"

/* Every decimal of at most 15 digits survives the way into a double and back (DBL_DIG); every double is told apart by
 * 17. */
enum { DIGITS_SAFE = 15, DIGITS_MAX = 17 };

/* Powers of ten that a double holds exactly. */
enum { EXACT_POWER = 22 };

static const double powers_of_ten[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- decimal to double, exactly, for what the short way cannot do ----
 *
 * value = digits * 10^exponent. Positive powers are multiplied in. For negative ones the integer is first shifted
 * left by so much that dividing by 5^n leaves over 64 bits, then divided by small powers of five one after another;
 * whether any remainder was not zero is all that rounding needs to know of the rest. */

enum {
    BIG_WORDS = 128, /* of 32 bits: 800 digits (2,658 bits), or 5^1124 (2,610 bits) and 64 bits more, with room */
    SIGNIFICANT_DIGITS =
        800, /* 767 decide the halfway case of any two doubles; what follows only matters if not zero */
    FIVE_POWER = 13,
    FIVE_TO_13 = 1220703125,
    MANTISSA_BITS = 53,
    LEAST_EXPONENT = -1074, /* of the last bit of the smallest double */
    LEAST_POWER = -324,     /* 10 to this rounds to 0, 10 to one more than the greatest is infinite */
    GREATEST_POWER = 309
};

struct big {
    uint32_t words[BIG_WORDS]; /* least significant first */
    size_t n;                  /* the highest is not zero */
};

static void big_multiply_add(struct big *big, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (size_t i = 0; i < big->n; i++) {
        carry += (uint64_t)big->words[i] * factor;
        big->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        big->words[big->n++] = (uint32_t)carry;
}

/* Returns whether there is a remainder. */
static bool big_divide(struct big *big, uint32_t divisor)
{
    uint64_t remainder = 0;
    for (size_t i = big->n; i-- > 0;) {
        remainder = remainder << 32 | big->words[i];
        big->words[i] = (uint32_t)(remainder / divisor);
        remainder %= divisor;
    }
    while (big->n > 0 && big->words[big->n - 1] == 0)
        big->n--;
    return remainder != 0;
}

static void big_shift_words(struct big *big, size_t n_words)
{
    memmove(big->words + n_words, big->words, big->n * sizeof big->words[0]);
    memset(big->words, 0, n_words * sizeof big->words[0]);
    big->n += n_words;
}

/* mantissa * 2^exponent to the nearest double, ties to even; the highest bit is set, `rest` tells of bits below the
 * lowest. */
static double round_to_double(uint64_t mantissa, int exponent, bool rest)
{
    int last = exponent + 64 - MANTISSA_BITS; /* exponent of the last bit that is kept */
    if (last < LEAST_EXPONENT)
        last = LEAST_EXPONENT;
    int drop = last - exponent;
    if (drop > 64)
        return 0;
    uint64_t kept = drop == 64 ? 0 : mantissa >> drop;
    uint64_t half = UINT64_C(1) << (drop - 1), dropped = mantissa & (half | (half - 1));
    if (dropped > half || (dropped == half && (rest || (kept & 1) != 0)))
        kept++;
    /* Adding carries into the exponent: the leading bit of a normal number is not stored. */
    uint64_t bits = kept + ((uint64_t)(last - LEAST_EXPONENT) << (MANTISSA_BITS - 1));
    double value = 0;
    if (bits >= UINT64_C(0x7ff) << (MANTISSA_BITS - 1))
        return HUGE_VAL;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* big * 10^exponent, where the result is from 10^LEAST_POWER to a little over 10^GREATEST_POWER. */
static double big_to_double(struct big *big, int exponent)
{
    bool rest = false;
    int binary = 0;
    for (; exponent > 0; exponent--)
        big_multiply_add(big, 10, 0);
    if (exponent < 0) {
        int wanted_bits = -exponent * 7 / 3 + 65 - (int)(big->n - 1) * 32;
        size_t shift = wanted_bits > 0 ? (size_t)wanted_bits / 32 + 1 : 0;
        big_shift_words(big, shift);
        binary = exponent - (int)shift * 32;
    }
    for (; exponent <= -FIVE_POWER; exponent += FIVE_POWER)
        rest |= big_divide(big, FIVE_TO_13);
    for (; exponent < 0; exponent++)
        rest |= big_divide(big, 5);

    /* The highest three words hold 64 bits and more. */
    size_t n = big->n;
    while (n < 3) {
        big_shift_words(big, 1);
        binary -= 32;
        n = big->n;
    }
    for (size_t i = 0; i < n - 3; i++)
        rest |= big->words[i] != 0;
    uint64_t top = (uint64_t)big->words[n - 1] << 32 | big->words[n - 2];
    uint32_t low = big->words[n - 3];
    binary += (int)(n - 3) * 32;
    int lead = 0;
    while (top >> (63 - lead) == 0)
        lead++;
    uint64_t mantissa = lead == 0 ? top : top << lead | low >> (32 - lead);
    rest |= (lead == 0 ? low : low << lead) != 0;
    return round_to_double(mantissa, binary + 32 - lead, rest);
}

static double digits_to_double(uint64_t digits, int exponent)
{
    double quick;
    if (digits == 0)
        return 0;
    if (digits <= UINT64_C(1) << MANTISSA_BITS && exponent >= -EXACT_POWER && exponent <= EXACT_POWER) {
        double value = (double)(int64_t)digits; /* exact, and so is the power: one operation rounds right */
        return exponent < 0 ? value / powers_of_ten[-exponent] : value * powers_of_ten[exponent];
    }
    if (number_quick(digits, exponent, &quick))
        return quick;
    if (exponent > GREATEST_POWER)
        return HUGE_VAL;
    if (exponent < LEAST_POWER - 20) /* the digits are below 10^20 */
        return 0;
    struct big big = {.words = {(uint32_t)digits, (uint32_t)(digits >> 32)}, .n = digits >> 32 != 0 ? 2 : 1};
    return big_to_double(&big, exponent);
}

/* ---- reading ---- */

/* Text cut into its parts: digits (with their point, where there is one) and the exponent. */
struct decimal {
    bool negative;
    const char *first, *end; /* the digits and the point */
    uint64_t digits;       /* the value of all digits without the point, where there are at most 19 significant ones */
    int64_t n_significant; /* without leading zeros */
    int64_t exponent;      /* of the last digit */
};

enum { DIGITS_OF_UINT64 = 19, EXPONENT_LIMIT = 1000000000 };

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* The exponent at p, up to end; its sum with the decimal's stays far from overflow. */
static bool parse_exponent(const char *p, const char *end, int64_t *out)
{
    int64_t exponent = 0;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    for (; p < end && is_digit(*p); p++)
        exponent = exponent < EXPONENT_LIMIT ? exponent * 10 + (*p - '0') : exponent;
    *out += negative ? -exponent : exponent;
    return p == end;
}

static bool parse_decimal(const char *p, const char *end, struct decimal *decimal)
{
    uint64_t digits = 0;
    decimal->negative = *p == '-';
    p += *p == '-' || *p == '+';
    const char *first = p;
    while (p < end && is_digit(*p))
        digits = digits * 10 + (uint64_t)(*p++ - '0');
    int64_t n_digits = p - first;
    decimal->exponent = 0;
    if (p < end && *p == '.') {
        const char *fraction = ++p;
        while (p < end && is_digit(*p))
            digits = digits * 10 + (uint64_t)(*p++ - '0');
        decimal->exponent = fraction - p;
        n_digits += p - fraction;
    }
    if (n_digits == 0)
        return false;
    decimal->first = first;
    decimal->end = p;
    decimal->digits = digits;
    decimal->n_significant = n_digits;
    if (n_digits > DIGITS_OF_UINT64)
        for (; first < p && (*first == '0' || *first == '.'); first++)
            decimal->n_significant -= *first == '0';
    if (p == end)
        return true;
    return (*p == 'e' || *p == 'E') && parse_exponent(p + 1, end, &decimal->exponent);
}

/* More digits than 64 bits hold. */
static double long_decimal_to_double(const struct decimal *decimal)
{
    struct big big = {.n = 0};
    int64_t n = 0;
    bool rest = false;
    if (decimal->n_significant + decimal->exponent > GREATEST_POWER + 1)
        return HUGE_VAL;
    if (decimal->n_significant + decimal->exponent < LEAST_POWER)
        return 0;
    for (const char *p = decimal->first; p < decimal->end; p++) {
        if (*p == '.' || (n == 0 && *p == '0'))
            continue;
        if (n++ < SIGNIFICANT_DIGITS)
            big_multiply_add(&big, 10, (uint32_t)(*p - '0'));
        else
            rest |= *p != '0';
    }
    int64_t exponent = decimal->exponent + (n > SIGNIFICANT_DIGITS ? n - SIGNIFICANT_DIGITS : 0);
    if (rest) { /* one more digit stands for all that was left out */
        big_multiply_add(&big, 10, 1);
        exponent--;
    }
    return big_to_double(&big, (int)exponent);
}

static bool finish_parse(const struct decimal *decimal, double *out)
{
    double value = 0;
    if (decimal->n_significant > DIGITS_OF_UINT64)
        value = long_decimal_to_double(decimal);
    else if (decimal->digits == 0 || decimal->exponent < -EXPONENT_LIMIT / 2)
        value = 0;
    else if (decimal->exponent > EXPONENT_LIMIT / 2)
        return false;
    else
        value = digits_to_double(decimal->digits, (int)decimal->exponent);
    *out = decimal->negative ? -value : value;
    return value < HUGE_VAL;
}

bool number_parse_double(const char *text, size_t length, double *out)
{
    struct decimal decimal;
    if (length == 0 || !parse_decimal(text, text + length, &decimal))
        return false;
    /* Nearly every number there is: both the digits and the power of ten are exact, so that one division rounds
     * right. */
    if (decimal.n_significant <= DIGITS_OF_UINT64 && decimal.digits <= UINT64_C(1) << MANTISSA_BITS &&
        decimal.exponent <= 0 && decimal.exponent >= -EXACT_POWER) {
        double value = (double)(int64_t)decimal.digits / powers_of_ten[-decimal.exponent];
        *out = decimal.negative ? -value : value;
        return true;
    }
    return finish_parse(&decimal, out);
}

bool number_parse_int64(const char *text, size_t length, int64_t *out)
{
    const char *p = text, *end = text + length;
    bool negative = length > 0 && *p == '-';
    uint64_t limit = (uint64_t)INT64_MAX + negative, value = 0;
    if (length > 0 && (*p == '-' || *p == '+'))
        p++;
    if (p == end)
        return false;
    for (; p < end; p++) {
        if (!is_digit(*p) || value > limit / 10)
            return false;
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > limit)
            return false;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* ---- writing ---- */

static const char digit_pairs[201] = "00010203040506070809"
                                     "10111213141516171819"
                                     "20212223242526272829"
                                     "30313233343536373839"
                                     "40414243444546474849"
                                     "50515253545556575859"
                                     "60616263646566676869"
                                     "70717273747576777879"
                                     "80818283848586878889"
                                     "90919293949596979899";

/* Writes the digits of value so that they end before `end`; returns where they begin. */
static char *write_digits(char *end, uint64_t value)
{
    while (value >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value < 10) {
        *--end = (char)('0' + value);
        return end;
    }
    end -= 2;
    memcpy(end, digit_pairs + value * 2, 2);
    return end;
}

/* Decimal digits (at most 17) times 10^exponent. */
struct digits {
    uint64_t value;
    int exponent;
};

static size_t count_digits(uint64_t value)
{
    size_t n = 1;
    for (uint64_t power = 10; value >= power; power *= 10)
        n++;
    return n;
}

/* Plain notation of what is below 10^17. */
static size_t write_plain(struct digits digits, char *out)
{
    size_t n_decimals = digits.exponent < 0 ? (size_t)-digits.exponent : 0;
    uint64_t value = digits.value;
    for (; digits.exponent > 0; digits.exponent--)
        value *= 10;
    size_t n = count_digits(value);
    size_t length = n_decimals == 0 ? n : n > n_decimals ? n + 1 : n_decimals + 2;
    char *p = out + length;
    if (n_decimals > 0) {
        for (size_t i = n_decimals / 2; i > 0; i--, value /= 100)
            memcpy(p -= 2, digit_pairs + value % 100 * 2, 2);
        if (n_decimals % 2 != 0) {
            *--p = (char)('0' + value % 10);
            value /= 10;
        }
        *--p = '.';
    }
    write_digits(p, value);
    return length;
}

/* "1.5e-07" */
static size_t write_scientific(struct digits digits, char *out)
{
    char text[DIGITS_MAX + 3];
    char *end = text + sizeof text, *first = write_digits(end, digits.value);
    size_t n = (size_t)(end - first), length = 0;
    int exponent = digits.exponent + (int)n - 1;
    out[length++] = first[0];
    if (n > 1) {
        out[length++] = '.';
        memcpy(out + length, first + 1, n - 1);
        length += n - 1;
    }
    out[length++] = 'e';
    out[length++] = exponent < 0 ? '-' : '+';
    exponent = exponent < 0 ? -exponent : exponent;
    first = write_digits(end, (uint64_t)exponent);
    if (exponent < 10)
        *--first = '0';
    memcpy(out + length, first, (size_t)(end - first));
    return length + (size_t)(end - first);
}

/* The decimal of n_digits digits nearest to value > 0. printf is exact; its decimal point, which depends on the
 * locale, is stepped over. */
static struct digits round_to_digits(double value, int n_digits)
{
    char text[64];
    struct digits digits = {0, 0};
    int64_t exponent = 0;
    int length = snprintf(text, sizeof text, "%.*e", n_digits - 1, value);
    const char *p = text, *end = text + length;
    for (; *p != 'e'; p++)
        if (is_digit(*p))
            digits.value = digits.value * 10 + (uint64_t)(*p - '0');
    if (parse_exponent(p + 1, end, &exponent))
        digits.exponent = (int)exponent - n_digits + 1;
    return digits;
}

static bool reads_back(struct digits digits, double value)
{
    return digits_to_double(digits.value, digits.exponent) == value;
}

/* The shortest digits for any finite value > 0. */
static struct digits shortest_digits(double value)
{
    /* Below the normal numbers even one digit may do. */
    int n = value < 2.2250738585072014e-308 ? 1 : DIGITS_SAFE;
    struct digits digits = round_to_digits(value, n);
    while (n < DIGITS_MAX && !reads_back(digits, value)) {
        /* At a power of two the doubles below lie closer than those above: there the nearest decimal may miss, and
         * the one above it hit. */
        struct digits above = {digits.value + 1, digits.exponent};
        if (n > DIGITS_SAFE && reads_back(above, value))
            digits = above;
        else
            digits = round_to_digits(value, ++n);
    }
    while (digits.value % 10 == 0) {
        digits.value /= 10;
        digits.exponent++;
    }
    return digits;
}

/* The integer nearest to value * 10^decimals (ties to even, as printf has it), below 2^63: of the product, the sum of a
 * double and its exact error. */
static struct digits scale_to_integer(double value, int decimals)
{
    double product = value * powers_of_ten[decimals];
    double whole = floor(product);
    double rest = product - whole + fma(value, powers_of_ten[decimals], -product);
    int64_t integer = (int64_t)whole + (int64_t)floor(rest);
    rest -= floor(rest);
    integer += rest > 0.5 || (rest == 0.5 && integer % 2 != 0);
    return (struct digits){(uint64_t)integer, -decimals};
}

/* 16 digits where they do, else 17, which always do. Not for powers of two (see shortest_digits). */
static bool many_decimals(double value, int decimals, struct digits *out)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & ((UINT64_C(1) << (MANTISSA_BITS - 1)) - 1)) == 0 || decimals + 1 > EXACT_POWER)
        return false;
    *out = scale_to_integer(value, decimals);
    if (!reads_back(*out, value))
        *out = scale_to_integer(value, decimals + 1);
    return true;
}

/* The usual cases, without printf. First the fewest decimals with which value * 10^decimals is an integer of at most 15
 * digits that reads back: it is the only one that does. False for what these powers of ten do not reach. */
static bool quick_digits(double value, struct digits *out)
{
    int decimals = 0;
    for (; decimals <= EXACT_POWER; decimals++) {
        double scaled = value * powers_of_ten[decimals];
        if (scaled >= 1e15)
            break;
        int64_t integer = (int64_t)(scaled + 0.5);
        double error = scaled - (double)integer;
        /* The product is off by two roundings at most; the division settles it. */
        if (fabs(error) <= scaled * 0x1p-51 && (double)integer / powers_of_ten[decimals] == value) {
            *out = (struct digits){(uint64_t)integer, -decimals};
            return true;
        }
    }
    return decimals > 0 && many_decimals(value, decimals, out);
}

static size_t write_special(double value, char *out)
{
    const char *text = isnan(value) ? "nan" : value == 0 ? "0" : "inf";
    size_t length = strlen(text);
    memcpy(out, text, length);
    return length;
}

static size_t write_positive(double value, char *out)
{
    struct digits digits = {0, 0};
    if (!(value > 0 && value < HUGE_VAL))
        return write_special(value, out);
    if (!quick_digits(value, &digits))
        digits = shortest_digits(value);
    return value >= 1e-5 && value < 1e17 ? write_plain(digits, out) : write_scientific(digits, out);
}

size_t number_format_double(double value, char out[NUMBER_TEXT_BYTES])
{
    size_t sign = signbit(value) && !isnan(value);
    out[0] = '-';
    size_t length = sign + write_positive(sign ? -value : value, out + sign);
    out[length] = '\0';
    return length;
}

size_t number_format_int64(int64_t value, char out[NUMBER_TEXT_BYTES])
{
    char text[24];
    char *end = text + sizeof text;
    char *first = write_digits(end, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    if (value < 0)
        *--first = '-';
    size_t length = (size_t)(end - first);
    memcpy(out, first, length);
    out[length] = '\0';
    return length;
}
