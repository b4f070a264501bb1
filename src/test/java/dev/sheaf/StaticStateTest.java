package dev.sheaf;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.sheaf.testing.NativeBuild;
import dev.sheaf.testing.SheafClasses;
import java.net.InetAddress;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/// The build of a native executable runs the static initializers, and the executable contains the
/// values of static fields. Such a value must not depend on the machine or the moment of the build.
///
/// Followed are all calls of Sheaf's own code, including those in lambdas, which may run later.
// The rule reads the classes below; nothing calls them.
@SuppressWarnings({"UnusedMethod", "UnusedVariable"})
class StaticStateTest {

  private static final Set<String> AT_RUN_TIME = NativeBuild.classesInitializedAtRunTime();

  /// What a static initializer must not call: `class.method`.
  private static final Pattern CALL =
      Pattern.compile(
          String.join(
              "|",
              "java\\.lang\\.System\\.(getenv|getProperty|getProperties|currentTimeMillis|nanoTime|console)",
              "java\\.lang\\.(Integer|Long)\\.get(Integer|Long)|java\\.lang\\.Boolean\\.getBoolean",
              "java\\.lang\\.(Runtime|Process|ProcessHandle|ProcessBuilder|Thread\\$Builder.*)\\..*",
              "java\\.lang\\.Thread\\.(<init>|start.*|of.*)",
              "java\\.lang\\.Package\\.getImplementation.*",
              "java\\.lang\\.Math\\.random",
              "java\\.lang\\.ref\\.Cleaner\\..*",
              "java\\.lang\\.management\\..*",
              "java\\.net\\.(InetAddress|NetworkInterface|Socket|ServerSocket|http\\..*)\\..*",
              "java\\.nio\\.file\\.Files\\..*",
              "java\\.nio\\.file\\.Path\\.to(AbsolutePath|RealPath)",
              "java\\.io\\.(File.*|RandomAccessFile)\\..*",
              "java\\.security\\.SecureRandom\\..*",
              "java\\.util\\.(Random|SplittableRandom|random\\..*|concurrent\\.ThreadLocalRandom)\\..*",
              "java\\.util\\.UUID\\.randomUUID",
              "java\\.time\\..*\\.(now|system.*|tick.*)",
              "java\\.util\\.(Date\\.<init>|Calendar\\.getInstance|TimeZone\\.getDefault|Timer\\..*)",
              "java\\.util\\.Locale\\.getDefault",
              "java\\.nio\\.charset\\.Charset\\.defaultCharset",
              "java\\.util\\.concurrent\\.(Executors|ForkJoinPool|ThreadPoolExecutor)\\..*",
              "java\\.sql\\.DriverManager\\..*",
              "org\\.eclipse\\.microprofile\\.config\\..*",
              "io\\.quarkus\\.runtime\\.(LaunchMode|configuration\\.ConfigUtils)\\..*"));

  /// What a static field must not contain.
  private static final Pattern TYPE =
      Pattern.compile(
          String.join(
              "|",
              "java\\.lang\\.(Process.*|Thread|Runtime)",
              "java\\.lang\\.ref\\.Cleaner",
              "java\\.io\\.(File|.*Stream|.*Reader|.*Writer|Console)",
              "java\\.net\\.(InetAddress|.*Socket|http\\..*)",
              "java\\.nio\\.file\\.FileSystem",
              "java\\.nio\\.channels\\..*",
              "java\\.security\\.SecureRandom",
              "java\\.sql\\..*|javax\\.sql\\..*",
              "java\\.time\\.(Clock|ZoneId)",
              "java\\.util\\.(Random|SplittableRandom|random\\..*|Timer|TimeZone|Date|Calendar)",
              "java\\.util\\.concurrent\\..*(Executor|ExecutorService|Pool)",
              "org\\.eclipse\\.microprofile\\.config\\..*|io\\.smallrye\\.config\\..*"));

  @Test
  void nothingOfTheBuildIsInAStaticField() {
    assertThat(violations(SheafClasses.MAIN, AT_RUN_TIME)).isEmpty();
  }

  @Test
  void everyClassThatIsInitializedAtRunTimeExistsAndNeedsIt() {
    List<String> ours = AT_RUN_TIME.stream().filter(name -> name.startsWith("dev.sheaf")).toList();

    assertThat(ours)
        .allSatisfy(name ->
            assertThat(violations(SheafClasses.MAIN.get(name), Set.of())).as(name).isNotEmpty());
  }

  /// The rule itself, on classes that break it.
  @Test
  void findsWhatWouldBeFrozen() {
    var broken =
        new ClassFileImporter()
            .importClasses(
                Frozen.class,
                Called.class,
                InLambda.class,
                OfAnother.class,
                Held.class,
                Fine.class);

    assertThat(violations(broken, Set.of(Called.class.getName())))
        .extracting(violation -> violation.replace(StaticStateTest.class.getName() + "$", ""))
        .containsExactlyInAnyOrder(
            "Frozen: java.lang.System.getenv",
            "Frozen: java.time.Instant.now",
            "Frozen: java.util.Locale.getDefault",
            "Frozen: java.util.UUID.randomUUID",
            "InLambda: java.nio.file.Files.exists",
            "OfAnother: Called is initialized at run time",
            "Held: RANDOM is a java.security.SecureRandom",
            "Held: java.security.SecureRandom.<init>");
  }

  private static List<String> violations(Iterable<JavaClass> classes, Set<String> atRunTime) {
    return StreamSupport.stream(classes.spliterator(), false)
        .filter(type -> !isAtRunTime(type, atRunTime))
        .flatMap(type -> violations(type, atRunTime))
        .toList();
  }

  private static boolean isAtRunTime(JavaClass type, Set<String> atRunTime) {
    return atRunTime.contains(type.getName())
        || atRunTime.contains(type.getPackageName())
        || type.getEnclosingClass().filter(outer -> isAtRunTime(outer, atRunTime)).isPresent();
  }

  private static Stream<String> violations(JavaClass type, Set<String> atRunTime) {
    Set<String> violations = new TreeSet<>();
    for (JavaField field : type.getFields()) {
      if (field.getModifiers().contains(JavaModifier.STATIC)
          && TYPE.matcher(field.getRawType().getName()).matches()) {
        violations.add(field.getName() + " is a " + field.getRawType().getName());
      }
    }
    Deque<JavaCodeUnit> reached = new ArrayDeque<>();
    type.getStaticInitializer().ifPresent(reached::add);
    Set<JavaCodeUnit> seen = new HashSet<>(reached);
    while (!reached.isEmpty()) {
      JavaCodeUnit code = reached.remove();
      for (JavaAccess<?> access : code.getAccessesFromSelf()) {
        JavaClass owner = access.getTargetOwner();
        String name = owner.getName() + "." + access.getTarget().getName();
        if (CALL.matcher(name).matches()) {
          violations.add(name);
        }
        if (!owner.equals(type) && isAtRunTime(owner, atRunTime)) {
          violations.add(owner.getName() + " is initialized at run time");
        }
        access
            .getTarget()
            .resolveMember()
            .filter(JavaCodeUnit.class::isInstance)
            .map(JavaCodeUnit.class::cast)
            .filter(seen::add)
            .ifPresent(reached::add);
      }
    }
    return violations.stream().map(violation -> type.getName() + ": " + violation);
  }

  private static final class Frozen {
    static final String HOME = home();
    static final String ID = new Frozen().id;

    private final String id = UUID.randomUUID().toString();

    private static String home() {
      return System.getenv("HOME") + Locale.getDefault() + Instant.now();
    }
  }

  private static final class Called {
    static final long PID = ProcessHandle.current().pid();
  }

  private static final class InLambda {
    static final boolean EXISTS =
        Stream.of("a").anyMatch(name -> Files.exists(java.nio.file.Path.of(name)));
  }

  private static final class OfAnother {
    static final String NAME = "process " + Called.PID;
  }

  private static final class Held {
    static final SecureRandom RANDOM = new SecureRandom();
  }

  private static final class Fine {
    static final List<String> NAMES = List.of("a", "b");

    static String use(InetAddress address, Clock clock, ZoneId zone) {
      return address.getHostName() + Instant.now(clock) + zone;
    }
  }
}
