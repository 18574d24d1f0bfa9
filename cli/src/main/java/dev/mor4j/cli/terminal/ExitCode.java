package dev.mor4j.cli.terminal;

/** What the process ends with. Stable: scripts read these. */
public final class ExitCode {
  public static final int SUCCESS = 0;
  public static final int VERIFICATION_FAILED = 1;
  public static final int USAGE = 2;
  public static final int BAD_INPUT = 3;
  public static final int INTERNAL_ERROR = 4;
  public static final int DEVICE = 5;

  /** The reader of the output went away; what a shell reports of a process ended by SIGPIPE. */
  public static final int OUTPUT_CLOSED = 141;

  /** For the end of each help text. */
  public static final String HELP_HEADING = "%nExit codes:%n";

  public static final String HELP_0 = "0:success";
  public static final String HELP_1 = "1:verification failed (verify, demo, bench-serve)";
  public static final String HELP_2 =
      "2:wrong usage, or an option value that the model or machine cannot take";
  public static final String HELP_3 =
      "3:bad input: a file is missing, malformed or cannot be written";
  public static final String HELP_4 = "4:internal error";
  public static final String HELP_5 = "5:the GPU has no memory left for what was asked, or failed";
  public static final String HELP_141 = "141:the reader of the output went away";

  private ExitCode() {}
}
