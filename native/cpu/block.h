/*
 * A pass of decoder layers. Its workspace, each part [rows, ..] and a multiple of 16 floats (64 bytes):
 *
 *   h [H] | normed [H] | encoded [E] | q [NH*DH] | k [NKV*DH] | v [NKV*DH] | attended [NH*DH] | segments
 *                                    | gate [F]  | up [F]            in the same place: attention is over by then
 *
 * encoded: what the next product with panels reads; E floats hold a row of any width and number type.
 */
#ifndef MOR4J_BLOCK_H
#define MOR4J_BLOCK_H

#include "context.h"

typedef struct mor4j_block_plan {
    int64_t h, normed, encoded, q, k, v, attended, segments, gate, up; /* offsets in floats */
    int64_t floats;                                                    /* of all            */
} mor4j_block_plan;

/* Sizes in range and heads that divide. */
bool mor4j_shape_is_valid(const mor4j_shape *shape);

/* For a valid shape and rows >= 0. */
mor4j_block_plan mor4j_plan_block(const mor4j_shape *shape, int64_t rows);

/* Everything a pass of rows > 0 says; a mor4j_status. */
int32_t mor4j_check_block(const mor4j_block_pass *pass);

/* Bytes of one layer of a page, for a valid shape. */
static inline int64_t mor4j_page_layer_bytes(const mor4j_shape *shape)
{
    return (int64_t)shape->kv_heads * (shape->page_tokens / MOR4J_KV_BLOCK) *
           mor4j_kv_block_bytes(shape->kv_dtype, shape->head_dim);
}

#endif
