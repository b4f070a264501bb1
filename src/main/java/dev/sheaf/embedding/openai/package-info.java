/// Models on servers with OpenAI's `POST /v1/embeddings`.
@NullMarked
package dev.sheaf.embedding.openai;

import org.jspecify.annotations.NullMarked;
