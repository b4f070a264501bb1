--liquibase formatted sql

-- Built beside the parents and then attached: ATTACH lets readers and writers of other collections go on,
-- where CREATE TABLE ... PARTITION OF would stop them. For the same reason the foreign keys stand between
-- partitions and not between the parents.

/* instances
SELECT id AS collection_id FROM collection ORDER BY id
*/

--changeset template:collection
--comment the partitions of one collection; parameters: collection_id
CREATE TABLE document_${collection_id} (LIKE document INCLUDING ALL);
CREATE TABLE chunk_${collection_id} (LIKE chunk INCLUDING ALL);

ALTER TABLE chunk_${collection_id}
    ADD CONSTRAINT chunk_${collection_id}_document_fkey FOREIGN KEY (collection_id, document_id)
        REFERENCES document_${collection_id} (collection_id, id) ON DELETE CASCADE;

ALTER TABLE document ATTACH PARTITION document_${collection_id} FOR VALUES IN (${collection_id});
ALTER TABLE chunk ATTACH PARTITION chunk_${collection_id} FOR VALUES IN (${collection_id});

-- The locks come in the order in which writers take theirs, so that neither can deadlock the other.
/* liquibase rollback
LOCK TABLE ONLY document, ONLY chunk, ONLY embedding IN ACCESS EXCLUSIVE MODE;
DROP TABLE chunk_${collection_id};
DROP TABLE document_${collection_id};
*/
