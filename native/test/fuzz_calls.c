/*
 * Calls of the C ABI with sizes, kinds and indices made from bytes. Every array is as long as the header says for the
 * sizes that are passed, each in an allocation of its own; so whatever a call touches without having been given it is
 * found by AddressSanitizer. Every call must refuse, or be right to go on.
 *
 * With clang and -DMOR4J_FUZZ=ON this is a libFuzzer target; otherwise test_fuzz_calls runs it over damaged inputs that
 * are the same in every run.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mor4j.h"

#define MOST_BYTES (1 << 20)
#define MOST_ROWS 12
#define ALLOCATIONS 128

typedef struct {
    const uint8_t *at, *end;
    void *made[ALLOCATIONS];
    int count;
    bool too_large; /* an array that the sizes ask for is not worth having, or not there where it has to be */
} input;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t byte(input *in) { return in->at < in->end ? *in->at++ : 0; }

static int32_t raw(input *in)
{
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) bits = bits << 8 | byte(in);
    return (int32_t)bits;
}

/* Mostly `usual`; else a number near it, or any number at all. */
static int32_t near(input *in, int32_t usual)
{
    const uint8_t how = byte(in);
    if (how < 230) return usual;
    if (how < 250) return (int32_t)((uint32_t)usual + (uint32_t)(how - 240));
    return raw(in);
}

/* bytes of memory that nothing else uses; NULL now and then. Too many for a test: none, and no call. */
static void *array(input *in, int64_t bytes)
{
    if (byte(in) == 255) return NULL;
    if (bytes < 0) bytes = 0;
    if (bytes > MOST_BYTES || in->count == ALLOCATIONS) {
        in->too_large = true;
        return NULL;
    }
    void *made = NULL;
    if (posix_memalign(&made, 64, bytes > 0 ? (size_t)bytes : 1) != 0) abort();
    memset(made, 0, (size_t)bytes);
    in->made[in->count++] = made;
    return made;
}

static mor4j_matrix matrix(input *in, int32_t rows, int32_t cols, int32_t dtype)
{
    mor4j_matrix made = {.rows = near(in, rows), .cols = near(in, cols), .dtype = near(in, dtype)};
    made.data = array(in, mor4j_matrix_bytes(made.rows, made.cols, made.dtype));
    return made;
}

/* Distinct or not, in range or not; NULL now and then. */
static int32_t *indices(input *in, int32_t rows)
{
    if (byte(in) % 3 == 0) return NULL;
    int32_t *made = array(in, (int64_t)rows * 4);
    for (int32_t i = 0; made != NULL && i < rows; i++) {
        made[i] = near(in, i);
        if (made[i] >= MOST_ROWS) made[i] = MOST_ROWS - 1; /* how long x is cannot be checked */
    }
    return made;
}

static int32_t rows_of(input *in) { return near(in, byte(in) % 6); }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* rows x width float32, at least for every row that an index may name. */
static float *floats(input *in, int32_t rows, int64_t width)
{
    if (width < 0) width = 0;
    const int64_t most = rows > MOST_ROWS ? rows : MOST_ROWS;
    return array(in, least(width, MOST_BYTES) * most * 4);
}

static void sizes(input *in)
{
    mor4j_shape shape;
    for (size_t i = 0; i < sizeof shape / 4; i++) {
        const int32_t word = near(in, 32);
        memcpy((char *)&shape + 4 * i, &word, 4);
    }
    const int64_t rows = (int64_t)((uint64_t)(uint32_t)raw(in) << 32 | (uint32_t)raw(in));
    if (mor4j_matrix_bytes(rows, raw(in), near(in, byte(in) % 5)) < -1) abort();
    if (mor4j_block_workspace(&shape, near(in, 3)) < -1) abort();
    if (mor4j_page_bytes(&shape, near(in, 3)) < -1) abort();
    if (mor4j_head_workspace(rows, near(in, 3)) < -1) abort();
    if (mor4j_head_workspace(raw(in), near(in, 3)) < -1) abort();
    if (mor4j_status_text(raw(in)) == NULL) abort();
    mor4j_context *context = NULL;
    int32_t threads = raw(in);
    if (threads > 0 && threads <= 1024) threads = 1 + threads % 3;
    if (mor4j_context_create(near(in, 0), threads, near(in, 0), &context) == MOR4J_OK) mor4j_context_destroy(context);
}

static int32_t embed(input *in, mor4j_context *context)
{
    const int32_t rows = rows_of(in);
    const mor4j_matrix table = matrix(in, 7, 1 + byte(in) % 70, byte(in) % 5);
    int32_t *ids = array(in, (int64_t)rows * 4);
    for (int32_t i = 0; ids != NULL && i < rows; i++) ids[i] = near(in, byte(in) % 7);
    const int32_t *row_index = indices(in, rows);
    float *x = floats(in, rows, table.cols);
    return in->too_large ? 0 : mor4j_embed(context, &table, ids, row_index, rows, x);
}

static int32_t route(input *in, mor4j_context *context)
{
    const int32_t rows = rows_of(in), hidden = 1 + byte(in) % 70, outs = 1 + byte(in) % 4, kind = byte(in) % 2;
    mor4j_router router = {.kind = near(in, kind), .temperature = (float)near(in, 1)};
    router.w1 = matrix(in, kind == 1 ? 2 * hidden : outs, hidden, byte(in) % 2);
    if (kind == 1) router.w2 = matrix(in, outs, 2 * hidden, byte(in) % 2);
    const int64_t ends = router.kind == MOR4J_ROUTER_MLP ? router.w2.rows : router.w1.rows;
    const float *x = floats(in, rows, router.w1.cols);
    const int32_t *row_index = indices(in, rows);
    float *z = floats(in, rows, ends), *workspace = floats(in, rows, router.w1.cols + router.w1.rows);
    return in->too_large ? 0 : mor4j_route(context, &router, x, row_index, rows, z, workspace);
}

static int32_t head(input *in, mor4j_context *context)
{
    const int32_t rows = rows_of(in), hidden = 1 + byte(in) % 70;
    const mor4j_matrix norm = matrix(in, 1, hidden, byte(in) % 2), logits_of = matrix(in, 19, hidden, byte(in) % 5);
    const float *x = floats(in, rows, logits_of.cols);
    const int32_t *row_index = indices(in, rows);
    float *logits = floats(in, rows, logits_of.rows);
    float *workspace = array(in, 4 * least(mor4j_head_workspace(logits_of.cols, rows), MOST_BYTES));
    return in->too_large
               ? 0
               : mor4j_head(context, &norm, &logits_of, (float)near(in, 1), x, row_index, rows, logits, workspace);
}

static int32_t add_gated(input *in, mor4j_context *context)
{
    const int32_t rows = rows_of(in), hidden = near(in, 1 + byte(in) % 70);
    float *x = floats(in, rows, hidden), *y = floats(in, rows, hidden), *gates = floats(in, rows, 1);
    const int32_t *row_index = indices(in, rows);
    return in->too_large ? 0 : mor4j_add_gated(context, x, y, row_index, gates, rows, hidden);
}

static mor4j_layer layer(input *in, const mor4j_shape *shape)
{
    const int32_t type = byte(in) % 5, h = shape->hidden, f = shape->intermediate;
    const int32_t q = (int32_t)((uint32_t)shape->heads * (uint32_t)shape->head_dim),
                  kv = (int32_t)((uint32_t)shape->kv_heads * (uint32_t)shape->head_dim);
    return (mor4j_layer){.input_norm = matrix(in, 1, h, MOR4J_F32),
                         .q = matrix(in, q, h, type),
                         .k = matrix(in, kv, h, type),
                         .v = matrix(in, kv, h, type),
                         .o = matrix(in, h, q, byte(in) % 5),
                         .post_norm = matrix(in, 1, h, MOR4J_BF16),
                         .gate = matrix(in, f, h, type),
                         .up = matrix(in, f, h, type),
                         .down = matrix(in, h, f, byte(in) % 5),
                         .kv_layer = near(in, 0),
                         .kv_mode = near(in, byte(in) % 3),
                         .overlay_layer = near(in, 0)};
}

/* A table of pages for entries [0, entries), of `layers` layers. Where calls look at some of the pages only, `all` of
   them have to be there. */
static uint64_t *pages(input *in, const mor4j_shape *shape, int64_t entries, int32_t layers, bool all)
{
    const int64_t count = shape->page_tokens > 0 ? entries / shape->page_tokens + 1 : 1;
    uint64_t *table = array(in, count * 8);
    for (int64_t i = 0; table != NULL && i < count; i++) {
        table[i] = (uint64_t)(uintptr_t)array(in, mor4j_page_bytes(shape, layers)) + (byte(in) > 250 && !all ? 4 : 0);
        if (all && table[i] == 0) in->too_large = true;
    }
    return table;
}

static void kv_row(input *in, const mor4j_block_pass *pass, mor4j_kv_row *row)
{
    row->context = near(in, 1 + byte(in) % 40);
    row->slot = near(in, (int32_t)row->context - 1);
    const int64_t entries = row->context > row->slot ? row->context : row->slot + 1;
    row->pages = pages(in, pass->shape, entries, pass->page_layers, false);
    if (byte(in) % 2 == 0) return;
    row->overlay_pages = pages(in, pass->shape, entries, pass->overlay_layers, true);
    int32_t *slots = array(in, row->context * 4);
    for (int64_t i = 0; slots != NULL && i < row->context; i++) {
        slots[i] = (int32_t)least(byte(in) % 3 == 0 ? i : -1, row->slot); /* what else is there cannot be checked */
    }
    row->overlay_slots = slots;
}

static int32_t run_block(input *in, mor4j_context *context)
{
    const int32_t kv_heads = 1 + byte(in) % 2;
    const mor4j_shape shape = {.hidden = near(in, 1 + byte(in) % 40),
                               .heads = near(in, kv_heads * (1 + byte(in) % 2)),
                               .kv_heads = near(in, kv_heads),
                               .head_dim = near(in, 2 + 2 * (byte(in) % 9)),
                               .intermediate = near(in, 1 + byte(in) % 40),
                               .rms_eps = (float)near(in, 1),
                               .page_tokens = near(in, 32),
                               .kv_dtype = near(in, byte(in) % 3)};
    mor4j_block_pass pass = {.shape = &shape,
                             .layer_count = near(in, 1 + byte(in) % 2),
                             .rows = near(in, byte(in) % 4),
                             .combine = near(in, byte(in) % 2),
                             .page_layers = near(in, 1),
                             .overlay_layers = near(in, 1)};
    if (pass.layer_count > 4 || pass.rows > MOST_ROWS) return 0;
    mor4j_layer *layers = array(in, pass.layer_count * (int64_t)sizeof(mor4j_layer));
    for (int32_t i = 0; layers != NULL && i < pass.layer_count; i++) layers[i] = layer(in, &shape);
    pass.layers = layers;
    mor4j_kv_row *kv = array(in, pass.rows * (int64_t)sizeof(mor4j_kv_row));
    for (int32_t i = 0; kv != NULL && i < pass.rows; i++) kv_row(in, &pass, &kv[i]);
    pass.kv = kv;
    pass.x = floats(in, pass.rows, shape.hidden);
    pass.row_index = indices(in, pass.rows);
    pass.gates = floats(in, pass.rows, 1);
    pass.rope = floats(in, pass.rows, shape.head_dim);
    const int64_t needs = mor4j_block_workspace(&shape, pass.rows);
    pass.workspace_floats = near(in, (int32_t)least(needs, INT32_MAX));
    pass.workspace = array(in, 4 * least(pass.workspace_floats, MOST_BYTES));
    return in->too_large ? 0 : mor4j_run_block(context, &pass);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static mor4j_context *context; /* kept for the life of the process */
    if (context == NULL && mor4j_context_create(MOR4J_ISA_PORTABLE, 1, 0, &context) != MOR4J_OK) abort();
    input in = {.at = data, .end = data + size};
    const uint8_t what = byte(&in);
    mor4j_context *used = byte(&in) == 255 ? NULL : context;
    int32_t status = MOR4J_OK;
    switch (what % 6) {
    case 0: sizes(&in); break;
    case 1: status = embed(&in, used); break;
    case 2: status = route(&in, used); break;
    case 3: status = head(&in, used); break;
    case 4: status = add_gated(&in, used); break;
    default: status = run_block(&in, used);
    }
    if (status != MOR4J_OK && status != MOR4J_INVALID_ARGUMENT) abort();
    for (int i = 0; i < in.count; i++) free(in.made[i]);
    return 0;
}
