package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class LargeRequestsTest {
  @Test
  void thereAreSoManyPlacesAndHalfOfThemForOneAddress() {
    try (LargeRequests large = new LargeRequests(4)) {
      large.enter("a");
      large.enter("a");
      assertBusy(() -> large.enter("a"));
      large.enter("b");
      large.enter("c");
      assertBusy(() -> large.enter("d"));
      large.leave("a");
      large.enter("d");
      large.leave("a");
      large.enter("a");
      assertBusy(() -> large.enter("a"));
    }
  }

  private static void assertBusy(Runnable action) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(action::run)
        .satisfies(e -> assertThat(e.status()).isEqualTo(503));
  }

  @Test
  void placesFollowTheHeap() {
    assertThat(LargeRequests.mostOf(128L << 20, 1 << 20)).isEqualTo(16);
    assertThat(LargeRequests.mostOf(1 << 20, 1 << 20)).isEqualTo(4);
    assertThat(LargeRequests.mostOf(1L << 40, 1 << 20)).isEqualTo(256);
  }

  @Test
  void whatIsThrownComesOut() throws InterruptedException {
    try (LargeRequests large = new LargeRequests(4)) {
      assertThat(large.<String>call(() -> "done")).isEqualTo("done");
      assertThatExceptionOfType(ApiException.class)
          .isThrownBy(
              () ->
                  large.call(
                      () -> {
                        throw ApiException.of(418, "teapot", "a teapot");
                      }))
          .withMessage("a teapot");
    }
  }

  @Test
  void closingRefusesWhatWaits() throws Exception {
    LargeRequests large = new LargeRequests(4);
    CountDownLatch end = new CountDownLatch(1);
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    CountDownLatch busy = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      Thread.startVirtualThread(
          () -> {
            try {
              large.call(
                  () -> {
                    busy.countDown();
                    end.await();
                    return null;
                  });
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
    busy.await();
    CompletableFuture<String> waits = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            waits.complete(large.call(() -> "run"));
          } catch (InterruptedException | RuntimeException e) {
            waits.completeExceptionally(e);
          }
        });
    // Whether it waits by then or comes later, it is refused.
    large.close();
    assertThatExceptionOfType(ExecutionException.class)
        .isThrownBy(waits::get)
        .withMessageContaining("shutting down");
    end.countDown();
  }
}
