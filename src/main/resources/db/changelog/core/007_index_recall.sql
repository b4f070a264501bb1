--liquibase formatted sql

--changeset core:007
--comment what the index of a space finds of what it should, as measured
CREATE TABLE index_recall (
    space_id      bigint           NOT NULL,
    index_id      bigint           NOT NULL,
    ef_search     integer          NOT NULL,
    sample        text             NOT NULL,
    k             integer          NOT NULL,
    sample_size   integer          NOT NULL,
    recall        double precision,
    first_recall  double precision,
    median_ms     double precision,
    changes       bigint           NOT NULL,
    first_changes bigint           NOT NULL,
    measured_at   timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT index_recall_pkey PRIMARY KEY (space_id, index_id, ef_search, sample),
    CONSTRAINT index_recall_space_id_fkey FOREIGN KEY (space_id) REFERENCES embedding_space ON DELETE CASCADE,
    CONSTRAINT index_recall_sample_check CHECK (sample IN ('stored', 'queries')),
    CONSTRAINT index_recall_recall_check CHECK (recall BETWEEN 0 AND 1),
    CONSTRAINT index_recall_first_recall_check CHECK (first_recall BETWEEN 0 AND 1)
);

COMMENT ON TABLE  index_recall               IS 'What the index of a space finds of the nearest, as last measured and as first, for each ef_search that was tried';
COMMENT ON COLUMN index_recall.space_id      IS 'The space';
COMMENT ON COLUMN index_recall.index_id      IS 'The oid of the index, which is another one after each build';
COMMENT ON COLUMN index_recall.ef_search     IS 'Candidates that the searches looked at, hnsw.ef_search';
COMMENT ON COLUMN index_recall.sample        IS 'What was searched for: stored is half way between two stored vectors, queries is what clients have asked lately';
COMMENT ON COLUMN index_recall.k             IS 'How many of the nearest each search was to find';
COMMENT ON COLUMN index_recall.sample_size   IS 'Vectors that were searched for';
COMMENT ON COLUMN index_recall.recall        IS 'The share of the k nearest that was found; null when there was no time to find out';
COMMENT ON COLUMN index_recall.first_recall  IS 'The same when this index was first measured: what it has lost since is the difference';
COMMENT ON COLUMN index_recall.median_ms     IS 'What a search through the index took, in milliseconds, half of them less';
COMMENT ON COLUMN index_recall.changes       IS 'Inserts, updates and deletes of the partition until then, as PostgreSQL counts them';
COMMENT ON COLUMN index_recall.first_changes IS 'The same when this index was first measured';
COMMENT ON COLUMN index_recall.measured_at   IS 'When it was last measured';

--rollback DROP TABLE index_recall;
