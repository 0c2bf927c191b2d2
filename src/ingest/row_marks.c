#include "ingest/row_marks.h"

#include <string.h>

#include "base/memory.h"

void row_marks_start(struct row_marks *marks, int64_t n_rows)
{
    marks->n_rows = n_rows;
    marks->n_marked = 0;
}

static lake_status make_room(struct row_marks *marks, struct lake_error *err)
{
    if (marks->capacity < (size_t)marks->n_rows) {
        TRY(memory_resize(&marks->rules, (size_t)marks->n_rows, 1, err));
        marks->capacity = (size_t)marks->n_rows;
    }
    memset(marks->rules, RULE_NONE, (size_t)marks->n_rows);
    return LAKE_OK;
}

lake_status row_marks_set(struct row_marks *marks, int64_t row, enum row_rule rule, struct lake_error *err)
{
    if (marks->n_marked == 0)
        TRY(make_room(marks, err));
    uint8_t *mark = &marks->rules[row];
    marks->n_marked += *mark == RULE_NONE;
    if (*mark == RULE_NONE || rule < (enum row_rule) * mark)
        *mark = (uint8_t)rule;
    return LAKE_OK;
}

void row_marks_release(struct row_marks *marks)
{
    memory_free(marks->rules);
    *marks = (struct row_marks){0};
}
