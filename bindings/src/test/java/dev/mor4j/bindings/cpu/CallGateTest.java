package dev.mor4j.bindings.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Who is inside keeps the gate from closing; who comes late is turned away. */
class CallGateTest {
  @Test
  void closingWaitsForThoseInside() throws InterruptedException {
    CallGate gate = new CallGate();
    assertThat(gate.enter()).isTrue();
    assertThat(gate.enter()).isTrue();
    Thread closer = Thread.ofPlatform().start(gate::close);
    while (closer.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(gate.enter()).isFalse();
    assertThat(gate.close()).isFalse();
    gate.leave();
    // An interrupt does not end the wait.
    closer.interrupt();
    assertThat(closer.isAlive()).isTrue();
    gate.leave();
    closer.join();
    assertThat(gate.enter()).isFalse();
    assertThat(gate.close()).isFalse();
  }

  @Test
  void anInterruptIsKept() {
    CallGate gate = new CallGate();
    Thread.currentThread().interrupt();
    assertThat(gate.close()).isTrue();
    assertThat(Thread.interrupted()).isTrue();
  }
}
