/* Rows out of CSV text, for tests: a header of names, then a line a row. Columns of the type have its column types; of others the
 * header says it ("spread:double"). Times are ISO 8601 or numbers in the column's unit, empty is null, "buy" and the like are text. */
#ifndef TESTS_UNIT_OPS_ROWS_TEXT_H
#define TESTS_UNIT_OPS_ROWS_TEXT_H

#include "column/batch.h"
#include "column/data_type.h"

/* Cuts a line at its commas, in place; the number of fields. */
size_t rows_text_split(char *line, char **fields, size_t most);
/* The batch owns its schema. Bad text fails the test. */
void rows_text_read(const char *text, const struct data_type *type, struct batch *out);

#endif
