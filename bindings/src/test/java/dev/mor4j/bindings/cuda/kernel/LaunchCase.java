package dev.mor4j.bindings.cuda.kernel;

import static dev.mor4j.bindings.cuda.kernel.LaunchViews.BUCKET;
import static dev.mor4j.bindings.cuda.kernel.LaunchViews.HEADS;
import static dev.mor4j.bindings.cuda.kernel.LaunchViews.HEAD_DIM;
import static dev.mor4j.bindings.cuda.kernel.LaunchViews.HIDDEN;
import static dev.mor4j.bindings.cuda.kernel.LaunchViews.OUTS;
import static dev.mor4j.bindings.cuda.kernel.LaunchViews.QKV;
import static dev.mor4j.bindings.cuda.kernel.LaunchViews.STATES;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.runtime.format.RoutingConfig.RouterFunction;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A launcher with all its arguments.
 *
 * @param method its name in {@link CudaKernels}
 * @param structure its name in mor4j_cuda.h
 * @param unused pointers of the structure that this launcher never has
 * @param launch calls it with views that are made one by one
 */
record LaunchCase(String method, String structure, Set<String> unused, Launch launch) {
  /** Calls a launcher. */
  interface Launch {
    void call(CudaStream stream, LaunchViews views);
  }

  LaunchCase(String method, String structure, Launch launch) {
    this(method, structure, Set.of(), launch);
  }

  String operation() {
    return "mor4j_cuda_" + snake(method);
  }

  Set<String> pointers() {
    Set<String> pointers = new TreeSet<>();
    collect("", layout("mor4j_cuda_" + structure + "_args"), pointers);
    pointers.removeAll(unused);
    return pointers;
  }

  private static String snake(String name) {
    return name.equals("rmsNorm")
        ? "rmsnorm"
        : name.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static void collect(String prefix, GroupLayout layout, Set<String> pointers) {
    for (MemoryLayout member : layout.memberLayouts()) {
      String name = prefix + member.name().orElse("");
      if (member instanceof AddressLayout) {
        pointers.add(name);
      } else if (member instanceof GroupLayout group) {
        collect(name + ".", group, pointers);
      }
    }
  }

  private static GroupLayout layout(String structure) {
    try {
      return (GroupLayout)
          Class.forName("dev.mor4j.bindings.generated.cuda." + structure)
              .getMethod("layout")
              .invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return method + " " + unused;
  }

  /** Every launcher; one whose arguments exclude each other has a case for each choice. */
  static List<LaunchCase> all() {
    Set<String> perRow = Set.of("recursions");
    Set<String> prefill = Set.of("partials", "done", "positions", "inverse_frequencies");
    // Written by the kernel between its parts, or given once with the scatter.
    Set<String> once =
        Set.of(
            "decide.rows.list",
            "decide.rows.count",
            "decide.z",
            "decide.decision",
            "decide.recursions");
    Recursion fixed = new Recursion.Fixed(1);
    return List.of(
        new LaunchCase(
            "embed",
            "embed",
            (s, v) ->
                CudaKernels.embed(
                    s,
                    v.rows(),
                    v.matrix("table."),
                    v.ints("ids", STATES),
                    v.floats("x", STATES * HIDDEN))),
        new LaunchCase(
            "gather",
            "gather",
            (s, v) ->
                CudaKernels.gather(
                    s,
                    v.rows(),
                    v.floats("x", STATES * HIDDEN),
                    v.floats("y", BUCKET * HIDDEN),
                    HIDDEN)),
        new LaunchCase(
            "copyRows",
            "copy_rows",
            (s, v) ->
                CudaKernels.copyRows(
                    s,
                    v.rows(),
                    v.floats("from", STATES * HIDDEN),
                    v.floats("to", STATES * HIDDEN),
                    HIDDEN)),
        new LaunchCase(
            "rmsNorm",
            "rmsnorm",
            (s, v) ->
                CudaKernels.rmsNorm(
                    s,
                    new RmsNorm(
                        v.rows(),
                        v.floats("y", BUCKET * HIDDEN),
                        Optional.of(v.floats("residual", BUCKET * HIDDEN)),
                        new Norm(v.floats("weight", HIDDEN), 0),
                        v.floats("out", BUCKET * HIDDEN),
                        HIDDEN,
                        false))),
        new LaunchCase(
            "rmsNorm",
            "rmsnorm",
            Set.of("residual"),
            (s, v) ->
                CudaKernels.rmsNorm(
                    s,
                    new RmsNorm(
                        v.rows(),
                        v.floats("y", STATES * HIDDEN),
                        Optional.empty(),
                        new Norm(v.floats("weight", HIDDEN), 0),
                        v.floats("out", BUCKET * HIDDEN),
                        HIDDEN,
                        true))),
        new LaunchCase(
            "ropeAppend",
            "rope_append",
            (s, v) ->
                CudaKernels.ropeAppend(
                    s,
                    new RopeAppend(
                        v.rows(), v.cache(), v.floats("qkv", BUCKET * QKV), v.rotation()))),
        new LaunchCase(
            "attendDecode",
            "attend",
            (s, v) ->
                CudaKernels.attendDecode(
                    s,
                    v.attention(),
                    Optional.of(
                        new Attention.Split(
                            v.floats(
                                "partials", CudaKernels.partialFloats(BUCKET, HEADS, HEAD_DIM, 2)),
                            v.of("done", Element.UINT32, BUCKET * HEADS),
                            2)),
                    Optional.of(v.rotation()))),
        new LaunchCase(
            "attendPrefill",
            "attend",
            prefill,
            (s, v) -> CudaKernels.attendPrefill(s, v.attention())),
        new LaunchCase(
            "siluMul",
            "silu_mul",
            (s, v) ->
                CudaKernels.siluMul(
                    s,
                    v.rows(),
                    v.floats("gate_up", BUCKET * 2 * HIDDEN),
                    v.floats("out", BUCKET * HIDDEN),
                    HIDDEN)),
        new LaunchCase(
            "project",
            "project",
            (s, v) ->
                CudaKernels.project(
                    s,
                    new Projection(
                        v.rows(),
                        v.matrix("matrix."),
                        new Projection.Input.Normed(
                            v.floats("input", STATES * HIDDEN),
                            new Norm(v.floats("norm_weight", HIDDEN), 0),
                            true),
                        new Projection.Output(
                            v.floats("out", BUCKET * (HIDDEN + 1)), HIDDEN + 1, Epilogue.STORE),
                        CudaType.F32))),
        new LaunchCase(
            "project",
            "project",
            Set.of("norm_weight"),
            (s, v) ->
                CudaKernels.project(
                    s,
                    new Projection(
                        v.rows(),
                        v.matrix("matrix."),
                        new Projection.Input.Plain(v.of("input", Element.BF16, BUCKET * HIDDEN)),
                        new Projection.Output(
                            v.floats("out", BUCKET * HIDDEN), HIDDEN, Epilogue.ADD_F32),
                        CudaType.BF16))),
        new LaunchCase(
            "dequantize",
            "dequantize",
            (s, v) ->
                CudaKernels.dequantize(s, v.matrix("matrix."), v.floats("out", HIDDEN * HIDDEN))),
        new LaunchCase("route", "route", (s, v) -> route(s, v, perRow(v))),
        new LaunchCase("route", "route", perRow, (s, v) -> route(s, v, fixed)),
        new LaunchCase("decideExpert", "decide_expert", (s, v) -> decideExpert(s, v, perRow(v))),
        new LaunchCase(
            "decideExpert", "decide_expert", perRow, (s, v) -> decideExpert(s, v, fixed)),
        new LaunchCase(
            "decideToken",
            "decide_token",
            (s, v) ->
                CudaKernels.decideToken(
                    s,
                    new TokenDecision(
                        v.rows(),
                        v.floats("z", BUCKET * OUTS),
                        Optional.of(v.floats("bias", OUTS)),
                        v.ints("max_recursions", STATES),
                        v.outcomes(""),
                        new Gate(1, RouterFunction.SIGMOID, true),
                        OUTS))),
        new LaunchCase(
            "keepDeeper",
            "keep_deeper",
            (s, v) ->
                CudaKernels.keepDeeper(
                    s, v.rows(), v.ints("depths", STATES), v.of("keep", Element.UINT8, STATES), 0)),
        new LaunchCase(
            "compact",
            "compact",
            (s, v) ->
                CudaKernels.compact(
                    s,
                    v.rows(),
                    v.of("keep", Element.UINT8, STATES),
                    v.ints("out_list", BUCKET),
                    v.ints("out_count", 1))),
        new LaunchCase("scatter", "scatter", (s, v) -> CudaKernels.scatter(s, v.scatter(""))),
        new LaunchCase(
            "scatterRoute",
            "scatter_route",
            once,
            (s, v) ->
                CudaKernels.scatterRoute(
                    s, v.scatter("scatter."), v.rule("decide.", fixed), v.floats("z", BUCKET))),
        new LaunchCase(
            "addGated",
            "add_gated",
            (s, v) ->
                CudaKernels.addGated(
                    s,
                    v.rows(),
                    v.floats("x", STATES * HIDDEN),
                    v.floats("y", STATES * HIDDEN),
                    v.floats("gates", STATES),
                    HIDDEN)),
        new LaunchCase(
            "sample",
            "sample",
            (s, v) ->
                CudaKernels.sample(
                    s,
                    v.rows(),
                    v.floats("logits", BUCKET * 7),
                    v.of("sampling", Element.SAMPLING, BUCKET),
                    v.ints("tokens", BUCKET),
                    7)));
  }

  private static Recursion perRow(LaunchViews views) {
    return new Recursion.PerRow(views.ints("recursions", STATES));
  }

  private static void route(CudaStream stream, LaunchViews views, Recursion recursion) {
    CudaKernels.route(
        stream,
        new Routing(
            views.rows(),
            views.of("routers", Element.ROUTER, recursion.leastRouters()),
            recursion,
            views.floats("x", STATES * HIDDEN),
            views.floats("z", BUCKET * OUTS),
            Optional.of(new Routing.Inner(views.floats("workspace", BUCKET * 6), 6)),
            new Routing.Sizes(HIDDEN, OUTS, CudaType.F32)));
  }

  private static void decideExpert(CudaStream stream, LaunchViews views, Recursion recursion) {
    CudaKernels.decideExpert(
        stream,
        new ExpertDecision(
            views.rows(),
            new ExpertDecision.Scores(views.floats("z", BUCKET), views.floats("decision", BUCKET)),
            views.rule("", recursion)));
  }
}
