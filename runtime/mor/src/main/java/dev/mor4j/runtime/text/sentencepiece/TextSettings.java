package dev.mor4j.runtime.text.sentencepiece;

/**
 * What is done to a text before it is cut, and undone afterwards: {@code NormalizerSpec}, and a
 * setting of {@code TrainerSpec}.
 *
 * @param map what replaces characters; null where none is
 * @param dummyPrefix whether a blank is put in front of a text
 * @param blanksAsSuffix whether that blank is put behind it instead
 * @param fewBlanks whether blanks at both ends and repeated ones are removed
 * @param escapeBlanks whether blanks are written as U+2581
 */
record TextSettings(
    CharacterMap map,
    boolean dummyPrefix,
    boolean blanksAsSuffix,
    boolean fewBlanks,
    boolean escapeBlanks) {}
