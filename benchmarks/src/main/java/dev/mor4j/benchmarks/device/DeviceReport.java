package dev.mor4j.benchmarks.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Puts what {@code scripts/gpu-check} found into one document, {@code gpu-check.json}, and a table
 * for people. Reads from a folder:
 *
 * <pre>
 *   facts.json      {@link DeviceFacts}
 *   machine.tsv     name, text
 *   steps.tsv       name, outcome (passed, failed, skipped), seconds, exit code, detail
 *   goldens.json    {@link DeviceGoldens}
 *   figures.json    {@link DeviceBenchmark}
 *   torch*.json     scripts/torch_eager.py
 * </pre>
 *
 * Files that a step did not get to write are left out.
 */
public final class DeviceReport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final PrintStream out;

  private DeviceReport(Path folder, PrintStream out) {
    this.folder = folder;
    this.out = out;
  }

  /** Writes the document and prints the table; returns an exit code. */
  public static int write(Path folder, PrintStream out) throws IOException {
    return new DeviceReport(folder, out).write();
  }

  private int write() throws IOException {
    ObjectNode document = JSON.createObjectNode();
    JsonNode facts = read("facts.json").orElseGet(JSON::createObjectNode);
    document.set("gpu", facts.path("gpu").isMissingNode() ? null : facts.path("gpu"));
    facts.properties().forEach(entry -> document.set(entry.getKey(), entry.getValue()));
    ObjectNode machine = document.putObject("machine");
    for (String[] line : lines("machine.tsv")) {
      machine.put(line[0], line.length > 1 ? line[1] : "");
    }
    ArrayNode checks = document.putArray("checks");
    boolean failed = steps(checks);
    document.set("goldens", read("goldens.json").orElse(null));
    Optional<JsonNode> figures = read("figures.json");
    document.set("settings", figures.map(f -> f.path("settings")).orElse(null));
    document.set("seeds", figures.map(f -> f.path("seeds")).orElse(null));
    document.set("figures", figures.map(f -> f.path("figures")).orElse(null));
    document.set("without_overlap", read("apart.json").map(f -> f.path("figures")).orElse(null));
    ArrayNode torch = document.putArray("torch_eager");
    try (var files = Files.newDirectoryStream(folder, "torch*.json")) {
      for (Path file : files) {
        read(file.getFileName().toString()).ifPresent(torch::add);
      }
    }
    Files.write(
        folder.resolve("gpu-check.json"),
        JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(document));
    print(document);
    boolean hasGpu = document.path("gpu").isObject();
    return !hasGpu ? DeviceFacts.NO_GPU : failed ? 1 : 0;
  }

  /** The checks; whether any has failed. */
  private boolean steps(ArrayNode checks) throws IOException {
    boolean failed = false;
    for (String[] line : lines("steps.tsv")) {
      ObjectNode check = checks.addObject();
      check.put("name", line[0]);
      check.put("outcome", line[1]);
      check.put("seconds", Double.parseDouble(line[2]));
      check.put("exit_code", Integer.parseInt(line[3]));
      check.put("detail", line.length > 4 ? line[4] : "");
      failed |= line[1].equals("failed");
    }
    return failed;
  }

  private void print(ObjectNode document) {
    JsonNode gpu = document.path("gpu");
    out.println(
        gpu.isObject()
            ? "## " + gpu.path("name").asText() + ", " + document.path("cuda").asText()
            : "## No GPU: " + document.path("reason").asText());
    out.println();
    out.println("| check | outcome | seconds | |");
    out.println("|---|---|---|---|");
    for (JsonNode check : document.path("checks")) {
      out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %s |%n",
          check.path("name").asText(),
          check.path("outcome").asText(),
          DeviceFigures.number(check.path("seconds").asDouble()),
          check.path("detail").asText());
    }
    if (!document.path("figures").isArray()) {
      return;
    }
    out.println();
    out.println("| figure | model | value | unit | |");
    out.println("|---|---|---|---|---|");
    for (JsonNode figure : document.path("figures")) {
      row(figure, "");
    }
    for (JsonNode figure : document.path("without_overlap")) {
      if (figure.path("name").asText().matches("decode, 1 sequence(:.*)?")) {
        row(figure, "kernels without overlap: ");
      }
    }
    for (JsonNode run : document.path("torch_eager")) {
      for (JsonNode result : run.path("results")) {
        row(
            "PyTorch eager, decode, " + result.path("batch").asInt() + " sequences",
            run.path("model").asText(),
            result.path("tokens_per_second").asDouble(),
            "tokens/s",
            "PyTorch " + run.path("torch").asText());
      }
    }
  }

  private void row(JsonNode figure, String before) {
    row(
        before + figure.path("name").asText(),
        figure.path("model").asText(),
        figure.path("value").asDouble(),
        figure.path("unit").asText(),
        figure.path("detail").asText());
  }

  private void row(String name, String model, double value, String unit, String detail) {
    out.printf(
        Locale.ROOT,
        "| %s | %s | %s | %s | %s |%n",
        name,
        model,
        DeviceFigures.number(value),
        unit,
        detail);
  }

  private List<String[]> lines(String name) throws IOException {
    Path file = folder.resolve(name);
    return Files.exists(file)
        ? Files.readAllLines(file).stream().map(line -> line.split("\t", -1)).toList()
        : List.of();
  }

  /** A document; nothing where it is missing, or cut short with the step that wrote it. */
  private Optional<JsonNode> read(String name) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonNode document = JSON.readTree(file.toFile());
      return document.isMissingNode() ? Optional.empty() : Optional.of(document);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
