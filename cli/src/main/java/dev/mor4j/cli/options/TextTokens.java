package dev.mor4j.cli.options;

import dev.mor4j.runtime.EncodingOptions;
import dev.mor4j.runtime.MorModel;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A text file as token ids. */
public final class TextTokens {
  private TextTokens() {}

  /** The text of a UTF-8 file; what is wrong with it is said with its name. */
  public static String read(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": not UTF-8 text", e);
    } catch (FileSystemException e) {
      // Names the file already.
      throw e;
    } catch (IOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** The ids of {@code text} with those that the model puts around it. */
  public static int[] of(MorModel model, String text, EncodingOptions options) throws IOException {
    return ModelArguments.tokenizer(model).encode(text, options);
  }
}
