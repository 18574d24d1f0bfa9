package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.OffHeapMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the doctor says; how fast things are is not for tests. */
class DoctorTest extends CommandLineTest {
  private static final boolean NATIVE = MorModel.runnableKernels().size() > 1;

  @Test
  void saysWhatRunsHere() {
    long before = OffHeapMemory.totalBytes();
    String out = run("doctor", "--quick").succeeds().out();
    assertThat(out)
        .contains("machine:", "JVM:", "library:", "features:", "kernels:", "threads:")
        .contains("GPU:      device 0: ", "emulated CUDA", "To be faster");
    if (NATIVE) {
      assertThat(out).contains("float32", "bfloat16", "int8", "int4", "memory, 1 thread");
    } else {
      assertThat(out).contains("Not measured");
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
    assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.MEASUREMENT)).isZero();
  }

  @Test
  void tellsProgramsToo() {
    JsonNode json = run("doctor", "--quick", "--threads", 1, "--json").succeeds().json();
    assertThat(json.at("/machine/cpu").asText()).isNotBlank();
    assertThat(json.at("/machine/memory_bytes").asLong()).isPositive();
    assertThat(json.at("/jvm/processors").asInt()).isPositive();
    assertThat(json.at("/jvm/native_access").isBoolean()).isTrue();
    assertThat(json.at("/native_library/available").asBoolean()).isEqualTo(NATIVE);
    assertThat(json.at("/native_library/description").asText()).isNotBlank();
    assertThat(json.at("/kernels/runnable").toString()).contains("\"java\"");
    assertThat(json.at("/kernels/used")).isEqualTo(json.at("/kernels/auto"));
    assertThat(json.at("/threads/used").asInt()).isEqualTo(1);
    assertThat(json.at("/gpu/available").asBoolean()).isTrue();
    assertThat(json.at("/gpu/emulated").asBoolean()).isTrue();
    assertThat(json.at("/gpu/obstacle").isNull()).isTrue();
    assertThat(json.at("/gpu/devices/0/memory_bytes").asLong())
        .isGreaterThanOrEqualTo(json.at("/gpu/devices/0/free_bytes").asLong())
        .isPositive();
    assertThat(json.at("/gpu/loaded/0/file").asText()).contains("emulated");
    assertThat(json.at("/backend").asText()).isEqualTo("cpu");
    assertThat(json.at("/model").isNull()).isTrue();
    assertThat(json.at("/advice").isArray()).isTrue();
    assertThat(json.at("/measured").isNull()).isEqualTo(!NATIVE);
    if (NATIVE) {
      for (String type : new String[] {"f32", "bf16", "int8", "int4"}) {
        rate(json.at("/measured/peak_operations_per_second/" + type));
      }
      rate(json.at("/measured/memory_bytes_per_second_one_thread"));
      rate(json.at("/measured/memory_bytes_per_second"));
      assertThat(json.at("/measured/threads").asInt()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"expert-n3", "token-n3", "vanilla"})
  void measuresAModel(String name) throws IOException {
    long before = OffHeapMemory.totalBytes();
    Path model = converted(golden(name), dir.resolve("model"));
    JsonNode json = run("doctor", model, "--quick", "--json").succeeds().json();
    JsonNode decode = json.at("/model/decode");
    JsonNode prefill = json.at("/model/prefill");
    rate(decode.get("tokens_per_second"));
    rate(prefill.get("tokens_per_second"));
    assertThat(decode.get("prompt_tokens").asInt()).isEqualTo(32);
    // Fewer than these only where the machine has no time for them.
    assertThat(decode.get("tokens").asInt()).isBetween(1, 64);
    assertThat(prefill.get("tokens").asInt()).isBetween(8, 128);
    double least = json.at("/model/unique_layer_bytes").asDouble();
    least += json.at("/model/head_bytes").asDouble();
    assertThat(decode.get("weight_bytes_per_token").asDouble()).isGreaterThanOrEqualTo(least);
    positive(decode.get("weight_bytes_per_second"));
    positive(prefill.get("operations_per_second"));
    assertThat(json.at("/model/layer_types").get(0).asText()).isEqualTo("F32");
    assertThat(json.at("/model/products").asText()).isEqualTo("f32");
    if (NATIVE) {
      rate(decode.get("memory_bytes_per_second"));
      positive(decode.get("share_of_bandwidth"));
      positive(prefill.get("share_of_peak"));
      assertThat(json.at("/advice").toString()).contains("--quantize int8");
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  @Test
  void plainJavaIsMeasuredAndAdvisedAgainst() throws IOException {
    Path source = converted(golden("expert-n3"), dir.resolve("source"));
    Path model = dir.resolve("model");
    run("convert", source, model, "--quantize", "int8").succeeds();
    String out = run("doctor", model, "--quick", "--kernels", "java").succeeds().out();
    assertThat(out).contains("kernels:  java", "layers INT8", "tokens/s", "GOP/s");
    if (NATIVE) {
      assertThat(out).contains("--kernels java, and this machine runs");
    }
  }

  @Test
  void failsAsOtherCommandsDo() throws IOException {
    run("doctor", dir.resolve("none")).fails(3, "no such file or folder");
    run("doctor", dir).fails(3, "config.json");
    run("doctor", golden("expert-n3")).fails(3, "mor4j convert");
    run("doctor", "--kernels", "fast").fails(2, "expected auto");
    run("doctor", "--threads", "999").fails(2, "threads is 999");
    Path model = converted(golden("expert-n3"), dir.resolve("model"));
    Files.write(model.resolve("model.safetensors"), new byte[] {1, 2, 3});
    run("doctor", model).fails(3, "model.safetensors");
    assertThat(OffHeapMemory.bytes(OffHeapMemory.Use.MEASUREMENT)).isZero();
  }

  private static void rate(JsonNode rate) {
    positive(rate.get("median"));
    positive(rate.get("best"));
    assertThat(rate.get("best").asDouble()).isGreaterThanOrEqualTo(rate.get("median").asDouble());
    assertThat(rate.get("repeats").asInt()).isPositive();
  }

  private static void positive(JsonNode number) {
    assertThat(number.isNumber()).as("%s", number).isTrue();
    assertThat(number.asDouble()).isFinite().isPositive();
  }
}
