#include "ingest/csv_index.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/bytes.h"

/* One bit for each of 64 bytes. */
struct marks {
    uint64_t ends;  /* separators and line feeds */
    uint64_t lines; /* line feeds */
    uint64_t quotes;
    uint64_t returns; /* carriage returns; looked for where there are quotes */
};

/* What the block before leaves behind for marks: each all bits or none. */
struct quoting {
    uint64_t is_inside; /* its last mark is an opening one */
    uint64_t is_closed; /* its last byte is a closing mark: an end must follow */
    uint64_t was_end;   /* its last byte is an end: a mark may open */
};

static void start(struct csv_index *index)
{
    index->storage[0] = UINT32_MAX;
    index->ends = index->storage + 1;
    index->n_ends = index->n_lines = index->n_bytes = 0;
    index->has_quotes = false;
}

static bool is_full(const struct csv_index *index)
{
    return index->n_ends > CSV_INDEX_ENDS - CSV_INDEX_BLOCK || index->n_bytes >= CSV_INDEX_BYTES;
}

/* Bits up to the lowest one that is set, without it. */
static uint64_t bits_below_lowest(uint64_t bits)
{
    return bits == 0 ? ~UINT64_C(0) : (bits & (~bits + 1)) - 1;
}

static size_t count_bits(uint64_t bits)
{
    size_t n = 0;
    for (; bits != 0; bits &= bits - 1)
        n++;
    return n;
}

/* Bit i of the result is the parity of bits 0 … i: it is set from opening marks up to before the closing ones. */
static uint64_t parities(uint64_t bits)
{
    for (int shift = 1; shift < CSV_INDEX_BLOCK; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

/* Takes the ends within quotes away. Returns the bits up to the first thing that is not a mark around a field. */
static uint64_t resolve_quotes(struct marks *marks, struct quoting *before)
{
    uint64_t inside = parities(marks->quotes) ^ before->is_inside;
    uint64_t opening = marks->quotes & inside, closing = marks->quotes & ~inside;
    uint64_t ends = marks->ends & ~inside;
    uint64_t may_open = ends << 1 | (before->was_end & 1);
    uint64_t must_end = closing << 1 | (before->is_closed & 1);
    uint64_t line_ends = ends | (marks->returns & marks->lines >> 1);
    uint64_t bad = (opening & ~may_open) | (must_end & ~line_ends) | (marks->lines & inside);
    marks->ends = ends;
    marks->lines &= ~inside;
    before->is_inside = (uint64_t)0 - (inside >> (CSV_INDEX_BLOCK - 1));
    before->is_closed = (uint64_t)0 - (closing >> (CSV_INDEX_BLOCK - 1));
    before->was_end = (uint64_t)0 - (ends >> (CSV_INDEX_BLOCK - 1));
    return bits_below_lowest(bad);
}

/* Leaves the ends that count, of a block of which `left` bytes are text; returns how many bytes were understood. */
static size_t take_marks(struct csv_index *index, struct marks *marks, struct quoting *quoting, size_t left)
{
    uint64_t kept = left < CSV_INDEX_BLOCK ? (UINT64_C(1) << left) - 1 : ~UINT64_C(0);
    if ((marks->quotes | quoting->is_inside | quoting->is_closed) != 0) {
        marks->quotes &= kept;
        kept &= resolve_quotes(marks, quoting);
        index->has_quotes = true;
    } else {
        quoting->was_end = (uint64_t)0 - (marks->ends >> (CSV_INDEX_BLOCK - 1));
    }
    marks->ends &= kept;
    marks->lines &= kept;
    return kept == ~UINT64_C(0) ? CSV_INDEX_BLOCK : count_bits(kept);
}

static struct marks look_portable(const char *text, char separator)
{
    struct marks marks = {0, 0, 0, 0};
    for (size_t i = 0; i < CSV_INDEX_BLOCK; i++) {
        marks.lines |= (uint64_t)(text[i] == '\n') << i;
        marks.ends |= (uint64_t)(text[i] == separator) << i;
        marks.quotes |= (uint64_t)(text[i] == '"') << i;
        marks.returns |= (uint64_t)(text[i] == '\r') << i;
    }
    marks.ends |= marks.lines;
    return marks;
}

void csv_index_fill_portable(struct csv_index *index, const char *text, const char *end, char separator)
{
    struct quoting quoting = {0, 0, ~UINT64_C(0)};
    size_t length = (size_t)(end - text), n = CSV_INDEX_BLOCK;
    start(index);
    for (; n == CSV_INDEX_BLOCK && !is_full(index) && index->n_bytes < length; index->n_bytes += n) {
        struct marks marks = look_portable(text + index->n_bytes, separator);
        n = take_marks(index, &marks, &quoting, length - index->n_bytes);
        for (size_t i = 0; i < n; i++) {
            index->ends[index->n_ends] = (uint32_t)(index->n_bytes + i);
            index->n_ends += (marks.ends >> i) & 1;
            index->n_lines += (marks.lines >> i) & 1;
        }
    }
}

#if defined(__x86_64__)

#define WITH_AVX2 __attribute__((target("avx2,bmi,popcnt")))

enum { LANE = 32, AT_ONCE = 12 };

WITH_AVX2 static uint64_t equal_64(__m256i low, __m256i high, char byte)
{
    __m256i wanted = _mm256_set1_epi8(byte);
    uint32_t low_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint32_t high_bits = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return (uint64_t)high_bits << LANE | low_bits;
}

WITH_AVX2 static struct marks look_avx2(const char *text, char separator)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)text);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(text + LANE));
    struct marks marks;
    marks.lines = equal_64(low, high, '\n');
    marks.ends = equal_64(low, high, separator) | marks.lines;
    marks.quotes = equal_64(low, high, '"');
    marks.returns = 0;
    return marks;
}

/* Writes AT_ONCE places whether there are so many or not: market data has few more in 64 bytes, and seldom the same number twice. */
WITH_AVX2 static void add_avx2(struct csv_index *index, struct marks marks)
{
    uint32_t *to = index->ends + index->n_ends;
    uint32_t base = (uint32_t)index->n_bytes;
    size_t n = (size_t)_mm_popcnt_u64(marks.ends);
    for (size_t i = 0; i < AT_ONCE; i++) {
        to[i] = base + (uint32_t)_tzcnt_u64(marks.ends);
        marks.ends = _blsr_u64(marks.ends);
    }
    for (size_t i = AT_ONCE; i < n; i++) {
        to[i] = base + (uint32_t)_tzcnt_u64(marks.ends);
        marks.ends = _blsr_u64(marks.ends);
    }
    index->n_ends += n;
    index->n_lines += (size_t)_mm_popcnt_u64(marks.lines);
}

WITH_AVX2 static void fill_avx2(struct csv_index *index, const char *text, const char *end, char separator)
{
    struct quoting quoting = {0, 0, ~UINT64_C(0)};
    size_t length = (size_t)(end - text), n = CSV_INDEX_BLOCK;
    start(index);
    for (; n == CSV_INDEX_BLOCK && !is_full(index) && index->n_bytes < length; index->n_bytes += n) {
        const char *block = text + index->n_bytes;
        struct marks marks = look_avx2(block, separator);
        if ((marks.quotes | quoting.is_inside | quoting.is_closed) == 0 && length - index->n_bytes >= CSV_INDEX_BLOCK) {
            quoting.was_end = (uint64_t)0 - (marks.ends >> (CSV_INDEX_BLOCK - 1));
        } else {
            marks.returns = look_avx2(block, '\r').ends & ~marks.lines;
            n = take_marks(index, &marks, &quoting, length - index->n_bytes);
        }
        add_avx2(index, marks);
    }
}

#endif

void csv_index_fill(struct csv_index *index, const char *text, const char *end, char separator)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")) {
        fill_avx2(index, text, end, separator);
        return;
    }
#endif
    csv_index_fill_portable(index, text, end, separator);
}

size_t csv_index_records(const struct csv_index *index, const char *text, size_t n_fields)
{
    size_t n = 0;
    while ((n + 1) * n_fields <= index->n_ends && text[index->ends[(n + 1) * n_fields - 1]] == '\n')
        n++;
    if (n == index->n_lines)
        return n;
    /* Some line has more or fewer fields: it may be among these. */
    for (size_t i = 0; i < n * n_fields; i++)
        if (text[index->ends[i]] == '\n' && (i + 1) % n_fields != 0)
            return i / n_fields;
    return n;
}
