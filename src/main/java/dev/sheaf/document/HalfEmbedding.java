package dev.sheaf.document;

import jakarta.persistence.AttributeOverride;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;

/// An embedding of a space that stores vectors in half precision.
@Entity(name = HalfEmbedding.NAME)
@Table(name = "embedding_half")
@AttributeOverride(name = "vector", column = @Column(columnDefinition = "halfvec"))
public class HalfEmbedding extends Embedding {

  static final String NAME = "HalfEmbedding";
}
