package dev.sheaf.search;

/// What a placeholder of a [SearchText] stands for. A filter and the boosts have any number of
/// parameters, ranked chunks three, the others one.
enum Placeholder {
  TIMEOUT,
  VECTOR,
  TEXT,
  WORDS,
  SEVERAL_WORDS,
  FREQUENT_WORDS,
  ANY_WORD,
  EACH_WORD,
  WEIGHTS,
  NUMBERS,
  TITLE_WEIGHT,
  MAX_SCORE_OF_FREQUENT,
  MEAN_LENGTH,
  SCORE_OF_ALL,
  FILTER,
  EXCLUDED,
  BOOSTS,
  NEAREST,
  MATCHING,
  DOCUMENTS
}
