package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RenderTemplateTest extends CommandLineTest {
  private Run render(String template, String lines) throws IOException {
    Path file = Files.writeString(dir.resolve("template.jinja"), template);
    Path input = Files.writeString(dir.resolve("lines.jsonl"), lines);
    return run(
        "render-template", file, "--jsonl", "--input", input, "--now", "2025-07-04T15:04:05");
  }

  @Test
  void eachLineHasItsAnswer() throws IOException {
    Run run =
        render(
            "{% for m in messages %}{{ m.content }}{{ tail }}{% endfor %}"
                + "{{ tools | tojson }} {{ strftime_now('%H:%M') }} {{ number }}",
            """
            {"messages": [{"content": "caf\\u00e9\\u2028"}], "extra": {"tail": "!", "number": 1.0}}
            {"messages": [], "tools": [{"b": 1, "a": [true, null, 12345678901234567890]}]}
            {"messages": [{"content": {"no": "text"}}], "add_generation_prompt": false}
            """);
    assertThat(run.succeeds().out())
        .isEqualTo(
            """
            {"text": "caf\\u00e9\\u2028!null 15:04 1.0"}
            {"text": "[{\\"b\\": 1, \\"a\\": [true, null, 12345678901234567890]}] 15:04 "}
            {"text": "{'no': 'text'}null 15:04 "}
            """);
  }

  @Test
  void failuresAreAnswers() throws IOException {
    String lines = "{\"messages\": []}\n{\"messages\": [{}]}\n";
    assertThat(render("{{ raise_exception('No ' ~ messages | length) }}", lines).succeeds().out())
        .isEqualTo("{\"error\": \"No 0\"}\n{\"error\": \"No 1\"}\n");
    assertThat(render("{% for %}", lines).succeeds().out().lines())
        .hasSize(2)
        .allMatch(line -> line.startsWith("{\"error\": \"line 1: "));
    assertThat(
            render(
                    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
                    lines)
                .succeeds()
                .out())
        .contains("{\"error\": ");
  }

  @Test
  void badInputIsNamed() throws IOException {
    render("x", "{\"messages\": []}\nno\n").fails(3, "lines.jsonl: line 2: not valid JSON");
    render("x", "{}\n").fails(3, "\"messages\" is missing, expected an array of objects");
    render("x", "{\"messages\": [1]}\n").fails(3, "\"messages\" is no array of objects");
    render("x", "{\"messages\": [], \"extra\": []}\n").fails(3, "\"extra\" is no object");
    render("x", "{\"messages\": " + "[".repeat(200) + "]".repeat(200) + "}\n")
        .fails(3, "lines.jsonl: line 1: not valid JSON");
    run("render-template", dir).fails(3, "has no chat template");
    run("render-template", dir.resolve("absent")).fails(3, "no such file");
    run("render-template", dir, "--now", "yesterday").fails(2, "--now");
  }
}
