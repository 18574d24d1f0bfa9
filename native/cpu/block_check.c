/* What a pass must satisfy before a kernel trusts it. Cheap: no look at activations, weights or cache contents. */
#include <stddef.h>

#include "attend.h"
#include "block.h"

static bool in_range(int64_t size) { return size >= 1 && size <= MOR4J_MAX_SIZE; }

bool mor4j_shape_is_valid(const mor4j_shape *shape)
{
    return in_range(shape->hidden) && in_range(shape->heads) && in_range(shape->kv_heads) &&
           in_range(shape->head_dim) && in_range(shape->intermediate) && in_range(shape->page_tokens) &&
           shape->heads % shape->kv_heads == 0 && shape->head_dim % 2 == 0 &&
           in_range((int64_t)shape->heads * shape->head_dim) && shape->rms_eps >= 0.0f &&
           shape->page_tokens % MOR4J_KV_BLOCK == 0 && shape->kv_dtype >= MOR4J_KV_F32 &&
           shape->kv_dtype <= MOR4J_KV_INT8;
}

static int64_t take(int64_t *end, int64_t rows, int64_t floats)
{
    const int64_t offset = *end;
    *end += (rows * floats + 15) / 16 * 16;
    return offset;
}

mor4j_block_plan mor4j_plan_block(const mor4j_shape *shape, int64_t rows)
{
    mor4j_block_plan plan;
    const int64_t q = (int64_t)shape->heads * shape->head_dim, kv = (int64_t)shape->kv_heads * shape->head_dim;
    const int64_t widest = shape->intermediate > q ? shape->intermediate : q;
    int64_t end = 0;
    plan.h = take(&end, rows, shape->hidden);
    plan.normed = take(&end, rows, shape->hidden);
    plan.encoded = take(&end, rows, mor4j_encoded_floats(widest > shape->hidden ? widest : shape->hidden));
    int64_t attention = end, mlp = end;
    plan.q = take(&attention, rows, q);
    plan.k = take(&attention, rows, kv);
    plan.v = take(&attention, rows, kv);
    plan.attended = take(&attention, rows, q);
    plan.segments = take(&attention, 1, mor4j_attention_scratch(shape, rows));
    plan.gate = take(&mlp, rows, shape->intermediate);
    plan.up = take(&mlp, rows, shape->intermediate);
    plan.floats = attention > mlp ? attention : mlp;
    return plan;
}

int64_t mor4j_block_workspace(const mor4j_shape *shape, int32_t rows)
{
    if (shape == NULL || rows < 0 || !mor4j_shape_is_valid(shape)) return -1;
    return mor4j_plan_block(shape, rows).floats;
}

int64_t mor4j_page_bytes(const mor4j_shape *shape, int32_t layers)
{
    if (shape == NULL || layers < 1 || layers > MOR4J_MAX_SIZE || !mor4j_shape_is_valid(shape)) return -1;
    int64_t bytes;
    return __builtin_mul_overflow(mor4j_page_layer_bytes(shape), (int64_t)layers, &bytes) ? -1 : bytes;
}

/* Products that read the same x. */
static bool read_alike(const mor4j_matrix *a, const mor4j_matrix *b)
{
    return a->dtype == b->dtype || (!mor4j_is_panels(a->dtype) && !mor4j_is_panels(b->dtype));
}

static bool layer_is_valid(const mor4j_layer *layer, const mor4j_block_pass *pass)
{
    const mor4j_shape *shape = pass->shape;
    const int64_t h = shape->hidden, f = shape->intermediate;
    const int64_t q = (int64_t)shape->heads * shape->head_dim, kv = (int64_t)shape->kv_heads * shape->head_dim;
    if (layer->kv_mode < MOR4J_KV_APPEND || layer->kv_mode > MOR4J_KV_OVERLAY) return false;
    if (layer->kv_layer < 0 || layer->kv_layer >= pass->page_layers) return false;
    if (layer->kv_mode == MOR4J_KV_OVERLAY &&
        (layer->overlay_layer < 0 || layer->overlay_layer >= pass->overlay_layers)) {
        return false;
    }
    if (layer->kv_mode != MOR4J_KV_READ && !(mor4j_matrix_is(&layer->k, kv, h) && mor4j_matrix_is(&layer->v, kv, h) &&
                                             read_alike(&layer->q, &layer->k) && read_alike(&layer->q, &layer->v))) {
        return false;
    }
    return mor4j_rows_matrix_is(&layer->input_norm, 1, h) && mor4j_matrix_is(&layer->q, q, h) &&
           mor4j_matrix_is(&layer->o, h, q) && mor4j_rows_matrix_is(&layer->post_norm, 1, h) &&
           mor4j_matrix_is(&layer->gate, f, h) && mor4j_matrix_is(&layer->up, f, h) &&
           read_alike(&layer->gate, &layer->up) && mor4j_matrix_is(&layer->down, h, f);
}

/* Pages up to the row's context. Rows of one sequence share a table: what the row before has shown is not looked at
   again. */
static bool pages_are_valid(const mor4j_kv_row *row, const mor4j_kv_row *before, int64_t page_tokens)
{
    int64_t first = 0;
    const int64_t last = (row->context - 1) / page_tokens;
    if (before != NULL && before->pages == row->pages) first = (before->context - 1) / page_tokens + 1;
    for (int64_t page = first; page <= last; page++) {
        if (row->pages[page] == 0 || row->pages[page] % 64 != 0) return false;
    }
    return true;
}

static bool kv_row_is_valid(const mor4j_kv_row *row, const mor4j_shape *shape, bool appends, bool overlays)
{
    if (row->pages == NULL || row->context < 1 || row->context > INT32_MAX) return false;
    if (row->slot < -1) return false;
    const bool overlaid = overlays && row->overlay_pages != NULL;
    if ((appends || (overlays && !overlaid)) && row->slot >= row->context) return false;
    if (!overlaid) return !overlays || row->overlay_slots == NULL;
    return row->overlay_slots != NULL && row->slot >= 0 && row->slot <= INT32_MAX &&
           row->overlay_pages[row->slot / shape->page_tokens] != 0 &&
           row->overlay_pages[row->slot / shape->page_tokens] % 64 == 0;
}

int32_t mor4j_check_block(const mor4j_block_pass *pass)
{
    const mor4j_shape *shape = pass->shape;
    if (pass->layers == NULL || pass->x == NULL || pass->rope == NULL || pass->kv == NULL || pass->workspace == NULL ||
        pass->layer_count < 1 || !in_range(pass->page_layers) || pass->overlay_layers < 0 ||
        pass->overlay_layers > MOR4J_MAX_SIZE) {
        return MOR4J_INVALID_ARGUMENT;
    }
    if (pass->combine != MOR4J_REPLACE && pass->combine != MOR4J_ADD) return MOR4J_INVALID_ARGUMENT;
    if ((uintptr_t)pass->workspace % 64 != 0 || pass->workspace_floats < mor4j_plan_block(shape, pass->rows).floats ||
        !mor4j_rows_are_valid(pass->row_index, pass->rows)) {
        return MOR4J_INVALID_ARGUMENT;
    }
    bool appends = false, overlays = false;
    for (int32_t i = 0; i < pass->layer_count; i++) {
        if (!layer_is_valid(&pass->layers[i], pass)) return MOR4J_INVALID_ARGUMENT;
        appends |= pass->layers[i].kv_mode == MOR4J_KV_APPEND;
        overlays |= pass->layers[i].kv_mode == MOR4J_KV_OVERLAY;
    }
    for (int32_t i = 0; i < pass->rows; i++) {
        if (!kv_row_is_valid(&pass->kv[i], shape, appends, overlays) ||
            !pages_are_valid(&pass->kv[i], i > 0 ? &pass->kv[i - 1] : NULL, shape->page_tokens)) {
            return MOR4J_INVALID_ARGUMENT;
        }
    }
    return MOR4J_OK;
}
