package harness;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Text that has structure, and is the same on every machine: articles of ten sentences, each
/// article about one subject of one topic at one place.
final class Corpus {

  static final int SENTENCES = 10;
  static final int QUERIES = 1_000;

  /// To be raised with every change of what is generated: it names the cache.
  static final int VERSION = 1;

  /// Queries of one article, and how far from the others their articles are.
  private static final int QUERIES_PER_ARTICLE = 2;

  private static final int HELD_OUT = 10_000_000;

  /// A topic, its subjects, and what can be said of them.
  private static final String TOPICS =
      """
      tides: tide gauge, harbour wall, estuary, spring tide, salt marsh, ferry pier / water level, current, silt, salinity
      astronomy: telescope, lunar crater, comet, variable star, radio dish, eclipse / brightness, orbit, spectrum, distance
      bread: sourdough loaf, rye flour, baker's oven, baguette, wheat starter, bread crust / rise, crumb, hydration, flavour
      cycling: road bike, mountain stage, gravel path, chainring, sprint finish, bicycle lane / speed, gradient, traffic, wear
      medicine: heart valve, blood test, vaccine trial, nurse station, knee surgery, fever ward / recovery, dosage, risk, infection
      law: rental contract, appeal court, patent claim, jury verdict, tax ruling, inheritance dispute / deadline, evidence, costs, wording
      banking: savings account, mortgage rate, payment card, central bank, credit score, bond market / interest, fraud, fee, demand
      gardening: tomato bed, apple tree, compost heap, rose hedge, greenhouse, lawn / soil, shade, harvest, drainage
      football: penalty kick, youth academy, goalkeeper, transfer window, league table, away match / tactics, form, injury, score
      music: string quartet, jazz trumpet, church organ, folk song, opera chorus, drum kit / tempo, tuning, harmony, acoustics
      painting: oil portrait, fresco, watercolour, gallery wall, sketchbook, landscape / pigment, varnish, light, composition
      railways: night train, signal box, freight wagon, station clock, rail bridge, tram line / delay, timetable, load, vibration
      aviation: jet engine, control tower, runway, glider, cabin crew, flight plan / altitude, fuel, turbulence, noise
      shipping: container ship, lighthouse, cargo crane, lock gate, tugboat, dry dock / tonnage, draught, customs, rust
      geology: limestone cave, fault line, glacier, volcanic ash, river delta, sand dune / erosion, pressure, age, temperature
      weather: thunderstorm, cold front, drought, sea fog, weather balloon, snowfall / humidity, wind, forecast, duration
      databases: query planner, write-ahead log, primary key, replica, vacuum job, connection pool / latency, locking, storage, recovery
      networking: fibre cable, packet router, wireless mesh, firewall rule, name server, satellite link / bandwidth, loss, latency, security
      programming: type checker, garbage collector, unit test, build script, web framework, code review / complexity, memory, readability, failure
      machine learning: language model, image classifier, training set, embedding, recommender, neural network / accuracy, bias, cost, overfitting
      history: trade route, medieval guild, royal archive, peace treaty, stone fortress, census roll / origin, decline, ownership, influence
      archaeology: burial mound, clay tablet, bronze dagger, roman villa, shipwreck, cave drawing / dating, preservation, purpose, excavation
      education: primary school, reading lesson, exam board, lecture hall, apprenticeship, school library / attendance, motivation, curriculum, grading
      cooking: lentil soup, cast-iron pan, fish stock, curry paste, pasta dough, roast lamb / seasoning, texture, heat, storage
      wine: vineyard slope, oak barrel, grape harvest, cellar, sparkling wine, tasting panel / acidity, tannin, yield, aroma
      birds: barn owl, stork nest, warbler, seabird colony, migrating goose, kingfisher / song, plumage, breeding, flight
      mammals: red fox, brown bear, bat roost, otter den, grey seal, wild boar / diet, territory, hibernation, population
      insects: bee hive, dragonfly, ant colony, moth trap, ladybird, locust swarm / pollination, lifespan, larva, pesticide
      forestry: oak forest, sawmill, tree nursery, forest road, pine plantation, firebreak / growth, timber, moisture, disease
      farming: dairy herd, potato field, grain silo, irrigation channel, sheep pasture, tractor / yield, fertiliser, price, rainfall
      energy: wind turbine, solar roof, gas pipeline, power grid, battery store, hydro dam / output, maintenance, demand, efficiency
      chemistry: catalyst, reaction vessel, polymer film, acid bath, crystal, solvent / purity, concentration, boiling point, toxicity
      physics: particle detector, laser beam, pendulum, superconductor, magnet coil, vacuum chamber / precision, energy, frequency, noise
      biology: cell membrane, gene sequence, enzyme, yeast culture, coral reef, microscope slide / mutation, growth, protein, diversity
      architecture: concrete dome, timber frame, town hall, glass facade, spiral stair, courtyard / insulation, proportion, foundation, light
      housing: apartment block, rent index, heating system, housing estate, roof terrace, lift shaft / comfort, repair, price, density
      politics: city council, ballot box, coalition talk, public hearing, budget debate, petition / turnout, majority, trust, procedure
      journalism: evening paper, war reporter, editorial desk, podcast, press photo, interview / source, deadline, audience, accuracy
      theatre: stage set, understudy, costume store, opening night, puppet show, rehearsal room / lighting, timing, applause, script
      textiles: wool loom, cotton dye, silk scarf, tailor's pattern, lace collar, denim jacket / weave, colour, shrinkage, strength
      travel: mountain hut, city guide, ferry ticket, coastal path, border crossing, guest house / season, queue, view, price
      sleep: afternoon nap, night shift, sleep diary, mattress, alarm clock, dream report / depth, rhythm, light, noise
      """;

  private static final List<String> PLACES =
      List.of(
          "Bergen", "Lisbon", "Gdansk", "Trieste", "Galway", "Malmo", "Ghent", "Porto", "Tallinn",
          "Split", "Utrecht", "Basel", "Seville", "Turin", "Leeds", "Aarhus", "Graz", "Nantes",
          "Vilnius", "Izmir", "Kyoto", "Busan", "Pune", "Perth", "Dakar", "Quito", "Lima",
          "Halifax", "Denver", "Austin", "Merida", "Durban", "Nairobi", "Hanoi", "Cork", "Oulu");

  private static final List<String> PEOPLE =
      List.of(
          "engineers",
          "volunteers",
          "visitors",
          "inspectors",
          "students",
          "families",
          "researchers",
          "apprentices",
          "neighbours",
          "critics",
          "officials",
          "beginners",
          "retired experts",
          "local guides",
          "insurers",
          "photographers");

  private static final List<String> QUALITIES =
      List.of(
          "low",
          "unusually high",
          "uneven",
          "hard to predict",
          "better than expected",
          "poor",
          "stable",
          "out of date",
          "well documented",
          "disputed",
          "improving slowly",
          "at its worst",
          "measured by hand",
          "forgotten",
          "worth the effort",
          "too expensive");

  private static final List<String> TIMES =
      List.of(
          "In early spring",
          "After the renovation",
          "During the strike",
          "Every second year",
          "Before sunrise",
          "Since the new rules",
          "At the end of the season",
          "Last autumn",
          "On market days",
          "In the first week",
          "Within a decade",
          "For most of the winter");

  /// `{s}` the subject, `{a}` and `{b}` two aspects of it, `{p}` the place, `{w}` people, `{q}` a
  /// quality, `{t}` a time.
  private static final List<String> SENTENCES_OF =
      List.of(
          "The {s} in {p} is known for its {a}, which is {q}.",
          "{t} the {a} of the {s} near {p} became {q}.",
          "{W} who look after the {s} say its {a} matters more than its {b}.",
          "When the {a} is {q}, the {s} in {p} has to be checked by {w}.",
          "{t} {w} compared the {a} of every {s} between {p} and the coast.",
          "A report from {p} calls the {b} of the {s} {q}.",
          "Nobody in {p} expected that the {s} would change the {a} so quickly.",
          "{W} in {p} argue whether {a} or {b} explains why the {s} is {q}.",
          "To keep the {s} going, {w} watch its {a} and write down the {b}.",
          "{t} a {s} with {q} {b} was replaced by {w}.",
          "The {b} of a {s} depends on the {a}, as {w} from {p} found out.",
          "Without {w}, the {a} of the {s} would be {q} by now.",
          "Three {w} explain how a {s} is built and why the {a} is {q}.",
          "In {p}, records of the {s} go back a century; the {b} was {q} even then.");

  private static final List<String> QUESTIONS =
      List.of(
          "why is the {a} of the {s} in {p} {q}",
          "how do {w} measure the {a} of a {s}",
          "what happens to the {s} when its {b} is {q}",
          "{s} {p} {a} compared with {b}",
          "who is responsible for the {s} near {p}",
          "does the {b} of a {s} depend on its {a}",
          "{a} problems of the {s} and what {w} do about it",
          "history of the {s} in {p}");

  private record Subject(String topic, String name, List<String> aspects) {}

  private static final List<Subject> SUBJECTS = subjects();

  private Corpus() {}

  /// A sentence, as one document.
  ///
  /// @param metadata `topic` and `year`, and fields that one in 2, 10, 100 and 1,000 documents
  ///   share, whatever they are about
  record Row(int number, String title, String text, Map<String, Object> metadata) {
    String id() {
      return "s" + number;
    }
  }

  /// A field that a share of the documents has the same value of.
  enum Field {
    ACCESS(2),
    TEAM(10),
    AUTHOR(100),
    SOURCE(1_000);

    /// How many values it has, all equally frequent.
    final int values;

    Field(int values) {
      this.values = values;
    }

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }

    int of(int row) {
      return (int) (mixed(row * 31L + values) % values);
    }
  }

  /// The n-th value of a field.
  static String value(Field field, int number) {
    return field.key().charAt(0) + "" + number;
  }

  static Row row(int number) {
    int article = number / SENTENCES;
    Subject subject = subject(article);
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("topic", subject.topic());
    metadata.put("year", 1990 + (int) (mixed(article) % 36));
    for (Field field : Field.values()) {
      metadata.put(field.key(), value(field, field.of(number)));
    }
    return new Row(number, title(article), text(number), metadata);
  }

  static String text(int number) {
    return filled(SENTENCES_OF, number / SENTENCES, number);
  }

  static String title(int article) {
    return "The " + subject(article).name() + " of " + place(article);
  }

  /// A question that no document was generated with, about something that documents may be about.
  static String question(int number) {
    return filled(QUESTIONS, questionArticle(number), HELD_OUT + number);
  }

  /// The title that the answer of a question might have.
  static String questionTitle(int number) {
    return title(questionArticle(number));
  }

  /// The words of a question without its grammar: what somebody types into a search box.
  static String keywords(int number) {
    return subject(questionArticle(number)).name() + " " + place(questionArticle(number));
  }

  private static int questionArticle(int number) {
    return HELD_OUT + number / QUERIES_PER_ARTICLE;
  }

  private static Subject subject(int article) {
    return SUBJECTS.get((int) (mixed(article * 3L + 1) % SUBJECTS.size()));
  }

  private static String place(int article) {
    return PLACES.get((int) (mixed(article * 3L + 2) % PLACES.size()));
  }

  private static String filled(List<String> templates, int article, long seed) {
    var random = new SplittableRandom(seed);
    Subject subject = subject(article);
    int aspect = random.nextInt(subject.aspects().size());
    int other =
        (aspect + 1 + random.nextInt(subject.aspects().size() - 1)) % subject.aspects().size();
    String people = one(random, PEOPLE);
    return one(random, templates)
        .replace("{s}", subject.name())
        .replace("{a}", subject.aspects().get(aspect))
        .replace("{b}", subject.aspects().get(other))
        .replace("{p}", place(article))
        .replace("{W}", Character.toUpperCase(people.charAt(0)) + people.substring(1))
        .replace("{w}", people)
        .replace("{q}", one(random, QUALITIES))
        .replace("{t}", one(random, TIMES));
  }

  private static String one(RandomGenerator random, List<String> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  private static List<Subject> subjects() {
    var subjects = new ArrayList<Subject>();
    for (String line : TOPICS.lines().toList()) {
      String[] parts = line.split("[:/]");
      List<String> aspects = List.of(parts[2].strip().split(", "));
      for (String subject : parts[1].strip().split(", ")) {
        subjects.add(new Subject(parts[0].strip(), subject, aspects));
      }
    }
    return List.copyOf(subjects);
  }

  /// SplitMix64's finalizer, without the sign.
  private static long mixed(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return (z ^ (z >>> 31)) >>> 1;
  }
}
