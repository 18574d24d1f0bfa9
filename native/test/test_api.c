/* The other entry points: embed, route, head, add_gated against twins; and arguments that must be refused. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static uint64_t seed = 5;

static void test_embed(mor4j_context *context, int32_t dtype)
{
    mor4j_matrix table = random_matrix(&seed, 50, 37, dtype, 1.0f);
    float *x = guarded_floats(9 * 37);
    int32_t ids[9] = {0, 49, 7, 7, 3, 12, 48, 1, 30};
    CHECK(mor4j_embed(context, &table, ids, NULL, 9, x) == MOR4J_OK, "embed");
    for (int i = 0; i < 9 * 37; i++) CHECK(x[i] == (float)weight_at(&table, ids[i / 37], i % 37), "embed [%d]", i);
    const int32_t turned[9] = {8, 7, 6, 5, 4, 3, 2, 1, 0}, negative[9] = {0, 1, 2, 3, 4, 5, 6, 7, -1};
    CHECK(mor4j_embed(context, &table, ids, turned, 9, x) == MOR4J_OK, "embed into rows");
    for (int i = 0; i < 9 * 37; i++) {
        CHECK(x[i] == (float)weight_at(&table, ids[8 - i / 37], i % 37), "embed into rows [%d]", i);
    }
    CHECK(mor4j_embed(context, &table, ids, negative, 9, x) == MOR4J_INVALID_ARGUMENT, "negative row");
    ids[8] = 50;
    CHECK(mor4j_embed(context, &table, ids, NULL, 9, x) == MOR4J_INVALID_ARGUMENT, "id past the table");
    ids[8] = -1;
    CHECK(mor4j_embed(context, &table, ids, NULL, 9, x) == MOR4J_INVALID_ARGUMENT, "negative id");
    CHECK(mor4j_embed(context, &table, NULL, NULL, 0, NULL) == MOR4J_OK, "no rows");
    table.dtype = 5;
    CHECK(mor4j_embed(context, &table, ids, NULL, 1, x) == MOR4J_INVALID_ARGUMENT, "number type");
    table.dtype = dtype;
    table.rows = ((int64_t)1 << 28) + 1;
    CHECK(mor4j_embed(context, &table, ids, NULL, 1, x) == MOR4J_INVALID_ARGUMENT, "more rows than a matrix has");
    table.rows = 50;
    guarded_floats_free(x, 9 * 37);
    free_matrix(&table);
}

static void test_route(mor4j_context *context, int32_t kind, int32_t outs, int32_t rows, bool indexed)
{
    const int64_t h = 83, m = kind == MOR4J_ROUTER_MLP ? 166 : outs;
    mor4j_router router = {.kind = kind, .temperature = 0.7f};
    router.w1 = random_matrix(&seed, m, h, MOR4J_BF16, 0.4f);
    if (kind == MOR4J_ROUTER_MLP) router.w2 = random_matrix(&seed, outs, m, MOR4J_F32, 0.4f);
    float *x = guarded_floats(rows * 2 * h), *z = guarded_floats(rows * outs),
          *workspace = guarded_floats(rows * (h + m));
    float *one = guarded_floats(outs);
    int32_t *index = guarded((size_t)rows * sizeof(int32_t));
    random_floats(&seed, x, rows * 2 * h);
    for (int32_t i = 0; i < rows; i++) index[i] = indexed ? 2 * (rows - 1 - i) : i;
    CHECK(mor4j_route(context, &router, x, indexed ? index : NULL, rows, z, workspace) == MOR4J_OK, "route");
    for (int32_t i = 0; i < rows; i++) {
        double hidden[256];
        for (int64_t j = 0; j < m; j++) {
            hidden[j] = 0;
            for (int64_t p = 0; p < h; p++) hidden[j] += weight_at(&router.w1, j, p) * (x[index[i] * h + p] / 0.7f);
        }
        for (int32_t j = 0; j < outs; j++) {
            double want = kind == MOR4J_ROUTER_LINEAR ? hidden[j] : 0;
            for (int64_t p = 0; kind == MOR4J_ROUTER_MLP && p < m; p++) {
                want += weight_at(&router.w2, j, p) * 0.5 * hidden[p] * (1 + erf(hidden[p] / sqrt(2)));
            }
            CHECK(is_close(z[i * outs + j], want, 2e-5), "route kind %d row %d out %d: %g, not %g", kind, i, j,
                  z[i * outs + j], want);
        }
        CHECK(mor4j_route(context, &router, x, &index[i], 1, one, workspace) == MOR4J_OK &&
                  same_bits(one, z + i * outs, outs),
              "a router's bits depend on the rows beside");
    }
    router.temperature = 0;
    CHECK(mor4j_route(context, &router, x, NULL, rows, z, workspace) == MOR4J_INVALID_ARGUMENT, "temperature 0");
    guarded_floats_free(x, rows * 2 * h);
    guarded_floats_free(z, rows * outs);
    guarded_floats_free(workspace, rows * (h + m));
    guarded_floats_free(one, outs);
    guarded_free(index, (size_t)rows * sizeof(int32_t));
    free_matrix(&router.w1);
    if (kind == MOR4J_ROUTER_MLP) free_matrix(&router.w2);
}

static void test_head(mor4j_context *context, int32_t dtype, int32_t rows)
{
    const int64_t h = 70, v = 403;
    mor4j_matrix norm = random_matrix(&seed, 1, h, dtype % 2, 1.0f), head = random_matrix(&seed, v, h, dtype, 1.0f);
    const double tolerance =
        dtype < MOR4J_BF16_PANELS ? 2e-5 : 0.3; /* panels: what their products do is test_panels' to say */
    float *x = guarded_floats(rows * h), *logits = guarded_floats(rows * v),
          *workspace = guarded_floats(mor4j_head_workspace(h, rows));
    float *one = guarded_floats(v);
    int32_t *index = guarded((size_t)rows * sizeof(int32_t));
    random_floats(&seed, x, rows * h);
    for (int32_t i = 0; i < rows; i++) index[i] = rows - 1 - i;
    CHECK(mor4j_head(context, &norm, &head, 1e-5f, x, index, rows, logits, workspace) == MOR4J_OK, "head");
    for (int32_t i = 0; i < rows; i++) {
        const float *row = x + index[i] * h;
        double squares = 0;
        for (int64_t p = 0; p < h; p++) squares += (double)row[p] * row[p];
        for (int64_t j = 0; j < v; j++) {
            double want = 0;
            for (int64_t p = 0; p < h; p++) {
                want += weight_at(&head, j, p) * row[p] / sqrt(squares / (double)h + 1e-5) * weight_at(&norm, 0, p);
            }
            CHECK(is_close(logits[i * v + j], want, tolerance), "head row %d out %ld: %g, not %g", i, (long)j,
                  logits[i * v + j], want);
        }
        CHECK(mor4j_head(context, &norm, &head, 1e-5f, row, NULL, 1, one, workspace) == MOR4J_OK &&
                  same_bits(one, logits + i * v, v),
              "a head's bits depend on the rows beside");
    }
    norm.cols = h - 1;
    CHECK(mor4j_head(context, &norm, &head, 1e-5f, x, NULL, rows, logits, workspace) == MOR4J_INVALID_ARGUMENT,
          "norm's width");
    norm.cols = h;
    guarded_floats_free(x, rows * h);
    guarded_floats_free(logits, rows * v);
    guarded_floats_free(workspace, mor4j_head_workspace(h, rows));
    guarded_floats_free(one, v);
    guarded_free(index, (size_t)rows * sizeof(int32_t));
    free_matrix(&norm);
    free_matrix(&head);
}

static void test_sizes(void)
{
    const mor4j_shape shape = {8, 2, 2, 4, 12, 1e-5f, 64, MOR4J_KV_INT8};
    CHECK(mor4j_matrix_bytes(17, 65, MOR4J_F32) == 17 * 65 * 4 && mor4j_matrix_bytes(17, 65, MOR4J_BF16) == 17 * 65 * 2,
          "rows");
    CHECK(mor4j_matrix_bytes(17, 65, MOR4J_BF16_PANELS) == 2 * 32 * 128 &&
              mor4j_matrix_bytes(17, 65, MOR4J_INT8_PANELS) == 2 * 17 * 128 &&
              mor4j_matrix_bytes(16, 64, MOR4J_INT4_PANELS) == 9 * 64,
          "panels");
    CHECK(mor4j_matrix_bytes(0, 1, 0) == -1 && mor4j_matrix_bytes(1, (int64_t)1 << 29, 0) == -1 &&
              mor4j_matrix_bytes(1, 1, 5) == -1 && mor4j_matrix_bytes(1, 1, -1) == -1,
          "no such matrix");
    CHECK(mor4j_page_bytes(&shape, 3) == 3 * 2 * 2 * 2 * (32 * 4 + 32 * 4), "page");
    CHECK(mor4j_page_bytes(&shape, 0) == -1 && mor4j_page_bytes(NULL, 1) == -1, "no page");
    for (int32_t rows = 0, floats = -1; rows < 70; rows++) {
        const int32_t next = (int32_t)mor4j_block_workspace(&shape, rows);
        CHECK(next > floats || (rows == 0 && next == 0), "a workspace does not serve smaller passes: %d rows", rows);
        floats = next;
    }
    CHECK(mor4j_head_workspace(0, 1) == -1 && mor4j_head_workspace(1, -1) == -1 &&
              mor4j_head_workspace(70, 3) == 224 + 3 * 128,
          "head");
}

static void test_measure(mor4j_context *context)
{
    static _Alignas(64) char data[1 << 18];
    double rate = -1;
    CHECK(mor4j_measure_bandwidth(context, data, sizeof data, 2, &rate) == MOR4J_OK && rate > 1e6 && isfinite(rate),
          "bandwidth %g", rate);
    CHECK(mor4j_measure_bandwidth(context, data, 64, 1, &rate) == MOR4J_OK, "one line");
    for (int32_t dtype = MOR4J_F32; dtype <= MOR4J_INT4_PANELS; dtype++) {
        CHECK(mor4j_measure_peak(context, dtype, 1, &rate) == MOR4J_OK && rate > 1e6 && isfinite(rate),
              "peak of %d: %g", dtype, rate);
    }
    CHECK(mor4j_measure_bandwidth(context, data + 1, 64, 1, &rate) == MOR4J_INVALID_ARGUMENT, "alignment");
    CHECK(mor4j_measure_bandwidth(context, data, 65, 1, &rate) == MOR4J_INVALID_ARGUMENT, "bytes");
    CHECK(mor4j_measure_bandwidth(context, data, 64, 0, &rate) == MOR4J_INVALID_ARGUMENT, "repeats");
    CHECK(mor4j_measure_peak(context, 5, 1, &rate) == MOR4J_INVALID_ARGUMENT, "number type");
    CHECK(mor4j_measure_peak(context, 0, 1, NULL) == MOR4J_INVALID_ARGUMENT, "nowhere to put it");
}

static void test_add_gated(mor4j_context *context)
{
    float *x = guarded_floats(5 * 19), *y = guarded_floats(5 * 19), before[5 * 19];
    const float gates[5] = {0.5f, -2.0f, 0.0f, 1.0f, 0.25f};
    random_floats(&seed, x, 5 * 19);
    random_floats(&seed, y, 5 * 19);
    memcpy(before, x, sizeof before);
    CHECK(mor4j_add_gated(context, x, y, NULL, gates, 5, 19) == MOR4J_OK, "add_gated");
    CHECK(mor4j_add_gated(context, x, y, NULL, NULL, 5, 19) == MOR4J_OK, "add_gated");
    for (int i = 0; i < 5 * 19; i++) {
        CHECK(is_close(x[i], before[i] + (1.0 + gates[i / 19]) * y[i], 1e-6), "add_gated [%d]", i);
    }
    const int32_t some[2] = {4, 1}, negative[1] = {-1};
    memcpy(before, x, sizeof before);
    CHECK(mor4j_add_gated(context, x, y, some, gates, 2, 19) == MOR4J_OK, "add_gated to rows");
    for (int i = 0; i < 5 * 19; i++) {
        const double gate = i / 19 == 4 ? gates[0] : i / 19 == 1 ? gates[1] : 0.0;
        CHECK(is_close(x[i], before[i] + gate * y[i], 1e-6), "add_gated to rows [%d]", i);
    }
    CHECK(mor4j_add_gated(context, x, y, negative, gates, 1, 19) == MOR4J_INVALID_ARGUMENT, "negative row");
    CHECK(mor4j_add_gated(context, NULL, y, NULL, NULL, 5, 19) == MOR4J_INVALID_ARGUMENT, "no x");
    guarded_floats_free(x, 5 * 19);
    guarded_floats_free(y, 5 * 19);
}

#define REFUSED(change)                                                                            \
    do {                                                                                           \
        mor4j_shape shape = {8, 2, 1, 4, 12, 1e-5f, 32, MOR4J_KV_F32};                             \
        mor4j_layer layer = good_layer;                                                            \
        mor4j_kv_row row = {pages, NULL, NULL, 0, 1};                                              \
        mor4j_block_pass pass = {&shape, &layer, x, NULL,          NULL, rope, &row, workspace,    \
                                 floats, 1,      1, MOR4J_REPLACE, 1,    0,    0};                 \
        change;                                                                                    \
        CHECK(mor4j_run_block(context, &pass) == MOR4J_INVALID_ARGUMENT, "accepted: %s", #change); \
    } while (0)

static void test_refusals(mor4j_context *context)
{
    static _Alignas(64) float workspace[4096], page[256], x[8], rope[4] = {1, 1, 0, 0}, weights[96];
    const mor4j_shape good = {8, 2, 1, 4, 12, 1e-5f, 32, MOR4J_KV_F32};
    const int64_t floats = mor4j_block_workspace(&good, 1);
    uint64_t pages[1] = {(uintptr_t)page};
    const mor4j_matrix norm = {weights, 1, 8, MOR4J_F32, 0}, square = {weights, 8, 8, MOR4J_F32, 0},
                       kv = {weights, 4, 8, MOR4J_F32, 0};
    const mor4j_matrix wide = {weights, 12, 8, MOR4J_F32, 0}, down = {weights, 8, 12, MOR4J_F32, 0};
    const mor4j_layer good_layer = {norm, square, kv, kv, square, norm, wide, wide, down, 0, MOR4J_KV_APPEND, 0, 0};
    mor4j_kv_row row = {pages, NULL, NULL, 0, 1};
    mor4j_block_pass pass = {&good,  &good_layer, x, NULL,          NULL, rope, &row, workspace,
                             floats, 1,           1, MOR4J_REPLACE, 1,    0,    0};
    CHECK(floats > 0 && floats <= 4096, "workspace of %ld floats", (long)floats);
    CHECK(mor4j_run_block(context, &pass) == MOR4J_OK, "the pass that the others spoil");
    pass.rows = 0;
    CHECK(mor4j_run_block(context, &pass) == MOR4J_OK, "no rows");
    const int32_t negative[1] = {-1};
    uint64_t no_page[1] = {0};
    const int32_t overlay_slots[1] = {-1};
    REFUSED(pass.shape = NULL);
    REFUSED(pass.layers = NULL);
    REFUSED(pass.x = NULL);
    REFUSED(pass.rope = NULL);
    REFUSED(pass.kv = NULL);
    REFUSED(pass.workspace = NULL);
    REFUSED(pass.workspace = workspace + 1);
    REFUSED(pass.workspace_floats--);
    REFUSED(pass.rows = -1);
    REFUSED(pass.layer_count = 0);
    REFUSED(pass.combine = 2);
    REFUSED(pass.page_layers = 0);
    REFUSED(pass.row_index = negative);
    REFUSED(shape.heads = 3; shape.kv_heads = 2);
    REFUSED(shape.head_dim = 3);
    REFUSED(shape.hidden = 0);
    REFUSED(shape.rms_eps = NAN);
    REFUSED(layer.kv_mode = 3);
    REFUSED(layer.kv_layer = 1);
    REFUSED(layer.kv_layer = -1);
    REFUSED(layer.q.rows = 7);
    REFUSED(layer.k.data = NULL);
    REFUSED(layer.v.dtype = 5);
    REFUSED(layer.v.dtype = MOR4J_INT8_PANELS);
    REFUSED(layer.gate.dtype = MOR4J_BF16_PANELS);
    REFUSED(layer.input_norm.dtype = MOR4J_BF16_PANELS);
    REFUSED(layer.o.dtype = MOR4J_INT4_PANELS; layer.o.data = weights + 1);
    REFUSED(shape.page_tokens = 16);
    REFUSED(shape.kv_dtype = 3);
    REFUSED(pages[0] += 4);
    pages[0] = (uintptr_t)page;
    REFUSED(layer.o.cols = 9);
    REFUSED(layer.down.dtype = -1);
    REFUSED(layer.post_norm.data = NULL);
    REFUSED(layer.kv_mode = MOR4J_KV_OVERLAY);
    REFUSED(layer.kv_mode = MOR4J_KV_OVERLAY; pass.overlay_layers = 1; row.overlay_pages = pages);
    REFUSED(layer.kv_mode = MOR4J_KV_OVERLAY; pass.overlay_layers = 1; row.overlay_slots = overlay_slots);
    REFUSED(layer.kv_mode = MOR4J_KV_OVERLAY; pass.overlay_layers = 1; row.slot = 1);
    REFUSED(row.pages = NULL);
    REFUSED(row.pages = no_page);
    REFUSED(row.slot = 1);
    REFUSED(row.slot = -2);
    REFUSED(row.context = 0);
    CHECK(mor4j_block_workspace(NULL, 1) == -1 && mor4j_block_workspace(&good, -1) == -1, "workspace of nothing");
    mor4j_context *none;
    CHECK(mor4j_context_create(5, 1, 0, &none) == MOR4J_INVALID_ARGUMENT && none == NULL, "isa 5");
    CHECK(mor4j_context_create(0, 0, 0, &none) == MOR4J_INVALID_ARGUMENT, "no threads");
    CHECK(mor4j_context_create(0, 1, -1, &none) == MOR4J_INVALID_ARGUMENT, "negative spin");
    CHECK(mor4j_context_create(0, 1, 0, NULL) == MOR4J_INVALID_ARGUMENT, "nowhere to put it");
    mor4j_context_destroy(NULL);
    CHECK(mor4j_abi_version() == MOR4J_ABI_VERSION && strcmp(mor4j_status_text(MOR4J_OK), "ok") == 0,
          "version and texts");
}

/* Each row has its own token, whoever computes it. */
static void test_choose(mor4j_context *context)
{
    enum { ROWS = 5, V = 20000 };
    float *logits = guarded_floats(ROWS * V);
    int32_t *tokens = guarded(ROWS * sizeof(int32_t)), one;
    mor4j_sampling how[ROWS];
    random_floats(&seed, logits, ROWS * V);
    for (int i = 0; i < ROWS; i++) {
        how[i] = (mor4j_sampling){.draw = random_bits(&seed), .temperature = i, .top_p = 0.9, .min_log = -INFINITY};
    }
    CHECK(mor4j_choose(context, logits, V, how, ROWS, tokens) == MOR4J_OK, "choose");
    for (int i = 0; i < ROWS; i++) {
        CHECK(mor4j_choose(context, logits + i * V, V, how + i, 1, &one) == MOR4J_OK && one == tokens[i] && one >= 0,
              "row %d: token %d alone, %d among others", i, one, tokens[i]);
    }
    CHECK(mor4j_choose(context, NULL, 0, NULL, 0, NULL) == MOR4J_INVALID_ARGUMENT, "V = 0");
    CHECK(mor4j_choose(context, NULL, V, NULL, 0, NULL) == MOR4J_OK, "no rows");
    CHECK(mor4j_choose(NULL, logits, V, how, 1, &one) == MOR4J_INVALID_ARGUMENT, "no context");
    CHECK(mor4j_choose(context, NULL, V, how, 1, &one) == MOR4J_INVALID_ARGUMENT, "no logits");
    CHECK(mor4j_choose(context, logits, V, NULL, 1, &one) == MOR4J_INVALID_ARGUMENT, "no sampling");
    CHECK(mor4j_choose(context, logits, V, how, 1, NULL) == MOR4J_INVALID_ARGUMENT, "no tokens");
    CHECK(mor4j_choose(context, logits, V, how, -1, &one) == MOR4J_INVALID_ARGUMENT, "-1 rows");
    CHECK(mor4j_choose(context, logits, MOR4J_MOST_VOCABULARY + 1, how, 1, &one) == MOR4J_INVALID_ARGUMENT, "V");
    guarded_floats_free(logits, ROWS * V);
    guarded_free(tokens, ROWS * sizeof(int32_t));
}

int main(void)
{
    test_sizes();
    for (int32_t isa = MOR4J_ISA_PORTABLE; isa <= mor4j_best_isa(); isa++) {
        for (int32_t threads = 1; threads <= 2; threads++) {
            mor4j_context *context;
            CHECK(mor4j_context_create(isa, threads, 20, &context) == MOR4J_OK, "context");
            for (int32_t dtype = MOR4J_F32; dtype <= MOR4J_INT4_PANELS; dtype++) {
                test_embed(context, dtype);
                test_head(context, dtype, 1);
                test_head(context, dtype, 13);
            }
            for (int32_t kind = MOR4J_ROUTER_LINEAR; kind <= MOR4J_ROUTER_MLP; kind++) {
                test_route(context, kind, 1, 5, true);
                test_route(context, kind, 3, 11, false);
            }
            test_add_gated(context);
            test_choose(context);
            test_refusals(context);
            test_measure(context);
            mor4j_context_destroy(context);
        }
    }
    printf("entry points agree with their twins and refuse what they must\n");
    return 0;
}
