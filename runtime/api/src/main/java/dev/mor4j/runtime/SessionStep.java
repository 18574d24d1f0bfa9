package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.forward.PassBuffers;
import java.util.List;
import java.util.Objects;

/** One token of several sessions in the same passes; see {@link MorModel#step}. */
final class SessionStep {
  private SessionStep() {}

  static void run(MorModel model, List<MorSession> sessions, int[] ids, float[] logits) {
    int begun = 0;
    try {
      for (MorSession session : sessions) {
        Objects.requireNonNull(session, "a session");
        session.requireCompanion(model, sessions.getFirst());
        session.beginStep(ids[begun]);
        begun++;
      }
      compute(model, sessions, ids, logits);
    } catch (RuntimeException | Error e) {
      for (int i = 0; i < begun; i++) {
        sessions.get(i).abandonStep();
      }
      throw e;
    } finally {
      for (int i = 0; i < begun; i++) {
        sessions.get(i).end();
      }
    }
  }

  private static void compute(
      MorModel model, List<MorSession> sessions, int[] ids, float[] logits) {
    int count = sessions.size();
    int vocabulary = model.config().architecture().vocabulary();
    SequenceCaches[] caches = new SequenceCaches[count];
    int[] positions = new int[count];
    PassBuffers buffers = model.buffers().take();
    try {
      for (int i = 0; i < count; i++) {
        MorSession session = sessions.get(i);
        session.catchUp(buffers);
        caches[i] = session.caches();
        positions[i] = session.text().length() - 1;
      }
      model.forward().step(ids, positions, caches, count, sessions.getFirst().settings(), buffers);
      for (int first = 0; first < count; first += buffers.maxLogitRows()) {
        int rows = Math.min(buffers.maxLogitRows(), count - first);
        model.forward().logits(first, rows, logits, first * vocabulary, buffers);
      }
      for (int i = 0; i < count; i++) {
        sessions.get(i).stepped(buffers.tokens().depth(i));
      }
    } finally {
      model.buffers().giveBack(buffers);
    }
  }
}
