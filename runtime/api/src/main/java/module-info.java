/**
 * Mixture-of-Recursions models on the JVM, as applications see them: opening, sessions, engines,
 * scoring, tokenizers, the choice of a backend, and reports of the machine.
 */
module dev.mor4j.runtime {
  requires transitive dev.mor4j.runtime.mor;
  requires dev.mor4j.runtime.cpu;
  requires dev.mor4j.runtime.cuda;
  requires static jdk.jfr; // events, where the image has them

  exports dev.mor4j.runtime;
}
