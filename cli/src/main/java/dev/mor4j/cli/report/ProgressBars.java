package dev.mor4j.cli.report;

import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.ConversionProgress;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * A bar for each step of a long command, on the error output. Owns the bar that is shown. One
 * thread at a time.
 */
public final class ProgressBars implements ConversionProgress, AutoCloseable {
  private static final int MIB = 1 << 20;

  private final Terminal terminal;
  private ProgressBar bar;
  private String step = "";

  private ProgressBars(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Bars where a person looks on; else ones that show nothing. */
  public static ProgressBars of(Terminal terminal, boolean quiet) {
    return new ProgressBars(quiet || !terminal.errIsTerminal() ? null : terminal);
  }

  @Override
  public void report(long bytesDone, long bytesTotal, String what) {
    show(bytesDone, bytesTotal, what, " MiB", MIB);
  }

  /** Shows how many windows of a text have been scored. */
  public void scored(int windows, int ofAll) {
    show(windows, ofAll, "scoring", " windows", 1);
  }

  private void show(long done, long total, String what, String unit, long unitSize) {
    if (terminal == null) {
      return;
    }
    if (!what.equals(step)) {
      close();
      step = what;
      bar =
          new ProgressBarBuilder()
              .setTaskName(what)
              .setInitialMax(total)
              .setUnit(unit, unitSize)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(100)
              // With a width given, the library asks no terminal library, which would load natives.
              .setConsumer(new ConsoleProgressBarConsumer(terminal.err(), terminal.columns() - 1))
              .build();
    }
    bar.stepTo(done);
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
