#include "ingest/csv_decimals.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "ingest/csv_digits.h"

enum { MOST_DIGITS = 19 };

static const uint64_t ten_to[] = {UINT64_C(1),
                                  UINT64_C(10),
                                  UINT64_C(100),
                                  UINT64_C(1000),
                                  UINT64_C(10000),
                                  UINT64_C(100000),
                                  UINT64_C(1000000),
                                  UINT64_C(10000000),
                                  UINT64_C(100000000),
                                  UINT64_C(1000000000),
                                  UINT64_C(10000000000),
                                  UINT64_C(100000000000),
                                  UINT64_C(1000000000000),
                                  UINT64_C(10000000000000),
                                  UINT64_C(100000000000000),
                                  UINT64_C(1000000000000000),
                                  UINT64_C(10000000000000000)};

/* A decimal while it is read. */
struct decimal {
    uint64_t digits;
    uint8_t form;
};

static const struct decimal other = {0, CSV_DECIMAL_OTHER};

/* Digits that are too many for a double may end in zeros that say nothing ("769101.20000000"). */
static struct decimal without_zeros(struct decimal decimal)
{
    while (decimal.digits > CSV_EXACT_INTEGERS && (decimal.form & CSV_DECIMAL_PLACES) > 0 && decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        decimal.form--;
    }
    return decimal;
}

static struct decimal read_portable(struct csv_span text)
{
    struct decimal decimal = {0, 0};
    const char *p = text.data, *end = text.data + text.length;
    uint64_t fraction = 0;
    if (p < end && *p == '-') {
        decimal.form = CSV_DECIMAL_NEGATIVE;
        p++;
    }
    size_t n_whole = csv_digits(p, &decimal.digits);
    if (n_whole == CSV_TOO_MANY_DIGITS)
        return other;
    p += n_whole;
    if (p == end && n_whole > 0)
        return decimal;
    if (p >= end || *p != '.')
        return other;
    size_t n_fraction = csv_digits(p + 1, &fraction);
    if (n_fraction == CSV_TOO_MANY_DIGITS || p + 1 + n_fraction != end || n_whole + n_fraction == 0 ||
        n_whole + n_fraction > MOST_DIGITS)
        return other;
    decimal.digits = decimal.digits * ten_to[n_fraction] + fraction;
    decimal.form |= (uint8_t)n_fraction;
    return without_zeros(decimal);
}

void csv_decimals_read_portable(const struct csv_window *window, size_t field, struct csv_decimals *out)
{
    for (size_t i = 0; i < window->n_records; i++) {
        struct decimal decimal = read_portable(csv_window_field(window, i, field));
        out->digits[i] = decimal.digits;
        out->form[i] = decimal.form;
    }
}

#if defined(__x86_64__)

#define WITH_AVX2 __attribute__((target("avx2,bmi,bmi2")))

enum { LANE = 16, NO_POINT = 33 };

/* From byte n on: where the bytes of a text of length n go so that it stands at the lane's end; 0xc0 leaves a zero. */
static const uint8_t align_right[2 * LANE] = {0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
                                              0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0,    1,    2,    3,    4,    5,
                                              6,    7,    8,    9,    10,   11,   12,   13,   14,   15};
/* From byte NO_POINT + n on, added to that: what stands before the last n bytes moves by one, over the point. Without a point n is
 * below -LANE, and nothing moves. */
static const uint8_t over_point[NO_POINT + 2 * LANE] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,   0, 0,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,   0, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* Of NO_POINT + n: 10 to n, and 1 where there is no point. */
static const double powers_from_no_point[NO_POINT + LANE] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1,   1,   1,   1,   1,   1,   1,   1,   1,   1,   1,    1,    1,    1,    1,    1,   1,
    1, 1, 1, 1, 1, 1, 1, 1, 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

WITH_AVX2 static inline __m128i load_lane(const void *p)
{
    return _mm_loadu_si128(p);
}

/* The lane's sixteen digits as a number: pairs, fours, eights. */
WITH_AVX2 static inline uint64_t join_digits(__m128i digits)
{
    const __m128i tens = _mm_set1_epi16(1 << 8 | 10), hundreds = _mm_set1_epi32(1 << 16 | 100);
    const __m128i ten_thousands = _mm_set1_epi32(1 << 16 | 10000);
    __m128i fours = _mm_madd_epi16(_mm_maddubs_epi16(digits, tens), hundreds);
    __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), ten_thousands);
    uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    return (both & UINT32_MAX) * 100000000 + (both >> 32);
}

/* Digits behind the point of the number in the lane, which has `length` bytes; without a point a number below -LANE. */
WITH_AVX2 static inline ptrdiff_t count_places(__m128i text, size_t length)
{
    uint32_t points = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.')));
    return (ptrdiff_t)length - 1 - (ptrdiff_t)_tzcnt_u32(_bzhi_u32(points, (uint32_t)length));
}

/* The digits of a number of at most sixteen bytes at the lane's end, without its point. What is no digit is above nine. */
WITH_AVX2 static inline __m128i align_digits(__m128i text, size_t length, ptrdiff_t n_places)
{
    __m128i places = _mm_add_epi8(load_lane(align_right + length), load_lane(over_point + NO_POINT + n_places));
    return _mm_shuffle_epi8(_mm_sub_epi8(text, _mm_set1_epi8('0')), places);
}

/* A number of at most sixteen bytes with its point, without a sign. */
WITH_AVX2 static inline struct decimal read_short(const char *p, size_t length)
{
    __m128i text = load_lane(p);
    ptrdiff_t n_places = count_places(text, length);
    __m128i digits = align_digits(text, length, n_places);
    __m128i beyond_nine = _mm_subs_epu8(digits, _mm_set1_epi8(9));
    bool has_point = n_places >= 0;
    if (_mm_testz_si128(beyond_nine, beyond_nine) == 0 || length == has_point)
        return other;
    return (struct decimal){join_digits(digits), (uint8_t)(has_point ? n_places : 0)};
}

/* One of up to twenty bytes: the last sixteen, and what stands before them. */
WITH_AVX2 static struct decimal read_long(const char *p, size_t length)
{
    size_t n_head = length - LANE;
    if (length > MOST_DIGITS + 1)
        return other;
    struct decimal head = read_short(p, n_head), tail = read_short(p + n_head, LANE);
    size_t head_places = head.form & CSV_DECIMAL_PLACES;
    bool head_has_point = head_places > 0 || p[n_head - 1] == '.', tail_has_point = false;
    for (size_t i = n_head; i < length; i++)
        tail_has_point |= p[i] == '.';
    if (((head.form | tail.form) & CSV_DECIMAL_OTHER) != 0 || head_has_point == tail_has_point)
        return other;
    tail.digits += head.digits * ten_to[LANE - tail_has_point];
    tail.form = (uint8_t)(tail_has_point ? tail.form : head_places + LANE);
    return tail;
}

WITH_AVX2 static void read_avx2(const struct csv_window *window, size_t field, struct csv_decimals *out)
{
    for (size_t i = 0; i < window->n_records; i++) {
        struct csv_span text = csv_window_field(window, i, field);
        size_t is_negative = *text.data == '-';
        text.data += is_negative;
        text.length -= is_negative;
        struct decimal decimal =
            text.length <= LANE ? read_short(text.data, text.length) : without_zeros(read_long(text.data, text.length));
        out->digits[i] = decimal.digits;
        out->form[i] = (uint8_t)(decimal.form | (is_negative != 0 ? CSV_DECIMAL_NEGATIVE : 0));
    }
}

/* What the numbers of a field have together: whether each is as plain as it must be. */
struct plainness {
    __m128i beyond_nine; /* not zero: there is something else than digits */
    __m128i first;       /* of the texts, as digits; a point there could be all there is */
    size_t lengths;      /* each less one, or'ed: the empty one is the greatest */
    uint64_t digits;     /* or'ed */
};

WITH_AVX2 static inline bool is_plain(const struct plainness *all)
{
    return _mm_testz_si128(all->beyond_nine, all->beyond_nine) != 0 && (_mm_cvtsi128_si32(all->first) & 0x80) == 0 &&
           all->lengths < LANE && all->digits < CSV_EXACT_INTEGERS;
}

/* Notes the lane, and returns the number of its digits. */
WITH_AVX2 static inline uint64_t add_plain(struct plainness *all, __m128i text, __m128i digits)
{
    uint64_t value = join_digits(digits);
    all->beyond_nine = _mm_or_si128(all->beyond_nine, _mm_subs_epu8(digits, _mm_set1_epi8(9)));
    all->first = _mm_or_si128(all->first, _mm_sub_epi8(text, _mm_set1_epi8('0')));
    all->digits |= value;
    return value;
}

/* Bytes behind the field, of every record: the carriage return before the line feed, where each has one. */
static size_t bytes_behind(const struct csv_window *window, size_t field)
{
    if (field + 1 < window->n_fields)
        return 0;
    for (size_t i = 0; i < window->n_records; i++) {
        uint32_t end = window->ends[i * window->n_fields + field];
        if (end == 0 || window->text[end - 1] != '\r')
            return 0;
    }
    return 1;
}

WITH_AVX2 static bool doubles_avx2(const struct csv_window *window, size_t field, double *out)
{
    struct plainness all = {_mm_setzero_si128(), _mm_setzero_si128(), 0, 0};
    const uint32_t *ends = window->ends + field;
    const char *text = window->text - bytes_behind(window, field) - 1;
    for (size_t i = 0; i < window->n_records; i++, ends += window->n_fields) {
        const char *p = window->text + (uint32_t)(ends[-1] + 1);
        size_t longer = (size_t)(text + *ends - p), length = longer % LANE + 1;
        __m128i lane = load_lane(p);
        ptrdiff_t n_places = count_places(lane, length);
        uint64_t digits = add_plain(&all, lane, align_digits(lane, length, n_places));
        all.lengths |= longer;
        out[i] = (double)(int64_t)digits / powers_from_no_point[NO_POINT + n_places];
    }
    return is_plain(&all);
}

WITH_AVX2 static bool integers_avx2(const struct csv_window *window, size_t field, int64_t *out)
{
    struct plainness all = {_mm_setzero_si128(), _mm_setzero_si128(), 0, 0};
    const uint32_t *ends = window->ends + field;
    const char *text = window->text - bytes_behind(window, field) - 1;
    for (size_t i = 0; i < window->n_records; i++, ends += window->n_fields) {
        const char *p = window->text + (uint32_t)(ends[-1] + 1);
        size_t longer = (size_t)(text + *ends - p), length = longer % LANE + 1;
        __m128i lane = load_lane(p);
        __m128i digits = _mm_shuffle_epi8(_mm_sub_epi8(lane, _mm_set1_epi8('0')), load_lane(align_right + length));
        out[i] = (int64_t)add_plain(&all, lane, digits);
        all.lengths |= longer;
    }
    return is_plain(&all);
}

#endif

static bool has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#else
    return false;
#endif
}

void csv_decimals_read(const struct csv_window *window, size_t field, struct csv_decimals *out)
{
#if defined(__x86_64__)
    if (has_avx2()) {
        read_avx2(window, field, out);
        return;
    }
#endif
    csv_decimals_read_portable(window, field, out);
}

bool csv_decimals_doubles(const struct csv_window *window, size_t field, double *out)
{
#if defined(__x86_64__)
    if (has_avx2() && !window->has_quotes)
        return doubles_avx2(window, field, out);
#endif
    (void)window;
    (void)field;
    (void)out;
    return false;
}

bool csv_decimals_integers(const struct csv_window *window, size_t field, int64_t *out)
{
#if defined(__x86_64__)
    if (has_avx2() && !window->has_quotes)
        return integers_avx2(window, field, out);
#endif
    (void)window;
    (void)field;
    (void)out;
    return false;
}
