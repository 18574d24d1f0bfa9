/** An HTTP server over an engine: completions in the shape of OpenAI's, metrics, health. */
module dev.mor4j.server {
  requires transitive dev.mor4j.runtime;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires io.prometheus.metrics.config;
  requires io.prometheus.metrics.model;
  requires io.prometheus.writer.text;
  requires org.eclipse.jetty.http;
  requires org.eclipse.jetty.io;
  requires org.eclipse.jetty.server;
  requires org.eclipse.jetty.util;

  exports dev.mor4j.server;
}
