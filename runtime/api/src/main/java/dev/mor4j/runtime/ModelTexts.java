package dev.mor4j.runtime;

import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.text.codec.TextBounds;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Path;

/** Which ids a model puts around a text. */
final class ModelTexts {
  private ModelTexts() {}

  /** What the files at {@code path} say: of a model, a checkpoint, or a tokenizer alone. */
  static TextBounds bounds(Path path, TokenCodec codec) throws IOException {
    if (ModelFolder.isConverted(path)) {
      return bounds(ModelConfigJson.read(path.resolve(ModelFolder.CONFIG)), codec);
    }
    return new TextBounds(codec.beginIds(), codec.endIds());
  }

  /** What a converted model's configuration says. */
  static TextBounds bounds(ModelConfig config, TokenCodec codec) {
    int[] begin = codec.beginIds();
    int bos = config.architecture().bosTokenId();
    if (bos >= 0 && (begin.length == 0 || begin[0] != bos)) {
      int[] longer = new int[begin.length + 1];
      longer[0] = bos;
      System.arraycopy(begin, 0, longer, 1, begin.length);
      begin = longer;
    }
    return new TextBounds(begin, codec.endIds());
  }
}
