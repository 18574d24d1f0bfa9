/*
 * Streams and events. Work is queued and executed only when somebody waits for it, so that a program that forgets to
 * wait reads what was there before.
 */
#include <algorithm>
#include <chrono>

#include "block.h"
#include "device.h"

struct CUstream_st {
    std::shared_ptr<mor4j_emulated::stream> stream;
};

struct CUevent_st {
    bool timing;
    std::shared_ptr<mor4j_emulated::record> last;
};

namespace mor4j_emulated {

static uint64_t operations;
static std::vector<std::shared_ptr<stream>> streams = {std::make_shared<stream>()}; /* the first is the null stream */
static std::vector<std::shared_ptr<stream>> destroyed;                              /* with work left */
static std::vector<std::unique_ptr<CUevent_st>> events;

std::vector<std::shared_ptr<stream>> live_streams() { return streams; }

std::shared_ptr<stream> find_stream(cudaStream_t handle)
{
    if (!handle || handle == reinterpret_cast<cudaStream_t>(1)) return streams[0];
    for (const auto &s : streams) {
        if (s->handle.get() == handle) return s;
    }
    return nullptr;
}

static CUevent_st *find_event(cudaEvent_t handle)
{
    for (const auto &e : events) {
        if (e.get() == handle) return e.get();
    }
    return nullptr;
}

static cudaError_t add_node(const std::shared_ptr<stream> &s, work run)
{
    capture &c = *s->capture;
    if (c.invalid) return cudaErrorStreamCaptureInvalidated;
    c.nodes.push_back(std::move(run));
    if (s != c.origin) c.unjoined[s.get()] = c.nodes.size();
    return cudaSuccess;
}

/* The null stream and blocking streams wait for each other. */
static cudaError_t add_implicit(const std::shared_ptr<stream> &s, std::vector<dependency> &after)
{
    if (s != streams[0]) {
        if (s->blocking && !streams[0]->queue.empty()) after.push_back({streams[0], streams[0]->last});
        return cudaSuccess;
    }
    for (const auto &other : streams) {
        if (other == s || !other->blocking) continue;
        if (other->capture) {
            other->capture->invalid = true;
            return cudaErrorStreamCaptureImplicit;
        }
        if (!other->queue.empty()) after.push_back({other, other->last});
    }
    return cudaSuccess;
}

static cudaError_t enqueue_after(const std::shared_ptr<stream> &s, std::vector<dependency> after, work run,
                                 uint64_t *number)
{
    const cudaError_t error = add_implicit(s, after);
    if (error != cudaSuccess) return error;
    s->last = ++operations;
    s->queue.push_back({s->last, std::move(after), std::move(run)});
    if (number) *number = s->last;
    return cudaSuccess;
}

cudaError_t enqueue(const std::shared_ptr<stream> &s, work run, uint64_t *number)
{
    if (s->capture) return add_node(s, std::move(run));
    return enqueue_after(s, {}, std::move(run), number);
}

cudaError_t run_until(const std::shared_ptr<stream> &s, uint64_t number)
{
    while (!s->queue.empty() && s->queue.front().number <= number) {
        const operation next = std::move(s->queue.front());
        s->queue.pop_front();
        for (const dependency &d : next.after) run_until(d.on, d.number);
        if (poisoned() == cudaSuccess) poison(next.run());
    }
    return poisoned();
}

/* Streams that do not wait for each other may be executed in any order. */
cudaError_t run_all()
{
    std::vector<std::shared_ptr<stream>> all = streams;
    all.insert(all.end(), destroyed.begin(), destroyed.end());
    if (order() == 1) std::reverse(all.begin(), all.end());
    for (const auto &s : all) run_until(s, UINT64_MAX);
    destroyed.clear();
    return poisoned();
}

void drop_queues()
{
    for (const auto &s : streams) {
        s->queue.clear();
        if (s->capture) s->capture->ended = true;
        s->capture = nullptr;
    }
    destroyed.clear();
}

static double now_milliseconds()
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static cudaError_t record_event(CUevent_st &event, const std::shared_ptr<stream> &s)
{
    const auto r = std::make_shared<record>();
    r->in = s;
    if (s->capture) {
        if (s->capture->invalid) return cudaErrorStreamCaptureInvalidated;
        r->capture = s->capture;
        r->number = s->capture->nodes.size();
        event.last = r;
        return cudaSuccess;
    }
    const cudaError_t error = enqueue(
        s,
        [r]() {
            r->done = true;
            r->milliseconds = now_milliseconds();
            return cudaSuccess;
        },
        &r->number);
    if (error == cudaSuccess) event.last = r;
    return error;
}

/* A stream that waits for a captured event takes part in its capture from then on. */
static cudaError_t wait_captured(const std::shared_ptr<stream> &s, const record &r)
{
    capture &c = *r.capture;
    if (c.ended) return cudaErrorCapturedEvent;
    if (c.invalid) return cudaErrorStreamCaptureInvalidated;
    if (s->capture && s->capture != r.capture) {
        s->capture->invalid = true;
        c.invalid = true;
        return cudaErrorStreamCaptureMerge;
    }
    if (!s->capture) {
        s->capture = r.capture;
        c.unjoined[s.get()] = c.nodes.size();
    }
    const auto other = c.unjoined.find(r.in.get());
    if (other != c.unjoined.end() && r.in != s && other->second <= r.number) c.unjoined.erase(other);
    return cudaSuccess;
}

static cudaError_t wait_event(const std::shared_ptr<stream> &s, const CUevent_st &event)
{
    if (!event.last) return cudaSuccess;
    const record &r = *event.last;
    if (r.capture) return wait_captured(s, r);
    if (s->capture) {
        s->capture->invalid = true;
        return cudaErrorStreamCaptureIsolation;
    }
    if (r.done) return cudaSuccess;
    return enqueue_after(
        s, {{r.in, r.number}}, []() { return cudaSuccess; }, nullptr);
}

/* Of an event that somebody waits for on the host. */
static cudaError_t check_waitable(CUevent_st *event)
{
    if (!event) return cudaErrorInvalidResourceHandle;
    const cudaError_t error = check_no_capture();
    if (error != cudaSuccess) return error;
    return event->last && event->last->capture ? cudaErrorCapturedEvent : cudaSuccess;
}

} // namespace mor4j_emulated

using namespace mor4j_emulated;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *pStream, unsigned int flags)
{
    return api(__func__, [&]() {
        if (!pStream || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
        const auto s = std::make_shared<stream>();
        s->blocking = flags == cudaStreamDefault;
        s->handle.reset(new CUstream_st());
        *pStream = s->handle.get();
        streams.push_back(s);
        live_objects++;
        return cudaSuccess;
    });
}

/* Work that is left will still be done. */
cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        if (!s || s == streams[0]) return cudaErrorInvalidResourceHandle;
        if (s->capture) {
            s->capture->invalid = true;
            return cudaErrorStreamCaptureUnsupported;
        }
        streams.erase(std::find(streams.begin(), streams.end(), s));
        live_objects--;
        if (!s->queue.empty()) destroyed.push_back(s);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        if (!s) return cudaErrorInvalidResourceHandle;
        if (s->capture) {
            s->capture->invalid = true;
            return cudaErrorStreamCaptureUnsupported;
        }
        std::vector<dependency> after;
        const cudaError_t error = add_implicit(s, after);
        if (error != cudaSuccess) return error;
        for (const dependency &d : after) {
            if (s == streams[0]) run_until(d.on, d.number);
        }
        return run_until(s, UINT64_MAX);
    });
}

cudaError_t cudaDeviceSynchronize(void)
{
    return api(__func__, [&]() {
        const cudaError_t error = check_no_capture_at_all();
        return error != cudaSuccess ? error : run_all();
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        const CUevent_st *e = find_event(event);
        return s && e ? wait_event(s, *e) : cudaErrorInvalidResourceHandle;
    });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned int flags)
{
    return api(__func__, [&]() {
        if (!event || flags > 7) return cudaErrorInvalidValue;
        events.emplace_back(new CUevent_st{(flags & cudaEventDisableTiming) == 0, nullptr});
        *event = events.back().get();
        live_objects++;
        return cudaSuccess;
    });
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    return api(__func__, [&]() {
        if (!find_event(event)) return cudaErrorInvalidResourceHandle;
        events.erase(std::find_if(events.begin(), events.end(), [&](const auto &e) { return e.get() == event; }));
        live_objects--;
        return cudaSuccess;
    });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    return api(__func__, [&]() {
        const auto s = find_stream(stream);
        CUevent_st *e = find_event(event);
        return s && e ? record_event(*e, s) : cudaErrorInvalidResourceHandle;
    });
}

/* The first query of an event that has not happened says so, and lets it happen: programs that poll meet both
   answers. */
cudaError_t cudaEventQuery(cudaEvent_t event)
{
    return api(__func__, [&]() {
        CUevent_st *e = find_event(event);
        const cudaError_t error = check_waitable(e);
        if (error != cudaSuccess || !e->last || e->last->done) return error;
        const cudaError_t executed = run_until(e->last->in, e->last->number);
        return executed != cudaSuccess ? executed : cudaErrorNotReady;
    });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    return api(__func__, [&]() {
        CUevent_st *e = find_event(event);
        const cudaError_t error = check_waitable(e);
        if (error != cudaSuccess || !e->last) return error;
        return run_until(e->last->in, e->last->number);
    });
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end)
{
    return api(__func__, [&]() {
        const CUevent_st *a = find_event(start);
        const CUevent_st *b = find_event(end);
        if (!a || !b || !a->timing || !b->timing || !a->last || !b->last) return cudaErrorInvalidResourceHandle;
        if (!ms) return cudaErrorInvalidValue;
        if (a->last->capture || b->last->capture) return cudaErrorCapturedEvent;
        if (!a->last->done || !b->last->done) return cudaErrorNotReady;
        *ms = static_cast<float>(b->last->milliseconds - a->last->milliseconds);
        return cudaSuccess;
    });
}
