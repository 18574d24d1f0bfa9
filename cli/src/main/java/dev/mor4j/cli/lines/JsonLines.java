package dev.mor4j.cli.lines;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * An input in UTF-8, whatever the locale: as lines of which each is answered by one, or as one
 * text. Answers go out at once where whoever asks waits for them.
 */
public final class JsonLines {
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  /** Makes a line of a line. */
  @FunctionalInterface
  public interface Answer {
    /** The answer without a line feed. */
    String to(JsonLine line) throws IOException;
  }

  /** Makes a line of an object of any values. */
  @FunctionalInterface
  public interface ObjectAnswer {
    /**
     * The answer without a line feed.
     *
     * @param object as {@link JsonValues} has it
     * @param place where the line stands, for messages
     */
    String to(Map<String, Object> object, String place) throws IOException;
  }

  private interface LineAnswer {
    String to(String line) throws IOException;
  }

  private final String name;
  private final InputStream in;
  private final PrintStream out;
  private byte[] bytes = new byte[8192];
  private long number;

  /**
   * @param name of the input, for messages
   * @param in what is read; the caller closes it
   * @param out where answers go
   */
  public JsonLines(String name, InputStream in, PrintStream out) {
    this.name = name;
    this.in = new BufferedInputStream(in, 1 << 16);
    this.out = out;
  }

  /**
   * Answers each line.
   *
   * @throws IOException when a line is malformed; the lines before it are answered
   */
  public void forEach(Answer answer) throws IOException {
    answer(line -> answer.to(JsonLine.read(line, place())));
  }

  /**
   * Answers each line, which may hold any values.
   *
   * @throws IOException when a line is malformed; the lines before it are answered
   */
  public void forEachObject(ObjectAnswer answer) throws IOException {
    answer(line -> answer.to(JsonValues.object(line, place()), place()));
  }

  private void answer(LineAnswer answer) throws IOException {
    try {
      String line = next();
      while (line != null) {
        out.print(answer.to(line));
        out.print('\n');
        if (in.available() == 0) {
          out.flush();
        }
        line = next();
      }
    } finally {
      out.flush();
    }
  }

  /** All of it as one text. */
  public String all() throws IOException {
    byte[] all = in.readAllBytes();
    try {
      return decode(all, all.length);
    } catch (CharacterCodingException e) {
      throw new IOException(name + ": not UTF-8 text", e);
    }
  }

  private String place() {
    return name + ": line " + number;
  }

  /** The next line without its end; null behind the last. */
  private String next() throws IOException {
    int length = 0;
    int read = in.read();
    if (read < 0) {
      return null;
    }
    number++;
    while (read >= 0 && read != '\n') {
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.addExact(length, length));
      }
      bytes[length++] = (byte) read;
      read = in.read();
    }
    try {
      String line = decode(bytes, length);
      return number == 1 && !line.isEmpty() && line.charAt(0) == BYTE_ORDER_MARK
          ? line.substring(1)
          : line;
    } catch (CharacterCodingException e) {
      throw JsonLine.malformed(place(), "not UTF-8 text", e);
    }
  }

  private static String decode(byte[] bytes, int length) throws CharacterCodingException {
    // A new decoder reports what is malformed.
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
  }
}
