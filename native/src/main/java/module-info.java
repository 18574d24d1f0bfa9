/** Carries the native libraries as resources, {@code native/<os-arch>/}; has no code of its own. */
module dev.mor4j.natives {}
