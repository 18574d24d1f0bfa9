package dev.mor4j.cli.report;

import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.ConversionProgress;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar for each step of a conversion, on the error output. Owns the bar that is shown. */
public final class ConversionBar implements ConversionProgress, AutoCloseable {
  private static final int MIB = 1 << 20;

  private final Terminal terminal;
  private ProgressBar bar;
  private String step = "";

  private ConversionBar(Terminal terminal) {
    this.terminal = terminal;
  }

  /** A bar where a person looks on; else one that shows nothing. */
  public static ConversionBar of(Terminal terminal, boolean quiet) {
    return new ConversionBar(quiet || !terminal.errIsTerminal() ? null : terminal);
  }

  @Override
  public void report(long bytesDone, long bytesTotal, String what) {
    if (terminal == null) {
      return;
    }
    if (!what.equals(step)) {
      close();
      step = what;
      bar =
          new ProgressBarBuilder()
              .setTaskName(what)
              .setInitialMax(bytesTotal)
              .setUnit(" MiB", MIB)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(100)
              // With a width given, the library asks no terminal library, which would load natives.
              .setConsumer(new ConsoleProgressBarConsumer(terminal.err(), terminal.columns() - 1))
              .build();
    }
    bar.stepTo(bytesDone);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
      terminal.err().flush();
    }
  }
}
