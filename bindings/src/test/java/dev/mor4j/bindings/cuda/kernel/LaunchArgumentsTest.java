package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.EmulatedDevice;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each pointer of each launcher: a view of another element, one that is an element too short, one
 * of closed memory and one of another context are refused before the launch, by a message with the
 * names of the operation and the argument. Which pointers there are is read from the layouts of the
 * C structures, and which launchers from {@link CudaKernels}, so a new one fails here until it has
 * a case.
 */
class LaunchArgumentsTest {
  private CudaContext context;
  private CudaContext other;
  private CudaStream stream;

  @BeforeEach
  void open() {
    EmulatedDevice.require();
    context = new CudaContext(0);
    other = new CudaContext(0);
    stream = context.createStream();
  }

  @AfterEach
  void close() {
    other.close();
    context.close();
    assertThat(EmulatedDevice.liveAllocations()).isZero();
  }

  private LaunchViews views(String faulty, LaunchViews.Fault fault) {
    return new LaunchViews(stream, other, faulty, fault);
  }

  @Test
  void everyLauncherHasACase() {
    Set<String> launchers = new TreeSet<>();
    for (Method method : CudaKernels.class.getMethods()) {
      if (Arrays.asList(method.getParameterTypes()).contains(CudaStream.class)) {
        launchers.add(method.getName());
      }
    }
    assertThat(LaunchCase.all().stream().map(LaunchCase::method).distinct())
        .containsExactlyInAnyOrderElementsOf(launchers);
  }

  @ParameterizedTest
  @MethodSource("dev.mor4j.bindings.cuda.kernel.LaunchCase#all")
  void viewsThatAreJustLargeEnoughAreTaken(LaunchCase launcher) {
    LaunchViews views = views("", LaunchViews.Fault.SHORT);
    launcher.launch().call(stream, views);
    assertThat(views.made()).containsExactlyInAnyOrderElementsOf(launcher.pointers());
    stream.synchronize();
  }

  @ParameterizedTest
  @MethodSource("dev.mor4j.bindings.cuda.kernel.LaunchCase#all")
  void aViewThatDoesNotFitIsRefused(LaunchCase launcher) {
    long launches = EmulatedDevice.launches();
    for (String pointer : launcher.pointers()) {
      for (LaunchViews.Fault fault : LaunchViews.Fault.values()) {
        boolean early =
            pointer.endsWith(".data")
                && (fault == LaunchViews.Fault.ELEMENT || fault == LaunchViews.Fault.SHORT);
        assertThatExceptionOfType(fault.refusal)
            .as("%s of %s", fault, pointer)
            .isThrownBy(() -> launcher.launch().call(stream, views(pointer, fault)))
            .withMessageContaining(
                early ? "a matrix of 4 × 4" : launcher.operation() + ": " + pointer + " is ");
      }
    }
    stream.synchronize();
    assertThat(EmulatedDevice.launches()).isEqualTo(launches);
    assertThat(context.isPoisoned()).isFalse();
  }

  @Test
  void aMatrixIsOfTheTypeThatIsMultiplied() {
    LaunchViews views = views("", LaunchViews.Fault.SHORT);
    DeviceMatrix halves =
        DeviceMatrix.of(
            views.of("matrix.data", Element.F16, LaunchViews.HIDDEN * LaunchViews.HIDDEN),
            LaunchViews.HIDDEN,
            LaunchViews.HIDDEN);
    Projection projection =
        new Projection(
            views.rows(),
            halves,
            new Projection.Input.Plain(
                views.floats("input", LaunchViews.BUCKET * LaunchViews.HIDDEN)),
            new Projection.Output(
                views.floats("out", LaunchViews.BUCKET * LaunchViews.HIDDEN),
                LaunchViews.HIDDEN,
                Epilogue.STORE),
            CudaType.F32);
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> CudaKernels.project(stream, projection))
        .withMessage("mor4j_cuda_project: matrix.data is 16 × F16 (32 bytes), expected 16 × F32");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> CudaKernels.dequantize(stream, halves, projection.output().view()))
        .withMessage(
            "mor4j_cuda_dequantize: matrix.data is 16 × F16 (32 bytes), expected 16 × INT8");
  }
}
