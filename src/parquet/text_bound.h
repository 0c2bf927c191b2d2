/* Bounds of texts: whole where they are short, else cut so that they still bound (statistics.h). */
#ifndef PARQUET_TEXT_BOUND_H
#define PARQUET_TEXT_BOUND_H

#include "parquet/statistics.h"

/* False where no bound of at most STATISTICS_BOUND_BYTES can be given: the text may not be cut, is not the UTF-8 it should
 * be, or has no character that can be raised. */
bool text_bound_min(struct text_view text, bool may_cut, bool is_utf8, struct bound *out);
bool text_bound_max(struct text_view text, bool may_cut, bool is_utf8, struct bound *out);

#endif
