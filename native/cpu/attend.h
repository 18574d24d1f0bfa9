/* The attention of a pass, split over the team. */
#ifndef MOR4J_ATTEND_H
#define MOR4J_ATTEND_H

#include "kernels/kernels.h"
#include "team.h"

/* Rows up to which a row's context is split too; more keep a team busy as they are. */
#define MOR4J_SPLIT_ROWS 8

/* Floats that mor4j_attention.segments needs for a pass of up to `rows` rows: a workspace serves smaller passes too.
   For a valid shape. */
int64_t mor4j_attention_scratch(const mor4j_shape *shape, int64_t rows);

/* One phase or two: out of all rows. entries: of the cache, what each row sees, summed. Only from the thread that runs
   the call. */
void mor4j_attend(const mor4j_team *team, const mor4j_kernels *kernels, const mor4j_attention *attention, int64_t rows,
                  int64_t entries);

#endif
