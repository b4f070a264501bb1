--liquibase formatted sql

--changeset template:space_index_rebuild runInTransaction:false
--comment the index of one space anew, from the rows that are there; parameters: index (its name)
REINDEX INDEX CONCURRENTLY ${index};

--rollback empty because the index has the same rows before and after
