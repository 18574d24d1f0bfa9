package dev.mor4j.runtime.template;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Seeds;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Chat templates: what parses renders within its budgets, and fails as a template only. */
class TemplateFuzzTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2026, 2, 3, 4, 5, 6);
  private static final Map<String, Object> DATA =
      Map.of(
          "messages",
          List.of(
              Map.of("role", "system", "content", "Be brief."),
              Map.of("role", "user", "content", "H\u00e9 <|im_end|> 12 {{ x }}"),
              Map.of("role", "assistant", "content", "")),
          "tools",
          List.of(Map.of("type", "function", "function", Map.of("name", "f", "n", 1.5))),
          "documents",
          List.of());
  private static final Map<String, Object> VARIABLES =
      Map.of("add_generation_prompt", true, "bos_token", "<s>", "n", 7L);

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    Template template;
    try {
      template = Template.parse(new String(input, StandardCharsets.UTF_8));
    } catch (TemplateException e) {
      return;
    }
    try {
      template.render(DATA, VARIABLES, NOW);
    } catch (TemplateException e) {
      if (e.getCause() != null) {
        throw new AssertionError("an error that the template's code has overlooked", e);
      }
    }
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>(Seeds.named("chat-templates", "template.jinja", 6000));
    seeds.addAll(
        Seeds.texts(
            "{{ messages | map(attribute='content') | join(', ') }}{% set ns = namespace(i=0) %}",
            "{%- for m in messages if m.role != 'x' -%}{{ loop.index0 }}{{ m['content'][1:-1:2] }}{% else %}-{% endfor %}",
            "{% macro f(a, b=2) %}{{ a ~ b * 3 // 2 ** 2 % 5 }}{% endmacro %}{{ f(1) }}{{ '%05.2f %s' % (1.5, 'x') }}",
            "{{ tools | tojson(indent=2) }}{{ strftime_now('%d %b %Y') }}{{ [3,1,2]|sort|reverse|list }}{{ {'a': 1}.items() }}"));
    return seeds;
  }
}
