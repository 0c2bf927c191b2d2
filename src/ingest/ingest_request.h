/* What is asked of an ingest, checked and in the words of those who do it. Nothing here looks at a source. */
#ifndef INGEST_INGEST_REQUEST_H
#define INGEST_INGEST_REQUEST_H

#include <datalake/lake.h>

#include "ingest/csv_layout.h"

struct ingest_request {
    const struct lake_ingest_options *options; /* borrowed */
    const struct data_type *type;              /* NULL: told by the sources */
    const struct period *period;               /* NULL: told by the sources */
    struct csv_wishes wishes;                  /* but for what a source's name or an earlier source adds */
    const char *rejects_path;                  /* NULL: none */
    int64_t max_rejects;
    bool is_close_stamp;
};

LAKE_MUST_CHECK lake_status ingest_request_check(struct lake *lake, const struct lake_ingest_options *options,
                                                 struct ingest_request *out, struct lake_error *err);

static inline bool ingest_is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

#endif
