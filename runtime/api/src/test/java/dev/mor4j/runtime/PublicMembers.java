package dev.mor4j.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.LocalVariableInfo;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The public methods and constructors of packages, and what their parameters are called. */
final class PublicMembers {
  private PublicMembers() {}

  /** The public classes of the package of {@code member}, nested ones too, in order of name. */
  static List<Class<?>> classesBeside(Class<?> member) throws IOException {
    String folder = member.getPackageName().replace('.', '/');
    List<Class<?>> found = new ArrayList<>();
    Path source = source(member);
    if (Files.isDirectory(source)) {
      addClasses(source.resolve(folder), member, found);
    } else {
      try (FileSystem jar = FileSystems.newFileSystem(source)) {
        addClasses(jar.getPath(folder), member, found);
      }
    }
    found.sort(Comparator.comparing(Class::getName));
    return found;
  }

  private static Path source(Class<?> member) {
    try {
      URI location = member.getProtectionDomain().getCodeSource().getLocation().toURI();
      return Path.of(location);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void addClasses(Path folder, Class<?> member, List<Class<?>> found)
      throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.endsWith(".class") && !name.startsWith("package-info")) {
          Class<?> each = load(member, name.substring(0, name.length() - ".class".length()));
          if (isPublic(each)) {
            found.add(each);
          }
        }
      }
    }
  }

  private static Class<?> load(Class<?> member, String name) {
    try {
      return Class.forName(member.getPackageName() + "." + name, false, member.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isPublic(Class<?> each) {
    for (Class<?> outer = each; outer != null; outer = outer.getEnclosingClass()) {
      if (!Modifier.isPublic(outer.getModifiers())) {
        return false;
      }
    }
    return !each.isAnonymousClass();
  }

  /** Public constructors and methods with a body that the class itself declares. */
  static List<Executable> of(Class<?> each) {
    List<Executable> members = new ArrayList<>();
    for (Constructor<?> constructor : each.getDeclaredConstructors()) {
      if (Modifier.isPublic(constructor.getModifiers())
          && !Modifier.isAbstract(each.getModifiers())) {
        members.add(constructor);
      }
    }
    for (Method method : each.getDeclaredMethods()) {
      if (Modifier.isPublic(method.getModifiers())
          && !Modifier.isAbstract(method.getModifiers())
          && !method.isSynthetic()) {
        members.add(method);
      }
    }
    members.sort(Comparator.comparing(Executable::toString));
    return members;
  }

  /** The names of its parameters, as the class file keeps them for debuggers. */
  static List<String> parameterNames(Executable member) {
    if (member instanceof Constructor<?> constructor
        && constructor.getDeclaringClass().isRecord()) {
      List<String> components = components(constructor);
      if (!components.isEmpty()) {
        return components;
      }
    }
    String name = member instanceof Constructor ? "<init>" : member.getName();
    Class<?> result = member instanceof Method method ? method.getReturnType() : void.class;
    MethodTypeDesc type =
        MethodTypeDesc.of(
            result.describeConstable().orElseThrow(),
            Arrays.stream(member.getParameterTypes())
                .map(each -> each.describeConstable().orElseThrow())
                .toArray(ClassDesc[]::new));
    for (MethodModel method : parse(member.getDeclaringClass()).methods()) {
      if (method.methodName().equalsString(name)
          && method.methodType().equalsString(type.descriptorString())) {
        return namesOf(method, member);
      }
    }
    throw new IllegalStateException("no method " + member);
  }

  private static List<String> components(Constructor<?> constructor) {
    var components = constructor.getDeclaringClass().getRecordComponents();
    Class<?>[] types =
        Arrays.stream(components).map(each -> each.getType()).toArray(Class<?>[]::new);
    return Arrays.equals(types, constructor.getParameterTypes())
        ? Arrays.stream(components).map(each -> each.getName()).toList()
        : List.of();
  }

  private static List<String> namesOf(MethodModel method, Executable member) {
    int slot = Modifier.isStatic(member.getModifiers()) ? 0 : 1;
    List<LocalVariableInfo> variables =
        method
            .code()
            .orElseThrow()
            .findAttribute(java.lang.classfile.Attributes.localVariableTable())
            .orElseThrow(() -> new IllegalStateException("compiled without -g: " + member))
            .localVariables();
    List<String> names = new ArrayList<>();
    for (Class<?> type : member.getParameterTypes()) {
      int wanted = slot;
      names.add(
          variables.stream()
              .filter(each -> each.slot() == wanted && each.startPc() == 0)
              .findFirst()
              .orElseThrow()
              .name()
              .stringValue());
      slot += type == long.class || type == double.class ? 2 : 1;
    }
    return names;
  }

  private static ClassModel parse(Class<?> each) {
    String file = each.getName().substring(each.getName().lastIndexOf('.') + 1) + ".class";
    try (InputStream bytes = each.getResourceAsStream(file)) {
      return ClassFile.of().parse(bytes.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
