/*
 * mor4j CUDA ABI: launchers of the device kernels behind the JVM runtime (dev.mor4j.bindings.cuda).
 *
 * Shape alphabet: B rows of a pass, S cached entries, H hidden, NH query heads, NKV key/value heads, DH head size,
 * F feed-forward, V vocabulary, N recursions.
 *
 * Contract of every launcher
 *   - Takes one structure, read before it returns, and the stream (cudaStream_t) last; returns a cudaError_t, 0 is
 *     success. cudaErrorInvalidValue (1) for sizes out of range. Only enqueues: no allocation, no synchronisation, so
 *     that a launch can be captured into a graph. Never exits, aborts or prints.
 *   - Pointers are device memory, owned by the caller, row-major, 16-byte aligned at the beginning of each array.
 *     Offsets into arrays are computed in 64 bits.
 *   - Rows: a state row is a token's place among the states (hidden state, position, recursion, gate, ..: arrays
 *     indexed by state row say so: [states]). A pass lists the state rows that it takes; its activations lie packed,
 *     [bucket]. The grid is made for `bucket` rows; rows from *count on are not touched, so that one graph serves any
 *     number of rows up to it.
 *   - The values computed for a row do not depend on the other rows of the pass, nor on the bucket, in one and the same
 *     kernel; no atomics on floating point, so a launch repeated gives the same bits.
 *   - Activations between the operations have the number type `type` (T): float32, bfloat16 or float16. Hidden states,
 *     scores, sums, gates and logits are float32.
 */
#ifndef MOR4J_CUDA_H
#define MOR4J_CUDA_H

#include <stdint.h>

#if defined(_WIN32)
#define MOR4J_CUDA_API __declspec(dllexport)
#else
#define MOR4J_CUDA_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MOR4J_CUDA_ABI_VERSION 2

/* Number types. INT8 for weights only: groups of 32 columns of a row with a bfloat16 scale, w = scale * q, q in -127 ..
   127. */
enum mor4j_cuda_type { MOR4J_CUDA_F32 = 0, MOR4J_CUDA_BF16 = 1, MOR4J_CUDA_F16 = 2, MOR4J_CUDA_INT8 = 3 };

/* Number types of caches; the layout of a page is that of mor4j.h (mor4j_shape). */
enum mor4j_cuda_kv_type { MOR4J_CUDA_KV_F32 = 0, MOR4J_CUDA_KV_BF16 = 1, MOR4J_CUDA_KV_INT8 = 2 };

/* What a layer does with keys and values: as mor4j_kv_mode of mor4j.h. */
enum mor4j_cuda_kv_mode { MOR4J_CUDA_KV_APPEND = 0, MOR4J_CUDA_KV_READ = 1, MOR4J_CUDA_KV_OVERLAY = 2 };

/* Most rows of a bucket that mor4j_cuda_project takes. */
#define MOR4J_CUDA_SKINNY_ROWS 16

/* Largest head size, most outputs of a router. */
#define MOR4J_CUDA_MAX_HEAD_DIM 256
#define MOR4J_CUDA_MAX_OUTPUTS 64

/* The rows of a pass. */
typedef struct mor4j_cuda_rows {
    const int32_t *list;  /* [bucket] distinct state rows                    */
    const int32_t *count; /* [1] how many of them there are, 0 .. bucket     */
    int32_t bucket;       /* rows that the launch has room for, at least 1   */
    int32_t reserved;
} mor4j_cuda_rows;

/* A weight matrix [rows, cols], y = W x. */
typedef struct mor4j_cuda_matrix {
    const void *data;       /* [rows][cols] of type                                              */
    const uint16_t *scales; /* INT8: [rows][ceil(cols / 32)] bfloat16, else NULL                 */
    int64_t rows;
    int64_t cols;
    int32_t type; /* mor4j_cuda_type */
    int32_t reserved;
} mor4j_cuda_matrix;

/* Where a row finds its cache; page tables are stretches of `tables` (mor4j_cuda_cache). 32 bytes. */
typedef struct mor4j_cuda_kv_row {
    int64_t pages;         /* index in tables of the address of page 0                                                */
    int64_t overlay_pages; /* the same of its overlay, -1 for none                                                    */
    int64_t overlay_slots; /* index in tables, counted in int32, of [context] entries of the overlay or -1; or -1     */
    int32_t slot;          /* entry this row writes, of the overlay where it has one; -1: none                        */
    int32_t context;       /* entries [0, context) it attends to, itself included; at least 1                         */
} mor4j_cuda_kv_row;

/* The caches of a pass and one layer's place in them. */
typedef struct mor4j_cuda_cache {
    const mor4j_cuda_kv_row *kv; /* [states]                                                  */
    const uint64_t *tables;      /* addresses of pages, places of overlays                    */
    int32_t layer;               /* index of the layer inside a page                          */
    int32_t overlay_layer;       /* inside an overlay page                                    */
    int32_t kv_mode;             /* mor4j_cuda_kv_mode                                        */
    int32_t kv_type;             /* mor4j_cuda_kv_type                                        */
    int32_t heads;               /* NH, a multiple of NKV                                     */
    int32_t kv_heads;            /* NKV                                                       */
    int32_t head_dim;            /* DH, even, at most MOR4J_CUDA_MAX_HEAD_DIM                 */
    int32_t page_tokens;         /* 32                                                        */
} mor4j_cuda_cache;

/* MOR4J_CUDA_ABI_VERSION of the library that was loaded. */
MOR4J_CUDA_API int32_t mor4j_cuda_abi_version(void);

/* 1 where the kernels were compiled for the host (native/emulated), 0 for a device. */
MOR4J_CUDA_API int32_t mor4j_cuda_is_emulated(void);

/* x[r] = table[ids[r]] for the rows r of the pass. Ids are in [0, V): checked by the caller. table: F32, BF16, F16 or
   INT8. */
typedef struct mor4j_cuda_embed_args {
    mor4j_cuda_rows rows;
    mor4j_cuda_matrix table; /* [V, H]       */
    const int32_t *ids;      /* [states]     */
    float *x;                /* [states, H]  */
} mor4j_cuda_embed_args;
MOR4J_CUDA_API int32_t mor4j_cuda_embed(const mor4j_cuda_embed_args *args, void *stream);

/* y[i] = x[list[i]]. */
typedef struct mor4j_cuda_gather_args {
    mor4j_cuda_rows rows;
    const float *x; /* [states, H] */
    float *y;       /* [bucket, H] */
    int64_t hidden;
} mor4j_cuda_gather_args;
MOR4J_CUDA_API int32_t mor4j_cuda_gather(const mor4j_cuda_gather_args *args, void *stream);

/* to[r] = from[r] for the rows r of the pass: the beginning of token-choice's recursions. */
typedef struct mor4j_cuda_copy_rows_args {
    mor4j_cuda_rows rows;
    const float *from; /* [states, H] */
    float *to;         /* [states, H] */
    int64_t hidden;
} mor4j_cuda_copy_rows_args;
MOR4J_CUDA_API int32_t mor4j_cuda_copy_rows(const mor4j_cuda_copy_rows_args *args, void *stream);

/* y[i] += residual[i] where there is one, then out[i] = y[i] / rms(y[i]) * weight. */
typedef struct mor4j_cuda_rmsnorm_args {
    mor4j_cuda_rows rows;
    float *y;             /* [bucket, H]; with indexed: [states, H], row list[i], and no residual */
    const void *residual; /* [bucket, H] of type, or NULL                                         */
    const float *weight;  /* [H]                                                                  */
    void *out;            /* [bucket, H] of type                                                  */
    int64_t hidden;
    float eps;
    int32_t type;
    int32_t indexed;
    int32_t reserved;
} mor4j_cuda_rmsnorm_args;
MOR4J_CUDA_API int32_t mor4j_cuda_rmsnorm(const mor4j_cuda_rmsnorm_args *args, void *stream);

/*
 * Turns queries and keys by their token's position (angle = position * inverse_frequencies[d], float32; halves of a
 * head side by side), queries in place, and stores keys and values at the row's slot. With KV_READ, or slot -1, nothing
 * is stored. A layer that overlays takes rows without an overlay as KV_APPEND does.
 */
typedef struct mor4j_cuda_rope_append_args {
    mor4j_cuda_rows rows;
    mor4j_cuda_cache cache;
    void *qkv; /* [bucket, (NH + 2 NKV) DH] of type: queries, keys, values (keys and values unused: KV_READ) */
    const int32_t *positions;         /* [states] */
    const float *inverse_frequencies; /* [DH / 2] */
    int32_t type;
    int32_t reserved;
} mor4j_cuda_rope_append_args;
MOR4J_CUDA_API int32_t mor4j_cuda_rope_append(const mor4j_cuda_rope_append_args *args, void *stream);

/*
 * out[i] = attention of the row's queries over the entries [0, context) of its cache, scale 1 / sqrt(DH); with an
 * overlay, entry e comes from overlay entry overlay_slots[e] where that is >= 0. Softmax in float32.
 *
 * decode: for rows of different sequences; the context is divided into chunks of 128 entries that follow from the
 * context alone, chunk c is worked on by split c % splits, and the split that is done last merges the splits' results
 * in their order. With positions it does first what mor4j_cuda_rope_append does, but leaves qkv as it is: for rows of
 * which none stores what another one attends to; what a row stores is the last entry of its context.
 *
 * prefill: for many rows of the same sequences side by side; rows with the same `pages` that follow each other share
 * what is read of the cache. Causal order is in `context`, which follows from the true position.
 *
 * Where a pass has both, each launcher takes its own: rows r with kinds[r] == kind; the others' results are left alone.
 */
typedef struct mor4j_cuda_attend_args {
    mor4j_cuda_rows rows;
    mor4j_cuda_cache cache;
    const void *qkv; /* as above, after mor4j_cuda_rope_append unless decode does that      */
    void *out;       /* [bucket, NH DH] of type                                             */
    float *partials; /* decode: mor4j_cuda_partial_floats(..) floats; prefill: unused       */
    uint32_t *done;  /* decode: [bucket, NH], 0 before the launch and after it; prefill: unused */
    int32_t splits;  /* decode: 1 .. 64; with 1 partials and done are unused                */
    int32_t type;
    const uint8_t *kinds; /* [states]; NULL: all rows */
    int32_t kind;
    int32_t reserved;
    const int32_t *positions;         /* decode: [states], or NULL; prefill: NULL */
    const float *inverse_frequencies; /* decode: [DH / 2], or NULL as positions   */
} mor4j_cuda_attend_args;
MOR4J_CUDA_API int32_t mor4j_cuda_attend_decode(const mor4j_cuda_attend_args *args, void *stream);
MOR4J_CUDA_API int32_t mor4j_cuda_attend_prefill(const mor4j_cuda_attend_args *args, void *stream);

/* Floats of `partials`; -1 when an argument is out of range. */
MOR4J_CUDA_API int64_t mor4j_cuda_partial_floats(int32_t bucket, int32_t heads, int32_t head_dim, int32_t splits);

/* out[i][f] = silu(gate_up[i][f]) * gate_up[i][F + f]. */
typedef struct mor4j_cuda_silu_mul_args {
    mor4j_cuda_rows rows;
    const void *gate_up; /* [bucket, 2F] of type */
    void *out;           /* [bucket, F] of type  */
    int64_t intermediate;
    int32_t type;
    int32_t reserved;
} mor4j_cuda_silu_mul_args;
MOR4J_CUDA_API int32_t mor4j_cuda_silu_mul(const mor4j_cuda_silu_mul_args *args, void *stream);

/* What mor4j_cuda_project does with a product. */
enum mor4j_cuda_epilogue {
    MOR4J_CUDA_STORE = 0,     /* out[i][o] = p, of type */
    MOR4J_CUDA_STORE_F32 = 1, /* out[i][o] = p, float32 */
    MOR4J_CUDA_ADD_F32 = 2,   /* out[i][o] += p, float32 */
    MOR4J_CUDA_SILU_MUL = 3   /* the matrix has 2F rows, gate then up: out[i][f] = silu(p[f]) * p[F + f], of type */
};

/*
 * Skinny products for 1 .. 16 rows: p = W input[i], each weight read once for all rows, sums in float32. With
 * norm_weight the input is float32 and goes through RMSNorm first. One warp an output (or pair of outputs) and no order
 * of summation that depends on the bucket. `matrix` may be INT8.
 */
typedef struct mor4j_cuda_project_args {
    mor4j_cuda_rows rows;
    mor4j_cuda_matrix matrix;
    /* [bucket, cols] of type; with norm_weight float32, and with indexed [states, cols], row list[i] */
    const void *input;
    const float *norm_weight; /* [cols] or NULL */
    void *out;                /* [bucket, stride]; see epilogue */
    int64_t stride;           /* numbers between rows of out, at least the outputs */
    float eps;
    int32_t epilogue; /* mor4j_cuda_epilogue */
    int32_t type;
    int32_t indexed;
} mor4j_cuda_project_args;
MOR4J_CUDA_API int32_t mor4j_cuda_project(const mor4j_cuda_project_args *args, void *stream);

/* out [rows][cols] of type = the numbers of an INT8 matrix: what a GEMM multiplies with. */
typedef struct mor4j_cuda_dequantize_args {
    mor4j_cuda_matrix matrix;
    void *out;
    int32_t type;
    int32_t reserved;
} mor4j_cuda_dequantize_args;
MOR4J_CUDA_API int32_t mor4j_cuda_dequantize(const mor4j_cuda_dequantize_args *args, void *stream);

/* A router: linear z = W1 (x / temperature), or with w2 z = W2 gelu(W1 (x / temperature)), exact (erf) GELU. In device
   memory. */
typedef struct mor4j_cuda_router {
    const void *w1; /* linear [outs, H]; mlp [inner, H] of type */
    const void *w2; /* NULL; mlp [outs, inner] of type          */
    int32_t inner;  /* 0 for linear                             */
    int32_t outs;   /* at most MOR4J_CUDA_MAX_OUTPUTS           */
    float temperature;
    int32_t takes_all; /* mor4j_cuda_decide_expert: whatever z says, every row takes part */
} mor4j_cuda_router;

/* z[i] = router(x[list[i]]), the router of the row's recursion. All routers of a table have the same inner and outs. */
typedef struct mor4j_cuda_route_args {
    mor4j_cuda_rows rows;
    const mor4j_cuda_router *routers; /* [N] or, with fixed_recursion, at least that many + 1 */
    const int32_t *recursions;        /* [states] which router decides; NULL: fixed_recursion for all rows */
    const float *x;                   /* [states, H] */
    float *z;                         /* [bucket, outs] */
    float *workspace;                 /* mlp: [bucket, inner] */
    int64_t hidden;
    int32_t inner; /* of the routers, as the host knows it */
    int32_t outs;
    int32_t fixed_recursion;
    int32_t type;
} mor4j_cuda_route_args;
MOR4J_CUDA_API int32_t mor4j_cuda_route(const mor4j_cuda_route_args *args, void *stream);

/* Functions of a router's output. */
enum mor4j_cuda_router_function {
    MOR4J_CUDA_IDENTITY = 0, /* the output itself, without alpha */
    MOR4J_CUDA_SIGMOID = 1,
    MOR4J_CUDA_TANH = 2,
    MOR4J_CUDA_SOFTMAX = 3 /* token-choice */
};

/*
 * Expert-choice by threshold, for row r of the pass and its recursion k: keep[r] = k < max_recursions[r] and (takes_all
 * of router k, or decision[i] >= logit_thresholds[r], false for NaN); gate[r] = weighted ? alpha * function(z[i]) : 1
 * where kept, else 0; depth[r] += keep[r].
 */
typedef struct mor4j_cuda_decide_expert_args {
    mor4j_cuda_rows rows;
    const mor4j_cuda_router *routers;
    const int32_t *recursions;      /* as mor4j_cuda_route */
    const float *z;                 /* [bucket]                                                   */
    const float *decision;          /* [bucket] outputs of the routers that only decide; or z     */
    const double *logit_thresholds; /* [states] */
    const int32_t *max_recursions;  /* [states] */
    uint8_t *keep;                  /* [states] */
    float *gates;                   /* [states] */
    int32_t *depths;                /* [states] */
    float alpha;
    int32_t function; /* mor4j_cuda_router_function */
    int32_t weighted;
    int32_t fixed_recursion;
} mor4j_cuda_decide_expert_args;
MOR4J_CUDA_API int32_t mor4j_cuda_decide_expert(const mor4j_cuda_decide_expert_args *args, void *stream);

/*
 * Token-choice: p = alpha * softmax(z[i]) or alpha * sigmoid(z[i]); last[r] = argmax over the first max_recursions[r]
 * of p (+ bias), of equal ones the first, 0 where none is a number; gates[r] = weighted ? p[last] : 1;
 * depths[r] = last + 1; keep[r] = 1.
 */
typedef struct mor4j_cuda_decide_token_args {
    mor4j_cuda_rows rows;
    const float *z;                /* [bucket, outs] */
    const float *bias;             /* [outs] or NULL */
    const int32_t *max_recursions; /* [states] */
    uint8_t *keep;                 /* [states] */
    float *gates;                  /* [states] */
    int32_t *depths;               /* [states] */
    int32_t outs;
    float alpha;
    int32_t function; /* SIGMOID or SOFTMAX */
    int32_t weighted;
} mor4j_cuda_decide_token_args;
MOR4J_CUDA_API int32_t mor4j_cuda_decide_token(const mor4j_cuda_decide_token_args *args, void *stream);

/* keep[r] = recursion < depths[r] for the rows of the pass: who goes on after token-choice has decided. */
typedef struct mor4j_cuda_keep_deeper_args {
    mor4j_cuda_rows rows;
    const int32_t *depths; /* [states] */
    uint8_t *keep;         /* [states] */
    int32_t recursion;
    int32_t reserved;
} mor4j_cuda_keep_deeper_args;
MOR4J_CUDA_API int32_t mor4j_cuda_keep_deeper(const mor4j_cuda_keep_deeper_args *args, void *stream);

/*
 * Compaction: the rows of the pass with keep[r] != 0, in the same order, by a scan on the device. out_list may be
 * rows.list; then out_count may be rows.count. One thread block, so bucket is at most 65536.
 */
typedef struct mor4j_cuda_compact_args {
    mor4j_cuda_rows rows;
    const uint8_t *keep; /* [states] */
    int32_t *out_list;   /* [bucket] */
    int32_t *out_count;  /* [1]      */
} mor4j_cuda_compact_args;
MOR4J_CUDA_API int32_t mor4j_cuda_compact(const mor4j_cuda_compact_args *args, void *stream);

/*
 * The end of a pass of layers, with r = list[i] and v = y[i] (+ residual[i]): x[r] = v, or with `add`
 * x[r] += gates[r] * v, where a row whose gate is exactly 0 is left alone; gates NULL: 1.
 */
typedef struct mor4j_cuda_scatter_args {
    mor4j_cuda_rows rows;
    const float *y;       /* [bucket, H]               */
    const void *residual; /* [bucket, H] of type; NULL */
    const float *gates;   /* [states]; NULL            */
    float *x;             /* [states, H]               */
    int64_t hidden;
    int32_t add;
    int32_t type;
} mor4j_cuda_scatter_args;
MOR4J_CUDA_API int32_t mor4j_cuda_scatter(const mor4j_cuda_scatter_args *args, void *stream);

/*
 * The end of a pass and the next decision in one kernel: as mor4j_cuda_scatter, then for linear routers with one output
 * z[i] = router of fixed_recursion (x[r]), and the decision of mor4j_cuda_decide_expert by it.
 */
typedef struct mor4j_cuda_scatter_route_args {
    mor4j_cuda_scatter_args scatter;
    /* rows, z and decision of it unused; recursions NULL; fixed_recursion is the next one */
    mor4j_cuda_decide_expert_args decide;
    float *z; /* [bucket] */
} mor4j_cuda_scatter_route_args;
MOR4J_CUDA_API int32_t mor4j_cuda_scatter_route(const mor4j_cuda_scatter_route_args *args, void *stream);

/* x[r] += gates[r] * y[r] for the rows r of the pass: the end of token-choice's recursions. gate 0: left alone. */
typedef struct mor4j_cuda_add_gated_args {
    mor4j_cuda_rows rows;
    float *x;           /* [states, H]       */
    const float *y;     /* [states, H]       */
    const float *gates; /* [states]          */
    int64_t hidden;
} mor4j_cuda_add_gated_args;
MOR4J_CUDA_API int32_t mor4j_cuda_add_gated(const mor4j_cuda_add_gated_args *args, void *stream);

/* How a row's token is chosen. 40 bytes. */
typedef struct mor4j_cuda_sampling {
    uint64_t draw;      /* of seed and position: what the noise comes from               */
    double temperature; /* 0: the largest                                                */
    double top_p;       /* 1: all                                                        */
    double min_log;     /* natural logarithm of min-p; -infinity: all                    */
    int32_t top_k;      /* 0: all                                                        */
    int32_t reserved;
} mor4j_cuda_sampling;

/*
 * tokens[i] = the token that logits[i] gives, by the rules of mor4j_choose, and the same: the noise and the sums are
 * the same bits. -1 where no logit is above -infinity (NaN is not).
 */
typedef struct mor4j_cuda_sample_args {
    mor4j_cuda_rows rows;
    const float *logits;                 /* [bucket, V] */
    const mor4j_cuda_sampling *sampling; /* [bucket]    */
    int32_t *tokens;                     /* [bucket]    */
    int64_t vocabulary;                  /* at most 2^21 */
} mor4j_cuda_sample_args;
MOR4J_CUDA_API int32_t mor4j_cuda_sample(const mor4j_cuda_sample_args *args, void *stream);

#ifdef __cplusplus
}
#endif

#endif
