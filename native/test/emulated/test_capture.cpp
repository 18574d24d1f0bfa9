/* Capture of streams into graphs, their launches, and what ends a capture. */
#include <thread>

#include "device.cuh"
#include "emulated.h"
#include "support.h"

static __global__ void add_one(float *value)
{
    await_previous_kernel();
    *value += 1;
}
static __global__ void twice(float *value)
{
    await_previous_kernel();
    *value *= 2;
}

/* A stream, a second one, an event and a number on the device. */
struct fixture {
    cudaStream_t stream, other;
    cudaEvent_t event, joined;
    device_array<float> value{std::vector<float>{1}};

    fixture()
    {
        for (cudaStream_t *s : {&stream, &other}) CHECK_CUDA(cudaStreamCreateWithFlags(s, cudaStreamNonBlocking));
        for (cudaEvent_t *e : {&event, &joined}) CHECK_CUDA(cudaEventCreateWithFlags(e, cudaEventDisableTiming));
    }
    ~fixture()
    {
        for (cudaStream_t s : {stream, other}) CHECK_CUDA(cudaStreamDestroy(s));
        for (cudaEvent_t e : {event, joined}) CHECK_CUDA(cudaEventDestroy(e));
        cudaGetLastError();
    }
    void begin(cudaStreamCaptureMode mode = cudaStreamCaptureModeThreadLocal)
    {
        CHECK_CUDA(cudaStreamBeginCapture(stream, mode));
    }
    cudaError_t end()
    {
        cudaGraph_t graph = nullptr;
        const cudaError_t error = cudaStreamEndCapture(stream, &graph);
        CHECK((graph != nullptr) == (error == cudaSuccess));
        if (graph) CHECK_CUDA(cudaGraphDestroy(graph));
        return error;
    }
};

static void graphs_repeat_what_was_captured()
{
    fixture f;
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    const uint64_t before = launches();
    f.begin();
    CHECK_CUDA(MOR4J_LAUNCH(add_one, 1, 1, 0, f.stream, f.value.data()));
    CHECK_CUDA(MOR4J_LAUNCH(twice, 1, 1, 0, f.stream, f.value.data()));
    CHECK_CUDA(cudaStreamEndCapture(f.stream, &graph));
    CHECK_CUDA(cudaDeviceSynchronize());
    CHECK(f.value.download()[0] == 1 && launches() == before, "a captured launch was executed");
    size_t count = 0;
    cudaGraphNode_t nodes[3];
    CHECK_CUDA(cudaGraphGetNodes(graph, nullptr, &count));
    CHECK(count == 2);
    count = 3;
    CHECK_CUDA(cudaGraphGetNodes(graph, nodes, &count));
    CHECK(count == 2 && nodes[0] && nodes[1] && !nodes[2]);
    CHECK_CUDA(cudaGraphInstantiate(&executable, graph, 0));
    CHECK_CUDA(cudaGraphDestroy(graph));
    for (int i = 0; i < 2; i++) CHECK_CUDA(cudaGraphLaunch(executable, f.stream));
    CHECK(launches() == before, "a graph was executed before anybody waited");
    CHECK_CUDA(cudaGraphExecDestroy(executable));
    CHECK_CUDA(cudaStreamSynchronize(f.stream));
    CHECK(f.value.download()[0] == 10 && launches() == before + 4);
    CHECK(cudaGraphLaunch(executable, f.stream) == cudaErrorInvalidValue);
}

static void streams_are_forked_and_joined()
{
    for (bool join : {true, false}) {
        fixture f;
        f.begin();
        CHECK_CUDA(cudaEventRecord(f.event, f.stream));
        CHECK_CUDA(cudaStreamWaitEvent(f.other, f.event, 0));
        CHECK_CUDA(MOR4J_LAUNCH(add_one, 1, 1, 0, f.other, f.value.data()));
        CHECK_CUDA(cudaEventRecord(f.joined, f.other));
        if (join) CHECK_CUDA(cudaStreamWaitEvent(f.stream, f.joined, 0));
        CHECK(f.end() == (join ? cudaSuccess : cudaErrorStreamCaptureUnjoined), "join %d", join);
    }
}

/* Calls that are not allowed while something is captured. */
static cudaError_t synchronize_stream(fixture &f) { return cudaStreamSynchronize(f.stream); }
static cudaError_t synchronize_device(fixture &) { return cudaDeviceSynchronize(); }
static cudaError_t allocate(fixture &)
{
    void *p = nullptr;
    return cudaMalloc(&p, 16);
}
static cudaError_t query(fixture &f) { return cudaEventQuery(f.event); }

static void calls_that_disturb_a_capture_end_it()
{
    for (cudaError_t (*call)(fixture &) : {synchronize_stream, synchronize_device, allocate, query}) {
        fixture f;
        f.begin();
        CHECK_CUDA(MOR4J_LAUNCH(add_one, 1, 1, 0, f.stream, f.value.data()));
        CHECK(call(f) == cudaErrorStreamCaptureUnsupported);
        cudaStreamCaptureStatus status;
        CHECK_CUDA(cudaStreamIsCapturing(f.stream, &status));
        CHECK(status == cudaStreamCaptureStatusInvalidated);
        cudaGetLastError();
        CHECK(MOR4J_LAUNCH(add_one, 1, 1, 0, f.stream, f.value.data()) == cudaErrorStreamCaptureInvalidated);
        CHECK(f.end() == cudaErrorStreamCaptureInvalidated);
        cudaGetLastError();
        CHECK_CUDA(MOR4J_LAUNCH(add_one, 1, 1, 0, f.stream, f.value.data()));
        CHECK_CUDA(cudaStreamSynchronize(f.stream));
        CHECK(f.value.download()[0] == 2);
    }
}

static void other_threads_are_disturbed_by_global_captures_only()
{
    for (int mode = cudaStreamCaptureModeGlobal; mode <= cudaStreamCaptureModeRelaxed; mode++) {
        fixture f;
        f.begin(static_cast<cudaStreamCaptureMode>(mode));
        std::thread([&]() {
            void *p = nullptr;
            const cudaError_t error = cudaMalloc(&p, 16);
            CHECK(error == (mode == cudaStreamCaptureModeGlobal ? cudaErrorStreamCaptureUnsupported : cudaSuccess),
                  "mode %d", mode);
            if (p) CHECK_CUDA(cudaFree(p));
        }).join();
        CHECK(f.end() == (mode == cudaStreamCaptureModeGlobal ? cudaErrorStreamCaptureInvalidated : cudaSuccess));
    }
}

static void captures_keep_to_themselves()
{
    fixture f;
    CHECK(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeRelaxed) == cudaErrorStreamCaptureUnsupported);
    CHECK(f.end() == cudaErrorIllegalState);
    CHECK_CUDA(cudaEventRecord(f.event, f.other));
    f.begin();
    CHECK(cudaStreamWaitEvent(f.stream, f.event, 0) == cudaErrorStreamCaptureIsolation);
    CHECK(f.end() == cudaErrorStreamCaptureInvalidated);
    f.begin(cudaStreamCaptureModeRelaxed);
    CHECK_CUDA(cudaEventRecord(f.event, f.stream));
    CHECK(cudaEventSynchronize(f.event) == cudaErrorCapturedEvent);
    CHECK(f.end() == cudaSuccess);
    f.begin();
    std::thread([&]() {
        cudaGraph_t graph = nullptr;
        CHECK(cudaStreamEndCapture(f.stream, &graph) == cudaErrorStreamCaptureWrongThread);
    }).join();
    CHECK(f.end() == cudaSuccess);
}

int main()
{
    return run_cases(
        {{"graphs_repeat_what_was_captured", graphs_repeat_what_was_captured},
         {"streams_are_forked_and_joined", streams_are_forked_and_joined},
         {"calls_that_disturb_a_capture_end_it", calls_that_disturb_a_capture_end_it},
         {"other_threads_are_disturbed_by_global_captures_only", other_threads_are_disturbed_by_global_captures_only},
         {"captures_keep_to_themselves", captures_keep_to_themselves}});
}
