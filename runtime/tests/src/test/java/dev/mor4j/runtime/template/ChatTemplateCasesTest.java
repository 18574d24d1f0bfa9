package dev.mor4j.runtime.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of {@code testdata/chat-templates} gives what {@code transformers} gives. */
class ChatTemplateCasesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final LocalDateTime NOW = LocalDateTime.of(2025, 7, 4, 15, 4, 5);

  private static Path data() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve("testdata"))) {
      folder = folder.getParent();
    }
    return folder.resolve("testdata").resolve("chat-templates");
  }

  static List<Path> folders() throws IOException {
    try (Stream<Path> entries = Files.list(data())) {
      return entries.filter(Files::isDirectory).sorted().toList();
    }
  }

  private static String read(Path file) throws IOException {
    try (InputStream bytes = new GZIPInputStream(Files.newInputStream(file))) {
      return new String(bytes.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void all_cases_are_there() throws IOException {
    long cases = 0;
    for (Path folder : folders()) {
      cases += read(folder.resolve("cases.jsonl.gz")).lines().count();
    }
    assertThat(folders()).hasSize(31);
    assertThat(cases).isEqualTo(3_869);
  }

  @ParameterizedTest
  @MethodSource("folders")
  void gives_what_is_expected(Path folder) throws IOException {
    Path source = folder.resolve("template.jinja.gz");
    String template = Files.exists(source) ? read(source) : null;
    int count = 0;
    for (String line : read(folder.resolve("cases.jsonl.gz")).lines().toList()) {
      @SuppressWarnings("unchecked")
      Map<String, Object> sample = JSON.readValue(line, LinkedHashMap.class);
      check(++count, template == null ? (String) sample.get("template") : template, sample);
    }
    assertThat(count).isGreaterThan(40);
  }

  private static void check(int number, String template, Map<String, Object> sample) {
    Map<String, Object> data = new LinkedHashMap<>();
    for (String name : List.of("messages", "tools", "documents")) {
      data.put(name, sample.get(name));
    }
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("add_generation_prompt", sample.get("add_generation_prompt"));
    if (sample.get("extra") instanceof Map<?, ?> extra) {
      extra.forEach((name, value) -> variables.put((String) name, value));
    }
    RenderedText rendered = null;
    TemplateException failure = null;
    try {
      rendered = Template.parse(template).render(data, variables, NOW);
    } catch (TemplateException e) {
      failure = e;
    }
    boolean hostile = sample.containsKey("must");
    if (hostile && failure != null) {
      assertThat(failure.getMessage()).as("case %d", number).doesNotContain("java", "dev.mor4j");
      return;
    }
    if (sample.containsKey("error") || "error".equals(sample.get("must"))) {
      assertThat(failure).as("case %d", number).isNotNull();
      if ("TemplateError".equals(sample.get("error_type"))) {
        assertThat(failure).hasMessage((String) sample.get("error"));
      }
      return;
    }
    assertThat(failure).as("case %d", number).isNull();
    assertThat(rendered.text()).as("case %d", number).isEqualTo(sample.get("expected"));
    if (sample.get("generation_spans") instanceof List<?> spans) {
      assertThat(rendered.generated().stream().map(s -> List.of(s.begin(), s.end())).toList())
          .as("case %d", number)
          .isEqualTo(spans);
    }
  }
}
