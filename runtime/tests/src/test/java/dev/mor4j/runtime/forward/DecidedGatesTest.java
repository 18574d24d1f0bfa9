package dev.mor4j.runtime.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.KvCache;
import dev.mor4j.runtime.cache.KvPagePool;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gates that a backend has not decided cannot be added with: every such backend says so. */
class DecidedGatesTest {
  private static final ArchitectureConfig SIZES =
      ArchitectureConfig.builder()
          .hidden(16)
          .intermediate(24)
          .heads(2)
          .kvHeads(1)
          .headDim(8)
          .layers(1)
          .vocabulary(40)
          .maxPositions(64)
          .build();

  @TempDir Path folder;

  @Test
  void backendsThatDecideNothingRefuseThem() throws IOException {
    RandomModel.write(
        folder,
        new ModelConfig(
            SIZES, Sharing.NONE, 1, new RoutingConfig.None(), Caching.RECURSION_WISE, Map.of()),
        DType.F32,
        3);
    List<Isa> kernels = new ArrayList<>(OpenedModel.isas());
    assertThat(kernels).isNotEmpty();
    // Plain Java.
    kernels.add(null);
    for (Isa isa : kernels) {
      try (OpenedModel model = new OpenedModel(folder, isa, 1, 4)) {
        refuses(model);
      }
    }
  }

  private static void refuses(OpenedModel model) {
    Backend backend = model.backend;
    KvPageLayout layout = new KvPageLayout(1, SIZES.kvHeads(), SIZES.headDim(), KvCacheType.F32);
    PreparedLayers layers =
        backend.prepare(
            List.of(new CachedLayer(model.weights.layer(0), 0, KvMode.APPEND)), layout.layers());
    try (KvPagePool pool = new KvPagePool(layout, backend.pageMemory());
        KvCache cache = new KvCache(pool);
        Workspace workspace = backend.newWorkspace(1)) {
      workspace.reserveTokens(1);
      backend.reserve(1, workspace);
      backend.embed(workspace, new int[] {7}, new int[] {0}, 1);
      float[] before = logits(model, workspace);
      RowPass pass = new RowPass(1);
      pass.rows = 1;
      pass.base[0] = cache;
      pass.slots[0] = cache.append(1);
      pass.contexts[0] = 1;
      pass.gates[0] = 1;
      pass.gating = RowPass.Gating.DECIDED;
      assertThatExceptionOfType(UnsupportedOperationException.class)
          .as(backend.description())
          .isThrownBy(() -> backend.run(layers, pass, workspace))
          .withMessageContaining("come to the host");
      assertThat(logits(model, workspace)).isEqualTo(before);
      pass.gating = RowPass.Gating.GIVEN;
      backend.run(layers, pass, workspace);
      assertThat(logits(model, workspace)).isNotEqualTo(before);
    }
  }

  private static float[] logits(OpenedModel model, Workspace workspace) {
    float[] logits = new float[SIZES.vocabulary()];
    model.backend.logits(new int[] {0}, 0, 1, logits, 0, workspace);
    return logits;
  }
}
