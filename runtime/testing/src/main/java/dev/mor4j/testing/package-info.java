/**
 * What the tests of all modules share: models, configurations and matrices drawn from seeds, the
 * slow and obvious reader of packed weights, the controls of the emulated device, and the rules of
 * the project's structure. Never a dependency of code that is shipped.
 */
package dev.mor4j.testing;
