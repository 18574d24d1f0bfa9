/*
 * A pass of decoder layers. Its workspace, each part [rows, ..] and a multiple of 16 floats (64 bytes):
 *
 *   h [H] | normed [H] | q [NH*DH] | k [NKV*DH] | v [NKV*DH] | attended [NH*DH] | softmax [NH*2]
 *                      | gate [F]  | up [F]                      in the same place: attention is over by then
 */
#ifndef MOR4J_BLOCK_H
#define MOR4J_BLOCK_H

#include "context.h"

typedef struct mor4j_block_plan {
    int64_t h, normed, q, k, v, attended, softmax, gate, up; /* offsets in floats */
    int64_t floats;                                          /* of all            */
} mor4j_block_plan;

/* Sizes in range and heads that divide. */
bool mor4j_shape_is_valid(const mor4j_shape *shape);

/* For a valid shape and rows >= 0. */
mor4j_block_plan mor4j_plan_block(const mor4j_shape *shape, int64_t rows);

/* Everything a pass of rows > 0 says; a mor4j_status. */
int32_t mor4j_check_block(const mor4j_block_pass *pass);

#endif
