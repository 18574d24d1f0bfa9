package dev.mor4j.cli.load;

import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Sends the requests of a stage, each on a virtual thread. */
final class StageArrivals {
  /** A client that is refused asks again after this, as a polite one would. */
  private static final long REFUSED_MILLIS = 100;

  private final LoadStage stage;
  private final LoadPlan plan;
  private final LoadTarget target;
  private final StageMeasures measures;
  private final InFlight inFlight;
  private final CountDownLatch over = new CountDownLatch(1);

  StageArrivals(
      LoadStage stage,
      LoadPlan plan,
      LoadTarget target,
      StageMeasures measures,
      InFlight inFlight) {
    this.stage = stage;
    this.plan = plan;
    this.target = target;
    this.measures = measures;
    this.inFlight = inFlight;
  }

  /** Sends no more; any thread. Whatever was sent before is counted as in flight by then. */
  synchronized void stop() {
    over.countDown();
  }

  /** Sends requests until the stage's time is over, all are sent, or it is stopped. */
  void run(long begin) throws InterruptedException {
    switch (stage.arrivals()) {
      case Arrivals.Open open -> open(plan.arrivals(open), begin);
      case Arrivals.Closed closed -> closed(closed.clients());
    }
    stop();
  }

  private void open(LoadPlan.ArrivalTimes times, long begin) throws InterruptedException {
    long duration = stage.duration().toNanos();
    for (long index = 0; index < stage.requests(); index++) {
      long due = times.next();
      boolean late = due > duration;
      long wait = begin + Math.min(due, duration) - System.nanoTime();
      if (over.await(wait, TimeUnit.NANOSECONDS) || late) {
        return;
      }
      Exchange exchange = sent(begin + due);
      long request = index;
      Thread.ofVirtual().name("mor4j-load-" + index).start(() -> carry(request, exchange));
    }
  }

  private void closed(int clients) throws InterruptedException {
    AtomicLong next = new AtomicLong();
    AtomicInteger left = new AtomicInteger(clients);
    for (int i = 0; i < clients; i++) {
      Thread.ofVirtual()
          .name("mor4j-load-client-" + i)
          .start(
              () -> {
                client(next);
                if (left.decrementAndGet() == 0) {
                  stop();
                }
              });
    }
    over.await(stage.duration().toNanos(), TimeUnit.NANOSECONDS);
  }

  private void client(AtomicLong next) {
    try {
      boolean wait = false;
      while (!over.await(wait ? REFUSED_MILLIS : 0, TimeUnit.MILLISECONDS)) {
        long index = next.getAndIncrement();
        if (index >= stage.requests()) {
          return;
        }
        Optional<Exchange> exchange = sentUnlessOver();
        if (exchange.isEmpty()) {
          return;
        }
        Ending ending = carry(index, exchange.get());
        wait = ending == Ending.REFUSED || ending == Ending.FAILED;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized Optional<Exchange> sentUnlessOver() {
    return over.getCount() == 0 ? Optional.empty() : Optional.of(sent(System.nanoTime()));
  }

  /** Counts a request on the thread that decides to send it, so that none is missed at the end. */
  private Exchange sent(long due) {
    Exchange exchange = new Exchange(measures, due);
    inFlight.add(exchange);
    measures.sent();
    return exchange;
  }

  private Ending carry(long index, Exchange exchange) {
    RequestEnd end;
    int asked = 0;
    try {
      PlannedRequest request = plan.request(index);
      asked = request.maxNewTokens();
      measures.dispatched(System.nanoTime() - exchange.scheduled());
      end = target.run(request, exchange);
    } catch (RuntimeException | Error e) {
      // Also an error of ours: a request that nobody counts would be waited for in vain.
      end = RequestEnd.failed(e);
    }
    measures.ended(end, asked, System.nanoTime() - exchange.scheduled());
    inFlight.remove(exchange);
    return end.ending();
  }
}
