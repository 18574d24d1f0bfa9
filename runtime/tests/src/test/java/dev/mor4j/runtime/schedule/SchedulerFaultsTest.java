package dev.mor4j.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.mor4j.runtime.backend.plain.JavaBackend;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.runtime.forward.BufferPool;
import dev.mor4j.runtime.forward.Faults;
import dev.mor4j.runtime.forward.OpenedModel;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A fault at every call that a scheduler makes to what it uses: backend, workspace, page memory,
 * listeners and clock, one after the other. Whatever it is, every sequence ends exactly once, those
 * that end well have the text that they have without, and nothing stays lent.
 */
class SchedulerFaultsTest {
  private static final int CONTEXT = 100;
  private static final int MAX_STEPS = 5000;
  private static final int NEVER = Integer.MAX_VALUE;

  @TempDir static Path folder;
  private static final Faults FAULTS = new Faults();
  private static OpenedModel opened;

  @BeforeAll
  static void open() throws IOException {
    opened =
        new OpenedModel(
            TestModels.tiny(folder.resolve("model")),
            weights -> FAULTS.around(new JavaBackend("test", weights)),
            16,
            KvCacheType.F32);
  }

  @AfterAll
  static void close() {
    opened.close();
  }

  /** One of the sequences, and what it was told. */
  private static final class Told implements SequenceListener {
    private final boolean failsToFail;
    private final int newTokens;
    private final Sequence sequence;
    private final List<Integer> ids = new ArrayList<>();
    private FinishReason reason;
    private Throwable failure;
    private int ends;

    Told(int promptLength, int newTokens, RequestPriority priority, long deadline, boolean fails) {
      this.failsToFail = fails;
      this.newTokens = newTokens;
      int[] prompt = new int[promptLength];
      for (int i = 0; i < promptLength; i++) {
        prompt[i] = (7 * i + 3) % 40;
      }
      int vocabulary = opened.weights.config().architecture().vocabulary();
      sequence =
          new Sequence(
              prompt,
              RoutingSettings.threshold(opened.weights.config().recursions(), 0),
              new Sampler(vocabulary, 0, 0, 1, 0, 1, 1, new SamplingBuffers()),
              this,
              priority,
              CONTEXT,
              0,
              deadline);
    }

    @Override
    public void started(int cachedTokens) {
      FAULTS.call();
    }

    @Override
    public FinishReason token(int id, int depth, int position, boolean contextIsFull) {
      FAULTS.call();
      ids.add(id);
      return ids.size() == newTokens ? FinishReason.LENGTH : null;
    }

    @Override
    public void ended(FinishReason why) {
      FAULTS.call();
      reason = why;
      ends++;
    }

    @Override
    public void failed(Throwable cause) {
      failure = cause;
      ends++;
      if (failsToFail) {
        throw new IllegalStateException("the listener has failed to fail");
      }
    }
  }

  /** A run of four sequences, and what became of it. */
  private static final class Run {
    private final List<Told> sequences = new ArrayList<>();
    private final List<Told> taken = new ArrayList<>();
    private final int faultAt;
    private final Supplier<? extends Throwable> fault;
    private final List<Throwable> endings = new ArrayList<>();
    private boolean gaveUp;
    private int calls;
    private long preemptions;
    private long cachedTokens;

    Run(int faultAt, Supplier<? extends Throwable> fault, boolean failsToFail) {
      this.faultAt = faultAt;
      this.fault = fault;
      sequences.add(new Told(50, 30, RequestPriority.NORMAL, Long.MAX_VALUE, failsToFail));
      sequences.add(new Told(46, 32, RequestPriority.NORMAL, Long.MAX_VALUE, failsToFail));
      sequences.add(new Told(34, 4, RequestPriority.HIGH, Long.MAX_VALUE, failsToFail));
      sequences.add(new Told(33, 30, RequestPriority.LOW, 30, failsToFail));
      sequences.add(new Told(5, 40, RequestPriority.NORMAL, Long.MAX_VALUE, failsToFail));
    }

    /** Drives a scheduler as an engine does. */
    void go() {
      long[] now = {0};
      try (KvPools pools =
          new KvPools(
              opened.forward.kvPlan(),
              opened.weights.config().architecture(),
              KvCacheType.F32,
              opened.backend.pageMemory())) {
        long largest =
            pools.worstCaseBytes(
                opened.forward.kvPlan(), CONTEXT, opened.weights.config().recursions());
        BufferPool buffers =
            new BufferPool(opened.backend, 16, opened.weights.config().recursions());
        try (Scheduler scheduler =
            new Scheduler(
                new SchedulerSettings(
                    4, 24, largest, true, 1000, new SchedulerSettings.ExitRule(0, 2, false, false)),
                opened.forward,
                buffers.take(),
                pools,
                opened.weights.config().recursions(),
                () -> {
                  FAULTS.call();
                  return now[0];
                })) {
          FAULTS.arm(faultAt, faultAt, fault);
          drive(scheduler, now);
          preemptions = scheduler.counters().preemptions();
          cachedTokens = scheduler.counters().cachedPromptTokens();
          calls = FAULTS.calls();
        } finally {
          FAULTS.disarm();
          buffers.close();
        }
        assertThat(pools.lentBytes()).isZero();
      }
    }

    private void drive(Scheduler scheduler, long[] now) {
      for (int steps = 0; taken.size() < sequences.size() || !scheduler.isIdle(); steps++) {
        assertThat(steps).as("steps").isLessThan(MAX_STEPS);
        now[0]++;
        try {
          if (steps % 3 == 0 && taken.size() < sequences.size()) {
            Told next = sequences.get(taken.size());
            taken.add(next);
            scheduler.submit(next.sequence);
          }
          if (steps == 40) {
            scheduler.cancel(sequences.get(4).sequence);
          }
          scheduler.step();
        } catch (RuntimeException | Error e) {
          if (catchThrowable(() -> scheduler.failRunning(e)) != null) {
            gaveUp = true;
            // It throws too where others were left to end.
            endings.add(catchThrowable(() -> scheduler.failAll(e)));
            assertThat(scheduler.isIdle()).isTrue();
            return;
          }
          assertThat(scheduler.block().rows().anyTaken()).isFalse();
        }
      }
    }
  }

  private static final class InjectedException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Test
  void anExceptionEndsEachSequenceOnce() {
    faultAtCalls(InjectedException::new, 3);
  }

  @Test
  void anErrorAtEveryCallEndsEachSequenceOnce() {
    faultAtCalls(() -> new OutOfMemoryError("injected"), 1);
  }

  /** Each {@code apart}-th call is one that fails. */
  private static void faultAtCalls(Supplier<? extends Throwable> fault, int apart) {
    Run clean = new Run(NEVER, fault, false);
    clean.go();
    int calls = clean.calls;
    assertThat(clean.sequences).allMatch(told -> told.reason != null);
    assertThat(clean.preemptions).as("preemptions").isPositive();
    assertThat(clean.cachedTokens).isPositive();
    assertThat(clean.sequences)
        .extracting(told -> told.reason)
        .contains(FinishReason.LENGTH, FinishReason.DEADLINE, FinishReason.CANCELLED);
    long heldBefore = MemoryAccount.totalBytes();
    for (int call = 1; call <= calls; call += apart) {
      Run run = new Run(call, fault, false);
      run.go();
      check(run, clean, call, heldBefore);
    }
  }

  private static void check(Run run, Run clean, int call, long heldBefore) {
    assertThat(FAULTS.thrown()).as("call %d", call).isNotNull();
    assertThat(run.gaveUp).as("call %d", call).isFalse();
    assertThat(MemoryAccount.totalBytes()).as("call %d", call).isEqualTo(heldBefore);
    for (int i = 0; i < run.sequences.size(); i++) {
      Told told = run.sequences.get(i);
      assertThat(told.ends).as("call %d, sequence %d", call, i).isEqualTo(1);
      assertThat(told.failure).isIn(null, FAULTS.thrown());
      if (told.reason == FinishReason.LENGTH) {
        assertThat(told.ids).isEqualTo(clean.sequences.get(i).ids);
      }
    }
  }

  /** The handling of a failure fails too: then everything ends, by the first cause. */
  @Test
  void whatCannotBeEndedWellEndsEverything() {
    Run clean = new Run(NEVER, InjectedException::new, false);
    clean.go();
    long heldBefore = MemoryAccount.totalBytes();
    int gaveUp = 0;
    for (int call = 1; call <= clean.calls; call += 7) {
      Run run = new Run(call, InjectedException::new, true);
      run.go();
      gaveUp += run.gaveUp ? 1 : 0;
      assertThat(MemoryAccount.totalBytes()).as("call %d", call).isEqualTo(heldBefore);
      assertThat(run.taken).as("call %d", call).allMatch(told -> told.ends == 1);
    }
    assertThat(gaveUp).isPositive();
  }
}
