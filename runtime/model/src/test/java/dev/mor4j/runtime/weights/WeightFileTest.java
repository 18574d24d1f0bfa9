package dev.mor4j.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which file systems are taken for those of this machine. */
class WeightFileTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "fuse.rclone", "9p"})
  void theseComeFromElsewhere(String type) {
    assertThat(WeightFile.isRemote(type)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuseblk", "apfs", "NTFS", "zfs"})
  void theseAreOfThisMachine(String type) {
    assertThat(WeightFile.isRemote(type)).isFalse();
  }
}
