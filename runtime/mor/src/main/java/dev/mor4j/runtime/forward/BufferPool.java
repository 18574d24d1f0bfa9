package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.Workspace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Lends {@link PassBuffers} to running calls: as many as there are calls at the same time, so
 * sessions that wait hold none. Owns them. Any thread.
 */
public final class BufferPool implements AutoCloseable {
  private final Backend backend;
  private final int maxRows;
  private final int outputs;
  private final ArrayDeque<PassBuffers> idle = new ArrayDeque<>();
  private final List<PassBuffers> all = new ArrayList<>();
  private boolean closed;

  /**
   * @param maxRows rows of a pass
   * @param outputs most outputs of a router
   */
  public BufferPool(Backend backend, int maxRows, int outputs) {
    this.backend = backend;
    this.maxRows = maxRows;
    this.outputs = outputs;
  }

  /** Lends buffers; to be given back with {@link #giveBack}. */
  public synchronized PassBuffers take() {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
    if (idle.isEmpty()) {
      Workspace workspace = backend.newWorkspace(maxRows);
      try {
        PassBuffers buffers = new PassBuffers(workspace, outputs);
        all.add(buffers);
        return buffers;
      } catch (RuntimeException | Error e) {
        workspace.close();
        throw e;
      }
    }
    return idle.pop();
  }

  /** Takes buffers back. */
  public synchronized void giveBack(PassBuffers buffers) {
    buffers.release();
    idle.push(buffers);
  }

  @Override
  public synchronized void close() {
    closed = true;
    idle.clear();
    if (!all.isEmpty()) {
      try {
        all.removeLast().close();
      } finally {
        // The others, whatever that threw.
        close();
      }
    }
  }
}
