--liquibase formatted sql

-- Searches find an index by what it is over, not by its name, so both can serve until the old one is dropped.

--changeset template:space_index_swap
--comment a valid index takes the place of the one that has served; parameters: index (its name)
ALTER INDEX ${index} RENAME TO ${index}_old;
ALTER INDEX ${index}_next RENAME TO ${index};

/* liquibase rollback
ALTER INDEX ${index} RENAME TO ${index}_next;
ALTER INDEX ${index}_old RENAME TO ${index};
*/
