package dev.mor4j.testing;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.Set;

/**
 * The Java agent behind {@link FailingAllocations}: puts a call of it before every place in mor4j's
 * classes that allocates or maps memory off the heap. What is shipped knows nothing of it.
 */
public final class AllocationAgent {
  private static final String OURS = "dev/mor4j/";
  private static final String TOOLS = "dev/mor4j/testing/";
  private static final String ARENA = "java/lang/foreign/Arena";
  private static final Set<String> ALLOCATORS = Set.of(ARENA, "java/lang/foreign/SegmentAllocator");

  private static final Set<String> FILE_CALLS = Set.of("open", "size", "read", "map");

  private static final ClassDesc TARGET =
      FailingAllocations.class.describeConstable().orElseThrow();
  private static final MethodTypeDesc NAMED =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String);
  private static final MethodTypeDesc OF_AN_OBJECT =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object);

  private AllocationAgent() {}

  /** Called by the JVM before {@code main}. */
  public static void premain(String arguments, Instrumentation instrumentation) {
    instrumentation.addTransformer(
        new ClassFileTransformer() {
          @Override
          public byte[] transform(
              ClassLoader loader,
              String name,
              Class<?> redefined,
              ProtectionDomain domain,
              byte[] bytes) {
            boolean ours = name != null && name.startsWith(OURS) && !name.startsWith(TOOLS);
            return ours ? instrument(name.replace('/', '.'), bytes) : null;
          }
        });
  }

  private static byte[] instrument(String name, byte[] bytes) {
    ClassFile file = ClassFile.of();
    return file.transformClass(
        file.parse(bytes),
        ClassTransform.transformingMethodBodies(
            (builder, element) -> instrument(name, builder, element)));
  }

  private static void instrument(String name, CodeBuilder builder, CodeElement element) {
    if (!(element instanceof InvokeInstruction call)) {
      builder.with(element);
      return;
    }
    String owner = call.owner().asInternalName();
    String method = call.name().stringValue();
    String place = method + " in " + name;
    if ((ALLOCATORS.contains(owner) && method.startsWith("allocate"))
        || (owner.equals("java/nio/ByteBuffer") && method.equals("allocateDirect"))) {
      builder.loadConstant(place).invokestatic(TARGET, "beforeAllocation", NAMED).with(element);
    } else if (owner.equals(ARENA) && (method.equals("ofShared") || method.equals("ofConfined"))) {
      builder.loadConstant(place).invokestatic(TARGET, "beforeAllocation", NAMED).with(element);
      builder.dup().invokestatic(TARGET, "opened", OF_AN_OBJECT);
    } else if (owner.equals(ARENA) && method.equals("close")) {
      builder.dup().invokestatic(TARGET, "closing", OF_AN_OBJECT).with(element);
    } else if (owner.equals("java/nio/channels/FileChannel") && FILE_CALLS.contains(method)) {
      builder.loadConstant(place).invokestatic(TARGET, "beforeFile", NAMED).with(element);
    } else {
      builder.with(element);
    }
  }
}
