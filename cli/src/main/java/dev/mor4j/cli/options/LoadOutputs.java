package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.converter.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;

/** The files that a run of load leaves. */
public final class LoadOutputs {
  /** Only an engine in this process has a timeline. */
  public static final String TIMELINE = "--timeline";

  @CommandLine.Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write all results to FILE as JSON.")
  public Path json;

  @CommandLine.Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Write a page with plots to FILE; it needs no other file.")
  public Path html;

  @CommandLine.Option(
      names = TIMELINE,
      paramLabel = "FILE",
      description =
          "Write the engine's last passes at each load to FILE, with the depths that shared them: as"
              + " a text if its name ends in .txt, otherwise as a page.")
  public Path timeline;

  @CommandLine.Mixin OverwriteOption overwrite;

  /** Whether the timeline is a text. */
  public boolean timelineIsText() {
    return timeline.toString().toLowerCase(Locale.ROOT).endsWith(".txt");
  }

  /**
   * Takes hold of the places of all files, so that a long run does not end in a name that exists,
   * and so that an interrupted JVM, which takes no more hooks, can still write.
   */
  public Places open() throws IOException {
    Places places = new Places();
    try {
      for (Path file : new Path[] {json, html, timeline}) {
        if (places.files.containsKey(file)) {
          throw new UsageException(file + " is given for two files");
        }
        if (file != null) {
          places.files.put(file, OutputFile.create(file, overwrite.wanted));
        }
      }
      return places;
    } catch (IOException | RuntimeException e) {
      places.close();
      throw e;
    }
  }

  /** Places of files. Owns what is not yet written, which is gone after {@link #close()}. */
  public static final class Places implements AutoCloseable {
    private final Map<Path, OutputFile> files = new LinkedHashMap<>();

    /** Writes a file whole. */
    public void write(Path file, String content) throws IOException {
      OutputFile place = files.get(file);
      Files.writeString(place.path(), content);
      place.commit();
    }

    @Override
    public void close() {
      files.values().forEach(OutputFile::close);
    }
  }
}
