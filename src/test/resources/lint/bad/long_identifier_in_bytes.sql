--liquibase formatted sql
--expect long-identifier überprüfungsergebnis_für_ältere_auslieferungen_nach_südösterreich

--changeset lint:001
--comment Lexical structure: 63 bytes, not characters.
ALTER TABLE orders ADD COLUMN überprüfungsergebnis_für_ältere_auslieferungen_nach_südösterreich boolean;

--rollback ALTER TABLE orders DROP COLUMN überprüfungsergebnis_für_ältere_auslieferungen_nach_südösterreich;
