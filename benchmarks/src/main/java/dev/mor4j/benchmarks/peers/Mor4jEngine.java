package dev.mor4j.benchmarks.peers;

import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.TokenStream;
import java.io.IOException;

/** Our own engine as one of the peers, for comparing what is generated. One sequence. */
public final class Mor4jEngine implements PeerEngine {
  private final MorModel model;
  private final MorSession session;
  private TokenStream stream;

  private Mor4jEngine(MorModel model) {
    this.model = model;
    this.session = model.newSession();
  }

  /** Opens the model folder {@code settings.model()}. */
  public static Mor4jEngine open(PeerSettings settings) throws IOException {
    return new Mor4jEngine(
        MorModel.open(settings.model(), ModelOptions.defaults().withThreads(settings.threads())));
  }

  @Override
  public int[] prefill(int[][] prompts, int steps) {
    if (prompts.length != 1) {
      throw new IllegalArgumentException("found " + prompts.length + " prompts, expected 1");
    }
    endStream();
    session.reset();
    stream = session.stream(prompts[0], GenerationOptions.greedy().withMaxNewTokens(steps + 1));
    return step();
  }

  @Override
  public int[] step() {
    return new int[] {stream.next().id()};
  }

  private void endStream() {
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }

  @Override
  public void close() {
    endStream();
    session.close();
    model.close();
  }
}
