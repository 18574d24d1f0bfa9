package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.RouterConsumer;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import java.util.Arrays;

/**
 * Everything that a running call needs and none keeps: activations, row lists, logits and what a
 * sampler counts in. Owned by the model, lent for a call; grows with the longest call, so a token
 * loop allocates nothing. One thread at a time.
 */
public final class PassBuffers implements AutoCloseable {
  final Workspace workspace;
  final RowPass pass;
  final TokenBatch tokens = new TokenBatch();
  private final int outputs;
  private final SamplingBuffers sampling = new SamplingBuffers();
  private float[] logits = {};

  /** Rows of the states that take part, ascending; the first are in use. */
  int[] active = {};

  /** Outputs of the router for the rows of {@link #active}. */
  float[] z = {};

  /** Outputs of the router that decides, where a second one does. */
  float[] decisions = {};

  /** Decision for each of {@link #active}. */
  boolean[] keep = {};

  /** Factor of the block's output for each of {@link #active}. */
  float[] gates = {};

  /** Token-choice: the last recursion of each state. */
  int[] lastRecursion = {};

  /** Is told what routers say in this call. */
  RouterConsumer routers = RouterConsumer.NONE;

  PassBuffers(Workspace workspace, int outputs) {
    this.workspace = workspace;
    this.pass = new RowPass(workspace.maxRows());
    this.outputs = outputs;
  }

  /** Makes room for {@code tokens} tokens. */
  void reserve(int tokens) {
    workspace.reserveTokens(tokens);
    this.tokens.reserve(tokens);
    if (active.length < tokens) {
      active = new int[tokens];
      z = new float[Math.multiplyExact(tokens, outputs)];
      decisions = new float[tokens];
      keep = new boolean[tokens];
      gates = new float[tokens];
      lastRecursion = new int[tokens];
    }
  }

  /** The tokens of the last call, with their depths. */
  public TokenBatch tokens() {
    return tokens;
  }

  /** Most tokens of one pass. */
  public int maxPassRows() {
    return workspace.maxRows();
  }

  /** Most tokens for which logits are computed at once. */
  public int maxLogitRows() {
    return workspace.maxLogitRows();
  }

  /** Room for the logits of one token, at least {@code vocabulary} of them. */
  public float[] logits(int vocabulary) {
    if (logits.length < vocabulary) {
      logits = new float[vocabulary];
    }
    return logits;
  }

  /** What a sampler counts in. */
  public SamplingBuffers sampling() {
    return sampling;
  }

  /** Tells {@code consumer} what the routers say, until the buffers are given back. */
  public void tellRouters(RouterConsumer consumer) {
    routers = consumer;
  }

  /** Forgets the caches that the last pass named, and who was told. */
  void release() {
    pass.clear();
    tokens.clear();
    routers = RouterConsumer.NONE;
    Arrays.fill(keep, false);
  }

  @Override
  public void close() {
    workspace.close();
  }
}
