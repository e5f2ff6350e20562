//! `grammar/kql.ungram` is what the parser reads, no more and no less: sentences made from it parse, mutated ones get
//! the same answer from the parser and from a recogniser over the grammar, and its words are those of the registry.
//! How the recogniser reads the grammar is said at the top of that file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

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
    /// The name of a type.
    ty: bool,
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

    fn add(&mut self, grammar: &Grammar, places: &HashMap<ungrammar::Node, usize>, rule: &ungrammar::Rule) -> usize {
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
        let mut literals = BTreeSet::new();
        for rule in &self.rules {
            if let Rule::Literal(literal) = rule {
                literals.insert(literal.text.as_str());
            }
        }
        literals
    }

    /// A way through a part of a rule, for the reader of a failure.
    fn describe(&self, rule: usize, way: usize) -> String {
        // The parts of a rule are numbered before the rule.
        let node = self.nodes.iter().position(|&root| root >= rule).unwrap();
        format!("{}: way {way} of part {rule}", self.names[node])
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
        ty: inspect::types().contains(&text),
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
                let optional =
                    |rule: &&usize| matches!(self.language.rules[**rule], Rule::Optional(_) | Rule::Repeated(_));
                let first = rules.iter().take_while(optional).count();
                rules.iter().take(first + 1).any(|&rule| self.begins(rule, at))
            }
        }
    }

    fn literal(&self, literal: &Literal, at: usize) -> Option<usize> {
        let end = at + literal.tokens.len();
        let fits = |(token, wanted): (&Token, &Token)| {
            let same = token.text.split_whitespace().eq(wanted.text.split_whitespace());
            let hyphen = literal.text.contains('-') && wanted.touches;
            token.kind == wanted.kind
                && (same || literal.ty && token.text.eq_ignore_ascii_case(&wanted.text))
                && (!hyphen || token.touches)
        };
        if !self.tokens.get(at..end)?.iter().zip(&literal.tokens).all(fits) {
            return None;
        }
        let name = match literal.text.as_str() {
            "let" | "set" => !self.is_word(end) && !self.is(end, "["),
            _ => {
                literal.operator
                    && (self.hyphen(end)
                        || !self.wants_operator(at, &literal.text) && self.only_a_name(&literal.text, end))
            }
        };
        (!name).then_some(end)
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

    /// Whether nothing but an operator may stand here: behind `|`, and first in the brackets of a sub-query, which is
    /// the only place behind a bracket for operators that begin no pipeline. Behind `in` stands the range of an axis,
    /// behind `find` its `where`.
    fn wants_operator(&self, at: usize, operator: &str) -> bool {
        let begins = [
            "print",
            "range",
            "datatable",
            "externaldata",
            "external_data",
            "union",
            "evaluate",
            "search",
            "find",
            "macro-expand",
        ]
        .contains(&operator);
        let behind = |word: &str| at > 0 && self.is(at - 1, word);
        let clause = operator == "range" && behind("in") || operator == "where" && behind("find");
        clause || behind("|") || !begins && behind("(")
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
                let alphanumeric = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
                let goes_on = |at: usize| {
                    part(at) || self.is(at - 1, "*") && self.tokens.get(at).is_some_and(|next| alphanumeric(&next.text))
                };
                let length = (at + 1..).take_while(|&at| self.touches(at) && goes_on(at)).count() + 1;
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
        "PATTERN" => &["*", "tmp*", "*_id", "a*b*", "a*2", "*1d*"],
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
/// rules may call one another as deeply as they like. Each sentence aims at a rule, so that none is seldom seen.
struct Writer<'a> {
    language: &'a Language,
    dice: Dice,
    fuel: usize,
    pieces: Vec<&'a str>,
    /// The fewest pieces that a rule can do with.
    least: Vec<usize>,
    /// How many names lie between a rule and the one that the sentence aims at.
    far: Rc<[usize]>,
    aim: usize,
    /// What `far` was for earlier aims.
    ways: HashMap<usize, Rc<[usize]>>,
    /// Rule and way that were taken: the branch of a choice, how often something optional was there.
    taken: HashSet<(usize, usize)>,
}

/// More than any number of names or pieces.
const FAR: usize = 1_000;

impl<'a> Writer<'a> {
    fn new(language: &'a Language, seed: u64) -> Writer<'a> {
        let least = settled(language, |at, least| match &language.rules[at] {
            Rule::Literal(_) | Rule::Class(_) => 1,
            &Rule::Node(node) => least[language.nodes[node]],
            Rule::Sequence(rules) => rules.iter().map(|&rule| least[rule]).sum(),
            Rule::Choice(rules) => rules.iter().map(|&rule| least[rule]).min().unwrap(),
            Rule::Optional(_) | Rule::Repeated(_) => 0,
        });
        let (far, ways, taken) = (Rc::from([]), HashMap::new(), HashSet::new());
        Writer { language, dice: Dice(seed), fuel: 0, pieces: Vec::new(), least, far, aim: 0, ways, taken }
    }

    /// The pieces of a sentence of about so many.
    fn sentence(&mut self, fuel: usize) -> Vec<&'a str> {
        let untaken: Vec<usize> = self.untaken().into_iter().map(|(rule, _)| rule).collect();
        self.aim = self.dice.one(if untaken.is_empty() { &self.language.nodes } else { &untaken });
        let (language, aim) = (self.language, self.aim);
        let known = self.ways.entry(aim).or_insert_with(|| Rc::from(distances(language, aim)));
        self.far = Rc::clone(known);
        self.fuel = fuel;
        self.write(language.nodes[0], true);
        std::mem::take(&mut self.pieces)
    }

    /// Writes one rule, on the way to the aim or beside it.
    fn write(&mut self, rule: usize, aims: bool) {
        if aims && rule == self.aim {
            self.fuel = self.fuel.max(5);
        }
        let aims = aims && rule != self.aim && self.far[rule] < FAR;
        match &self.language.rules[rule] {
            Rule::Literal(literal) => self.piece(&literal.text),
            Rule::Class(class) => {
                let sample = self.dice.one(samples(class));
                self.piece(sample);
            }
            &Rule::Node(node) => self.write(self.language.nodes[node], aims),
            Rule::Sequence(rules) => {
                let nearest = nearest(rules, &self.far);
                rules.iter().enumerate().for_each(|(at, &rule)| self.write(rule, aims && at == nearest));
            }
            Rule::Choice(rules) => {
                let way = match self.fuel {
                    _ if aims => nearest(rules, &self.far),
                    0 => nearest(rules, &self.least),
                    _ => self.way(rule, rules.len()),
                };
                self.taken.insert((rule, way));
                self.write(rules[way], aims);
            }
            &Rule::Optional(inner) | &Rule::Repeated(inner) => {
                let most = if matches!(self.language.rules[rule], Rule::Optional(_)) { 2 } else { 3 };
                let wanted = match self.fuel {
                    _ if aims => 1,
                    0 => 0,
                    _ => self.way(rule, most),
                };
                (0..wanted).for_each(|_| self.write(inner, aims));
                self.taken.insert((rule, wanted));
            }
        }
    }

    /// One of so many ways to go on, rather one that was not taken yet.
    fn way(&mut self, rule: usize, ways: usize) -> usize {
        let fresh: Vec<usize> = (0..ways).filter(|&way| !self.taken.contains(&(rule, way))).collect();
        if !fresh.is_empty() {
            return self.dice.one(&fresh);
        }
        let seldom = matches!(self.language.rules[rule], Rule::Optional(_) | Rule::Repeated(_));
        if seldom && self.dice.below(3) > 0 { 0 } else { self.dice.below(ways) }
    }

    fn piece(&mut self, text: &'a str) {
        self.fuel = self.fuel.saturating_sub(1);
        self.pieces.push(text);
    }

    /// The rules with ways that no sentence took so far, which are counted as in `taken`.
    fn untaken(&self) -> Vec<(usize, usize)> {
        let ways = |rule: &Rule| match rule {
            Rule::Choice(rules) => rules.len(),
            Rule::Optional(_) => 2,
            Rule::Repeated(_) => 3,
            _ => 0,
        };
        let all = self.language.rules.iter().enumerate();
        let all = all.flat_map(|(at, rule)| (0..ways(rule)).map(move |way| (at, way)));
        all.filter(|way| !self.taken.contains(way)).collect()
    }
}

/// How many names lie between each rule and the aim.
fn distances(language: &Language, aim: usize) -> Vec<usize> {
    settled(language, |at, far| match &language.rules[at] {
        _ if at == aim => 0,
        Rule::Literal(_) | Rule::Class(_) => FAR,
        &Rule::Node(node) => far[language.nodes[node]] + 1,
        Rule::Sequence(rules) | Rule::Choice(rules) => rules.iter().map(|&rule| far[rule]).min().unwrap(),
        &Rule::Optional(inner) | &Rule::Repeated(inner) => far[inner],
    })
}

/// A number for each rule, computed from those of others until nothing changes; small numbers win.
fn settled(language: &Language, number: impl Fn(usize, &[usize]) -> usize) -> Vec<usize> {
    let mut numbers = vec![FAR; language.rules.len()];
    loop {
        let mut changed = false;
        for at in 0..numbers.len() {
            let new = number(at, &numbers).min(FAR);
            changed |= new != numbers[at];
            numbers[at] = new;
        }
        if !changed {
            return numbers;
        }
    }
}

/// Which of the rules has the smallest number.
fn nearest(rules: &[usize], numbers: &[usize]) -> usize {
    (0..rules.len()).min_by_key(|&at| numbers[rules[at]]).unwrap()
}

#[test]
fn sentences_of_the_grammar_parse_and_every_choice_is_taken() {
    let language = Language::new();
    let mut writer = Writer::new(&language, 1);
    let (mut taken, mut misread) = (HashSet::new(), 0);
    let rounds = 2_000;
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
    let missing: Vec<String> = writer.untaken().iter().map(|&(rule, way)| language.describe(rule, way)).collect();
    assert_eq!(missing, Vec::<String>::new(), "no sentence took these");
}

#[test]
fn mutated_sentences_get_one_answer() {
    let language = Language::new();
    let mut words: Vec<&str> = language.literals().into_iter().collect();
    // Words of the grammar without their signs are names that look like keywords.
    let bare: Vec<&str> =
        words.iter().filter_map(|word| word.strip_suffix(['=', '('])).filter(|word| !word.is_empty()).collect();
    words.extend(bare);
    for class in ["NAME", "PATTERN", "HINT", "STRING", "LONG", "REAL", "TIMESPAN", "TYPED", "BOOL"] {
        words.extend(samples(class));
    }
    let written = queries();
    let written: Vec<Vec<Token>> = written.iter().filter_map(|query| inspect::tokens(query)).collect();
    let written: Vec<Vec<&str>> =
        written.iter().map(|tokens| tokens.iter().map(|token| token.text.as_str()).collect()).collect();
    let mut writer = Writer::new(&language, 2);
    let mut dice = Dice(3);
    let (rounds, mut good) = (rounds(), 0);
    let mut differ = Vec::new();
    for round in 0..rounds {
        let made = round % 4 > 0;
        let mut pieces =
            if made { writer.sentence(1 + round % 25) } else { written[dice.below(written.len())].clone() };
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
    std::env::var("ROUNDS").map_or(8_000, |rounds| rounds.parse().unwrap())
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
    // What belongs to no operator: brackets and marks, statements, literals, the sides of a join, and the edges of
    // patterns.
    let marks = "( ) [ ] { } , ; | . : = => .. let set view true True TRUE false False FALSE null $left $right";
    for text in marks.split(' ').chain(["--", "-->", "<--", "-[", "<-[", "]-", "]->"]) {
        assert!(others.remove(text), "`{text}` is not in the grammar, or in the registry as well");
    }
    assert_eq!(others, BTreeSet::from(["declare pattern", "declare query_parameters"]), "not in the registry");
}

/// A word without the sign that belongs to it: `kind=`, `typeof(`.
fn bare(text: &str) -> &str {
    let word = text.trim_end_matches(['=', '(']);
    if word.ends_with(char::is_alphanumeric) { word } else { text }
}

#[test]
fn every_query_written_here_is_read_alike() {
    let language = Language::new();
    let differ = |query: &String| language.reads(query) != inspect::parses(query);
    let wrong: Vec<String> = queries().into_iter().filter(differ).collect();
    assert!(wrong.is_empty(), "parser and grammar do not agree about {wrong:#?}");
}

/// Every query in the repository: of the registry, of the library, of the benches, and of the goldens.
fn queries() -> Vec<String> {
    let mut queries: Vec<String> = inspect::examples().into_iter().map(|(_, query, _)| query).collect();
    for folder in ["queries", "benches", "tests/cli/queries"] {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "kql")) {
            queries.push(std::fs::read_to_string(path).unwrap());
        }
    }
    for file in golden::read_all(Path::new("tests/kql")) {
        queries.extend(file.cases.into_iter().filter(|case| !beyond(&case.expected)).map(|case| case.query));
    }
    queries
}

/// Whether a query is refused for what no grammar can say: a literal's value, the depth of the tree.
fn beyond(expected: &[String]) -> bool {
    const CODES: [&str; 2] = ["AQ0005", "AQ0006"];
    expected.iter().any(|line| CODES.iter().any(|code| line.contains(code)))
}
