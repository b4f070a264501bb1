package dev.sheaf.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JacksonAnnotation;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.ReferencedClassObject;
import dev.sheaf.audit.AuditTrail;
import dev.sheaf.testing.NativeMetadata;
import dev.sheaf.testing.SheafClasses;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Response;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jboss.resteasy.reactive.RestResponse;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/// A native executable contains a class's members for reflection only if its build is told so. What
/// picocli and Jackson need is in `reachability-metadata.json`, and nothing else.
class NativeMetadataTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<Class<?>> WRITERS_AND_READERS =
      List.of(
          ObjectMapper.class,
          ObjectWriter.class,
          ObjectReader.class,
          DeserializationContext.class,
          JsonGenerator.class,
          Response.class,
          Response.ResponseBuilder.class,
          RestResponse.class,
          RestResponse.ResponseBuilder.class,
          Json.class,
          Output.class,
          AuditTrail.class);

  private static final Pattern WRITES_OR_READS =
      Pattern.compile(
          "json|pretty|record|entity|ok|accepted|create|writeValue.*|writePOJO|writeObject|valueToTree|convertValue|readValue.*|treeToValue|readerFor.*|writerFor.*");

  @Test
  void everyClassThatIsUsedByReflectionIsRegistered() throws Exception {
    SortedSet<String> needed = new TreeSet<>(NativeMetadata.others());
    commands(needed);
    json(needed);

    assertThat(NativeMetadata.reflection())
        .as("To register them: cp %s %s", NativeMetadata.write(needed), NativeMetadata.FILE)
        .containsExactlyElementsOf(needed);
  }

  @Test
  void everyRegisteredClassExists() throws Exception {
    for (String name : NativeMetadata.reflection()) {
      Class.forName(name, false, getClass().getClassLoader());
    }
  }

  /// What picocli creates, and whose fields and methods it reads.
  private static void commands(Set<String> names) {
    CommandLine sheaf =
        Cli.commandLine(new PrintWriter(new StringWriter()), new PrintWriter(new StringWriter()));
    below(sheaf).forEach(command -> addClasses(command.getCommandSpec(), names));
  }

  private static Stream<CommandLine> below(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream().distinct().flatMap(NativeMetadataTest::below));
  }

  private static void addClasses(CommandSpec spec, Set<String> names) {
    Stream.of(spec.userObject(), spec.versionProvider(), spec.defaultValueProvider())
        .filter(object -> object != null && !(object instanceof Method))
        .forEach(object -> addClass(object.getClass(), names));
    spec.mixins().values().forEach(mixin -> addClasses(mixin, names));
    spec.args().stream()
        .flatMap(arg ->
            Stream.concat(
                Arrays.stream(arg.converters()), Stream.ofNullable(arg.completionCandidates())))
        .forEach(object -> addClass(object.getClass(), names));
  }

  private static void addClass(Class<?> type, Set<String> names) {
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      if (!each.getName().startsWith("java.")) {
        names.add(each.getName());
      }
    }
  }

  /// What resources take and return, what our own code gives to Jackson or asks of it, and what
  /// Jackson finds in these.
  private static void json(Set<String> names) {
    Set<Class<?>> found = new HashSet<>();
    for (JavaClass type : SheafClasses.MAIN) {
      if (type.isAnnotatedWith(Path.class)) {
        for (Method method : type.reflect().getDeclaredMethods()) {
          find(method.getGenericReturnType(), found);
          Arrays.stream(method.getGenericParameterTypes()).forEach(each -> find(each, found));
        }
      }
      if (type.isAssignableTo(JsonSerializer.class)
          || type.isAssignableTo(JsonDeserializer.class)) {
        names.add(type.getName());
      }
      for (JavaCodeUnit code : type.getCodeUnits()) {
        if (type.isAnnotatedWith(Path.class)
            || code.getCallsFromSelf().stream().anyMatch(NativeMetadataTest::writesOrReads)) {
          involved(code)
              .filter(NativeMetadataTest::mayBecomeJson)
              .forEach(each -> find(each.reflect(), found));
        }
      }
    }
    found.forEach(type -> names.add(type.getName()));
  }

  private static boolean writesOrReads(JavaAccess<?> call) {
    return WRITES_OR_READS.matcher(call.getTarget().getName()).matches()
        && WRITERS_AND_READERS.stream().anyMatch(call.getTargetOwner()::isAssignableTo);
  }

  /// The types of everything that a method can hold.
  private static Stream<JavaClass> involved(JavaCodeUnit code) {
    Stream<JavaClass> signature =
        Stream.concat(Stream.of(code.getReturnType()), code.getParameterTypes().stream())
            .flatMap(type -> type.getAllInvolvedRawTypes().stream());
    Stream<JavaClass> used =
        code.getAccessesFromSelf().stream()
            .flatMap(access -> access.getTarget().resolveMember().stream())
            .flatMap(member -> Stream.concat(Stream.of(member.getOwner()), type(member)));
    Stream<JavaClass> named =
        code.getReferencedClassObjects().stream().map(ReferencedClassObject::getRawType);
    return Stream.of(Stream.of(code.getOwner()), signature, used, named).flatMap(each -> each);
  }

  private static Stream<JavaClass> type(JavaMember member) {
    return switch (member) {
      case JavaField field -> field.getType().getAllInvolvedRawTypes().stream();
      case JavaCodeUnit code -> code.getReturnType().getAllInvolvedRawTypes().stream();
      default -> Stream.empty();
    };
  }

  private static boolean mayBecomeJson(JavaClass type) {
    return type.getName().startsWith("dev.sheaf.")
        && (type.isRecord()
            || type.isEnum()
            || isOfJackson(type.getAnnotations())
            || type.getMembers().stream().anyMatch(member -> isOfJackson(member.getAnnotations())));
  }

  private static boolean isOfJackson(Collection<? extends JavaAnnotation<?>> annotations) {
    return annotations.stream()
        .anyMatch(annotation -> annotation.getRawType().isAnnotatedWith(JacksonAnnotation.class));
  }

  private static void find(Type root, Set<Class<?>> found) {
    Deque<JavaType> open = new ArrayDeque<>();
    open.add(JSON.constructType(root));
    Set<JavaType> seen = new HashSet<>(open);
    while (!open.isEmpty()) {
      JavaType type = open.remove();
      Class<?> raw = type.getRawClass();
      Stream<JavaType> next = type.getBindings().getTypeParameters().stream();
      if (type.isContainerType() && type.getContentType() != null) {
        next = Stream.concat(next, Stream.of(type.getContentType()));
      }
      if (raw.getName().startsWith("dev.sheaf.") && !Throwable.class.isAssignableFrom(raw)) {
        if (!raw.isInterface()) {
          found.add(raw);
        }
        next =
            Stream.of(
                    next,
                    properties(type),
                    Stream.ofNullable(raw.getPermittedSubclasses())
                        .flatMap(Arrays::stream)
                        .map(JSON::constructType))
                .flatMap(each -> each);
      }
      next.filter(seen::add).forEach(open::add);
    }
  }

  private static Stream<JavaType> properties(JavaType type) {
    return Stream.concat(
            JSON.getSerializationConfig().introspect(type).findProperties().stream(),
            JSON.getDeserializationConfig().introspect(type).findProperties().stream())
        .map(BeanPropertyDefinition::getPrimaryType);
  }
}
