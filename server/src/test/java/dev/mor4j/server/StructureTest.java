package dev.mor4j.server;

import dev.mor4j.testing.StructureRules;
import org.junit.jupiter.api.Test;

/** The rules of the project's structure, for the server. */
class StructureTest {
  @Test
  void theRulesOfEveryModule() {
    StructureRules.check(StructureRules.classes("dev.mor4j.server"));
  }
}
