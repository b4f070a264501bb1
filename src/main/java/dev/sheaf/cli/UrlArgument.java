package dev.sheaf.cli;

import dev.sheaf.database.DatabaseAddress;
import dev.sheaf.runtime.OperatorException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The URL of a database, without a password: whoever is on the same machine sees command lines.
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
          "a password on a command line is seen by others; ~/.pgpass is read, and the setting"
              + " sheaf.schema.scratch-url may hold one");
    }
    return value;
  }
}
