package dev.mor4j.server;

import dev.mor4j.runtime.OffHeapMemory;
import dev.mor4j.testing.FailingAllocations;
import java.nio.file.Path;

/**
 * A new server's first request, again and again: each time one allocation off the heap fails, the
 * first, the second, .. until none is left to fail. Each time the client hears of it, and the next
 * request is answered as if nothing had been. A program for a JVM of its own, with a folder as
 * argument; writes how many failed.
 */
final class FailingRequests {
  private static final String BODY =
      "{\"prompt\":\"The sea\",\"max_tokens\":4,\"temperature\":0,\"return_tokens\":true}";

  private FailingRequests() {}

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    String expected;
    try (TestServer server = TestServer.start(folder)) {
      expected = choices(server.complete(BODY));
    }
    int arenas = FailingAllocations.openArenas();
    int refused = 0;
    for (int call = 1; ; call++) {
      String failed;
      try (TestServer server = TestServer.start(folder)) {
        FailingAllocations.arm(call);
        Http.Answer first = server.complete(BODY);
        failed = FailingAllocations.failed();
        FailingAllocations.arm(0);
        if (first.status() != 200) {
          require(failed != null, call, failed, "nothing was injected: " + first);
          first.fails(500, "");
          refused++;
        }
        require(choices(server.complete(BODY)).equals(expected), call, failed, "another text");
        require(server.engine.failure().isEmpty(), call, failed, "the engine has failed");
        require(server.get("/health").status() == 200, call, failed, "unhealthy");
      }
      require(OffHeapMemory.totalBytes() == 0, call, failed, "bytes are held");
      require(FailingAllocations.openArenas() == arenas, call, failed, "arenas are open");
      if (failed == null) {
        System.out.println((call - 1) + " failures, " + refused + " refused");
        return;
      }
    }
  }

  private static String choices(Http.Answer answer) {
    return answer.succeeds().json().get("choices").toString();
  }

  private static void require(boolean holds, int call, String failed, String otherwise) {
    if (!holds) {
      throw new AssertionError("allocation " + call + ", " + failed + ": " + otherwise);
    }
  }
}
