--liquibase formatted sql

--changeset core:005
--comment an embedding space: one generation of embeddings of one collection
CREATE TABLE embedding_space (
    id            bigint      GENERATED ALWAYS AS IDENTITY,
    collection_id bigint      NOT NULL,
    model         text        NOT NULL,
    dimensions    integer     NOT NULL,
    metric        text        NOT NULL,
    "precision"   text        NOT NULL,
    state         text        NOT NULL DEFAULT 'ready',
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT embedding_space_pkey PRIMARY KEY (id),
    CONSTRAINT embedding_space_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES collection ON DELETE CASCADE,
    CONSTRAINT embedding_space_dimensions_check CHECK (dimensions BETWEEN 1 AND 16000),
    CONSTRAINT embedding_space_metric_check CHECK (metric IN ('cosine', 'l2', 'inner_product')),
    CONSTRAINT embedding_space_precision_check CHECK ("precision" IN ('full', 'half', 'binary')),
    CONSTRAINT embedding_space_state_check CHECK (state IN ('filling', 'ready', 'retired'))
);

CREATE INDEX embedding_space_collection_id_idx ON embedding_space (collection_id);

ALTER TABLE collection
    ADD CONSTRAINT collection_active_space_id_fkey FOREIGN KEY (active_space_id) REFERENCES embedding_space;

COMMENT ON TABLE  embedding_space               IS 'One generation of embeddings of one collection';
COMMENT ON COLUMN embedding_space.id            IS 'Names the partition of this space: embedding_<id>';
COMMENT ON COLUMN embedding_space.collection_id IS 'The collection it embeds';
COMMENT ON COLUMN embedding_space.model         IS 'The embedding model, by name';
COMMENT ON COLUMN embedding_space.dimensions    IS 'Width of every vector in this space';
COMMENT ON COLUMN embedding_space.metric        IS 'How distance is measured: cosine, l2, inner_product';
COMMENT ON COLUMN embedding_space."precision"   IS 'What the index keeps of a vector: full, half, binary';
COMMENT ON COLUMN embedding_space.state         IS 'filling: beside the active one; ready: complete; retired: kept as the way back';
COMMENT ON COLUMN embedding_space.created_at    IS 'When it was created';

/* liquibase rollback
ALTER TABLE collection DROP CONSTRAINT collection_active_space_id_fkey;
DROP TABLE embedding_space;
*/
