//! The page without scripts.

use roxmltree::{Document, Node};

use super::{Running, encoded};

/// The page at an address, and its status.
fn page(server: &Running, address: &str) -> (u16, String) {
    let answer = server.get(address);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    (answer.status, answer.body.strip_prefix("<!DOCTYPE html>\n").unwrap().to_owned())
}

fn read(page: &str) -> Document<'_> {
    Document::parse(page).unwrap_or_else(|error| panic!("{error}\n{page}"))
}

fn texts<'a>(read: &'a Document<'_>, tag: &str) -> Vec<&'a str> {
    read.descendants().filter(|node| node.has_tag_name(tag)).map(|node| node.text().unwrap_or_default()).collect()
}

fn the<'a, 'input>(read: &'a Document<'input>, tag: &str, class: &str) -> Node<'a, 'input> {
    let is =
        |node: &Node<'_, '_>| node.has_tag_name(tag) && (class.is_empty() || node.attribute("class") == Some(class));
    read.descendants().find(is).unwrap_or_else(|| panic!("no {tag} {class}"))
}

#[test]
fn it_offers_tables_questions_and_databases() {
    let server = Running::sample();
    let (status, page) = page(&server, "/");
    assert_eq!(status, 200);
    let read = read(&page);
    assert_eq!(the(&read, "textarea", "").text(), Some("\n"));
    assert_eq!(texts(&read, "option"), ["arg"]);
    let tables = the(&read, "ul", "tables");
    let link = tables.descendants().find(|node| node.text() == Some("resources")).unwrap();
    assert_eq!(link.attribute("href"), Some("/?q=resources%0A%7C%20take%2020&database=arg"));
    assert!(texts(&read, "summary").contains(&"expiry"));
    let saved = read.descendants().find(|node| node.text() == Some("exemptions-expiring")).unwrap();
    assert_eq!(saved.attribute("href"), Some("/?question=exemptions%2Dexpiring&database=arg"));
    // Nothing runs but the browser.
    assert!(!read.descendants().any(|node| node.has_tag_name("script") || node.has_attribute("onclick")));
    for field in
        read.descendants().filter(|node| ["textarea", "select", "input"].iter().any(|tag| node.has_tag_name(*tag)))
    {
        let id = field.attribute("id").unwrap();
        assert!(read.descendants().any(|node| node.attribute("for") == Some(id)), "{id} has no label");
    }
}

#[test]
fn an_answer_is_a_picture_a_table_and_files() {
    let server = Running::sample();
    let query = "datatable(t: string, n: long)['a & <b>', 1, 'c', 2] | render piechart with (title='two')";
    let (status, page) = page(&server, &format!("/?database=ARG&q={}", encoded(query)));
    assert_eq!(status, 200);
    let read = read(&page);
    assert!(the(&read, "textarea", "").text().unwrap().contains("'a & <b>'"));
    assert_eq!(texts(&read, "figcaption"), ["two"]);
    assert_eq!(texts(&read, "caption"), ["2 rows"]);
    assert_eq!(texts(&read, "td"), ["a & <b>", "1", "c", "2"]);
    let csv = the(&read, "p", "files").descendants().find(|node| node.text() == Some("csv")).unwrap();
    assert_eq!(server.get(csv.attribute("href").unwrap()).body, "t,n\na & <b>,1\nc,2\n");
}

#[test]
fn of_many_rows_the_first_are_shown() {
    let server = Running::sample();
    let (_, page) = page(&server, "/?q=range+x+from+1+to+1000+step+1");
    let read = read(&page);
    assert_eq!(texts(&read, "td").len(), 200);
    assert!(texts(&read, "p").contains(&"These are the first 200 of 1000 rows."));
    let json = the(&read, "p", "files").descendants().find(|node| node.text() == Some("json")).unwrap();
    assert_eq!(server.get(json.attribute("href").unwrap()).json().as_array().unwrap().len(), 1000);
}

#[test]
fn what_is_wrong_is_drawn_with_its_place_and_cure() {
    let server = Running::sample();
    let (status, page) = page(&server, "/?q=resources%0D%0A%7C+where+lokation+%3D%3D+%27%3Cx%3E%27");
    assert_eq!(status, 400);
    let read = read(&page);
    let drawn = the(&read, "div", "wrong").descendants().find(|node| node.has_tag_name("pre")).unwrap().text().unwrap();
    assert!(drawn.starts_with("error[AQ1001]: `lokation` is not a column here\n --> query:2:9\n"), "{drawn}");
    assert!(
        drawn.contains("2 | | where lokation == '<x>'\n") && drawn.ends_with("did you mean `location`?"),
        "{drawn}"
    );
    let (status, other) = self::page(&server, "/?q=print+1&database=nowhere");
    assert_eq!((status, other.contains("there is no database `nowhere`")), (404, true));
    let (status, other) = self::page(&server, "/?query=print+1");
    assert_eq!((status, other.contains("`query` is no part of the address")), (400, true));
    assert_eq!(self::page(&server, "/?question=no-such").0, 404);
}

#[test]
fn a_saved_question_is_put_in_with_its_parameters() {
    let server = Running::sample();
    let (_, filled) = page(&server, "/?question=exemptions-expiring");
    let filled = read(&filled);
    let text = the(&filled, "textarea", "").text().unwrap().trim_start_matches('\n').to_owned();
    assert!(text.contains("// include: exemptions") && texts(&filled, "table").is_empty());
    assert_eq!(the(&filled, "input", "").attribute("name"), Some("parameters[days]"));

    let query = encoded(&text);
    let (status, answered) = page(&server, &format!("/?q={query}&database=arg&parameters%5Bdays%5D=100000"));
    assert_eq!(status, 200, "{answered}");
    let answered = read(&answered);
    assert_eq!(the(&answered, "input", "").attribute("value"), Some("100000"));
    let rows = texts(&answered, "tr").len() - 1;
    let csv = the(&answered, "p", "files").descendants().find(|node| node.text() == Some("csv")).unwrap();
    assert!(csv.attribute("href").unwrap().contains("&parameters[days]=100000"));
    assert_eq!(server.get(csv.attribute("href").unwrap()).body.lines().count() - 1, rows);
}
