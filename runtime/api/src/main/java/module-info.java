/**
 * Mixture-of-Recursions models on the JVM, as applications see them: opening, sessions, engines,
 * scoring, the choice of a backend, and reports of the machine.
 */
module dev.mor4j.runtime {
  requires transitive dev.mor4j.runtime.mor;
  requires dev.mor4j.runtime.cpu;
  requires dev.mor4j.runtime.cuda;
  requires ai.djl.tokenizers;
  requires jdk.jfr;
  // Used by ai.djl.tokenizers, an automatic module, which cannot say so itself.
  requires org.slf4j;
  requires com.google.gson;

  // Asked for before the tokenizer's library is, to be silent where an application does not log.
  uses org.slf4j.spi.SLF4JServiceProvider;

  exports dev.mor4j.runtime;
}
