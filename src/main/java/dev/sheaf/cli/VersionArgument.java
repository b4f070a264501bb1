package dev.sheaf.cli;

import dev.sheaf.migration.changelog.ChangesetVersion;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// A changeset's version, such as `7` or `1.10`.
final class VersionArgument implements ITypeConverter<ChangesetVersion> {

  @Override
  public ChangesetVersion convert(String value) {
    if (!ChangesetVersion.isVersion(value)) {
      throw new TypeConversionException("'" + value + "' is not a version, such as 7 or 1.10");
    }
    return ChangesetVersion.parse(value);
  }
}
