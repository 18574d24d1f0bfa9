package dev.mor4j.converter.source;

import dev.mor4j.converter.source.HuggingFaceConfig.KeySharing;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.format.Sharing;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the authors' training settings say of the forward pass: their sections {@code recursive},
 * {@code kv_sharing} and {@code mor}. In these an unknown setting is an error; what is beside them
 * concerns training and is not read.
 */
record TrainingConfig(
    Sharing sharing,
    int recursions,
    Optional<Integer> baseDepth,
    RoutingConfig routing,
    KeySharing keySharing) {

  private static final KeySharing OWN_CACHES =
      new KeySharing(false, false, Optional.empty(), Optional.empty(), Optional.empty());

  /** A model that no training settings are with: no layer is shared. */
  static final TrainingConfig NONE =
      new TrainingConfig(Sharing.NONE, 1, Optional.empty(), new RoutingConfig.None(), OWN_CACHES);

  /** Reads the sections of {@code yaml}, for a model of {@code layers} unrolled layers. */
  static TrainingConfig read(Path file, Map<String, Object> yaml, int layers)
      throws ModelFormatException {
    Settings top = new Settings(file, Interpolation.resolve(file, yaml));
    if (top.has("relaxation") && top.object("relaxation").flag("enable", false)) {
      throw top.wrong("relaxation", "enable: false; low-rank relaxation is not supported");
    }
    boolean recursive = false;
    Sharing sharing = Sharing.NONE;
    int recursions = 1;
    Optional<Integer> baseDepth = Optional.empty();
    if (top.has("recursive")) {
      Settings section = top.object("recursive");
      recursive = section.flag("enable");
      List.of("ln_share", "initialization").forEach(section::ignore);
      if (recursive) {
        sharing = HuggingFaceConfig.sharing(section);
        recursions = section.integer("num_recursion");
        baseDepth =
            section.has("base_depth")
                ? Optional.of(section.integer("base_depth"))
                : Optional.empty();
        checkRecursions(section, sharing, recursions, baseDepth, layers);
      } else {
        List.of("base_depth", "num_recursion", "sharing").forEach(section::ignore);
      }
      section.finish();
    }
    KeySharing keySharing =
        top.has("kv_sharing") ? KeySharing.read(top.object("kv_sharing")) : OWN_CACHES;
    RoutingConfig routing = new RoutingConfig.None();
    if (top.has("mor")) {
      Settings section = top.object("mor");
      if (!recursive && section.flag("enable")) {
        throw new ModelFormatException(
            file, "mor.enable is true while recursive.enable is false, expected both");
      }
      routing = RouterSettings.read(section, recursions);
    }
    TrainingConfig config = new TrainingConfig(sharing, recursions, baseDepth, routing, keySharing);
    config.checkKeySharing(file);
    return config;
  }

  Caching caching() {
    if (!keySharing.enable()) {
      return Caching.RECURSION_WISE;
    }
    return keySharing.updateCache() ? Caching.SHARED_UPDATE : Caching.SHARED;
  }

  /** Checks the cache's depth, which has a number of its own. */
  void checkBaseDepth(Path file, int blockLayers) throws ModelFormatException {
    if (keySharing.baseDepth().isPresent() && keySharing.baseDepth().get() != blockLayers) {
      throw new ModelFormatException(
          file,
          "kv_sharing.base_depth is "
              + keySharing.baseDepth().get()
              + ", expected the "
              + blockLayers
              + " layers of the shared block");
    }
  }

  private void checkKeySharing(Path file) throws ModelFormatException {
    if (!keySharing.enable()) {
      return;
    }
    if (sharing == Sharing.NONE) {
      throw new ModelFormatException(
          file, "kv_sharing.enable is true while recursive.enable is false, expected both");
    }
    if (keySharing.recursions().isPresent() && keySharing.recursions().get() != recursions) {
      throw new ModelFormatException(
          file,
          "kv_sharing.num_recursion is "
              + keySharing.recursions().get()
              + ", but recursive.num_recursion is "
              + recursions);
    }
    if (keySharing.sharing().isPresent() && keySharing.sharing().get() != sharing) {
      throw new ModelFormatException(
          file,
          "kv_sharing.sharing is "
              + keySharing.sharing().get().configName()
              + ", but recursive.sharing is "
              + sharing.configName());
    }
  }

  private static void checkRecursions(
      Settings section, Sharing sharing, int recursions, Optional<Integer> baseDepth, int layers)
      throws ModelFormatException {
    int shared = layers - 2 * sharing.uniqueAtEachEnd();
    if (recursions < 1 || shared < recursions || shared % recursions != 0) {
      throw section.wrong(
          "num_recursion",
          "a divisor of the "
              + shared
              + " shared layers ("
              + sharing.configName()
              + ", num_hidden_layers "
              + layers
              + " in config.json)");
    }
    if (baseDepth.isPresent() && baseDepth.get() != shared / recursions) {
      throw section.wrong(
          "base_depth", "null or " + shared / recursions + ", the layers of the shared block");
    }
  }
}
