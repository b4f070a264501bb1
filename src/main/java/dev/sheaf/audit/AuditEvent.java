package dev.sheaf.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/// One entry of the audit trail.
///
/// @param at the time by the database's clock
/// @param actor `key:<id>`, `oidc:<issuer>#<subject>`, `process:<user@host/pid>`, `anybody` or
///   `service`
/// @param action such as `collection.dropped` or `schema.up`
/// @param object the name of the object that was changed
/// @param details a JSON object
/// @param requestId the same as in the log
/// @param address the IP address of the client
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "AuditEvent")
record AuditEvent(
    Instant at,
    String actor,
    String action,
    @Nullable String object,
    @JsonRawValue @Schema(type = SchemaType.OBJECT, additionalProperties = Schema.True.class)
        String details,
    @Nullable String requestId,
    @Nullable String address) {}
