/* See model.h. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

model make_model(uint64_t seed, mor4j_shape shape, int32_t dtype, int64_t first_length, int64_t second_length)
{
    model m = {.shape = shape, .lengths = {first_length, second_length}, .seed = seed + 1};
    const int64_t h = shape.hidden, q = (int64_t)shape.heads * shape.head_dim,
                  kv = (int64_t)shape.kv_heads * shape.head_dim;
    const float size = 2.0f / sqrtf((float)h);
    for (int32_t i = 0; i < MODEL_LAYERS; i++) {
        /* Number types mixed, as a checkpoint may. */
        const int32_t norms = (int32_t)random_below(&seed, 2), a = dtype == MIXED_ROWS ? norms : dtype;
        const int32_t b = dtype == MIXED_ROWS ? 1 - norms : dtype;
        m.layers[i] = (mor4j_layer){.input_norm = random_matrix(&seed, 1, h, norms, 1.5f),
                                    .q = random_matrix(&seed, q, h, b, size),
                                    .k = random_matrix(&seed, kv, h, a, size),
                                    .v = random_matrix(&seed, kv, h, b, size),
                                    .o = random_matrix(&seed, h, q, a, size),
                                    .post_norm = random_matrix(&seed, 1, h, 1 - norms, 1.5f),
                                    .gate = random_matrix(&seed, shape.intermediate, h, a, size),
                                    .up = random_matrix(&seed, shape.intermediate, h, b, size),
                                    .down = random_matrix(&seed, h, shape.intermediate, a, size),
                                    .kv_layer = MODEL_LAYERS - 1 - i,
                                    .overlay_layer = i};
    }
    return m;
}

void free_model(model *m)
{
    for (int32_t i = 0; i < MODEL_LAYERS; i++) {
        mor4j_layer *l = &m->layers[i];
        mor4j_matrix *all[] = {&l->input_norm, &l->q, &l->k, &l->v, &l->o, &l->post_norm, &l->gate, &l->up, &l->down};
        for (int j = 0; j < 9; j++) free_matrix(all[j]);
    }
}

int64_t run_page_bytes(const model *m) { return mor4j_page_bytes(&m->shape, MODEL_LAYERS); }

model_run start_run(const model *m)
{
    model_run run = {.rows = m->lengths[0] + m->lengths[1]};
    uint64_t seed = m->seed;
    run.x = guarded_floats(run.rows * m->shape.hidden);
    random_floats(&seed, run.x, run.rows * m->shape.hidden);
    run.sequence = malloc((size_t)run.rows * sizeof(int64_t));
    run.position = malloc((size_t)run.rows * sizeof(int64_t));
    int64_t at[MODEL_SEQUENCES] = {0, 0};
    for (int64_t i = 0; i < run.rows; i++) {
        const int64_t s = at[i % 2] < m->lengths[i % 2] ? i % 2 : 1 - i % 2;
        run.sequence[i] = s;
        run.position[i] = at[s]++;
    }
    for (int64_t s = 0; s < MODEL_SEQUENCES; s++) {
        run.page_count[s] = (m->lengths[s] + m->shape.page_tokens - 1) / m->shape.page_tokens;
        run.pages[s] = malloc((size_t)run.page_count[s] * sizeof(uint64_t));
        run.overlay_pages[s] = malloc((size_t)run.page_count[s] * sizeof(uint64_t));
        for (int64_t p = 0; p < run.page_count[s]; p++) {
            run.pages[s][p] = (uintptr_t)guarded((size_t)run_page_bytes(m));
            run.overlay_pages[s][p] = (uintptr_t)guarded((size_t)run_page_bytes(m));
        }
        run.overlay_slots[s] = guarded((size_t)m->lengths[s] * sizeof(int32_t));
    }
    run.layer_mode = MOR4J_KV_READ;
    int32_t slots[MODEL_SEQUENCES] = {0, 0};
    for (int64_t i = 0; i < run.rows; i++) {
        const int64_t s = run.sequence[i];
        run.overlay_slots[s][run.position[i]] = takes_part(&run, 3, i) ? slots[s]++ : -1;
    }
    return run;
}

void free_run(const model *m, model_run *run)
{
    guarded_floats_free(run->x, run->rows * m->shape.hidden);
    free(run->sequence);
    free(run->position);
    for (int64_t s = 0; s < MODEL_SEQUENCES; s++) {
        for (int64_t p = 0; p < run->page_count[s]; p++) {
            guarded_free((void *)(uintptr_t)run->pages[s][p], (size_t)run_page_bytes(m));
            guarded_free((void *)(uintptr_t)run->overlay_pages[s][p], (size_t)run_page_bytes(m));
        }
        free(run->pages[s]);
        free(run->overlay_pages[s]);
        guarded_free(run->overlay_slots[s], (size_t)m->lengths[s] * sizeof(int32_t));
    }
}

bool takes_part(const model_run *run, int pass, int64_t row)
{
    return pass == 1 || (run->sequence[row] + 3 * run->position[row] + pass) % 5 < 3;
}

float gate_of(int pass, int64_t row)
{
    return (row + pass) % 7 == 0 ? 0.0f : 0.5f - 0.125f * (float)((row * 5 + pass) % 9);
}

void fill_rope(const model *m, int64_t position, float *rope)
{
    const int half = m->shape.head_dim / 2;
    for (int i = 0; i < half; i++) {
        const double angle = (double)position * pow(10000.0, -(double)i / half);
        rope[i] = (float)cos(angle);
        rope[half + i] = (float)sin(angle);
    }
}

/* One call: pass `pass` over the given rows. */
static void run_call(const model *m, model_run *run, mor4j_context *context, int pass, const int32_t *rows,
                     int32_t count)
{
    static const int32_t modes[] = {0, MOR4J_KV_APPEND, MOR4J_KV_READ, MOR4J_KV_OVERLAY};
    const bool rows_decide =
        run->layer_mode == MOR4J_KV_OVERLAY ? pass < 3 : run->layer_mode == MOR4J_KV_APPEND && pass == 2;
    const int64_t floats = mor4j_block_workspace(&m->shape, count);
    void *workspace;
    CHECK(posix_memalign(&workspace, 64, (size_t)floats * sizeof(float) + 64) == 0, "memory");
    float *rope = guarded_floats((int64_t)count * m->shape.head_dim), *gates = guarded_floats(count);
    mor4j_kv_row *kv = guarded((size_t)count * sizeof(mor4j_kv_row));
    mor4j_layer layers[MODEL_LAYERS];
    memset(workspace, 0xFF, (size_t)floats * sizeof(float) + 64);
    memcpy(layers, m->layers, sizeof layers);
    for (int i = 0; i < MODEL_LAYERS; i++) layers[i].kv_mode = rows_decide ? run->layer_mode : modes[pass];
    for (int32_t i = 0; i < count; i++) {
        const int64_t s = run->sequence[rows[i]], position = run->position[rows[i]];
        fill_rope(m, position, rope + (int64_t)i * m->shape.head_dim);
        gates[i] = gate_of(pass, rows[i]);
        kv[i] = (mor4j_kv_row){run->pages[s], NULL, NULL, pass == 1 ? position : -1, position + 1};
        if (pass == 3) {
            kv[i].overlay_pages = run->overlay_pages[s];
            kv[i].overlay_slots = run->overlay_slots[s];
            kv[i].slot = run->overlay_slots[s][position];
        }
    }
    const mor4j_block_pass call = {.shape = &m->shape,
                                   .layers = layers,
                                   .x = run->x,
                                   .row_index = rows,
                                   .gates = pass == 1 ? NULL : gates,
                                   .rope = rope,
                                   .kv = kv,
                                   .workspace = workspace,
                                   .workspace_floats = floats,
                                   .layer_count = MODEL_LAYERS,
                                   .rows = count,
                                   .combine = pass == 1 ? MOR4J_REPLACE : MOR4J_ADD,
                                   .page_layers = MODEL_LAYERS,
                                   .overlay_layers = pass == 3 || rows_decide ? MODEL_LAYERS : 0};
    CHECK(mor4j_run_block(context, &call) == MOR4J_OK, "pass %d of %d rows", pass, count);
    for (int i = 0; i < 64; i++) {
        CHECK(((unsigned char *)workspace)[floats * 4 + i] == 0xFF, "written past the workspace");
    }
    free(workspace);
    guarded_floats_free(rope, (int64_t)count * m->shape.head_dim);
    guarded_floats_free(gates, count);
    guarded_free(kv, (size_t)count * sizeof(mor4j_kv_row));
}

void run_passes(const model *m, model_run *run, mor4j_context *context, int64_t most, uint64_t split_seed)
{
    int32_t *rows = malloc((size_t)run->rows * sizeof(int32_t));
    for (int pass = 1; pass <= 3; pass++) {
        int64_t next = 0;
        while (next < run->rows) {
            const int64_t limit = split_seed == 0 ? most : 1 + random_below(&split_seed, most);
            int32_t count = 0;
            for (; next < run->rows && count < limit; next++) {
                if (takes_part(run, pass, next)) rows[count++] = (int32_t)next;
            }
            if (count > 0) run_call(m, run, context, pass, rows, count);
        }
    }
    free(rows);
}

void check_same_run(const model *m, const model_run *a, const model_run *b, const char *what)
{
    CHECK(same_bits(a->x, b->x, a->rows * m->shape.hidden), "x differs: %s", what);
    for (int64_t s = 0; s < MODEL_SEQUENCES; s++) {
        for (int64_t p = 0; p < a->page_count[s]; p++) {
            CHECK(same_bits((float *)(uintptr_t)a->pages[s][p], (float *)(uintptr_t)b->pages[s][p],
                            run_page_bytes(m) / 4),
                  "page %ld of sequence %ld differs: %s", (long)p, (long)s, what);
            CHECK(same_bits((float *)(uintptr_t)a->overlay_pages[s][p], (float *)(uintptr_t)b->overlay_pages[s][p],
                            run_page_bytes(m) / 4),
                  "overlay page %ld of sequence %ld differs: %s", (long)p, (long)s, what);
        }
    }
}
