package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.LedBackend;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.memory.PageMemory;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Counts the calls to a backend, its workspaces and its memory for pages, and throws at one of
 * them: instead of the call, or after it where it closes something, which has to be closed. Any
 * thread.
 */
public final class Faults {
  private static final Set<Class<?>> WRAPPED =
      Set.of(Workspace.class, PageMemory.class, PageMemory.Slab.class);

  private final AtomicInteger calls = new AtomicInteger();
  private volatile int first = Integer.MAX_VALUE;
  private volatile int last;
  private volatile Supplier<? extends Throwable> fault;
  private volatile Throwable thrown;

  /** Counts from 1 again, and throws {@code fault} at calls {@code first} to {@code last}. */
  public void arm(int first, int last, Supplier<? extends Throwable> fault) {
    this.first = first;
    this.last = last;
    this.fault = fault;
    thrown = null;
    calls.set(0);
  }

  /** Throws nothing more. */
  public void disarm() {
    first = Integer.MAX_VALUE;
  }

  /** Calls since it was armed. */
  public int calls() {
    return calls.get();
  }

  /** The first that was thrown since it was armed; null where none was. */
  public Throwable thrown() {
    return thrown;
  }

  /** A call of the test's own that may be the one that fails. */
  public void call() {
    Throwable now = next();
    if (now instanceof Error error) {
      throw error;
    }
    if (now != null) {
      throw (RuntimeException) now;
    }
  }

  private synchronized Throwable next() {
    int call = calls.incrementAndGet();
    if (call < first || call > last) {
      return null;
    }
    Throwable now = fault.get();
    thrown = thrown == null ? now : thrown;
    return now;
  }

  /** {@code backend}, with faults. */
  public LedBackend around(LedBackend backend) {
    return (LedBackend) wrap(LedBackend.class, backend);
  }

  private Object wrap(Class<?> type, Object computing) {
    return Proxy.newProxyInstance(
        Faults.class.getClassLoader(), new Class<?>[] {type}, new Faulty(computing));
  }

  /** Stands before something that computes. */
  private final class Faulty implements InvocationHandler {
    private final Object computing;

    Faulty(Object computing) {
      this.computing = computing;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
      Throwable now = method.getDeclaringClass() == Object.class ? null : next();
      if (now != null && !method.getName().equals("close")) {
        throw now;
      }
      try {
        Object result = method.invoke(computing, unwrapped(arguments));
        if (now != null) {
          throw now;
        }
        Class<?> type = method.getReturnType();
        return result != null && WRAPPED.contains(type) ? wrap(type, result) : result;
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }

  private static Object[] unwrapped(Object[] arguments) {
    Object[] computing = arguments == null ? new Object[0] : arguments.clone();
    for (int i = 0; i < computing.length; i++) {
      if (computing[i] != null
          && Proxy.isProxyClass(computing[i].getClass())
          && Proxy.getInvocationHandler(computing[i]) instanceof Faulty faulty) {
        computing[i] = faulty.computing;
      }
    }
    return computing;
  }
}
