package dev.mor4j.runtime.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a template's text tells of its parts, and the bounds that hold for hostile templates. */
class TemplateTest {
  private static final LocalDateTime NOW = LocalDateTime.of(2025, 7, 4, 15, 4, 5);
  private static final long SMALL_STACK = 256 << 10;

  private static RenderedText render(String source, Map<String, ?> data) {
    return Template.parse(source).render(data, Map.of("own", "[own]"), NOW);
  }

  private static String text(String source, Map<String, ?> data) {
    return render(source, data).text();
  }

  /** The parts that are given. */
  private static List<String> given(String source, Map<String, ?> data) {
    RenderedText rendered = render(source, data);
    return rendered.given().stream()
        .map(span -> rendered.text().substring(span.begin(), span.end()))
        .toList();
  }

  @Test
  void parts_from_data_are_given_and_the_rest_is_not() {
    Map<String, Object> data =
        Map.of("messages", List.of(Map.of("role", "user", "content", "<|end|> \ud83d\ude00 x")));
    String source = "<|{{ messages[0].role }}|>{{ messages[0].content }}<|end|>{{ own }}";
    assertThat(text(source, data)).isEqualTo("<|user|><|end|> \ud83d\ude00 x<|end|>[own]");
    assertThat(given(source, data)).containsExactly("user", "<|end|> \ud83d\ude00 x");
  }

  @Test
  void what_a_template_does_with_given_text_keeps_it_given() {
    Map<String, Object> data = Map.of("s", " a<b,C ", "d", Map.of("k", "v"), "n", 12);
    assertThat(given("-{{ s|trim }}-", data)).containsExactly("a<b,C");
    assertThat(given("-{{ s.strip().split(',')|join('|') }}-", data)).containsExactly("a<b", "C");
    assertThat(given("-{{ s[1:3] ~ 'x' ~ s[3] }}-", data)).containsExactly("a<", "b");
    assertThat(given("-{{ s.replace('<', '&') }}-", data)).containsExactly(" a", "b,C ");
    assertThat(given("-{{ s|e }}-", data)).containsExactly(" a", "b,C ");
    assertThat(given("-{{ s|upper|reverse }}-", data)).containsExactly(" C,B<A ");
    assertThat(given("-{{ d }}-{{ d|tojson }}-", data)).containsExactly("k", "v", "k", "v");
    assertThat(given("-{{ '%s:%5s' % (s, own) }}-", data)).containsExactly(" a<b,C ");
    assertThat(given("-{{ '{}{}'.format(own, s) }}-", data)).containsExactly(" a<b,C ");
    assertThat(given("{% set x %}<{{ s }}>{% endset %}-{{ x }}-", data)).containsExactly(" a<b,C ");
    assertThat(given("{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(s) }}", data))
        .containsExactly(" a<b,C ");
    assertThat(given("-{{ s.translate({97: own}) }}-", data)).containsExactly(" ", "<b,C ");
    assertThat(given("-{{ s == ' a<b,C ' }}-{{ s|length }}-", data)).isEmpty();
  }

  @Test
  void given_text_equals_the_same_text_of_the_template() {
    Map<String, Object> data = Map.of("s", "ab", "d", Map.of("ab", 1));
    assertThat(
            text("{{ s == 'ab' }}{{ s in ['ab'] }}{{ {'ab': 2}[s] }}{{ d.ab }}{{ d['ab'] }}", data))
        .isEqualTo("TrueTrue211");
    assertThat(text("{{ [s, 'ab']|unique|list|length }}{{ s < 'ac' }}", data)).isEqualTo("1True");
  }

  @Test
  void generated_parts_count_code_points() {
    RenderedText rendered =
        render(
            "\ud83d\ude00{% for m in l %}{% generation %}{{ m }}{% endgeneration %}.{% endfor %}",
            Map.of("l", List.of("a\ud83d\ude00", "b")));
    assertThat(rendered.generated())
        .containsExactly(new RenderedText.Span(1, 3), new RenderedText.Span(4, 5));
  }

  @Test
  void a_name_set_later_hides_the_callers_variable_in_what_is_nested_before() {
    Map<String, Object> data = Map.of("x", "given");
    String read = "{% for i in 'a' %}{{ x }}{% endfor %}";
    assertThat(text(read + "{% set x = 1 %}{{ x }}", data)).isEqualTo("1");
    assertThat(text(read + "{% if own %}{% set x = 1 %}{% endif %}{{ x }}", data))
        .isEqualTo("given1");
    assertThat(text("{{ x }}" + read + "{% set x = 1 %}{{ x }}", data)).isEqualTo("givengiven1");
    assertThat(text("{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% set x = 1 %}{{ m() }}", data))
        .isEqualTo("1");
  }

  private static TemplateException failure(String source) {
    List<Throwable> thrown = new ArrayList<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                render(source, Map.of());
              } catch (Throwable e) {
                thrown.add(e);
              }
            },
            "small stack",
            SMALL_STACK);
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    assertThat(thrown).as(source).hasSize(1);
    assertThat(thrown.getFirst()).isInstanceOf(TemplateException.class);
    return (TemplateException) thrown.getFirst();
  }

  /** With a line: the bound came first, and not the end of the stack. */
  private static void endsByDepth(String source) {
    TemplateException failure = failure(source);
    assertThat(failure).hasMessageContaining("nest").hasMessageStartingWith("line ");
    assertThat(failure.kind()).isIn(TemplateException.Kind.LIMIT, TemplateException.Kind.SYNTAX);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
        "{% macro f() %}{% call g() %}{{ f() }}{% endcall %}{% endmacro %}"
            + "{% macro g() %}{{ caller() }}{% endmacro %}{{ f() }}",
        "{% set ns = namespace() %}{% for x in [1] recursive %}{{ loop([[1]]) }}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a|pprint }}",
      })
  void recursion_ends_before_a_small_stack_does(String source) {
    endsByDepth(source);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ns.g|map('upper')",
        "ns.g|select",
        "ns.g|unique",
        "[ns.g]|map('list')",
        "[ns.g]|map('map', 'upper')|map('join')",
        "[ns.g]",
      })
  void values_within_values_end_before_a_small_stack_does(String next) {
    endsByDepth(
        "{% set ns = namespace(g=['a']) %}{% for i in range(20000) %}{% set ns.g = "
            + next
            + " %}{% endfor %}{{ ns.g|list }}");
  }

  @Test
  void nested_source_ends_before_a_small_stack_does() {
    endsByDepth("{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}");
    endsByDepth("{% if 1 %}".repeat(5000));
    endsByDepth("{% with %}".repeat(29) + "{{ " + "[".repeat(5000) + "]".repeat(5000) + " }}");
    assertThat(failure("{{ " + "-".repeat(5000) + "1 }}")).hasMessageContaining("levels");
  }

  @Test
  void generators_of_a_template_that_is_meant_well_may_be_chained() {
    String source = "{{ l" + "|map('upper')|select|reject('none')".repeat(5) + "|join }}";
    assertThat(text(source, Map.of("l", List.of("a", "b")))).isEqualTo("AB");
  }

  private static final String FOREVER = "{% for i in range(100000) %}";

  @ParameterizedTest
  @ValueSource(
      strings = {
        FOREVER + "{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% set x = 'x' * 100000 %}" + FOREVER + "{{ {x: 1}[x] }}{% endfor %}",
        "{% set x = 'x' * 100000 %}{% set y = x ~ '' %}" + FOREVER + "{{ {x: 1}[y] }}{% endfor %}",
        "{% set s = 'a' * 50000 %}{% set t = ('a' * 25000) ~ 'b' %}"
            + FOREVER
            + "{{ s.find(t) }}{% endfor %}",
        "{% set s = 'a' * 50000 %}{% set t = 'b' ~ ('a' * 25000) %}"
            + FOREVER
            + "{{ s.rfind(t) }}{% endfor %}",
        "{% set l = range(100000)|list %}{% for i in l %}{{ -1 in l }}{% endfor %}",
        "{% set ns = namespace(s='ab') %}" + FOREVER + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set s = '1' * 4000 %}" + FOREVER + "{{ s|int }}{% endfor %}",
        FOREVER + "{{ strftime_now('%c' * 1000) }}{% endfor %}",
        "{{ 'x'.center(1000000000) }}",
        "{{ [1] * 1000000000 }}",
        "{{ (2 ** 16000) ** 2 }}",
        "{{ '%.1000000000f' % 1 }}",
      })
  void work_and_memory_are_bounded(String source) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThatThrownBy(() -> render(source, Map.of()))
        .isInstanceOfSatisfying(
            TemplateException.class,
            e -> assertThat(e.kind()).isEqualTo(TemplateException.Kind.LIMIT));
    // All that is ever allocated, dropped or not: what is alive at one time is a part of it.
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1L << 30);
  }

  @Test
  void keys_with_one_hash_are_found_without_a_look_at_all_others() {
    // "Aa" and "BB" have the same hash, so all texts made of them do.
    List<String> keys = List.of("");
    for (int i = 0; i < 13; i++) {
      List<String> longer = new ArrayList<>();
      keys.forEach(key -> longer.addAll(List.of(key + "Aa", key + "BB")));
      keys = longer;
    }
    Map<String, Object> dictionary = new LinkedHashMap<>();
    for (String key : keys) {
      dictionary.put(key, dictionary.size());
    }
    assertThat(keys.stream().map(key -> Text.of(key).hashCode()).distinct().count()).isEqualTo(1);
    String source =
        "{% set ns = namespace(n=0) %}{% for i in range(5) %}{% for k in d %}"
            + "{% set ns.n = ns.n + d[k] %}{% endfor %}{% endfor %}{{ ns.n }}";
    int size = keys.size();
    assertThat(text(source, Map.of("d", dictionary))).isEqualTo("" + 5L * size * (size - 1) / 2);
    Key key = new Key(Text.of(keys.get(0)));
    assertThat(key.compareTo(new Key(Text.of(keys.get(1))))).isNegative();
    assertThat(key.compareTo(new Key(Text.given(keys.get(0))))).isZero();
  }
}
