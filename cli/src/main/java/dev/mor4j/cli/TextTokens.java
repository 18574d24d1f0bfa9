package dev.mor4j.cli;

import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A text as token ids, and what each of them reads as. */
final class TextTokens {
  private static final char CUT = '\ufffd';

  private TextTokens() {}

  /** The text of a UTF-8 file; what is wrong with it is said with its name. */
  static String read(Path file) throws IOException {
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

  /** The ids of {@code text} with the model's first token before them, once. */
  static int[] withStart(MorModel model, String text) throws IOException {
    int[] ids = ModelArguments.tokenizer(model).encode(text);
    int start = model.textStartId();
    if (start < 0 || (ids.length > 0 && ids[0] == start)) {
      return ids;
    }
    int[] withStart = new int[ids.length + 1];
    withStart[0] = start;
    System.arraycopy(ids, 0, withStart, 1, ids.length);
    return withStart;
  }

  /**
   * The text of each id: together, the whole text. Where several tokens make one character, the
   * last of them has it and the others are empty; special tokens are empty.
   */
  static List<String> pieces(Tokenizer tokenizer, int[] ids) {
    List<String> pieces = new ArrayList<>(ids.length);
    // A token's text depends on the one before it (some tokenizers drop a first space), so the
    // piece is what decoding gains by it: ids[before .. read) were read already.
    int before = 0;
    int read = 0;
    for (int i = 0; i < ids.length; i++) {
      String known = tokenizer.decode(Arrays.copyOfRange(ids, before, read));
      String grown = tokenizer.decode(Arrays.copyOfRange(ids, before, i + 1));
      boolean last = i == ids.length - 1;
      if (grown.length() <= known.length() || (!last && grown.charAt(grown.length() - 1) == CUT)) {
        pieces.add("");
        continue;
      }
      pieces.add(grown.substring(known.length()));
      before = read;
      read = i + 1;
    }
    return pieces;
  }
}
