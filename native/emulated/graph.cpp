/*
 * Capture of a stream's work into a graph. A graph executes its nodes in the order of their capture, which is one of
 * the orders that their dependencies allow.
 */
#include <algorithm>

#include "device.h"

struct CUgraphNode_st {
    mor4j_emulated::work run;
};

struct CUgraph_st {
    std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};

struct CUgraphExec_st {
    std::vector<mor4j_emulated::work> nodes;
};

namespace mor4j_emulated {

static std::vector<std::unique_ptr<CUgraph_st>> graphs;
static std::vector<std::unique_ptr<CUgraphExec_st>> executables;

template <typename T>
static typename std::vector<std::unique_ptr<T>>::iterator find(std::vector<std::unique_ptr<T>> &all, const T *handle)
{
    return std::find_if(all.begin(), all.end(), [=](const std::unique_ptr<T> &e) { return e.get() == handle; });
}

static cudaError_t invalidate_captures(bool all)
{
    cudaError_t error = cudaSuccess;
    for (const auto &s : live_streams()) {
        if (!s->capture) continue;
        capture &c = *s->capture;
        const bool disturbs = c.mode == cudaStreamCaptureModeGlobal ||
                              (c.mode == cudaStreamCaptureModeThreadLocal && c.thread == std::this_thread::get_id());
        if (!all && !disturbs) continue;
        c.invalid = true;
        error = cudaErrorStreamCaptureUnsupported;
    }
    return error;
}

cudaError_t check_no_capture() { return invalidate_captures(false); }
cudaError_t check_no_capture_at_all() { return invalidate_captures(true); }

static cudaError_t begin_capture(const std::shared_ptr<stream> &s, cudaStreamCaptureMode mode)
{
    if (s == find_stream(nullptr)) return cudaErrorStreamCaptureUnsupported;
    if (s->capture) return cudaErrorIllegalState;
    s->capture = std::make_shared<capture>();
    s->capture->origin = s;
    s->capture->mode = mode;
    s->capture->thread = std::this_thread::get_id();
    return cudaSuccess;
}

static cudaError_t end_capture(const std::shared_ptr<stream> &s, cudaGraph_t *graph)
{
    const std::shared_ptr<capture> c = s->capture;
    *graph = nullptr;
    if (!c) return cudaErrorIllegalState;
    if (c->origin != s) return cudaErrorStreamCaptureUnmatched;
    if (c->mode != cudaStreamCaptureModeRelaxed && c->thread != std::this_thread::get_id()) {
        return cudaErrorStreamCaptureWrongThread;
    }
    c->ended = true;
    for (const auto &other : live_streams()) {
        if (other->capture == c) other->capture = nullptr;
    }
    c->origin = nullptr;
    if (c->invalid) return cudaErrorStreamCaptureInvalidated;
    if (!c->unjoined.empty()) return cudaErrorStreamCaptureUnjoined;
    graphs.emplace_back(new CUgraph_st());
    for (work &node : c->nodes) graphs.back()->nodes.emplace_back(new CUgraphNode_st{std::move(node)});
    *graph = graphs.back().get();
    live_objects++;
    return cudaSuccess;
}

} // namespace mor4j_emulated

using namespace mor4j_emulated;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        if (!s) return cudaErrorInvalidResourceHandle;
        if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed) return cudaErrorInvalidValue;
        return begin_capture(s, mode);
    });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *pGraph)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        if (!s) return cudaErrorInvalidResourceHandle;
        return pGraph ? end_capture(s, pGraph) : cudaErrorInvalidValue;
    });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *pCaptureStatus)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        if (!s) return cudaErrorInvalidResourceHandle;
        if (!pCaptureStatus) return cudaErrorInvalidValue;
        *pCaptureStatus = !s->capture           ? cudaStreamCaptureStatusNone
                          : s->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                                : cudaStreamCaptureStatusActive;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *pGraphExec, cudaGraph_t graph, unsigned long long)
{
    return api(__func__, [&]() {
        if (!pGraphExec || find(graphs, graph) == graphs.end()) return cudaErrorInvalidValue;
        executables.emplace_back(new CUgraphExec_st());
        for (const auto &node : graph->nodes) executables.back()->nodes.push_back(node->run);
        *pGraphExec = executables.back().get();
        live_objects++;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t graphExec, cudaStream_t stream)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        if (!s) return cudaErrorInvalidResourceHandle;
        if (find(executables, graphExec) == executables.end()) return cudaErrorInvalidValue;
        const cudaError_t error = enqueue(s, []() { return cudaSuccess; });
        for (size_t i = 0; error == cudaSuccess && i < graphExec->nodes.size(); i++) enqueue(s, graphExec->nodes[i]);
        return error;
    });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    return api(__func__, [&]() {
        const auto entry = find(graphs, graph);
        if (entry == graphs.end()) return cudaErrorInvalidValue;
        graphs.erase(entry);
        live_objects--;
        return cudaSuccess;
    });
}

/* Launches under way keep what they need. */
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graphExec)
{
    return api(__func__, [&]() {
        const auto entry = find(executables, graphExec);
        if (entry == executables.end()) return cudaErrorInvalidValue;
        executables.erase(entry);
        live_objects--;
        return cudaSuccess;
    });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *numNodes)
{
    return api(__func__, [&]() {
        if (!numNodes || find(graphs, graph) == graphs.end()) return cudaErrorInvalidValue;
        const size_t count = graph->nodes.size();
        for (size_t i = 0; nodes && i < *numNodes; i++) nodes[i] = i < count ? graph->nodes[i].get() : nullptr;
        if (!nodes || *numNodes > count) *numNodes = count;
        return cudaSuccess;
    });
}
