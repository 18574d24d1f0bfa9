package dev.mor4j.cli.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The generator against targets that do as they are told. */
class LoadRunTest {
  private static final Workload WORKLOAD = LoadPlanTest.workload(1);

  @Test
  void openLoopSendsEachRequestOnce() throws InterruptedException {
    Set<Long> seen = ConcurrentHashMap.newKeySet();
    LoadTarget target =
        (request, exchange) -> {
          assertThat(seen.add(request.index())).isTrue();
          exchange.token();
          exchange.token();
          return request.index() % 4 == 0
              ? RequestEnd.refused("queue_full")
              : RequestEnd.of(Ending.COMPLETED, "length", 3, 2);
        };
    StageResult result = run(target).run(open(2000, 200));
    assertThat(result.verdict().problems()).isEmpty();
    assertThat(result.verdict().interrupted()).isFalse();
    assertThat(seen).hasSize(200);
    assertThat(result.counts().sent()).isEqualTo(200);
    assertThat(result.counts().of(Ending.REFUSED)).isEqualTo(50);
    assertThat(result.counts().of(Ending.COMPLETED)).isEqualTo(150);
    assertThat(result.counts().tokens()).isEqualTo(400);
    assertThat(result.latencies().firstToken().count()).isEqualTo(200);
    assertThat(result.latencies().endToEnd().count()).isEqualTo(150);
    assertThat(result.watched().samples().getLast().totals().ended()).isEqualTo(200);
    assertThat(result.engine().work()).isEmpty();
  }

  /** Nothing ends before all have been sent, so waiting for one would never end. */
  @Test
  void openLoopDoesNotWait() throws InterruptedException {
    CountDownLatch all = new CountDownLatch(50);
    LoadTarget target =
        (request, exchange) -> {
          all.countDown();
          await(all);
          return RequestEnd.of(Ending.COMPLETED, "length", 1, 0);
        };
    StageResult result = run(target).run(open(5000, 50));
    assertThat(result.counts().of(Ending.COMPLETED)).isEqualTo(50);
  }

  @Test
  void closedLoopKeepsSoManyInFlight() throws InterruptedException {
    AtomicInteger inFlight = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch three = new CountDownLatch(3);
    LoadTarget target =
        (request, exchange) -> {
          most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
          three.countDown();
          await(three);
          exchange.token();
          inFlight.decrementAndGet();
          return RequestEnd.of(Ending.COMPLETED, "length", 1, 1);
        };
    StageResult result =
        run(target).run(new LoadStage(1, "closed", new Arrivals.Closed(3), LoadStage.FOR_EVER, 60));
    assertThat(result.counts().sent()).isEqualTo(60);
    assertThat(result.counts().of(Ending.COMPLETED)).isEqualTo(60);
    assertThat(most.get()).isEqualTo(3);
    assertThat(result.verdict().problems()).isEmpty();
  }

  @Test
  void aClosedLoopEndsWithItsTime() throws InterruptedException {
    LoadTarget target =
        (request, exchange) -> {
          exchange.token();
          return RequestEnd.of(Ending.COMPLETED, "length", 1, 1);
        };
    StageResult result =
        run(target)
            .run(
                new LoadStage(
                    1, "closed", new Arrivals.Closed(2), Duration.ofMillis(50), Long.MAX_VALUE));
    // How many is up to the machine; a busy one may not get to any.
    assertThat(result.counts().sent()).isEqualTo(result.counts().ended());
    assertThat(result.verdict().problems()).isEmpty();
  }

  @Test
  void failuresAreProblems() throws InterruptedException {
    LoadTarget target =
        (request, exchange) -> {
          if (request.index() == 2) {
            throw new IllegalStateException("no usable logits");
          }
          return RequestEnd.refused("http_429");
        };
    StageResult result = run(target).run(open(1000, 5));
    assertThat(result.counts().of(Ending.REFUSED)).isEqualTo(4);
    assertThat(result.counts().of(Ending.FAILED)).isEqualTo(1);
    assertThat(result.verdict().problems()).hasSize(1);
    assertThat(result.verdict().problems().getFirst())
        .contains("1 request failed", "IllegalStateException=1", "no usable logits");
  }

  @Test
  void whatDoesNotEndInTimeIsCut() throws InterruptedException {
    LoadRun run =
        new LoadRun(
            untilCut(null),
            WORKLOAD,
            Duration.ofMillis(1),
            WatchedProcess.self(),
            (stage, now, rate) -> {});
    StageResult result = run.run(open(1000, 3));
    assertThat(result.counts().of(Ending.CUT)).isEqualTo(3);
    assertThat(result.verdict().problems()).isEmpty();
    assertThat(result.verdict().interrupted()).isFalse();
  }

  @Test
  void stoppingEndsTheStage() throws InterruptedException {
    CountDownLatch running = new CountDownLatch(2);
    LoadRun run = run(untilCut(running));
    Thread.ofVirtual()
        .start(
            () -> {
              await(running);
              run.stop();
            });
    StageResult result =
        run.run(
            new LoadStage(1, "closed", new Arrivals.Closed(2), LoadStage.FOR_EVER, Long.MAX_VALUE));
    assertThat(result.verdict().interrupted()).isTrue();
    assertThat(result.counts().of(Ending.CUT)).isEqualTo(2);
    assertThat(result.verdict().problems()).isEmpty();
    // And what would run after it sends nothing.
    assertThat(run.run(open(1000, 3)).counts().sent()).isZero();
  }

  private static LoadTarget untilCut(CountDownLatch running) {
    return (request, exchange) -> {
      CountDownLatch cut = new CountDownLatch(1);
      exchange.cancelWith(cut::countDown);
      if (running != null) {
        running.countDown();
      }
      await(cut);
      return RequestEnd.of(exchange.isCut() ? Ending.CUT : Ending.FAILED, "cancelled", 0, 0);
    };
  }

  private static LoadRun run(LoadTarget target) {
    return new LoadRun(
        target, WORKLOAD, Duration.ofMinutes(1), WatchedProcess.self(), (stage, now, rate) -> {});
  }

  private static LoadStage open(double rate, long requests) {
    return new LoadStage(1, "open", new Arrivals.Open(rate), LoadStage.FOR_EVER, requests);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(120, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
