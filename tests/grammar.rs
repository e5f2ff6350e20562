//! `grammar/kql.ungram` is what the parser reads, no more and no less: sentences made from it parse, mutated ones get
//! the same answer from the parser and from a recogniser over the grammar, and its words are those of the registry.
//! How the recogniser reads the grammar is said at the top of that file.

mod support;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use argql::inspect::{self, Token};
use support::golden;
use ungrammar::Grammar;

const TEXT: &str = include_str!("../grammar/kql.ungram");

/// What one rule of the grammar, or a part of one, asks for; parts are numbers into [`Language::rules`].
enum Rule {
    /// The words and signs of a text in quotes.
    Literal(Literal),
    /// `'NAME'` and the other capitals.
    Class(String),
    /// A rule by its name; the number is one into [`Language::nodes`].
    Node(usize),
    Sequence(Vec<usize>),
    Choice(Vec<usize>),
    Optional(usize),
    Repeated(usize),
}

struct Literal {
    text: String,
    tokens: Vec<Token>,
    /// Begins with a letter, or is a comma: where it may stand, there is no other way.
    binding: bool,
    operator: bool,
}

struct Language {
    rules: Vec<Rule>,
    /// The rule of each name.
    nodes: Vec<usize>,
    names: Vec<String>,
    infixes: HashSet<&'static str>,
}

impl Language {
    fn new() -> Language {
        let grammar: Grammar = TEXT.parse().unwrap();
        let places: HashMap<ungrammar::Node, usize> = grammar.iter().enumerate().map(|(at, node)| (node, at)).collect();
        let mut language = Language {
            rules: Vec::new(),
            nodes: Vec::new(),
            names: grammar.iter().map(|node| grammar[node].name.clone()).collect(),
            infixes: inspect::infixes().into_iter().collect(),
        };
        for node in grammar.iter() {
            let rule = language.add(&grammar, &places, &grammar[node].rule);
            language.nodes.push(rule);
        }
        language
    }

    fn add(
        &mut self,
        grammar: &Grammar,
        places: &HashMap<ungrammar::Node, usize>,
        rule: &ungrammar::Rule,
    ) -> usize {
        let mut all = |rules: &[ungrammar::Rule]| rules.iter().map(|rule| self.add(grammar, places, rule)).collect();
        let rule = match rule {
            ungrammar::Rule::Labeled { rule, .. } => return self.add(grammar, places, rule),
            ungrammar::Rule::Node(node) => Rule::Node(places[node]),
            ungrammar::Rule::Token(token) => terminal(&grammar[*token].name),
            ungrammar::Rule::Seq(rules) => Rule::Sequence(all(rules)),
            ungrammar::Rule::Alt(rules) => Rule::Choice(all(rules)),
            ungrammar::Rule::Opt(rule) => Rule::Optional(self.add(grammar, places, rule)),
            ungrammar::Rule::Rep(rule) => Rule::Repeated(self.add(grammar, places, rule)),
        };
        self.rules.push(rule);
        self.rules.len() - 1
    }

    /// The texts in quotes.
    fn literals(&self) -> BTreeSet<&str> {
        let text = |rule| match rule {
            &Rule::Literal(ref literal) => Some(literal.text.as_str()),
            _ => None,
        };
        self.rules.iter().filter_map(text).collect()
    }

    /// Whether the whole text is a sentence.
    fn reads(&self, text: &str) -> bool {
        let Some(tokens) = inspect::tokens(text) else { return false };
        let places = tokens.len() + 1;
        let mut reader = Reader { language: self, tokens: &tokens, memo: vec![None; self.nodes.len() * places] };
        reader.node(0, 0) == Some(tokens.len())
    }
}

fn terminal(text: &str) -> Rule {
    if text.starts_with(|c: char| c.is_ascii_uppercase()) && !["True", "TRUE", "False", "FALSE"].contains(&text) {
        return Rule::Class(text.to_owned());
    }
    Rule::Literal(Literal {
        text: text.to_owned(),
        tokens: inspect::tokens(text).unwrap(),
        binding: text == "," || text.starts_with(|c: char| c.is_ascii_alphabetic()),
        operator: inspect::operators().contains(&text),
    })
}

/// Reads one sentence; what a rule makes of a place is remembered.
struct Reader<'a> {
    language: &'a Language,
    tokens: &'a [Token],
    memo: Vec<Option<Option<usize>>>,
}

impl<'a> Reader<'a> {
    fn node(&mut self, node: usize, at: usize) -> Option<usize> {
        let place = node * (self.tokens.len() + 1) + at;
        if let Some(known) = self.memo[place] {
            return known;
        }
        let end = self.rule(self.language.nodes[node], at);
        self.memo[place] = Some(end);
        end
    }

    /// Where what the rule asks for ends, if it begins at this token.
    fn rule(&mut self, rule: usize, at: usize) -> Option<usize> {
        match &self.language.rules[rule] {
            Rule::Literal(literal) => self.literal(literal, at),
            Rule::Class(class) => self.class(class, at),
            &Rule::Node(node) => self.node(node, at),
            Rule::Sequence(rules) => rules.iter().try_fold(at, |at, &rule| self.rule(rule, at)),
            Rule::Choice(rules) => match rules.iter().find(|&&rule| self.begins(rule, at)) {
                Some(&rule) => self.rule(rule, at),
                None => rules.iter().find_map(|&rule| self.rule(rule, at)),
            },
            &Rule::Optional(rule) => match self.rule(rule, at) {
                None if !self.begins(rule, at) => Some(at),
                end => end,
            },
            &Rule::Repeated(rule) => {
                let mut at = at;
                while let Some(end) = self.rule(rule, at) {
                    at = end;
                }
                (!self.begins(rule, at)).then_some(at)
            }
        }
    }

    /// Whether a binding text that the rule may begin with stands here.
    fn begins(&self, rule: usize, at: usize) -> bool {
        match &self.language.rules[rule] {
            Rule::Literal(literal) => literal.binding && self.literal(literal, at).is_some(),
            Rule::Class(_) => false,
            &Rule::Node(node) => self.begins(self.language.nodes[node], at),
            Rule::Choice(rules) => rules.iter().any(|&rule| self.begins(rule, at)),
            &Rule::Optional(rule) | &Rule::Repeated(rule) => self.begins(rule, at),
            Rule::Sequence(rules) => {
                let optional = |rule: &&usize| {
                    matches!(self.language.rules[**rule], Rule::Optional(_) | Rule::Repeated(_))
                };
                let first = rules.iter().take_while(optional).count();
                rules.iter().take(first + 1).any(|&rule| self.begins(rule, at))
            }
        }
    }

    fn literal(&self, literal: &Literal, at: usize) -> Option<usize> {
        let end = at + literal.tokens.len();
        let fits = |(token, wanted): (&Token, &Token)| {
            let case = inspect::types().contains(&wanted.text.as_str());
            let same = token.text.split_whitespace().eq(wanted.text.split_whitespace());
            let hyphen = literal.text.contains('-') && wanted.touches;
            token.kind == wanted.kind
                && (same || case && token.text.eq_ignore_ascii_case(&wanted.text))
                && (!hyphen || token.touches)
        };
        let fits = self.tokens.get(at..end)?.iter().zip(&literal.tokens).all(fits);
        let name = match literal.text.as_str() {
            "let" | "set" => !self.is_word(end) && !self.is(end, "["),
            _ => literal.operator && (self.hyphen(end) || !self.behind_bar(at) && self.only_a_name(&literal.text, end)),
        };
        (fits && !name).then_some(end)
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.text == text && token.kind != "string")
    }

    fn is_word(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == "word")
    }

    fn touches(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.touches)
    }

    /// Whether a name goes on with a hyphen and a word.
    fn hyphen(&self, at: usize) -> bool {
        self.is(at, "-") && self.touches(at) && self.is_word(at + 1) && self.touches(at + 1)
    }

    fn behind_bar(&self, at: usize) -> bool {
        at > 0 && self.is(at - 1, "|")
    }

    /// Whether what stands here can only follow a name.
    fn only_a_name(&self, operator: &str, at: usize) -> bool {
        let Some(next) = self.tokens.get(at) else { return true };
        match next.text.as_str() {
            "|" | ";" | ")" | "]" | "}" | "," | "." | ":" | "=" | ".." => true,
            "(" => operator == "range",
            "-" | "+" | "*" => false,
            text => next.kind == "symbol" && self.language.infixes.contains(text),
        }
    }

    fn class(&self, class: &str, at: usize) -> Option<usize> {
        let token = self.tokens.get(at)?;
        let length = match class {
            "NAME" => usize::from(token.kind == "word"),
            "COLUMN" => usize::from(match token.text.as_str() {
                "and" | "or" | "null" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => false,
                "typeof" | "dynamic" => !self.is(at + 1, "("),
                _ => token.kind == "word",
            }),
            "PATTERN" => {
                let part = |at: usize| self.is_word(at) || self.is(at, "*");
                let length = (at + 1..).take_while(|&at| part(at) && self.touches(at)).count() + 1;
                if part(at) && (at..at + length).any(|at| self.is(at, "*")) { length } else { 0 }
            }
            "HINT" => {
                let hint = self.is(at, "hint") && self.is(at + 1, ".") && self.is_word(at + 2) && self.is(at + 3, "=");
                if hint { 4 } else { 0 }
            }
            "BOOL" => usize::from(token.kind == "typed" && token.text.starts_with("bool")),
            "TYPED" => usize::from(token.kind == "typed" && !token.text.starts_with("bool")),
            kind => usize::from(token.kind == kind.to_ascii_lowercase()),
        };
        (length > 0).then_some(at + length)
    }
}

/// What stands for the capitals in a sentence; the names are no words of the grammar.
fn samples(class: &str) -> &'static [&'static str] {
    match class {
        "NAME" | "COLUMN" => &["a", "b", "name", "type", "id", "$x", "_1", "Resources", "7seas", "größe"],
        "PATTERN" => &["*", "tmp*", "*_id", "a*b*"],
        "HINT" => &["hint.strategy=", "hint.x ="],
        "STRING" => &["'a'", "\"b c\"", "@'\\d'", "h'x'", "'it\\'s'", "```\n'\n```"],
        "LONG" => &["0", "12", "0x1F"],
        "REAL" => &["1.5", "1e3", "2."],
        "TIMESPAN" => &["2d", "1.5h", "10ms"],
        "TYPED" => &["datetime(2024-01-01)", "long(-5)", "real(nan)", "time(1.02:03:04)", "int(null)", "decimal(1.5)"],
        "BOOL" => &["bool(true)", "bool(0)"],
        _ => panic!("{class} is not described"),
    }
}

/// Numbers from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// Makes sentences. A piece costs fuel; without fuel every choice is the shortest, so that a sentence ends, while its
/// rules may call one another as deeply as they like.
struct Writer<'a> {
    language: &'a Language,
    dice: Dice,
    fuel: usize,
    pieces: Vec<&'a str>,
    /// The fewest pieces that a rule can do with.
    least: Vec<usize>,
    /// Rule and way that were taken: the branch of a choice, how often something optional was there (2 for more).
    taken: HashSet<(usize, usize)>,
}

impl<'a> Writer<'a> {
    fn new(language: &'a Language, seed: u64) -> Writer<'a> {
        let mut least = vec![1_000; language.rules.len()];
        loop {
            let before = least.clone();
            for (at, rule) in language.rules.iter().enumerate() {
                least[at] = match rule {
                    Rule::Literal(_) | Rule::Class(_) => 1,
                    &Rule::Node(node) => least[language.nodes[node]],
                    Rule::Sequence(rules) => rules.iter().map(|&rule| least[rule]).sum(),
                    Rule::Choice(rules) => rules.iter().map(|&rule| least[rule]).min().unwrap(),
                    Rule::Optional(_) | Rule::Repeated(_) => 0,
                };
            }
            if least == before {
                break;
            }
        }
        Writer { language, dice: Dice(seed), fuel: 0, pieces: Vec::new(), least, taken: HashSet::new() }
    }

    /// The pieces of a sentence of about so many.
    fn sentence(&mut self, fuel: usize) -> Vec<&'a str> {
        self.fuel = fuel;
        self.write(self.language.nodes[0]);
        std::mem::take(&mut self.pieces)
    }

    fn write(&mut self, rule: usize) {
        match &self.language.rules[rule] {
            Rule::Literal(literal) => self.piece(&literal.text),
            Rule::Class(class) => {
                let sample = self.dice.one(samples(class));
                self.piece(sample);
            }
            &Rule::Node(node) => self.write(self.language.nodes[node]),
            Rule::Sequence(rules) => rules.iter().for_each(|&rule| self.write(rule)),
            Rule::Choice(rules) => {
                let way = self.way(rule, rules);
                self.taken.insert((rule, way));
                self.write(rules[way]);
            }
            &Rule::Optional(inner) => {
                let times = usize::from(self.fuel > 0 && self.dice.below(3) == 0);
                self.taken.insert((rule, times));
                (0..times).for_each(|_| self.write(inner));
            }
            &Rule::Repeated(inner) => {
                let mut times = 0;
                while self.fuel > 0 && self.dice.below(3) == 0 {
                    self.write(inner);
                    times += 1;
                }
                self.taken.insert((rule, times.min(2)));
            }
        }
    }

    fn way(&mut self, rule: usize, rules: &[usize]) -> usize {
        if self.fuel == 0 {
            return (0..rules.len()).min_by_key(|&way| self.least[rules[way]]).unwrap();
        }
        let fresh: Vec<usize> = (0..rules.len()).filter(|&way| !self.taken.contains(&(rule, way))).collect();
        if fresh.is_empty() { self.dice.below(rules.len()) } else { self.dice.one(&fresh) }
    }

    fn piece(&mut self, text: &'a str) {
        self.fuel = self.fuel.saturating_sub(1);
        self.pieces.push(text);
    }

    /// The ways that no sentence took so far, in words.
    fn untaken(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (name, &root) in self.language.names.iter().zip(&self.language.nodes) {
            let mut parts = vec![root];
            while let Some(rule) = parts.pop() {
                let ways = match &self.language.rules[rule] {
                    Rule::Choice(rules) => {
                        parts.extend(rules);
                        rules.len()
                    }
                    Rule::Sequence(rules) => {
                        parts.extend(rules);
                        0
                    }
                    &Rule::Optional(inner) => {
                        parts.push(inner);
                        2
                    }
                    &Rule::Repeated(inner) => {
                        parts.push(inner);
                        3
                    }
                    _ => 0,
                };
                let ways = (0..ways).filter(|&way| !self.taken.contains(&(rule, way)));
                missing.extend(ways.map(|way| format!("{name}: way {way} of part {rule}")));
            }
        }
        missing
    }
}

#[test]
fn sentences_of_the_grammar_parse_and_every_choice_is_taken() {
    let language = Language::new();
    let mut writer = Writer::new(&language, 1);
    let (mut taken, mut misread) = (HashSet::new(), 0);
    let rounds = 4_000;
    for round in 0..rounds {
        let sentence = writer.sentence(1 + round % 60).join(" ");
        let reads = language.reads(&sentence);
        assert_eq!(inspect::parses(&sentence), reads, "parser and grammar do not agree:\n{sentence}");
        if reads {
            taken.extend(&writer.taken);
        } else {
            // The first way to read it is another than the one it was made in, and leads nowhere: behind a pipeline
            // in a list of arguments a comma belongs to the pipeline's last operator.
            misread += 1;
            writer.taken.clone_from(&taken);
        }
    }
    assert!(misread < rounds / 50, "{misread} of {rounds} sentences are none");
    assert_eq!(writer.untaken(), Vec::<String>::new());
}

#[test]
fn mutated_sentences_get_one_answer() {
    let language = Language::new();
    let mut words: Vec<&str> = language.literals().into_iter().collect();
    // Words of the grammar without their signs are names that look like keywords.
    let bare: Vec<&str> = words.iter().filter_map(|word| word.strip_suffix(['=', '('])).filter(|word| !word.is_empty()).collect();
    words.extend(bare);
    for class in ["NAME", "PATTERN", "HINT", "STRING", "LONG", "REAL", "TIMESPAN", "TYPED", "BOOL"] {
        words.extend(samples(class));
    }
    let mut writer = Writer::new(&language, 2);
    let mut dice = Dice(3);
    let (rounds, mut good) = (rounds(), 0);
    let mut differ = Vec::new();
    for round in 0..rounds {
        let mut pieces = writer.sentence(1 + round % 25);
        for _ in 0..=dice.below(3) {
            mutate(&mut pieces, &words, &mut dice);
        }
        let text = pieces.join(" ");
        let (parser, grammar) = (inspect::parses(&text), language.reads(&text));
        if parser != grammar {
            differ.push(format!("parser {parser}: {text}"));
        }
        good += usize::from(parser);
    }
    assert!(differ.is_empty(), "parser and grammar do not agree:\n{}", differ.join("\n"));
    assert!(good > rounds / 20 && good < rounds / 2, "{good} of {rounds} are good: the mutations teach little");
}

/// How many mutated sentences are tried; more of them with `ROUNDS=1000000`.
fn rounds() -> usize {
    std::env::var("ROUNDS").map_or(20_000, |rounds| rounds.parse().unwrap())
}

fn mutate<'a>(pieces: &mut Vec<&'a str>, words: &[&'a str], dice: &mut Dice) {
    let at = dice.below(pieces.len() + 1);
    match dice.below(4) {
        _ if at == pieces.len() => pieces.push(dice.one(words)),
        0 => _ = pieces.remove(at),
        1 => pieces.insert(at, dice.one(words)),
        2 => pieces[at] = dice.one(words),
        _ => {
            let other = dice.below(pieces.len());
            pieces.swap(at, other);
        }
    }
}

#[test]
fn its_words_are_those_of_the_registry() {
    let language = Language::new();
    let literals: BTreeSet<&str> = language.literals().into_iter().map(bare).collect();
    let mut registry: BTreeSet<&str> = BTreeSet::new();
    for words in [inspect::operators(), inspect::clauses(), inspect::infixes(), inspect::types()] {
        registry.extend(words);
    }
    assert_eq!(registry.difference(&literals).collect::<Vec<_>>(), Vec::<&&str>::new(), "not in the grammar");
    let mut others: BTreeSet<&str> = literals.difference(&registry).copied().collect();
    // What belongs to no operator: brackets and marks, statements, literals, and the sides of a join.
    for text in "( ) [ ] { } , ; | . : = .. let set view true True TRUE false False FALSE null $left $right".split(' ') {
        assert!(others.remove(text), "`{text}` is not in the grammar, or in the registry as well");
    }
    assert_eq!(others, BTreeSet::from(["declare query_parameters"]), "not in the registry");
}

/// A word without the sign that belongs to it: `kind=`, `typeof(`.
fn bare(text: &str) -> &str {
    let word = text.trim_end_matches(['=', '(']);
    if word.ends_with(char::is_alphanumeric) { word } else { text }
}

#[test]
fn every_query_written_here_is_read_alike() {
    let language = Language::new();
    let mut queries: Vec<String> = inspect::examples().into_iter().map(|(_, query, _)| query).collect();
    for entry in std::fs::read_dir("queries").unwrap() {
        queries.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    for file in golden::read_all(Path::new("tests/kql")) {
        queries.extend(file.cases.into_iter().filter(|case| !beyond(&case.expected)).map(|case| case.query));
    }
    let differ = |query: &&String| language.reads(query) != inspect::parses(query);
    let wrong: Vec<&String> = queries.iter().filter(differ).collect();
    assert!(wrong.is_empty(), "parser and grammar do not agree about {wrong:#?}");
}

/// Whether a query is refused for what no grammar can say: a literal's value, the depth of the tree.
fn beyond(expected: &[String]) -> bool {
    const CODES: [&str; 2] = ["AQ0005", "AQ0006"];
    expected.iter().any(|line| CODES.iter().any(|code| line.contains(code)))
}
