--liquibase formatted sql

--changeset core:009
--comment how precisely the recall of an index is known
ALTER TABLE index_recall
    ADD COLUMN recall_low  double precision,
    ADD COLUMN recall_high double precision,
    ADD COLUMN first_low   double precision;

COMMENT ON COLUMN index_recall.recall_low  IS 'The lower end of the 95% confidence interval of recall; null if an older version measured it';
COMMENT ON COLUMN index_recall.recall_high IS 'The upper end of this interval';
COMMENT ON COLUMN index_recall.first_low   IS 'The lower end of the 95% confidence interval of first_recall';

--rollback ALTER TABLE index_recall DROP COLUMN first_low, DROP COLUMN recall_high, DROP COLUMN recall_low;
