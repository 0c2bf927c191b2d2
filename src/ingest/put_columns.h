/* Which columns of a table become which of a dataset, by their names; and of what type each is to be.
 *
 * Columns are called as the type calls them; only `timestamp` may stand for ts, and `qty` or `size` for a trade's amount, where there is no such column.
 * Others are kept under their own names, in the type that the dataset has them in already, else in their own; those that were exported
 * without a type (all null) are left out. What is missing is named in one message, with columns that were perhaps meant.
 *
 *     TRY(put_columns_plan(&wishes, adapter, &columns, err));
 *     … columns.schema, columns.items …
 *     out: put_columns_release(&columns); */
#ifndef INGEST_PUT_COLUMNS_H
#define INGEST_PUT_COLUMNS_H

#include "column/arrow_adapt.h"
#include "column/data_type.h"

struct put_wishes {
    const struct data_type *type;
    const struct schema *stored; /* columns that the dataset has; NULL: none */
    bool is_partial;
};

struct put_column {
    size_t source;      /* of the adapter's schema */
    bool is_null;       /* all of it, and without a type of its own */
    bool is_nan_null;   /* what is no number is no value */
    bool is_never_null; /* rows must have it */
    bool is_time_key;
};

struct put_columns {
    struct schema *schema; /* ts, the type's others in its order, the table's others in its */
    struct put_column *items;
    size_t n;
};

/* *out is zeroed; also on failure it is to be released. */
LAKE_MUST_CHECK lake_status put_columns_plan(const struct put_wishes *wishes, const struct arrow_adapter *adapter,
                                             struct put_columns *out, struct lake_error *err);
void put_columns_release(struct put_columns *columns);

#endif
