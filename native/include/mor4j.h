/*
 * mor4j C ABI: the CPU kernels behind the JVM runtime (dev.mor4j.bindings).
 *
 * Shape alphabet: T rows of a pass, S cached entries, H hidden, NH query heads, NKV key/value heads, DH head size,
 * F feed-forward, V vocabulary.
 *
 * Contract of every function
 *   - Returns a mor4j_status; 0 is success. Never exits, aborts, prints or keeps a pointer after it has returned
 *     (a context keeps nothing but its own threads).
 *   - Borrows every pointer; the caller owns all memory. Activations are float32, row-major, 4-byte aligned at least.
 *   - Batch invariance: the values computed for a row depend on that row, the weights and the cache entries it may see,
 *     never on how many other rows are in the pass, on their order, or on the number of threads. Bit for bit.
 *   - One pass at a time uses the threads of a context. A call that finds them taken runs on its own thread alone,
 *     so calls from several threads are safe and give the same bits.
 */
#ifndef MOR4J_H
#define MOR4J_H

#include <stdint.h>

#if defined(_WIN32)
#define MOR4J_API __declspec(dllexport)
#else
#define MOR4J_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MOR4J_ABI_VERSION 5

enum mor4j_status { MOR4J_OK = 0, MOR4J_INVALID_ARGUMENT = 1, MOR4J_UNSUPPORTED = 2, MOR4J_OUT_OF_MEMORY = 3 };

/*
 * Number types and layouts of weights. Activations are float32 between the operations.
 *
 * Row-major, multiplied in float32:
 *
 *   MOR4J_F32, MOR4J_BF16    [rows][cols]
 *
 * Panels, packed for the kernels: 16 outputs side by side, 16 = MOR4J_PANEL. Panel p holds the rows 16p .. 16p+15; cols
 * are rounded up to a multiple of 64 (KP); what the matrix lacks is zero. Panels follow each other, data is 64-byte
 * aligned.
 *
 *   MOR4J_BF16_PANELS  panel [KP/2][16][2] bfloat16                                              32 KP bytes
 *   MOR4J_INT8_PANELS  panel [KP/64] of { scales [2][16] bfloat16 | q [2][8][16][4] uint8 }     17 KP bytes
 *   MOR4J_INT4_PANELS  panel [KP/64] of { scales [2][16] bfloat16 | q [2][4][16][4] 2 nibbles }  9 KP bytes
 *
 * A group is 32 columns of one row, with a scale >= 0. int8: w = scale (q - 128), q in 1 .. 255; the bytes of a group
 * lie as [column / 4][row][column % 4]. int4: w = scale (n - 8), n in 0 .. 15; byte [i][row][c] holds column 4i + c in
 * its low nibble and column 16 + 4i + c in its high one. The products of int8 and int4 take x in int8 as well, in
 * groups of 32 with a float32 scale (largest magnitude / 127); their sums are exact integers a group, added up in
 * float32, group after group. The products of bfloat16 panels round x to bfloat16 where the instruction set multiplies
 * pairs of bfloat16, else not at all.
 */
enum mor4j_dtype { MOR4J_F32 = 0, MOR4J_BF16 = 1, MOR4J_BF16_PANELS = 2, MOR4J_INT8_PANELS = 3, MOR4J_INT4_PANELS = 4 };

#define MOR4J_PANEL 16

/* Number types of caches. */
enum mor4j_kv_dtype { MOR4J_KV_F32 = 0, MOR4J_KV_BF16 = 1, MOR4J_KV_INT8 = 2 };

/* Instruction sets the kernels are compiled for, from the least to the most able. */
enum mor4j_isa {
    MOR4J_ISA_PORTABLE = 0,
    MOR4J_ISA_AVX2 = 1,        /* and FMA                              */
    MOR4J_ISA_AVX512 = 2,      /* F, BW, DQ, VL                        */
    MOR4J_ISA_AVX512_VNNI = 3, /* and dot products of int8             */
    MOR4J_ISA_AVX512_BF16 = 4  /* and dot products of pairs of bfloat16 */
};

/* Bits of mor4j_cpu_features. */
enum mor4j_cpu_feature {
    MOR4J_CPU_AVX2 = 1 << 0,
    MOR4J_CPU_FMA = 1 << 1,
    MOR4J_CPU_AVX512 = 1 << 2, /* F, BW, DQ, VL */
    MOR4J_CPU_AVX512_VNNI = 1 << 3,
    MOR4J_CPU_AVX512_BF16 = 1 << 4,
    MOR4J_CPU_AVX_VNNI = 1 << 5,
    MOR4J_CPU_AMX_INT8 = 1 << 6, /* with AMX_TILE */
    MOR4J_CPU_AMX_BF16 = 1 << 7  /* with AMX_TILE */
};

/*
 * What a layer of a pass does with keys and values. Rows that do different things share a pass (the same block in
 * different recursions): a row with slot -1 in a layer that appends stores nothing, as with READ; a row without overlay
 * pages in a layer that overlays does as with APPEND.
 */
enum mor4j_kv_mode {
    MOR4J_KV_APPEND = 0, /* compute K and V of each row, store them at its slot, attend to [0, context)              */
    MOR4J_KV_READ = 1,   /* compute no K and V, attend to [0, context) of what is stored (recursive sharing)          */
    MOR4J_KV_OVERLAY = 2 /* compute K and V, store them at `slot` of the overlay pages; entry e of [0, context) comes
                            from overlay slot overlay_slots[e] where that is >= 0, else from the base pages
                            (sharing with update)                                                                    */
};

/* How the result y of a pass is combined with its rows of x. */
enum mor4j_combine {
    MOR4J_REPLACE = 0, /* x[row] = y                                                        */
    MOR4J_ADD = 1      /* x[row] += gate * y; a row whose gate is exactly 0 is left alone    */
};

enum mor4j_router_kind {
    MOR4J_ROUTER_LINEAR = 0, /* z = W1 (x / temp)            W1 [outs, H]              */
    MOR4J_ROUTER_MLP = 1     /* z = W2 gelu(W1 (x / temp))   W1 [M, H], W2 [outs, M]   exact (erf) GELU */
};

/* A weight matrix [rows, cols], y = W x. Norm weights are [1, H], norms and routers row-major. */
typedef struct mor4j_matrix {
    const void *data;
    int64_t rows;
    int64_t cols;
    int32_t dtype; /* mor4j_dtype */
    int32_t reserved;
} mor4j_matrix;

/* One decoder layer (Llama): its weights and where its keys and values lie in a page. q, k and v are all row-major or
   panels of one number type, gate and up too. */
typedef struct mor4j_layer {
    mor4j_matrix input_norm; /* [1, H]      */
    mor4j_matrix q;          /* [NH*DH, H]  */
    mor4j_matrix k;          /* [NKV*DH, H] */
    mor4j_matrix v;          /* [NKV*DH, H] */
    mor4j_matrix o;          /* [H, NH*DH]  */
    mor4j_matrix post_norm;  /* [1, H]      */
    mor4j_matrix gate;       /* [F, H]      */
    mor4j_matrix up;         /* [F, H]      */
    mor4j_matrix down;       /* [H, F]      */
    int32_t kv_layer;        /* index of this layer inside a page, 0 .. page_layers-1         */
    int32_t kv_mode;         /* mor4j_kv_mode                                                 */
    int32_t overlay_layer;   /* index inside an overlay page (MOR4J_KV_OVERLAY), else 0        */
    int32_t reserved;
} mor4j_layer;

/*
 * Sizes of a model. A KV page holds page_tokens entries of page_layers layers, in tiles of 32 entries of one KV head:
 *
 *   page  [page_layers][NKV][page_tokens / 32] tiles
 *   tile  { keys | values }                                    2 (32 DH bytes(kv_dtype) + 128 with int8) bytes
 *
 *            keys                                values
 *   float32  [DH][32]                            [32][DH]
 *   bfloat16 [DH/2][32][2]                       [32][DH]
 *   int8     [DH][32] | scales [32] float32      [32][DH] | scales [32] float32
 *
 * The keys of a tile lie with the entries innermost, as the scores are computed. int8: one scale for each entry
 * (largest magnitude / 127). Entry e of a sequence lies in page e / page_tokens at place e % page_tokens. Keys are
 * stored after RoPE. Overlay pages have the same layout with overlay_layers layers. Pages are 64-byte aligned.
 */
typedef struct mor4j_shape {
    int32_t hidden;       /* H                                 */
    int32_t heads;        /* NH, a multiple of NKV             */
    int32_t kv_heads;     /* NKV                               */
    int32_t head_dim;     /* DH, even                          */
    int32_t intermediate; /* F                                 */
    float rms_eps;
    int32_t page_tokens; /* a multiple of 32                  */
    int32_t kv_dtype;    /* mor4j_kv_dtype                    */
} mor4j_shape;

/* Where a row of a pass finds its cache. 40 bytes. */
typedef struct mor4j_kv_row {
    const uint64_t *pages;         /* page table: addresses of the pages                     */
    const uint64_t *overlay_pages; /* MOR4J_KV_OVERLAY, else NULL                            */
    const int32_t *overlay_slots;  /* [context] with overlay_pages, else NULL                */
    int64_t slot;                  /* entry this row writes, of the overlay where it has one; -1: none */
    int64_t context;               /* entries [0, context) it attends to, itself included    */
} mor4j_kv_row;

/*
 * One pass of some decoder layers, in order, over `rows` rows: y = L_n(.. L_1(x[row_index])), then combined into x.
 * Rows of one sequence that attend to each other are in the same pass or in order of position over several passes.
 */
typedef struct mor4j_block_pass {
    const mor4j_shape *shape;
    const mor4j_layer *layers;
    float *x;                 /* [>= rows, H]                                                     */
    const int32_t *row_index; /* [rows], distinct rows of x; NULL: rows 0 .. rows-1               */
    const float *gates;       /* [rows], MOR4J_ADD; NULL: 1                                       */
    const float *rope;        /* [rows, DH]: cos of DH/2 angles, then their sin, for the row's position */
    const mor4j_kv_row *kv;   /* [rows]                                                           */
    float *workspace;         /* mor4j_block_workspace(shape, rows) floats, 64-byte aligned       */
    int64_t workspace_floats;
    int32_t layer_count;
    int32_t rows;
    int32_t combine;        /* mor4j_combine */
    int32_t page_layers;    /* layers a base page holds */
    int32_t overlay_layers; /* layers an overlay page holds, 0 without one */
    int32_t reserved;
} mor4j_block_pass;

typedef struct mor4j_router {
    mor4j_matrix w1;
    mor4j_matrix w2; /* MOR4J_ROUTER_MLP, else data == NULL */
    int32_t kind;    /* mor4j_router_kind */
    float temperature;
} mor4j_router;

/* How a row's token is chosen. 40 bytes. */
typedef struct mor4j_sampling {
    uint64_t draw;      /* of seed and position: what the noise comes from               */
    double temperature; /* 0: the largest                                                */
    double top_p;       /* 1: all                                                        */
    double min_log;     /* natural logarithm of min-p; -infinity: all                    */
    int32_t top_k;      /* 0: all                                                        */
    int32_t reserved;
} mor4j_sampling;

#define MOR4J_MOST_VOCABULARY (1 << 21)

/* Chosen kernels and a pool of threads. Opaque. */
typedef struct mor4j_context mor4j_context;

/* MOR4J_ABI_VERSION of the library that was loaded. */
MOR4J_API int32_t mor4j_abi_version(void);

/* A static text for a status. */
MOR4J_API const char *mor4j_status_text(int32_t status);

/* The most able mor4j_isa that this library was built with and this CPU can run; every lesser one runs too. */
MOR4J_API int32_t mor4j_best_isa(void);

/* What this CPU and its operating system offer, mor4j_cpu_feature bits, whatever this library was built with. */
MOR4J_API uint64_t mor4j_cpu_features(void);

/* Bytes of a matrix; -1 when an argument is out of range. */
MOR4J_API int64_t mor4j_matrix_bytes(int64_t rows, int64_t cols, int32_t dtype);

/*
 * Makes a context with the kernels of `isa` and `threads` threads in all (the caller's among them), which spin for up
 * to `spin_microseconds` after a pass and then sleep. MOR4J_UNSUPPORTED when the CPU cannot run `isa`.
 */
MOR4J_API int32_t mor4j_context_create(int32_t isa, int32_t threads, int32_t spin_microseconds,
                                       mor4j_context **context);

/* Joins the threads and frees the context. NULL is ignored. No call may be running on it. */
MOR4J_API void mor4j_context_destroy(mor4j_context *context);

/* Floats of workspace that a pass of `rows` rows needs; -1 when an argument is out of range. */
MOR4J_API int64_t mor4j_block_workspace(const mor4j_shape *shape, int32_t rows);

/* Bytes of a KV page of `layers` layers; -1 when an argument is out of range. */
MOR4J_API int64_t mor4j_page_bytes(const mor4j_shape *shape, int32_t layers);

/*
 * x[row_index[i]] = table[ids[i]], i < rows; table [V, H]; row_index distinct, NULL: rows 0 .. rows-1. An id outside
 * [0, V) is MOR4J_INVALID_ARGUMENT.
 */
MOR4J_API int32_t mor4j_embed(mor4j_context *context, const mor4j_matrix *table, const int32_t *ids,
                              const int32_t *row_index, int32_t rows, float *x);

/* See mor4j_block_pass. One call for all layers of a pass. */
MOR4J_API int32_t mor4j_run_block(mor4j_context *context, const mor4j_block_pass *pass);

/*
 * z[i] = router(x[row_index[i]]), z [rows, outs]; row_index NULL: rows 0 .. rows-1.
 * workspace: rows * (H + w1.rows) floats.
 */
MOR4J_API int32_t mor4j_route(mor4j_context *context, const mor4j_router *router, const float *x,
                              const int32_t *row_index, int32_t rows, float *z, float *workspace);

/*
 * x[r] += gates[i] * y[r] for i < rows and r = row_index[i]; x, y [.., hidden]; row_index distinct, NULL: rows 0 ..
 * rows-1; gates NULL: 1. The end of token-choice routing.
 */
MOR4J_API int32_t mor4j_add_gated(mor4j_context *context, float *x, const float *y, const int32_t *row_index,
                                  const float *gates, int32_t rows, int32_t hidden);

/*
 * logits[i] = head · rmsnorm(x[row_index[i]]) · norm; logits [rows, V], head [V, H], norm [1, H].
 * row_index NULL: rows 0 .. rows-1. workspace: mor4j_head_workspace(hidden, rows) floats, 64-byte aligned.
 */
MOR4J_API int32_t mor4j_head(mor4j_context *context, const mor4j_matrix *norm, const mor4j_matrix *head, float rms_eps,
                             const float *x, const int32_t *row_index, int32_t rows, float *logits, float *workspace);

/* Floats of workspace that mor4j_head needs; -1 when an argument is out of range. */
MOR4J_API int64_t mor4j_head_workspace(int64_t hidden, int32_t rows);

/*
 * tokens[i] = the token that logits[i] gives, logits [rows, V], V <= MOR4J_MOST_VOCABULARY, sampling [rows]; -1 where
 * no logit is above -infinity (NaN is not). The largest where temperature is 0 or the largest is infinite, of equal
 * ones the first. Else of the top_k largest (of equal ones the lower id) those before which there is less than top_p of
 * their mass, and of these those not below largest + temperature * min_log, the one with the largest (logit - largest)
 * / temperature + noise: docs/forward-pass.md, section 10. Every instruction set chooses the same.
 */
MOR4J_API int32_t mor4j_choose(mor4j_context *context, const float *logits, int64_t vocabulary,
                               const mor4j_sampling *sampling, int32_t rows, int32_t *tokens);

/*
 * Measures what this machine can do, for reports. All threads of the context read [data, data + bytes) once, `repeats`
 * times over; *bytes_per_second of the fastest time. data is 64-byte aligned, bytes a multiple of 64.
 */
MOR4J_API int32_t mor4j_measure_bandwidth(mor4j_context *context, const void *data, int64_t bytes, int32_t repeats,
                                          double *bytes_per_second);

/*
 * All threads of the context do nothing but the multiply-adds that products of this mor4j_dtype are made of, on
 * registers; the best of `repeats` short runs. A multiply-add counts as two operations.
 */
MOR4J_API int32_t mor4j_measure_peak(mor4j_context *context, int32_t dtype, int32_t repeats,
                                     double *operations_per_second);

/*
 * Guarded ranges: memory that a file is mapped to, which faults (SIGBUS) when the file was cut or cannot be read. A
 * fault inside puts zeros in place of the whole range and raises its flag, and the instruction goes on; whoever has
 * read from the range looks at the flag afterwards and uses nothing where it is up. Every other fault goes to whoever
 * had the signal before, as if there were no guard. Any thread.
 *
 * The first range installs the handler of SIGBUS, the last one that is taken out restores the one before. Where another
 * handler was installed after ours by then, ours may still be called by it: it stays in place, passes every fault on,
 * and serves later ranges.
 */

/*
 * Guards [data, data + bytes), page-aligned, mapped until it is taken out. *slot names it, *faulted points to its flag,
 * which is valid for ever and has a value other than 0 after a fault. MOR4J_UNSUPPORTED where there is no such signal,
 * MOR4J_OUT_OF_MEMORY where MOR4J_MAX_GUARDS ranges are guarded already.
 */
MOR4J_API int32_t mor4j_guard_add(const void *data, int64_t bytes, int32_t *slot, const int32_t **faulted);

/* Takes out a range that was added, before it is unmapped. */
MOR4J_API int32_t mor4j_guard_remove(int32_t slot);

#define MOR4J_MAX_GUARDS 256

#ifdef __cplusplus
}
#endif

#endif
