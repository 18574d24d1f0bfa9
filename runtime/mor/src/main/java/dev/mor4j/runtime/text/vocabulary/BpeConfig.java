package dev.mor4j.runtime.text.vocabulary;

/**
 * Settings of a {@link BpeModel}.
 *
 * @param bytes whether a text begins as single bytes (a byte-level vocabulary whose tokens are
 *     given as the bytes that they stand for), and not as characters
 * @param ignoreMerges whether a piece that is a token as a whole becomes that token without a look
 *     at the merges
 * @param unknownId the id of what no token has, or {@link #NONE}: then it is left out
 * @param fuseUnknown whether neighbours that no token has become one unknown token
 * @param byteFallback whether a character that no token has becomes the tokens of its bytes, which
 *     are written {@code <0xE2>}, if all of them are there
 * @param prefix stands before each character of a piece but the first, in tokens; may be empty
 * @param suffix stands behind the last character of a piece, in tokens; may be empty
 */
public record BpeConfig(
    boolean bytes,
    boolean ignoreMerges,
    int unknownId,
    boolean fuseUnknown,
    boolean byteFallback,
    String prefix,
    String suffix) {
  /** As {@code unknownId}: there is no unknown token. */
  public static final int NONE = -1;

  /** A byte-level vocabulary. */
  public static BpeConfig ofBytes(boolean ignoreMerges) {
    return new BpeConfig(true, ignoreMerges, NONE, false, false, "", "");
  }
}
