#include "ingest/csv_marks.h"

#include <string.h>

enum { GROUP_DIGITS = 3, LAKH_DIGITS = 2 };

/* What the marks of one value say. */
struct evidence {
    bool is_number;
    size_t n_commas, n_points, n_others; /* others: blanks, apostrophes */
    char last, other;
    bool is_grouped; /* behind each mark stand three digits, before the first one to three; or they are lakhs */
    bool is_lakhs;   /* "12,34,567.5": so far, groups of two before the last one, of three */
    size_t n_last;   /* digits behind the last mark */
    bool has_zero;   /* the whole part is 0 */
};

static bool is_mark(char c)
{
    return c == ',' || c == '.' || c == '\'' || c == ' ';
}

static void count_mark(struct evidence *e, char c, size_t n_before, bool is_first)
{
    bool is_lakh = is_first ? n_before >= 1 && n_before <= LAKH_DIGITS : n_before == LAKH_DIGITS;
    e->is_lakhs = e->is_lakhs && (c == ',' ? is_lakh && e->n_points == 0 : c == '.' && n_before == GROUP_DIGITS);
    e->is_grouped = e->is_grouped && (is_first ? n_before >= 1 && n_before <= GROUP_DIGITS : n_before == GROUP_DIGITS);
    e->n_commas += c == ',';
    e->n_points += c == '.';
    e->n_others += c == ' ' || c == '\'';
    e->other = c == ' ' || c == '\'' ? c : e->other;
    e->last = c;
}

/* Looks at "$1,234.5K"; units and signs around the digits are stepped over. */
static struct evidence look(struct csv_span value)
{
    struct evidence e = {.is_grouped = true, .is_lakhs = true};
    const char *p = value.data, *end = value.data + value.length;
    size_t n_digits = 0, n_group = 0, n_marks = 0;
    while (p < end && (*p == '-' || *p == '+' || *p == '$'))
        p++;
    e.has_zero = p < end && *p == '0';
    if (p < end && memchr("%KkMBbT", end[-1], 7) != NULL)
        end--;
    for (; p < end; p++) {
        if (*p >= '0' && *p <= '9') {
            n_digits++;
            n_group++;
        } else if (is_mark(*p)) {
            count_mark(&e, *p, n_group, n_marks++ == 0);
            n_group = 0;
        } else {
            return e;
        }
    }
    e.n_last = n_group;
    e.is_grouped = e.is_grouped || (e.is_lakhs && (e.last == '.' || n_group == GROUP_DIGITS));
    e.is_number = n_digits > 0;
    return e;
}

/* 1: the comma is the decimal mark, -1: the point is, 0: both can be. */
static int vote(const struct evidence *e)
{
    bool has_group = e->is_grouped && e->n_last == GROUP_DIGITS && !e->has_zero;
    if (e->n_commas > 0 && e->n_points > 0)
        return e->last == ',' ? 1 : -1;
    if (e->n_commas + e->n_points == 0)
        return 0;
    if (e->n_commas > 1)
        return has_group ? -1 : 0;
    if (e->n_points > 1)
        return has_group ? 1 : 0;
    if (!has_group || e->n_others > 0)
        return e->n_commas > 0 ? 1 : -1;
    return 0;
}

struct csv_marks csv_marks_tell(const struct csv_span *values, size_t n, char decimal)
{
    struct csv_marks marks = {.decimal = '.'};
    size_t n_comma = 0, n_point = 0, n_open = 0;
    char other = '\0';
    bool has_points = false;
    for (size_t i = 0; i < n; i++) {
        struct evidence e = look(values[i]);
        if (!e.is_number || e.n_commas + e.n_points + e.n_others == 0)
            continue;
        int side = vote(&e);
        n_comma += side > 0;
        n_point += side < 0;
        n_open += side == 0 && e.n_commas > 0;
        marks.has_commas = marks.has_commas || e.n_commas > 0;
        has_points = has_points || (e.n_points > 0 && e.is_grouped && (e.last == ',' || e.n_last == GROUP_DIGITS));
        other = e.n_others > 0 && e.is_grouped ? e.other : other;
        if (e.n_commas > 0 && marks.example.data == NULL)
            marks.example = values[i];
    }
    if (!marks.has_commas && decimal == '\0' && n_comma == 0) {
        marks.thousands = other;
        return marks;
    }
    marks.is_ambiguous = decimal == '\0' && ((n_open > 0 && n_comma + n_point == 0) || (n_comma > 0 && n_point > 0));
    marks.decimal = decimal != '\0' ? decimal : n_comma > n_point ? ',' : '.';
    if (marks.decimal == ',')
        marks.thousands = has_points ? '.' : other;
    else
        marks.thousands = marks.has_commas ? ',' : other;
    return marks;
}

/* A number with a mark that is to go or to change; dates in digits and points have no groups of three. */
static bool is_rewritable(const struct evidence *e, const struct csv_marks *marks)
{
    size_t n_marks = e->n_commas + e->n_points + e->n_others;
    bool is_plain = n_marks == 0 || (n_marks == 1 && e->last == '.' && marks->decimal == '.');
    bool is_decimal = e->last == marks->decimal;
    if (!e->is_number || is_plain)
        return false;
    return (n_marks == 1 && is_decimal) || (e->is_grouped && (is_decimal || e->n_last == GROUP_DIGITS));
}

lake_status csv_marks_remove(const struct csv_marks *marks, struct csv_span *values, size_t n, struct arena *arena,
                             struct lake_error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct evidence e = look(values[i]);
        char *text = NULL;
        size_t length = 0;
        if (!is_rewritable(&e, marks))
            continue;
        TRY(arena_new(arena, values[i].length, 1, &text, err));
        for (size_t k = 0; k < values[i].length; k++) {
            char c = values[i].data[k];
            if (c == marks->decimal)
                text[length++] = '.';
            else if (c != marks->thousands || c == '\0')
                text[length++] = c;
        }
        values[i] = (struct csv_span){text, length};
    }
    return LAKE_OK;
}
