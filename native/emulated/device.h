/*
 * The emulated device: one lock, its errors, its queues. Included by the runtime's parts only.
 */
#ifndef MOR4J_EMULATED_DEVICE_H
#define MOR4J_EMULATED_DEVICE_H

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdint.h>
#include <string>
#include <thread>
#include <vector>

#include "cuda_runtime_api.h"

#pragma GCC visibility push(hidden)

namespace mor4j_emulated {

typedef std::function<cudaError_t()> work;
struct capture;
struct stream;

/* Work of another stream that has to be done before. */
struct dependency {
    std::shared_ptr<stream> on;
    uint64_t number;
};

struct operation {
    uint64_t number; /* rises with every operation of the device, so dependencies cannot form a cycle */
    std::vector<dependency> after;
    work run;
};

struct stream {
    bool blocking = true; /* waits for the null stream, and the null stream for it */
    uint64_t last = 0;    /* number of the operation enqueued last */
    std::deque<operation> queue;
    std::shared_ptr<mor4j_emulated::capture> capture;
    std::unique_ptr<struct CUstream_st> handle;
};

/* A place in a stream; captured ones are places in a capture. */
struct record {
    std::shared_ptr<stream> in;
    uint64_t number;
    bool done = false;
    double milliseconds = 0;
    std::shared_ptr<mor4j_emulated::capture> capture;
};

struct capture {
    std::shared_ptr<stream> origin;
    cudaStreamCaptureMode mode;
    std::thread::id thread;
    bool invalid = false;
    bool ended = false;
    std::vector<work> nodes;
    std::map<stream *, size_t> unjoined; /* nodes there were after the stream's last one */
};

/* Everything is done under this lock; kernels run under it. */
std::recursive_mutex &device_lock();

/* What every function of the API begins with: 0, the error that poisons the device, or one that a test asked for. */
cudaError_t enter(const char *function);
/* What it ends with: notes the error for cudaGetLastError. */
cudaError_t leave(cudaError_t error);
/* An error of executed work: poisons the device when it is one of those that do. */
cudaError_t poison(cudaError_t error);
cudaError_t poisoned();
cudaError_t injected(const char *function);
/* The two parts of injected: what was asked for by the number of the call, which counts it, and by its name. */
cudaError_t injected_by_number(const char *function);
cudaError_t injected_by_name(const char *function);
/* Streams, events, graphs, handles and descriptors. */
extern uint64_t live_objects;
void set_failure(const std::string &text);

template <typename F> cudaError_t api(const char *function, F body)
{
    std::lock_guard<std::recursive_mutex> lock(device_lock());
    const cudaError_t error = enter(function);
    return leave(error != cudaSuccess ? error : body());
}

/* Null for a handle that is no stream. */
std::shared_ptr<stream> find_stream(cudaStream_t handle);
/* A node of the capture that the stream takes part in, or queued work; *number is the operation's. */
cudaError_t enqueue(const std::shared_ptr<stream> &s, work run, uint64_t *number = nullptr);
/* Executes a stream's work up to the number, and what that depends on. */
cudaError_t run_until(const std::shared_ptr<stream> &s, uint64_t number);
cudaError_t run_all();
void drop_queues();
void forget_unawaited();

/* For calls that are not safe while something is captured: makes the captures they disturb invalid. */
cudaError_t check_no_capture();
/* The same for every capture, whoever has begun it. */
cudaError_t check_no_capture_at_all();
std::vector<std::shared_ptr<stream>> live_streams();

/* Whether the bytes lie in one live allocation of the device. */
bool is_device(const void *p, size_t bytes);
bool is_pinned(const void *p, size_t bytes);

} // namespace mor4j_emulated

#pragma GCC visibility pop

#endif
