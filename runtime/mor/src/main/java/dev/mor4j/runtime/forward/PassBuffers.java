package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.DecodeStep;
import dev.mor4j.runtime.backend.RoutingDecision;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import java.util.Arrays;
import java.util.Optional;

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
  private final TokenChoices choices = new TokenChoices();

  /** Null until a backend's program runs. */
  private DecodeStep decodeStep;

  private float[] logits = {};

  /** The rows of a call that takes its tokens all the way: 0, 1, .. */
  int[] all = {};

  /** Those of them that are in the block, and behind them those that are through. */
  int[] active = {};

  /** Rows that something is done to together. */
  int[] group = {};

  /** Outputs of the router for a group. */
  float[] z = {};

  /** Outputs of the router that decides for a group, where a second one does. */
  float[] decisions = {};

  /** Whether each of a group takes part. */
  boolean[] chosen = {};

  /** Factor of the last recursion's result for each of the rows that leave. */
  float[] leaving = {};

  /** Whether the backend has the gates of the rows that are in the block. */
  boolean gatesAreDecided;

  /** Whether the gates have to be known here. */
  private boolean decidesHere;

  private final RoutingDecision decision = new RoutingDecision();

  /** Sees what routers say in this call, where anybody wants to. */
  private Optional<RouterTap> routers = Optional.empty();

  PassBuffers(Workspace workspace, int outputs) {
    this.workspace = workspace;
    this.pass = new RowPass(workspace.maxRows());
    this.outputs = outputs;
  }

  /** Makes room for {@code tokens} tokens and forgets those that were there. */
  public void reserve(int tokens) {
    workspace.reserveTokens(tokens);
    this.tokens.reserve(tokens);
    if (all.length < tokens) {
      all = new int[tokens];
      active = new int[tokens];
      group = new int[tokens];
      z = new float[Math.multiplyExact(tokens, outputs)];
      decisions = new float[tokens];
      chosen = new boolean[tokens];
      leaving = new float[tokens];
      Arrays.setAll(all, i -> i);
    }
  }

  /**
   * Puts the rows that keep on to the front and the others behind them, both in the order they had.
   *
   * @return how many keep on
   */
  int closeRanks(int[] rows, int count) {
    int kept = 0;
    int dropped = 0;
    for (int i = 0; i < count; i++) {
      if (tokens.keeps[rows[i]]) {
        rows[kept++] = rows[i];
      } else {
        group[dropped++] = rows[i];
      }
    }
    System.arraycopy(group, 0, rows, kept, dropped);
    return kept;
  }

  /** Sees to it that decisions are made by the caller, who knows all gates then. */
  public void decideHere() {
    decidesHere = true;
  }

  /**
   * Whether a backend that decides by itself may do so: not by top-k, nor where a tap wants to see.
   */
  boolean mayDecideThere(boolean topK) {
    return !decidesHere && !topK && routers.isEmpty();
  }

  /** A decision of the backend about {@code rows}. */
  RoutingDecision decision(int[] rows, int count) {
    decision.rows = rows;
    decision.count = count;
    decision.settings = tokens.settings;
    decision.outcome = tokens.outcomes;
    return decision;
  }

  /** A step of a backend's program. */
  DecodeStep decodeStep(int recursions) {
    if (decodeStep == null) {
      decodeStep = new DecodeStep(workspace.maxRows(), recursions);
    }
    return decodeStep;
  }

  /** The tokens that have states here, with their depths. */
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

  /** Room for at least {@code values} logits. */
  float[] logits(int values) {
    if (logits.length < values) {
      logits = new float[values];
    }
    return logits;
  }

  /** The choice of one token, for a session. */
  public TokenChoices choices() {
    return choices;
  }

  /** What a sampler counts in. */
  public SamplingBuffers sampling() {
    return sampling;
  }

  /** Who wants to see what the routers say in this call. */
  Optional<RouterTap> routers() {
    return routers;
  }

  /** Lets {@code tap} see what the routers say, until the buffers are given back. */
  public void tapRouters(RouterTap tap) {
    routers = Optional.of(tap);
  }

  /** Forgets the caches that the last pass named, and who was told. */
  void release() {
    pass.clear();
    tokens.clear();
    choices.clear();
    if (decodeStep != null) {
      decodeStep.clear();
    }
    routers = Optional.empty();
  }

  @Override
  public void close() {
    workspace.close();
  }
}
