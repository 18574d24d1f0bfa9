/*
 * The end of a pass and the next decision: a block scatters a row, takes its score while the row is in registers, and
 * decides. For linear routers with one output.
 */
#include "decide.cuh"
#include "router_dot.cuh"
#include "rows.cuh"
#include "scatter.cuh"

template <typename T, int N>
__global__ void __launch_bounds__(ROUTER_THREADS) scatter_route_rows(const mor4j_cuda_scatter_route_args args)
{
    await_previous_kernel();
    MOR4J_SHARED float shared[MOST_WARPS];
    const int64_t i = blockIdx.x;
    int64_t state;
    if (!takes_row(args.scatter.rows, i, &state)) return;
    const int32_t recursion = args.decide.fixed_recursion;
    const mor4j_cuda_router router = args.decide.routers[recursion];
    const scatter_row row = scatter_row_of(args.scatter, i, state, sizeof(T));
    const float z = router_dot<N>(static_cast<const T *>(router.w1), router.temperature, args.scatter.hidden, shared,
                                  [&row](int64_t c, float(&x)[N]) { scatter_columns<T>(row, c, x); });
    /* The gate of this recursion, which the next one's replaces, has been read by every thread: the sum waited for
       them. */
    if (threadIdx.x != 0) return;
    args.z[i] = z;
    decide_expert_row(args.decide, static_cast<int32_t>(state), recursion, z, z);
}

int32_t mor4j_cuda_scatter_route(const mor4j_cuda_scatter_route_args *args, void *stream)
{
    if (args == nullptr || !rows_are_valid(args->scatter.rows) || args->scatter.y == nullptr ||
        args->scatter.x == nullptr || args->z == nullptr || args->scatter.hidden < 1 ||
        !is_float_type(args->scatter.type) || args->decide.recursions != nullptr ||
        !decide_expert_is_valid(args->decide)) {
        return cudaErrorInvalidValue;
    }
    return with_type(args->scatter.type, [&](auto number) {
        typedef decltype(number) T;
        const auto kernel =
            takes_vectors(args->scatter.hidden, 4) ? scatter_route_rows<T, 4> : scatter_route_rows<T, 1>;
        return static_cast<int32_t>(MOR4J_LAUNCH(kernel, dim3(static_cast<unsigned>(args->scatter.rows.bucket)),
                                                 dim3(ROUTER_THREADS), 0, stream, *args));
    });
}
