package dev.sheaf.migration.engine;

/// Whether the application and the schema work together.
///
/// @param isCompatible whether they do
/// @param reason why they do not; empty when they do
public record CompatibilityVerdict(boolean isCompatible, String reason) {}
