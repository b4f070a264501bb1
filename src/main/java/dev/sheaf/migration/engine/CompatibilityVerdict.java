package dev.sheaf.migration.engine;

/// Whether the application is compatible with the schema.
///
/// @param isCompatible whether it is
/// @param reason why it is not; empty if it is
public record CompatibilityVerdict(boolean isCompatible, String reason) {}
