package dev.sheaf.document;

import dev.sheaf.testing.GermanPostgres;
import dev.sheaf.testing.InProcess;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import org.junit.jupiter.api.condition.EnabledIf;

/// Nothing depends on the language in which the server writes its messages.
@InProcess
@QuarkusTest
@TestProfile(GermanPostgres.Profile.class)
@EnabledIf(value = GermanPostgres.IS_SPOKEN, disabledReason = GermanPostgres.REASON)
class FilteredDocumentsInGermanSoak extends FilteredDocumentsIT {}
