--liquibase formatted sql

-- Searches find an index by what it is over, not by its name, so both can serve until the old one is dropped.

--changeset template:space_index_swap
--comment a valid index takes the place of the one that has served; parameters: space_id
ALTER INDEX embedding_${space_id}_hnsw RENAME TO embedding_${space_id}_hnsw_old;
ALTER INDEX embedding_${space_id}_hnsw_next RENAME TO embedding_${space_id}_hnsw;

/* liquibase rollback
ALTER INDEX embedding_${space_id}_hnsw RENAME TO embedding_${space_id}_hnsw_next;
ALTER INDEX embedding_${space_id}_hnsw_old RENAME TO embedding_${space_id}_hnsw;
*/
