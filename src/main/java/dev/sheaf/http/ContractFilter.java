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

/// Says in the OpenAPI document what holds for every endpoint, and so is said by none: which
/// failures any request may meet, that each of them is a [ProblemDocument], and, of the records
/// that go over the wire, which fields are always there and which may be null. Quarkus lets a
/// document pass more than once.
@OpenApiFilter(stages = OpenApiFilter.RunStage.BUILD)
public final class ContractFilter implements OASFilter {

  private static final DotName NULLABLE = DotName.createSimple(Nullable.class);
  private static final DotName SCHEMA =
      DotName.createSimple(org.eclipse.microprofile.openapi.annotations.media.Schema.class);

  private static final DotName OPERATION =
      DotName.createSimple(org.eclipse.microprofile.openapi.annotations.Operation.class);

  /// What the names in paths are in the examples, where they are the same everywhere.
  private static final Map<String, String> NAMES =
      Map.of("collection", "articles", "module", "core", "name", "008_example");

  /// Quarkus's own words, where we have better ones.
  private static final Set<String> GENERATED =
      Set.of("Bad Request", "Not Authorized", "Not Allowed");

  /// What a request may meet wherever it goes.
  private enum Failure {
    MALFORMED("Malformed", "400", "The request is malformed", false),
    UNAUTHENTICATED("Unauthenticated", "401", "It is not known who asks", false),
    FORBIDDEN("Forbidden", "403", "The role is not enough", false),
    NOT_ACCEPTABLE("NotAcceptable", "406", "The answer cannot be written as asked for", false),
    TOO_LARGE("TooLarge", "413", "The body is too large", true),
    UNSUPPORTED("UnsupportedMediaType", "415", "The body is of another type", true),
    TOO_MANY("TooMany", "429", "The caller asks too often; try again", false),
    UNAVAILABLE(
        "Unavailable",
        "503",
        "What is needed cannot be reached, or changes at this moment; try again",
        false);

    private final String title;
    private final String status;
    private final String description;
    private final boolean ofBodies;

    Failure(String title, String status, String description, boolean ofBodies) {
      this.title = title;
      this.status = status;
      this.description = description;
      this.ofBodies = ofBodies;
    }

    private APIResponse response() {
      APIResponse response = problem(createAPIResponse().description(description));
      return this == TOO_MANY || this == UNAVAILABLE
          ? response.addHeader(
              HttpHeaders.RETRY_AFTER,
              createHeader()
                  .description("Seconds until then")
                  .schema(createSchema().addType(SchemaType.INTEGER)))
          : response;
    }
  }

  private final IndexView index;

  /// Called by Quarkus, while it builds.
  public ContractFilter(IndexView index) {
    this.index = index;
  }

  @Override
  public void filterOpenAPI(OpenAPI document) {
    for (Failure failure : Failure.values()) {
      document.getComponents().addResponse(failure.title, failure.response());
    }
    Map<String, String> roles = roles();
    for (PathItem path : document.getPaths().getPathItems().values()) {
      for (Operation operation : path.getOperations().values()) {
        failures(operation);
        operation.addExtension("x-role", roles.get(operation.getOperationId()));
      }
    }
    Map<String, Schema> schemas = document.getComponents().getSchemas();
    for (AnnotationInstance annotation : index.getAnnotations(SCHEMA)) {
      AnnotationTarget described = annotation.target();
      if (described.kind() == AnnotationTarget.Kind.CLASS && described.asClass().isRecord()) {
        @Nullable Schema schema = schemas.get(annotation.value("name").asString());
        if (schema != null && schema.getProperties() != null) {
          fields(schema, described.asClass());
        }
      }
    }
  }

  @Override
  public Parameter filterParameter(Parameter parameter) {
    if (parameter.getIn() == Parameter.In.PATH && parameter.getExample() == null) {
      parameter.setExample(NAMES.get(parameter.getName()));
    }
    return parameter;
  }

  /// The role that each operation demands, by its name: OpenAPI 3.0 has no other place for it.
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

  private static void failures(Operation operation) {
    APIResponses responses = operation.getResponses();
    Map<String, APIResponse> all = new TreeMap<>(responses.getAPIResponses());
    for (Failure failure : Failure.values()) {
      @Nullable APIResponse own = all.get(failure.status);
      boolean possible = !failure.ofBodies || operation.getRequestBody() != null;
      if (possible && (own == null || GENERATED.contains(own.getDescription()))) {
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

  private void fields(Schema schema, ClassInfo record) {
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
        fields(schema, index.getClassByName(field.type().name()));
        required.addAll(schema.getRequired());
        continue;
      }
      String name = name(field);
      @Nullable Schema property = schema.getProperties().get(name);
      if (property == null) {
        continue; // It is hidden.
      }
      if (property.getRef() != null) {
        property.setType(null); // The default's, beside that of what is referred to.
      }
      if (property.getDefaultValue() != null) {
        continue;
      }
      boolean alwaysWritten = inclusion == null || field.hasAnnotation(JsonInclude.class);
      if (!mayBeNull) {
        if (!absentWhenEmpty && !saysNullable(field)) {
          required.add(name);
        }
      } else if (alwaysWritten) {
        schema.addProperty(name, nullable(property));
      }
    }
    schema.setRequired(new ArrayList<>(required));
  }

  /// As JSON has it.
  private static String name(FieldInfo field) {
    AnnotationInstance renamed = field.annotation(JsonProperty.class);
    return renamed == null ? field.name() : renamed.value().asString();
  }

  private static boolean saysNullable(FieldInfo field) {
    AnnotationInstance described = field.annotation(SCHEMA);
    AnnotationValue nullable = described == null ? null : described.value("nullable");
    return nullable != null && nullable.asBoolean();
  }

  private static Schema nullable(Schema schema) {
    if (schema.getRef() != null) {
      return createSchema().addAnyOf(schema).addAnyOf(createSchema().addType(SchemaType.NULL));
    }
    boolean done = schema.getType() == null || schema.getType().contains(SchemaType.NULL);
    return done ? schema : schema.addType(SchemaType.NULL);
  }
}
