/* What csv_layout_detect knows while it works, for its parts. */
#ifndef INGEST_CSV_DETECTION_H
#define INGEST_CSV_DETECTION_H

#include "ingest/csv_layout.h"
#include "ingest/csv_opening.h"

struct csv_detection {
    struct csv_layout *layout;
    const struct csv_input *input;
    struct csv_opening opening;
    struct arena arena; /* of what is not needed afterwards */
};

LAKE_MUST_CHECK lake_status csv_detection_note(struct csv_detection *d, struct finding finding, struct lake_error *err);

/* How the times are written, once the fields are known: order of dates, units, zone, and whether the rows come newest
 * first. */
LAKE_MUST_CHECK lake_status csv_detection_take_times(struct csv_detection *d, struct lake_error *err);

#endif
