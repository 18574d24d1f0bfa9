package dev.mor4j.runtime.failures;

import dev.mor4j.testing.FailingAllocations;
import dev.mor4j.testing.FailingLibrary;

/** Calls of which one fails, and what is held by those that did not. */
enum Injection {
  /** Allocations, threads, locks and signal handlers of the native library. */
  LIBRARY {
    @Override
    void arm(long call) {
      FailingLibrary.arm(call);
    }

    @Override
    String failed() {
      return FailingLibrary.failed();
    }

    @Override
    long held() {
      return FailingLibrary.held();
    }

    @Override
    String message() {
      return "out of memory or threads|the handler of SIGBUS could not be installed";
    }
  },

  /** Memory off the heap, and files, in Java. */
  ALLOCATIONS {
    @Override
    void arm(long call) {
      FailingAllocations.arm(call);
    }

    @Override
    String failed() {
      return FailingAllocations.failed();
    }

    @Override
    long held() {
      return FailingAllocations.openArenas();
    }

    @Override
    String message() {
      return FailingAllocations.MESSAGE;
    }
  };

  /** Counts from 1 again and fails at call {@code call}; 0 for none. */
  abstract void arm(long call);

  /** What failed since it was armed; null for nothing. */
  abstract String failed();

  /** Pieces of what such calls give that are held now. */
  abstract long held();

  /** A pattern that is found in the message of the exception, or of its cause. */
  abstract String message();
}
