/** Mixture-of-Recursions models on the JVM: opening, routing, KV caches, generation and scoring. */
module dev.mor4j.runtime {
  requires dev.mor4j.bindings;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires ai.djl.tokenizers;
  requires jdk.jfr;
  // Used by ai.djl.tokenizers, an automatic module, which cannot say so itself.
  requires org.slf4j;
  requires com.google.gson;

  // Asked for before the tokenizer's library is, to be silent where an application does not log.
  uses org.slf4j.spi.SLF4JServiceProvider;

  exports dev.mor4j.runtime;
  exports dev.mor4j.runtime.format;
  exports dev.mor4j.runtime.packing;
}
