package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * A YAML file as plain maps, as {@code StrictJson} gives JSON: one mapping, no key twice, no
 * anchors, aliases or tags, and bounds on length and nesting. Built from the parser's events, so
 * that nothing is constructed by name.
 */
final class BoundedYaml {
  private static final int MAX_BYTES = 1 << 20;
  private static final int MAX_NESTING = 32;

  private final Path file;
  private final Iterator<Event> events;

  private BoundedYaml(Path file, Iterator<Event> events) {
    this.file = file;
    this.events = events;
  }

  /** The mapping that {@code file} holds. */
  static Map<String, Object> read(Path file) throws IOException {
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new ModelFormatException(
          file, "the file has " + size + " bytes, expected at most " + MAX_BYTES);
    }
    LoadSettings settings = LoadSettings.builder().setCodePointLimit(MAX_BYTES).build();
    try {
      String text = Files.readString(file);
      // Editors of some systems begin a file with a byte order mark.
      text = text.startsWith("\uFEFF") ? text.substring(1) : text;
      return new BoundedYaml(file, new ParserImpl(settings, new StreamReader(settings, text)))
          .document();
    } catch (YamlEngineException e) {
      throw new ModelFormatException(
          file, "the file is not valid YAML: " + e.getMessage().lines().findFirst().orElse(""), e);
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, "the file is not valid UTF-8", e);
    }
  }

  private Map<String, Object> document() throws ModelFormatException {
    expect(Event.ID.StreamStart);
    expect(Event.ID.DocumentStart);
    if (!(events.next() instanceof MappingStartEvent start)) {
      throw new ModelFormatException(file, "the file holds no mapping, expected one");
    }
    Map<String, Object> document = mapping(start, 1);
    expect(Event.ID.DocumentEnd);
    expect(Event.ID.StreamEnd);
    return document;
  }

  private void expect(Event.ID id) throws ModelFormatException {
    Event event = events.next();
    if (event.getEventId() != id) {
      throw new ModelFormatException(
          file,
          "found " + event.getEventId() + where(event) + ", expected one document (" + id + ")");
    }
  }

  private Object value(Event event, int nesting) throws ModelFormatException {
    if (nesting > MAX_NESTING) {
      throw new ModelFormatException(
          file, "the file nests deeper than " + MAX_NESTING + where(event));
    }
    return switch (event) {
      case ScalarEvent scalar -> scalar(scalar);
      case MappingStartEvent start -> mapping(start, nesting);
      case SequenceStartEvent start -> sequence(start, nesting);
      case AliasEvent alias ->
          throw new ModelFormatException(
              file,
              "found an alias"
                  + where(alias)
                  + ", expected none (aliases can multiply without bound)");
      default ->
          throw new ModelFormatException(
              file, "found " + event.getEventId() + where(event) + ", expected a value");
    };
  }

  private Map<String, Object> mapping(MappingStartEvent start, int nesting)
      throws ModelFormatException {
    checkPlain(start, start.getTag().isPresent());
    Map<String, Object> mapping = new LinkedHashMap<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.MappingEnd;
        event = events.next()) {
      if (!(event instanceof ScalarEvent key)) {
        throw new ModelFormatException(
            file, "found " + event.getEventId() + where(event) + ", expected a key");
      }
      checkPlain(key, key.getTag().isPresent());
      if (mapping.containsKey(key.getValue())) {
        throw new ModelFormatException(
            file,
            "found the key " + key.getValue() + " twice" + where(event) + ", expected it once");
      }
      mapping.put(key.getValue(), value(events.next(), nesting + 1));
    }
    return mapping;
  }

  private List<Object> sequence(SequenceStartEvent start, int nesting) throws ModelFormatException {
    checkPlain(start, start.getTag().isPresent());
    List<Object> sequence = new ArrayList<>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.SequenceEnd;
        event = events.next()) {
      sequence.add(value(event, nesting + 1));
    }
    return sequence;
  }

  /** The YAML 1.2 core schema, as far as settings need it. */
  private Object scalar(ScalarEvent scalar) throws ModelFormatException {
    checkPlain(scalar, scalar.getTag().isPresent());
    String text = scalar.getValue();
    if (!scalar.isPlain()) {
      return text;
    }
    return switch (text) {
      case "", "~", "null", "Null", "NULL" -> null;
      case "true", "True", "TRUE" -> true;
      case "false", "False", "FALSE" -> false;
      default -> {
        if (text.matches("[-+]?[0-9]{1,18}")) {
          yield Long.valueOf(text);
        }
        if (text.length() <= 100
            && text.matches("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?")) {
          yield Double.valueOf(text);
        }
        yield text;
      }
    };
  }

  private void checkPlain(NodeEvent event, boolean tagged) throws ModelFormatException {
    if (tagged || event.getAnchor().isPresent()) {
      throw new ModelFormatException(
          file,
          "found " + (tagged ? "a tag" : "an anchor") + where(event) + ", expected plain values");
    }
  }

  private static String where(Event event) {
    return event.getStartMark().map(mark -> " in line " + (mark.getLine() + 1)).orElse("");
  }
}
