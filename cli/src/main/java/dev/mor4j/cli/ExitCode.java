package dev.mor4j.cli;

/** What the process ends with. Stable: scripts read these. */
final class ExitCode {
  static final int SUCCESS = 0;
  static final int VERIFICATION_FAILED = 1;
  static final int USAGE = 2;
  static final int BAD_INPUT = 3;
  static final int INTERNAL_ERROR = 4;
  static final int DEVICE = 5;

  /** The reader of the output went away; what a shell reports of a process ended by SIGPIPE. */
  static final int OUTPUT_CLOSED = 141;

  /** For the end of each help text. */
  static final String HELP_HEADING = "%nExit codes:%n";

  static final String HELP_0 = "0:success";
  static final String HELP_1 = "1:verification failed (verify, demo, bench-serve)";
  static final String HELP_2 =
      "2:wrong usage, or an option value that the model or machine cannot take";
  static final String HELP_3 = "3:bad input: a file is missing, malformed or cannot be written";
  static final String HELP_4 = "4:internal error";
  static final String HELP_5 = "5:the GPU has no memory left for what was asked, or failed";
  static final String HELP_141 = "141:the reader of the output went away";

  private ExitCode() {}
}
