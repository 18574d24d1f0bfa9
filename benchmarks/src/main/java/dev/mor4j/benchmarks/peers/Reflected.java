package dev.mor4j.benchmarks.peers;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;

/** Calls into an engine's classes, whose names and shapes are known, but not to the compiler. */
final class Reflected {
  private Reflected() {}

  /** The only method of {@code type} with this name and number of parameters, inherited or not. */
  static Method method(Class<?> type, String name, Class<?>... parameters) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (Method method : at.getDeclaredMethods()) {
        if (method.getName().equals(name)
            && Arrays.equals(method.getParameterTypes(), parameters)) {
          return opened(method);
        }
      }
    }
    throw new IllegalStateException(
        type.getName() + " has no " + name + Arrays.toString(parameters) + ": another version?");
  }

  static Constructor<?> constructor(Class<?> type, Class<?>... parameters) {
    try {
      return opened(type.getDeclaredConstructor(parameters));
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(type + " is made in another way: another version?", e);
    }
  }

  static Class<?> load(ClassLoader loader, String name) {
    try {
      return Class.forName(name, true, loader);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(loader.getName() + " has no " + name, e);
    }
  }

  /** Calls; what the engine throws comes through. */
  static Object call(Executable executable, Object target, Object... arguments) {
    try {
      return executable instanceof Constructor<?> constructor
          ? constructor.newInstance(arguments)
          : ((Method) executable).invoke(target, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(executable + ": " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot call " + executable, e);
    }
  }

  private static <T extends AccessibleObject> T opened(T object) {
    object.setAccessible(true);
    return object;
  }
}
