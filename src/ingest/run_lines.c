#include "ingest/run_lines.h"

/* Rows ascend by their lines: so no line between two that are as far apart as there are rows is none. */
static int64_t line_behind(struct row_source *rows, const struct row_runs *runs, const struct row_marks *marks,
                           size_t run)
{
    if (run + 1 == runs->n_runs)
        return rows->ops->position(rows).line;
    return marks[run + 1].n_rows == 0 ? 0 : rows->ops->line(rows, run + 1, 0);
}

void run_lines_init(struct run_lines *lines, struct row_source *rows, const struct row_runs *runs,
                    const struct row_marks *marks, size_t run)
{
    *lines = (struct run_lines){
        .rows = rows,
        .run = run,
        .drops = row_marks_drops(&marks[run]),
        .first_line = rows->ops->line(rows, run, 0),
        .next_line = line_behind(rows, runs, marks, run),
    };
    lines->is_dense = lines->next_line - lines->first_line == marks[run].n_rows;
}

/* The row as it was given. */
static int64_t find_given(struct run_lines *lines, int64_t row)
{
    if (lines->drops == NULL)
        return row;
    if (row < lines->kept)
        lines->kept = lines->given = 0;
    for (;; lines->given++) {
        if (lines->drops[lines->given])
            continue;
        if (lines->kept == row)
            return lines->given;
        lines->kept++;
    }
}

int64_t run_lines_at(struct run_lines *lines, int64_t row)
{
    int64_t given = find_given(lines, row);
    if (lines->is_dense || given == 0)
        return lines->first_line + given;
    return lines->rows->ops->line(lines->rows, lines->run, given);
}
