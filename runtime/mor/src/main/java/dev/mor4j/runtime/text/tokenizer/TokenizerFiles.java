package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.sentencepiece.SentencePieceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens the files that tokenizers come in. */
public final class TokenizerFiles {
  private static final String JSON = "tokenizer.json";
  private static final String SENTENCE_PIECE = "tokenizer.model";
  private static final String VOCABULARY = "vocab.json";
  private static final String MERGES = "merges.txt";

  private TokenizerFiles() {}

  /**
   * Opens a tokenizer.
   *
   * @param path {@code tokenizer.json}, {@code tokenizer.model}, {@code vocab.json} or {@code
   *     merges.txt} with the other one beside it; or a folder, in which the first of these that is
   *     there is taken
   * @throws ModelFormatException when there is none, or when it is damaged or has something that is
   *     not known
   * @throws IOException when a file cannot be read
   */
  public static TokenCodec open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      for (String name : new String[] {JSON, SENTENCE_PIECE, VOCABULARY}) {
        if (Files.exists(path.resolve(name))) {
          return open(path.resolve(name));
        }
      }
      throw new ModelFormatException(
          path,
          "no tokenizer: expected "
              + JSON
              + ", "
              + SENTENCE_PIECE
              + ", or "
              + VOCABULARY
              + " with "
              + MERGES);
    }
    String name = path.getFileName() == null ? "" : path.getFileName().toString();
    if (name.equals(VOCABULARY) || name.equals(MERGES)) {
      return Gpt2Files.read(path.resolveSibling(VOCABULARY), path.resolveSibling(MERGES));
    }
    if (name.endsWith(".model")) {
      return SentencePieceFile.read(path);
    }
    return TokenizerJson.read(path);
  }
}
