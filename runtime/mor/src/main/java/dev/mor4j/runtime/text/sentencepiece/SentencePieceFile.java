package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.unigram.PieceTrie;
import dev.mor4j.runtime.text.unigram.UnigramLattice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A {@code tokenizer.model}: SentencePiece's {@code ModelProto} (sentencepiece_model.proto).
 * Settings that only training needs are passed over.
 */
public final class SentencePieceFile {
  // Larger ones were not made by SentencePiece: that has pieces of some dozen bytes.
  private static final long MAX_SIZE = 1L << 28;
  private static final int MAX_PIECE = 1 << 14;

  // Below the smallest score of all normal pieces.
  private static final float UNKNOWN_PENALTY = 10;

  // What a damaged number of pieces may take.
  private final List<byte[]> pieces = new ArrayList<>();
  private final List<PieceType> types = new ArrayList<>();
  private float[] scores = new float[1 << 10];
  private ModelKind kind = ModelKind.UNIGRAM;
  private boolean byteFallback;
  private boolean blanksAsSuffix;
  private String unknownText = " \u2047 ";
  private CharacterMap map;
  private boolean dummyPrefix = true;
  private boolean fewBlanks = true;
  private boolean escapeBlanks = true;

  private SentencePieceFile() {}

  /**
   * Reads a file.
   *
   * @throws ModelFormatException when it is damaged, or has what is not supported: a denormalizer
   * @throws IOException when it cannot be read
   */
  public static TokenCodec read(Path file) throws IOException {
    long size = Files.size(file);
    if (size > MAX_SIZE) {
      throw new ModelFormatException(
          file, "it has " + size + " bytes, expected at most " + MAX_SIZE);
    }
    byte[] bytes = Files.readAllBytes(file);
    try {
      return read(bytes);
    } catch (ModelFormatException e) {
      throw new ModelFormatException(file, e.getMessage(), e);
    }
  }

  /** Reads the bytes of a file. */
  static TokenCodec read(byte[] bytes) throws ModelFormatException {
    SentencePieceFile file = new SentencePieceFile();
    ProtobufReader model = new ProtobufReader(bytes, "ModelProto");
    for (int field = model.next(); field != 0; field = model.next()) {
      switch (field) {
        case 1 -> file.piece(model.message("pieces"));
        case 2 -> file.trainerSpec(model.message("trainer_spec"));
        case 3 -> file.normalizerSpec(model.message("normalizer_spec"));
        case 5 -> file.denormalizerSpec(model.message("denormalizer_spec"));
        default -> model.skip();
      }
    }
    return file.codec();
  }

  private void piece(ProtobufReader message) throws ModelFormatException {
    int id = types.size();
    byte[] piece = {};
    float score = 0;
    PieceType type = PieceType.NORMAL;
    for (int field = message.next(); field != 0; field = message.next()) {
      switch (field) {
        case 1 -> piece = message.text("piece");
        case 2 -> score = message.single("score");
        case 3 -> type = pieceType(message.number("type"), id);
        default -> message.skip();
      }
    }
    if (piece.length == 0 || piece.length > MAX_PIECE) {
      throw new ModelFormatException(
          "piece " + id + " has " + piece.length + " bytes, expected 1 to " + MAX_PIECE);
    }
    if (!Float.isFinite(score)) {
      throw new ModelFormatException("piece " + id + " has score " + score + ", expected a number");
    }
    if (id == scores.length) {
      scores = Arrays.copyOf(scores, id * 2);
    }
    pieces.add(piece);
    scores[id] = score;
    types.add(type);
  }

  private static PieceType pieceType(long number, int id) throws ModelFormatException {
    PieceType type = PieceType.of(number);
    if (type == null) {
      throw new ModelFormatException(
          "piece " + id + " has type " + number + ", expected one of 1 to 6");
    }
    return type;
  }

  private void trainerSpec(ProtobufReader message) throws ModelFormatException {
    for (int field = message.next(); field != 0; field = message.next()) {
      switch (field) {
        case 3 -> {
          long number = message.number("model_type");
          kind = ModelKind.of(number);
          if (kind == null) {
            throw new ModelFormatException(
                "model_type is " + number + ", expected one of 1 to 4 (UNIGRAM, BPE, WORD, CHAR)");
          }
        }
        case 24 -> blanksAsSuffix = message.flag("treat_whitespace_as_suffix");
        case 35 -> byteFallback = message.flag("byte_fallback");
        case 44 -> unknownText = new String(message.text("unk_surface"), StandardCharsets.UTF_8);
        default -> message.skip();
      }
    }
  }

  private void normalizerSpec(ProtobufReader message) throws ModelFormatException {
    for (int field = message.next(); field != 0; field = message.next()) {
      switch (field) {
        case 2 -> {
          byte[] precompiled = message.bytes("precompiled_charsmap");
          map = precompiled.length == 0 ? null : CharacterMap.of(precompiled);
        }
        case 3 -> dummyPrefix = message.flag("add_dummy_prefix");
        case 4 -> fewBlanks = message.flag("remove_extra_whitespaces");
        case 5 -> escapeBlanks = message.flag("escape_whitespaces");
        default -> message.skip();
      }
    }
  }

  private void denormalizerSpec(ProtobufReader message) throws ModelFormatException {
    for (int field = message.next(); field != 0; field = message.next()) {
      if (field == 2 && message.bytes("precompiled_charsmap").length > 0) {
        throw new ModelFormatException(
            "it has denormalizer_spec.precompiled_charsmap, which is not supported");
      } else if (field != 2) {
        message.skip();
      }
    }
  }

  private TokenCodec codec() throws ModelFormatException {
    PieceTable table =
        new PieceTable(
            pieces.toArray(byte[][]::new),
            Arrays.copyOf(scores, types.size()),
            types.toArray(PieceType[]::new),
            byteFallback);
    Segmenter segmenter =
        switch (kind) {
          case UNIGRAM -> unigram(table);
          case BPE -> merges(table);
          case WORD -> SimpleSegmenters.words(table);
          case CHAR -> SimpleSegmenters.characters(table);
        };
    TextSettings settings =
        new TextSettings(map, dummyPrefix, blanksAsSuffix, fewBlanks, escapeBlanks);
    return new SentencePieceCodec(table, settings, unknownText, segmenter);
  }

  private static Segmenter merges(PieceTable table) throws ModelFormatException {
    table.requireDistinct();
    return new MergeSegmenter(table);
  }

  private static Segmenter unigram(PieceTable table) {
    float least = Float.MAX_VALUE;
    int size = table.size();
    for (int id = 0; id < size; id++) {
      if (table.type(id) == PieceType.NORMAL) {
        least = Math.min(least, table.score(id));
      }
    }
    byte[][] usable = new byte[size][];
    int[] ids = new int[size];
    int[] lengths = new int[size];
    double[] scores = new double[size];
    int count = 0;
    for (int id = 0; id < size; id++) {
      PieceType type = table.type(id);
      lengths[id] = table.piece(id).length;
      scores[id] = type == PieceType.USER_DEFINED ? userDefinedScore(lengths[id]) : table.score(id);
      if (type == PieceType.NORMAL || type == PieceType.USER_DEFINED) {
        usable[count] = table.piece(id);
        ids[count++] = id;
      }
    }
    PieceTrie trie = new PieceTrie(Arrays.copyOf(usable, count), ids);
    float unknownScore = least - UNKNOWN_PENALTY;
    return new UnigramLattice(trie, lengths, scores, unknownScore, true)::segment;
  }

  /**
   * What a symbol of the user counts: more than any sum of usual pieces, whose scores are
   * logarithms of probabilities. This is the rule since SentencePiece 0.2.2.
   */
  private static float userDefinedScore(int length) {
    return (float) (0.1 * length - 0.1);
  }
}
