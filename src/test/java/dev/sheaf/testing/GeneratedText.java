package dev.sheaf.testing;

import java.util.List;
import java.util.Random;

/// Generates texts with structure: each belongs to a topic with its own vocabulary, and uses one of
/// a few sentence patterns. The same number always gives the same text, and different numbers give
/// different texts.
public final class GeneratedText {

  private record Topic(List<String> subjects, List<String> verbs, List<String> objects) {}

  private static final List<Topic> TOPICS =
      List.of(
          new Topic(
              List.of(
                  "the harbour pilot",
                  "a trawler captain",
                  "the lighthouse keeper",
                  "the ferry crew",
                  "a young sailor"),
              List.of("charts", "watches", "crosses", "signals from", "anchors in"),
              List.of(
                  "the narrow strait",
                  "the fog bank",
                  "the outer reef",
                  "the spring tide",
                  "the dry dock")),
          new Topic(
              List.of(
                  "the baker", "a pastry apprentice", "the village oven", "the miller", "our cook"),
              List.of("kneads", "proofs", "weighs", "scores", "cools"),
              List.of(
                  "the rye dough",
                  "a tray of brioche",
                  "the sourdough starter",
                  "the plum cake",
                  "twelve flat loaves")),
          new Topic(
              List.of(
                  "the surgeon",
                  "a night nurse",
                  "the radiologist",
                  "the family doctor",
                  "the ward sister"),
              List.of("examines", "monitors", "documents", "treats", "discharges"),
              List.of(
                  "a fractured wrist",
                  "the high fever",
                  "an irregular heartbeat",
                  "the new patient",
                  "a mild concussion")),
          new Topic(
              List.of(
                  "the database administrator",
                  "a query planner",
                  "the replica",
                  "the nightly job",
                  "an index scan"),
              List.of("rewrites", "vacuums", "replays", "locks", "estimates"),
              List.of(
                  "the orders table",
                  "a long transaction",
                  "the write-ahead log",
                  "a partial index",
                  "stale statistics")),
          new Topic(
              List.of(
                  "the cellist",
                  "a choir of children",
                  "the conductor",
                  "the organ builder",
                  "a jazz trio"),
              List.of("rehearses", "tunes", "improvises on", "records", "transposes"),
              List.of(
                  "a slow sarabande",
                  "the opening chorus",
                  "an old hymn",
                  "the second movement",
                  "a walking bass line")),
          new Topic(
              List.of("the judge", "a tenant", "the notary", "the appeals court", "the insurer"),
              List.of("dismisses", "contests", "certifies", "settles", "appeals"),
              List.of(
                  "the eviction notice",
                  "a contract of sale",
                  "the damages claim",
                  "the last will",
                  "a parking fine")),
          new Topic(
              List.of(
                  "the gardener",
                  "an orchard owner",
                  "the beekeeper",
                  "a botanist",
                  "the allotment club"),
              List.of("prunes", "grafts", "waters", "mulches", "harvests"),
              List.of(
                  "the espaliered pears",
                  "a bed of tulips",
                  "the runner beans",
                  "an old quince",
                  "the lavender hedge")),
          new Topic(
              List.of(
                  "the astronomer",
                  "a radio telescope",
                  "the space probe",
                  "the observatory",
                  "an amateur stargazer"),
              List.of("photographs", "measures", "tracks", "discovers", "catalogues"),
              List.of(
                  "a binary star",
                  "the ring system",
                  "a periodic comet",
                  "the dust lanes",
                  "an eclipsing moon")));

  private static final List<String> SETTINGS =
      List.of(
          "in early spring",
          "before dawn",
          "after a long winter",
          "during the strike",
          "on a quiet Sunday",
          "against all advice",
          "for the third time",
          "with borrowed tools",
          "under a clear sky",
          "at the last minute");

  private GeneratedText() {}

  /// The text with this number: three sentences on one topic.
  public static String text(int number) {
    var random = new Random(number * 0x9E3779B97F4A7C15L);
    Topic topic = TOPICS.get(random.nextInt(TOPICS.size()));
    var text = new StringBuilder();
    for (int i = 0; i < 3; i++) {
      text.append(capitalised(pick(topic.subjects, random)))
          .append(' ')
          .append(pick(topic.verbs, random))
          .append(' ')
          .append(pick(topic.objects, random))
          .append(' ')
          .append(pick(SETTINGS, random))
          .append(". ");
    }
    return text.append("Entry ").append(number).append('.').toString();
  }

  /// A question about a topic of the texts.
  public static String query(int number) {
    var random = new Random(number);
    Topic topic = TOPICS.get(random.nextInt(TOPICS.size()));
    return "who "
        + pick(topic.verbs, random)
        + " "
        + pick(topic.objects, random)
        + " "
        + pick(SETTINGS, random);
  }

  private static String pick(List<String> words, Random random) {
    return words.get(random.nextInt(words.size()));
  }

  private static String capitalised(String words) {
    return Character.toUpperCase(words.charAt(0)) + words.substring(1);
  }
}
