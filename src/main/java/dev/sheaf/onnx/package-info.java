/// Models in the process: ONNX Runtime, and the tokenizers of models.
@NullMarked
package dev.sheaf.onnx;

import org.jspecify.annotations.NullMarked;
