package dev.sheaf.document;

import jakarta.persistence.Entity;
import jakarta.persistence.Table;

/// An embedding of a space that stores vectors in full. In HQL, it is `Embedding`.
@Entity(name = FullEmbedding.NAME)
@Table(name = "embedding")
public class FullEmbedding extends Embedding {

  static final String NAME = "Embedding";
}
