package dev.mor4j.runtime.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.Outcomes;
import org.junit.jupiter.api.Test;

/** Views of buffers that grow. */
class DeviceBuffersTest {
  @Test
  void aBufferThatGrowsClosesItsViews() {
    try (CudaContext context = new CudaContext(0);
        DeviceBuffer buffer = new DeviceBuffer(context, Element.F32)) {
      assertThatIllegalStateException().isThrownBy(buffer::view);
      assertThatIllegalStateException().isThrownBy(buffer::memory);
      assertThat(buffer.reserve(100)).isTrue();
      DeviceView small = buffer.view();
      assertThat(small.count()).isEqualTo(100);
      assertThat(buffer.reserve(100)).isFalse();
      assertThat(buffer.view()).isSameAs(small);
      assertThat(buffer.reserve(101)).isTrue();
      assertThat(small.owner().isOpen()).isFalse();
      assertThat(buffer.view().count()).isEqualTo(150);
    }
  }

  @Test
  void decisionsHaveRoomForTheBucketOfTheirRows() {
    try (CudaContext context = new CudaContext(0);
        Decisions decisions = new Decisions(context)) {
      for (int rows = 1; rows < 70; rows++) {
        decisions.reserve(rows);
        DeviceRows active = decisions.active(CudaWorkspace.bucket(rows));
        assertThat(active.states()).isEqualTo(rows);
        assertThat(active.list().count()).isGreaterThanOrEqualTo(active.bucket());
        assertThat(active.count().count()).isEqualTo(1);
        Outcomes outcomes = decisions.outcomes();
        for (DeviceView view :
            new DeviceView[] {outcomes.keep(), outcomes.gates(), outcomes.depths()}) {
          assertThat(view.count()).isGreaterThanOrEqualTo(rows);
          assertThat(view.owner().isOpen()).isTrue();
        }
      }
    }
  }
}
