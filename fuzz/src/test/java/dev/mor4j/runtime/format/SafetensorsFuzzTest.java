package dev.mor4j.runtime.format;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.fuzz.Seeds;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers of safetensors files. */
class SafetensorsFuzzTest {
  private static final Scratch SCRATCH = new Scratch();

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    SCRATCH.open(SCRATCH.write("model.safetensors", input), SafetensorsFile::open);
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (String header :
        List.of(
            "{}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                + "\"b\":{\"dtype\":\"I8\",\"shape\":[],\"data_offsets\":[8,9]}}",
            "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"é\":{\"dtype\":\"BF16\",\"shape\":[0,3],\"data_offsets\":[0,0]}}")) {
      byte[] text = Seeds.texts(header).getFirst();
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      file.writeBytes(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).array());
      file.writeBytes(text);
      file.writeBytes(new byte[header.contains("F32") ? 9 : 0]);
      seeds.add(file.toByteArray());
    }
    return seeds;
  }
}
