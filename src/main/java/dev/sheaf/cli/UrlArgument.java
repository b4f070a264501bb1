package dev.sheaf.cli;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.runtime.OperatorException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The URL of a database. A password is rejected, because other users of the machine can see
/// command lines.
final class UrlArgument implements ITypeConverter<String> {

  @Override
  public String convert(String value) {
    DatabaseAddress address;
    try {
      address = DatabaseAddress.parse(value);
    } catch (OperatorException e) {
      throw new TypeConversionException(e.hint());
    }
    if (address.password() != null || address.jdbcUrl().contains("password=")) {
      throw new TypeConversionException(
          "other users can see a password on the command line; put it into ~/.pgpass, or into the"
              + " setting sheaf.schema.scratch-url");
    }
    return value;
  }
}
