package dev.sheaf.embedding;

import org.hibernate.boot.model.FunctionContributions;
import org.hibernate.boot.model.FunctionContributor;
import org.hibernate.boot.model.TypeContributions;
import org.hibernate.boot.model.TypeContributor;
import org.hibernate.query.sqm.function.SqmFunctionRegistry;
import org.hibernate.query.sqm.produce.function.StandardFunctionArgumentTypeResolvers;
import org.hibernate.query.sqm.produce.function.StandardFunctionReturnTypeResolvers;
import org.hibernate.service.ServiceRegistry;
import org.hibernate.sql.ast.SqlAstNodeRenderingMode;
import org.hibernate.type.BasicType;

/// What queries on vectors need beside hibernate-vector: `float[]` as a [VectorUserType], and
/// functions of HQL:
///
/// - `half_cosine_distance(e.vector, :vector, constant(:dimensions))` and its kind, see
///   [Precision#distanceFunction]: the distance by which an HNSW index is ordered. Only `ORDER BY`
///   with exactly this expression uses the index.
/// - `constant(:parameter)`: the value of the parameter, as a literal in the SQL. PostgreSQL plans
///   a query on one partition only if it knows the key when it plans.
/// - `condition(sql('...'))`: an expression of SQL as a condition, because Hibernate does not know
///   the type of `sql`.
/// - `mean(e.vector)`: the mean of vectors.
public final class VectorContributor implements TypeContributor, FunctionContributor {

  @Override
  public void contribute(TypeContributions contributions, ServiceRegistry services) {
    contributions
        .getTypeConfiguration()
        .getBasicTypeRegistry()
        .register(new VectorUserType(), float[].class.getName(), float[].class.getTypeName());
  }

  @Override
  public void contributeFunctions(FunctionContributions contributions) {
    SqmFunctionRegistry functions = contributions.getFunctionRegistry();
    BasicType<Double> number =
        contributions.getTypeConfiguration().getBasicTypeForJavaType(Double.class);
    for (Precision precision : Precision.values()) {
      for (Metric metric : Metric.values()) {
        functions
            .patternDescriptorBuilder(
                precision.distanceFunction(metric),
                "(%s %s %s)"
                    .formatted(
                        precision.element("(?1)", "?3"),
                        precision.operator(metric),
                        precision.element("(?2)", "?3")))
            .setExactArgumentCount(3)
            .setArgumentTypeResolver(
                StandardFunctionArgumentTypeResolvers.byArgument(
                    StandardFunctionArgumentTypeResolvers.argumentsOrImplied(1),
                    StandardFunctionArgumentTypeResolvers.argumentsOrImplied(0),
                    StandardFunctionArgumentTypeResolvers.NULL))
            .setInvariantType(number)
            .register();
      }
    }
    functions
        .patternDescriptorBuilder("constant", "?1")
        .setExactArgumentCount(1)
        .setArgumentTypeResolver(StandardFunctionArgumentTypeResolvers.IMPLIED_RESULT_TYPE)
        .setReturnTypeResolver(StandardFunctionReturnTypeResolvers.useArgType(1))
        .setArgumentRenderingMode(SqlAstNodeRenderingMode.INLINE_PARAMETERS)
        .register();
    functions
        .patternDescriptorBuilder("condition", "?1")
        .setExactArgumentCount(1)
        .setInvariantType(
            contributions.getTypeConfiguration().getBasicTypeForJavaType(Boolean.class))
        .register();
    functions
        .patternAggregateDescriptorBuilder("mean", "avg((?1)::vector)")
        .setExactArgumentCount(1)
        .setReturnTypeResolver(StandardFunctionReturnTypeResolvers.useArgType(1))
        .register();
  }
}
