/* Rows that came into a partition: gathered for a staging, and kept for the next.
 *
 * They are gathered in order of arrival: what earlier stagings kept, then what was collected since. What is kept must tell a next
 * staging as much as the rows told this one. For rows with keys the merged rows do (I8), and rows that are all stored already need not be
 * kept at all. Rows that are counted (lake/merge.h) are counted a source at a time, and more of the same source may come: so they
 * are always kept, merged where they are of one source, which is remembered, else as they came. */
#ifndef LAKE_PARTITION_INCOMING_H
#define LAKE_PARTITION_INCOMING_H

#include "lake/partition_file.h"

enum incoming_sources {
    INCOMING_KEYED,  /* no row is counted */
    INCOMING_OF_ONE, /* those that are, are of one source */
    INCOMING_OF_SEVERAL
};

struct incoming {
    struct batch rows; /* without a schema: none */
    enum incoming_sources sources;
    int32_t source; /* of INCOMING_OF_ONE */
};

/* Takes what was collected; what was kept stays. Rows are as they came. */
LAKE_MUST_CHECK lake_status incoming_gather(struct incoming *incoming, struct partition *partition,
                                            const struct data_type *type, struct partition_tools *tools,
                                            struct lake_error *err);
void incoming_release(struct incoming *incoming);
/* Keeps rows that only tell as they came, which they still are; does nothing for others. */
LAKE_MUST_CHECK lake_status incoming_keep_arrived(const struct incoming *incoming, struct partition *partition,
                                                  const struct staging *staging, struct partition_tools *tools,
                                                  struct lake_error *err);
/* Keeps the others, which are sorted now. Without rows: what was staged is them, and nothing else. */
LAKE_MUST_CHECK lake_status incoming_keep_sorted(const struct incoming *incoming, struct partition *partition,
                                                 const struct staging *staging, struct partition_tools *tools,
                                                 struct lake_error *err);

#endif
