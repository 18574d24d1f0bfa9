package dev.mor4j.cli.terminal;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Makes Ctrl-C interrupt a thread for as long as this is open, instead of ending the process. On a
 * JVM that does not let it, Ctrl-C ends the process as ever. One at a time.
 */
public final class Interrupts implements AutoCloseable {
  private static final String SIGNAL = "sun.misc.Signal";
  private static final String HANDLER = "sun.misc.SignalHandler";

  /** What handled the signal before; null where this handles nothing. */
  private final Object before;

  /** Interrupts {@code thread} from now on. */
  public Interrupts(Thread thread) {
    before = handle(handler(thread));
  }

  private static Object handler(Thread thread) {
    InvocationHandler handler =
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "handle" -> {
                thread.interrupt();
                yield null;
              }
              case "equals" ->
                  System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
              case "hashCode" -> System.identityHashCode(proxy);
              default -> "interrupts";
            };
    try {
      Class<?> type = Class.forName(HANDLER);
      return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }

  /** By reflection, for javac warns of the class and lets nobody suppress that. */
  private static Object handle(Object handler) {
    if (handler == null) {
      return null;
    }
    try {
      Class<?> signal = Class.forName(SIGNAL);
      Object interrupt = signal.getConstructor(String.class).newInstance("INT");
      return signal
          .getMethod("handle", signal, Class.forName(HANDLER))
          .invoke(null, interrupt, handler);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      return null;
    }
  }

  @Override
  public void close() {
    handle(before);
  }
}
