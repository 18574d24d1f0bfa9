package dev.mor4j.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The least limit counts, in trees of control groups as systems and containers show them. */
class MemoryLimitTest {
  private static final String V2 = "30 20 0:27 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n";

  @TempDir Path root;

  @Test
  void nestedGroupsOfVersion2() throws IOException {
    write("proc/self/cgroup", "0::/kubepods/pod/app\n");
    write("proc/self/mountinfo", V2);
    write("sys/fs/cgroup/kubepods/memory.max", "800\n");
    write("sys/fs/cgroup/kubepods/pod/memory.max", "300\n");
    write("sys/fs/cgroup/kubepods/pod/app/memory.max", "max\n");
    Path pod = root.resolve("sys/fs/cgroup/kubepods/pod/memory.max");
    assertThat(MemoryLimit.read(root)).contains(new MemoryLimit(300, pod.toString()));
    write("sys/fs/cgroup/kubepods/pod/app/memory.max", "200\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(200);
    write("sys/fs/cgroup/kubepods/memory.max", "100\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(100);
  }

  @Test
  void nestedGroupsOfVersion1() throws IOException {
    write("proc/self/cgroup", "5:cpu,cpuacct:/other\n4:hugetlb,memory:/docker/abc\n0::/\n");
    write(
        "proc/self/mountinfo",
        """
        32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,hugetlb,memory
        """);
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "500\n");
    write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(500);
    write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "400\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(400);
  }

  /** A container has its own group mounted at the top, under a name of the host or none. */
  @Test
  void whatAContainerSees() throws IOException {
    write("proc/self/mountinfo", V2);
    write("sys/fs/cgroup/memory.max", "700\n");
    for (String group : new String[] {"/", "/../../elsewhere", "/not/there"}) {
      write("proc/self/cgroup", "0::" + group + "\n");
      assertThat(MemoryLimit.read(root).orElseThrow().bytes()).as(group).isEqualTo(700);
    }
    write("proc/self/mountinfo", V2.replace(" / ", " /docker/abc "));
    write("sys/fs/cgroup/inner/memory.max", "600\n");
    for (String group : new String[] {"/docker/abc", "/docker/abcd/inner", "/docker/other"}) {
      write("proc/self/cgroup", "0::" + group + "\n");
      assertThat(MemoryLimit.read(root).orElseThrow().bytes()).as(group).isEqualTo(700);
    }
    write("proc/self/cgroup", "0::/docker/abc/inner\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(600);
  }

  @Test
  void theMachineIsALimitToo() throws IOException {
    assertThat(MemoryLimit.read(root)).isEmpty();
    write("proc/meminfo", "MemTotal:           3 kB\nMemFree:            1 kB\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(3072);
    write("proc/self/cgroup", "0::/app\n");
    write("proc/self/mountinfo", V2 + "nonsense\n - \n");
    write("sys/fs/cgroup/app/memory.max", "4000\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(3072);
    write("sys/fs/cgroup/app/memory.max", "2000\n");
    assertThat(MemoryLimit.read(root).orElseThrow().bytes()).isEqualTo(2000);
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
