package dev.mor4j.cli.load;

/** What a request begins with. */
public sealed interface Prompt {
  /** Its length in the unit of the source: tokens, or words. */
  int length();

  /** Token ids, taken as they are; not copied, and not to be changed. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody; a list would box each id.
  record Ids(int[] ids) implements Prompt {
    @Override
    public int length() {
      return ids.length;
    }
  }

  /**
   * A text that the server tokenises.
   *
   * @param text the words, with a space between
   * @param words how many
   */
  record Text(String text, int words) implements Prompt {
    @Override
    public int length() {
      return words;
    }
  }
}
