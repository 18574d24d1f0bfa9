package dev.mor4j.testing;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.List;

/**
 * Rules of the project's structure that hold in every module. A module's test gives its packages to
 * {@link #check}.
 */
public final class StructureRules {
  /** A record with more values is made by position, and two of them are easily swapped. */
  public static final int MOST_RECORD_COMPONENTS = 7;

  private StructureRules() {}

  /** The classes of these packages and those below, tests left out. */
  public static JavaClasses classes(String... packages) {
    return new ClassFileImporter()
        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
        .importPackages(packages);
  }

  /** Checks all rules; fails with every place that breaks one. */
  public static void check(JavaClasses classes) {
    for (ArchRule rule : List.of(noCircles(), smallRecords(), namesThatSay())) {
      rule.check(classes);
    }
  }

  /** Packages form no circle, sub-packages counted as packages of their own. */
  public static ArchRule noCircles() {
    return SlicesRuleDefinition.slices()
        .assignedFrom(new PackageOfEachClass())
        .should()
        .beFreeOfCycles();
  }

  /** No record has more than {@value #MOST_RECORD_COMPONENTS} components. */
  public static ArchRule smallRecords() {
    return ArchRuleDefinition.classes()
        .that(areRecords())
        .should(haveFewComponents())
        .allowEmptyShould(true);
  }

  /** No class is called after what it is not: {@code Impl}, {@code Util}, {@code Manager}. */
  public static ArchRule namesThatSay() {
    return ArchRuleDefinition.noClasses()
        .should()
        .haveNameMatching(".*(Impl|Utils?|Manager|Helper)");
  }

  private static DescribedPredicate<JavaClass> areRecords() {
    return DescribedPredicate.describe("are records", JavaClass::isRecord);
  }

  private static ArchCondition<JavaClass> haveFewComponents() {
    return new ArchCondition<>("have at most " + MOST_RECORD_COMPONENTS + " components") {
      @Override
      public void check(JavaClass record, ConditionEvents events) {
        // The fields of a record that are not static are its components.
        long components =
            record.getFields().stream()
                .filter(field -> !field.getModifiers().contains(JavaModifier.STATIC))
                .count();
        if (components > MOST_RECORD_COMPONENTS) {
          events.add(
              SimpleConditionEvent.violated(
                  record, record.getName() + " has " + components + " components"));
        }
      }
    };
  }

  private static final class PackageOfEachClass implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass type) {
      String name = type.getPackageName();
      return name.startsWith("dev.mor4j.") ? SliceIdentifier.of(name) : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "packages";
    }
  }
}
