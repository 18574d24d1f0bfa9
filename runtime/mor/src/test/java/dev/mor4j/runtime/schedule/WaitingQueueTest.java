package dev.mor4j.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import org.junit.jupiter.api.Test;

class WaitingQueueTest {
  private long numbers;

  private Sequence sequence(RequestPriority priority, long submitted) {
    Sequence sequence =
        new Sequence(
            new int[] {1},
            RoutingSettings.threshold(1, 0),
            new Sampler(4, 0, 0, 1, 0, 1, 1, new SamplingBuffers()),
            new SequenceListener() {
              @Override
              public void started(int cachedTokens) {}

              @Override
              public FinishReason token(int id, int depth, int position, FinishReason reason) {
                return reason;
              }

              @Override
              public void ended(FinishReason reason) {}

              @Override
              public void failed(Throwable cause) {}
            },
            priority,
            10,
            1,
            submitted,
            Long.MAX_VALUE);
    sequence.number = numbers++;
    return sequence;
  }

  @Test
  void priorityThenArrival() {
    WaitingQueue queue = new WaitingQueue(100);
    Sequence low = sequence(RequestPriority.LOW, 0);
    Sequence first = sequence(RequestPriority.NORMAL, 1);
    Sequence second = sequence(RequestPriority.NORMAL, 2);
    Sequence high = sequence(RequestPriority.HIGH, 3);
    queue.add(second);
    queue.add(low);
    queue.add(high);
    queue.add(first);
    for (Sequence expected : new Sequence[] {high, first, second, low}) {
      assertThat(queue.first(10)).isSameAs(expected);
      assertThat(queue.remove(expected)).isTrue();
      assertThat(queue.remove(expected)).isFalse();
    }
    assertThat(queue.first(10)).isNull();
    assertThat(queue.size()).isZero();
  }

  @Test
  void whoIsPreemptedKeepsItsPlace() {
    WaitingQueue queue = new WaitingQueue(100);
    Sequence older = sequence(RequestPriority.NORMAL, 0);
    Sequence younger = sequence(RequestPriority.NORMAL, 0);
    queue.add(younger);
    queue.add(older);
    assertThat(queue.first(0)).isSameAs(older);
  }

  @Test
  void nobodyStarvesUnderAFloodOfHigherPriorities() {
    WaitingQueue queue = new WaitingQueue(100);
    Sequence low = sequence(RequestPriority.LOW, 0);
    queue.add(low);
    queue.add(sequence(RequestPriority.HIGH, 0));
    long now = 0;
    while (queue.first(now) != low) {
      Sequence taken = queue.first(now);
      if (taken != null) {
        queue.remove(taken);
      }
      now += 10;
      queue.add(sequence(RequestPriority.HIGH, now));
      queue.add(sequence(RequestPriority.HIGH, now));
      assertThat(now).isLessThan(10_000);
    }
    assertThat(now).isGreaterThanOrEqualTo(200);
  }
}
