/*
 * A small random model with two sequences, and the three passes over it that the tests repeat in many ways:
 *
 *   1. APPEND over all rows, replacing x
 *   2. READ over some rows, added with gates
 *   3. OVERLAY over some rows, added with gates
 *
 * A run with the same seed and shape has the same inputs, however it is split.
 */
#ifndef MOR4J_TEST_MODEL_H
#define MOR4J_TEST_MODEL_H

#include "support.h"

#define MODEL_LAYERS 2
#define MODEL_SEQUENCES 2

typedef struct model {
    mor4j_shape shape;
    mor4j_layer layers[MODEL_LAYERS];
    int64_t lengths[MODEL_SEQUENCES];
    uint64_t seed; /* of the activations */
} model;

typedef struct model_run {
    int64_t rows;      /* both sequences' tokens, alternating while both have some */
    float *x;          /* [rows, H]                                                */
    int64_t *sequence; /* [rows]                                                   */
    int64_t *position; /* [rows]                                                   */
    uint64_t *pages[MODEL_SEQUENCES], *overlay_pages[MODEL_SEQUENCES];
    int64_t page_count[MODEL_SEQUENCES];
    int32_t *overlay_slots[MODEL_SEQUENCES]; /* [length] */
    int32_t layer_mode; /* where rows decide: APPEND for pass 2, OVERLAY for 1 and 2, READ: the mode of each pass */
} model_run;

/* dtype: of the matrices; MIXED_ROWS: now float32, now bfloat16, row-major. */
#define MIXED_ROWS (-1)
model make_model(uint64_t seed, mor4j_shape shape, int32_t dtype, int64_t first_length, int64_t second_length);
void free_model(model *m);

model_run start_run(const model *m);
void free_run(const model *m, model_run *run);
int64_t run_page_bytes(const model *m);

/* Does row i take part in pass 2 or 3? */
bool takes_part(const model_run *run, int pass, int64_t row);
/* The gate of row i in these passes; one in seven is 0. */
float gate_of(int pass, int64_t row);
/* cos then sin of a position, [DH] */
void fill_rope(const model *m, int64_t position, float *rope);

/* All three passes, each split into calls of at most `most` rows: exactly that many, or with a seed a random number. */
void run_passes(const model *m, model_run *run, mor4j_context *context, int64_t most, uint64_t split_seed);

/* Bit for bit: x, and what the passes wrote to pages and overlay pages. */
void check_same_run(const model *m, const model_run *a, const model_run *b, const char *what);

#endif
