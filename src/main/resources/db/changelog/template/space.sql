--liquibase formatted sql

/* instances
SELECT id AS space_id,
       collection_id,
       CASE storage WHEN 'half' THEN 'embedding_half' ELSE 'embedding' END AS parent,
       dimensions
  FROM embedding_space
 ORDER BY id
*/

--changeset template:space
--comment the partition of one embedding space; parameters: space_id, collection_id, parent (embedding, or embedding_half), dimensions
CREATE TABLE embedding_${space_id} (
    LIKE ${parent} INCLUDING ALL,
    CONSTRAINT embedding_${space_id}_dimensions_check CHECK (vector_dims(vector) = ${dimensions}),
    CONSTRAINT embedding_${space_id}_chunk_fkey FOREIGN KEY (collection_id, document_id, ordinal)
        REFERENCES chunk_${collection_id} (collection_id, document_id, ordinal) ON DELETE CASCADE
);

ALTER TABLE ${parent} ATTACH PARTITION embedding_${space_id} FOR VALUES IN (${space_id});

-- The locks come in the order in which writers take theirs, so that neither can deadlock the other.
/* liquibase rollback
LOCK TABLE ONLY document, ONLY chunk, ONLY embedding, ONLY embedding_half IN ACCESS EXCLUSIVE MODE;
DROP TABLE embedding_${space_id};
*/
