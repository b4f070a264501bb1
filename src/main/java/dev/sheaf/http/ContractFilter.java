package dev.sheaf.http;

import static org.eclipse.microprofile.openapi.OASFactory.createAPIResponse;
import static org.eclipse.microprofile.openapi.OASFactory.createContent;
import static org.eclipse.microprofile.openapi.OASFactory.createHeader;
import static org.eclipse.microprofile.openapi.OASFactory.createMediaType;
import static org.eclipse.microprofile.openapi.OASFactory.createSchema;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.quarkus.smallrye.openapi.OpenApiFilter;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.media.Schema.SchemaType;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.responses.APIResponse;
import org.eclipse.microprofile.openapi.models.responses.APIResponses;
import org.jboss.jandex.AnnotationInstance;
import org.jboss.jandex.AnnotationTarget;
import org.jboss.jandex.AnnotationValue;
import org.jboss.jandex.ClassInfo;
import org.jboss.jandex.DotName;
import org.jboss.jandex.FieldInfo;
import org.jboss.jandex.IndexView;
import org.jboss.jandex.MethodInfo;
import org.jboss.jandex.RecordComponentInfo;
import org.jspecify.annotations.Nullable;

/// Adds to the OpenAPI document what applies to every operation, so that no operation has to repeat
/// it: the failures that any request can have, each a [ProblemDocument], and for the records in
/// bodies which fields are always present and which may be null.
///
/// Quarkus may apply the filter to a document more than once.
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class ContractFilter implements OASFilter {

  private static final DotName NULLABLE = DotName.createSimple(Nullable.class);
  private static final DotName SCHEMA =
      DotName.createSimple(org.eclipse.microprofile.openapi.annotations.media.Schema.class);

  private static final String DEFAULT = "x-default";

  private static final DotName OPERATION =
      DotName.createSimple(org.eclipse.microprofile.openapi.annotations.Operation.class);

  /// Example values of path parameters that mean the same in every path.
  private static final Map<String, String> PATH_EXAMPLES =
      Map.of("collection", "articles", "module", "core", "name", "008_example");

  /// Descriptions that Quarkus generates and that this filter replaces.
  private static final Set<String> GENERATED_DESCRIPTIONS =
      Set.of("Bad Request", "Not Authorized", "Not Allowed");

  /// A failure that any request can have.
  private enum CommonFailure {
    MALFORMED("Malformed", "400", "The request is malformed", false),
    UNAUTHENTICATED("Unauthenticated", "401", "Authentication required", false),
    FORBIDDEN("Forbidden", "403", "The caller's role does not allow the operation", false),
    NOT_ACCEPTABLE("NotAcceptable", "406", "The requested media type is not available", false),
    TOO_SLOW("TooSlow", "408", "The body arrives too slowly", true),
    TOO_LARGE("TooLarge", "413", "The body is too large", true),
    UNSUPPORTED("UnsupportedMediaType", "415", "The body has an unsupported media type", true),
    TOO_MANY(
        "TooMany", "429", "The caller exceeds its rate limit. Retry after the given time.", false),
    UNAVAILABLE(
        "Unavailable",
        "503",
        "The service is overloaded, or a dependency is unavailable. Retry after the given time.",
        false);

    private final String title;
    private final String status;
    private final String description;
    private final boolean requiresBody;

    CommonFailure(String title, String status, String description, boolean requiresBody) {
      this.title = title;
      this.status = status;
      this.description = description;
      this.requiresBody = requiresBody;
    }

    private APIResponse response() {
      APIResponse response = problem(createAPIResponse().description(description));
      return this == TOO_MANY || this == UNAVAILABLE
          ? response.addHeader(
              HttpHeaders.RETRY_AFTER,
              createHeader()
                  .description("Seconds to wait before the next attempt")
                  .schema(createSchema().addType(SchemaType.INTEGER)))
          : response;
    }
  }

  private final IndexView index;

  /// Quarkus calls this at build time.
  public ContractFilter(IndexView index) {
    this.index = index;
  }

  @Override
  public void filterOpenAPI(OpenAPI document) {
    for (CommonFailure failure : CommonFailure.values()) {
      document.getComponents().addResponse(failure.title, failure.response());
    }
    document
        .getComponents()
        .addHeader(
            HttpHeaders.ETAG,
            createHeader()
                .description("The entity tag of the current state, for If-Match and If-None-Match")
                .schema(createSchema().addType(SchemaType.STRING)));
    Map<String, String> roles = roles();
    for (PathItem path : document.getPaths().getPathItems().values()) {
      for (Operation operation : path.getOperations().values()) {
        addFailures(operation);
        operation.addExtension("x-role", roles.get(operation.getOperationId()));
      }
    }
    Map<String, Schema> schemas = document.getComponents().getSchemas();
    for (AnnotationInstance annotation : index.getAnnotations(SCHEMA)) {
      AnnotationTarget described = annotation.target();
      if (described.kind() == AnnotationTarget.Kind.CLASS && described.asClass().isRecord()) {
        @Nullable Schema schema = schemas.get(annotation.value("name").asString());
        if (schema != null && schema.getProperties() != null) {
          describeFields(schema, described.asClass());
        }
      }
    }
  }

  @Override
  public Parameter filterParameter(Parameter parameter) {
    if (parameter.getIn() == Parameter.In.PATH && parameter.getExample() == null) {
      parameter.setExample(PATH_EXAMPLES.get(parameter.getName()));
    }
    return parameter;
  }

  /// The role that each operation requires, by operation id. It becomes the extension `x-role`,
  /// because OpenAPI 3.0 has no field for it.
  private Map<String, String> roles() {
    Map<String, String> roles = new HashMap<>();
    for (AnnotationInstance operation : index.getAnnotations(OPERATION)) {
      MethodInfo method = operation.target().asMethod();
      AnnotationInstance allowed =
          method.hasAnnotation(RolesAllowed.class)
              ? method.annotation(RolesAllowed.class)
              : method.declaringClass().declaredAnnotation(RolesAllowed.class);
      if (allowed != null) {
        roles.put(operation.value("operationId").asString(), allowed.value().asStringArray()[0]);
      }
    }
    return roles;
  }

  private static void addFailures(Operation operation) {
    APIResponses responses = operation.getResponses();
    Map<String, APIResponse> all = new TreeMap<>(responses.getAPIResponses());
    for (CommonFailure failure : CommonFailure.values()) {
      @Nullable APIResponse own = all.get(failure.status);
      boolean possible = !failure.requiresBody || operation.getRequestBody() != null;
      if (possible && (own == null || GENERATED_DESCRIPTIONS.contains(own.getDescription()))) {
        all.put(failure.status, createAPIResponse().ref(failure.title));
      }
    }
    all.forEach((status, response) -> {
      if (status.compareTo("400") >= 0 && response.getRef() == null) {
        problem(response);
      }
    });
    responses.setAPIResponses(all);
  }

  private static APIResponse problem(APIResponse response) {
    return response.content(
        createContent()
            .addMediaType(
                ProblemDocument.MEDIA_TYPE,
                createMediaType().schema(createSchema().ref("Problem"))));
  }

  private void describeFields(Schema schema, ClassInfo record) {
    AnnotationInstance inclusion = record.declaredAnnotation(JsonInclude.class);
    boolean absentWhenEmpty =
        inclusion != null
            && inclusion.value().asEnum().equals(JsonInclude.Include.NON_EMPTY.name());
    Set<String> required =
        new TreeSet<>(schema.getRequired() == null ? List.of() : schema.getRequired());
    for (RecordComponentInfo component : record.recordComponents()) {
      FieldInfo field = record.field(component.name());
      boolean mayBeNull = field.type().hasAnnotation(NULLABLE);
      if (field.hasAnnotation(JsonUnwrapped.class)) {
        if (mayBeNull) {
          continue;
        }
        describeFields(schema, index.getClassByName(field.type().name()));
        required.addAll(schema.getRequired());
        continue;
      }
      String name = name(field);
      @Nullable Schema property = schema.getProperties().get(name);
      if (property == null) {
        continue; // The field is hidden.
      }
      if (property.getRef() != null) {
        property.setType(null); // A default value adds a type beside the reference.
      }
      if (property.getDefaultValue() != null) {
        describeDefault(property);
      }
      if (hasDefault(property)) {
        continue;
      }
      boolean alwaysWritten = inclusion == null || field.hasAnnotation(JsonInclude.class);
      if (!mayBeNull) {
        if (!absentWhenEmpty && !isDeclaredNullable(field)) {
          required.add(name);
        }
      } else if (alwaysWritten) {
        schema.addProperty(name, nullable(property));
      }
    }
    // Properties that are no components of the record.
    schema.getProperties().values().stream()
        .filter(property -> property.getDefaultValue() != null)
        .forEach(ContractFilter::describeDefault);
    schema.setRequired(new ArrayList<>(required));
  }

  /// Moves a default value into the description. A request may omit the field, but generators for
  /// TypeScript require every field that has a `default`.
  private static void describeDefault(Schema property) {
    Object value = property.getDefaultValue();
    String text =
        value instanceof List<?> list
            ? list.stream().map(String::valueOf).collect(Collectors.joining(", "))
            : String.valueOf(value);
    String description = property.getDescription();
    property
        .defaultValue(null)
        .description((description == null ? "" : description + ". ") + "Default: " + text)
        .addExtension(DEFAULT, value);
  }

  /// Also recognizes a default that an earlier run of the filter has moved.
  private static boolean hasDefault(Schema property) {
    return property.getExtensions() != null && property.getExtensions().containsKey(DEFAULT);
  }

  /// The name of the field in JSON.
  private static String name(FieldInfo field) {
    AnnotationInstance renamed = field.annotation(JsonProperty.class);
    return renamed == null ? field.name() : renamed.value().asString();
  }

  private static boolean isDeclaredNullable(FieldInfo field) {
    AnnotationInstance described = field.annotation(SCHEMA);
    AnnotationValue nullable = described == null ? null : described.value("nullable");
    return nullable != null && nullable.asBoolean();
  }

  private static Schema nullable(Schema schema) {
    if (schema.getRef() != null) {
      return createSchema().addAnyOf(schema).addAnyOf(createSchema().addType(SchemaType.NULL));
    }
    boolean nullable = schema.getType() == null || schema.getType().contains(SchemaType.NULL);
    return nullable ? schema : schema.addType(SchemaType.NULL);
  }
}
