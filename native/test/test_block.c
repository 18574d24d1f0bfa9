/*
 * Whole passes: against a naive block in double in all three KV modes, and bit for bit against themselves however the
 * rows are split over calls and threads.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

/* The twin's keys and values, [layer][sequence][entry][NKV * DH] each, of the base and of the overlay. */
typedef struct twin_cache {
    double *k[2][MODEL_LAYERS][MODEL_SEQUENCES], *v[2][MODEL_LAYERS][MODEL_SEQUENCES];
} twin_cache;

static void apply(const mor4j_matrix *w, const double *x, double *y)
{
    for (int64_t i = 0; i < w->rows; i++) {
        y[i] = 0;
        for (int64_t j = 0; j < w->cols; j++) y[i] += weight_at(w, i, j) * x[j];
    }
}

static void twin_norm(const mor4j_matrix *w, double eps, const double *x, double *y)
{
    double squares = 0;
    for (int64_t i = 0; i < w->cols; i++) squares += x[i] * x[i];
    for (int64_t i = 0; i < w->cols; i++) y[i] = x[i] / sqrt(squares / (double)w->cols + eps) * weight_at(w, 0, i);
}

static void twin_rope(const float *rope, int64_t heads, int64_t dh, double *x)
{
    const int64_t half = dh / 2;
    for (int64_t h = 0; h < heads; h++) {
        for (int64_t i = 0; i < half; i++) {
            const double a = x[h * dh + i], b = x[h * dh + half + i];
            x[h * dh + i] = a * rope[i] - b * rope[half + i];
            x[h * dh + half + i] = b * rope[i] + a * rope[half + i];
        }
    }
}

static void twin_attend(const mor4j_shape *s, const double *q, double *const *k, double *const *v, int64_t context,
                        double *out)
{
    const int64_t dh = s->head_dim;
    double *scores = malloc((size_t)context * sizeof(double));
    for (int64_t h = 0; h < s->heads; h++) {
        const int64_t at = h / (s->heads / s->kv_heads) * dh;
        double top = -INFINITY, sum = 0;
        for (int64_t e = 0; e < context; e++) {
            scores[e] = 0;
            for (int64_t i = 0; i < dh; i++) scores[e] += q[h * dh + i] * k[e][at + i] / sqrt((double)dh);
            top = fmax(top, scores[e]);
        }
        for (int64_t e = 0; e < context; e++) sum += scores[e] = exp(scores[e] - top);
        for (int64_t i = 0; i < dh; i++) {
            out[h * dh + i] = 0;
            for (int64_t e = 0; e < context; e++) out[h * dh + i] += scores[e] / sum * v[e][at + i];
        }
    }
    free(scores);
}

/* y = layers(x) of one row of a pass; the caches as the pass finds and leaves them. */
static void twin_row(const model *m, const model_run *run, twin_cache *cache, int pass, int64_t row, double *h)
{
    const mor4j_shape *s = &m->shape;
    const int64_t nq = (int64_t)s->heads * s->head_dim, nkv = (int64_t)s->kv_heads * s->head_dim;
    const int64_t seq = run->sequence[row], position = run->position[row], context = position + 1;
    double *n = calloc((size_t)(2 * s->hidden + 2 * nq + 2 * s->intermediate), sizeof(double)), *d = n + s->hidden,
           *q = d + s->hidden;
    double *o = q + nq, *gate = o + nq, *up = gate + s->intermediate;
    double **k = malloc((size_t)context * sizeof *k), **v = malloc((size_t)context * sizeof *v);
    float *rope = malloc((size_t)s->head_dim * sizeof(float));
    fill_rope(m, position, rope);
    for (int l = 0; l < MODEL_LAYERS; l++) {
        const mor4j_layer *layer = &m->layers[l];
        twin_norm(&layer->input_norm, s->rms_eps, h, n);
        apply(&layer->q, n, q);
        twin_rope(rope, s->heads, s->head_dim, q);
        if (pass != 2) {
            double *key = cache->k[pass == 3][l][seq] + position * nkv;
            apply(&layer->k, n, key);
            apply(&layer->v, n, cache->v[pass == 3][l][seq] + position * nkv);
            twin_rope(rope, s->kv_heads, s->head_dim, key);
        }
        for (int64_t e = 0; e < context; e++) {
            const int from = pass == 3 && run->overlay_slots[seq][e] >= 0;
            k[e] = cache->k[from][l][seq] + e * nkv;
            v[e] = cache->v[from][l][seq] + e * nkv;
        }
        twin_attend(s, q, k, v, context, o);
        apply(&layer->o, o, d);
        for (int64_t i = 0; i < s->hidden; i++) h[i] += d[i];
        twin_norm(&layer->post_norm, s->rms_eps, h, n);
        apply(&layer->gate, n, gate);
        apply(&layer->up, n, up);
        for (int64_t i = 0; i < s->intermediate; i++) gate[i] = gate[i] / (1 + exp(-gate[i])) * up[i];
        apply(&layer->down, gate, d);
        for (int64_t i = 0; i < s->hidden; i++) h[i] += d[i];
    }
    free(n);
    free(k);
    free(v);
    free(rope);
}

/* x after the three passes, in double. Rows come in order of position, so one at a time is what the passes mean. */
static double *twin_passes(const model *m, const model_run *run)
{
    const int64_t hidden = m->shape.hidden, nkv = (int64_t)m->shape.kv_heads * m->shape.head_dim;
    double *x = malloc((size_t)(run->rows * hidden) * sizeof(double)), *h = malloc((size_t)hidden * sizeof(double));
    twin_cache cache;
    for (int i = 0; i < 2 * MODEL_LAYERS * MODEL_SEQUENCES; i++) {
        const int from = i & 1, l = (i >> 1) % MODEL_LAYERS, s = (i >> 1) / MODEL_LAYERS;
        cache.k[from][l][s] = calloc((size_t)(m->lengths[s] * nkv), sizeof(double));
        cache.v[from][l][s] = calloc((size_t)(m->lengths[s] * nkv), sizeof(double));
    }
    for (int64_t i = 0; i < run->rows * hidden; i++) x[i] = run->x[i];
    for (int pass = 1; pass <= 3; pass++) {
        for (int64_t row = 0; row < run->rows; row++) {
            if (!takes_part(run, pass, row)) continue;
            memcpy(h, x + row * hidden, (size_t)hidden * sizeof(double));
            twin_row(m, run, &cache, pass, row, h);
            for (int64_t i = 0; i < hidden; i++) {
                double *to = &x[row * hidden + i];
                *to = pass == 1 ? h[i] : *to + gate_of(pass, row) * h[i];
            }
        }
    }
    for (int i = 0; i < 2 * MODEL_LAYERS * MODEL_SEQUENCES; i++) {
        free(cache.k[i & 1][(i >> 1) % MODEL_LAYERS][(i >> 1) / MODEL_LAYERS]);
        free(cache.v[i & 1][(i >> 1) % MODEL_LAYERS][(i >> 1) / MODEL_LAYERS]);
    }
    free(h);
    return x;
}

static void check_splits(const model *m, const model_run *whole, int32_t isa)
{
    for (int32_t threads = is_quick() ? 2 : 1; threads <= (is_quick() ? 2 : 3); threads++) {
        mor4j_context *context;
        CHECK(mor4j_context_create(isa, threads, 20, &context) == MOR4J_OK, "context");
        const struct {
            int64_t most;
            uint64_t seed;
            int32_t layer_mode;
            const char *what;
        } splits[] = {{whole->rows, 0, MOR4J_KV_READ, "all rows"},
                      {1, 0, MOR4J_KV_READ, "one by one"},
                      {9, 0, MOR4J_KV_READ, "by nines"},
                      {20, 7, MOR4J_KV_READ, "random"},
                      {5, 8, MOR4J_KV_READ, "random"},
                      {whole->rows, 0, MOR4J_KV_APPEND, "rows that store nothing"},
                      {7, 9, MOR4J_KV_OVERLAY, "rows without an overlay"}};
        for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
            if (is_quick() && splits[i].most < 7 && splits[i].most < whole->rows) continue;
            model_run run = start_run(m);
            run.layer_mode = splits[i].layer_mode;
            run_passes(m, &run, context, splits[i].most, splits[i].seed);
            check_same_run(m, whole, &run, splits[i].what);
            free_run(m, &run);
        }
        mor4j_context_destroy(context);
    }
}

/* How far from the twin, which takes weights and activations as they are: kernels that round activations or caches,
   further. */
static double tolerance_of(int32_t isa, int32_t dtype, int32_t kv_dtype)
{
    if (dtype == MOR4J_INT8_PANELS || dtype == MOR4J_INT4_PANELS || kv_dtype == MOR4J_KV_INT8) return 0.3;
    if (kv_dtype == MOR4J_KV_BF16) return 0.1;
    return dtype == MOR4J_BF16_PANELS && isa == MOR4J_ISA_AVX512_BF16 ? 0.1 : 5e-5;
}

static void test_shape(mor4j_shape shape, int32_t dtype, int64_t first, int64_t second)
{
    model m = make_model(99, shape, dtype, first, second);
    model_run initial = start_run(&m);
    double *want = twin_passes(&m, &initial);
    for (const mor4j_kernels *const *k = runnable_kernels(); *k != NULL; k++) {
        mor4j_context *context;
        CHECK(mor4j_context_create((*k)->isa, 1, 0, &context) == MOR4J_OK, "context");
        model_run whole = start_run(&m);
        run_passes(&m, &whole, context, whole.rows, 0);
        mor4j_context_destroy(context);
        const double tolerance = tolerance_of((*k)->isa, dtype, shape.kv_dtype);
        double worst = 0;
        for (int64_t i = 0; i < whole.rows * shape.hidden; i++) {
            const double error = fabs(whole.x[i] - want[i]) / (1 + fabs(want[i]));
            if (error > worst) worst = error;
            CHECK(is_close(whole.x[i], want[i], tolerance * (1 + fabs(want[i]))),
                  "%s dtype %d kv %d H=%d row %ld [%ld]: %g, not %g", isa_name((*k)->isa), dtype, shape.kv_dtype,
                  shape.hidden, (long)(i / shape.hidden), (long)(i % shape.hidden), whole.x[i], want[i]);
        }
        check_splits(&m, &whole, (*k)->isa);
        free_run(&m, &whole);
        printf("%s: dtype %d kv %d H=%d NH=%d NKV=%d DH=%d F=%d, %ld rows: worst error %.2g, splits agree\n",
               isa_name((*k)->isa), dtype, shape.kv_dtype, shape.hidden, shape.heads, shape.kv_heads, shape.head_dim,
               shape.intermediate, (long)whole.rows, worst);
    }
    free(want);
    free_run(&m, &initial);
    free_model(&m);
}

int main(void)
{
    for (int32_t kv = MOR4J_KV_F32; kv <= MOR4J_KV_INT8; kv++) {
        test_shape((mor4j_shape){12, 3, 1, 2, 7, 1e-5f, 32, kv}, MIXED_ROWS, 5, 1);
        test_shape((mor4j_shape){20, 6, 3, 6, 33, 1e-5f, 32, kv}, MIXED_ROWS, 40, 37);
        test_shape((mor4j_shape){61, 5, 5, 10, 67, 1e-6f, 64, kv}, MIXED_ROWS, 70, 3);
        test_shape((mor4j_shape){96, 6, 2, 80, 131, 1e-5f, 32, kv}, MIXED_ROWS, 90, 75);
        for (int32_t dtype = MOR4J_BF16_PANELS; dtype <= MOR4J_INT4_PANELS; dtype++) {
            test_shape((mor4j_shape){61, 5, 5, 10, 67, 1e-6f, 64, kv}, dtype, 70, 3);
            test_shape((mor4j_shape){96, 6, 2, 80, 131, 1e-5f, 32, kv}, dtype, 33, 21);
        }
    }
    return 0;
}
