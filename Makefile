.DEFAULT_GOAL := help
.PHONY: help dev test quick soak bench-start new-rule format db db-stop db-reset psql package clean

# Words of the verbs below come from their `##` comments.
help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: ## Run the service with live reload on a local PostgreSQL: http://localhost:8080
	@scripts/local-postgres run ./mvnw -q quarkus:dev

test: ## Everything CI checks: format, static analysis, unit and integration tests
	@scripts/local-postgres run --as SHEAF_TEST_DATABASE_URL ./mvnw -B -ntp verify

quick: ## Compile and run the unit tests only
	@./mvnw -B -ntp -q -Pquick test

soak: ## Kill migrations hundreds of times; each time the next run recovers
	@scripts/local-postgres run --as SHEAF_TEST_DATABASE_URL ./mvnw -B -ntp verify -Dtest=NoTest \
	  -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=KilledMigrationIT -Dsheaf.soak.kills=200

bench-start: ## Measure what the migration engine costs: bench/README.md
	@bench/start

new-rule: ## Write a rule of the observed lint, its page and its test: NAME=what-is-wrong
	@scripts/new-rule $(NAME)

format: ## Format the sources
	@./mvnw -B -ntp -q spotless:apply

db: ## Start the local PostgreSQL and print its URL
	@scripts/local-postgres url

db-stop: ## Stop the local PostgreSQL
	@scripts/local-postgres stop

db-reset: ## Throw the local PostgreSQL's data away and start anew
	@scripts/local-postgres reset

psql: ## Open psql on the local PostgreSQL
	@scripts/local-postgres psql

package: ## Build the runnable application into target/quarkus-app
	@./mvnw -B -ntp -q -DskipTests package

clean: ## Remove what the build made
	@./mvnw -B -ntp -q clean
