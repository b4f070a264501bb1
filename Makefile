.DEFAULT_GOAL := help
ENGINE := $(shell command -v docker || command -v podman)
# A Maven that runs for seconds is fastest without the optimizing compiler.
SHORT_LIVED := -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
# All that `make test` leaves out, and tests that go on for longer if they are told to.
SOAK = $(shell grep -rlE '^class \w+Soak|@Soak$$' src/test/java | sed 's,.*/,,; s,\.java$$,,' | sort | tr '\n' ,)DerivedRollbackIT,FiveToolsIT,FuzzIT,LintVerdictsIT
.PHONY: help dev quick it check test soak openapi bench bench-stores bench-start bench-collections bench-entities bench-quality bench-backfill bench-peers bench-image image image-native image-test sbom new-rule format db db-stop db-reset psql migrate-up migrate-down migrate-create migrate-status check-migrations hooks package clean

# Words of the verbs below come from their `##` comments.
help: ## List these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: ## Run the service with live reload on a local PostgreSQL: http://localhost:8080
	@url=$$(scripts/local-postgres url) && DATABASE_URL=$$url ./mvnw -q quarkus:dev

quick: ## Compile and run the unit tests, without static analysis
	@MAVEN_OPTS="$$MAVEN_OPTS $(SHORT_LIVED)" ./mvnw -B -ntp -q -Pquick test -Dquarkus.generate-code.skip

it: ## Run the integration tests of one package, without static analysis: P=search, or P=search.SearchIT
	@MAVEN_OPTS="$$MAVEN_OPTS $(SHORT_LIVED)" scripts/it $(P)

check: ## Check the format and run the static analysis, without tests
	@./mvnw -B -ntp -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Panalysis test-compile

test: ## Everything CI checks: format, static analysis, unit and integration tests
	@scripts/local-postgres engine || echo 'No container engine answers: the tests of the image are left out.' >&2
	@SHEAF_POSTGRES_FSYNC=off SHEAF_POSTGRES_SHARED_BUFFERS=128MB scripts/local-postgres run --in-memory --as SHEAF_TEST_DATABASE_URL ./mvnw -B -ntp -Panalysis,client \
	  -Dorg.slf4j.simpleLogger.log.org.openapitools=error verify

soak: ## Kill migrations, backfills, loads, the service and PostgreSQL again and again; fuzz every operation of the API
	@scripts/local-postgres run --as SHEAF_TEST_DATABASE_URL ./mvnw -B -ntp verify -Dtest=NoTest \
	  -Dsurefire.failIfNoSpecifiedTests=false -Dsheaf.test.excluded= -Dit.test=$(SOAK) \
	  -Dsheaf.test.lanes=1 -Dsheaf.soak.kills=200 -Dsheaf.soak.processes=20 -Dsheaf.soak.rows=2000000 -Dsheaf.soak.backfill-kills=10 \
	  -Dsheaf.soak.fuzz-requests=20000 -Dsheaf.soak.growth-rows=200000 -Dsheaf.soak.every-build=true -Dsheaf.soak.every-tool=true -Dsheaf.soak.every-migration=true -Dsheaf.soak.prove-derived=true \
	  -Dsheaf.soak.operations=20000 -Dsheaf.soak.replicas=3 -Dsheaf.soak.replica-kills=10 \
	  -Dsheaf.test.upload-megabytes=2000 -Dsheaf.test.upload-heap=512 \
	  -Dsheaf.test.upload-lines=200000 -Dsheaf.test.upload-kills=10 \
	  -Dsheaf.soak.maxima-seconds=600 -Dsheaf.soak.slow-world=true \
	  -Dsheaf.soak.pairs=10000 -Dsheaf.soak.server-kills=5 -Dsheaf.soak.writer-seconds=300 -Dsheaf.soak.faults=5 -Dsheaf.soak.fault-seconds=600 -Dsheaf.soak.pause-seconds=30 -Dsheaf.soak.grace-seconds=5

openapi: ## Write docs/openapi.yaml anew, after a change of the API
	@./mvnw -B -ntp -q -Dmaven.test.skip package -Dquarkus.smallrye-openapi.store-schema-directory=target/openapi
	@cp target/openapi/openapi.yaml docs/openapi.yaml

bench: ## Measure searches and uploads against PostgreSQL alone: bench/README.md
	@bench/run

bench-stores: ## The same beside LangChain4j's and Spring AI's stores
	@bench/run --stores

bench-peers: ## Measure searches and uploads of other databases beside Sheaf's; needs Node: bench/README.md
	@bench/run --rows 20000 peers

bench-start: ## Measure what the migration engine costs: bench/README.md
	@bench/start

bench-collections: ## Measure what many collections cost: bench/README.md
	@bench/collections

bench-entities: ## Compare queries on entities with the service's own search and with plain SQL: bench/README.md
	@scripts/local-postgres run --as SHEAF_TEST_DATABASE_URL ./mvnw -B -ntp -q -Pquick test-compile failsafe:integration-test \
	  failsafe:verify -Dit.test=NearestBench

bench-quality: ## Measure what searches find, and how fast words are: bench/README.md
	@scripts/local-postgres run --as SHEAF_TEST_DATABASE_URL ./mvnw -B -ntp -q -Pquick test-compile failsafe:integration-test \
	  failsafe:verify -Dit.test=WordSearchBench

bench-backfill: ## Measure what a backfill costs and how fast it is: bench/README.md
	@bench/backfill

bench-image: ## Measure the image: size, time to ready, memory: bench/README.md
	@bench/image $(IMAGE)

image: package ## Build the container image, sheaf:dev unless IMAGE=name says otherwise
	@$(ENGINE) build -f docker/Dockerfile.jvm -t $(or $(IMAGE),sheaf:dev) --build-arg POSTGRES_CLIENT=$(POSTGRES_CLIENT) \
	  --build-arg REVISION=$$(git rev-parse HEAD) .

image-native: ## Build the image with the native executable, sheaf:native unless IMAGE=name says otherwise
	@rm -rf target/native-sources
	@./mvnw -B -ntp -q -Dmaven.test.skip -Dnative -Dquarkus.native.sources-only=true package
	@$(ENGINE) build -f docker/Dockerfile.native -t $(or $(IMAGE),sheaf:native) --build-arg POSTGRES_CLIENT=$(POSTGRES_CLIENT) \
	  --build-arg REVISION=$$(git rev-parse HEAD) .

image-test: ## Test the image in containers: the one IMAGE names, else one that is built from the sources
	@scripts/local-postgres engine || { echo 'No container engine answers. Start Docker or podman.' >&2; exit 1; }
	@./mvnw -B -ntp verify -Dtest=NoTest -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=ImageIT -Dsheaf.image=$(IMAGE)

sbom: ## Write the software bill of materials of the Java side to target/sbom.json (CycloneDX)
	@./mvnw -B -ntp -q cyclonedx:makeBom

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

migrate-up: ## Apply the pending changesets to the configured database, or to the local one
	@scripts/migrate up

migrate-down: ## Roll back what was applied last: N=1
	@scripts/migrate down $(or $(N),1)

migrate-create: ## Write the next changeset: NAME=add_author, MODULE=core
	@scripts/migrate create $(or $(NAME),$(error Say which: make migrate-create NAME=add_author)) --module $(or $(MODULE),core)

migrate-status: ## Show what is applied and what is pending
	@scripts/migrate status

check-migrations: ## Check the pending changesets: their form, and what they would do to a database in use
	@scripts/migrate check

hooks: ## Check changesets before each commit, by .githooks
	@git config core.hooksPath .githooks

package: ## Build the runnable application into target/quarkus-app
	@./mvnw -B -ntp -q -Dmaven.test.skip package

clean: ## Remove what the build made
	@./mvnw -B -ntp -q clean
